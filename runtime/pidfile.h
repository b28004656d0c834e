/* pidfile: --pid-file of create, run and exec. */
#pragma once

#include <sys/types.h>

struct err;

/* Writes the decimal pid, without a newline, atomically: ".NAME.new" beside it and a rename. */
int pidfile_write(const char *path, pid_t pid, struct err *e);
