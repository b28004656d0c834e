/* SPDX-License-Identifier: Apache-2.0 */
/* door: the keeper's end of port_keeper_connect(). */
#pragma once

struct err;

/* Makes the socket in the service's state folder and listens: a descriptor, the caller's. One that is there is replaced: the caller
 * knows that nobody listens on it. */
int keeper_socket_listen(int folder_fd, struct err *e);
