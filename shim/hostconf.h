/*
 * hostconf: /etc/hart/hart.conf, what this host allows. Annotations can come from people who may not name host
 * paths; what they name must lie below a folder listed here. What is said by flags is not limited.
 */
#pragma once

#include "oci.h"

struct err;

#define HOSTCONF_FILE "/etc/hart/hart.conf"

/*
 * Checks the host paths in the config's org.hart.* annotations (standby, listen unix:, log-file, journal):
 * each must be found beneath one of the folders of "allow = DIR[:DIR...]", without leaving it by a symlink
 * or "..". -EACCES names the annotation. A missing file allows nothing. Lines that are not understood are -EINVAL.
 */
int hostconf_check(const oci_map *annotations, struct err *e);
