#!/usr/bin/env python3
"""tok and the reference programs on real tokenizers: ids, token strings, offsets, text.

    compare.py --tok build/tok --cache build/test-data [--strings 20000] [NAME...]

For each tokenizer (references.py) and corpus, string by string:

encode  ids, token strings and offsets, in every mode the reference has: its own encode
        (--hf), special tokens as ordinary text, and matched
bytes   (Hugging Face, which counts characters, random strings) tok's byte offsets, which
        are exact, widened to whole characters, against the reference's made bytes
decode  the text of the encoded ids, with and without special tokens.  Where a
        reference writes U+FFFD, it and tok are compared only if the rule is the same.

Prints a table tokenizer x corpus x strings x comparisons x mismatches and the first
mismatches in full.  unicode_differences.txt lists the code points that are excused,
each with its reason; strings that hold one are left out and counted.  Exit 1 if
anything differs, or if nothing was compared.
"""
import argparse
import bisect
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import zlib

import orjson

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracles"))

import references  # noqa: E402
import strings as generator  # noqa: E402

CORPORA = ["blns", "udhr", "normalization", "breaks", "emoji", "linux"]
LONGEST = {"udhr": 1200, "linux": 20000}  # characters of a text
SHOWN = 3


def excused():
    codes = set()
    for line in (HERE / "unicode_differences.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            codes.add(chr(int(line.split()[0].removeprefix("U+"), 16)))
    return codes


class Tok:
    """Compiled by the first run into a cache of its own, as whoever runs it twice has it: that
    an image answers as its source, images.py proves."""

    def __init__(self, program, path, more, cache="off"):
        self.program, self.path, self.more = program, str(path), more
        self.environment = dict(os.environ, TOK_CACHE=str(cache))

    def run(self, tool, *words, lines):
        with tempfile.NamedTemporaryFile() as source, tempfile.NamedTemporaryFile() as result:
            source.writelines(line + b"\n" for line in lines)
            source.flush()
            command = [self.program, tool, "-t", self.path, *self.more, *words, source.name]
            done = subprocess.run(command, stdout=result, stderr=subprocess.PIPE, env=self.environment)
            if done.returncode:
                raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.decode()[:500]}")
            result.seek(0)
            return [orjson.loads(line) for line in result]

    def encode(self, texts, *words):
        return self.run("encode", "--jsonl", "text", "-F", "jsonl", "--tokens", "--offsets", *words,
                        lines=(orjson.dumps({"text": t}) for t in texts))

    def decode(self, rows, *words):
        # --pattern is no option of decode's own: the ids are the vocabulary's
        return [row["text"] for row in self.run("decode", "-F", "jsonl", "--jsonl", "text", *words,
                                                lines=(orjson.dumps({"ids": row}) for row in rows))]


def widen(offsets, starts):
    """Both ends moved out to character borders."""
    rows = []
    for begin, end in offsets:
        begin = starts[bisect.bisect_right(starts, begin) - 1]
        end = starts[bisect.bisect_left(starts, end)]
        rows.append([begin, end])
    return rows


def first_difference(ours, theirs):
    for i, (a, b) in enumerate(zip(ours, theirs)):
        if a != b:
            return f"at {i}: tok {ours[max(0, i - 1):i + 4]}, reference {theirs[max(0, i - 1):i + 4]}"
    return f"{len(ours)} against {len(theirs)}, the same up to there"


class Tally:
    def __init__(self):
        self.compared, self.wrong, self.shown = 0, 0, []

    def compare(self, what, text, ours, theirs):
        self.compared += 1
        if ours == theirs:
            return
        self.wrong += 1
        if len(self.shown) < SHOWN:
            shown = first_difference(ours, theirs) if isinstance(ours, list) else f"tok {ours!r:.300}, reference {theirs!r:.300}"
            self.shown.append(f"{what}: {text!r:.300}: {shown}")


def compare_encode(tally, reference, tok, mode, options, texts):
    answers = []
    got = tok.encode(texts, "--offset-unit", reference.unit, *options)
    assert len(got) == len(texts), f"{len(got)} answers to {len(texts)} strings"
    for text, answer, ours in zip(texts, reference.encode(mode, texts), got):
        answers.append(answer)
        tally.compare(f"{mode}, ids", text, ours["ids"], answer.ids)
        tally.compare(f"{mode}, tokens", text, ours["tokens"], answer.tokens)
        if answer.offsets is not None:
            tally.compare(f"{mode}, {reference.unit} offsets", text, ours["offsets"], answer.offsets)
    return answers


