/* SPDX-License-Identifier: Apache-2.0 */
/* service/parts: what the files that see the whole service share among themselves. Functions that return int follow the house:
 * 0 or more, or -errno with the reason in `e`. */
#pragma once

#include "service/service.h"

/* service/record.c: what is written down for people. */
/* Those that wait in s->record, to the journal, the log daemons and, in the foreground, stderr. */
void service_write_transitions(struct service *s);
/* One event: to the journal, the log daemons and --on-event. */
void service_tell(struct service *s, const struct happening *what, struct journal_record *r);
/* Of --on-event. For people; nobody is called for it, or one that fails would call itself for ever. */
void service_callout_failed(struct service *s, const struct err *why);
/* An event `warning`; `m` is the member that it is about, or NULL. */
void service_warn(struct service *s, struct member *m, const struct err *why);
/* The same of what a member can cause as often as it likes: so often, and then the count alone. */
void service_warn_caused(struct service *s, struct member *m, const struct err *why);

/* service/members.c */
/* Something has happened: told to what takes events now, service_decide() or service_hold_event(). */
void service_event(struct service *s, const struct machine_event *ev);
/* EVENT_EXITED: the policy says whether that is success. `member`: its index; `status`: exit code or 128 + signal. */
void service_tell_exit(struct service *s, int member, enum machine_cause cause, int status);
/* Collects children that are nobody's; put off while a member is built, and then called again. */
void service_reap(struct service *s);
/* True while a member has been let go and has not executed its program yet, and in the lull after it. */
bool service_is_taking_over(const struct service *s);
/* Somebody takes over: for a moment nothing is undone, built or called beside it. Nothing without a takeover under way. */
void service_lull_begin(struct service *s);
/* The moment is over, or nobody serves any more: what has waited goes on. */
void service_lull_end(struct service *s);
/* What members were to do goes on, unless one is taking over. */
void service_resume_members(struct service *s);
/* Ends the loop when the service has ended and nothing is left to be undone. */
void service_settle(struct service *s);

/* service/heat.c: each standby has the mode that it was given. Members are in the order of the policy's standbys. */
void service_set_modes(struct service *s);

/* service/service.c: puts events into the machine and does what it asks for; hears what members tell. */
/* Becomes the owner of all parts that tell something. */
void service_own(struct service *s);
/* One event, and all that its actions bring; while the service is paused it waits. */
void service_decide(struct service *s, const struct machine_event *ev);
/* The events that have waited while it was paused. */
void service_dispatch(struct service *s);

/* service/members.c, too: the active one has failed. */
void service_failure_seen(struct service *s, struct member *m, long long now_ns);

/* service/health.c: what the watch sees and what members say, as events. */
void service_own_watch(struct service *s);
/* `m` serves: watches it and nobody else. */
void service_watch_active(struct service *s, struct member *m);
/* It was paused. */
void service_watch_goes_on(struct service *s);
/* Why a signal ended it. */
enum machine_cause service_exit_cause(struct service *s, struct member *m);
/* member_owner.notified: sd_notify(3)'s messages. */
void service_notified(struct notify *n, struct notify_message *msg);

/* service/state.c: state.json, and the files of the folder. */
/* Of a new service: its folder, locked, and its cgroup. -EEXIST: there is one of that ID. */
int service_claim(struct service *s, struct err *e);
/* Folders of members, generation, standing, journal and log, for a new or an adopted service. */
int service_open_files(struct service *s, struct err *e);
/* For adopt: makes the cgroup when it is gone, as after a reboot. */
int service_renew_cgroup(struct service *s, const struct oci_config *c, struct err *e);
/* After adopt: this process is the shim from now on. */
int service_record_self(struct service *s, struct err *e);
/* Writes state.json, with the member that serves now. */
int service_save(struct service *s, struct err *e);
/* Reads it, for adopt. */
int service_load(struct service *s, struct err *e);
/* Writes service.json. */
int service_save_plan(struct service *s, struct err *e);
/* At the end of one whose folder has been removed: its cgroup, unless it is another service's by now. */
int service_leave_no_cgroup(struct service *s, struct err *e);

