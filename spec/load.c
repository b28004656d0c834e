/* SPDX-License-Identifier: Apache-2.0 */
/* load: from text to a checked document, see spec.h. */
#include <errno.h>

#include "base/arena.h"
#include "base/err.h"
#include "fault.h"
#include "rows.h"
#include "spec.h"
#include "validate.h"
#include "version.h"

/* Decodes a document of table `id` into new memory. */
static int load_load(enum table_id id, struct fault_sink *sink, void **ret)
{
	*ret = arena_alloc(sink->arena, table_get(id)->size);
	if (!*ret)
		return err_set(sink->e, ENOMEM, "decode %s", sink->name);
	return table_decode(table_get(id), *ret, sink);
}

int spec_load_config(struct arena *a, const char *json, size_t len, struct oci_config **ret,
		     struct spec_faults *faults, struct err *e)
{
	struct fault_sink sink = { .name = "config.json", .text = json, .len = len, .arena = a,
				   .faults = faults, .e = e };
	void *loaded;
	int r = load_load(TABLE_CONFIG, &sink, &loaded);

	/* With faults to collect, those between fields are wanted as well: whatever was refused is
	 * absent from the structs, and they are whole. */
	if (r < 0 && (sink.broken || !faults || !faults->n || faults->n >= FAULTS_MAX))
		return r;
	struct oci_config *c = loaded;
	if (!c->linux_) {
		c->linux_ = arena_alloc(a, sizeof *c->linux_);
		if (!c->linux_)
			return err_set(e, ENOMEM, "decode config.json");
	}
	if (!c->oci_version)
		c->oci_version = (char *)"1.0.0";
	version_adapt_resources(c->oci_version, c->linux_->resources);
	r = validate_config(c, &sink);
	if (r == 0)
		r = fault_result(&sink);
	if (r == 0)
		*ret = c;
	return r;
}

int spec_load_process(struct arena *a, const char *json, size_t len, struct oci_process **ret,
		      struct err *e)
{
	struct fault_sink sink = { .name = "process.json", .text = json, .len = len, .arena = a,
				   .e = e };
	void *loaded;
	int r = load_load(TABLE_PROCESS, &sink, &loaded);

	if (r == 0)
		r = validate_process(loaded, "", &sink);
	if (r == 0)
		*ret = loaded;
	return r;
}

int spec_load_resources(struct arena *a, const char *json, size_t len,
			struct oci_resources **ret, struct err *e)
{
	struct fault_sink sink = { .name = "resources", .text = json, .len = len, .arena = a,
				   .e = e };
	void *loaded;
	int r = load_load(TABLE_RESOURCES, &sink, &loaded);

	if (r == 0)
		r = validate_resources(loaded, "", &sink);
	if (r == 0)
		*ret = loaded;
	return r;
}
