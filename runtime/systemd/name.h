/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name: cgroupsPath as systemd's cgroup drivers have it, "slice:prefix:name", and names of units. Pure.
 * systemd.unit(5), systemd.slice(5), systemd-escape(1).
 */
#pragma once

#include <stdbool.h>

struct arena;
struct err;

struct systemd_place {
	char *slice; /* "system.slice" */
	char *unit; /* "docker-ID.scope" */
};

/* True for what means a unit whatever the driver: "something.slice:prefix:name". No cgroup's path looks so. */
bool systemd_is_place(const char *cgroups_path);

/*
 * As runc: "slice:prefix:name" is the scope "prefix-name" in that slice; no path (NULL, "") is the scope "hart-ID" in
 * the default slice, which an empty slice stands for too. What a unit's name cannot have is escaped. -EINVAL.
 */
int systemd_place_of(struct arena *a, const char *cgroups_path, const char *id, const char *default_slice,
		     struct systemd_place *ret, struct err *e);

/* Where in systemd's tree a slice is: "/a.slice/a-b.slice" for "a-b.slice", "" for "-.slice". NULL: out of memory. */
char *systemd_slice_path(struct arena *a, const char *slice);

/* The object of a unit on D-Bus. NULL: out of memory. */
char *systemd_object_of(struct arena *a, const char *unit);
