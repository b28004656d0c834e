/*
 * service: one supervised service: its members, its machine, what it owns, and the loop in which all of it
 * happens. The glue: events of the world go into the machine, its actions come out as calls.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "container.h"
#include "ctl/ctl.h"
#include "handover.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "machine/machine.h"
#include "policy/policy.h"
#include "record/journal.h"
#include "record/logpipe.h"
#include "record/standing.h"
#include "service/api.h"
#include "service/fdset.h"
#include "service/given.h"
#include "service/heat.h"
#include "service/manager.h"
#include "service/member.h"
#include "service/pause.h"
#include "service/ports.h"
#include "service/takeover.h"
#include "standin/standin.h"
#include "service/upgrade.h"
#include "statefile.h"
#include "watch/oom.h"
#include "watch/probe.h"
#include "watch/stall.h"

#define SERVICE_FILE "service.json" /* flags and members: what adopt needs */
#define GENERATION_FILE "generation"
#define JOURNAL_FILE "journal"
#define LOG_FILE "log"
#define NOTIFY_DIR "notify"

#define GENERATION_LINE 53 /* "%020llu NAME\n", NAME padded to MEMBER_NAME_MAX - 1 */
#define TRANSITIONS_KEPT 8
#define EVENT_QUEUE 128 /* what the actions of one step can bring, twice */

/* Who waits to be told: wait.c. */
struct waiters {
	int caller_fd; /* detached, the command that started us: told when active, or why not. FD_NONE: has been */
	struct ctl_connection *starter; /* for the first activation */
	struct ctl_connection *switcher; /* for the end of a switch or of the service */
	int was_active; /* when the switcher asked; -1: nobody */
};

/* As it was when it happened. */
struct transition {
	struct machine_action action;
	uint64_t generation;
	const char *why;
};

struct service {
	struct runtime *rt;
	struct container container; /* the service's own folder and state */
	const struct policy *policy;
	const struct policy_flags *flags;
	struct arena *arena; /* of policy and flags */
	const char *id;
	char *bundle; /* the first primary's; absolute */
	int shown_primary; /* whose bundle state.json names */
	char *config_json; /* the primary's */
	size_t config_len;
	struct create_opts create; /* what members are made with */
	oci_strings warnings; /* what has no effect; in `status` and the journal */
	bool foreground, keep;
	bool id_is_new; /* not adopted */
	bool on_disk; /* its folder survives a power cut, so what promises to has to be synced */
	const char *pid_file;
	bool held, was_created; /* made up to `created`: service/hold.c */
	struct standin standin; /* of one that an engine made: service/standin.c */
	uint64_t standin_follows; /* the generation in whose mounts it is, or on its way there */
	void (*standin_done)(struct service *s);
	const char *pidfd_socket;
	struct service_ends ends;

	struct loop loop;
	const struct member_owner *owner; /* us */
	void (*take_event)(struct service *s, const struct machine_event *ev); /* where events go */
	struct source signals;
	struct source folder; /* an inotify: somebody removes the state folder */
	struct source unit; /* a pidfd: who keeps the service's unit of systemd's */
	struct timer folder_look;
	unsigned folder_looks;
	bool folder_gone;
	struct machine machine;
	struct member members[MACHINE_MEMBERS_MAX];
	struct runtime members_rt;
	struct machine_event queue[EVENT_QUEUE];
	unsigned n_queued;
	uint64_t events_lost; /* that found the queue full, and were not told of yet */
	bool dispatching;
	struct pause pause;
	struct transition transitions[TRANSITIONS_KEPT]; /* still to be written down */
	unsigned n_transitions;

	struct shared_namespaces shared;
	unsigned own_namespaces; /* 1 << OCI_NS_*: what the primary brings and all share */
	bool listening; /* the sockets are open */
	struct fdset fds;
	struct service_ports ports;
	struct heat heat;
	struct manager manager;
	struct source hangups; /* of parked descriptors */
	uint64_t generation;
	int generation_fd;
	char env[HANDOVER_ENV_MAX]; /* so that a takeover allocates nothing */
	struct journal journal;
	struct standing standing;
	int standing_fd, given_fd;
	bool has_given; /* the file says something */
	struct logfile log;
	int journal_dir_fd, log_dir_fd; /* of those that were named; the journal and the log borrow them */
	struct ctl ctl;

	/* Of the member that is watched: the active one, or the one that is to be. */
	struct member *watched;
	struct probe probe;
	struct timer watchdog;
	long long watchdog_ns;
	struct oom oom;
	struct stall stalls[POLICY_STALLS_MAX];
	unsigned n_stalls;

	struct worker hooks; /* poststart */
	bool poststart_ran;
	struct timer save; /* state.json, off the takeover path */
	struct takeovers takeovers;
	long long serves_since_ns; /* the active member; 0: nobody ever did */
	enum machine_cause last_cause;
	int failures, restarts;
	struct waiters waiters;
	struct upgrading upgrading;
	unsigned n_upgrades;
	int adopted; /* who was active, of an adopted service; -1: nobody, or it is a new one */
	bool renewing; /* adopted with no member there: the next one makes the shared namespaces anew */
	uint64_t plan_saved; /* what of service.json can change, as it was written last */
	enum machine_cause stop_cause; /* adopted: why it was to end before; CAUSE_NONE: it was not */
	bool was_up; /* it has been active */
	bool ended;
	int status; /* exit status at the end */
	struct err failure; /* why it never became active */
	bool told_trying;
	struct machine_action last_failure; /* of any member; cause CAUSE_NONE: none */
};
