/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shortage: containers whose memory limit is too small for what they are to run. The kernel ends them without
 * a word, or lets the program read its own pages over and over without an end and without an OOM kill.
 */
#pragma once

#include <stdbool.h>

#include "oci.h"

struct container;
struct err;

/* Limits below this are watched. Docker refuses less than 6 MiB. */
#define SHORTAGE_BYTES (2LL << 20)

/* True when the config has such a limit: for the state's row. */
bool shortage_is_possible(const struct oci_config *c);

/* After a failure to create or to start: adds to `e` that it was for lack of memory, when it was. */
void shortage_explain(const struct container *c, struct err *e);

/* What a program that was killed may have died of, as a warning. */
void shortage_warn(const struct container *c);

/*
 * After execve, of a container whose limit is that small: waits until the program does not run into the limit all
 * the time. -ENOMEM after some seconds in which it did nothing but read its pages again: it will never get to work.
 */
int shortage_watch(const struct container *c, struct err *e);
