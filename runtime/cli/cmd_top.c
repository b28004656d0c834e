/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_top: top: all containers and services, over and over: who serves, what each uses. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "cgroup/stats.h"
#include "cmd.h"
#include "observe.h"
#include "status_line.h"
#include "survey.h"
#include "visible.h"

struct top_flags {
	uint64_t interval_ms;
	bool once;
};

static const struct opt_row rows[] = {
	OPT_DURATION(struct top_flags, interval_ms, "interval", 'd', "TIME", "how often to look", .initial = "2s"),
	OPT_FLAG(struct top_flags, once, "once", 0, "print it once and exit, as where the output is no terminal"),
};

/* -- CPU time, from one look to the next --------------------------------------------------------- */

struct used {
	char *id;
	uint64_t cpu_us;
	long long at_ms;
	unsigned look; /* the last in which it was there */
};

struct top {
	struct used *used;
	size_t n_used;
	unsigned look;
	struct buf out;
	long long shown, failing; /* rows, and those that are not well */
};

static struct used *find_used(struct top *t, const char *id)
{
	for (size_t i = 0; i < t->n_used; i++)
		if (!strcmp(t->used[i].id, id))
			return &t->used[i];
	struct used *v = reallocarray(t->used, t->n_used + 1, sizeof *v);
	if (!v)
		return NULL;
	t->used = v;
	v[t->n_used] = (struct used){ .id = strdup(id), .at_ms = -1 };
	return v[t->n_used].id ? &v[t->n_used++] : NULL;
}

static void forget_gone(struct top *t)
{
	for (size_t i = t->n_used; i-- > 0;)
		if (t->used[i].look != t->look) {
			free(t->used[i].id);
			t->used[i] = t->used[--t->n_used];
		}
}

/* Percent of one processor since the last look; less than 0: there was none. */
static double cpu_percent(struct top *t, const char *id, uint64_t cpu_us)
{
	struct used *u = find_used(t, id);
	long long now_ms = clock_now_ms();

	if (!u)
		return -1;
	double percent = u->at_ms < 0 || now_ms <= u->at_ms || cpu_us < u->cpu_us ?
				 -1 :
				 (double)(cpu_us - u->cpu_us) / 10.0 / (double)(now_ms - u->at_ms);
	*u = (struct used){ u->id, cpu_us, now_ms, t->look };
	return percent;
}

/* -- a line -------------------------------------------------------------------------------------- */

static void put_bytes(struct buf *out, uint64_t bytes)
{
	static const char units[] = "KMGTP";
	double n = (double)bytes / 1024;
	size_t i = 0;

	while (n >= 1000 && i + 2 < sizeof units) {
		n /= 1024;
		i++;
	}
	buf_printf(out, n < 10 && i ? "%5.1f%c " : "%5.0f%c ", n, units[i]);
}

static void put_usage(struct top *t, const struct survey *s)
{
	struct err ignored = ERR_INIT;
	struct cgroup_stats used;

	if (container_usage(s->c, &used, &ignored) < 0) {
		buf_printf(&t->out, "%6s %6s %5s ", "-", "-", "-");
		return;
	}
	double percent = cpu_percent(t, s->c->state->id, used.cpu.usage_us);
	if (percent < 0)
		buf_printf(&t->out, "%6s ", "-");
	else
		buf_printf(&t->out, "%6.1f ", percent);
	if (used.memory.set)
		put_bytes(&t->out, used.memory.usage_bytes);
	else
		buf_printf(&t->out, "%6s ", "-");
	buf_printf(&t->out, "%5llu ", (unsigned long long)used.pids.current);
}

static int on_container(const struct survey *s, void *arg)
{
	struct top *t = arg;
	struct status_line line;

	status_line_of(s, &line);
	t->shown++;
	t->failing += !line.is_well;
	buf_printf(&t->out, "%-20s %-10s %-12s ", s->c->state->id, line.state, line.serves);
	status_put_since(&t->out, line.since_ms);
	buf_printf(&t->out, "%9s ", line.takeovers);
	put_usage(t, s);
	buf_puts(&t->out, line.note);
	buf_puts(&t->out, "\n");
	t->out.failed |= line.failed;
	return 0;
}

