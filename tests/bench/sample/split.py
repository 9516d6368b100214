#!/usr/bin/env python3
"""tok's splitting beside the published program's, on the same ids; prints a Markdown table.

    python3 -B tests/bench/sample/split.py --build build --tokenizer FOLDER --text FILE

By hand, with numpy 2.3.5 (tests/oracles/requirements.txt).  The published program is
tests/oracles/published_split.py, our own words for what it does, on numpy's and Python's
generators; both run on one core, in turns, and both are timed in processor time.  Python takes as
many of the documents as it can in about two seconds.  Ids, and so the work, are the same; the
numbers drawn are not, which is what conformance.sampling_split compares.
"""
import argparse
import array
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "oracles"))
import published_split  # noqa: E402

SECONDS = 2


def read_rows(output):
    """(length of documents, proportion) -> median, slowest and fastest pass, length ratio."""
    rows = {}
    for line in output.splitlines():
        name, proportion, *numbers = line.split("\t")
        if " ids" in name:
            rows[name, float(proportion)] = [float(n) for n in numbers]
        elif name == "copied":
            rows[name, 0] = [float(n) for n in numbers]
    return rows


def time_published(ids, table, length, proportion):
    """Millions of ids a second, and the length ratio."""
    done = made = at = 0
    documents = [ids[i:i + length] for i in range(0, len(ids), length)]
    start = time.process_time()
    while time.process_time() - start < SECONDS and at < len(documents):
        made += len(published_split.split(documents[at], table, proportion))
        done += len(documents[at])
        at += 1
    return done / (time.process_time() - start) / 1e6, made / done


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--tokenizer", required=True, type=pathlib.Path, help="a folder with a .tiktoken file")
    parser.add_argument("--text", required=True, type=pathlib.Path)
    o = parser.parse_args()
    ranks = published_split.read_ranks(next(o.tokenizer.glob("*.tiktoken")))
    table = published_split.pair_table(ranks)
    with tempfile.NamedTemporaryFile() as file:
        command = [o.build / "tests/bench_split", o.tokenizer, o.text, file.name]
        runs = [read_rows(subprocess.run(command, capture_output=True, text=True, check=True).stdout)]
        ids = array.array("I", pathlib.Path(file.name).read_bytes()).tolist()
        print("| documents | proportion | tok, M ids/s | of five passes | ids after/before | published, M ids/s "
              "| ratio |\n|---|---|---|---|---|---|---|")
        published_split.seed(0)
        # The published program would never end with all ids as one document.
        for name, proportion in [key for key in runs[0] if key[0][0].isdigit()]:
            theirs, longer = time_published(ids, table, int(name.split()[0].replace(",", "")), proportion)
            runs.append(read_rows(subprocess.run(command[:3], capture_output=True, text=True, check=True).stdout))
            ours = statistics.median(run[name, proportion][0] for run in runs[-2:])
            low, high = min(r[name, proportion][1] for r in runs[-2:]), max(r[name, proportion][2] for r in runs[-2:])
            print(f"| {name} | {proportion} | {ours:.0f} | {low:.0f} to {high:.0f} | {runs[-1][name, proportion][3]:.3f}, "
                  f"{longer:.3f} | {theirs:.4f} | {ours / theirs:.0f} |", flush=True)
    print(f"\nCopying the ids, which is the bound: {runs[0]['copied', 0][0]:.0f} M ids/s.")


if __name__ == "__main__":
    main()
