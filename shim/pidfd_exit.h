/* pidfd_exit: how a process ended, asked of its pidfd. */
#pragma once

/*
 * Collects a child that has ended: its exit code, or 128 + signal. For a process that is somebody else's
 * (after adopt) PIDFD_GET_INFO tells, where the kernel has it (6.15). -1: not known.
 */
int pidfd_exit_status(int pidfd);
