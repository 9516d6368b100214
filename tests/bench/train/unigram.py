#!/usr/bin/env python3
"""tok train --model unigram and SentencePiece's trainer on the same text: processor time,
peak memory, and what the vocabularies make of text that was not learned from.

    unigram.py --tok build/tok --text en.txt [--size 32000] [--runs 3] [--held held.txt]

Run by hand with a Python that has sentencepiece.  jobs() gives the commands, for a script
that measures several trainers.
"""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SPM = """import sys, sentencepiece
sentencepiece.SentencePieceTrainer.train(
    input=sys.argv[1], model_prefix=sys.argv[2], vocab_size=int(sys.argv[3]),
    num_threads=int(sys.argv[4]), model_type="unigram", character_coverage=1.0,
    normalization_rule_name="identity", remove_extra_whitespaces=False,
    split_by_unicode_script=False, split_by_number=False, max_sentence_length=1 << 20,
    minloglevel=2)"""


def jobs(tok, text, folder, size, threads):
    """Name, command and the model that it writes; the same task with the same options."""
    ours, theirs = folder / "tok.model", folder / "spm"
    return [
        ("tok", [tok, "train", "--lines", "--model", "unigram", "--pretok", "metaspace",
                 "--vocab-size", str(size), "--threads", str(threads), "-o", ours, text], ours),
        ("sentencepiece", [sys.executable, "-c", SPM, text, theirs, str(size), str(threads)],
         folder / "spm.model"),
    ]


def measure(command):
    """Processor seconds and peak megabytes of a command and its children."""
    child = os.fork()
    if child == 0:
        status = subprocess.run(list(map(str, command)), stdout=subprocess.DEVNULL).returncode
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        Path(os.environ["MEASURED"]).write_text(
            f"{used.ru_utime + used.ru_stime} {used.ru_maxrss / 1e3}")
        os._exit(1 if status else 0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"failed: {command}")
    return tuple(map(float, Path(os.environ["MEASURED"]).read_text().split()))


def describe(model, held):
    import sentencepiece
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    lines = held.read_text(errors="ignore").split("\n")
    ids = processor.encode(lines)
    return (sum(map(len, ids)), sum(processor.get_score(i) for row in ids for i in row))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--text", required=True, type=Path)
    parser.add_argument("--held", type=Path)
    parser.add_argument("--size", type=int, default=32000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["MEASURED"] = str(folder / "measured")
        tasks = jobs(args.tok, args.text, folder, args.size, args.threads)
        samples = {task: [] for task, _, _ in tasks}
        for _ in range(args.runs):
            for task, command, _ in tasks:
                samples[task].append(measure(command))
        for task, _, model in tasks:
            seconds, megabytes = zip(*samples[task])
            print(f"{task:14} {statistics.median(seconds):8.2f} s "
                  f"({min(seconds):.2f} to {max(seconds):.2f}) {max(megabytes):8.0f} MB", end="")
            print("   {} tokens, likelihood {:.0f}".format(*describe(model, args.held))
                  if args.held else "")


if __name__ == "__main__":
    main()
