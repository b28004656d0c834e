/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys: system calls that glibc 2.36 or musl 1.2.3 do not wrap, and the constants that Debian 12's kernel
 * headers lack. Thin: each returns what the syscall returns, with errno set.
 */
#pragma once

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* glibc's <sys/mount.h> and <linux/mount.h> clash, so the new mount API is wrapped here as well. */
static inline int sys_fsopen(const char *fs, unsigned flags)
{
	return (int)syscall(SYS_fsopen, fs, flags);
}

static inline int sys_fsconfig(int fs_fd, unsigned cmd, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fs_fd, cmd, key, value, aux);
}

static inline int sys_fsmount(int fs_fd, unsigned flags, unsigned attrs)
{
	return (int)syscall(SYS_fsmount, fs_fd, flags, attrs);
}

static inline int sys_fspick(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_fspick, dirfd, path, flags);
}

static inline int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

static inline int sys_move_mount(int from, const char *from_path, int to, const char *to_path,
				 unsigned flags)
{
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

static inline int sys_mount_setattr(int dirfd, const char *path, unsigned flags,
				    struct mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attr, sizeof *attr);
}

/* mount(2) and umount2(2), for kernels and sandboxes without the new API. MS_* are in sys/mount.h. */
static inline int sys_mount(const char *source, const char *target, const char *type,
			    unsigned long flags, const void *data)
{
	return (int)syscall(SYS_mount, source, target, type, flags, data);
}

/* umount2(2)'s. */
#define SYS_MNT_DETACH 2
#define SYS_UMOUNT_NOFOLLOW 8

static inline int sys_umount(const char *target, int flags)
{
	return (int)syscall(SYS_umount2, target, flags);
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int sys_openat2(int dirfd, const char *path, const struct open_how *how)
{
	return (int)syscall(SYS_openat2, dirfd, path, how, sizeof *how);
}

static inline pid_t sys_clone3(const struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof *args);
}

static inline int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

/* For a process to end that got SIGKILL, and a cgroup to be empty: no more is needed unless the kernel is stuck. */
#define KILL_TIMEOUT_MS 10000

static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static inline int sys_pidfd_getfd(int pidfd, int target_fd)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, target_fd, 0);
}

static inline int sys_faccessat2(int dirfd, const char *path, int mode, int flags)
{
	return (int)syscall(SYS_faccessat2, dirfd, path, mode, flags);
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int sys_execveat(int dirfd, const char *path, char *const *argv, char *const *env, int flags)
{
	return (int)syscall(SYS_execveat, dirfd, path, argv, env, flags);
}

/* `attr` is a union bpf_attr of <linux/bpf.h>. */
static inline int sys_bpf(int cmd, void *attr, size_t size)
{
	return (int)syscall(SYS_bpf, cmd, attr, size);
}

static inline ssize_t sys_getdents64(int fd, void *buf, size_t size)
{
	return syscall(SYS_getdents64, fd, buf, size);
}

static inline int sys_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

/* struct statx of the kernel: libcs have it with fewer members, or none. */
struct sys_statx {
	uint32_t mask, block_bytes;
	uint64_t attributes;
	uint32_t n_links, uid, gid;
	uint16_t mode, padding;
	uint64_t ino, size, n_blocks, attributes_mask, times[4][2];
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id, more[13];
};

#define SYS_STATX_INO 0x100
#define SYS_STATX_MNT_ID 0x1000
#define SYS_STATX_IS_MOUNT_ROOT 0x2000 /* in attributes */

static inline int sys_statx(int dirfd, const char *path, int flags, unsigned mask, struct sys_statx *ret)
{
	return (int)syscall(SYS_statx, dirfd, path, flags, mask, ret);
}

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
