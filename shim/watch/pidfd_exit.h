/* SPDX-License-Identifier: Apache-2.0 */
/* pidfd_exit: how a process ended, asked of its pidfd. */
#pragma once

/*
 * Of a process that has ended: its exit code, or 128 + signal. A child is not collected: pidfd_collect() does.
 * For a process that is somebody else's (after adopt) PIDFD_GET_INFO tells, where the kernel has it (6.15). -1:
 * not known.
 */
int pidfd_exit_status(int pidfd);

/* Collects a child that has ended, waitid(2); does nothing for any other. Not cheap: the kernel frees here what
 * the process had. */
void pidfd_collect(int pidfd);
