#!/usr/bin/env python3
"""Does the gate catch wrong ids, and does the renderer tell who they are?

    check_gate.py BUILD SCRATCH

A small vocabulary and text, tok as the reference, and peers that are right, wrong, broken
and endless.  Needs no network.
"""
import argparse
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import bar  # noqa: E402
import corpora  # noqa: E402
import measure  # noqa: E402
import peers  # noqa: E402
import render  # noqa: E402
import run  # noqa: E402
import vocabs  # noqa: E402

# A driver in a few lines: one id a byte, after WAIT seconds; PLUS spoils the id at byte 3.
FAKE = """
import json, pathlib, sys, time
wait, plus, status = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
o = dict(zip(sys.argv[4::2], sys.argv[5::2]))
if status:
    sys.exit("cannot read this vocabulary")
data = bytearray(pathlib.Path(o["--text"]).read_bytes())
ids = list(data)
ids[3] += plus
time.sleep(wait)
pathlib.Path(o["--ids"]).write_bytes(b"".join(i.to_bytes(4, "little") for i in ids))
print(json.dumps({"load": [0.1, 0.1], "passes": [[0.1 + wait, 0.1]] * int(o["--passes"]), "first": [0.3, 0.3],
                  "decode": [[0.1, 0.1]] * int(o["--decode"]), "same": True, "count": len(ids)}))
"""


def expect(what, got, wanted):
    if got != wanted:
        raise SystemExit(f"check_gate: {what}: {got!r}, not {wanted!r}")


def options(scratch):
    return argparse.Namespace(cache=scratch, data=scratch, runs=2, patience=60, limit=60)


def fakes(scratch):
    fake = scratch / "fake.py"
    fake.write_text(FAKE)
    rows = {"right": (0.02, 0, 0), "quick but wrong": (0, 1, 0), "broken": (0, 0, 1), "tok": (0.05, 0, 0)}
    return [measure.Driver(name, "1", [sys.executable, fake, *map(str, how)]) for name, how in rows.items()]


def check_gate(scratch):
    text = corpora.write(scratch, "english", b"one two\nthree four\n" * 20)
    vocab = vocabs.Vocab("bytes", "tiktoken", "none")
    vocabs.RANKS.append("bytes")
    for call in ("whole", "documents"):
        right = scratch / "reference" / f"bytes-{text.key}-{text.cuts.stat().st_size}.{call}"
        right.parent.mkdir(exist_ok=True)
        right.write_bytes(b"".join(i.to_bytes(4, "little") for i in text.path.read_bytes()))
    cell = run.cell(run.Setup(options(scratch)), fakes(scratch), "encode", vocab, text)
    wrong = cell["peers"]["quick but wrong"]
    expect("calls with right ids", cell["peers"]["right"]["exact"], ["whole", "documents"])
    expect("calls of a wrong peer", wrong["exact"], [])
    expect("where it is wrong", wrong["wrong"]["whole"].split(";")[0], "first difference at token 3: 33, 32 is right")
    expect("a peer that breaks", cell["peers"]["broken"]["broken"]["whole"], "cannot read this vocabulary")
    expect("samples of two runs", len(cell["peers"]["right"]["samples"]), 2)
    expect("best peer", bar.best_peer(cell, "cold")[0], "right")
    report = {"date": "-", "machine": measure.machine(), "runs": 2, "absent": {"gone": "not there"}, "cells": [cell]}
    page = render.render(report)
    for wanted in ("| quick but wrong |", "**inexact**: whole, first difference at token 3", "- broken: bytes: cannot read",
                   "- gone: not there", "| bytes, english, cold | right | 2× | 0.80× | **missed** (0.40 of the bar) |"):
        expect(wanted, wanted in page, True)


def check_limit(scratch):
    try:
        measure.spawn([sys.executable, "-c", "import time; time.sleep(30)"], scratch, {max(os.sched_getaffinity(0))}, limit=0.5)
        said = "finished"
    except measure.Broken as error:
        said = str(error)
    expect("a peer without end", said, "did not finish within 0.5 s")


def check_tok(build, scratch):
    """The C driver builds against this library, and both forms of tok give the same ids."""
    driver, program = run.build_tok(build, scratch)
    vocab = vocabs.Vocab("mini", "json", "tokenizer.json")
    path = vocab.path(scratch)
    path.parent.mkdir(parents=True, exist_ok=True)
    source = pathlib.Path(__file__).resolve().parents[3] / "fixtures/fuzz/hf/bytelevel.json"
    path.write_bytes(source.read_bytes())
    text, setup = corpora.write(scratch, "small", b"Hello, world\n" * 3000), run.Setup(options(scratch))
    files = []
    for runner, call in ((driver, "whole"), (driver, "documents"), (program, "whole")):
        sample, ids = runner.run(setup, vocab, text, call)
        expect("peak memory", sample["peak_kb"] > 0, True)
        files.append(ids.read_bytes())
    expect("ids", files[0] == files[1] == files[2] and len(files[0]) > 0, True)


def main():
    build, scratch = map(pathlib.Path, sys.argv[1:])
    scratch.mkdir(parents=True, exist_ok=True)
    check_gate(scratch)
    check_limit(scratch)
    check_tok(build, scratch)
    expect("pinned peers", all(p.version() for p in peers.peers()), True)
    print("check_gate: right, wrong, broken and endless are told apart")
    return 0


if __name__ == "__main__":
    sys.exit(main())
