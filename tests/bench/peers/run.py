#!/usr/bin/env python3
"""Runs tok and every peer on the same bytes with the same vocabularies, in turn.

    run.py --tok build --corpora FOLDER --cache FOLDER [--data FOLDER] [--only english,cl100k]

--tok: a build folder (tok and libtok in it); --corpora: texts (corpora.py); --cache: where
peers are installed; --data: what tests/oracles/fetch.py made.  Ids are compared with those
of the reference program before anything is timed, and again after every timed run.  All
samples go to CACHE/results.json; render.py makes RESULTS.md of it.  --only names phases
(encode, start, hostile, decode, threads, import, pipe), texts, vocabularies and peers.
"""
import argparse
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import corpora
import measure
import peers
import render
import vocabs

HERE = pathlib.Path(__file__).resolve().parent
PHASES = ["encode", "start", "hostile", "decode", "threads", "import", "pipe"]


def say(*words):
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


class Setup:
    def __init__(self, options):
        self.options = options
        self.cache, self.data = options.cache.resolve(), options.data.resolve()
        self.cpu = max(os.sched_getaffinity(0))

    def cpus(self, threads):
        return {self.cpu} if threads == 1 else set(sorted(os.sched_getaffinity(0))[-threads:])


class Wanted:
    """--only: within each kind of name, those given; all where none of the kind is given."""

    def __init__(self, words):
        self.words = {w.strip() for w in words.split(",") if w.strip()}

    def __call__(self, names, otherwise=None, more=lambda name: ()):
        names = list(names)
        named = [n for n in names if self.words & {n, *more(n)}]
        return named or (names if otherwise is None else otherwise)

    def unknown(self, source):
        every = list(peers.peers())
        return self.words - {*PHASES, *vocabs.VOCABS, *corpora.NAMES, *corpora.HOSTILE, *(p.stem for p in source.glob("*.txt")),
                             *(p.name for p in every), *(p.short for p in every)}


