#!/usr/bin/env python3
"""Counting and encoding with GNU parallel gives what one machine gives, byte for byte.

    check_parallel.py --tok build/tok --cache build/test-data
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import tempfile

import texts

SCRIPT = pathlib.Path(__file__).resolve().parent / "parallel_words.sh"


def run(folder, program, *arguments, **env):
    place = folder / "shared"
    place.mkdir(exist_ok=True)
    done = subprocess.run(["sh", SCRIPT, *map(str, arguments)], capture_output=True, text=True,
                          env={**os.environ, "TOK": program, "SHARED": str(place), "HOME": str(folder), "TOK_CACHE": "off", **env})
    texts.expect(f"{arguments[0]}: nothing is left in the shared folder", not list(place.iterdir()))
    return done


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    args = parser.parse_args()
    said = shutil.which("parallel") and subprocess.run(["parallel", "--version"], capture_output=True, text=True).stdout
    if not said or "GNU parallel" not in said:
        texts.skip("GNU parallel is not here")
    with tempfile.TemporaryDirectory() as name:
        check(args.tok, args.cache, pathlib.Path(name))


def check(tok, cache, folder):
    rows = texts.documents(cache)
    shards, lines = texts.write_shards(folder / "shards", rows), texts.write_lines(folder / "rows.jsonl", rows)
    one = texts.Machine(tok, folder, shards, lines)
    out = folder / "all.words"

    done = run(folder, tok, "count", out, *shards, "--", *texts.OPTIONS)
    texts.expect("counts of 20 shards are those of one machine", done.returncode == 0 and texts.same(out, one.words), done.stderr)
    texts.tok(tok, "train", "--counts", "-v", "8k", "-o", folder / "all.json", out)
    texts.expect("so is the vocabulary", texts.same(folder / "all.json", one.vocabulary))

    done = run(folder, tok, "lines", out, lines, "--", *texts.OPTIONS, "--jsonl", "text", BLOCK="200k")
    texts.expect("counts of blocks of one file are", done.returncode == 0 and texts.same(out, one.rows), done.stderr)

    done = run(folder, tok, "encode", folder / "all.ids", *shards, "--", "-t", one.vocabulary, "-F", "u32")
    texts.expect("ids of shards, put together, are", done.returncode == 0 and texts.same(folder / "all.ids", one.ids), done.stderr)

    out.unlink()
    done = run(folder, tok, "count", out, *shards, folder / "absent", "--", *texts.OPTIONS)
    texts.expect("a shard that is missing fails all", done.returncode != 0 and "absent" in done.stderr and not out.exists())


if __name__ == "__main__":
    main()
