/* seccomp_cache: see seccomp_cache.h. */
#include "seccomp_cache.h"

#include <dirent.h>
#include <fcntl.h>
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
#define MAX_ENTRIES 256 /* profiles come from outside: they must not fill /run */

struct head {
	char magic[8];
	uint8_t digest[SHA256_BYTES]; /* of the instructions */
};

#define MAGIC "hartbpf1"

static void add_u64(struct sha256 *h, uint64_t v)
{
	sha256_add(h, &v, sizeof v);
}

/* With its length, so that no two lists of strings look alike. */
static void add_text(struct sha256 *h, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	add_u64(h, n);
	sha256_add(h, s ? s : "", n);
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

	add_text(h, HART_VERSION);
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

static void checksum(const void *data, size_t len, uint8_t ret[static SHA256_BYTES])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_add(&h, data, len);
	sha256_finish(&h, ret);
}

/* Ours alone: nobody else can have written it. */
static bool is_private(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() &&
	       !(st.st_mode & 0077);
}

static int open_dir(int root_fd)
{
	_cleanup_fd_ int fd =
		openat(root_fd, DIR_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && is_private(fd, S_IFDIR) ? fd_take(&fd) : FD_NONE;
}

bool seccomp_cache_load(struct arena *a, int root_fd, const struct seccomp_key *key,
			struct sock_fprog *ret)
{
	_cleanup_fd_ int dir = open_dir(root_fd);
	uint8_t digest[SHA256_BYTES];
	struct err ignored;
	struct head head;
	char *data;
	size_t len;

	if (dir < 0)
		return false;
	_cleanup_fd_ int fd = openat(dir, key->hex, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || !is_private(fd, S_IFREG) ||
	    io_read_all(a, fd, sizeof head + BPF_MAXINSNS * sizeof(struct sock_filter), key->hex,
			&data, &len, &ignored) < 0 || len <= sizeof head)
		return false;
	memcpy(&head, data, sizeof head);
	data += sizeof head;
	len -= sizeof head;
	checksum(data, len, digest);
	if (memcmp(head.magic, MAGIC, sizeof head.magic) ||
	    memcmp(head.digest, digest, sizeof digest) || len % sizeof(struct sock_filter))
		return false;
	struct sock_filter *filter = arena_alloc(a, len); /* for its alignment */
	if (!filter)
		return false;
	memcpy(filter, data, len);
	*ret = (struct sock_fprog){ (unsigned short)(len / sizeof *filter), filter };
	return true;
}

static bool is_full(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	int n = 0;

	if (!d)
		return true;
	while (n <= MAX_ENTRIES && readdir(d))
		n++;
	closedir(d);
	return n > MAX_ENTRIES;
}

void seccomp_cache_store(int root_fd, const struct seccomp_key *key, const struct sock_fprog *p)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	size_t len = p->len * sizeof *p->filter;
	struct head head;
	struct err ignored;

	if (mkdirat(root_fd, DIR_NAME, 0700) < 0 && errno != EEXIST)
		return;
	_cleanup_fd_ int dir = open_dir(root_fd);
	if (dir < 0 || is_full(dir))
		return;
	memcpy(head.magic, MAGIC, sizeof head.magic);
	checksum(p->filter, len, head.digest);
	buf_put(&out, &head, sizeof head);
	buf_put(&out, p->filter, len);
	if (!out.failed)
		io_replace_at(dir, key->hex, out.data, out.len, 0600, &ignored);
}
