/* SPDX-License-Identifier: Apache-2.0 */
/* spec_rows: config.json decoded and encoded by its rows. */
#include "spec_load.h"
#include "within.h"

static struct oci_config *load(struct arena *a, const char *text)
{
	struct err e = ERR_INIT;
	struct oci_config *c;

	if (spec_load_config(a, text, strlen(text), &c, NULL, &e) < 0)
		fail_msg("%s", e.text);
	return c;
}

/* Every member survives decoding and encoding, and there is no row that the text lacks. */
static void every_member_goes_round(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out };

	(void)state;
	table_encode(table_get(TABLE_CONFIG), load(&a, CONFIG_FULL), &o);
	assert_string_equal(out.data, CONFIG_FULL);
	for (unsigned id = TABLE_CONFIG; id < TABLE_STATE; id++) {
		const struct table *t = table_get(id);
		assert_within(t->n, 1, 64);
		for (unsigned i = 0; i < t->n; i++) {
			char key[FIELD_NAME_SIZE + 4];
			snprintf(key, sizeof key, "\"%s\":", t->fields[i].name);
			assert_non_null(strstr(CONFIG_FULL, key));
			assert_int_equal(strlen(t->fields[i].name), t->fields[i].name_len);
			assert_true(*t->fields[i].doc);
		}
	}
}

static void values_land_in_their_members(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_config *c = load(&a, CONFIG_FULL);
	struct oci_process *p = c->process;
	struct oci_linux *l = c->linux_;

	(void)state;
	assert_int_equal(p->console_size->height, 25);
	assert_true(p->user.umask.set && p->user.umask.v == 63);
	assert_int_equal(p->user.additional_gids.v[1], 6);
	assert_int_equal(p->args.n, 3);
	assert_string_equal(p->args.v[2], "");
	assert_int_equal(p->capabilities->permitted.v[0], CAP_CHECKPOINT_RESTORE);
	assert_int_equal(p->rlimits.v[0].type, RLIMIT_NOFILE);
	assert_true(p->rlimits.v[0].hard == UINT64_MAX);
	assert_int_equal(p->scheduler->policy, SCHED_DEADLINE);
	assert_int_equal(p->scheduler->nice, -3);
	assert_int_equal(p->io_priority->class, 3);
	assert_int_equal(c->mounts.n, 2);
	assert_int_equal(c->mounts.v[0].gid_mappings.v[0].size, 2);
	assert_int_equal(c->hooks->poststop.v[0].timeout_s.v, 8);
	assert_string_equal(oci_map_get(&c->annotations, "com.example.empty"), "");
	assert_int_equal(l->resources->pids_limit.v, 0);
	assert_true(l->resources->pids_limit.set);
	assert_true(l->resources->memory->disable_oom_killer.set);
	assert_false(l->resources->memory->disable_oom_killer.v);
	assert_int_equal(l->resources->devices.v[2].major.v, -1);
	assert_string_equal(l->resources->rdma.v[0].device, "mlx5_1");
	assert_string_equal(oci_namespace(c, OCI_NS_NETWORK)->path, "/run/netns/x");
	assert_null(oci_namespace(c, OCI_NS_TIME)->path);
	assert_string_equal(l->net_devices.v[0].host_name, "eth0");
	assert_int_equal(l->seccomp->flags.v[1], 1 << 5);
	assert_true(l->seccomp->syscalls.v[0].args.v[0].value == UINT64_MAX);
	assert_int_equal(l->personality->domain, PER_LINUX32);
	assert_int_equal(l->time_offsets.v[0].secs, -172800);
}

static void what_is_absent_is_zero(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_config *c = load(&a, "{" ROOT ",\"process\":null,\"hostname\":\"\","
					"\"mounts\":[],\"annotations\":null,\"hooks\":{}}");

	(void)state;
	assert_null(c->process);
	assert_null(c->hostname);
	assert_int_equal(c->mounts.n, 0);
	assert_non_null(c->linux_);
	assert_int_equal(c->linux_->namespaces.n, 0);
	assert_null(c->linux_->resources);
	assert_int_equal(c->hooks->prestart.n, 0);
}

static void unknown_members_are_ignored(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_config *c =
		load(&a, "{\"solaris\":{\"anet\":[{\"linkname\":\"x\"},[]]}," ROOT ",\"x\":1e999,"
			 "\"linux\":{\"future\":[null],\"cgroupsPath\":\"/a\"},"
			 "\"Hostname\":\"no\"}");

	(void)state;
	assert_string_equal(c->linux_->cgroups_path, "/a");
	assert_null(c->hostname);
}

