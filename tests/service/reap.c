/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reap: what an engine's shim does of a container: runs COMMAND (`hart create`), waits for the process of PID-FILE,
 * which has become its child by then, and writes down how it ended. Collects all others.
 *
 *   reap PID-FILE STATUS-FILE COMMAND...
 *
 * Exits with the command's status when that fails. STATUS-FILE: "exit 3" or "signal 9".
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t read_pid(const char *path)
{
	FILE *f = fopen(path, "re");
	int pid = 0;

	if (f && fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	return pid;
}

static int write_status(const char *path, int status)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return 1;
	fprintf(f, "%s %d\n", WIFEXITED(status) ? "exit" : "signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return fclose(f) != 0;
}

int main(int argc, char *argv[])
{
	pid_t command, pid, standin = 0;
	int status;

	if (argc < 4 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return 2;
	command = fork();
	if (command == 0) {
		execv(argv[3], argv + 3);
		_exit(127);
	}
	while ((pid = wait(&status)) > 0) {
		if (pid == command && (!WIFEXITED(status) || WEXITSTATUS(status)))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		if (pid == command)
			standin = read_pid(argv[1]);
		else if (pid == standin)
			return write_status(argv[2], status);
	}
	return 1;
}
