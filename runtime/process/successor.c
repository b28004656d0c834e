/* SPDX-License-Identifier: Apache-2.0 */
/* successor: see successor.h. */
#include "process/successor.h"

#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/sys.h"

int successor_make(pid_t **ret_word, struct err *e)
{
	void *word = mmap(NULL, sizeof **ret_word, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*ret_word = word == MAP_FAILED ? NULL : word;
	return *ret_word ? 0 : err_set(e, errno, "prepare the process to execute");
}

void successor_free(pid_t *word)
{
	if (word)
		munmap(word, sizeof *word);
}

int successor_hide(pid_t *word, struct err *e)
{
	return madvise(word, sizeof *word, MADV_DONTFORK) < 0 ? err_set(e, errno, "keep memory from the program") : 0;
}

int successor_clone(pid_t *word, struct err *e)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | CLONE_PARENT_SETTID, 0, word, 0, 0);

	return pid < 0 ? err_set(e, errno, "clone the program") : (int)pid;
}

int successor_await(int task_pidfd, bool as_sibling, const pid_t *word, struct err *e)
{
	struct pollfd p = { .fd = task_pidfd, .events = POLLIN };
	siginfo_t info;

	/* Not by waitid() alone: a sibling is collected by our parent. */
	while (poll(&p, 1, -1) < 0)
		if (errno != EINTR)
			return err_set(e, errno, "wait for the namespace stage");
	if (!as_sibling)
		waitid((idtype_t)P_PIDFD, (id_t)task_pidfd, &info, WEXITED);
	return *word;
}
