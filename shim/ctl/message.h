/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/message: the requests of ctl.h as JSON, both ways. Pure. */
#pragma once

#include "ctl/ctl.h"

/* Appends the request to `out`, whose `failed` says that memory was short. */
void ctl_request_encode(const struct ctl_request *q, struct buf *out);

/* Strings in `a`. -EINVAL: not a request; unknown members are ignored. */
int ctl_request_decode(const char *json, size_t len, struct arena *a, struct ctl_request *ret,
		       struct err *e);

/* True when the answer is a refusal: then that is `e`. */
bool ctl_answer_is_error(const char *json, size_t len, struct err *e);
