/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: figures of all containers and services as text, in OpenMetrics or in Prometheus's older format. */
#pragma once

#include <stdbool.h>

struct buf;
struct cli;
struct err;

enum metrics_format { METRICS_OPENMETRICS, METRICS_PROMETHEUS };

int metrics_write(struct cli *cli, enum metrics_format format, struct buf *out, struct err *e);
