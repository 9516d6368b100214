#!/usr/bin/env python3
"""Dynamic merging beside the published program's way.

    dynamic.py --bench build/tests/bench_dynamic --gpt2 FOLDER --text FILE [--rows 32:50,32:all,4096:50] [--runs 3]

FOLDER holds encoder.json and vocab.bpe; FILE's lines are the texts.  The published program
(Dynamic_BPE) counts all pairs anew before each merge, in Python, and remembers which pairs
may join; tests/oracles/dynamic_merge.py is our own program that does the same.  Ids are
made beforehand.  In turn, processor time of the merging alone; a row is printed only if both
made as many merges and came to as many ids.
"""
import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import time

from tokenizers.implementations import ByteLevelBPETokenizer

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "oracles"))
from dynamic_merge import Boundary, merge  # noqa: E402


def alphabet():
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return {**{chr(b): b for b in shown}, **{chr(256 + i): b for i, b in enumerate(hidden)}}


def published(tokenizer, sequences, merges):
    """A new one each time: what pairs may do is found out within the time, as it is in C."""
    pre = tokenizer._tokenizer.pre_tokenizer
    boundary = Boundary("pretokens", lambda text: len(pre.pre_tokenize_str(text)))
    start = time.process_time()
    merged, steps = merge(sequences, boundary.allows, merges)
    return time.process_time() - start, len(steps), sum(map(len, merged))


def ours(options, texts, merges):
    told = subprocess.run([options.bench, options.gpt2, options.text, str(texts), merges], check=True,
                          capture_output=True, text=True).stdout
    found = re.search(r"(\d+) merges to (\d+) ids ([0-9.]+) s", told)
    return float(found[3]), int(found[1]), int(found[2])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench", required=True)
    parser.add_argument("--gpt2", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--rows", default="32:50,32:all,4096:50")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    folder = pathlib.Path(options.gpt2)
    tokenizer = ByteLevelBPETokenizer(str(folder / "encoder.json"), str(folder / "vocab.bpe"))
    bytes_of = alphabet()
    with open(options.text, newline="\n") as lines:
        texts = [line.rstrip("\n") for line in lines if line != "\n"][:65536]
    for row in options.rows.split(","):
        count, merges = row.split(":")
        sequences = [[bytes(bytes_of[c] for c in token) for token in tokenizer.encode(text).tokens]
                     for text in texts[:int(count)]]
        times = {"published": [], "tok": []}
        for _ in range(options.runs):
            theirs = published(tokenizer, sequences, int(merges) if merges != "all" else sys.maxsize)
            mine = ours(options, int(count), merges)
            if theirs[1:] != mine[1:]:
                sys.exit(f"{row}: {theirs[1]} merges to {theirs[2]} ids, tok makes {mine[1]} to {mine[2]}")
            times["published"].append(theirs[0])
            times["tok"].append(mine[0])
        slow, fast = statistics.median(times["published"]), statistics.median(times["tok"])
        print(f"{count} texts, {sum(map(len, sequences))} ids, {theirs[1]} merges to {theirs[2]}: "
              f"published {slow:.4f} s ({min(times['published']):.4f} to {max(times['published']):.4f}), "
              f"tok {fast:.6f} s ({min(times['tok']):.6f} to {max(times['tok']):.6f}): {slow / fast:.0f} times", flush=True)


if __name__ == "__main__":
    main()
