/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_options: see mount_options.h. One row a name; rows drive the parsing, the features list and
 * the manual. Nothing is mounted here.
 */
#include "rootfs/mount_options.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/sys.h"

enum kind {
	NOTHING, /* known and without effect on a new mount */
	SET, /* attribute on */
	CLEAR, /* attribute off */
	ATIME, /* one of the access time modes */
	NOT_ATIME, /* undoes that mode */
	PROPAGATION,
	SB_SET, /* superblock flag on */
	SB_CLEAR,
	SWITCH, /* one of the bools */
};

struct row {
	const char *name;
	enum kind kind;
	bool rec; /* SET … NOT_ATIME: of the whole tree */
	unsigned flag; /* MOUNT_ATTR_* or MS_* */
	size_t offset; /* SWITCH: of the bool */
	size_t offset2; /* SWITCH: of a second bool, 0 = none */
};

#define SWITCH_ROW(name, member) { name, SWITCH, .offset = offsetof(struct mount_options, member) }
#define SWITCH_ROW2(name, m1, m2)                                     \
	{ name, SWITCH, .offset = offsetof(struct mount_options, m1), \
	  .offset2 = offsetof(struct mount_options, m2) }

/* ro and rw are looked at twice: they belong to the mount and to the superblock. */
static const struct row rows[] = {
	{ "async", SB_CLEAR, .flag = MS_SYNCHRONOUS },
	{ "atime", NOT_ATIME, .flag = MOUNT_ATTR_NOATIME },
	SWITCH_ROW("bind", bind),
	{ "defaults", NOTHING },
	{ "dev", CLEAR, .flag = MOUNT_ATTR_NODEV },
	{ "diratime", CLEAR, .flag = MOUNT_ATTR_NODIRATIME },
	{ "dirsync", SB_SET, .flag = MS_DIRSYNC },
	{ "exec", CLEAR, .flag = MOUNT_ATTR_NOEXEC },
	SWITCH_ROW("idmap", idmap),
	{ "iversion", SB_SET, .flag = MS_I_VERSION },
	{ "lazytime", SB_SET, .flag = MS_LAZYTIME },
	{ "loud", SB_CLEAR, .flag = MS_SILENT },
	{ "mand", SB_SET, .flag = MS_MANDLOCK },
	{ "noatime", ATIME, .flag = MOUNT_ATTR_NOATIME },
	{ "nodev", SET, .flag = MOUNT_ATTR_NODEV },
	{ "nodiratime", SET, .flag = MOUNT_ATTR_NODIRATIME },
	{ "noexec", SET, .flag = MOUNT_ATTR_NOEXEC },
	{ "noiversion", SB_CLEAR, .flag = MS_I_VERSION },
	{ "nolazytime", SB_CLEAR, .flag = MS_LAZYTIME },
	{ "nomand", SB_CLEAR, .flag = MS_MANDLOCK },
	{ "norelatime", NOT_ATIME, .flag = MOUNT_ATTR_RELATIME },
	{ "nostrictatime", NOT_ATIME, .flag = MOUNT_ATTR_STRICTATIME },
	{ "nosuid", SET, .flag = MOUNT_ATTR_NOSUID },
	{ "nosymfollow", SET, .flag = MOUNT_ATTR_NOSYMFOLLOW },
	{ "private", PROPAGATION, .flag = MS_PRIVATE },
	{ "ratime", NOT_ATIME, true, MOUNT_ATTR_NOATIME },
	SWITCH_ROW2("rbind", bind, recursive),
	{ "rdev", CLEAR, true, MOUNT_ATTR_NODEV },
	{ "rdiratime", CLEAR, true, MOUNT_ATTR_NODIRATIME },
	{ "relatime", ATIME, .flag = MOUNT_ATTR_RELATIME },
	SWITCH_ROW("remount", remount),
	{ "rexec", CLEAR, true, MOUNT_ATTR_NOEXEC },
	SWITCH_ROW2("ridmap", idmap, ridmap),
	{ "rnoatime", ATIME, true, MOUNT_ATTR_NOATIME },
	{ "rnodev", SET, true, MOUNT_ATTR_NODEV },
	{ "rnodiratime", SET, true, MOUNT_ATTR_NODIRATIME },
	{ "rnoexec", SET, true, MOUNT_ATTR_NOEXEC },
	{ "rnorelatime", NOT_ATIME, true, MOUNT_ATTR_RELATIME },
	{ "rnostrictatime", NOT_ATIME, true, MOUNT_ATTR_STRICTATIME },
	{ "rnosuid", SET, true, MOUNT_ATTR_NOSUID },
	{ "rnosymfollow", SET, true, MOUNT_ATTR_NOSYMFOLLOW },
	{ "ro", SET, .flag = MOUNT_ATTR_RDONLY },
	{ "rprivate", PROPAGATION, .flag = MS_PRIVATE | MS_REC },
	{ "rrelatime", ATIME, true, MOUNT_ATTR_RELATIME },
	{ "rro", SET, true, MOUNT_ATTR_RDONLY },
	{ "rrw", CLEAR, true, MOUNT_ATTR_RDONLY },
	{ "rshared", PROPAGATION, .flag = MS_SHARED | MS_REC },
	{ "rslave", PROPAGATION, .flag = MS_SLAVE | MS_REC },
	{ "rstrictatime", ATIME, true, MOUNT_ATTR_STRICTATIME },
	{ "rsuid", CLEAR, true, MOUNT_ATTR_NOSUID },
	{ "rsymfollow", CLEAR, true, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable", PROPAGATION, .flag = MS_UNBINDABLE | MS_REC },
	{ "rw", CLEAR, .flag = MOUNT_ATTR_RDONLY },
	{ "shared", PROPAGATION, .flag = MS_SHARED },
	{ "silent", SB_SET, .flag = MS_SILENT },
	{ "slave", PROPAGATION, .flag = MS_SLAVE },
	{ "strictatime", ATIME, .flag = MOUNT_ATTR_STRICTATIME },
	{ "suid", CLEAR, .flag = MOUNT_ATTR_NOSUID },
	{ "symfollow", CLEAR, .flag = MOUNT_ATTR_NOSYMFOLLOW },
	{ "sync", SB_SET, .flag = MS_SYNCHRONOUS },
	SWITCH_ROW("tmpcopyup", tmpcopyup),
	{ "unbindable", PROPAGATION, .flag = MS_UNBINDABLE },
};

#define N_ROWS (sizeof rows / sizeof *rows)

const char *mount_option_name(size_t i)
{
	return i < N_ROWS ? rows[i].name : NULL;
}

/* The rows are in strcmp order (a unit test holds them to it). */
static const struct row *mount_options_find(const char *name)
{
	size_t low = 0, high = N_ROWS;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = strcmp(name, rows[mid].name);
		if (c == 0)
			return &rows[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* mount_setattr(2): a mode is changed by clearing all of MOUNT_ATTR__ATIME and setting one. */
static void apply_attr(const struct row *row, uint64_t *set, uint64_t *clr)
{
	bool atime_given = *clr & MOUNT_ATTR__ATIME;

	switch (row->kind) {
	case SET:
		*set |= row->flag;
		*clr &= ~(uint64_t)row->flag;
		break;
	case CLEAR:
		*clr |= row->flag;
		*set &= ~(uint64_t)row->flag;
		break;
	case NOT_ATIME:
		if (atime_given && (*set & MOUNT_ATTR__ATIME) != row->flag)
			break; /* another mode was asked for: nothing to undo */
		*clr |= MOUNT_ATTR__ATIME;
		*set &= ~(uint64_t)MOUNT_ATTR__ATIME; /* the kernel's default, relatime */
		break;
	case ATIME:
		*clr |= MOUNT_ATTR__ATIME;
		*set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | row->flag;
		break;
	default:
		break;
	}
}

static void apply_sb(const struct row *row, unsigned flag, struct mount_options *o)
{
	bool on = row->kind == SB_SET || row->kind == SET;

	o->sb_set = on ? o->sb_set | flag : o->sb_set & ~flag;
	o->sb_clr = on ? o->sb_clr & ~flag : o->sb_clr | flag;
}

static void apply_switch(const struct row *row, struct mount_options *o)
{
	*(bool *)((char *)o + row->offset) = true;
	if (row->offset2)
		*(bool *)((char *)o + row->offset2) = true;
}

static int add_propagation(struct arena *a, unsigned flag, struct mount_options *o)
{
	unsigned *v = arena_grow(a, (unsigned *)o->propagation, o->n_propagation, sizeof *v);

	if (!v)
		return -ENOMEM;
	v[o->n_propagation++] = flag;
	o->propagation = v;
	return 0;
}

static int add_data(struct arena *a, const char *data, struct mount_options *o)
{
	const char **v = arena_grow(a, o->data, o->n_data, sizeof *v);

	if (!v)
		return -ENOMEM;
	v[o->n_data++] = data;
	o->data = v;
	return 0;
}

/* "idmap=…" and "ridmap=…" are no data of a file system. */
static bool take_id_maps(const char *option, struct mount_options *o)
{
	bool recursive = *option == 'r';

	if (strncmp(option + recursive, "idmap=", strlen("idmap=")))
		return false;
	o->idmap = true;
	o->ridmap |= recursive;
	o->id_maps = option + recursive + strlen("idmap=");
	return true;
}

static int apply(struct arena *a, const char *option, struct mount_options *o)
{
	const struct row *row = mount_options_find(option);

	if (!row)
		return *option && !take_id_maps(option, o) ? add_data(a, option, o) : 0;
	switch (row->kind) {
	case PROPAGATION:
		return add_propagation(a, row->flag, o);
	case SB_SET:
	case SB_CLEAR:
		apply_sb(row, row->flag, o);
		return 0;
	case SWITCH:
		apply_switch(row, o);
		return 0;
	default:
		break;
	}
	if (row->rec) {
		apply_attr(row, &o->rec_set, &o->rec_clr);
		return 0;
	}
	apply_attr(row, &o->attr_set, &o->attr_clr);
	if (row->flag == MOUNT_ATTR_RDONLY && (row->kind == SET || row->kind == CLEAR))
		apply_sb(row, MS_RDONLY, o);
	return 0;
}

int mount_options_parse(struct arena *a, const oci_strings *options, struct mount_options *ret,
			struct err *e)
{
	struct mount_options o = { 0 };

	for (size_t i = 0; i < options->n; i++)
		if (apply(a, options->v[i], &o) < 0)
			return err_set(e, ENOMEM, "mount options");
	*ret = o;
	return 0;
}

bool mount_has_data(const struct mount_options *o, const char *prefix)
{
	for (size_t i = 0; i < o->n_data; i++)
		if (!strncmp(o->data[i], prefix, strlen(prefix)))
			return true;
	return false;
}
