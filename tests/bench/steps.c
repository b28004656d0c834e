/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps: runs COMMAND and prints, task by task in the order of their creation, the offset of every
 * instruction of PROGRAM that a task has executed, in the order of their first execution. x86-64 and
 * aarch64; for tests/bench/hot_order. What tasks run besides PROGRAM is not looked at.
 * Usage: steps PROGRAM COMMAND [ARGUMENT...]
 */
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TASKS 4096
#define MAX_OFFSET (8UL << 20)

struct task {
	pid_t pid;
	bool stepped; /* it runs PROGRAM */
	unsigned long base; /* where PROGRAM is mapped */
	unsigned char *seen; /* by offset */
	unsigned long *offsets;
	size_t n, room;
};

struct trace {
	struct stat program;
	struct task tasks[MAX_TASKS];
	size_t n;
};

static struct task *find_task(struct trace *t, pid_t pid)
{
	for (size_t i = t->n; i > 0; i--)
		if (t->tasks[i - 1].pid == pid)
			return &t->tasks[i - 1];
	return NULL;
}

static struct task *add_task(struct trace *t, pid_t pid)
{
	if (t->n == MAX_TASKS)
		errx(1, "too many tasks");
	t->tasks[t->n].pid = pid;
	return &t->tasks[t->n++];
}

/* The lowest mapping of a file: the program's own. */
static unsigned long find_base(pid_t pid)
{
	char path[64], line[4096];
	unsigned long base, inode = 0;

	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	FILE *f = fopen(path, "r");
	while (f && !inode && fgets(line, sizeof line, f))
		if (sscanf(line, "%lx-%*x %*s %*s %*s %lu", &base, &inode) != 2)
			inode = 0;
	if (!inode)
		errx(1, "%s: no file mapped", path);
	fclose(f);
	return base;
}

static void look_at_program(const struct trace *t, struct task *task)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/exe", task->pid);
	task->stepped = stat(path, &st) == 0 && st.st_ino == t->program.st_ino &&
			st.st_dev == t->program.st_dev;
	if (task->stepped)
		task->base = find_base(task->pid);
}

static unsigned long instruction_pointer(pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof regs };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0)
		return 0;
#if defined(__x86_64__)
	return regs.rip;
#else
	return regs.pc;
#endif
}

static void record(struct task *task)
{
	unsigned long offset = instruction_pointer(task->pid) - task->base;

	if (!task->seen && !(task->seen = calloc(1, MAX_OFFSET)))
		err(1, "memory");
	if (offset >= MAX_OFFSET || task->seen[offset])
		return;
	task->seen[offset] = 1;
	if (task->n == task->room) {
		task->room = task->room ? 2 * task->room : 1024;
		task->offsets = reallocarray(task->offsets, task->room, sizeof *task->offsets);
		if (!task->offsets)
			err(1, "memory");
	}
	task->offsets[task->n++] = offset;
}

static void resume(const struct task *task, int signal)
{
	ptrace(task->stepped ? PTRACE_SINGLESTEP : PTRACE_CONT, task->pid, 0, signal);
}

/* The first stop of a new task may be reported before or after this event of its parent. */
static void welcome(struct trace *t, const struct task *parent)
{
	unsigned long pid;
	int status;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid) < 0)
		return;
	struct task *child = find_task(t, (pid_t)pid);
	if (!child) {
		child = add_task(t, (pid_t)pid);
		while (waitpid(child->pid, &status, __WALL) < 0 && errno == EINTR)
			;
	}
	child->stepped = parent->stepped;
	child->base = parent->base;
	resume(child, 0);
}

static void handle_stop(struct trace *t, pid_t pid, int status)
{
	struct task *task = find_task(t, pid);
	int event = status >> 16, signal = WSTOPSIG(status);

	if (!task) {
		add_task(t, pid);
		return; /* welcome() resumes it */
	}
	if (event == PTRACE_EVENT_EXEC)
		look_at_program(t, task);
	else if (event)
		welcome(t, task);
	if (task->stepped)
		record(task);
	resume(task, event || signal == SIGTRAP ? 0 : signal);
}

static void handle_end(struct trace *t, pid_t pid)
{
	struct task *task = find_task(t, pid);

	if (task)
		task->pid = 0;
}

static void print(const struct trace *t)
{
	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < t->tasks[i].n; j++)
			printf("%lu\n", t->tasks[i].offsets[j]);
}

static pid_t start(char **argv)
{
	const long options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execvp(*argv, argv);
		err(127, "%s", *argv);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, options) < 0)
		errx(1, "%s cannot be traced", *argv);
	return pid;
}

int main(int argc, char **argv)
{
	static struct trace t;
	int status, result = 1;
	pid_t pid;

	if (argc < 3)
		errx(2, "usage: steps PROGRAM COMMAND [ARGUMENT...]");
	if (stat(argv[1], &t.program) < 0)
		err(1, "%s", argv[1]);
	pid_t first = start(argv + 2);
	struct task *task = add_task(&t, first);
	look_at_program(&t, task);
	resume(task, 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status)) {
			handle_stop(&t, pid, status);
		} else if (pid > 0) {
			handle_end(&t, pid);
			if (pid == first)
				result = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		}
	}
	print(&t);
	return result;
}
