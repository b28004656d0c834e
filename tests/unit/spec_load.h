/* SPDX-License-Identifier: Apache-2.0 */
/* spec_load: a config out of a text that is right. */
#pragma once

#include <linux/capability.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "config_full.h"
#include "json.h"
#include "rows.h"
#include "spec.h"

#define ROOT "\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"}"
