#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of tests/bench/calls: calls.py RUNS HART FLOOR, both what `perf script` has printed, END after each run."""
import collections
import re
import sys

ROWS = 30
HEADER = "/usr/include/asm-generic/unistd.h", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"
LINE = re.compile(r"\s*(-?\d+)\s+(\d+)\.(\d+):\s+(\S+?):?\s+(.*)")


def names():
    """Numbers of system calls to their names, of this machine's headers."""
    found = {}
    for path in HEADER:
        try:
            with open(path, encoding="utf-8") as lines:
                found.update((int(m[2]), m[1]) for m in re.finditer(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\n", lines.read()))
        except OSError:
            pass
    return found


class Task:
    def __init__(self):
        self.call = self.since = self.off = None
        self.away = 0.0


def read(path, runs):
    """Name -> [calls, microseconds on the processor, microseconds asleep], each of one run."""
    known, sums, faults, tasks = names(), collections.defaultdict(lambda: [0, 0.0, 0.0]), 0, {}
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("END"):
                tasks = {}
                continue
            m = LINE.match(line)
            if not m:
                continue
            pid, at, event, rest = int(m[1]), int(m[2]) * 1e6 + float("0." + m[3]) * 1e6, m[4], m[5]
            task = tasks.setdefault(pid, Task())
            if task.off is not None:  # it is back
                task.away += at - task.off
                task.off = None
            if event == "sched:sched_switch":
                task.off = at
            elif event == "raw_syscalls:sys_enter":
                task.call, task.since, task.away = int(re.search(r"NR (\d+)", rest)[1]), at, 0.0
            elif event == "raw_syscalls:sys_exit" and task.since is not None:
                row = sums[known.get(task.call, str(task.call))]
                row[0] += 1
                row[1] += at - task.since - task.away
                row[2] += task.away
                task.since = None
            elif event.startswith("page-faults"):
                faults += 1
    return {name: [value / runs for value in row] for name, row in sums.items()}, faults / runs


def main():
    runs = int(sys.argv[1])
    (hart, hart_faults), (floor, floor_faults) = read(sys.argv[2], runs), read(sys.argv[3], runs)
    total = sum(row[1] for row in hart.values())
    nothing = [0, 0.0, 0.0]
    order = sorted({*hart, *floor}, key=lambda name: -max(hart.get(name, nothing)[1], floor.get(name, nothing)[1]))

    def line(name, row, other):
        print(f"| {name} | {row[0]:.0f} | {row[1]:.0f} | {100 * row[1] / total:.1f} | {row[2]:.0f} | {other[0]:.0f} | {other[1]:.0f} |")

    def add(rows):
        return [sum(column) for column in zip(nothing, *rows)]

    print("| call | hart | µs | % | asleep, µs | floor | µs |\n| --- | --: | --: | --: | --: | --: | --: |")
    for name in order[:ROWS]:
        line(f"`{name}`", hart.get(name, nothing), floor.get(name, nothing))
    line("others", add(hart.get(n, nothing) for n in order[ROWS:]), add(floor.get(n, nothing) for n in order[ROWS:]))
    line("**all**", add(hart.values()), add(floor.values()))
    print(f"| page faults | {hart_faults:.0f} | | | | {floor_faults:.0f} | |")


main()
