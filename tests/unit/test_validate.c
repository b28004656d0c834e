/* SPDX-License-Identifier: Apache-2.0 */
/* validate: the rules between members, one row a rule: what is refused, and what just passes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "annotation.h"
#include "annotation_kind.h"
#include "policy_rows.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "cpulist.h"
#include "spec.h"

/* Loads "{ociVersion, root, BODY}" and gives the error's text behind its place, NULL for none. */
static const char *refusal(struct arena *a, const char *body)
{
	struct err *e = arena_alloc(a, sizeof *e);
	struct oci_config *c;
	char *text = arena_printf(a, "{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"r\"},%s}",
				  body);

	if (spec_load_config(a, text, strlen(text), &c, NULL, e) >= 0)
		return NULL;
	const char *at = strstr(e->text, ": /");
	return at ? at + 2 : e->text;
}

struct row {
	const char *body, *refusal; /* NULL: it passes */
};

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		const char *got = refusal(&a, rows[i].body), *wanted = rows[i].refusal;

		if (!got != !wanted || (got && strcmp(got, wanted)))
			fail_msg("%s:\n got    %s\n wanted %s", rows[i].body,
				 got ? got : "(passes)", wanted ? wanted : "(passes)");
	}
}

#define CHECK(rows) check(rows, sizeof rows / sizeof *rows)

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define NS(type) "\"linux\":{\"namespaces\":[{\"type\":\"" type "\"}]}"

static void config_rules(void **state)
{
	static const struct row rows[] = {
		{ "\"hostname\":\"h\"", "/hostname: needs a uts namespace" },
		{ "\"domainname\":\"h\"", "/domainname: needs a uts namespace" },
		{ "\"hostname\":\"" X64 "\"," NS("uts"), NULL },
		{ "\"hostname\":\"" X64 "x\"," NS("uts"), "/hostname: longer than 64 bytes" },
		{ "\"hooks\":{\"poststop\":[{\"path\":\"/a\"},{\"path\":\"a\"}]}",
		  "/hooks/poststop/1/path: \"a\" is not an absolute path" },
		{ "\"annotations\":{\"\":\"x\"}", "/annotations/: empty key" },
		{ "\"annotations\":{\"org.hart.overlay\":\"ramfs\"}",
		  "/annotations/org.hart.overlay: neither tmpfs, tmpfs:SIZE nor an absolute path "
		  "without \"..\"" },
		{ "\"annotations\":{\"org.hart.overlay\":\"tmpfs:64M\"}", NULL },
		{ "\"mounts\":[{\"destination\":\"data\"}]", NULL },
		{ "\"mounts\":[{\"destination\":\"/\",\"uidMappings\":"
		  "[{\"containerID\":0,\"hostID\":1,\"size\":1}]}]",
		  "/mounts/0: uidMappings and gidMappings go together" },
		{ "\"mounts\":[{\"destination\":\"/\",\"options\":[\"ridmap\"]}]",
		  "/mounts/0: idmap needs mappings or a user namespace" },
	};

	(void)state;
	CHECK(rows);
}

