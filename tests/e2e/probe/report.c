/* SPDX-License-Identifier: Apache-2.0 */
/* report: what a process sees of itself, as one JSON object. Asks the kernel by system calls where
 * there is one, since /proc may be absent or masked. */
#include "probe.h"

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void report_ids(void)
{
	uid_t u[3];
	gid_t g[3], groups[4096];
	int n = getgroups(4096, groups);

	getresuid(&u[0], &u[1], &u[2]);
	getresgid(&g[0], &g[1], &g[2]);
	json_open("uid", '{');
	json_number("real", u[0]);
	json_number("effective", u[1]);
	json_number("saved", u[2]);
	json_close('}');
	json_open("gid", '{');
	json_number("real", g[0]);
	json_number("effective", g[1]);
	json_number("saved", g[2]);
	json_close('}');
	json_open("groups", '[');
	for (int i = 0; i < n; i++)
		json_number(NULL, groups[i]);
	json_close(']');
	json_number("pid", getpid());
	json_number("ppid", getppid());
	json_number("pgid", getpgrp());
	json_number("sid", getsid(0));
}

static void report_rlimits(void)
{
	static const char *const names[] = {
		[RLIMIT_CPU] = "CPU", [RLIMIT_FSIZE] = "FSIZE", [RLIMIT_DATA] = "DATA",
		[RLIMIT_STACK] = "STACK", [RLIMIT_CORE] = "CORE", [RLIMIT_RSS] = "RSS",
		[RLIMIT_NPROC] = "NPROC", [RLIMIT_NOFILE] = "NOFILE",
		[RLIMIT_MEMLOCK] = "MEMLOCK", [RLIMIT_AS] = "AS", [RLIMIT_LOCKS] = "LOCKS",
		[RLIMIT_SIGPENDING] = "SIGPENDING", [RLIMIT_MSGQUEUE] = "MSGQUEUE",
		[RLIMIT_NICE] = "NICE", [RLIMIT_RTPRIO] = "RTPRIO", [RLIMIT_RTTIME] = "RTTIME",
	};
	char key[32];
	struct rlimit r;

	json_open("rlimits", '{');
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		if (getrlimit(i, &r) < 0)
			continue;
		snprintf(key, sizeof key, "RLIMIT_%s", names[i]);
		json_open(key, '{');
		/* The text "infinity": JSON tools round 2^64-1. */
		if (r.rlim_cur == RLIM_INFINITY)
			json_string("soft", "infinity");
		else
			json_number("soft", (long long)r.rlim_cur);
		if (r.rlim_max == RLIM_INFINITY)
			json_string("hard", "infinity");
		else
			json_number("hard", (long long)r.rlim_max);
		json_close('}');
	}
	json_close('}');
}

static void report_strings(const char *key, char *const *v)
{
	json_open(key, '[');
	for (; *v; v++)
		json_string(NULL, *v);
	json_close(']');
}

/* As the kernel has it, because this program's argv has lost the first word. */
static void report_args(void)
{
	FILE *f = fopen("/proc/self/cmdline", "re");
	char *word = NULL;
	size_t size = 0;

	json_open("args", '[');
	while (f && getdelim(&word, &size, '\0', f) > 0)
		json_string(NULL, word);
	json_close(']');
	free(word);
	if (f)
		fclose(f);
}

static void report_terminal(void)
{
	struct winsize w;
	bool tty = ioctl(0, TIOCGWINSZ, &w) == 0;

	json_open("terminal", '{');
	json_bool("stdin", isatty(0));
	json_bool("stdout", isatty(1));
	json_bool("stderr", isatty(2));
	json_number("rows", tty ? w.ws_row : 0);
	json_number("columns", tty ? w.ws_col : 0);
	json_number("foreground", tcgetpgrp(0)); /* -1: not the controlling terminal */
	json_string("name", isatty(0) ? ttyname(0) : NULL);
	json_close('}');
}

static void report_system(void)
{
	struct utsname u;
	struct timespec mono, boot;
	mode_t mask = umask(0);

	umask(mask);
	uname(&u);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	json_format("umask", "%04o", mask);
	json_string("hostname", u.nodename);
	json_string("domainname", u.domainname);
	json_string("machine", u.machine);
	json_format("personality", "0x%x", (unsigned)personality(0xffffffff));
	json_number("monotonic_s", mono.tv_sec);
	json_number("boottime_s", boot.tv_sec);
	json_bool("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	json_number("seccomp", prctl(PR_GET_SECCOMP));
	json_number("dumpable", prctl(PR_GET_DUMPABLE));
}

static void report_keyring(void)
{
	char text[256] = "";
	long n = syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof text,
			 0);

	json_string("keyring", n > 0 ? text : NULL);
	json_number("keyring_id",
		    syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0, 0, 0));
}

/* One line of /proc/self/status. */
static void report_status_line(const char *key, const char *status, const char *name)
{
	char pattern[64], value[256] = "";
	const char *at;

	snprintf(pattern, sizeof pattern, "\n%s:\t", name);
	at = status ? strstr(status, pattern) : NULL;
	if (at)
		sscanf(at + strlen(pattern), "%255[^\n]", value);
	json_string(key, at ? value : NULL);
}

static void report_proc(void)
{
	static const char *const files[][2] = {
		{ "cgroup", "/proc/self/cgroup" },
		{ "oom_score_adj", "/proc/self/oom_score_adj" },
		{ "uid_map", "/proc/self/uid_map" },
		{ "gid_map", "/proc/self/gid_map" },
		{ "setgroups", "/proc/self/setgroups" },
		{ "label", "/proc/self/attr/current" },
		{ "comm", "/proc/self/comm" },
	};
	char *status = read_text("/proc/self/status");
	char *text;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		text = read_text(files[i][1]);
		json_string(files[i][0], text);
		free(text);
	}
	report_status_line("signals_blocked", status, "SigBlk");
	report_status_line("signals_ignored", status, "SigIgn");
	report_status_line("cpus_allowed", status, "Cpus_allowed_list");
	report_status_line("mems_allowed", status, "Mems_allowed_list");
	free(status);
}

int probe_report(int argc, char **argv)
{
	char cwd[4096];

	json_open(NULL, '{');
	report_fds();
	report_terminal();
	report_ids();
	report_caps();
	report_rlimits();
	report_args();
	report_strings("env", environ);
	json_string("cwd", getcwd(cwd, sizeof cwd));
	report_system();
	report_scheduling();
	report_keyring();
	report_proc();
	report_namespaces();
	report_mounts();
	report_devices();
	json_close('}');
	putchar('\n');
	fflush(stdout);
	(void)argc;
	(void)argv;
	return ferror(stdout) ? 1 : 0;
}
