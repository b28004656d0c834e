/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/stats: reads a cgroup's statistics. Must not fail for what this host does not count. */
#include "cgroup/stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"

#define FILE_MAX_BYTES ((size_t)4 << 20)

struct reader {
	int fd;
	struct arena *arena;
	struct err *e;
};

/* The whole of `file`, "" for one that is not there. NULL: an error. */
static char *read_text(struct reader *r, const char *file)
{
	struct err why = ERR_INIT;
	char *text = NULL;
	size_t len;
	int ret = io_read_file(r->arena, r->fd, file, FILE_MAX_BYTES, &text, &len, &why);

	/* Pressure that is compiled in, but switched off, opens and then gives EOPNOTSUPP. */
	if (ret == -ENOENT || ret == -EOPNOTSUPP) {
		text = arena_strdup(r->arena, "");
		ret = text ? 0 : err_set(&why, ENOMEM, "read %s", file);
	}
	if (ret < 0)
		err_msg(r->e, -ret, "%s", why.text);
	return ret < 0 ? NULL : text;
}

/* One number or "max"; 0 for a file that is not there. */
static bool read_number(struct reader *r, const char *file, uint64_t *ret)
{
	char *text = read_text(r, file);

	if (text)
		*ret = strncmp(text, "max", 3) ? strtoull(text, NULL, 10) : CGROUP_NO_LIMIT;
	return text != NULL;
}

/* Cuts the next line off; NULL at the end. */
static char *stats_next_line(char **rest)
{
	char *line = **rest ? *rest : NULL;

	*rest += strcspn(*rest, "\n");
	if (**rest)
		*(*rest)++ = '\0';
	return line;
}

int cgroup_counts_parse(struct arena *a, char *text, struct cgroup_counts *ret, struct err *e)
{
	char *line;

	while ((line = stats_next_line(&text))) {
		char *value = strchr(line, ' ');
		if (!value)
			continue;
		*value++ = '\0';
		ret->v = arena_grow(a, ret->v, ret->n, sizeof *ret->v);
		if (!ret->v)
			return err_set(e, ENOMEM, "read statistics");
		ret->v[ret->n++] = (struct cgroup_count){ line, strtoull(value, NULL, 10) };
	}
	return 0;
}

uint64_t cgroup_count_of(const struct cgroup_counts *c, const char *key)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->v[i].key, key))
			return c->v[i].value;
	return 0;
}

static bool read_counts(struct reader *r, const char *file, struct cgroup_counts *ret)
{
	char *text = read_text(r, file);

	return text && cgroup_counts_parse(r->arena, text, ret, r->e) >= 0;
}

/* "1.25" is 125. */
static uint64_t parse_hundredths(const char *s)
{
	char *end;
	uint64_t v = strtoull(s, &end, 10) * 100;

	if (*end == '.' && end[1] >= '0' && end[1] <= '9') {
		v += (uint64_t)(end[1] - '0') * 10;
		if (end[2] >= '0' && end[2] <= '9')
			v += (uint64_t)(end[2] - '0');
	}
	return v;
}

static void parse_psi_line(char *rest, struct cgroup_psi_line *ret)
{
	char *word;

	while ((word = strsep(&rest, " "))) {
		if (!strncmp(word, "avg10=", 6))
			ret->avg10 = parse_hundredths(word + 6);
		else if (!strncmp(word, "avg60=", 6))
			ret->avg60 = parse_hundredths(word + 6);
		else if (!strncmp(word, "avg300=", 7))
			ret->avg300 = parse_hundredths(word + 7);
		else if (!strncmp(word, "total=", 6))
			ret->total_us = strtoull(word + 6, NULL, 10);
	}
}

void cgroup_psi_parse(char *text, struct cgroup_psi *ret)
{
	char *line;

	while ((line = stats_next_line(&text))) {
		if (!strncmp(line, "some ", 5))
			parse_psi_line(line + 5, &ret->some);
		else if (!strncmp(line, "full ", 5))
			parse_psi_line(line + 5, &ret->full);
		ret->set = true;
	}
}

static bool read_psi(struct reader *r, const char *file, struct cgroup_psi *ret)
{
	char *text = read_text(r, file);

	if (text)
		cgroup_psi_parse(text, ret);
	return text != NULL;
}

static bool read_cpu(struct reader *r, struct cgroup_stats *s)
{
	struct cgroup_counts c = { 0 };

	if (!read_counts(r, "cpu.stat", &c))
		return false;
	s->cpu.usage_us = cgroup_count_of(&c, "usage_usec");
	s->cpu.user_us = cgroup_count_of(&c, "user_usec");
	s->cpu.system_us = cgroup_count_of(&c, "system_usec");
	s->cpu.periods = cgroup_count_of(&c, "nr_periods");
	s->cpu.throttled = cgroup_count_of(&c, "nr_throttled");
	s->cpu.throttled_us = cgroup_count_of(&c, "throttled_usec");
	return read_psi(r, "cpu.pressure", &s->cpu.psi);
}

