#!/usr/bin/env python3
"""render.py - RESULTS.md from the samples that run.py kept.

    render.py results.json... > RESULTS.md

Several files are one report: a cell that occurs twice is taken from the later file.
"""
import json
import pathlib
import statistics
import sys

import bar


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows]) + "\n"


def rate(times, size):
    """Median MB/s and the spread between slowest and quickest run."""
    if not times:
        return "-"
    speeds = sorted(size / t / 1e6 for t in times if t > 0)
    if not speeds:
        return "-"
    digits = 0 if speeds[0] >= 100 else 1
    middle = statistics.median(speeds)
    spread = f" ({speeds[0]:.{digits}f}–{speeds[-1]:.{digits}f})" if len(speeds) > 1 else " (one run)"
    return f"{middle:.{digits}f}{spread}"


def milliseconds(times):
    if not times:
        return "-"
    middle = statistics.median(times) * 1000
    return f"{middle:.{1 if middle < 100 else 0}f}"


def ratio(cell, name, measure):
    best, ours = bar.best_peer(cell, measure), bar.values(cell, name, measure)
    return f"{best[1] / statistics.median(ours):.2f}" if best and ours else "-"


def state(entry):
    if not entry.get("samples"):
        return "; ".join(dict.fromkeys(entry.get("broken", {}).values())) or "no sample"
    if entry.get("exact", ["whole"]):
        return "exact"
    return "**inexact**: " + "; ".join(f"{call}, {why}" for call, why in list(entry.get("wrong", {}).items())[:1])


def ordered(cell, measure):
    """tok first, then the exact by speed, then the inexact."""
    def key(name):
        got = bar.values(cell, name, measure)
        return (not name.startswith("tok (") and name != "tok", not bar.exact(cell["peers"][name]), statistics.median(got) if got else 9e9)
    return sorted((n for n, e in cell["peers"].items() if e.get("samples")), key=key)


def encode_table(cell):
    rows = []
    for name in ordered(cell, "cold with load"):
        entry = cell["peers"][name]
        got = {m: bar.values(cell, name, m) for m in ("cold", "cold with load", "warm", "cold wall")}
        peak = statistics.median(s["peak_kb"] for s in entry["samples"]) / 1024
        load = [s["load"][0] for s in entry["samples"] if "load" in s]
        rows.append([name, rate(got["cold"], cell["bytes"]), rate(got["cold with load"], cell["bytes"]), rate(got["warm"], cell["bytes"]),
                     rate(got["cold wall"], cell["bytes"]), milliseconds(load), f"{peak:.0f}", len(got["cold with load"]), state(entry)])
    return table(["", "cold, MB/s", "cold with load", "warm", "cold, wall", "load, ms", "peak, MB", "runs", "ids"], rows)


def single_table(cell, measure, head, shown):
    rows = []
    for name in ordered(cell, measure):
        got = bar.values(cell, name, measure)
        if got:
            rows.append([name, shown(got), state(cell["peers"][name])])
    return table(["", head, "ids"], rows)


def start_table(cell):
    rows = []
    for name in ordered(cell, "start"):
        entry = cell["peers"][name]
        peak = statistics.median(s["peak_kb"] for s in entry["samples"]) / 1024
        rows.append([name, milliseconds(bar.values(cell, name, "start")), milliseconds(bar.values(cell, name, "start wall")), f"{peak:.0f}",
                     state(entry)])
    return table(["", "processor, ms", "wall, ms", "peak, MB", "ids"], rows)


def decode_table(cell):
    rows = [[name, rate(bar.values(cell, name, "decode"), cell["bytes"]), rate(bar.values(cell, name, "decode warm"), cell["bytes"]),
             state(cell["peers"][name])] for name in ordered(cell, "decode") if bar.values(cell, name, "decode")]
    return table(["", "first, MB/s of text", "second", "text"], rows)


def threads_table(cell):
    rows = []
    for name, entry in cell["peers"].items():
        times = bar.thread_times(entry)
        if times.get(1) and times.get(2):
            rates = [f"{cell['bytes'] / times[n] / 1e6:.0f}" for n in (1, 2)]
            rows.append([name, *rates, f"{times[1] / times[2]:.2f}×"])
    return table(["", "one thread, MB/s (wall)", "two", "gain"], rows)


