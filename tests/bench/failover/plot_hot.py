#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the table of `hot` on stdin as SVG on stdout: how long clients got no answer when the server was killed (the median, and a
line up to the longest), against the time that the server needs to start, for each who keeps it. The scale is logarithmic.

    plot_hot.py <TABLE >hot.svg
"""
import math
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 430, 70, 270, 44, 52
COLOURS = {"hart, hot": "#1b7f5c", "hart, frozen": "#58b368", "hart, warm": "#2b6cb0", "hart, no standby": "#7a9cc6",
           "dockerd, restart: always": "#b5482f", "systemd, Restart=always": "#d1842c", "systemd, socket activation": "#8d5a97"}


def read(lines):
    """{name: [(start in s, median, longest in ms, refused)]}"""
    rows = {}
    for line in lines:
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if len(cells) == 9 and cells[1] in COLOURS:
            rows.setdefault(cells[1], []).append((float(cells[0]), float(cells[6]), float(cells[7]), int(cells[4])))
    return rows


def spread(places, least):
    """Moves labels apart, in their order."""
    out = {}
    last = -math.inf
    for name, y in sorted(places.items(), key=lambda p: p[1]):
        out[name] = last = max(y, last + least)
    return out


def main():
    rows = read(sys.stdin)
    starts = sorted({r[0] for rs in rows.values() for r in rs})
    top = 10 ** math.ceil(math.log10(max(r[2] for rs in rows.values() for r in rs)))
    x = lambda start: LEFT + 20 + (WIDTH - LEFT - RIGHT - 40) * starts.index(start) / max(len(starts) - 1, 1)
    y = lambda ms: TOP + (HEIGHT - TOP - BOTTOM) * (1 - math.log10(max(ms, 1)) / math.log10(top))
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">')
    print("<style>.name{font-weight:bold}.left{text-anchor:end}.tick{text-anchor:middle}.axis{fill:none;stroke:#444}"
          ".grid{stroke:#ddd}</style>")
    print(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>')
    print(f'<text x="{LEFT}" y="20" class="name">How long clients got no answer when the server was killed: median, and longest</text>')
    for power in range(int(math.log10(top)) + 1):
        ms = 10 ** power
        print(f'<path d="M{LEFT} {y(ms):.1f}H{WIDTH - RIGHT}" class="grid"/>')
        print(f'<text x="{LEFT - 6}" y="{y(ms) + 4:.1f}" class="left">{f"{ms} ms" if ms < 1000 else f"{ms // 1000} s"}</text>')
    print(f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" class="axis"/>')
    for start in starts:
        print(f'<text x="{x(start):.1f}" y="{HEIGHT - BOTTOM + 18}" class="tick">{start:g} s</text>')
    print(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" class="tick">what the server needs to start, beside Node\'s own 40 ms</text>')
    labels = spread({name: y(rs[-1][1]) + 4 for name, rs in rows.items()}, 15)
    for i, (name, rs) in enumerate(rows.items()):
        colour, aside = COLOURS[name], 3 * (i - len(rows) // 2)
        print(f'<polyline points="{" ".join(f"{x(r[0]) + aside:.1f},{y(r[1]):.1f}" for r in rs)}" fill="none" '
              f'stroke="{colour}" stroke-width="2"/>')
        for r in rs:
            print(f'<path d="M{x(r[0]) + aside:.1f} {y(r[1]):.1f}V{y(r[2]):.1f}" stroke="{colour}"/>'
                  f'<circle cx="{x(r[0]) + aside:.1f}" cy="{y(r[1]):.1f}" r="3" fill="{colour}"/>')
        print(f'<text x="{WIDTH - RIGHT + 8}" y="{labels[name]:.1f}" fill="{colour}">{name}: '
              f'{sum(r[3] for r in rs)} refused</text>')
    print("</svg>")


main()
