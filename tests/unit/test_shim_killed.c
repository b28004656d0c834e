/* SPDX-License-Identifier: Apache-2.0 */
/* shim_killed: what the next worker finds in the ledger when one is killed in the middle of something. */
#include "shim_stage.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct proc *proc;

/* A worker, which shares the ledger, does that, and is killed when it makes that call. */
static void killed_in(unsigned call, void (*what)(void))
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof code / sizeof *code, code };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core */
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
			_exit(1);
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void ask_for_its_end(uint32_t stream)
{
	Task__ProcessRequest q = TASK__PROCESS_REQUEST__INIT;
	const char *const words[RECORD_WORDS] = { "c", "", "/nosuch/bundle", "", "", "" };
	struct err e = ERR_INIT;

	assert_int_equal(proc_new(&shim, words, &proc, &e), 0);
	proc->r->has_pid_ns = true;
	proc->r->pid = 4711;
	proc->r->state = RECORD_RUNNING;
	q.id = "c";
	ask(stream, TASK, "Wait", &q.base);
	expect_nothing();
	assert_true(shim.ledger->calls[0].open);
}

static void end_it(void)
{
	proc_set_exit(proc, 3);
	proc_try_end(proc);
}

/* Better twice than never: containerd waits for it without end. */
static void an_answer_is_given_when_it_has_been_sent(void **state)
{
	(void)state;
	ask_for_its_end(7);
	killed_in(SYS_sendto, end_it);
	assert_int_equal(proc->r->state, RECORD_STOPPED);
	assert_true(shim.ledger->calls[0].open);
	proc_tell_end(proc);
	expect(0, 7);
	assert_false(shim.ledger->calls[0].open);
}

static void hang_up(void)
{
	stream_close(&shim.connections[0].stream);
	shim.connections[0].stream.gone(&shim.connections[0].stream);
}

/* Its number may be another one's next, which would get the answer. */
static void nobody_waits_at_a_connection_that_the_guardian_has_closed(void **state)
{
	(void)state;
	ask_for_its_end(1);
	killed_in(SYS_sendmsg, hang_up);
	assert_false(shim.ledger->calls[0].open && shim.ledger->calls[0].connection == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_is_given_when_it_has_been_sent),
		TEST(nobody_waits_at_a_connection_that_the_guardian_has_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
