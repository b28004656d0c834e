/* SPDX-License-Identifier: Apache-2.0 */
/* env: see env.h. */
#include "service/env.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "service/adapt.h"
#include "service/fdset.h"
#include "watch/notify.h"

struct env {
	char *at;
	size_t left;
	bool full;
};

static void __attribute__((format(printf, 2, 3))) put(struct env *env, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(env->at, env->left, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= env->left) {
		env->full = true;
		return;
	}
	env->at += n + 1;
	env->left -= (size_t)n + 1;
}

/* LISTEN_PID and WATCHDOG_PID are filled in where they are known: handover.h. */
static void put_listen(struct env *env, const struct fdset *fds, unsigned n)
{
	static const char key[] = "LISTEN_FDNAMES=";

	if (!n)
		return;
	put(env, "LISTEN_FDS=%u", n);
	put(env, "LISTEN_PID=");
	if (env->left <= sizeof key || env->full) {
		env->full = true;
		return;
	}
	int used = snprintf(env->at, env->left, "%s", key);
	if (fdset_names(fds, n, env->at + used, env->left - (size_t)used) < 0) {
		env->full = true;
		return;
	}
	while (*env->at++)
		env->left--;
	env->left--;
}

int env_write(const struct env_facts *f, char *buf, size_t size, size_t *ret_len, struct err *e)
{
	struct env env = { buf, size, false };

	if (f->generation)
		put(&env, "HART_GENERATION=%llu", (unsigned long long)f->generation);
	put(&env, "HART_ROLE=%s", f->generation ? "active" : "standby");
	put(&env, "HART_MEMBER=%s", f->member);
	put(&env, "HART_ID=%s", f->id);
	put(&env, "NOTIFY_SOCKET=" ADAPT_NOTIFY_FOLDER "/" NOTIFY_SOCKET_NAME);
	if (f->watchdog_ms) {
		put(&env, "WATCHDOG_USEC=%lld", f->watchdog_ms * 1000);
		put(&env, "WATCHDOG_PID=");
	}
	put_listen(&env, f->fds, f->n_fds);
	if (env.full)
		return err_msg(e, E2BIG, "the names of the descriptors do not fit");
	*ret_len = (size_t)(env.at - buf);
	return 0;
}
