/* lifecycle: what start and run share. */
#pragma once

#include "container.h"

/* After execve succeeded: poststart hooks; when one fails the container is killed. */
int lifecycle_started(struct container *c, struct err *e);
