#!/usr/bin/env python3
"""tok's splitting, sampling and merging beside the published Python; makes RESULTS.md.

    python3 -B tests/bench/sample/run.py --build build --cache FOLDER --text FILE
        [--runs 5] [--only split,table,uniform,merge] [--results tests/bench/sample/RESULTS.md]

By hand, on a quiet machine: README.md says what is measured.  --cache is where the tests keep the
reference programs and tokenizers (build/test-data); its Python runs this.  Exit status 1: a result
was not that of the published program, and nothing was timed.
"""
import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / folder) for folder in ("conformance", "oracles")]
import dynamic_merge  # noqa: E402
import published_split  # noqa: E402
import references  # noqa: E402
import regex  # noqa: E402

TOKENIZER = "o200k"
LINES_A_DOCUMENT = 4  # of prose in lines of 60 bytes: as long as a pair of XNLI
# Documents a batch, merges, batches.
BATCHES = ((32, 0, 8), (4096, 100, 1))
LINEAR = (64, 1024, 16384)


class Wrong(Exception):
    pass


class Setup:
    def __init__(self, options, folder):
        self.options, self.build = options, options.build.resolve()
        self.reference = references.reference_of(TOKENIZER, options.cache)
        self.tokenizer = references.folder_of(TOKENIZER, options.cache)
        self.text, self.folder = options.text.resolve(), pathlib.Path(folder)
        lines = self.text.read_bytes()[:options.bytes].split(b"\n")[:-1]
        lines = [line for line in lines if line.strip()]
        rows = [b" ".join(lines[i:i + LINES_A_DOCUMENT]) for i in range(0, len(lines), LINES_A_DOCUMENT)]
        self.documents = self.folder / "documents"
        self.documents.write_bytes(b"".join(row + b"\n" for row in rows))
        self.rows = rows

    def program(self, name):
        path = self.build / name
        return path if path.exists() else None

    def run(self, *command):
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Wrong(f"{command[0]}: {done.stderr.strip()}")
        return done.stdout


def spread(samples, form="{:.3g}"):
    """The median, and the least and the most."""
    return f"{form.format(statistics.median(samples))} ({form.format(min(samples))} to {form.format(max(samples))})"


def ratio(theirs, ours):
    return f"{statistics.median(theirs) / statistics.median(ours):,.0f}"


# ---- splitting ------------------------------------------------------------------------

def report_split(setup):
    """The table of split.py, which does as this program does."""
    yield "## Splitting (`tok split`)\n"
    yield setup.run(sys.executable, "-B", HERE / "split.py", "--build", setup.build, "--tokenizer", setup.tokenizer,
                    "--text", setup.text)


def report_table(setup):
    yield "## Table of splits\n"
    program = setup.program("tests/bench_splits")
    if not program:
        yield "Not measured: this build has no `bench_splits`.\n"
        return
    ranks = published_split.read_ranks(next(setup.tokenizer.glob("*.tiktoken")))
    pairs = sum(map(len, published_split.pair_table(ranks).values()))
    ours, theirs = [], []
    for _ in range(setup.options.runs):
        said = setup.run(program, setup.tokenizer)
        if f" {pairs} pairs" not in said:
            raise Wrong(f"the table has not the {pairs} pairs of the published program: {said}")
        ours.append(float(said.split("median ")[1].split(";")[0]))
        start = time.process_time()
        published_split.pair_table(ranks)
        theirs.append((time.process_time() - start) * 1e3)
    yield (f"| vocabulary | pairs | tok, ms | Python, ms | ratio |\n|---|---|---|---|---|\n"
           f"| {TOKENIZER} | {pairs:,} | {spread(ours)} | {spread(theirs)} | {ratio(theirs, ours)} |\n")


# ---- sampling -------------------------------------------------------------------------

