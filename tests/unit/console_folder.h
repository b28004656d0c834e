/* SPDX-License-Identifier: Apache-2.0 */
/* console_folder: a folder, and a listening socket in it. */
#pragma once

#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "console.h"
#include "folder.h"
#include "foreground.h"
#include "relay.h"
#include "wire/fdsocket.h"

static struct err e;

static char folder[FOLDER_MAX];

static inline int make_folder(void **state)
{
	(void)state;
	return folder_make(folder) < 0 ? -1 : chdir(folder);
}

static inline int remove_folder(void **state)
{
	(void)state;
	return folder_remove(folder);
}
