/* SPDX-License-Identifier: Apache-2.0 */
/* user: see user.h. The task has one thread, so that the C library's calls are the plain system
 * calls, and on every architecture the ones with 32-bit IDs. */
#include "process/user.h"

#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "oci.h"

static int apply_groups(const struct oci_user *u, struct err *e)
{
	const oci_u32s *gids = &u->additional_gids;

	if (setgroups(gids->n, gids->v) == 0)
		return 0;
	if (errno == EPERM && !gids->n)
		return 0;
	return err_set(e, errno, "set %zu additional groups", gids->n);
}

int user_apply(const struct oci_user *u, bool keep_groups, struct err *e)
{
	int r = keep_groups ? 0 : apply_groups(u, e);

	if (r < 0)
		return r;
	if (setresgid(u->gid, u->gid, u->gid) < 0)
		return err_set(e, errno, "become group %u", u->gid);
	if (u->uid && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_set(e, errno, "keep capabilities over the change of user");
	if (setresuid(u->uid, u->uid, u->uid) < 0)
		return err_set(e, errno, "become user %u", u->uid);
	umask(u->umask.set ? u->umask.v : 0022);
	return 0;
}

/* (uid_t)-1 means "unchanged" to the system calls. */
static bool parse_id(const char *text, uint32_t *ret)
{
	return io_parse_u32(text, ret) && *ret != UINT32_MAX;
}

int user_parse(const char *text, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e)
{
	const char *colon = strchrnul(text, ':');
	char uid_text[sizeof "4294967295"];
	size_t n = (size_t)(colon - text);
	uint32_t uid, gid = *ret_gid;

	if (n < sizeof uid_text) {
		memcpy(uid_text, text, n);
		uid_text[n] = '\0';
	}
	if (n >= sizeof uid_text || !parse_id(uid_text, &uid) || (*colon && !parse_id(colon + 1, &gid)))
		return err_msg(e, EINVAL, "user \"%s\": expected UID[:GID] in decimal", text);
	*ret_uid = uid;
	*ret_gid = gid;
	return 0;
}
