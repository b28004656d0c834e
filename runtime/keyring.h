/* keyring: a session keyring of the container's own (session-keyring(7)). */
#pragma once

struct err;

/* Joins "_ses.ID", made anew, labelled for SELinux when `selinux_label` is set (written to
 * attr/keycreate through `procfd`). Kernels without keyrings, and quotas that are full, are no
 * failure: then no key of the host is reachable either, or the session stays the caller's. */
int keyring_join(const char *id, const char *selinux_label, int procfd, struct err *e);
