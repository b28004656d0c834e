/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/bpf: loads the device filter and attaches it by bpf(2). Other programs on the cgroup (a
 * service manager's, a GPU hook's) are not ours to touch: ours is known by its name. */
#include "cgroup/devices.h"

#include <string.h>

#include "base/arena.h"
#include "base/caller.h"
#include "base/err.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"

#define PROGRAM_NAME "hart_devices"
#define MAX_ATTACHED 64 /* the kernel's limit a cgroup */

static int load(const struct cgroup_devices_program *p, struct err *e)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)p->v,
		.insn_cnt = (uint32_t)p->n,
		.license = (uintptr_t)"Apache-2.0",
		.prog_name = PROGRAM_NAME,
	};
	int fd = sys_bpf(BPF_PROG_LOAD, &attr, sizeof attr);

	if (fd < 0 && errno == E2BIG)
		return err_msg(e, E2BIG, "the device rules are more than the kernel can verify");
	return fd < 0 ? err_set(e, errno, "load the device filter") : fd;
}

/* Attaches `prog` beside what others have attached, or in the place of `old`, in one step. */
static int attach(struct cgroup *cg, int prog, int old, struct err *e)
{
	union bpf_attr attr = {
		.target_fd = (uint32_t)cg->fd,
		.attach_bpf_fd = (uint32_t)prog,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI | (old >= 0 ? BPF_F_REPLACE : 0),
		.replace_bpf_fd = old >= 0 ? (uint32_t)old : 0,
	};

	if (sys_bpf(BPF_PROG_ATTACH, &attr, sizeof attr) < 0)
		return err_set(e, errno, "attach the device filter to cgroup %s", cg->path);
	return 0;
}

static int detach(struct cgroup *cg, int prog, struct err *e)
{
	union bpf_attr attr = {
		.target_fd = (uint32_t)cg->fd,
		.attach_bpf_fd = (uint32_t)prog,
		.attach_type = BPF_CGROUP_DEVICE,
	};

	if (sys_bpf(BPF_PROG_DETACH, &attr, sizeof attr) < 0)
		return err_set(e, errno, "detach the device filter from cgroup %s", cg->path);
	return 0;
}

static bool is_ours(int prog)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { .info = { .bpf_fd = (uint32_t)prog, .info_len = sizeof info,
					  .info = (uintptr_t)&info } };

	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof attr) == 0 && !strcmp(info.name, PROGRAM_NAME);
}

/* The filter that is attached already, FD_NONE when there is none of ours. */
static int find_ours(struct cgroup *cg, int *ret, struct err *e)
{
	uint32_t ids[MAX_ATTACHED] = { 0 };
	union bpf_attr attr = { .query = { .target_fd = (uint32_t)cg->fd,
					   .attach_type = BPF_CGROUP_DEVICE,
					   .prog_ids = (uintptr_t)ids,
					   .prog_cnt = MAX_ATTACHED } };

	*ret = FD_NONE;
	if (sys_bpf(BPF_PROG_QUERY, &attr, sizeof attr) < 0)
		return err_set(e, errno, "list the device filters of cgroup %s", cg->path);
	for (uint32_t i = 0; i < attr.query.prog_cnt && i < MAX_ATTACHED; i++) {
		union bpf_attr by_id = { .prog_id = ids[i] };
		_cleanup_fd_ int fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &by_id, sizeof by_id);
		/* One that went away meanwhile, or that a security module keeps from us. */
		if (fd < 0 && errno != ENOENT && errno != EPERM && errno != EACCES)
			return err_set(e, errno, "open device filter %u", ids[i]);
		if (fd >= 0 && is_ours(fd)) {
			*ret = fd_take(&fd);
			return 0;
		}
	}
	return 0;
}

static int put_in_force(struct cgroup *cg, const struct cgroup_devices_program *p, bool look,
			struct err *e)
{
	_cleanup_fd_ int old = FD_NONE, prog = FD_NONE;
	int r = look ? find_ours(cg, &old, e) : 0;

	if (r < 0)
		return r;
	if (p->allows_all)
		return old >= 0 ? detach(cg, old, e) : 0;
	prog = load(p, e);
	return prog < 0 ? prog : attach(cg, prog, old, e);
}

int cgroup_devices_apply(struct cgroup *cg, const struct oci_resources *r, bool update,
			 struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_devices_program p;
	struct err why = ERR_INIT;
	int ret = cgroup_devices_compile(&a, r, &p, e);

	if (ret < 0)
		return ret;
	/* A cgroup that was there before us may have the filter of the container before. */
	ret = put_in_force(cg, &p, update || !cg->owned, &why);
	if (ret >= 0 || ((ret == -EPERM || ret == -EACCES) && caller_is_unprivileged()))
		return 0;
	return err_msg(e, -ret, "%s", why.text);
}
