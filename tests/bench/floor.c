/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor: what a runtime cannot do without asking the kernel for, as one static program without a line to spare:
 *
 *   floor least ROOTFS CGROUP   a cgroup, six namespaces, the default mounts and device nodes, pivot_root, exec, wait
 *   floor full ROOTFS CGROUP    all that the default config asks besides: device rules, in force before the program
 *                               runs, masked and read-only paths, a read-only root, loopback, session, capabilities,
 *                               limits, no new privileges, default signals
 *
 * Runs /bin/true. What hart takes beyond "full" is its own: the config and the state, locks, looking paths up safely, the
 * sealed binary, a session keyring as runc makes it, what is known of an error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(call)                    \
	do {                          \
		if ((call) < 0) {     \
			perror(#call); \
			_exit(120);   \
		}                     \
	} while (0)

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = { { "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 } };

static void mount_all(void)
{
	static const struct {
		const char *source, *target, *type;
		unsigned long flags;
		const char *data;
	} mounts[] = {
		{ "proc", "proc", "proc", 0, NULL },
		{ "tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k" },
		{ "devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5" },
		{ "shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=65536k" },
		{ "mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL },
		{ "sysfs", "sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL },
	};

	for (size_t i = 0; i < COUNT(mounts); i++) {
		if (i > 1)
			mkdir(mounts[i].target, 0755);
		MUST(mount(mounts[i].source, mounts[i].target, mounts[i].type, mounts[i].flags, mounts[i].data));
	}
}

static void make_nodes(void)
{
	mode_t was = umask(0);
	char path[32];

	for (size_t i = 0; i < COUNT(nodes); i++) {
		snprintf(path, sizeof path, "dev/%s", nodes[i].name);
		MUST(mknod(path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)));
	}
	umask(was);
}

/* -- what the default config asks besides ------------------------------------------------------------------ */

static void mount_cgroup(void)
{
	MUST(mount("cgroup", "sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL));
}

static void make_links(void)
{
	static const char *const links[][2] = { { "/proc/self/fd", "dev/fd" }, { "/proc/self/fd/0", "dev/stdin" },
						{ "/proc/self/fd/1", "dev/stdout" }, { "/proc/self/fd/2", "dev/stderr" },
						{ "pts/ptmx", "dev/ptmx" } };

	for (size_t i = 0; i < COUNT(links); i++)
		MUST(symlink(links[i][0], links[i][1]));
}

static void cover(void)
{
	static const char *const masked[] = { "proc/acpi", "proc/asound", "proc/kcore", "proc/keys", "proc/latency_stats",
					      "proc/timer_list", "proc/timer_stats", "proc/sched_debug", "sys/firmware", "proc/scsi" };
	static const char *const read_only[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger" };
	struct stat st;

	for (size_t i = 0; i < COUNT(read_only); i++) {
		if (mount(read_only[i], read_only[i], NULL, MS_BIND | MS_REC, NULL) < 0)
			continue;
		MUST(mount(NULL, read_only[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL));
	}
	for (size_t i = 0; i < COUNT(masked); i++) {
		if (stat(masked[i], &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			MUST(mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, "size=0k"));
		else
			MUST(mount("dev/null", masked[i], NULL, MS_BIND, NULL));
	}
	MUST(mount(NULL, ".", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL));
}

static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	MUST(fd);
	MUST(ioctl(fd, SIOCSIFFLAGS, &lo));
	close(fd);
}

/* What the caller ignored is not the program's to ignore. */
static void reset_signals(void)
{
	static const unsigned long as_default[8];

	for (int sig = 1; sig <= 64; sig++)
		syscall(SYS_rt_sigaction, sig, as_default, NULL, 8);
}

static void drop(void)
{
	const uint64_t kept = 1ULL << CAP_AUDIT_WRITE | 1ULL << CAP_KILL | 1ULL << CAP_NET_BIND_SERVICE;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2] = { 0 };
	const struct rlimit files = { 1024, 1024 };

	for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (!(kept & 1ULL << cap))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	MUST(setrlimit(RLIMIT_NOFILE, &files));
	MUST(syscall(SYS_setgroups, 0, NULL));
	MUST(syscall(SYS_setresgid, 0, 0, 0));
	MUST(syscall(SYS_setresuid, 0, 0, 0));
	for (int i = 0; i < 2; i++)
		caps[i].effective = caps[i].permitted = (uint32_t)(kept >> 32 * i);
	MUST(syscall(SYS_capset, &head, caps));
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(syscall(SYS_close_range, 3, ~0U, 0));
}

#define LOAD(reg, field) { .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (reg), .src_reg = BPF_REG_1, .off = (field) }
#define UNLESS(reg, value, skip) { .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (reg), .imm = (value), .off = (skip) }
#define RETURN(value) { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = (value) }, { .code = BPF_JMP | BPF_EXIT }

/* The nodes above; nothing else. */
static void limit_devices(int cgroup_fd)
{
	struct bpf_insn code[64] = { LOAD(BPF_REG_2, 0), LOAD(BPF_REG_3, 4), LOAD(BPF_REG_4, 8) };
	size_t n = 3;

	for (size_t i = 0; i < COUNT(nodes); i++) {
		const struct bpf_insn rule[] = { UNLESS(BPF_REG_3, (int)nodes[i].major, 3), UNLESS(BPF_REG_4, (int)nodes[i].minor, 2), RETURN(1) };
		memcpy(&code[n], rule, sizeof rule);
		n += COUNT(rule);
	}
	const struct bpf_insn end[] = { RETURN(0) };
	memcpy(&code[n], end, sizeof end);
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE, .insn_cnt = (uint32_t)(n + COUNT(end)),
				.insns = (uintptr_t)code, .license = (uintptr_t) "GPL" };
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
	MUST(fd);
	union bpf_attr attach = { .target_fd = (uint32_t)cgroup_fd, .attach_bpf_fd = (uint32_t)fd,
				  .attach_type = BPF_CGROUP_DEVICE, .attach_flags = BPF_F_ALLOW_MULTI };
	MUST(syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach));
	close(fd);
}

/* -- both -------------------------------------------------------------------------------------------------- */

static _Noreturn void child(const char *rootfs, bool full, int rules)
{
	char *const argv[] = { "/bin/true", NULL }, *const env[] = { "PATH=/bin", NULL };
	char byte;

	if (full) {
		MUST(setsid());
		MUST(unshare(CLONE_NEWCGROUP));
		loopback_up();
	}
	MUST(mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL));
	MUST(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL));
	MUST(chdir(rootfs));
	mount_all();
	make_nodes();
	if (full) {
		mount_cgroup();
		make_links();
		cover();
	}
	MUST(sethostname("floor", 5));
	MUST(syscall(SYS_pivot_root, ".", "."));
	MUST(umount2(".", MNT_DETACH));
	MUST(chdir("/"));
	if (full) {
		reset_signals();
		MUST(read(rules, &byte, 1));
		drop();
	}
	execve(argv[0], argv, env);
	_exit(121);
}

int main(int argc, char **argv)
{
	char cgroup[256];
	int status, rules[2] = { -1, -1 };

	if (argc != 4)
		return 2;
	bool full = !strcmp(argv[1], "full");
	snprintf(cgroup, sizeof cgroup, "%s/floor-%d", argv[3], getpid());
	MUST(mkdir(cgroup, 0755));
	int fd = open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct clone_args args = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_INTO_CGROUP |
			 (full ? 0 : CLONE_NEWCGROUP),
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)fd,
	};
	if (full)
		MUST(pipe2(rules, O_CLOEXEC));
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (pid == 0)
		child(argv[2], full, rules[0]);
	MUST(pid);
	if (full) {
		limit_devices(fd);
		MUST(write(rules[1], "", 1));
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	for (int i = 0; rmdir(cgroup) < 0 && errno == EBUSY && i < 1000; i++)
		usleep(100);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
