#!/usr/bin/env python3
"""charbench.py --tok build/tok [--stats build/tests/test_stats]: how long 175,000 items take.

Words are random letters, 26,000 of each length from 4 to 10, as no list of English words has enough; answers are
right more rarely the longer the word. Told is the processor time of the quickest of --runs runs.
"""
import argparse
import json
import pathlib
import random
import resource
import string
import subprocess
import sys
import tempfile


def processor_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tell(name, runs, command):
    print(f"{name:40} {min(processor_seconds(list(map(str, command))) for _ in range(runs)):.2f} s", flush=True)


def write_words(path):
    draw = random.Random(1)
    with path.open("w") as file:
        for length in range(4, 11):
            words = set()
            while len(words) < 26000:
                words.add("".join(draw.choices(string.ascii_letters, k=length)))
            file.writelines(word + "\n" for word in sorted(words))


def write_answers(items, path):
    draw = random.Random(2)
    with items.open() as source, path.open("w") as file:
        for line in source:
            item = json.loads(line)
            wrong = draw.random() > .9 - .05 * item["meta"]["length"]
            file.write(json.dumps({"id": item["id"], "model": "m", "output": str(item["answer"] + wrong)}) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--stats")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        words, items, answers = (pathlib.Path(where, name) for name in ("words", "items", "answers"))
        write_words(words)
        bench = [options.tok, "charbench"]
        tell("make", options.runs, bench + ["make", "--suite", "charbench", "--words", words, "-o", items])
        write_answers(items, answers)
        tell("score", options.runs, bench + ["score", items, answers])
        for threads in (1, 2):
            for boot in (0, 1000):
                tell(f"analyse --threads {threads} --boot {boot}", options.runs,
                     bench + ["analyse", items, answers, "--threads", threads, "--boot", boot])
    if options.stats:
        for threads in (1, 2):
            tell(f"10,000 bootstraps, 175,000 rows, {threads} thread{'s'[:threads - 1]}", options.runs,
                 [options.stats, 175000, 10000, threads])


if __name__ == "__main__":
    sys.exit(main())
