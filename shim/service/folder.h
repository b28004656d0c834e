/* folder: the service's state folder, which somebody may remove while the service runs. */
#pragma once

#include <stdbool.h>

#include "loop/loop.h"

struct folder_watch {
	struct source changes; /* an inotify */
	struct timer look;
	unsigned looks;
	bool is_gone;
};
