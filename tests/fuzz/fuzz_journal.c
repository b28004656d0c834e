/* fuzz_journal: a journal, as adopt and status read it, and one that it became NAME.1. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "record/journal.h"

static int dir = -1;

static void write_file(const char *name, const uint8_t *data, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		exit(2);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct journal_last last;
	struct err e = ERR_INIT;
	const uint8_t *end = len ? memchr(data, 0xff, len) : NULL;
	size_t head = end ? (size_t)(end - data) : len;

	if (dir < 0)
		dir = fuzz_folder();
	write_file("j", data, head);
	write_file("j.1", data + head, len - head);
	if (journal_read(dir, "j", &a, &last, &e) < 0)
		fuzz_die(e.text, data, len);
	unlinkat(dir, "j", 0);
	unlinkat(dir, "j.1", 0);
	return 0;
}
