#!/usr/bin/env python3
"""How long from the making of a process to the first byte of ids: by name from a store of 200 vocabularies, and beside
it from a compiled image named by its path, and from the source by way of the cache folder.

    tests/bench/first_id.py build/test-data build/tok [OTHER/tok...] --cpu 1 --first

The first folder is the one that tests/oracles/fetch.py fills.  All ways of all programs, each with a store of its own,
run in turn, once a round.  A line tells the median of the rounds, the least, and the quartiles, in milliseconds: to the
first byte, and until the process has ended.  `nothing` is tok --version, which every run has to pay.

--first: before all other processes of the processor (SCHED_FIFO), which needs root and makes numbers of a machine with
other work believable.  --young: of the vocabulary that is longest to read, from the first moment of its image on.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SHOWN = ["o200k", "small", "gemma3"]
VOCABULARIES = 200


def small(number):
    """A BPE of letters and a few words, another one for each number."""
    letters = [chr(c) for c in range(32, 127)]
    word = "the" + "".join(chr(97 + int(d)) for d in str(number))
    parts = [word[:end] for end in range(2, len(word) + 1)]
    merges = [[part[:-1], part[-1]] for part in parts]
    return json.dumps({"added_tokens": [], "model": {
        "type": "BPE", "vocab": {t: i for i, t in enumerate(letters + parts)}, "merges": merges}})


def source(cache, name):
    folder = os.path.join(cache, "tokenizers", name)
    return next(os.path.join(folder, n) for n in sorted(os.listdir(folder)) if n.endswith((".json", ".tiktoken", ".model"))
                and n not in ("tokenizer_config.json", "special_tokens_map.json"))


def make_store(tok, cache, folder, environment):
    """A store of VOCABULARIES, of which SHOWN are looked at: paths of sources and images by name."""
    def run(*words):
        return subprocess.run([tok, "vocab", *words], env=environment, check=True, capture_output=True, text=True).stdout
    paths = {}
    for i in range(VOCABULARIES - len(SHOWN) + 1):
        path = os.path.join(folder, f"{i}.json")
        with open(path, "w") as file:
            file.write(small(i))
        name = "small" if i == 100 else f"org-{i % 7}/model-{i}"
        run("add", name, path)
        paths[name] = [path]
    for name in SHOWN:
        if name not in paths:
            paths[name] = [source(cache, name)]
            run("add", name, paths[name][0])
    for name in SHOWN:
        image = os.path.join(folder, name + ".tok")
        run("compile", paths[name][0], "-o", image)
        paths[name] += [image]
    return paths


def first_byte(words, environment, text):
    """Milliseconds to the first byte on standard output, and to the end."""
    inside, outside = os.pipe()
    given = os.open(text, os.O_RDONLY)
    start = time.perf_counter_ns()
    pid = os.posix_spawn(words[0], words, environment,
                         file_actions=[(os.POSIX_SPAWN_DUP2, given, 0), (os.POSIX_SPAWN_DUP2, outside, 1),
                                       (os.POSIX_SPAWN_CLOSE, inside)])
    os.close(outside)
    got = os.read(inside, 1)
    first = time.perf_counter_ns()
    while os.read(inside, 65536):
        pass
    _, status = os.waitpid(pid, 0)
    end = time.perf_counter_ns()
    os.close(inside)
    os.close(given)
    if status or not got:
        sys.exit(f"first_id: {' '.join(words)} failed")
    return (first - start) / 1e6, (end - start) / 1e6


def tell(label, times):
    firsts, ends = sorted(t[0] for t in times), [t[1] for t in times]
    low, middle, high = statistics.quantiles(firsts, n=4) if len(firsts) > 1 else firsts * 3
    print(f"{label:24} {middle:8.2f} {firsts[0]:8.2f} {low:8.2f} {high:8.2f}   {statistics.median(ends):8.2f}", flush=True)


def measure(ways, text, rounds):
    times = {label: [] for label, _, _ in ways}
    for _ in range(rounds):
        for label, words, environment in ways:
            times[label].append(first_byte(words, environment, text))
    print(f"{'':24} {'median':>8} {'least':>8} {'from':>8} {'to':>8}   {'end':>8}")
    for label, got in times.items():
        tell(label, got)


def ways_of(tok, cache, folder, mark):
    """What is run of a program, and its environment."""
    os.mkdir(folder)
    environment = dict(os.environ, TOK_STORE=os.path.join(folder, "store"), TOK_CACHE=os.path.join(folder, "cache"))
    paths = make_store(tok, cache, folder, environment)
    ways = [("nothing" + mark, [tok, "--version"], environment)]
    for name in SHOWN:
        for label, path in (("name", name), ("image", paths[name][1]), ("source", paths[name][0])):
            ways.append((f"{name}, {label}{mark}", [tok, "encode", "-t", path], environment))
    return ways


def measure_young(way, text):
    """Each time with an image that has just been made: those of the first second, and of the fourth."""
    label, words, environment = way
    for _ in range(3):
        shutil.rmtree(os.path.join(environment["TOK_STORE"], "images"))
        subprocess.run([words[0], "vocab", "path", words[-1]], env=environment, stdout=subprocess.DEVNULL, check=True)
        for wait in (0, 3.5):
            time.sleep(wait)
            times = [f"{first_byte(words, environment, text)[0]:.2f}" for _ in range(6)]
            print(f"{label}, {'after' if wait else 'young':6}", *times, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache")
    parser.add_argument("tok", nargs="+")
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--cpu", type=int)
    parser.add_argument("--first", action="store_true")
    parser.add_argument("--young", action="store_true")
    args = parser.parse_args()
    if args.cpu is not None:
        os.sched_setaffinity(0, {args.cpu})
    with tempfile.TemporaryDirectory() as folder:
        text = os.path.join(folder, "text")
        with open(text, "w", encoding="ascii") as file:
            file.write("the quick brown fox jumps over the lazy dog\n" * 24)
        ways = []
        for number, tok in enumerate(args.tok):
            mark = f" [{number + 1}]" if len(args.tok) > 1 else ""
            ways += ways_of(os.path.abspath(tok), args.cache, os.path.join(folder, str(number)), mark)
        if not args.young:
            for _ in range(2):  # what is read first comes from the disk; what is old enough is remembered
                for _, words, environment in ways:
                    first_byte(words, environment, text)
                time.sleep(3.5)
        if args.first:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        if args.young:
            for way in ways:
                if way[0].startswith("gemma3, name"):
                    measure_young(way, text)
        else:
            measure(ways, text, args.rounds)


if __name__ == "__main__":
    main()
