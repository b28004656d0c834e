/* SPDX-License-Identifier: Apache-2.0 */
/* aside: closing what a stranger has made in a child, so that not the shim waits for it. */
#pragma once

/*
 * Closes *fd; FD_NONE then. A socket with SO_LINGER waits for its peer at the last close(2), unless the process is
 * ending: so a child holds it as well, and ends when we have let it go. It may not be a file whose every close waits
 * (watch/customs.c keeps those out).
 */
void aside_close(int *fd);
