/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_standing: where a service stands, as adopt and status read it; a damaged file says nothing, and no word is longer
 * than its place. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "record/standing.h"

static int dir = -1;

static void write_file(const uint8_t *data, size_t len)
{
	int fd = openat(dir, STANDING_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		exit(2);
	close(fd);
}

static bool fits(const char word[STANDING_WORD_MAX])
{
	return memchr(word, '\0', STANDING_WORD_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct standing st;
	struct err e = ERR_INIT;

	if (dir < 0)
		dir = fuzz_folder();
	write_file(data, len);
	if (standing_read(dir, &st, &e) < 0)
		fuzz_die(e.text, data, len);
	if (!fits(st.to) || !fits(st.cause) || !fits(st.member))
		fuzz_die("a word without an end", data, len);
	return 0;
}
