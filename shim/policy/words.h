/* SPDX-License-Identifier: Apache-2.0 */
/* policy/words: the parsers of single values of the policy. Each returns NULL, or why the value is no good. */
#pragma once

#include "policy/policy.h"

const char *policy_word_duration(const char *text, long long *ret_ms);
/* "warm", "cold", "hot", "frozen". */
const char *policy_word_mode(const char *text, enum machine_mode *ret);
/* "COMMAND", split at blanks, with quotes. */
const char *policy_word_argv(struct arena *a, const char *text, char ***ret_argv);
/* "exec:COMMAND", the same. */
const char *policy_word_command(struct arena *a, const char *text, char ***ret_argv);
const char *policy_word_number(const char *text, unsigned max, unsigned *ret);
const char *policy_word_bytes(const char *text, int64_t *ret);
const char *policy_word_signal(const char *text, int *ret);
const char *policy_word_probe(struct arena *a, const char *text, struct probe_policy *ret);
const char *policy_word_outlet(struct arena *a, const char *text, struct outlet_policy *ret);
const char *policy_word_listen(struct arena *a, const char *text, struct listen_policy *ret);
const char *policy_word_stall(const char *text, struct stall_policy *ret);
