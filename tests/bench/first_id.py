#!/usr/bin/env python3
"""first_id.py TOK CACHE: how long from exec to the first byte of ids, by name from a store of 200 vocabularies, and
beside it from a compiled image named by its path, and from the source through the cache folder.

    tests/bench/first_id.py build/tok build/test-data --cpu 1

CACHE is the folder that tests/oracles/fetch.py fills.  Ways run in turn, each once a round; a line tells the median of
the rounds, the least, and the quartiles, in milliseconds: to the first byte, and until the process has ended.  Times
begin before the process is made.  `nothing` is tok --version, what every run has to pay.

--young: how long with an image that has just been made, whose checksum is looked through (one run each).
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


def measure(toks, ways, text, rounds):
    times = {}
    for _ in range(rounds):
        for label, words, environment in ways:
            for which, tok in toks:
                times.setdefault((which, label), []).append(first_byte([tok, *words], environment, text))
    print(f"{'':24} {'first':>8} {'least':>8} {'from':>8} {'to':>8}   {'end':>8}")
    for (which, label), got in times.items():
        tell(label + which, got)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tok", nargs="+", help="several: in turn, each with its own store")
    parser.add_argument("cache")
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--cpu", type=int)
    parser.add_argument("--young", action="store_true")
    args = parser.parse_args()
    if args.cpu is not None:
        os.sched_setaffinity(0, {args.cpu})
    with tempfile.TemporaryDirectory() as folder:
        text = os.path.join(folder, "text")
        with open(text, "w") as file:
            file.write("the quick brown fox jumps over the lazy dog\n" * 24)
        for number, tok in enumerate(args.tok):
            run(os.path.abspath(tok), args, os.path.join(folder, str(number)), text)


def run(tok, args, folder, text):
    os.mkdir(folder)
    environment = dict(os.environ, TOK_STORE=os.path.join(folder, "store"), TOK_CACHE=os.path.join(folder, "cache"))
    paths = make_store(tok, args.cache, folder, environment)
    ways = [("nothing", ["--version"], environment)]
    for name in SHOWN:
        ways += [(f"{name}, by name", ["encode", "-t", name], environment),
                 (f"{name}, image", ["encode", "-t", paths[name][1]], environment),
                 (f"{name}, source", ["encode", "-t", paths[name][0]], environment)]
    print(tok)
    if args.young:
        images = os.path.join(folder, "store", "images")
        for _ in range(5):
            shutil.rmtree(images)
            subprocess.run([tok, "encode", "-t", "gemma3"], env=environment, stdin=subprocess.DEVNULL, check=True)
            measure([("", tok)], [w for w in ways if w[0] == "gemma3, by name"], text, 5)
        return
    for _ in range(2):  # what is read first comes from the disk; what is seen twice is remembered
        for _, words, env in ways:
            first_byte([tok, *words], env, text)
        time.sleep(3.5)
    measure([("", tok)], ways, text, args.rounds)


if __name__ == "__main__":
    main()
