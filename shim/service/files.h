/* SPDX-License-Identifier: Apache-2.0 */
/* files: what stands in a service's state folder beside state.json and the journal. */
#pragma once

#define SERVICE_FILE "service.json" /* flags and members: what adopt needs */
#define GENERATION_FILE "generation"
#define LOG_FILE "log"
#define NOTIFY_DIR "notify" /* a folder a member */
