/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err: the one error idiom. A fixed buffer owned by the caller: no allocation, so it works after
 * OOM and after clone, and travels unchanged over the sync socket.
 *
 * Every fallible function is `int f(…, struct err *e)`: >= 0 on success, -errno on failure with
 * `e` filled in. A caller that knows more adds context in front with err_in(); only main and the shim's
 * loop print.
 */
#pragma once

#include <errno.h>
#include <stdarg.h>

#define ERR_TEXT_SIZE 1024

struct err {
	int code;                 /* positive errno; 0 = no error */
	char text[ERR_TEXT_SIZE]; /* "what was being done, to what: why", NUL-terminated */
};

#define ERR_INIT ((struct err){ 0 })

/* Sets "<fmt>: <strerror(errnum)>". Truncates, never fails. `e` may be NULL. Returns -errnum. */
int err_set(struct err *e, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets "<fmt>" alone, for failures that no errno explains. Returns -errnum. */
int err_msg(struct err *e, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "<fmt>: " in front of what `e` says. Returns -e->code, so `return err_in(e, …)` reads well. */
int err_in(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Forgets an error that the caller has dealt with. */
static inline void err_clear(struct err *e)
{
	e->code = 0;
	e->text[0] = '\0';
}

/* What the static analyser cannot see from a caller: these never return 0 or more. */
#ifdef __clang_analyzer__
#define ERR_NEGATIVE(call)                   \
	({                                   \
		int negative_ = (call);      \
		if (negative_ >= 0)          \
			__builtin_trap();    \
		negative_;                   \
	})
#define err_set(...) ERR_NEGATIVE(err_set(__VA_ARGS__))
#define err_msg(...) ERR_NEGATIVE(err_msg(__VA_ARGS__))
#define err_in(...) ERR_NEGATIVE(err_in(__VA_ARGS__))
#endif
