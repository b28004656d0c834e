/* fuzz_mount_options: the options of a mount, one a line. */
#include "fuzz.h"
#include "rootfs/mount_options.h"
#include "rootfs/mount_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_text_ char *text = fuzz_text(data, len);
	oci_strings options = { 0 };
	struct mount_options o;
	struct err e = ERR_INIT;
	char *at = text, *line, *lines[64];

	for (options.v = lines; options.n < 64 && (line = fuzz_line(&at)); options.n++)
		lines[options.n] = line;
	if (mount_options_parse(&a, &options, &o, &e) < 0)
		fuzz_die(e.text, data, len);
	mount_has_data(&o, "mode=");
	if (options.n)
		mount_plan_clean(&a, lines[0]);
	return 0;
}