static int look(struct cli *cli, struct top *t, struct err *e)
{
	t->out.len = 0;
	t->look++;
	t->shown = t->failing = 0;
	buf_printf(&t->out, "%-20s %-10s %-12s %-10s %9s %6s %6s %5s %s\n", "ID", "STATE", "SERVES", "SINCE", "TAKEOVERS", "CPU%",
		   "MEMORY", "TASKS", "NOTE");
	int r = survey_each(cli, on_container, t, e);
	forget_gone(t);
	return r < 0 ? r : t->out.failed ? err_set(e, ENOMEM, "prepare the output") : 0;
}

/* -- on a terminal ------------------------------------------------------------------------------- */

#define HOME "\033[H"
#define REST_OF_LINE "\033[K"
#define REST_OF_SCREEN "\033[J"

static volatile sig_atomic_t is_over;

static void on_signal(int sig)
{
	(void)sig;
	is_over = 1;
}

/* As many lines as there is room for, each cut at the edge: the screen never scrolls. */
static void put_screen(const struct top *t, struct buf *screen)
{
	struct winsize w = { 0 };
	const char *at = t->out.data, *end = at + t->out.len;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0 || !w.ws_row || !w.ws_col) /* a serial line does not know */
		w = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	buf_printf(screen, HOME "hart: %lld containers and services, %lld of them not well; q ends" REST_OF_LINE "\n", t->shown,
		   t->failing);
	for (int row = 2; at < end && row < w.ws_row; row++) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)(eol - at);
		visible_put(screen, at, n > w.ws_col ? w.ws_col : n);
		buf_puts(screen, REST_OF_LINE "\n");
		at = eol + 1;
	}
	buf_puts(screen, REST_OF_SCREEN);
}

/* q, Ctrl-C, Ctrl-D, or that nobody types any more. */
static bool is_to_end(uint64_t interval_ms)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	char key;

	if (poll(&p, 1, (int)interval_ms) <= 0)
		return is_over;
	return read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 3 || key == 4;
}

static int live(struct cli *cli, struct top *t, uint64_t interval_ms, struct err *e)
{
	struct sigaction end = { .sa_handler = on_signal };
	struct termios was, raw;
	bool is_terminal = tcgetattr(STDIN_FILENO, &was) == 0;
	int r;

	for (const int *sig = (const int[]){ SIGINT, SIGTERM, SIGHUP, 0 }; *sig; sig++)
		sigaction(*sig, &end, NULL);
	if (is_terminal) {
		raw = was;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	do {
		_cleanup_buf_ struct buf screen = BUF_INIT;
		r = look(cli, t, e);
		if (r >= 0)
			put_screen(t, &screen);
		if (r >= 0)
			r = cli_print(&screen, e);
	} while (r >= 0 && !is_to_end(interval_ms));
	if (is_terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &was);
	return r;
}

static int run_top(struct cli *cli, struct err *e)
{
	const struct top_flags *f = cli->opts;
	struct top t = { .out = BUF_INIT };
	int r;

	if (f->interval_ms < 100 || f->interval_ms > 3600000)
		return err_msg(e, EINVAL, "--interval must be between 100ms and 1h");
	if (f->once || !isatty(STDOUT_FILENO)) {
		r = look(cli, &t, e);
		if (r >= 0)
			r = cli_print(&t.out, e);
	} else {
		r = live(cli, &t, f->interval_ms, e);
	}
	t.look++;
	forget_gone(&t);
	free(t.used);
	buf_free(&t.out);
	return r;
}

const struct command cmd_top = {
	.name = "top",
	.args = "",
	.summary = "show all containers and services, who serves and what each uses, live",
	.doc = "CPU is in percent of one processor since the last look. On a terminal q ends it.",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct top_flags),
	.max_args = 0,
	.run = run_top,
};