def build_tok(build, cache):
    """The C driver against this build's library, and the program."""
    build = build.resolve()
    source = next(line.partition("=")[2] for line in (build / "CMakeCache.txt").read_text().splitlines()
                  if line.startswith("CMAKE_HOME_DIRECTORY"))
    driver = cache / "tok_driver"
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-std=c17", "-D_GNU_SOURCE", "-I", source, HERE / "tok_driver.c", "-o", driver,
                    "-L", build, "-ltok", f"-Wl,-rpath,{build}"], check=True)
    tok = next(p for p in (build / "tok", build / "cmd/tok") if p.is_file())
    version = subprocess.run([tok, "--version"], capture_output=True, text=True).stdout.splitlines()[0].split()[-1]
    commit = subprocess.run(["git", "-C", source, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    version = f"{version} ({commit})" if commit else version
    return [measure.Driver("tok", version, [driver]), measure.Program(tok, version)]


def install(wanted, cache):
    runners, absent = [], dict(peers.ABSENT)
    every = list(peers.peers())
    for name in wanted([p.name for p in every], more=lambda n: [n.split()[0]]):
        peer = next(p for p in every if p.name == name)
        try:
            say("install", peer.name, peer.version())
            runners.append(measure.Driver(peer.name, peer.version(), peer.install(cache)))
        except (peers.Failed, subprocess.TimeoutExpired, OSError) as error:
            absent[f"{peer.name} {peer.version()}"] = str(error)
    return runners, absent


def gate(setup, runner, vocab, text, entry, passes, decode=0, limit=None):
    """Try each call once: which give the right ids.  The runs are kept as samples of the slow."""
    tried = []
    for call in runner.calls:
        try:
            sample, ids = runner.run(setup, vocab, text, call, passes, decode, limit=limit or setup.options.limit)
            right = vocabs.reference(vocab, text, call, setup.data, setup.cache)
            wrong = measure.difference(ids, right)
        except measure.Broken as error:
            entry.setdefault("broken", {})[call] = str(error)
            continue
        if wrong:
            entry.setdefault("wrong", {})[call] = wrong
        if decode and not sample["same"]:
            entry.setdefault("wrong", {})[call] = "decoded text is not the text"
        tried.append(sample)
    entry["exact"] = [s["call"] for s in tried if s["call"] not in entry.get("wrong", {})]
    kept = [s for s in tried if s["call"] in entry["exact"]] or tried
    return kept


def best_calls(samples):
    """The call that was quickest on the first pass, and the one that was on the last."""
    key = [lambda s: (s["passes"] or [s["first"]])[0][0], lambda s: (s["passes"] or [s["first"]])[-1][0]]
    return list(dict.fromkeys(min(samples, key=k)["call"] for k in key))


def cell(setup, runners, phase, vocab, text, passes=2, decode=0, limit=None):
    """Gate everybody, then run everybody in turn, until each has its samples or has used its time."""
    say(phase, vocab.name, text.name)
    result = {"phase": phase, "vocab": vocab.name, "text": text.name, "bytes": text.bytes, "peers": {}}
    plan = []
    for runner in runners:
        entry = result["peers"][runner.name] = {"version": runner.version, "samples": []}
        began = time.monotonic()
        kept = gate(setup, runner, vocab, text, entry, passes, decode, limit)
        if not kept:
            continue
        calls = best_calls(kept)
        entry["gate"] = [s for s in kept if s["call"] in calls]
        plan.append({"runner": runner, "entry": entry, "calls": calls, "used": time.monotonic() - began})
    for _ in range(setup.options.runs):
        for row in plan:
            if row["used"] > setup.options.patience:
                continue
            began = time.monotonic()
            for call in row["calls"]:
                try:
                    sample, ids = row["runner"].run(setup, vocab, text, call, passes, decode, limit=limit or setup.options.limit)
                except measure.Broken as error:
                    row["entry"].setdefault("broken", {})[call] = str(error)
                    continue
                if call in row["entry"]["exact"]:
                    wrong = measure.difference(ids, vocabs.reference(vocab, text, call, setup.data, setup.cache))
                    if wrong:
                        row["entry"]["exact"].remove(call)
                        row["entry"].setdefault("wrong", {})[call] = wrong
                row["entry"]["samples"].append(sample)
            row["used"] += time.monotonic() - began
    for row in plan:  # whoever was too slow for a second run keeps the run of the gate
        row["entry"]["samples"] = row["entry"]["samples"] or row["entry"]["gate"]
        del row["entry"]["gate"]
    return result


def threads_cell(setup, runners, vocab, text):
    """One thread against two: wall time of the first pass, on as many processors."""
    result = {"phase": "threads", "vocab": vocab.name, "text": text.name, "bytes": text.bytes, "peers": {}}
    for runner in runners:
        entry = result["peers"][runner.name] = {"version": runner.version, "samples": []}
        for _ in range(setup.options.runs):
            for threads in (1, 2):
                for call in runner.calls:
                    try:
                        sample, ids = runner.run(setup, vocab, text, call, 2, 0, threads, setup.options.limit)
                    except measure.Broken as error:
                        entry.setdefault("broken", {})[call] = str(error)
                        continue
                    wrong = measure.difference(ids, vocabs.reference(vocab, text, call, setup.data, setup.cache))
                    if wrong:
                        entry.setdefault("wrong", {})[call] = wrong
                    entry["samples"].append({**sample, "threads": threads})
    return result


def import_cell(setup, runners, vocab, text):
    """The first use of a large file: tok with an empty cache, the peers' own load."""
    result = {"phase": "import", "vocab": vocab.name, "text": text.name, "bytes": text.bytes, "peers": {}}
    for runner in runners:
        entry = result["peers"][runner.name] = {"version": runner.version, "samples": []}
        for _ in range(setup.options.runs):
            shutil.rmtree(setup.cache / "home/.cache", ignore_errors=True)
            try:
                entry["samples"].append(runner.run(setup, vocab, text, "whole", 1, limit=setup.options.limit)[0])
            except measure.Broken as error:
                entry.setdefault("broken", {})["whole"] = str(error)
                break
    return result


def pipe_cell(setup, program, vocab, text):
    """Peak memory while `size` bytes come through a pipe, with one thread and with two."""
    result = {"phase": "pipe", "vocab": vocab.name, "text": text.name, "bytes": setup.options.pipe,
              "peers": {program.name: {"version": program.version, "samples": []}}}
    for threads in (1, 2) if len(os.sched_getaffinity(0)) > 1 else (1,):
        result["peers"][program.name]["samples"].append(pipe_sample(setup, program, vocab, text, threads))
    return result


def pipe_sample(setup, program, vocab, text, threads):
    size = setup.options.pipe
    feed = subprocess.Popen([sys.executable, "-c", "import sys, shutil\nd = open(sys.argv[1], 'rb').read()\nn = int(sys.argv[2])\n"
                             "while n > 0:\n    sys.stdout.buffer.write(d[:n]); n -= len(d)\n", text.path, str(size)],
                            stdout=subprocess.PIPE)
    command = [*program.command(setup, vocab, threads), "-o", "/dev/null"]
    _, cpu, wall, peak = measure.spawn(command, setup.cache, setup.cpus(threads), threads, limit=1800, stdin=feed.stdout)
    feed.wait()
    return {"call": "whole", "threads": threads, "first": [cpu, wall], "peak_kb": peak, "passes": []}


def cells(setup, wanted, runners, texts):
    """All cells, in the order of the table "The bar"."""
    v, program = vocabs.VOCABS, next(r for r in runners if isinstance(r, measure.Program))
    known = lambda names: [n for n in names if n in texts] or list(texts)[:1]  # noqa: E731
    phases = wanted(PHASES)
    names = wanted(v)
    small = corpora.small(setup.cache / "texts")
    if "encode" in phases:
        for group, where in ((vocabs.RANKS, list(texts)), (vocabs.JSON + vocabs.OLDER, known(["english", "mixed"]))):
            for name in group:
                for text in wanted(texts, where) if name in names else ():
                    yield cell(setup, runners, "encode", v[name], texts[text])
    if "start" in phases:
        for name in ("cl100k", "o200k", "llama3", "gemma3"):
            if name in names:
                yield cell(setup, runners, "start", v[name], small, passes=1)
    if "hostile" in phases:
        inputs = corpora.hostile(setup.cache / "texts")
        for name in vocabs.RANKS:
            for text in wanted(inputs) if name in names else ():
                yield cell(setup, runners, "hostile", v[name], inputs[text], passes=1, limit=setup.options.hostile_limit)
    if "decode" in phases:
        whole = [r for r in runners if not isinstance(r, measure.Program)]
        for name in vocabs.RANKS:
            for text in wanted(texts, known(["english", "cjk"])) if name in names else ():
                yield cell(setup, [Whole(r) for r in whole], "decode", v[name], texts[text], passes=1, decode=2)
    if "threads" in phases and len(os.sched_getaffinity(0)) > 1:
        able = ("gigatoken", "toktok-rs", "tokenizers-1", "tokie", "fastokens", "tiktoken")
        yield threads_cell(setup, [program, *(r for r in runners if r.name.split()[0] in able and not r.name.endswith("(npm)"))], v["cl100k"], texts[known(["english"])[0]])
    if "import" in phases and "gemma3" in names:
        readers = [r for r in runners if r.name.split()[0] in ("tok", "tokenizers-0", "tokenizers-1")]
        yield import_cell(setup, readers, v["gemma3"], small)
    if "pipe" in phases and "cl100k" in names:
        yield pipe_cell(setup, program, v["cl100k"], texts[known(["mixed"])[0]])


class Whole:
    """A runner held to its call for one whole text."""

    calls = ("whole",)

    def __init__(self, runner):
        self.runner, self.name, self.version = runner, runner.name, runner.version

    def run(self, *args, **more):
        return self.runner.run(*args, **more)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tok", type=pathlib.Path, required=True)
    parser.add_argument("--corpora", type=pathlib.Path, required=True)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, help="default: TOK/test-data")
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--bytes", type=int, default=32_000_000, help="of each corpus")
    parser.add_argument("--pipe", type=int, default=2_000_000_000, help="bytes through the pipe")
    parser.add_argument("--patience", type=float, default=120, help="seconds that one peer may use in one cell")
    parser.add_argument("--limit", type=float, default=300, help="seconds that one run may take")
    parser.add_argument("--hostile-limit", type=float, default=60, help="the same, of hostile texts")
    parser.add_argument("--out", type=pathlib.Path, help="default: CACHE/results.json")
    parser.add_argument("--results", type=pathlib.Path, help="write RESULTS.md here too")
    options = parser.parse_args()
    options.data = options.data or options.tok / "test-data"
    options.cache.mkdir(parents=True, exist_ok=True)
    lock = open(options.cache / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        parser.error(f"another run is using '{options.cache}'")
    options.out = options.out or options.cache / "results.json"

    setup, wanted = Setup(options), Wanted(options.only)
    unknown = wanted.unknown(options.corpora)
    if unknown:
        parser.error(f"--only: nothing is called {', '.join(sorted(unknown))}")
    tok = build_tok(options.tok, setup.cache)
    runners, absent = install(wanted, setup.cache)
    texts = corpora.corpora(options.corpora, setup.cache / "texts", options.bytes)
    report = {"schema": 1, "date": time.strftime("%Y-%m-%d"), "machine": measure.machine(), "runs": options.runs,
              "only": options.only, "absent": absent, "cells": []}
    for result in cells(setup, wanted, [*tok, *runners], texts):
        report["cells"].append(result)
        part = options.out.with_name(options.out.name + ".part")
        part.write_text(json.dumps(report, indent=1))
        part.replace(options.out)
    if options.results:
        options.results.write_text(render.render(report))
    say("wrote", options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
