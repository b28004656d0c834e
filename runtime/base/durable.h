/* SPDX-License-Identifier: Apache-2.0 */
/*
 * durable: what promises to survive a power cut is on the disk before it is given out. A state root usually lies in
 * memory (/run): durable_matters() says so once, and then nothing is ever synced.
 */
#pragma once

#include <stdbool.h>

struct err;

/* False when the file system of `fd` (a file or folder) ends with the machine's power anyway. */
bool durable_matters(int fd);

/* The folder's own entries, and its name in the folders above, as far as the file system goes. */
int durable_sync_folder(int dir_fd, const char *what, struct err *e);

/* The file's data and length. */
int durable_sync_file(int fd, const char *what, struct err *e);
