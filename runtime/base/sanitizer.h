/* SPDX-License-Identifier: Apache-2.0 */
/* sanitizer: whether addresses are checked as the program runs. */
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESSES_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESSES_CHECKED 1
#endif
#endif
