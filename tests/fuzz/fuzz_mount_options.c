/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_mount_options: the options of a mount, one a line. */
#include "fuzz.h"
#include "rootfs/mount_idmap.h"
#include "rootfs/mount_options.h"
#include "rootfs/mount_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_text_ char *text = fuzz_text(data, len);
	oci_strings options = { 0 };
	struct oci_id_mapping ids = { 0, 1000, 70 };
	struct oci_linux container = { .uid_mappings = { &ids, 1 }, .gid_mappings = { &ids, 1 } };
	oci_id_mappings uids, gids;
	struct mount_options o;
	struct err e = ERR_INIT;
	char *at = text, *line, *lines[64];

	for (options.v = lines; options.n < 64 && (line = fuzz_line(&at)); options.n++)
		lines[options.n] = line;
	if (mount_options_parse(&a, &options, &o, &e) < 0)
		fuzz_die(e.text, data, len);
	mount_has_data(&o, "mode=");
	if (o.id_maps && mount_idmap_parse(&a, o.id_maps, &container, &uids, &gids, &e) >= 0 && (!uids.n || !gids.n))
		fuzz_die("idmap= without a mapping is taken", data, len);
	if (options.n)
		mount_plan_clean(&a, lines[0]);
	return 0;
}
