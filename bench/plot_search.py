#!/usr/bin/env python3
"""Draws what bench/search_growth.py found: learnwares left to evaluate, by market size, d * gamma and points.

plot_search.py RESULTS.json OUT.svg; uses nothing but the standard library.
"""

import json
import math
import pathlib
import sys

WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 260, 52, 30, 70
COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#b8860b", "#555555")


def series(found):
    """Panel name -> curve name -> [(x, median, p95)]."""
    panels = {"learnwares in the market": {}, "d · gamma": {}, "points of a reduced set": {}}
    for one in found["growth"]:
        left = one["result"]["left"]
        options = one["options"]
        value = (left["median"], left["p95"])
        if one["group"].startswith("size"):
            name = f"d = {options['dimension']}, 2,000 tasks"
            if "copies" in one["group"]:
                name = f"d = {options['dimension']}, 50 copies of a task"
            panels["learnwares in the market"].setdefault(name, []).append((options["n"], *value))
        elif one["group"] in ("d_gamma", "table"):
            panels["d · gamma"].setdefault(one.get("table", "synthetic"), []).append((one["d_gamma"], *value))
        elif one["group"] == "points":
            panels["points of a reduced set"].setdefault("synthetic", []).append((options["points"], *value))
    return panels


class Axis:
    """A logarithmic one."""

    def __init__(self, values, start, length):
        low, high = min(values), max(values)
        self.low, self.high = math.log10(low) - 0.05, math.log10(high) + 0.05
        self.start, self.length = start, length

    def at(self, value):
        return self.start + self.length * (math.log10(value) - self.low) / (self.high - self.low)

    def decades(self):
        return [10**e for e in range(math.ceil(self.low), math.floor(self.high) + 1)]


def text(x, y, words, anchor="middle", size=11, colour="#222"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{words}</text>'


def panel(name, curves, offset):
    points = [point for curve in curves.values() for point in curve]
    across = Axis([point[0] for point in points], offset, WIDTH)
    up = Axis([max(1, v) for point in points for v in point[1:]] + [10, 100], TOP + HEIGHT, -HEIGHT)
    out = [f'<rect x="{offset}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>']
    for value in up.decades():
        y = up.at(value)
        out.append(f'<line x1="{offset}" x2="{offset + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e4e4"/>')
        out.append(text(offset - 5, y + 4, f"{value:,}", "end"))
    for value in sorted({point[0] for point in points}):
        out.append(text(across.at(value), TOP + HEIGHT + 15, f"{value:,}"))
    out.append(text(offset + WIDTH / 2, TOP + HEIGHT + 34, name, size=12))
    for number, (label, curve) in enumerate(sorted(curves.items())):
        colour = COLOURS[number % len(COLOURS)]
        for column, dashes in ((1, ""), (2, ' stroke-dasharray="4 3"')):
            places = [(across.at(p[0]), up.at(max(1, p[column]))) for p in sorted(curve)]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"{dashes}/>')
            out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{colour}"/>' for x, y in places]
        out.append(text(offset + 4, TOP + HEIGHT + 54 + 15 * number, label, "start", colour=colour))
    return out


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    panels = series(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")))
    panels = {name: curves for name, curves in panels.items() if curves}
    width = LEFT + len(panels) * (WIDTH + GAP)
    rows = max(len(curves) for curves in panels.values())
    height = TOP + HEIGHT + 60 + 15 * rows
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif">',
           f'<rect width="{width}" height="{height}" fill="white"/>',
           text(LEFT, 18, "Learnwares left to evaluate exactly, of a query's top 10: median, dashed 95 %", "start", 13)]
    for number, (name, curves) in enumerate(panels.items()):
        out += panel(name, curves, LEFT + number * (WIDTH + GAP))
    pathlib.Path(sys.argv[2]).write_text("\n".join([*out, "</svg>", ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
