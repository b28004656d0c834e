/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_dbus: messages of D-Bus, and addresses of its servers. */
#include <string.h>

#include "fuzz.h"
#include "systemd/dbus.h"

static void use_message(const uint8_t *data, size_t len)
{
	struct dbus_message m;
	struct err e = ERR_INIT;

	if (dbus_message_read(data, len, &m, &e) < 0)
		return;
	size_t sum = strlen(m.path) + strlen(m.interface) + strlen(m.member) + strlen(m.error) + strlen(m.signature);
	struct dbus_reader texts = m.body, signatures = m.body;
	while (!texts.failed)
		sum += strlen(dbus_get_string(&texts)) + dbus_get_u32(&texts);
	while (!signatures.failed)
		sum += strlen(dbus_get_signature(&signatures));
	if (texts.pos > texts.len || signatures.pos > signatures.len || (sum && dbus_error(&m, &e) >= 0))
		fuzz_die("read beyond the end", data, len);
}

static void use_address(const uint8_t *data, size_t len)
{
	_cleanup_text_ char *text = fuzz_text(data, len);
	char path[32];

	if (dbus_address(text, path, sizeof path) && (strlen(path) >= sizeof path || !strchr("/@", *path)))
		fuzz_die("not a path", data, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	/* Without slack, as fuzz_text's is a string. */
	_cleanup_text_ char *exact = malloc(len ? len : 1);

	if (!exact)
		exit(2);
	memcpy(exact, data, len);
	use_message((uint8_t *)exact, len);
	use_address(data, len);
	return 0;
}