static void versions(void **state)
{
	static const struct {
		const char *version;
		bool ok;
	} rows[] = {
		{ "1.0.0", true }, { "1.3.0", true }, { "1.99.12", true }, { "1.0.2-dev", true },
		{ "1.0.0-rc5-dev", true }, { "1.2.0+dev", true }, { "2.0.0", false },
		{ "0.9.0", false }, { "1.0", false }, { "1", false }, { "1.0.", false },
		{ "1..0", false }, { "1.0.0x", false }, { "v1.0.0", false }, { "10.0.0", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct err e = ERR_INIT;
		struct oci_config *c;
		char *text = arena_printf(&a, "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}",
					  rows[i].version);
		int r = spec_load_config(&a, text, strlen(text), &c, NULL, &e);

		if ((r >= 0) != rows[i].ok)
			fail_msg("%s: %s", rows[i].version, e.text);
	}
}

#define PROCESS(more) "\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]," more "}"
#define RLIMIT(hard, soft) \
	"{\"type\":\"RLIMIT_CORE\",\"hard\":" hard ",\"soft\":" soft "}"

static void process_rules(void **state)
{
	static const struct row rows[] = {
		{ "\"process\":{\"cwd\":\"/\"}", "/process/args: must not be empty" },
		{ "\"process\":{\"cwd\":\"tmp\",\"args\":[\"a\"]}",
		  "/process/cwd: \"tmp\" is not an absolute path" },
		{ PROCESS("\"rlimits\":[" RLIMIT("5", "5") "]"), NULL },
		{ PROCESS("\"rlimits\":[" RLIMIT("5", "6") "]"),
		  "/process/rlimits/0: the soft limit is above the hard one" },
		{ PROCESS("\"rlimits\":[" RLIMIT("5", "5") "," RLIMIT("6", "6") "]"),
		  "/process/rlimits/1: a second RLIMIT_CORE" },
		{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_NO\",\"hard\":1,\"soft\":1}]"),
		  "/process/rlimits/0/type: unknown value \"RLIMIT_NO\"" },
		{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":20}"),
		  "/process/scheduler: nice 20 is not within -20..19" },
		{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\",\"nice\":20,\"priority\":1}"),
		  NULL },
		{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":1}"),
		  "/process/scheduler: priority is for SCHED_FIFO and SCHED_RR alone" },
		{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"period\":1}"),
		  "/process/scheduler: runtime, deadline and period are for SCHED_DEADLINE alone" },
		{ PROCESS("\"execCPUAffinity\":{\"initial\":\"0-3\",\"final\":\"3-0\"}"),
		  "/process/execCPUAffinity/final: \"3-0\" is not a CPU list" },
		{ PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":8}"),
		  "/process/ioPriority/priority: 8 is not within 0..7" },
	};

	(void)state;
	CHECK(rows);
}

#define LINUX(more) "\"linux\":{" more "}"
#define MAP(c, h, s) "{\"containerID\":" c ",\"hostID\":" h ",\"size\":" s "}"
#define USER(maps)                                                                           \
	LINUX("\"namespaces\":[{\"type\":\"user\"}],\"gidMappings\":[" MAP("0", "0", "1")     \
	      "],\"uidMappings\":[" maps "]")

static void namespace_rules(void **state)
{
	static const struct row rows[] = {
		{ LINUX("\"namespaces\":[{\"type\":\"ipc\"},{\"type\":\"pid\"},"
			"{\"type\":\"ipc\"}]"),
		  "/linux/namespaces/2: a second ipc namespace" },
		{ LINUX("\"namespaces\":[{\"type\":\"ipc\",\"path\":\"proc/1\"}]"),
		  "/linux/namespaces/0/path: \"proc/1\" is not an absolute path" },
		{ NS("user"), "/linux/uidMappings: a new user namespace needs mappings" },
		{ LINUX("\"namespaces\":[{\"type\":\"user\",\"path\":\"/x\"}]"), NULL },
		{ LINUX("\"gidMappings\":[" MAP("0", "0", "1") "]"),
		  "/linux/gidMappings: needs a user namespace" },
		{ USER(MAP("0", "1000", "10") "," MAP("10", "1010", "1")), NULL },
		{ USER(MAP("0", "1000", "0")), "/linux/uidMappings/0: size is 0" },
		{ USER(MAP("0", "1000", "10") "," MAP("9", "2000", "1")),
		  "/linux/uidMappings/1: overlaps an earlier mapping in the container" },
		{ USER(MAP("0", "1000", "10") "," MAP("10", "991", "10")),
		  "/linux/uidMappings/1: overlaps an earlier mapping on the host" },
		{ USER(MAP("4294967290", "0", "5")), NULL },
		{ USER(MAP("4294967290", "0", "6")),
		  "/linux/uidMappings/0: goes beyond the last ID, 4294967294" },
		{ LINUX("\"timeOffsets\":{\"boottime\":{\"secs\":1}}"),
		  "/linux/timeOffsets: needs a time namespace" },
		{ LINUX("\"namespaces\":[{\"type\":\"time\",\"path\":\"/x\"}],"
			"\"timeOffsets\":{\"boottime\":{\"secs\":1}}"),
		  "/linux/timeOffsets: not for a time namespace that is joined" },
		{ LINUX("\"namespaces\":[{\"type\":\"time\"}],\"timeOffsets\":{\"realtime\":{}}"),
		  "/linux/timeOffsets/realtime: unknown clock: monotonic or boottime" },
		{ LINUX("\"netDevices\":{\"eth0\":{}}"),
		  "/linux/netDevices: needs a network namespace" },
		{ LINUX("\"namespaces\":[{\"type\":\"network\"}],"
			"\"netDevices\":{\"abcdefghijklmno\":{\"name\":\"x%d\"}}"), NULL },
		{ LINUX("\"namespaces\":[{\"type\":\"network\"}],"
			"\"netDevices\":{\"abcdefghijklmnop\":{}}"),
		  "/linux/netDevices/abcdefghijklmnop: \"abcdefghijklmnop\" cannot be a device's "
		  "name" },
		{ LINUX("\"namespaces\":[{\"type\":\"network\"}],"
			"\"netDevices\":{\"eth0\":{\"name\":\"a b\"}}"),
		  "/linux/netDevices/eth0/name: \"a b\" cannot be a device's name" },
	};

	(void)state;
	CHECK(rows);
}