def compare_bytes(tally, tok, options, texts, answers):
    for text, answer, ours in zip(texts, answers, tok.encode(texts, *options)):
        starts = references.char_starts(text)
        tally.compare("byte offsets", text, widen(ours["offsets"], starts), [[starts[b], starts[e]] for b, e in answer.offsets])


def compare_decode(tally, reference, tok, texts, answers):
    rows = [answer.ids for answer in answers]
    for skip in reference.skips:
        got = tok.decode(rows, *(["--skip-special"] if skip else []))
        for text, ours, theirs in zip(texts, got, reference.decode(rows, skip)):
            if "\ufffd" not in theirs or "\ufffd" in text:
                tally.compare(f"decode, skip {skip}", text, ours, theirs)


def corpus(name, case, cache, count, specials):
    if name == "random":
        return generator.trouble(count, zlib.crc32(case.encode()), specials)
    path = pathlib.Path(cache) / "texts" / f"{name}.json"
    if not path.exists():
        return None
    texts = json.loads(path.read_text())
    most = LONGEST.get(name)
    return [text[:most] for text in texts] if most else texts


def compare_one(job):
    with tempfile.TemporaryDirectory() as cache:
        return compare_cached(*job, cache)


def compare_cached(case, options, cache):
    """All corpora of one tokenizer: rows of the table, and mismatches in words."""
    started = time.monotonic()
    folder = references.folder_of(case, options.cache)
    if not folder.exists():
        return case, None, [], 0
    reference = references.reference_of(case, options.cache)
    files = [f for f in folder.iterdir() if f.name != "vocab.bpe"]
    tok = Tok(options.tok, files[0] if len(files) == 1 else folder, references.CASES[case][2], cache)
    skip = excused()
    rows, words = [], []
    for name in ["random", "blns"] if case in references.VARIANTS else ["random", *CORPORA]:
        texts = corpus(name, case, options.cache, options.strings, reference.specials)
        if texts is None:
            rows.append((name, None, 0, 0, 0))
            continue
        kept = [t for t in texts if not skip.intersection(t)] if skip else texts
        tally = Tally()
        for mode, more in reference.modes:
            answers = compare_encode(tally, reference, tok, mode, more, kept)
            if mode == reference.modes[0][0]:
                compare_decode(tally, reference, tok, kept, answers)
                if reference.unit == "char" and name == "random":
                    compare_bytes(tally, tok, more, kept, answers)
        rows.append((name, len(kept), len(texts) - len(kept), tally.compared, tally.wrong))
        words += [f"{case}, {name}: {line}" for line in tally.shown]
    return case, rows, words, time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--strings", type=int, default=20000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--table", help="write the table here too")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    unknown = set(options.names) - set(references.CASES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    # One of two processes a tokenizer: the libraries need no threads of their own.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    jobs = [(name, options) for name in options.names or references.CASES]

    lines = ["| tokenizer | corpus | strings | excused | comparisons | mismatches |", "|---|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    strings = compared = wrong = skipped = 0
    with multiprocessing.Pool(options.jobs, maxtasksperchild=1) as pool:
        for case, rows, words, seconds in pool.imap_unordered(compare_one, jobs, chunksize=1):
            for name, count, left_out, comparisons, mismatches in rows or [("all", None, 0, 0, 0)]:
                if count is None:
                    skipped += 1
                    line = f"| {case} | {name} | SKIPPED: no data | | | |"
                else:
                    line = f"| {case} | {name} | {count} | {left_out} | {comparisons} | {mismatches} |"
                    strings, compared, wrong = strings + count, compared + comparisons, wrong + mismatches
                lines.append(line)
                print(line, flush=True)
            for line in words:
                print("    " + line, flush=True)
            print(f"    {case}: {seconds:.0f} s", file=sys.stderr, flush=True)
    lines.append(f"| all {len(jobs)} | | {strings} | | {compared} | {wrong} |")
    print(lines[-1])
    print(f"{compared - wrong} passed, {wrong} failed, {skipped} skipped")
    if options.table:
        pathlib.Path(options.table).write_text("\n".join(lines) + "\n")
    return 1 if wrong or not compared or (skipped and os.environ.get("CI") == "true") else 0


if __name__ == "__main__":
    sys.exit(main())
