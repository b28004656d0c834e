/* lsm: AppArmor profile and SELinux label of the program (config.md, proc_pid_attr(5)). */
#pragma once

#include <stdbool.h>

struct err;

enum lsm { LSM_APPARMOR, LSM_SELINUX };

/* Whether the kernel enforces it now. */
bool lsm_enabled(enum lsm which);

/* Task side: what the next execve changes to, written through `procfd`. NULL or "": nothing. Asked
 * for where the kernel has it not: -ENOTSUP. "unconfined" without AppArmor is no wish. */
int lsm_apply_exec(int procfd, const char *apparmor, const char *selinux, struct err *e);
