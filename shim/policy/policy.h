/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy: how a service is kept up, parsed: what `hart run` takes by flags and a config by annotations. The
 * words are those of spec/policy_rows.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/machine.h"
#include "oci.h"
#include "policy_rows.h"

struct arena;
struct err;
struct port_policy;

enum probe_kind { PROBE_NONE, PROBE_EXEC, PROBE_TCP, PROBE_HTTP, PROBE_UNIX };

struct probe_policy {
	enum probe_kind kind;
	char *text; /* as given, for messages */
	char *host; /* tcp, http; default 127.0.0.1 */
	char *path; /* http: request path; unix: socket; exec: command line for /bin/sh -c … or argv */
	uint16_t port;
	char **argv; /* exec: NULL-terminated, split at blanks, with quotes */
	long long interval_ms, timeout_ms, start_period_ms;
	unsigned retries;
};

enum listen_kind { LISTEN_TCP, LISTEN_UDP, LISTEN_UNIX };

struct listen_policy {
	enum listen_kind kind;
	char *name; /* LISTEN_FDNAMES; default: the kind ("tcp") */
	char *text; /* as given */
	char *host; /* tcp, udp: numeric address, may be [::]-style; "" = any */
	char *path; /* unix */
	uint16_t port;
	unsigned mode; /* unix: file mode, 0666 */
	unsigned backlog; /* SOMAXCONN */
	bool own; /* each member has its own */
};

struct stall_policy { /* "memory=full:150ms/1s" */
	char resource[8]; /* cpu, memory, io */
	bool full;
	unsigned stall_us, window_us;
};

/* A log daemon: --events-to. */
struct outlet_policy {
	bool with_fields; /* journald's */
	char *path; /* of its socket */
};

#define POLICY_STALLS_MAX 8
#define POLICY_OUTLETS_MAX 2

#define POLICY_MODE_DEFAULT (-1)

struct policy {
	struct machine_policy machine;
	char **standbys; /* folders, or "self" */
	int *standby_modes; /* of each an enum machine_mode, or POLICY_MODE_DEFAULT: machine.mode */
	unsigned n_standbys;
	int *success; /* exit codes; default 0 */
	unsigned n_success;
	long long watchdog_ms; /* 0: off */
	bool ready_notify; /* --ready=notify */
	struct probe_policy probe;
	bool probe_is_own; /* it can be led to one member alone, though several have its port */
	struct listen_policy *listen;
	unsigned n_listen;
	bool own_sockets; /* each member has tcp and udp sockets of its own, one of which gets the clients of an address */
	char **on_promote; /* NULL-terminated; NULL: nothing */
	bool reclaim; /* of frozen standbys */
	struct port_policy *ports; /* --port */
	unsigned n_ports;
	struct stall_policy *stalls;
	unsigned n_stalls;
	bool oom_member; /* --oom=member */
	unsigned fdstore_max; /* default 64; 0: none */
	int stop_signal; /* SIGTERM */
	char *log_file; /* NULL: ROOT/ID/log when detached, our own stdio in the foreground */
	int64_t log_max_bytes; /* rotated at this size; 10 MiB */
	unsigned log_keep; /* rotated files kept; 3 */
	char *journal; /* NULL: ROOT/ID/journal */
	char **on_event; /* NULL-terminated, run on the host; NULL: nothing */
	struct outlet_policy *outlets; /* --events-to */
	unsigned n_outlets;
	bool mlock;
};

/* What was said by flags: the values of each of policy_rows. */
struct policy_flags {
	struct policy_values {
		char **v;
		size_t n;
	} values[POLICY_KEYS];
};

/*
 * Puts flags over annotations over defaults into `ret`, all memory from `a`. -EINVAL names the flag
 * ("--window 5x: not a duration") or the annotation. Host paths are service_terms()'s to look up.
 */
int policy_parse(struct arena *a, const struct policy_flags *flags, const oci_map *annotations,
		 struct policy *ret, struct err *e);

/* What an annotation says for row `i` of policy_rows, NULL: nothing. */
const char *policy_annotation(const oci_map *annotations, size_t i);

/* True when flags or annotations ask for anything that takes a shim. */
bool policy_is_asked(const struct policy_flags *flags, const oci_map *annotations);
