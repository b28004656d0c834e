/* SPDX-License-Identifier: Apache-2.0 */
/* default_config: the config that `hart spec` writes, features, and that each member is documented. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "annotation.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "oci_features.h"
#include "rows.h"
#include "spec.h"

static struct oci_config *written_default(struct arena *a, bool rootless)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e = ERR_INIT;
	struct oci_config *c;

	assert_int_equal(spec_write_default(&out, &(struct spec_wish){ .rootless = rootless, .uid = 1000, .gid = 2000 }, &e), 0);
	assert_int_equal(out.data[out.len - 1], '\n');
	if (spec_load_config(a, out.data, out.len, &c, NULL, &e) < 0)
		fail_msg("%s", e.text);
	return c;
}

static void default_config_is_valid(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_config *c = written_default(&a, false);

	(void)state;
	assert_string_equal(c->oci_version, OCI_VERSION);
	assert_string_equal(c->process->args.v[0], "sh");
	assert_int_equal(c->mounts.n, 7);
	assert_int_equal(c->linux_->namespaces.n, 6);
	assert_null(oci_namespace(c, OCI_NS_USER));
	assert_non_null(oci_namespace(c, OCI_NS_CGROUP));
	assert_int_equal(c->linux_->resources->devices.n, 1);
}

static void rootless_config_is_valid(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_config *c = written_default(&a, true);

	(void)state;
	assert_null(oci_namespace(c, OCI_NS_NETWORK));
	assert_non_null(oci_namespace(c, OCI_NS_USER));
	assert_null(c->linux_->resources);
	assert_int_equal(c->linux_->uid_mappings.v[0].host_id, 1000);
	assert_int_equal(c->linux_->gid_mappings.v[0].host_id, 2000);
	for (size_t i = 0; i < c->mounts.n; i++) {
		struct oci_mount *m = &c->mounts.v[i];
		for (size_t k = 0; k < m->options.n; k++)
			assert_null(strstr(m->options.v[k], "gid="));
		if (!strcmp(m->destination, "/sys")) {
			assert_string_equal(m->type, "none");
			assert_string_equal(m->source, "/sys");
			assert_string_equal(m->options.v[0], "rbind");
			assert_int_equal(m->options.n, 5);
		}
	}
}

static void features_say_what_they_are_told(void **state)
{
	char *options[] = { (char *)"ro", (char *)"rw" };
	struct features_support s = { .mount_options = { options, 2 }, .cgroup_v2 = true,
				      .idmap = true, .memory_policy = true,
				      .libseccomp_version = (char *)"2.5.4" };
	static const char *const present[] = {
		"\"ociVersionMax\": \"1.3.0\"", "\"startContainer\",", "\"rw\"", "\"v1\": false",
		"\"v2\": true", "\"CAP_CHECKPOINT_RESTORE\"", "\"SCMP_CMP_MASKED_EQ\"",
		"\"MPOL_WEIGHTED_INTERLEAVE\"", "\"time\"", "\"" ANNOTATION_OVERLAY_LOWER "\"",
		"\"io.github.seccomp.libseccomp.version\": \"2.5.4\"",
	};
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(features_write(&out, &s, &e), 0);
	for (size_t i = 0; i < sizeof present / sizeof *present; i++)
		if (!strstr(out.data, present[i]))
			fail_msg("%s is not in %s", present[i], out.data);
	buf_free(&out);
	s.libseccomp_version = NULL;
	s.memory_policy = false;
	assert_int_equal(features_write(&out, &s, &e), 0);
	assert_null(strstr(out.data, "SCMP_"));
	assert_null(strstr(out.data, "libseccomp"));
	assert_null(strstr(out.data, "MPOL_"));
}

static void every_member_is_documented(void **state)
{
	static const struct {
		const char *format, *sample;
	} formats[] = {
		{ "text", "\nlinux.resources.pids.limit (integer)\n    Greatest number" },
		{ "markdown", "\n| `mounts[].options[]` | array of strings | Mount options." },
		{ "man", ".TP\n\\fBprocess.oomScoreAdj\\fR (integer \\-1000..1000)\n" },
		{ "dictionary", "\n\"\\\"oomScoreAdj\\\"\"\n" },
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;

		assert_int_equal(spec_write_doc(&out, formats[i].format, &e), 0);
		assert_non_null(strstr(out.data, formats[i].sample));
		for (unsigned id = TABLE_CONFIG; id < TABLE_STATE; id++)
			for (unsigned k = 0; k < table_get(id)->n; k++)
				assert_non_null(strstr(out.data, table_get(id)->fields[k].name));
	}
	_cleanup_buf_ struct buf out = BUF_INIT;
	assert_int_equal(spec_write_doc(&out, "html", &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_config_is_valid),
		cmocka_unit_test(rootless_config_is_valid),
		cmocka_unit_test(features_say_what_they_are_told),
		cmocka_unit_test(every_member_is_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