TABLES = {
    "encode": ("Encoding", encode_table),
    "start": ("Start to first id (1 KB of text)", start_table),
    "hostile": ("Hostile texts", lambda cell: single_table(cell, "cold", "cold, MB/s", lambda v: rate(v, cell["bytes"]))),
    "decode": ("Decoding", decode_table),
    "threads": ("Threads", threads_table),
    "import": ("First import", start_table),
}


def without(cells):
    """Who has no numbers somewhere, and why: one line for each reason."""
    lines = {}
    for cell in cells:
        for name, entry in cell["peers"].items():
            if not entry.get("samples"):
                lines.setdefault((name, state(entry)), []).append(cell["vocab"])
    for (name, why), where in sorted(lines.items()):
        yield f"- {name}: {', '.join(dict.fromkeys(where))}: {why}\n"


def merged(reports):
    """One report of several, with what each of them still has part in."""
    cells, absent = {}, {}
    for report in reports:
        absent.update(report["absent"])
        for cell in report["cells"]:
            cells[cell["phase"], cell["vocab"], cell["text"]] = (cell, report)
    parts = []
    for report in reports:
        mine = [key for key, (_, owner) in cells.items() if owner is report]
        if mine:
            parts.append((report, mine))
    return {**reports[-1], "absent": absent, "cells": [cell for cell, _ in cells.values()], "parts": parts}


def origins(parts):
    """Which run each cell is from: its tok, its load, and whom it measured."""
    rows = []
    for report, keys in parts:
        versions = {e["version"] for c in report["cells"] for name, e in c["peers"].items() if name.split()[0] == "tok"}
        rows.append([", ".join(" ".join(key) for key in keys), ", ".join(sorted(versions)), f"{report['machine']['load_at_start']:.1f}",
                     report["runs"], f"`{report['only']}`" if report["only"] else "everything"])
    return table(["cells", "tok", "load", "runs", "--only"], rows)


def render(report):
    cells, machine = report["cells"], report["machine"]
    out = ["# tok beside every peer\n"]
    out.append(f"Made by `tests/bench/peers/run.py` on {report['date']}; nothing here is typed by hand. "
               f"{machine['cpu']} (family/model {machine['family']}, {', '.join(machine['flags'])}), {machine['cpus']} processors, "
               f"{machine['memory_gb']} GB, Linux {machine['kernel']}, huge pages {machine['huge_pages']}; load average "
               f"{machine['load_at_start']:.1f} at the start of the last run: where it is not near 0 the machine had other work, and wall times "
               "say little.\n")
    out.append("Every number is one thread on one processor unless it says otherwise, processor seconds (user and system) unless it says "
               f"wall, the median of up to {report['runs']} fresh processes run in turn, with the slowest and the quickest in brackets. "
               "*Cold*: the first pass over the text in a fresh process, without the load. *Cold with load*: process start to last id. "
               "*Warm*: the second pass over the same text. Ids are compared with the reference program's before anything is timed and "
               "after every run; a peer whose ids are wrong is shown, and is nobody's bar. Of one call for the whole text and one for its "
               "documents each peer is given its better one. `tok` is libtok called from C; `tok (process)` the command.\n")
    if len(report.get("parts", ())) > 1:
        out.append("**Put together of several runs**: the best peer of a row is the best of those that its run measured.\n")
        out.append(origins(report["parts"]))
    elif report.get("only"):
        out.append(f"**Part of a run** (`--only {report['only']}`): the best peer of a row is the best of those measured here.\n")
    out.append("## The bar\n")
    out.append(table(["where", "against", "wanted", "got", ""], bar.rows(cells)))
    for phase, (title, make) in TABLES.items():
        some = [c for c in cells if c["phase"] == phase]
        if some:
            out.append(f"## {title}\n")
        for cell in some:
            size = f", {cell['text']}, {cell['bytes'] / 1e6:.1f} MB" if cell["bytes"] > 5000 else ""
            out.append(f"### {cell['vocab']}{size}\n")
            out.append(make(cell))
    out.append("## Versions\n")
    versions = {name: entry["version"] for cell in cells for name, entry in cell["peers"].items()}
    out.append(table(["peer", "version"], sorted(versions.items())))
    out.append("## Without numbers\n")
    out.append("".join(f"- {name}: {why}\n" for name, why in sorted(report["absent"].items())) + "".join(without(cells)))
    return "\n".join(out)


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    reports = [json.loads(pathlib.Path(name).read_text()) for name in sys.argv[1:]]
    sys.stdout.write(render(merged(reports)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
