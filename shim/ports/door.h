/* SPDX-License-Identifier: Apache-2.0 */
/* door: the keeper's end of port_keeper_connect(). */
#pragma once

struct err;

/* Makes the socket in the folder, in the place of an old one that nobody listens on. The caller's. */
int keeper_socket_listen(int folder_fd, struct err *e);
