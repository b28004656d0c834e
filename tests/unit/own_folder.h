/* SPDX-License-Identifier: Apache-2.0 */
/* own_folder: a folder of the tests. */
#pragma once

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fd.h"
#include "folder.h"
#include "id.h"
#include "pidfile.h"
#include "process/program.h"
#include "statefile.h"
#include "wire/gate.h"
#include "wire/sync.h"

static char tmp[FOLDER_MAX];

static inline int make_tmp(void **state)
{
	(void)state;
	return folder_make(tmp);
}

static inline int remove_tmp(void **state)
{
	(void)state;
	return folder_remove(tmp);
}
