#!/usr/bin/env python3
"""Splitting with Python's generators is what the published program does, and what is predicted
of splitting happens.

    sampling_split.py --driver build/tests/conformance/split_driver --cache build/test-data

The published program is tests/oracles/published_split.py on numpy's and Python's own generators:
every id of many documents must be the same.  Predictions are compared with splitting real text,
and for FLORES-200's English (TOK_TEST_DATA) with the table that was made of it beforehand, by
splitting with another program.
"""
import argparse
import array
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent / "oracles")]
import published_split  # noqa: E402
import references  # noqa: E402

PROPORTIONS = (0, .01, .1, .3, .5, 1, 1.7, 3, 8)
PREDICTED = (.01, .05, .1, .2, .5, 1, 2, 5)
# Of dev and devtest of FLORES-200's English, 54,794 ids of GPT-2, by another program; proportion:
# length ratio and bytes a token as predicted and as simulated, share of attempts that split.
FLORES = {.01: (1.0086, 4.6938, 1.0087, 4.6934, .886), .05: (1.0424, 4.5415, 1.0425, 4.5411, .853),
          .1: (1.0837, 4.3682, 1.0837, 4.3685, .840), .2: (1.1635, 4.0686, 1.1635, 4.0687, .821),
          .5: (1.3827, 3.4237, 1.3832, 3.4225, .766), 1: (1.6952, 2.7926, 1.6957, 2.7918, .696),
          2: (2.1887, 2.1629, 2.1891, 2.1626, .595), 5: (3.1313, 1.5119, 3.1313, 1.5118, .426)}
FLORES_SINGLE_BYTES = {.01: .146, .1: .183, 1: .428, 5: .769}


def real_text(cache, count):
    """Running text in many languages, and what is hard about text."""
    texts = sorted(pathlib.Path(cache, "texts").glob("*.json"))
    return "\n".join(t.read_text(errors="replace")[:count] for t in texts)


def documents(ids, table, seed):
    """Slices of real text, and ids drawn from all; among them those that cannot be split."""
    made = random.Random(seed)
    singles = [i for i in set(ids) if i not in table] or [0]
    every = sorted(table)
    for size in (0, 1, 1, 2, 3, 7, 10, 31, 64, 65, 200, 1024, 3000):
        start = made.randrange(max(1, len(ids) - size))
        yield ids[start:start + size]
        yield [made.choice(every) for _ in range(size)]
    yield [made.choice(singles) for _ in range(40)]
    yield [max(every)]


def compare(driver, path, ids, table, name):
    """Documents that differ from the published program's."""
    wanted, lines = [], []
    for number, document in enumerate(d for seed in range(2) for d in documents(ids, table, seed)):
        for proportion in PROPORTIONS:
            if proportion > 1 and len(document) > 1024:
                continue  # what the reference takes long for
            seed = (number * 7919 + int(proportion * 100)) % 4294967296 if number % 5 else 4294967295 - number
            published_split.seed(seed)
            wanted.append(published_split.split(list(document), table, proportion))
            lines.append(" ".join(map(str, [seed, proportion, *document])))
    run = subprocess.run([driver, path, "split"], input="\n".join(lines) + "\n", capture_output=True,
                         text=True, check=True)
    got = [list(map(int, line.split())) for line in run.stdout.split("\n")[:-1]]
    wrong = [i for i, (a, b) in enumerate(zip(wanted, got)) if a != b]
    if len(got) != len(wanted):
        wrong.append(min(len(got), len(wanted)))
    longer = sum(len(d) for d in wanted) / sum(len(line.split()) - 2 for line in lines)
    print(f"{name}: {len(wanted)} documents, {longer:.2f} times as long, {len(wrong)} differ"
          + (f", first with '{lines[wrong[0]][:200]}'" if wrong else ""))
    return len(wrong)


def predict(driver, path, ids, seeds):
    with tempfile.NamedTemporaryFile() as file:
        file.write(array.array("I", ids).tobytes())
        file.flush()
        run = subprocess.run([driver, path, "predict", file.name, str(seeds), *map(str, PREDICTED)],
                             capture_output=True, text=True, check=True)
    return {row[0]: row[1:] for row in (tuple(map(float, line.split())) for line in run.stdout.splitlines())}


def deviation(rate, attempts):
    """Of a rate that was counted."""
    return (rate * (1 - rate) / attempts) ** .5


def check_prediction(driver, path, ids, name):
    """Length within a thousandth, three times as close as asked for; and the rates."""
    wrong, seeds = 0, 10
    for proportion, (length, success, final, *real) in predict(driver, path, ids, seeds).items():
        attempts = int(len(ids) * proportion) * seeds
        bad = (abs(length / real[0] - 1) > 1e-3 or abs(final - real[2]) > 1e-3
               or abs(success - real[1]) > 5 * deviation(real[1], attempts))
        wrong += bad
        print(f"{name}: {proportion}: length {length:.5f}, {real[0]:.5f} as split; success {success:.4f}, "
              f"{real[1]:.4f}; final {final:.4f}, {real[2]:.4f}{'  WRONG' if bad else ''}")
    return wrong


def flores_text():
    """English as two files one behind the other; None where it is not here."""
    data = os.environ.get("TOK_TEST_DATA")
    archive = pathlib.Path(data or ".", "flores200.tar.zst")
    if not data or not archive.exists() or not shutil.which("zstd"):
        return None
    members = ["flores200_dataset/dev/eng_Latn.dev", "flores200_dataset/devtest/eng_Latn.devtest"]
    return b"".join(subprocess.run(["tar", "--zstd", "-xOf", archive, m], capture_output=True, check=True).stdout
                    for m in members)


def check_flores(driver, path, encoding):
    text = flores_text()
    if text is None:
        print("SKIPPED: FLORES-200 is not here (TOK_TEST_DATA)")
        return os.environ.get("CI") == "true" and "TOK_TEST_DATA" in os.environ
    ids = encoding.encode_ordinary(text.decode())
    wrong = len(ids) != 54794
    if wrong:
        print(f"FLORES: {len(ids)} ids, not 54794")
    for proportion, (length, success, final, *_) in predict(driver, path, ids, 1).items():
        *known, rate = FLORES[proportion]
        bytes_each = len(text) / len(ids) / length
        single = FLORES_SINGLE_BYTES.get(proportion, final)
        bad = (round(length, 4) != known[0] or round(bytes_each, 4) != known[1]
               or abs(length / known[2] - 1) > 3e-3 or abs(bytes_each / known[3] - 1) > 3e-3
               or abs(success - rate) > 4 * deviation(rate, len(ids) * proportion) or abs(final - single) > 2e-3)
        wrong += bad
        print(f"FLORES: {proportion}: length {length:.4f}, {known[0]} known; bytes {bytes_each:.4f}, {known[1]}; "
              f"success {success:.3f}, {rate}; single {final:.3f}, {single:.3f}{'  WRONG' if bad else ''}")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    o = parser.parse_args()
    text = real_text(o.cache, 60000)
    wrong = 0
    for name in ("r50k", "cl100k", "o200k"):
        path = o.cache / "tokenizers" / name / f"{name}_base.tiktoken"
        encoding = references.openai(f"{name}_base", path).encoding
        table = published_split.pair_table(published_split.read_ranks(path))
        ids = encoding.encode_ordinary(text)
        wrong += compare(o.driver, path, ids, table, name)
        wrong += check_prediction(o.driver, path, ids, name)
        if name == "r50k":
            wrong += check_flores(o.driver, path, encoding)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