static void unknown_capabilities_are_kept_apart(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_config *c = load(&a, "{" ROOT ",\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],"
					"\"capabilities\":{\"bounding\":[\"CAP_NEW\",\"CAP_KILL\"],"
					"\"ambient\":[\"kill\"]}}}");
	struct oci_capabilities *caps = c->process->capabilities;

	(void)state;
	assert_int_equal(caps->bounding.n, 1);
	assert_int_equal(caps->bounding.v[0], CAP_KILL);
	assert_int_equal(caps->ambient.n, 0);
	assert_int_equal(caps->unknown.n, 2);
	assert_string_equal(caps->unknown.v[0], "CAP_NEW");
	assert_string_equal(caps->unknown.v[1], "kill");
}

static void many_entries_are_fine(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf text = BUF_INIT;
	const size_t many = 100000;

	(void)state;
	buf_puts(&text, "{" ROOT ",\"mounts\":[");
	for (size_t i = 0; i < many; i++)
		buf_printf(&text, "%s{\"destination\":\"/%zu\"}", i ? "," : "", i);
	buf_puts(&text, "]}");
	struct oci_config *c = load(&a, text.data);
	assert_int_equal(c->mounts.n, many);
	assert_string_equal(c->mounts.v[many - 1].destination, "/99999");
	assert_within(a.total_bytes, 1, 64 << 20);
}

static void long_strings_are_whole(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf text = BUF_INIT;

	(void)state;
	for (size_t len = 500; len < 70000; len *= 3) {
		char *value = arena_alloc(&a, len + 1);
		memset(value, 'v', len);
		buf_free(&text);
		buf_printf(&text, "{" ROOT ",\"annotations\":{\"a\":\"x\",\"long\":\"%s\","
				  "\"b\":\"y\"}}", value);
		struct oci_config *c = load(&a, text.data);
		assert_string_equal(oci_map_get(&c->annotations, "long"), value);
		assert_string_equal(oci_map_get(&c->annotations, "b"), "y");
	}
}

/* What a hostile document may cost is bounded, whatever it holds. */
static void memory_is_bounded(void **state)
{
	static const struct {
		const char *head, *item, *tail;
	} docs[] = {
		{ "{" ROOT ",\"linux\":{\"resources\":{\"devices\":[", "{\"allow\":true}", "]}}}" },
		{ "{" ROOT ",\"process\":{\"cwd\":\"/\",\"args\":[", "\"\"", "]}}" },
		{ "{" ROOT ",\"process\":{\"cwd\":\"/\",\"user\":{\"additionalGids\":[", "0",
		  "]},\"args\":[\"\"]}}" },
		{ "{" ROOT ",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
		  "\"syscalls\":[", "{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\"}", "]}}}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		_cleanup_buf_ struct buf text = BUF_INIT;
		struct err e = ERR_INIT;
		struct oci_config *c;

		buf_puts(&text, docs[i].head);
		buf_puts(&text, docs[i].item);
		while (text.len < SPEC_MAX_BYTES - 100) {
			buf_put(&text, ",", 1);
			buf_puts(&text, docs[i].item);
		}
		buf_puts(&text, docs[i].tail);
		int r = spec_load_config(&a, text.data, text.len, &c, NULL, &e);
		if (r < 0 && r != -EFBIG)
			fail_msg("%s", e.text);
		assert_within(a.total_bytes, 1, (size_t)400 << 20);
	}
}

static void parts_load_alone(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct oci_process *p;
	struct oci_resources *res;
#define LOAD(what, text, ret) spec_load_##what(&a, text, sizeof text - 1, ret, &e)

	(void)state;
	assert_int_equal(LOAD(process, "{\"cwd\":\"/\",\"args\":[\"a\"],\"terminal\":true}", &p),
			 0);
	assert_true(p->terminal);
	assert_int_equal(LOAD(process, "{\"cwd\":\"/\",\"args\":[]}", &p), -EINVAL);
	assert_string_equal(e.text, "process.json:1:19: /args: must not be empty");
	assert_int_equal(LOAD(resources, "{\"pids\":{\"limit\":7}}", &res), 0);
	assert_int_equal(res->pids_limit.v, 7);
	assert_int_equal(LOAD(resources, "{\"unified\":{\"../x\":\"1\"}}", &res), -EINVAL);
	assert_string_equal(e.text,
			    "resources:1:20: /unified/..~1x: \"../x\" is not a file name");
#undef LOAD
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_goes_round),
		cmocka_unit_test(values_land_in_their_members),
		cmocka_unit_test(what_is_absent_is_zero),
		cmocka_unit_test(unknown_members_are_ignored),
		cmocka_unit_test(unknown_capabilities_are_kept_apart),
		cmocka_unit_test(many_entries_are_fine),
		cmocka_unit_test(long_strings_are_whole),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(parts_load_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
