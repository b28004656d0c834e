/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervised: a container whose annotations ask for a standby. A process of its own, the service's shim
 * (service/api.h), keeps it up; to containerd it is one task, whose process ID is whoever serves at the moment
 * and whose end is the service's.
 */
#pragma once

#include "job.h"

/* Starts the service's shim for a job of Create, whose rootfs is mounted. It goes on as create_job does: `done`
 * is called when the primary is created, with its process ID, or not. */
void supervised_create(struct proc *p, bool systemd_cgroup,
		       void (*done)(struct proc *p, int result, const struct err *why));

/* The next worker's: listens to the shim that the last one has started. */
int supervised_resume(struct proc *p, int fd, struct err *e);

/* In a job: has the service begun, or signalled. */
int supervised_ask(struct job *j, int command, int sig, struct err *e);
