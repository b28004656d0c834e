/* SPDX-License-Identifier: Apache-2.0 */
/* io: whole reads and writes, retried on EINTR. No stdio. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;
struct err;

/* Reads all of `fd` into arena memory, NUL-terminated; more than `max` bytes is -EFBIG.
 * `name` is for the message. Returns the data, `*ret_len` without the NUL. */
int io_read_all(struct arena *a, int fd, size_t max, const char *name, char **ret_data,
		size_t *ret_len, struct err *e);

/* openat + io_read_all + close. */
int io_read_file(struct arena *a, int dirfd, const char *path, size_t max, char **ret_data,
		 size_t *ret_len, struct err *e);

/* Reads at most size-1 bytes with one read(2) into `buf` and terminates it: small kernel files.
 * Returns the length. */
ssize_t io_read_small(int dirfd, const char *path, char *buf, size_t size, struct err *e);

/* Writes all of `len` bytes. `name` is for the message. */
int io_write_all(int fd, const void *data, size_t len, const char *name, struct err *e);

/* Writes it if there is room now. False: there is none, or it failed. For what is shared with others, whose O_NONBLOCK is
 * not ours to set. */
bool io_write_now(int fd, const void *data, size_t len);

/* Writes to an existing file (kernel files: one write(2), O_WRONLY|O_CLOEXEC|O_NOFOLLOW). */
int io_write_at(int dirfd, const char *path, const void *data, size_t len, struct err *e);

/* Opens or makes a file that is appended to, O_NOFOLLOW. It must be a regular file (-EINVAL): a fifo or a device may
 * make a writer wait. Does not wait itself. */
int io_open_log(int dirfd, const char *name, mode_t mode);

/* Replaces `name` in `dirfd` atomically: a temporary beside it, renameat. No fsync: state lives in
 * /run and must not outlive the boot. */
int io_replace_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		  struct err *e);

/* The same, and it is on the disk: for what has to survive a power cut (durable.h). dirfd is not an O_PATH one. */
int io_replace_durably_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode, struct err *e);

/* Strict decimal parsing: no blanks, "+" or trailing bytes ("-" for i64 alone). False on anything
 * else or overflow. */
bool io_parse_u64(const char *s, unsigned long long *ret);
bool io_parse_u32(const char *s, unsigned *ret);
bool io_parse_i64(const char *s, long long *ret);
