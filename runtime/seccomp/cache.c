/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp/cache: see seccomp/cache.h. */
#include "seccomp/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/sha256.h"

#define DIR_NAME "seccomp~cache"

/* A multiple of 8 bytes, so that the instructions behind it are aligned. */
struct head {
	char magic[8];
	uint8_t digest[SHA256_BYTES]; /* of the key and the instructions */
};

#define MAGIC "hartbpf2" /* counts up when the same profile makes another program */

static void add_u64(struct sha256 *h, uint64_t v)
{
	sha256_add(h, &v, sizeof v);
}

/* With its NUL, which no string of a config can hold: no two lists of strings look alike. */
static void add_text(struct sha256 *h, const char *s)
{
	sha256_add(h, s, strlen(s) + 1);
}

static void add_option(struct sha256 *h, const struct opt_u32 *o)
{
	add_u64(h, o->set);
	add_u64(h, o->v);
}

static void add_rule(struct sha256 *h, const struct oci_seccomp_rule *r)
{
	add_u64(h, (uint64_t)r->action);
	add_option(h, &r->errno_ret);
	add_u64(h, r->names.n);
	for (size_t i = 0; i < r->names.n; i++)
		add_text(h, r->names.v[i]);
	add_u64(h, r->args.n);
	for (size_t i = 0; i < r->args.n; i++) {
		add_u64(h, r->args.v[i].index);
		add_u64(h, r->args.v[i].value);
		add_u64(h, r->args.v[i].value_two);
		add_u64(h, (uint64_t)r->args.v[i].op);
	}
}

static void add_host(struct sha256 *h)
{
	const struct scmp_version *v = seccomp_version();
	struct utsname host;

	add_text(h, MAGIC HART_VERSION);
	add_u64(h, seccomp_arch_native());
	add_u64(h, (uint64_t)v->major << 32 | v->minor << 16 | v->micro);
	if (uname(&host) == 0) {
		add_text(h, host.release);
		add_text(h, host.version);
	}
}

struct seccomp_key seccomp_cache_key(const struct oci_seccomp *s)
{
	uint8_t digest[SHA256_BYTES];
	struct seccomp_key key;
	struct sha256 h;

	sha256_init(&h);
	add_host(&h);
	add_u64(&h, (uint64_t)s->default_action);
	add_option(&h, &s->default_errno_ret);
	add_u64(&h, s->architectures.n);
	for (size_t i = 0; i < s->architectures.n; i++)
		add_text(&h, s->architectures.v[i]);
	add_u64(&h, s->syscalls.n);
	for (size_t i = 0; i < s->syscalls.n; i++)
		add_rule(&h, &s->syscalls.v[i]);
	sha256_finish(&h, digest);
	for (int i = 0; i < SHA256_BYTES; i++)
		snprintf(key.hex + 2 * i, 3, "%02x", digest[i]);
	return key;
}

static void checksum(const struct seccomp_key *key, const void *program, size_t len,
		     uint8_t ret[static SHA256_BYTES])
{
	struct sha256 h;

	sha256_init(&h);
	add_text(&h, key->hex);
	sha256_add(&h, program, len);
	sha256_finish(&h, ret);
}

/* Ours alone: nobody else can have written it. */
static bool is_private(int fd, mode_t type, struct stat *ret)
{
	return fstat(fd, ret) == 0 && (ret->st_mode & S_IFMT) == type && ret->st_uid == geteuid() &&
	       !(ret->st_mode & 0077);
}

static int open_dir(int root_fd)
{
	_cleanup_fd_ int fd =
		openat(root_fd, DIR_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	return fd >= 0 && is_private(fd, S_IFDIR, &st) ? fd_take(&fd) : FD_NONE;
}

/* The whole entry, NULL when it is not what we would have written. */
static struct head *read_entry(struct arena *a, int dir, const char *name, size_t *ret_len)
{
	_cleanup_fd_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || !is_private(fd, S_IFREG, &st))
		return NULL;
	size_t len = (size_t)st.st_size, program = len - sizeof(struct head);
	if (len <= sizeof(struct head) || program % sizeof(struct sock_filter) ||
	    program > BPF_MAXINSNS * sizeof(struct sock_filter))
		return NULL;
	struct head *head = arena_alloc(a, len);
	if (!head || read(fd, head, len) != st.st_size)
		return NULL;
	*ret_len = program;
	return head;
}

bool seccomp_cache_load(struct arena *a, int root_fd, const struct seccomp_key *key,
			struct sock_fprog *ret)
{
	_cleanup_fd_ int dir = open_dir(root_fd);
	uint8_t digest[SHA256_BYTES];
	size_t len;

	if (dir < 0)
		return false;
	struct head *head = read_entry(a, dir, key->hex, &len);
	if (!head || memcmp(head->magic, MAGIC, sizeof head->magic))
		return false;
	checksum(key, head + 1, len, digest);
	if (memcmp(head->digest, digest, sizeof digest))
		return false;
	ret->filter = (struct sock_filter *)(head + 1);
	ret->len = (unsigned short)(len / sizeof *ret->filter);
	return true;
}

/* Profiles come from outside: they must not fill /run. The entry that was made first goes. */
static void make_room(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	char oldest[NAME_MAX + 1] = "";
	struct timespec then = { 0 };
	struct stat st;

	for (struct dirent *entry; d && (entry = readdir(d));) {
		if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (!n++ || st.st_mtim.tv_sec < then.tv_sec ||
		    (st.st_mtim.tv_sec == then.tv_sec && st.st_mtim.tv_nsec < then.tv_nsec)) {
			then = st.st_mtim;
			snprintf(oldest, sizeof oldest, "%s", entry->d_name);
		}
	}
	if (d)
		closedir(d);
	if (n >= SECCOMP_CACHE_MAX)
		unlinkat(dir, oldest, 0);
}

void seccomp_cache_store(int root_fd, const struct seccomp_key *key, const struct sock_fprog *p)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	size_t len = p->len * sizeof *p->filter;
	struct head head;
	struct err ignored;

	memcpy(head.magic, MAGIC, sizeof head.magic);
	if (mkdirat(root_fd, DIR_NAME, 0700) < 0 && errno != EEXIST)
		return;
	_cleanup_fd_ int dir = open_dir(root_fd);
	if (dir < 0)
		return;
	make_room(dir);
	checksum(key, p->filter, len, head.digest);
	buf_put(&out, &head, sizeof head);
	buf_put(&out, p->filter, len);
	if (!out.failed)
		io_replace_at(dir, key->hex, out.data, out.len, 0600, &ignored);
}
