/* SPDX-License-Identifier: Apache-2.0 */
/* keyring: a session keyring of the container's own (session-keyring(7)). */
#pragma once

struct err;

/*
 * Joins "_ses.ID", labelled for SELinux when `selinux_label` is set (attr/keycreate through
 * `procfd`). Only a process that holds it can search it: a process of another container that asks for the same
 * name gets a keyring of its own. A kernel without keyrings (ENOSYS) has none to share either;
 * everything else is an error, since the container would be left with the caller's keyring.
 */
int keyring_join(const char *id, const char *selinux_label, int procfd, struct err *e);