def processor_seconds(command):
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise Wrong(f"{command[:2]} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime


def report_uniform(setup):
    """The whole process, reading and writing included; nobody published a program to compare with."""
    yield "## Uniform sampling (`tok sample --method uniform`)\n"
    if subprocess.run([setup.build / "tok", "sample", "--help"], capture_output=True, check=False).returncode:
        yield "Not measured: this build has no `tok sample`.\n"
        return
    pattern = regex.compile(setup.reference.encoding._pat_str)
    words = sum(len(pattern.findall(row.decode("utf-8", "replace"))) for row in setup.rows)
    command = [setup.build / "tok", "sample", "-t", setup.tokenizer, "-m", "uniform", "-p", "1", "--lines",
               "--threads", "1", "-F", "u32", setup.documents]
    seconds = [processor_seconds(command) for _ in range(setup.options.runs + 1)][1:]
    yield (f"| words | M words/s |\n|---|---|\n| {words:,} | {spread([words / s / 1e6 for s in seconds])} |\n")


# ---- merging --------------------------------------------------------------------------

class Merging:
    def __init__(self, setup):
        self.setup, self.encoding = setup, setup.reference.encoding
        self.program = setup.program("tests/bench_merge")
        self.pattern = regex.compile(self.encoding._pat_str)
        self.steps = setup.folder / "steps"

    def ours(self, documents, merges, batches, steps=False):
        """Of so many batches, 0 for all: what the first line says, and the seconds of each pass."""
        command = [self.program, self.setup.tokenizer, self.setup.documents, documents, merges, batches]
        head, times = self.setup.run(*command, *([self.steps] if steps else [])).splitlines()
        said = dict(part.split(" ") for part in head.split(", "))
        return {name: int(number) for name, number in said.items()}, list(map(float, times.split()))

    def batches(self, documents, count):
        rows = self.setup.rows[:documents * count]
        ids = self.encoding.encode_ordinary_batch([row.decode("utf-8", "replace") for row in rows], num_threads=1)
        texts = [[self.encoding.decode_single_token_bytes(i) for i in row] for row in ids]
        return [texts[i:i + documents] for i in range(0, len(texts), documents)]

    def theirs(self, batches, merges):
        """All of the batches, as the published program merges; what may join is remembered, which is
        more than it does.  Seconds, and the merges."""
        boundary = dynamic_merge.Boundary("pretokens", lambda text: len(self.pattern.findall(text)))
        start = time.process_time()
        steps = [dynamic_merge.merge(batch, boundary.allows, merges or sys.maxsize)[1] for batch in batches]
        return time.process_time() - start, steps

    def check(self, steps):
        """tok's merges of the same batches are the same."""
        rows = (line.split("\t") for line in self.steps.read_text().splitlines())
        got = [(int(batch), bytes.fromhex(left), bytes.fromhex(right), int(count)) for batch, count, left, right in rows]
        wanted = [(batch, left, right, count) for batch, rows in enumerate(steps, 1) for left, right, _, count, _ in rows]
        if got != wanted:
            raise Wrong("tok's merges are not those of the published program")

    def compare(self, documents, merges, count):
        batches = self.batches(documents, count)
        said, _ = self.ours(documents, merges, count, steps=True)
        self.check(self.theirs(batches, merges)[1])
        ours, theirs = [], []
        for _ in range(self.setup.options.runs):
            ours.append(statistics.median(self.ours(documents, merges, count)[1]) / count * 1e3)
            theirs.append(self.theirs(batches, merges)[0] / count * 1e3)
        average = said["ids"] / said["batches"]
        return (f"| {documents:,} | {average:,.0f} | {said['merges'] / said['batches']:,.0f} | {spread(ours)} | "
                f"{spread(theirs)} | {ratio(theirs, ours)} | {said['merges'] / said['batches'] / statistics.median(ours) * 1e3:,.0f} |")

    def scale(self, documents):
        said, times = self.ours(documents, 0, 0)
        nanoseconds = [t / said["ids"] * 1e9 for t in times]
        return (f"| {documents:,} | {said['ids'] / said['batches']:,.0f} | {said['merges'] / said['batches']:,.0f} | "
                f"{spread(nanoseconds)} | {said['merges'] / statistics.median(times):,.0f} |")


def report_merge(setup):
    yield "## Merging (`tok merge`)\n"
    merging = Merging(setup)
    if not merging.program:
        yield "Not measured: this build has no `bench_merge`.\n"
        return
    yield ("| documents a batch | ids | merges | tok, ms | Python, ms | ratio | tok, merges/s |\n|---|---|---|---|---|---|---|")
    for documents, merges, count in BATCHES:
        if documents * count <= len(setup.rows):
            yield merging.compare(documents, merges, count)
    yield "\nAll merges of batches of growing size: what an id costs.\n"
    yield "| documents a batch | ids | merges | ns an id | merges/s |\n|---|---|---|---|---|"
    for documents in LINEAR:
        if documents <= len(setup.rows):
            yield merging.scale(documents)
    yield ""


# ---- all of it ------------------------------------------------------------------------

PARTS = {"split": report_split, "table": report_table, "uniform": report_uniform, "merge": report_merge}


def processor():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} processors"


def report(setup):
    load = os.getloadavg()[0]
    yield "# Splitting, sampling and merging, measured\n"
    yield ("Made by `run.py`; what is measured and how: [README.md](README.md). "
           f"{time.strftime('%Y-%m-%d')}, {processor()}, Linux {platform.release()}, Python {platform.python_version()}, "
           f"tokenizer {TOKENIZER}; load average {load:.1f} at the start: where it is not near 0 the machine had other "
           "work. One processor, processor time, medians (the least to the most).\n")
    for name in setup.options.only:
        yield from PARTS[name](setup)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--text", required=True, type=pathlib.Path, help="prose in lines")
    parser.add_argument("--bytes", type=int, default=8_000_000, help="of the text, for sampling and merging (8,000,000)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", type=lambda names: names.split(","), default=list(PARTS))
    parser.add_argument("--results", type=pathlib.Path)
    options = parser.parse_args()
    unknown = [name for name in options.only if name not in PARTS]
    if unknown:
        parser.error(f"--only takes some of {','.join(PARTS)}, not {unknown[0]}")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    text = ""
    with tempfile.TemporaryDirectory() as folder:
        try:
            for part in report(Setup(options, folder)):
                print(part, flush=True)
                text += part + "\n"
        except Wrong as wrong:
            sys.exit(f"wrong: {wrong}")
    if options.results:
        options.results.write_text(text.rstrip("\n") + "\n")


if __name__ == "__main__":
    main()
