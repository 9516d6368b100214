#!/usr/bin/env python3
"""FOCUS of many tokens: deepfocus's own weighting and ours, on the same vectors, one thread each, in turn.

    transplant_focus.py --driver build/tests/conformance/transplant_like_driver --cache build/test-data
        [--new 30000] [--shared 30000] [--width 300] [--times 1]

Prints seconds of processor time and the peak of resident memory of each whole process, and of its weighting alone the
seconds.  deepfocus sums rows of one number, ours only answers with weights.  Runs itself in a Python that has torch,
and with fastdist installed its cosines are the real ones.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import types

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / name) for name in ("conformance", "oracles", "providers")]


def make_rows(new, shared, width):
    """Directions that tokens have in common, and of each its own: some 50 others count for each."""
    import numpy as np
    chance = np.random.default_rng(1)
    centres = chance.normal(size=(400, width)).astype(np.float32)
    rows = chance.normal(size=(shared + new, width)).astype(np.float32)
    rows += centres[chance.integers(0, 400, shared + new)] * chance.uniform(0.1, 0.5, (shared + new, 1))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def write_case(path, o):
    import numpy as np
    import transplant_ref as ref
    rows = make_rows(o.new, o.shared, o.width)
    names = [b"%d" % i for i in range(o.shared + o.new)]
    classes = np.append(np.full(o.shared, ref.EXACT), np.full(o.new, ref.NEW))
    matches = np.append(np.arange(o.shared), np.full(o.new, ref.NO_ID))
    ref.Case(ref.Vocab(names[:o.shared]), ref.Vocab(names), matches, classes,
             np.arange(o.shared, o.shared + o.new), (rows[:o.shared], rows)).write(path)


def deepfocus(o):
    import torch
    import transplant_tools
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        transplant_tools.prepare(o.cache, pathlib.Path(folder))
        from deepfocus.focus import focus_additional_token_initialization as focus
        from fastdist import fastdist
        one = torch.zeros(1)

        def tokens(rows, first):
            return {str(i): types.SimpleNamespace(auxiliary_embedding=row, source_embedding=one,
                                                  target=types.SimpleNamespace(id=i))
                    for i, row in enumerate(rows, first)}

        rows = make_rows(o.new, o.shared, o.width)
        fastdist.cosine_matrix_to_matrix(rows[:2], rows[2:4])  # compiled before the clock runs
        shared, new = tokens(rows[:o.shared], 0), tokens(rows[o.shared:], o.shared)
        began = time.process_time()
        focus(shared, new, torch.zeros(o.shared + o.new, 1), device="cpu")
    print(f"{time.process_time() - began:.3f}", file=sys.stderr)


def measure(command, environment):
    """The last word that it says, seconds of its whole process, its peak in MiB."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    told = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(told)
    return float(told.split()[-1]), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--driver", required=True)
    options.add_argument("--cache", type=pathlib.Path, required=True)
    for name, value in (("new", 30000), ("shared", 30000), ("width", 300), ("times", 1)):
        options.add_argument(f"--{name}", type=int, default=value)
    options.add_argument("--theirs", action="store_true")
    o = options.parse_args()
    if o.theirs:
        deepfocus(o)
        return
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "case.safetensors"
        write_case(path, o)
        ours = [o.driver, "similar", path, "focus", "0", "1", "0", "0", "distance", "cosine", "1", "best"]
        theirs = [sys.executable, "-B", *sys.argv, "--theirs"]
        for _ in range(o.times):
            a, b = measure(ours, environment), measure(theirs, environment)
            print(f"ours {a[0]:.2f} s, process {a[1]:.2f} s, {a[2]:.0f} MiB; "
                  f"deepfocus {b[0]:.2f} s, process {b[1]:.2f} s, {b[2]:.0f} MiB; "
                  f"ratios {b[0] / a[0]:.1f}, {b[1] / a[1]:.1f}, {b[2] / a[2]:.1f}", flush=True)


if __name__ == "__main__":
    main()