static void mappings_are_counted_first(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf body = BUF_INIT;

	(void)state;
	buf_puts(&body, "\"linux\":{\"namespaces\":[{\"type\":\"user\"}],\"uidMappings\":[");
	for (int i = 0; i < 100000; i++)
		buf_printf(&body, "%s{\"containerID\":%d,\"hostID\":%d,\"size\":1}",
			   i ? "," : "", i, i);
	buf_puts(&body, "]}");
	assert_string_equal(refusal(&a, body.data),
			    "/linux/uidMappings: 100000 mappings, the kernel takes 340");
}

static void linux_rules(void **state)
{
	static const struct row rows[] = {
		{ LINUX("\"cgroupsPath\":\"/a/..b/c..\""), NULL },
		{ LINUX("\"cgroupsPath\":\"/a/../b\""),
		  "/linux/cgroupsPath: \"/a/../b\" has a \"..\"" },
		{ LINUX("\"cgroupsPath\":\"..\""), "/linux/cgroupsPath: \"..\" has a \"..\"" },
		{ LINUX("\"cgroupsPath\":\"a//..\""),
		  "/linux/cgroupsPath: \"a//..\" has a \"..\"" },
		{ LINUX("\"maskedPaths\":[\"/proc/kcore\"]"),
		  "/linux/maskedPaths: needs a mount namespace" },
		{ LINUX("\"namespaces\":[{\"type\":\"mount\"}],\"readonlyPaths\":[\"\"]"),
		  "/linux/readonlyPaths/0: \"\" is not an absolute path" },
		{ LINUX("\"devices\":[{\"type\":\"c\",\"path\":\"dev/x\"}]"),
		  "/linux/devices/0/path: \"dev/x\" is not an absolute path" },
		{ LINUX("\"devices\":[{\"type\":\"d\",\"path\":\"/dev/x\"}]"),
		  "/linux/devices/0/type: unknown value \"d\"" },
		{ LINUX("\"intelRdt\":{\"closID\":\"/\"}"), NULL },
		{ LINUX("\"intelRdt\":{\"closID\":\"a/b\"}"),
		  "/linux/intelRdt/closID: \"a/b\" is not a folder's name" },
		{ LINUX("\"intelRdt\":{\"closID\":\"..\"}"),
		  "/linux/intelRdt/closID: \"..\" is not a folder's name" },
		{ LINUX("\"intelRdt\":{\"memBwSchema\":\"L3:0=1\"}"),
		  "/linux/intelRdt/memBwSchema: not one line that starts with MB:" },
		{ LINUX("\"intelRdt\":{\"l3CacheSchema\":\"L3:0=1\\nMB:0=1\"}"),
		  "/linux/intelRdt/l3CacheSchema: more than one line" },
		{ LINUX("\"intelRdt\":{\"schemata\":[\"a\",\"b\\n\"]}"),
		  "/linux/intelRdt/schemata/1: more than one line" },
		{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}"),
		  "/linux/memoryPolicy/nodes: MPOL_BIND needs nodes" },
		{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}"),
		  "/linux/memoryPolicy/nodes: not for MPOL_LOCAL" },
		{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_PREFERRED\"}"), NULL },
		{ LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0,\"}"),
		  "/linux/memoryPolicy/nodes: \"0,\" is not a list of nodes" },
		{ LINUX("\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}"),
		  "/linux/personality/flags: none is supported" },
	};

	(void)state;
	CHECK(rows);
}

#define SYSCTL(ns, key) \
	LINUX("\"namespaces\":[{\"type\":\"" ns "\"}],\"sysctl\":{\"" key "\":\"1\"}")