/* service/saving.c */
void service_save_soon(struct service *s);
/* What is to be saved soon, now: before a client is told of it, which may look at once. */
void service_save_now(struct service *s);
/* service.json, when members have come, gone or changed their roles; soon. */
void service_plan_changed(struct service *s);

/* service/ctl.c: the control socket's side of the service. */
int service_listen_ctl(struct service *s, struct err *e);

/* service/adopt.c: all that a service has, from its folder and its members. */
int service_take_up(struct service *s, struct err *e);
/* Then its first events. */
void service_begin_adopted(struct service *s);

/* service/hold.c: between create and start. */
/* Makes the stand-in, if it needs one, and builds the primary. */
void service_hold_begin(struct service *s);
/* In the place of service_decide(). */
void service_hold_event(struct service *s, const struct machine_event *ev);
/* `hart start`: from now on events are the machine's. */
void service_hold_start(struct service *s);

/* service/standin.c: of a service that an engine made. False: it is none. */
static inline bool service_has_standin(const struct service *s)
{
	return s->standin.process.pid > 0;
}
/* Before there is a member. */
int service_standin_begin(struct service *s, struct err *e);
/* It joins the primary, which waits at its gate; then an engine may look at it: `done`. */
int service_standin_enter(struct service *s, void (*done)(struct service *s), struct err *e);
/* After start: it leaves the service's own cgroup. */
void service_standin_started(struct service *s);
/* The one that the shim before has made; fine when it made none. */
int service_standin_adopt(struct service *s, struct err *e);
/* Into the mounts of the member that serves now. */
void service_standin_follow(struct service *s);
/* At the service's end: it exits with the service's status. */
void service_standin_end(struct service *s);

/* service/signal.c */
/* The member that serves: its program was released and has not ended with all it had; of a service that is created and not
 * started, the one that is to be the first. NULL: nobody. */
struct member *service_who_serves(struct service *s);
/* Ends the service; 0: by the policy's stop signal. Once more: by SIGKILL. */
void service_stop(struct service *s, int sig);
/* Somebody sends it `sig` by `hart kill`; 0 asks whether it lives. -ESRCH: nobody serves whom it could reach. */
int service_kill(struct service *s, int sig, struct err *e);
/* The shim itself got `sig`. */
void service_signalled(struct service *s, int sig);
/* Kills the active member, as a crash would. -ESRCH: nobody serves. */
int service_fail(struct service *s, struct err *e);

/* service/new.c */
struct service_terms;
/* Lends `p` to all parts of it as their policy. */
void service_obey(struct service *s, const struct policy *p);
/* `o` and `t` are NULL for an adopted one; all is borrowed. To be freed. NULL: no memory. */
struct service *service_new(struct runtime *rt, const struct create_opts *o, const struct service_terms *t);

/* service/status.c: answers with what JSON `hart status` shows. */
void service_answer_status(struct service *s, struct ctl_connection *c);

/* service/wait.c: everybody who waits to be told. */
/* It is active: all who wait for that. */
void service_is_up(struct service *s);
/* Tells the command that has made this process: that it is ready, or why it is not. */
void service_tell_ready(struct service *s);
/* `e` itself: that it is ready (no code), or why not. Once. */
void service_tell_caller(struct service *s, const struct err *e);
/* Answers the request for the start. */
void service_answer_start(struct service *s);
/* Answers the request for a switch, when this transition is its end. */
void service_answer_switch(struct service *s, const struct machine_action *a);
/* Tells the engine's shim the process ID of the member that serves. */
void service_note(struct service *s, pid_t pid);
/* A failure, perhaps the last before the end. */
void service_note_failure(struct service *s, const struct machine_action *a);
/* The command that waits for the service is told that it has failed once and is tried again: EAGAIN. */
void service_say_trying(struct service *s, const struct machine_action *a);
/* It never was active: why not, into s->outcome.failure. */
void service_last_words(struct service *s);
