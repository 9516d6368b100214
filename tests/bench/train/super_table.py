#!/usr/bin/env python3
"""Bytes per token of supertokens by transition point, on text held out.

    super_table.py --tok build/tok TEXT [--size 32k] [--bytes 20000000] [--held-out 2000000]

Learns from the first bytes of TEXT, measures on its last ones, and prints a table in
Markdown, with the CPU time and peak memory of each run, its report included.
"""
import argparse
import json
import os
import tempfile
from pathlib import Path


def run(tok, folder, options, text, held_out):
    """(report, CPU seconds, MB) of one training."""
    report, said = folder / "report", folder / "said"
    args = [tok, "train", "-o", folder / "out.json", "--report", report, "--json",
            "--report-on", held_out, *options, text]
    pid = os.fork()
    if pid == 0:
        with open(said, "w") as to:
            os.dup2(to.fileno(), 2)
        os.execv(tok, [str(a) for a in args])
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"tok train {options}: {said.read_text()}")
    return (json.loads(report.read_text()), usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss / 1000, said.read_text())


def cut(text, folder, count, held_out):
    """The first bytes to learn from and the last ones to measure on, both whole lines."""
    train, test = folder / "train", folder / "held-out"
    with open(text, "rb") as file:
        data = file.read(count)
        train.write_bytes(data[:data.rfind(b"\n") + 1])
        file.seek(max(-held_out, len(data) - os.path.getsize(text)), os.SEEK_END)
        data = file.read()
        test.write_bytes(data[data.find(b"\n") + 1:])
    return train, test


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--size", default="32k")
    parser.add_argument("--transitions", default="256,8k,16k,24k,28k")
    parser.add_argument("--bytes", type=int, default=20_000_000)
    parser.add_argument("--held-out", type=int, default=2_000_000)
    parser.add_argument("text")
    args = parser.parse_args()
    rows = [("words only", [])]
    for transition in args.transitions.split(","):
        name = "superbpe, no words first" if transition == "256" else f"superbpe, t = {transition}"
        rows.append((name, ["--super", "superbpe", "-T", transition]))
    rows += [("boundless", ["--super", "boundless"]), ("chunk", ["--super", "chunk"])]
    print("| learned | bytes/token | tokens | space inside | of the text | Rényi | broken prompts "
          "| CPU s | peak MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    words = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train, held_out = cut(args.text, folder, args.bytes, args.held_out)
        for name, options in rows:
            found, seconds, memory, said = run(os.path.abspath(args.tok), folder,
                                               ["-v", args.size, *options], train, held_out)
            words = words or found["tokens"]
            print(f"| {name} | {found['bytes_per_token']:.3f} "
                  f"| {100 * (found['tokens'] / words - 1):+.1f}% "
                  f"| {100 * found['space_inside'] / found['vocab_size']:.1f}% "
                  f"| {100 * found['space_inside_of_text']:.1f}% "
                  f"| {found['renyi_efficiency']:.3f} "
                  f"| {100 * found['broken_prompts'] / max(found['prompts'], 1):.0f}% "
                  f"| {seconds:.1f} | {memory:.0f} |", flush=True)
            for line in said.splitlines():
                print(f"<!-- {name}: {line} -->")


if __name__ == "__main__":
    main()