static void sysctl_rules(void **state)
{
	static const struct row rows[] = {
		{ SYSCTL("ipc", "kernel.shmmax"), NULL },
		{ SYSCTL("ipc", "fs.mqueue.msg_max"), NULL },
		{ SYSCTL("network", "net.ipv4.ip_forward"), NULL },
		{ SYSCTL("network", "net/ipv4/conf/eno2.100/rp_filter"), NULL },
		{ SYSCTL("network", "net.ipv4.conf.eno2/100.rp_filter"), NULL },
		{ SYSCTL("uts", "kernel.domainname"), NULL },
		{ SYSCTL("pid", "kernel.shmmax"),
		  "/linux/sysctl/kernel.shmmax: needs a namespace of type ipc" },
		{ SYSCTL("pid", "net.core.somaxconn"),
		  "/linux/sysctl/net.core.somaxconn: needs a namespace of type network" },
		{ SYSCTL("pid", "user.max_user_namespaces"),
		  "/linux/sysctl/user.max_user_namespaces: needs a namespace of type user" },
		{ SYSCTL("uts", "kernel.hostname"),
		  "/linux/sysctl/kernel.hostname: is what \"hostname\" is for" },
		{ SYSCTL("network", "vm.swappiness"),
		  "/linux/sysctl/vm.swappiness: belongs to no namespace: it would change the "
		  "host" },
		{ SYSCTL("network", "network.x"),
		  "/linux/sysctl/network.x: belongs to no namespace: it would change the host" },
		/* "/" stands for a dot after a dot: these would be net/../kernel/sysrq. */
		{ SYSCTL("network", "net.//.kernel.sysrq"),
		  "/linux/sysctl/net.~1~1.kernel.sysrq: not a parameter's name" },
		{ SYSCTL("network", "net/../kernel/sysrq"),
		  "/linux/sysctl/net~1..~1kernel~1sysrq: not a parameter's name" },
		{ SYSCTL("network", "net..x"), "/linux/sysctl/net..x: not a parameter's name" },
		{ SYSCTL("network", "/net/x"), "/linux/sysctl/~1net~1x: not a parameter's name" },
		{ SYSCTL("network", ""), "/linux/sysctl/: not a parameter's name" },
		{ SYSCTL("network", "net."), "/linux/sysctl/net.: not a parameter's name" },
	};

	(void)state;
	CHECK(rows);
}

#define SECCOMP(more) LINUX("\"seccomp\":{" more "}")
#define ALLOW "\"defaultAction\":\"SCMP_ACT_ALLOW\","
#define RULE(action, more) \
	"\"syscalls\":[{\"names\":[\"x\"],\"action\":\"SCMP_ACT_" action "\"" more "}]"

static void seccomp_rules(void **state)
{
	static const struct row rows[] = {
		{ SECCOMP("\"defaultAction\":\"SCMP_ACT_NOTIFY\",\"listenerPath\":\"/l\""),
		  "/linux/seccomp/defaultAction: SCMP_ACT_NOTIFY would stop the runtime itself" },
		{ SECCOMP(ALLOW "\"listenerMetadata\":\"x\""),
		  "/linux/seccomp/listenerMetadata: needs listenerPath" },
		{ SECCOMP(ALLOW RULE("NOTIFY", "")),
		  "/linux/seccomp/syscalls/0/action: SCMP_ACT_NOTIFY needs listenerPath" },
		{ SECCOMP(ALLOW "\"listenerPath\":\"/l\"," RULE("NOTIFY", "")), NULL },
		{ SECCOMP(ALLOW "\"defaultErrnoRet\":1"),
		  "/linux/seccomp/defaultErrnoRet: not for SCMP_ACT_ALLOW" },
		{ SECCOMP(ALLOW RULE("ERRNO", ",\"errnoRet\":38")), NULL },
		{ SECCOMP(ALLOW RULE("KILL", ",\"errnoRet\":38")),
		  "/linux/seccomp/syscalls/0/errnoRet: not for SCMP_ACT_KILL" },
		{ SECCOMP(ALLOW "\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]"), NULL },
		{ SECCOMP(ALLOW "\"architectures\":[\"SCMP_ARCH_Z80\"]"),
		  "/linux/seccomp/architectures/0: unknown value \"SCMP_ARCH_Z80\"" },
		{ SECCOMP(ALLOW RULE("LOG", ",\"args\":[{\"index\":6,\"value\":0,"
					    "\"op\":\"SCMP_CMP_EQ\"}]")),
		  "/linux/seccomp/syscalls/0/args/0/index: 6 is not within 0..5" },
	};

	(void)state;
	CHECK(rows);
}

