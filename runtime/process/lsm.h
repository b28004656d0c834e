/* SPDX-License-Identifier: Apache-2.0 */
/* lsm: AppArmor profile and SELinux label of the program (config.md "Linux Process", proc_pid_attr(5)). */
#pragma once

struct err;

/*
 * Runtime side: -ENOTSUP when one is asked for that the kernel does not
 * enforce. NULL and "" ask for nothing; the profile "unconfined" is had without AppArmor.
 */
int lsm_check(const char *apparmor, const char *selinux, struct err *e);

/*
 * Task side: what the next execve changes to, written through `procfd` (procfd_open()). For names that
 * lsm_check() has let pass; the kernel knows whether there is such a profile or label: -ENOENT, -EINVAL.
 */
int lsm_apply_exec(int procfd, const char *apparmor, const char *selinux, struct err *e);