static bool read_memory(struct reader *r, struct cgroup_stats *s)
{
	if (!read_counts(r, "memory.stat", &s->memory.stat))
		return false;
	s->memory.set = s->memory.stat.n > 0;
	if (s->memory.set && (!read_number(r, "memory.current", &s->memory.usage_bytes) ||
			      !read_number(r, "memory.max", &s->memory.limit_bytes) ||
			      !read_number(r, "memory.peak", &s->memory.peak_bytes) ||
			      !read_number(r, "memory.swap.current", &s->memory.swap_usage_bytes) ||
			      !read_number(r, "memory.swap.max", &s->memory.swap_limit_bytes) ||
			      !read_number(r, "memory.swap.peak", &s->memory.swap_peak_bytes) ||
			      !read_counts(r, "memory.events", &s->memory.events)))
		return false;
	return read_psi(r, "memory.pressure", &s->memory.psi);
}

/* Without the controller the processes are counted, which is what most have as tasks. */
static bool read_pids(struct reader *r, struct cgroup_stats *s)
{
	if (!read_number(r, "pids.current", &s->pids.current) ||
	    !read_number(r, "pids.max", &s->pids.limit))
		return false;
	if (s->pids.limit)
		return true;
	s->pids.limit = CGROUP_NO_LIMIT;
	char *text = read_text(r, "cgroup.procs");
	for (const char *p = text; p && *p; p++)
		s->pids.current += *p == '\n';
	return text != NULL;
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 …" */
static void parse_io_line(char *rest, struct cgroup_io_stat *ret)
{
	const struct {
		const char *key;
		uint64_t *to;
	} keys[] = { { "rbytes=", &ret->read_bytes }, { "wbytes=", &ret->write_bytes },
		     { "rios=", &ret->read_ios }, { "wios=", &ret->write_ios } };
	char *word;

	ret->major = strtoull(rest, &word, 10);
	ret->minor = *word == ':' ? strtoull(word + 1, NULL, 10) : 0;
	while ((word = strsep(&rest, " ")))
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			if (!strncmp(word, keys[i].key, strlen(keys[i].key)))
				*keys[i].to = strtoull(word + strlen(keys[i].key), NULL, 10);
}

static bool read_io(struct reader *r, struct cgroup_stats *s)
{
	char *text = read_text(r, "io.stat"), *line;

	if (!text)
		return false;
	while ((line = stats_next_line(&text))) {
		s->io.v = arena_grow(r->arena, s->io.v, s->io.n, sizeof *s->io.v);
		if (!s->io.v) {
			err_set(r->e, ENOMEM, "read io.stat");
			return false;
		}
		struct cgroup_io_stat *to = &s->io.v[s->io.n++];
		*to = (struct cgroup_io_stat){ 0 };
		parse_io_line(line, to);
	}
	return read_psi(r, "io.pressure", &s->io.psi);
}

/* One page size, from the name of its usage file: "hugetlb.2MB.current". */
static bool read_page_size(struct reader *r, const char *file, struct cgroup_stats *s)
{
	struct cgroup_counts events = { 0 };
	struct cgroup_hugetlb_stat stat = { 0 };
	size_t len = strcspn(file + 8, ".");

	stat.page_size = arena_strndup(r->arena, file + 8, len);
	s->hugetlb.v = arena_grow(r->arena, s->hugetlb.v, s->hugetlb.n, sizeof *s->hugetlb.v);
	char *event_file = arena_printf(r->arena, "hugetlb.%s.events", stat.page_size);
	char *rsvd_file = arena_printf(r->arena, "hugetlb.%s.rsvd.current", stat.page_size);
	if (!stat.page_size || !s->hugetlb.v || !event_file || !rsvd_file) {
		err_set(r->e, ENOMEM, "read hugetlb statistics");
		return false;
	}
	if (!read_number(r, rsvd_file, &stat.usage_bytes) || !read_counts(r, event_file, &events))
		return false;
	stat.failures = cgroup_count_of(&events, "max");
	s->hugetlb.v[s->hugetlb.n++] = stat;
	return true;
}

static bool is_page_size_file(const char *name)
{
	return !strncmp(name, "hugetlb.", 8) &&
	       !strcmp(name + 8 + strcspn(name + 8, "."), ".current");
}

/* Which page sizes there are is told by the files alone. */
static bool read_hugetlb(struct reader *r, struct cgroup_stats *s)
{
	int fd = openat(r->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	bool ok = true;

	if (!dir) {
		err_set(r->e, errno, "list the cgroup");
		fd_close(&fd);
		return false;
	}
	while (ok && (d = readdir(dir)))
		if (is_page_size_file(d->d_name))
			ok = read_page_size(r, d->d_name, s);
	closedir(dir);
	return ok;
}

int cgroup_stats_read(struct cgroup *cg, struct arena *a, struct cgroup_stats *ret, struct err *e)
{
	struct err why = ERR_INIT;
	struct reader r = { cg->fd, a, &why };
	bool there = false;

	*ret = (struct cgroup_stats){ 0 };
	/* Missing files are zeros, so ask first whether there is a cgroup at all. */
	if (faccessat(cg->fd, "cgroup.procs", F_OK, 0) < 0)
		err_set(&why, errno, "look for cgroup.procs");
	else
		there = read_cpu(&r, ret) && read_memory(&r, ret) && read_pids(&r, ret) &&
			read_io(&r, ret) && read_hugetlb(&r, ret);
	if (there)
		return 0;
	return err_msg(e, why.code, "statistics of cgroup %s: %s", cg->path, why.text);
}