#define RESOURCES(more) LINUX("\"resources\":{" more "}")

static void resource_rules(void **state)
{
	static const struct row rows[] = {
		{ RESOURCES("\"devices\":[{\"allow\":true,\"access\":\"rwx\"}]"),
		  "/linux/resources/devices/0/access: \"rwx\" is not made of r, w and m" },
		{ RESOURCES("\"cpu\":{\"quota\":10,\"burst\":10}"), NULL },
		{ RESOURCES("\"cpu\":{\"quota\":-1,\"burst\":10}"), NULL },
		{ RESOURCES("\"cpu\":{\"quota\":10,\"burst\":11}"),
		  "/linux/resources/cpu/burst: greater than quota" },
		{ RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"16GB\",\"limit\":0}]"), NULL },
		{ RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"2M\",\"limit\":0}]"),
		  "/linux/resources/hugepageLimits/0/pageSize: \"2M\" is not a page size like "
		  "2MB" },
		{ RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"02MB\",\"limit\":0}]"),
		  "/linux/resources/hugepageLimits/0/pageSize: \"02MB\" is not a page size like "
		  "2MB" },
		{ RESOURCES("\"blockIO\":{\"weightDevice\":[{\"major\":1,\"minor\":1}]}"),
		  "/linux/resources/blockIO/weightDevice/0: needs weight or leafWeight" },
		{ RESOURCES("\"rdma\":{\"mlx/5\":{}}"),
		  "/linux/resources/rdma/mlx~15: needs hcaHandles or hcaObjects" },
		{ RESOURCES("\"unified\":{\"memory.high\":\"1\",\"a/b\":\"1\"}"),
		  "/linux/resources/unified/a~1b: \"a/b\" is not a file name" },
		{ RESOURCES("\"memory\":{\"limit\":-2}"),
		  "/linux/resources/memory/limit: -2 is not within -1..9223372036854775807" },
	};

	(void)state;
	CHECK(rows);
}

