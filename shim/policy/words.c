/* SPDX-License-Identifier: Apache-2.0 */
/* policy/words: see policy/words.h. Pure. */
#include "policy/words.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/quantity.h"
#include "base/signame.h"

static const char no_memory[] = "out of memory";

#define DURATION_MAX_MS 1000000000000ULL
#define BYTES_MAX (1LL << 50)

const char *policy_word_duration(const char *text, long long *ret_ms)
{
	uint64_t ms;

	if (!quantity_duration(text, &ms))
		return "not a duration like 250ms, 5s or 1m30s";
	if (ms > DURATION_MAX_MS)
		return "too long";
	*ret_ms = (long long)ms;
	return NULL;
}

const char *policy_word_mode(const char *text, enum machine_mode *ret)
{
	static const char *const names[] = { [MODE_WARM] = "warm", [MODE_COLD] = "cold", [MODE_HOT] = "hot",
					     [MODE_FROZEN] = "frozen" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(text, names[i])) {
			*ret = (enum machine_mode)i;
			return NULL;
		}
	return "must be warm, cold, hot or frozen";
}

const char *policy_word_number(const char *text, unsigned max, unsigned *ret)
{
	if (!io_parse_u32(text, ret))
		return "not a number";
	return *ret > max ? "too large" : NULL;
}

const char *policy_word_bytes(const char *text, int64_t *ret)
{
	if (!quantity_bytes(text, ret))
		return "not a size like 512K or 10M";
	return *ret > BYTES_MAX ? "too large" : NULL;
}

const char *policy_word_signal(const char *text, int *ret)
{
	int sig = signal_from_name(text);

	if (sig <= 0)
		return "not a signal";
	*ret = sig;
	return NULL;
}

/* "HOST:PORT", "[::1]:PORT", ":PORT" or "PORT". */
static const char *split_port(struct arena *a, const char *text, const char *no_host, char **ret_host,
			      uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
	unsigned n;

	if (!io_parse_u32(port, &n) || n < 1 || n > 65535)
		return "no port between 1 and 65535 at its end";
	*ret_port = (uint16_t)n;
	if (!colon || colon == text) {
		*ret_host = arena_strdup(a, no_host);
	} else if (*text == '[') {
		if (colon[-1] != ']')
			return "an IPv6 address needs brackets: [::1]:80";
		*ret_host = arena_strndup(a, text + 1, (size_t)(colon - text) - 2);
	} else {
		*ret_host = arena_strndup(a, text, (size_t)(colon - text));
		if (*ret_host && strchr(*ret_host, ':'))
			return "an IPv6 address needs brackets: [::1]:80";
	}
	return *ret_host ? NULL : no_memory;
}

/* Split at blanks; '…' and "…" keep theirs. */
const char *policy_word_argv(struct arena *a, const char *text, char ***ret)
{
	char *copy = arena_strdup(a, text), *to = copy;
	char **v = arena_calloc(a, strlen(text) / 2 + 2, sizeof *v);
	size_t n = 0;

	if (!copy || !v)
		return no_memory;
	for (const char *p = text; *p;) {
		p += strspn(p, " \t");
		if (!*p)
			break;
		v[n++] = to;
		for (char quote = 0; *p && (quote || !strchr(" \t", *p)); p++) {
			if (!quote && (*p == '\'' || *p == '"'))
				quote = *p;
			else if (quote && *p == quote)
				quote = 0;
			else
				*to++ = *p;
			if (quote && !p[1])
				return "a quote is not closed";
		}
		if (*p)
			p++;
		*to++ = '\0';
	}
	*ret = v;
	return n ? NULL : "no command";
}

static const char *unix_path(struct arena *a, const char *text, char **ret)
{
	if (*text != '/')
		return "the path of a socket must be absolute";
	if (strlen(text) >= sizeof ((struct sockaddr_un *)0)->sun_path)
		return "the path of a socket is too long";
	*ret = arena_strdup(a, text);
	return *ret ? NULL : no_memory;
}

static const char *http(struct arena *a, const char *text, struct probe_policy *ret)
{
	const char *slash = strchr(text, '/');
	char *where = slash ? arena_strndup(a, text, (size_t)(slash - text)) : arena_strdup(a, text);

	ret->path = arena_strdup(a, slash ? slash : "/");
	if (!where || !ret->path)
		return no_memory;
	if (strlen(ret->path) > 512 || strpbrk(ret->path, " \r\n"))
		return "not a path for a request";
	return split_port(a, where, "127.0.0.1", &ret->host, &ret->port);
}

