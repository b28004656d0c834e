/* SPDX-License-Identifier: Apache-2.0 */
/* service/parts: what the files of the service (service*.c) share among themselves. */
#pragma once

#include "service/service.h"

/* service/record.c: what is written down for people. */
void service_write_transitions(struct service *s);
void service_tell(struct service *s, const struct happening *what, struct journal_record *r);
/* Of --on-event. For people; nobody is called for it, or one that fails would call itself for ever. */
void service_callout_failed(struct service *s, const struct err *why);
void service_warn(struct service *s, struct member *m, const struct err *why);
/* The same of what a member can cause as often as it likes: so often, and then the count alone. */
void service_warn_caused(struct service *s, struct member *m, const struct err *why);

/* service/members.c */
/* Something has happened: told to what takes events now, service_decide() or service_hold_event(). */
void service_event(struct service *s, const struct machine_event *ev);
/* EVENT_EXITED: the policy says whether that is success. */
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
void service_own(struct service *s);
void service_decide(struct service *s, const struct machine_event *ev);
void service_dispatch(struct service *s); /* what waits: it was paused */

/* service/members.c, too: the active one has failed. */
void service_failure_seen(struct service *s, struct member *m, long long now_ns);

/* service/health.c: what the watch sees and what members say, as events. */
void service_own_watch(struct service *s);
void service_watch_active(struct service *s, struct member *m);
/* It was paused. */
void service_watch_goes_on(struct service *s);
/* Why a signal ended it. */
enum machine_cause service_exit_cause(struct service *s, struct member *m);
void service_notified(struct notify *n, struct notify_message *msg);

/* service/state.c: state.json, and the files of the folder. */
int service_claim(struct service *s, struct err *e);
int service_open_files(struct service *s, struct err *e);
/* For adopt: makes the cgroup when it is gone, as after a reboot. */
int service_renew_cgroup(struct service *s, const struct oci_config *c, struct err *e);
/* After adopt: this process is the shim from now on. */
int service_record_self(struct service *s, struct err *e);
int service_save(struct service *s, struct err *e);
int service_load(struct service *s, struct err *e);
/* service.json. */
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

/* service/adopt.c: all that a service has, from its folder and its members; then its first events. */
int service_take_up(struct service *s, struct err *e);
void service_begin_adopted(struct service *s);

/* service/hold.c: between create and start. */
void service_hold_begin(struct service *s);
void service_hold_event(struct service *s, const struct machine_event *ev);
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
void service_standin_started(struct service *s);
int service_standin_adopt(struct service *s, struct err *e);
/* To who serves now. */
void service_standin_follow(struct service *s);
void service_standin_end(struct service *s);

/* service/signal.c */
/* Whose program has been let go and not ended with all it had, or, of a service that is created and not started, who is to
 * be the first. NULL: nobody. */
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
/* Its policy, for all parts of it. */
void service_obey(struct service *s, const struct policy *p);
struct service *service_new(struct runtime *rt, const struct create_opts *o, const struct service_terms *t);

/* service/status.c: answers with what JSON `hart status` shows. */
void service_answer_status(struct service *s, struct ctl_connection *c);

/* service/wait.c: everybody who waits to be told. */
/* It is active: all who wait for that. */
void service_is_up(struct service *s);
/* Tells the command that has made this process: that it is ready, or why it is not. */
void service_tell_ready(struct service *s);
void service_tell_caller(struct service *s, const struct err *e);
/* Answers the request for the start. */
void service_answer_start(struct service *s);
/* Answers the request for a switch, when this transition is its end. */
void service_answer_switch(struct service *s, const struct machine_action *a);
/* Tells the engine's shim who serves. */
void service_note(struct service *s, pid_t pid);
/* A failure, perhaps the last before the end. */
void service_note_failure(struct service *s, const struct machine_action *a);
/* The command that waits for the service is told that it has failed once and is tried again: EAGAIN. */
void service_say_trying(struct service *s, const struct machine_action *a);
/* It never was: why not, into s->outcome.failure. */
void service_last_words(struct service *s);
