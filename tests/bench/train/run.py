#!/usr/bin/env python3
"""Trains with tok and with every peer, in turn, on the same text, and looks at what they learned.

    run.py --tok build --corpora FOLDER --cache FOLDER [--only english,mixed] [--long] [--results RESULTS.md]

--tok: a build folder; --corpora: en-prose.txt and mixed.txt, or any texts of these names;
--cache: where peers are installed and files lie.  --only names jobs and contenders
(jobs.py).  --long runs too what takes many minutes or gigabytes.  What a contender learned
is looked at in a first run, which is not timed, and after each timed one.
"""
import argparse
import fcntl
import json
import os
import pathlib
import subprocess
import sys
import time

import contenders
import jobs
import report
from contenders import measure, peers


UNSEEN = "tokens of unseen text"
WORSE = 1.01


def say(*words):
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


class Setup:
    def __init__(self, options, tok):
        self.options, self.tok, self.cache = options, tok, options.cache.resolve()
        self.texts = contenders.Texts(options.corpora.resolve(), self.cache / "texts", options.bytes, options.held_out)
        self.work = self.cache / "learned"
        self.work.mkdir(parents=True, exist_ok=True)

    def cpus(self, threads):
        return set(sorted(os.sched_getaffinity(0))[-threads:])

    def run_tok(self, *arguments):
        done = subprocess.run([self.tok, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            raise measure.Broken("tok: " + (done.stderr.splitlines() or ["?"])[-1][:200])
        return done.stdout

    def counts(self, job, text):
        out = self.work / f"{text.stem}.words"
        if not out.exists():
            self.run_tok("words", "--pretok", job.pretok, "-o", out, text)
        return out

    def reference(self, job, text, gate):
        """tok's merges under a rule for ties, of the text or of its lines."""
        out = self.work / f"right-{gate}.json"
        if not out.exists():
            how = {"hf": [], "raw": ["--tie", "raw"], "lines": ["--null"]}[gate]
            source = self.texts.lines(text) if gate == "lines" else text
            self.run_tok("train", "--pretok", job.pretok, "-v", job.size, *how, "-F", "tokenizer.json", "-o", out, source)
        return out


def look(setup, job, text, gate, out):
    """What there is to say of what was learned; raises Broken where it cannot be read."""
    if gate is None:
        return {"same": True, "what": "no gate"}
    if gate == "pieces":
        said = json.loads(setup.run_tok("count", "--lines", "--json", "-t", out, setup.texts.unseen(job.text)))
        return {"same": True, "what": UNSEEN, "count": said["total"]["tokens"]}
    return contenders.ask("compare", out, setup.reference(job, text, gate))


def attempt(setup, job, text, runner, call, entry):
    """One run and a look: its sample, or None with the reason in the entry."""
    out = setup.work / ("out.model" if call in ("bpe", "unigram") else "out.json")
    out.unlink(missing_ok=True)
    try:
        sample = runner.run(setup, job, text, call, out)
        sample["learned"] = look(setup, job, text, runner.calls[call], out)
    except measure.Late as late:
        entry.setdefault("late", {})[call] = {"limit": late.limit, "cpu": late.cpu, "peak_kb": late.peak}
        return None
    except measure.Broken as error:
        entry.setdefault("broken", {})[call] = str(error)
        return None
    if not sample["learned"]["same"]:
        entry.setdefault("wrong", {})[call] = sample["learned"]["why"]
    return sample


def run_job(setup, name, job, runners):
    """Everybody once without counting the time, then everybody in turn."""
    text = setup.texts.path(job.text, job.first, job.unseen())
    for old in setup.work.iterdir():
        old.unlink()
    result = {"job": name, "title": job.title, "text": job.text, "bytes": text.stat().st_size, "size": job.size, "contenders": {}}
    plan = []
    for runner in runners:
        say(name, runner.name, "first")
        entry = result["contenders"][runner.name] = {"version": runner.version if isinstance(runner.version, str) else runner.version(), "samples": []}
        began = time.monotonic()
        tried = [s for s in (attempt(setup, job, text, runner, call, entry) for call in runner.calls) if s]
        right = [s for s in tried if s["learned"]["same"]] or tried
        if right:
            best = min(right, key=lambda s: s["cpu"])
            plan.append({"runner": runner, "entry": entry, "first": best, "used": time.monotonic() - began})
    for turn in range(setup.options.runs):
        for row in plan:
            if row["used"] > setup.options.patience:
                continue
            say(name, row["runner"].name, turn + 1)
            began = time.monotonic()
            sample = attempt(setup, job, text, row["runner"], row["first"]["call"], row["entry"])
            if sample:
                row["entry"]["samples"].append(sample)
            row["used"] += time.monotonic() - began
    for row in plan:  # whoever was too slow for a second run keeps the first
        row["entry"]["samples"] = row["entry"]["samples"] or [row["first"]]
    judge_pieces(result["contenders"])
    return result


def judge_pieces(entries):
    """Of trainers that need not agree: tok's pieces are wrong if they do clearly worse on unseen text."""
    counts = {name: e["samples"][0]["learned"]["count"] for name, e in entries.items()
              if e["samples"] and e["samples"][0]["learned"]["what"] == UNSEEN}
    least = min(counts.values(), default=0)
    for name, count in counts.items():
        if name.startswith("tok") and count > least * WORSE:
            entries[name].setdefault("wrong", {})["process"] = f"{count:,} {UNSEEN}, {least:,} are possible"


def able(setup, job):
    """Why tok cannot do this job, or None."""
    help_text = setup.run_tok("train", "--help")
    if job.needs and job.needs not in help_text:
        return f"this tok has no {job.needs}"
    if any("unigram" in c.options for c in job.contenders if isinstance(c, jobs.Tok)):
        trial = subprocess.run([setup.tok, "train", "--model", "unigram", "-v", "30", "--pretok", "metaspace", "-o", setup.work / "trial.json"],
                               input="one two three one two " * 50, capture_output=True, text=True)
        if trial.returncode:
            return "tok train --model unigram: " + (trial.stderr.splitlines() or ["?"])[-1]
    return None


def wanted_contenders(job, only, long):
    """tok in any case, and of the others those named, or all."""
    peers_named = only & {c.name for j in jobs.JOBS.values() for c in j.contenders if isinstance(c, jobs.Peer)}
    return [c for c in job.contenders
            if isinstance(c, jobs.Tok) or ((c.name in peers_named or not peers_named) and (long or not c.long))]


def make_runners(setup, version, job, only, long, absent):
    runners = []
    for spec in wanted_contenders(job, only, long):
        if isinstance(spec, jobs.Tok):
            runners.append(contenders.Program(setup.tok, version, spec))
            continue
        trainer = contenders.Trainer(spec)
        try:
            trainer.install(setup.cache)
            runners.append(trainer)
        except (peers.Failed, subprocess.TimeoutExpired, OSError) as error:
            absent[f"{trainer.name} {trainer.version()}"] = str(error)
    return runners


def version_of(build, tok):
    said = subprocess.run([tok, "--version"], capture_output=True, text=True).stdout.splitlines()[0].split()[-1]
    source = next(line.partition("=")[2] for line in (build / "CMakeCache.txt").read_text().splitlines()
                  if line.startswith("CMAKE_HOME_DIRECTORY"))
    commit = subprocess.run(["git", "-C", source, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return f"{said} ({commit})" if commit else said


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tok", type=pathlib.Path, required=True)
    parser.add_argument("--corpora", type=pathlib.Path, required=True)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--bytes", type=int, default=0, help="of each corpus (all)")
    parser.add_argument("--held-out", type=int, default=2_000_000, help="bytes of each corpus that nobody learns from")
    parser.add_argument("--patience", type=float, default=300, help="seconds that one contender may use in one job")
    parser.add_argument("--limit", type=float, help="seconds that one run may take (jobs.py has them)")
    parser.add_argument("--out", type=pathlib.Path, help="default: CACHE/results.json")
    parser.add_argument("--results", type=pathlib.Path, help="write RESULTS.md here too")
    options = parser.parse_args()
    options.only = {w.strip() for w in options.only.split(",") if w.strip()}
    unknown = options.only - {*jobs.JOBS, *(c.name for j in jobs.JOBS.values() for c in j.contenders)}
    if unknown:
        parser.error(f"--only: nothing is called {', '.join(sorted(unknown))}")
    return parser, options


def main():
    parser, options = parse()
    options.cache.mkdir(parents=True, exist_ok=True)
    lock = open(options.cache / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        parser.error(f"another run is using '{options.cache}'")
    build, out = options.tok.resolve(), options.out or options.cache / "results.json"
    setup = Setup(options, build / "tok")
    result = {"schema": 1, "date": time.strftime("%Y-%m-%d"), "machine": measure.machine(), "runs": options.runs,
              "absent": dict(jobs.ABSENT), "left_out": {}, "jobs": []}
    version = version_of(build, setup.tok)
    for name, job in jobs.JOBS.items():
        if options.only & set(jobs.JOBS) and name not in options.only:
            continue
        why = able(setup, job) if options.long or not job.long else "asked for with --long only"
        if why:
            result["left_out"][name] = why
            continue
        job.limit = options.limit or job.limit
        runners = make_runners(setup, version, job, options.only, options.long, result["absent"])
        result["jobs"].append(run_job(setup, name, job, runners))
        part = out.with_name(out.name + ".part")
        part.write_text(json.dumps(result, indent=1))
        part.replace(out)
    if options.results:
        options.results.write_text(report.render(result))
    say("wrote", out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
