/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words: the command line that the program was called with, which any reader of /proc/PID/cmdline would find in each
 * process that we fork: it names the host's folders.
 */
#pragma once

/* A copy of argv, for the program's life; from then on words_forget() may take the original. NULL: no memory. */
char **words_keep(int argc, char **argv);

/* In a process that content can see, before it can: its command line is empty. */
void words_forget(void);