const char *policy_word_probe(struct arena *a, const char *text, struct probe_policy *ret)
{
	ret->text = arena_strdup(a, text);
	if (!ret->text)
		return no_memory;
	if (!strncmp(text, "exec:", 5)) {
		ret->kind = PROBE_EXEC;
		return policy_word_argv(a, text + 5, &ret->argv);
	}
	if (!strncmp(text, "tcp:", 4)) {
		ret->kind = PROBE_TCP;
		return split_port(a, text + 4, "127.0.0.1", &ret->host, &ret->port);
	}
	if (!strncmp(text, "unix:", 5)) {
		ret->kind = PROBE_UNIX;
		return unix_path(a, text + 5, &ret->path);
	}
	if (!strncmp(text, "http://", 7)) {
		ret->kind = PROBE_HTTP;
		return http(a, text + 7, ret);
	}
	return "not exec:COMMAND, tcp:[HOST:]PORT, http://HOST:PORT/PATH or unix:PATH";
}

const char *policy_word_command(struct arena *a, const char *text, char ***ret_argv)
{
	return strncmp(text, "exec:", 5) ? "must be exec:COMMAND" : policy_word_argv(a, text + 5, ret_argv);
}

const char *policy_word_outlet(struct arena *a, const char *text, struct outlet_policy *ret)
{
	static const struct {
		const char *word, *path;
		bool with_fields;
	} kinds[] = { { "syslog", "/dev/log", false }, { "journald", "/run/systemd/journal/socket", true } };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t n = strlen(kinds[i].word);
		if (strncmp(text, kinds[i].word, n) || (text[n] && text[n] != ':'))
			continue;
		ret->with_fields = kinds[i].with_fields;
		return unix_path(a, text[n] ? text + n + 1 : kinds[i].path, &ret->path);
	}
	return "must be syslog[:PATH] or journald[:PATH]";
}

const char *policy_word_listen(struct arena *a, const char *text, struct listen_policy *ret)
{
	static const struct {
		const char *prefix;
		enum listen_kind kind;
	} kinds[] = { { "tcp:", LISTEN_TCP }, { "udp:", LISTEN_UDP }, { "unix:", LISTEN_UNIX } };
	const char *equals = strchr(text, '='), *colon = strchr(text, ':');
	bool named = equals && (!colon || equals < colon);
	const char *what = named ? equals + 1 : text;
	size_t k = 0;

	*ret = (struct listen_policy){ .mode = 0666, .backlog = SOMAXCONN, .text = arena_strdup(a, text) };
	while (k < 3 && strncmp(what, kinds[k].prefix, strlen(kinds[k].prefix)))
		k++;
	if (k == 3)
		return "not tcp:ADDR:PORT, udp:ADDR:PORT or unix:PATH";
	ret->kind = kinds[k].kind;
	what += strlen(kinds[k].prefix);
	ret->name = named ? arena_strndup(a, text, (size_t)(equals - text))
			  : arena_strndup(a, kinds[k].prefix, strlen(kinds[k].prefix) - 1);
	if (!ret->name || !ret->text)
		return no_memory;
	if (!*ret->name)
		return "no name before \"=\"";
	if (ret->kind == LISTEN_UNIX)
		return unix_path(a, what, &ret->path);
	return split_port(a, what, "", &ret->host, &ret->port);
}

static const char *stall_resource(const char *text, size_t len, char ret[8])
{
	static const char *const names[] = { "cpu", "memory", "io" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == len && !memcmp(names[i], text, len)) {
			strcpy(ret, names[i]);
			return NULL;
		}
	return "the resource must be cpu, memory or io";
}

/* "[some:|full:]TIME/WINDOW" */
static const char *stall_times(const char *text, struct stall_policy *ret)
{
	static const char form[] = "not RESOURCE=[some:|full:]TIME/WINDOW";
	const char *slash;
	char part[32];
	long long stall_ms, window_ms;

	ret->full = strncmp(text, "some:", 5) != 0;
	if (!ret->full || !strncmp(text, "full:", 5))
		text += 5;
	slash = strchr(text, '/');
	if (!slash || (size_t)(slash - text) >= sizeof part)
		return form;
	memcpy(part, text, (size_t)(slash - text));
	part[slash - text] = '\0';
	if (policy_word_duration(part, &stall_ms) || policy_word_duration(slash + 1, &window_ms))
		return form;
	if (window_ms < 500 || window_ms > 10000 || stall_ms > window_ms || !stall_ms)
		return "the window must be 500ms to 10s, and the time within it";
	ret->stall_us = (unsigned)stall_ms * 1000;
	ret->window_us = (unsigned)window_ms * 1000;
	return NULL;
}

const char *policy_word_stall(const char *text, struct stall_policy *ret)
{
	const char *equals = strchr(text, '=');
	const char *why;

	*ret = (struct stall_policy){ 0 };
	if (!equals)
		return "not RESOURCE=[some:|full:]TIME/WINDOW";
	why = stall_resource(text, (size_t)(equals - text), ret->resource);
	return why ? why : stall_times(equals + 1, ret);
}
