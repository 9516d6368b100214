#!/usr/bin/env python3
"""How fast tok encodes, beside the reference programs, in one run.

    encode.py --tok build/tok --cache build/test-data TEXT... [--runs 5] [--bytes 16M]

For each tokenizer and text: the load time of `tok` (encoding nothing), its rate over the
whole process and without the load, and the rate of the reference program's own call on
the same text cut at lines of about 64 KB (`tokenizers` encode_batch without threads,
`tiktoken` encode_ordinary; their load is not counted).  Processor seconds, one thread,
the runs of both in turn; median, and the spread between quickest and slowest.  Nothing
is asserted: machines are noisy, read the ratios.
"""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "conformance"))
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import references  # noqa: E402

NAMES = ["cl100k", "o200k", "llama3", "qwen3", "deepseek_v3", "gemma3", "llama2", "bert", "llama2_spm", "albert"]


def child_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def chunks(text, size=65536):
    rows, row, length = [], [], 0
    for line in text.splitlines(keepends=True):
        row.append(line)
        length += len(line)
        if length >= size:
            rows.append("".join(row))
            row, length = [], 0
    return rows + ["".join(row)] if row else rows


def reference_call(reference, rows):
    if isinstance(reference, references.HuggingFace):
        reference.tokenizer.encode_special_tokens = True
        return lambda: reference.tokenizer.encode_batch_fast(rows, add_special_tokens=False)
    if isinstance(reference, references.Tiktoken):
        return lambda: [reference.encoding.encode_ordinary(row) for row in rows]
    return lambda: [reference.processor.encode(row) for row in rows]


def seconds(call):
    start = time.process_time()
    call()
    return time.process_time() - start


def shown(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--bytes", type=int, default=16_000_000)
    parser.add_argument("--names", nargs="*", default=NAMES)
    parser.add_argument("texts", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    print("| tokenizer | text | MB | load, ms | tok, MB/s | tok without load, MB/s | reference, MB/s | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for name in options.names:
        folder = references.folder_of(name, options.cache)
        reference = references.reference_of(name, options.cache)
        for source in options.texts:
            data = source.read_bytes()[: options.bytes].decode("utf-8", "ignore")
            part = pathlib.Path(options.cache) / "bench.txt"
            part.write_text(data, newline="")
            size = len(data.encode()) / 1e6
            peer = reference_call(reference, chunks(data[: len(data) // 4]))
            quarter = len(data[: len(data) // 4].encode()) / 1e6
            command = [options.tok, "encode", "-t", str(folder), "-F", "u32"]
            loads, whole, bare, theirs = [], [], [], []
            child_seconds([*command, str(part)])
            for _ in range(options.runs):
                load = child_seconds([*command, "/dev/null"])
                run = child_seconds([*command, str(part)])
                loads.append(load * 1000)
                whole.append(size / run)
                bare.append(size / max(run - load, 1e-3))
                theirs.append(quarter / seconds(peer))
            ratio = statistics.median(b / t for b, t in zip(bare, theirs))
            print(f"| {name} | {source.name} | {size:.0f} | {shown(loads)} | {shown(whole)} | {shown(bare)} | {shown(theirs)} | {ratio:.1f} |",
                  flush=True)


if __name__ == "__main__":
    main()
