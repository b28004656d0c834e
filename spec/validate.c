/* validate: see validate.h. */
#include "validate.h"

#include "fault.h"
#include "oci.h"

int validate_process(const struct oci_process *p, const char *path, struct fault_sink *sink)
{
	if (p->cwd && p->cwd[0] != '/') {
		char at[64] = "";
		fault_path_add(at, sizeof at, "cwd", 3);
		return fault_at(sink, at, "\"%s\" is not an absolute path%s", p->cwd, path);
	}
	return 0;
}

int validate_resources(const struct oci_resources *r, const char *path, struct fault_sink *sink)
{
	(void)r;
	(void)path;
	(void)sink;
	return 0;
}

int validate_config(const struct oci_config *c, struct fault_sink *sink)
{
	return c->process ? validate_process(c->process, "/process", sink) : 0;
}
