#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws slot files of tests/service/load (ms, then a count for each outcome, a line a slot) as SVG on stdout:
what was answered over time, one panel for each file, hart's first, all on the same scale.

    plot.py HART.SLOTS DOCKER.SLOTS >outage.svg
"""
import sys

WIDTH, PANEL, LEFT, TOP, GAP = 860, 130, 64, 34, 56
NAMES = ("hart: a warm standby, sockets kept open", "dockerd: restart: always")
COLOURS = ("#1b7f5c", "#b5482f")
SHOWN_MS = 30000


def read(path):
    rows = [[int(x) for x in line.split()] for line in open(path)]
    return [r for r in rows if r[0] < SHOWN_MS][:-1]


def panel(rows, index, top, most):
    step = rows[1][0] - rows[0][0]
    span = rows[-1][0] + step
    x = lambda ms: LEFT + (WIDTH - LEFT - 20) * ms / span
    y = lambda n: top + PANEL - PANEL * n / most
    points = " ".join(f"{x(r[0]):.1f},{y(r[1]):.1f} {x(r[0] + step):.1f},{y(r[1]):.1f}" for r in rows)
    out = [f'<text x="{LEFT}" y="{top - 8}" class="name">{NAMES[index]}</text>',
           f'<polygon points="{LEFT},{top + PANEL} {points} {x(span):.1f},{top + PANEL}" fill="{COLOURS[index]}"/>',
           f'<path d="M{LEFT} {top}V{top + PANEL}H{x(span):.1f}" class="axis"/>',
           f'<text x="{LEFT - 6}" y="{top + 10}" class="left">{most * 1000 // step}/s</text>',
           f'<text x="{LEFT - 6}" y="{top + PANEL}" class="left">0</text>']
    for s in range(0, span // 1000 + 1, 5):
        out.append(f'<text x="{x(s * 1000):.1f}" y="{top + PANEL + 16}" class="tick">{s} s</text>')
    return "\n".join(out)


def main():
    files = sys.argv[1:3]
    panels = [read(f) for f in files]
    most = max(r[1] for rows in panels for r in rows) or 1
    height = TOP + len(files) * (PANEL + GAP)
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">')
    print("<style>.name{font-weight:bold}.left{text-anchor:end}.tick{text-anchor:middle}.axis{fill:none;stroke:#444}</style>")
    print(f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>')
    for i, rows in enumerate(panels):
        print(panel(rows, i, TOP + i * (PANEL + GAP), most))
    print("</svg>")


main()
