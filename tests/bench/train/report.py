#!/usr/bin/env python3
"""report.py - RESULTS.md from what run.py kept.

    report.py results.json... > RESULTS.md

Several files are one report: a job that occurs twice is taken from the later file.
"""
import json
import statistics
import sys

import jobs


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows]) + "\n"


def values(entry, what):
    return [s["cpu"] if what == "cpu" else s["wall"] if what == "wall" else s["peak_kb"] / 1000 for s in entry["samples"]]


def at_least(entry, what):
    """(value, is it only a lower bound): the median, or what a run had used when it was stopped."""
    got = values(entry, what)
    if got:
        return statistics.median(got), False
    late = list(entry.get("late", {}).values())
    if late and what in ("cpu", "memory"):
        return (late[0]["cpu"] if what == "cpu" else late[0]["peak_kb"] / 1000), True
    return None, False


def number(value, digits=2):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 20 else f"{value:.{digits}f}"


def spread(entry, what):
    got = sorted(values(entry, what))
    if len(got) < 2:
        return f"{number(got[0])} (one run)"
    return f"{number(statistics.median(got))} ({number(got[0])}–{number(got[-1])})"


def wrong(entry):
    """What is wrong with what the call that was timed has learned, or None."""
    return entry["samples"] and entry.get("wrong", {}).get(entry["samples"][0]["call"])


def learned(entry):
    first = entry["samples"][0]
    what = first["learned"]
    said = f"{what['count']:,} {what['what']}" if "count" in what else "-"
    if wrong(entry):
        said = f"**{wrong(entry)}**"
    elif "unseen" not in what["what"] and "count" in what:
        said = "the same " + said
    others = [f"{call}: {why}" for call, why in entry.get("wrong", {}).items() if call != first["call"]]
    return "; ".join([said, *others])


def missing(entry):
    late = [f"not finished in {x['limit']:g} s ({number(x['cpu'])} s of processor time, {number(x['peak_kb'] / 1000)} MB)"
            for x in entry.get("late", {}).values()]
    return "; ".join([*late, *entry.get("broken", {}).values()])


def ratio(entry, ours, what):
    (theirs, bound), (mine, _) = at_least(entry, what), at_least(ours, what)
    if theirs is None or not mine:
        return "-"
    return ("> " if bound else "") + number(theirs / mine)


def of_job(job):
    ours, rows = job["contenders"]["tok"], []
    for name, entry in job["contenders"].items():
        if entry["samples"]:
            call = entry["samples"][0]["call"]
            rows.append([name, entry["version"], call, learned(entry), spread(entry, "cpu"), ratio(entry, ours, "cpu"),
                         spread(entry, "wall"), number(statistics.median(values(entry, "memory"))), ratio(entry, ours, "memory")])
        else:
            rows.append([name, entry["version"], "-", missing(entry), "-", ratio(entry, ours, "cpu"), "-", "-", ratio(entry, ours, "memory")])
    head = ["who", "version", "call", "learned", "CPU s", "× tok", "wall s", "peak MB", "× tok"]
    return f"## {job['title']}\n\n`{job['text']}`, {job['bytes'] / 1e6:,.1f} MB\n\n" + table(head, rows)


def verdict(ok):
    return "met" if ok else "**missed**"


def bar(found):
    rows = []
    for name, who, against, what, wanted in jobs.BAR:
        got = found.get(name, {}).get("contenders", {})
        asked = [name, who, against, what, f"≥ {wanted:g}×"]
        if who not in got or against not in got or not got[who]["samples"]:
            rows.append([*asked, "-", "not measured"])
            continue
        (theirs, bound), (mine, _) = at_least(got[against], what), at_least(got[who], what)
        if theirs is None:
            rows.append([*asked, "-", "not measured"])
            continue
        if wrong(got[who]) or wrong(got[against]):
            rows.append([*asked, "-", "they did not learn the same"])
            continue
        beaten = theirs / mine
        ok = verdict(beaten >= wanted) if beaten >= wanted or not bound else "open: the other did not finish"
        rows.append([*asked, ("> " if bound else "") + number(beaten) + "×", ok])
    for name, who, what, most, unit in jobs.LIMITS:
        entry = found.get(name, {}).get("contenders", {}).get(who)
        asked = [name, who, "-", what, f"≤ {most:,} {unit}"]
        if entry and entry["samples"]:
            got = statistics.median(values(entry, what))
            rows.append([*asked, f"{number(got)} {unit}", verdict(got <= most)])
        else:
            rows.append([*asked, "-", "not measured"])
    return table(["job", "who", "against", "value", "wanted", "got", ""], rows)


HOW = """Every run is a fresh process on one processor (two for "two threads"), in turn: one of each, then the second of
each. CPU is user and system time; of tok the whole process, of the others the call alone, without starting Python,
loading modules or writing files. Peak memory is the process's, with Python where there is one. What was learned is
compared before a time counts: all merges (or tokens, where a trainer tells no merges) with tok's under the same rule
for ties, and tok's with Hugging Face's by that.
"""


def render(result):
    m, found = result["machine"], {j["job"]: j for j in result["jobs"]}
    parts = ["# Training, measured\n", "Made by `run.py`; what is measured and how: [README.md](README.md).\n", HOW,
             f"{result['date']}; {m['cpu']} ({m['family']}), {m['cpus']} processors, {m['memory_gb']} GB, Linux {m['kernel']}; "
             f"load at the start {m['load_at_start']:.1f}; median and (least–greatest) of up to {result['runs']} runs.\n",
             "## The bar\n", bar(found), *map(of_job, result["jobs"])]
    absent = [*result["left_out"].items(), *result["absent"].items()]
    if absent:
        parts += ["## Not measured\n", "\n".join(f"- {name}: {why}" for name, why in absent) + "\n"]
    return "\n".join(parts)


def main():
    whole = None
    for path in sys.argv[1:]:
        with open(path) as file:
            result = json.load(file)
        if whole:
            names = {j["job"] for j in result["jobs"]}
            result["jobs"] = sorted([j for j in whole["jobs"] if j["job"] not in names] + result["jobs"],
                                    key=lambda j: list(jobs.JOBS).index(j["job"]))
            result["left_out"] = {k: v for k, v in {**whole["left_out"], **result["left_out"]}.items()
                                  if k not in {j["job"] for j in result["jobs"]}}
        whole = result
    print(render(whole), end="")


if __name__ == "__main__":
    main()
