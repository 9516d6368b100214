#!/usr/bin/env python3
"""Does the gate catch wrong merges, and does the report tell who made them?

    check_gate.py BUILD SCRATCH

A small text, tok, and trainers that are right, wrong, broken and endless.  Needs no network.
"""
import argparse
import json
import os
import pathlib
import shutil
import sys
import time

import contenders
import jobs
import learned
import report
import run

TEXT = b"low lower lowest, newer newest wide wider widest\n\n\n" * 40


def expect(what, got, wanted):
    if got != wanted:
        raise SystemExit(f"check_gate: {what}: {got!r}, not {wanted!r}")


class Fake:
    """A trainer that writes tok's own merges, spoilt or not."""

    def __init__(self, name, gate="hf", spoil=lambda rows: rows, fail=None, more=()):
        self.name, self.version, self.spoil, self.fail = name, "1", spoil, fail
        self.calls = {"documents": gate, **{call: gate for call in more}}  # those in `more` are quicker and wrong

    def run(self, setup, job, text, call, out):
        if self.fail:
            raise self.fail
        spoil = self.spoil if call == "documents" else swapped
        rows = spoil(learned.read(setup.reference(job, text, self.calls[call])))
        out.write_text("".join(" ".join(part.hex() for part in row) + "\n" for row in rows))
        return {"call": call, "cpu": 0.5 if call == "documents" else 0.1, "wall": 0.5, "process": 0.5, "peak_kb": 50000}


def swapped(rows):
    return [*rows[:3], rows[4], rows[3], *rows[5:]]


def joined(rows):
    return [(b"".join(row),) for row in rows]


def check_learned():
    rows = [(b"a", b"b"), (b"c", b"d"), (b"ab", b"cd"), (b"abc", b"d")]  # the last is made a second way
    expect("the same merges", learned.compare(rows, rows)["same"], True)
    expect("the same tokens", learned.compare(joined(rows)[:3], rows), {"same": True, "count": 3, "what": "tokens"})
    expect("one too few", learned.compare(rows[:3], rows)["why"], "merges differ from number 3 of 4")
    expect("another pair of the same text", learned.compare([*rows[:2], (b"abc", b"d"), rows[3]], rows)["same"], False)


def make_setup(build, scratch):
    corpora = scratch / "corpora"
    corpora.mkdir(parents=True)
    (corpora / "small.txt").write_bytes(TEXT)
    options = argparse.Namespace(cache=scratch, corpora=corpora, bytes=0, held_out=100, runs=2, patience=60)
    return run.Setup(options, build.resolve() / "tok")


def check_job(build, scratch):
    setup = make_setup(build, scratch)
    ways = [jobs.Tok("tok", []), jobs.Tok("tok, from counts", [], counts=True), jobs.Tok("tok, lines", ["--lines"])]
    job = jobs.Job("Small", "small", 290, ways)
    late = contenders.measure.Late(5, 4.5, 70000)
    runners = [*(contenders.Program(setup.tok, "1", way) for way in ways),
               Fake("right", more=["files"]), Fake("tokens", spoil=joined), Fake("lines", gate="lines"), Fake("raw", gate="raw"),
               Fake("swapped", spoil=swapped), Fake("broken", fail=contenders.measure.Broken("no such file")),
               Fake("endless", fail=late)]
    result = run.run_job(setup, "english", job, runners)
    got = result["contenders"]
    for name in ("tok", "tok, from counts", "right", "tokens", "lines", "raw"):
        expect(f"{name} is right", (report.wrong(got[name]), len(got[name]["samples"])), (None, 2))
    expect("other words than the gate's", "differ" in got["tok, lines"].get("wrong", {}).get("process", ""), True)
    expect("the right call is timed", (got["right"]["samples"][0]["call"], list(got["right"]["wrong"])), ("documents", ["files"]))
    expect("swapped merges", got["swapped"]["wrong"]["documents"].startswith("merges differ from number 3 of"), True)
    expect("a broken one", (got["broken"]["broken"]["documents"], got["broken"]["samples"]), ("no such file", []))
    return result


def check_report(result):
    entries = result["contenders"]
    entries["tokenizers"], entries["rustbpe"], entries["bpeasy"] = entries["right"], entries["swapped"], entries["endless"]
    for sample in entries["tok"]["samples"]:
        sample["cpu"], sample["peak_kb"] = 0.02, 20000
    whole = {"date": "-", "machine": contenders.measure.machine(), "runs": 2, "absent": {"gone": "not there"},
             "left_out": {"superbpe": "later"}, "jobs": [result]}
    page = report.render(json.loads(json.dumps(whole)))
    for wanted in ("| english | tok | tokenizers | cpu | ≥ 20× | 25.0× | met |", "| english | tok | tokenizers | memory | ≥ 5× | 2.50× | **missed** |",
                   "| english | tok | rustbpe | cpu | ≥ 10× | - | they did not learn the same |",
                   "| english | tok | bpeasy | cpu | ≥ 10× | > 225× | met |",
                   "not finished in 5 s (4.50 s of processor time, 70.0 MB)", "| **merges differ from number 3", "merges; files: merges differ from number 3",
                   "- gone: not there", "- superbpe: later", "no such file"):
        expect(wanted, wanted in page, True)


def check_late(scratch):
    began = time.monotonic()
    try:
        contenders.measure.spawn([sys.executable, "-c", "while True: pass"], scratch, {max(os.sched_getaffinity(0))}, limit=0.5)
    except contenders.measure.Late as late:
        expect("what an endless one used", 0 < late.cpu <= time.monotonic() - began and late.peak > 0, True)
        return
    expect("an endless one", "finished", "stopped")


def main():
    build, scratch = map(pathlib.Path, sys.argv[1:])
    shutil.rmtree(scratch, ignore_errors=True)
    check_learned()
    result = check_job(build, scratch)
    check_report(result)
    check_late(scratch)
    spoilt = {"tok": {"samples": [{"learned": {"what": run.UNSEEN, "count": 102}}]},
              "other": {"samples": [{"learned": {"what": run.UNSEEN, "count": 100}}]}}
    run.judge_pieces(spoilt)
    expect("worse pieces", spoilt["tok"]["wrong"]["process"], "102 tokens of unseen text, 100 are possible")
    names = {c.name for j in jobs.JOBS.values() for c in j.contenders if isinstance(c, jobs.Peer)}
    expect("pinned trainers", all(contenders.Trainer(jobs.Peer(n, {})).version() for n in names), True)
    print("check_gate: right, wrong, broken and endless trainers are told apart")


if __name__ == "__main__":
    sys.exit(main())
