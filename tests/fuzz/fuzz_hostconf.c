/* fuzz_hostconf: hart.conf: what it allows, and the policy that it has for a container. */
#include "fuzz.h"
#include "policy/hostconf.h"

static struct oci_pair pairs[] = { { "org.hart.standby", "/srv/a /srv/b" }, { "org.hart.log-file", "/var/log/x" },
				   { "org.hart.listen", "a=unix:/run/x" } };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	static char *env[] = { "A=1", "NAME=web" };
	struct oci_process process = { .env = { env, 2 } };
	struct oci_config config = { .hostname = "web", .process = &process };
	oci_map annotations = { pairs, sizeof pairs / sizeof *pairs };
	struct policy_flags flags;
	struct policy policy;
	struct err e = ERR_INIT;

	fuzz_files(data, len);
	hostconf_check(&annotations, &e);
	fuzz_files(data, len);
	if (hostconf_policy(&a, &config, &flags, &e) > 0)
		policy_parse(&a, &flags, &(oci_map){ 0 }, &policy, &e);
	return 0;
}
