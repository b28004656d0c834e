/*
 * net: the loopback of a new network namespace, and host devices that move into the container
 * (config-linux.md "Network Devices"). rtnetlink(7) by libmnl.
 */
#pragma once

#include <sys/types.h>

struct oci_linux;
struct err;

/* Task side: sets "lo" up in the current network namespace. */
int net_loopback_up(struct err *e);

/*
 * Runtime side: moves each of linux.netDevices into the network namespace of `pid`, renamed where
 * asked for, with its permanent global addresses, MTU and hardware address, and sets it up there. A
 * device that is not there, or whose name is taken, is an error; the kernel gives devices back to
 * the host when the namespace ends (physical ones) or removes them (virtual ones).
 */
int net_move_devices(const struct oci_linux *l, pid_t pid, struct err *e);
