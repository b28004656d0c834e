/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_hostconf: hart.conf: what it allows, and the policy that it has for a container. */
#include <fcntl.h>
#include <string.h>

#include "fuzz.h"
#include "policy/hostconf.h"

static const struct oci_pair pairs[] = { { "org.hart.standby", "/srv/a /srv/b" },
					 { "org.hart.log-file", "/var/log/x" },
					 { "org.hart.listen", "a=unix:/run/x" }, { "org.hart.log-size", "1M" },
					 { "org.hart.overlay", "/srv/c" }, { "org.hart.overlay.lower", "/srv/d:e" } };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	static char *env[] = { "A=1", "NAME=web" };
	struct oci_process process = { .env = { env, 2 } };
	struct oci_config config = { .hostname = "web", .process = &process };
	struct oci_pair own[sizeof pairs / sizeof *pairs];
	oci_map annotations = { own, sizeof own / sizeof *own };
	struct policy_flags flags;
	struct policy policy;
	struct err e = ERR_INIT;

	fuzz_files(data, len);
	memcpy(own, pairs, sizeof own);
	allow_annotations(&a, AT_FDCWD, ALLOW_SERVICE, &annotations, &e);
	fuzz_files(data, len);
	allow_annotations(&a, AT_FDCWD, ALLOW_CONTAINER, &annotations, &e);
	fuzz_files(data, len);
	if (hostconf_policy(&a, &config, &flags, &e) > 0)
		policy_parse(&a, &flags, &(oci_map){ 0 }, &policy, &e);
	return 0;
}
