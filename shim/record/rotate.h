/* SPDX-License-Identifier: Apache-2.0 */
/* rotate: makes place for a new file: NAME becomes NAME.1, what had that name NAME.2, and so on. */
#pragma once

/* Keeps `keep` old ones; with none the file goes. -errno: NAME itself is where it was. */
int rotate_names(int dir_fd, const char *name, unsigned keep);