static void cpu_lists(void **state)
{
	static const char *const good[] = { "0", "0-3,7", "65535", "1,0", "5-5" };
	static const char *const bad[] = { "", ",", "0,", ",0", "-", "0-", "-1", "3-2", "65536",
					   "a", "0 ", "0--1", "0-1-2", "99999999999999999999" };
	const char *pos = "0-3,7";
	unsigned first, last;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(cpulist_valid(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(cpulist_valid(bad[i]));
	assert_true(cpulist_next(&pos, &first, &last));
	assert_true(first == 0 && last == 3);
	assert_true(cpulist_next(&pos, &first, &last));
	assert_true(first == 7 && last == 7);
	assert_false(cpulist_next(&pos, &first, &last));
}

static int overlay(struct arena *a, const char *upper, const char *lower, const char *flag,
		   struct annotation_overlay *ret, struct err *e)
{
	struct oci_pair pairs[2];
	oci_map m = { pairs, 0 };

	if (upper)
		pairs[m.n++] = (struct oci_pair){ (char *)ANNOTATION_OVERLAY, (char *)upper };
	if (lower)
		pairs[m.n++] = (struct oci_pair){ (char *)ANNOTATION_OVERLAY_LOWER, (char *)lower };
	return annotation_overlay(a, &m, flag, ret, e);
}

static void overlay_annotations(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct annotation_overlay o;
	struct err e = ERR_INIT;
	const char *doc;

	(void)state;
	assert_int_equal(overlay(&a, NULL, NULL, NULL, &o, &e), 0);
	assert_int_equal(o.upper, UPPER_NONE);
	assert_int_equal(overlay(&a, "tmpfs", NULL, NULL, &o, &e), 0);
	assert_int_equal(o.upper, UPPER_TMPFS);
	assert_null(o.size);
	assert_int_equal(overlay(&a, "/var/up", "/a:b/c:/d\\:e\\\\", "tmpfs:50%", &o, &e), 0);
	assert_int_equal(o.upper, UPPER_TMPFS);
	assert_string_equal(o.size, "50%");
	assert_int_equal(o.lower.n, 3);
	assert_string_equal(o.lower.v[0], "/a");
	assert_string_equal(o.lower.v[1], "b/c");
	assert_string_equal(o.lower.v[2], "/d:e\\");
	assert_int_equal(overlay(&a, "/var/up", NULL, NULL, &o, &e), 0);
	assert_int_equal(o.upper, UPPER_DIR);
	assert_string_equal(o.dir, "/var/up");

	assert_int_equal(overlay(&a, NULL, "/a", NULL, &o, &e), -EINVAL);
	assert_string_equal(e.text, "org.hart.overlay.lower without org.hart.overlay");
	assert_int_equal(overlay(&a, NULL, NULL, "tmpfs:0", &o, &e), -EINVAL);
	assert_string_equal(e.text, "--overlay \"tmpfs:0\": not a size like 64M or 50%");
	static const char *const bad_upper[] = { "", "up", "/a/../b", "/..", "tmpfs:", "tmpfs:-1",
						 "tmpfs:1X", "tmpfs:1MM", "tmpfsx",
						 "tmpfs:99999999999999999999" };
	for (size_t i = 0; i < sizeof bad_upper / sizeof *bad_upper; i++)
		assert_non_null(annotation_fault(ANNOTATION_OVERLAY, bad_upper[i]));
	static const char *const bad_lower[] = { "", ":", "/a:", "/a::/b", "/a:../b", ".." };
	for (size_t i = 0; i < sizeof bad_lower / sizeof *bad_lower; i++)
		assert_non_null(annotation_fault(ANNOTATION_OVERLAY_LOWER, bad_lower[i]));
	assert_null(annotation_fault("com.example.overlay", ""));
	assert_string_equal(annotation_key(0, &doc), ANNOTATION_OVERLAY);
	assert_string_equal(annotation_key(1, &doc), ANNOTATION_OVERLAY_LOWER);
	static const char *const bad_private[] = { "", ",", "network,", "net", "networks", "ipc, uts", "pid" };
	for (size_t i = 0; i < sizeof bad_private / sizeof *bad_private; i++)
		assert_non_null(annotation_fault(ANNOTATION_PRIVATE, bad_private[i]));
	assert_null(annotation_fault(ANNOTATION_PRIVATE, "uts,network"));
	assert_string_equal(annotation_key(2, &doc), ANNOTATION_PRIVATE);
	assert_string_equal(annotation_key(3, &doc), ANNOTATION_KEEP_GROUPS);
	assert_string_equal(annotation_key(4, &doc), "org.hart.standby");
	assert_null(annotation_key(4 + POLICY_KEYS, &doc));
}

/* hart heeds no annotation of which the table does not say what it can do to the host. */
static void every_annotation_has_a_kind(void **state)
{
	enum annotation_form form;
	const char *doc, *key;
	size_t n = 0;

	(void)state;
	for (; (key = annotation_key(n, &doc)); n++) {
		enum annotation_kind kind = annotation_kind(key, &form);
		assert_true(kind >= ANNOTATION_HARMLESS);
		assert_true((kind == ANNOTATION_HOST_PATH) == (form != FORM_NONE));
		for (size_t i = 0; i < POLICY_KEYS; i++)
			if (!strcmp(key + strlen(POLICY_ANNOTATION_PREFIX), policy_rows[i].name))
				assert_true((kind == ANNOTATION_HOST_PATH) ==
					    !!(policy_rows[i].flags & POLICY_HOST_PATH_));
	}
	assert_true(n > POLICY_KEYS);
	assert_int_equal(annotation_kind("org.hart.standbye", &form), ANNOTATION_UNKNOWN);
	assert_int_equal(annotation_kind("com.example.standby", &form), ANNOTATION_FOREIGN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_annotation_has_a_kind),
		cmocka_unit_test(config_rules),
		cmocka_unit_test(versions),
		cmocka_unit_test(process_rules),
		cmocka_unit_test(namespace_rules),
		cmocka_unit_test(mappings_are_counted_first),
		cmocka_unit_test(linux_rules),
		cmocka_unit_test(sysctl_rules),
		cmocka_unit_test(seccomp_rules),
		cmocka_unit_test(resource_rules),
		cmocka_unit_test(cpu_lists),
		cmocka_unit_test(overlay_annotations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
