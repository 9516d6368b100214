#!/usr/bin/env python3
"""Orthogonal matching pursuit, timed: beside the processor's peak, and beside mergekit's own.

    transplant_omp.py --driver build/tests/conformance/donor_driver --gemm build/tests/bench_gemm
                      [--mergekit FOLDER] [--full]

FOLDER is where `pip install --no-deps --target FOLDER mergekit` put it; the Python that runs this has torch.
Rows lie about centres, as embeddings do.  One thread; seconds are the processor's.  Of the large one, 100,000
tokens by 30,000 shared rows of 2,048 numbers, some tokens are computed (with --full both ways, which takes
minutes) and the rest is multiplied out.  mergekit and ours take turns on the same arrays; what they choose is
compared.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

K, NEW, SHARED, WIDTH = 64, 100_000, 30_000, 2048
MERGEKIT = """
import sys, time, types, resource, json
import numpy, torch
torch.set_num_threads(1)
package = types.ModuleType("surgeon")
package.__path__ = [sys.argv[1] + "/mergekit/tokensurgeon"]
sys.modules["surgeon"] = package
from surgeon.omp import batch_omp
rows, width, anchors, k = map(int, sys.argv[3:7])
numbers = torch.from_numpy(numpy.fromfile(sys.argv[2], numpy.float32).reshape(rows, width))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
places, factors = batch_omp(numbers[anchors:], numbers[:anchors], k)
told = {"cpu": time.process_time() - start, "before": before,
        "kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
sys.stdout.buffer.write(places.numpy().astype(numpy.uint32).tobytes() + factors.numpy().tobytes())
sys.stderr.write("\\n" + json.dumps(told))
"""


def clusters(chance, count, width):
    import numpy as np
    centres = 0.6 * chance.standard_normal((max(4, count // 100), width), dtype=np.float32)
    rows = chance.standard_normal((count, width), dtype=np.float32)
    rows += centres[chance.integers(0, len(centres), count)]
    rows += 0.3 * chance.standard_normal(width, dtype=np.float32)
    return rows * 0.02 * np.exp(0.2 * chance.standard_normal((count, 1), dtype=np.float32))


def ours(driver, path, rows, width, anchors, k, *options):
    done = subprocess.run([driver, "omp", path, *map(str, (rows, width, anchors, k)), *map(str, options)],
                          capture_output=True, check=True)
    return done.stdout, json.loads(done.stderr)


def theirs(folder, path, *shape):
    environment = dict(os.environ, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    done = subprocess.run([sys.executable, "-c", MERGEKIT, folder, path, *map(str, shape)],
                          capture_output=True, check=True, env=environment)
    return done.stdout, json.loads(done.stderr.splitlines()[-1])


def compare(args, folder):
    import numpy as np
    for anchors, width, wanted, k in ((4000, 512, 192, 32), (8000, 1024, 384, 32), (3000, 768, 3000, 48)):
        path = pathlib.Path(folder) / "small.f32"
        clusters(np.random.default_rng(5), anchors + wanted, width).astype(np.float32).tofile(path)
        shape = (anchors + wanted, width, anchors, k)
        times = {"mergekit": [], "products": [], "kept": []}
        for _ in range(args.rounds):
            out, told = theirs(args.mergekit, path, *shape)
            times["mergekit"].append(told["cpu"])
            memory = told
            for name, memory_option in (("products", 0), ("kept", 4 * anchors**2)):
                got, mine = ours(args.driver, path, *shape, "-b", memory_option)
                times[name].append(mine["cpu"])
                if name == "kept" and not mine["kept"]:
                    times[name] = []
        places = np.frombuffer(out, np.uint32, wanted * k).reshape(wanted, k)
        factors = np.frombuffer(out, np.float32, offset=places.nbytes).reshape(wanted, k)
        mine_all = np.frombuffer(got, np.uint32).reshape(wanted, 2, k)
        same = (mine_all[:, 0] == places).all(1)
        worst = np.abs(mine_all[:, 1].view(np.float32) - factors)[same].max()
        print(f"{wanted} tokens, {anchors} shared rows of {width}, k = {k}: "
              f"{same.sum()} tokens have the same rows in the same order, coefficients to {worst:.1e}")
        print(f"  mergekit  {statistics.median(times['mergekit']):8.2f} s   "
              f"{memory['kilobytes'] / 1024:6.0f} MB, of which {memory['before'] / 1024:.0f} before it began")
        for name in ("products", "kept"):
            if times[name]:
                ratio = statistics.median(t / o for t, o in zip(times["mergekit"], times[name]))
                print(f"  ours      {statistics.median(times[name]):8.2f} s   {mine['kilobytes'] / 1024:6.0f} MB  "
                      f"x {ratio:.1f}, {name}")


def large(args, folder):
    import numpy as np
    path = pathlib.Path(folder) / "large.f32"
    peak = float(re.search(r"peak ([0-9.]+)", subprocess.run(
        [args.gemm, "-n", "1", "64x64x64"], capture_output=True, text=True, check=True).stdout)[1])
    few, many = 224, 1024
    clusters(np.random.default_rng(6), SHARED + many, WIDTH).astype(np.float32).tofile(path)
    print(f"peak {peak:.1f} GFLOP/s; {SHARED} shared rows of {WIDTH}, k = {K}")
    # What does not grow with the tokens: rows packed, and read.
    _, one = ours(args.driver, path, SHARED + 1, WIDTH, SHARED, 1)
    _, told = ours(args.driver, path, SHARED + few, WIDTH, SHARED, K)
    took = told["cpu"] - one["cpu"]
    print(f"  products  {few} tokens in {told['cpu']:.1f} s, {told['operations'] / took / 1e9:.1f} GFLOP/s, "
          f"{100 * told['operations'] / took / 1e9 / peak:.1f} % of peak, {told['kilobytes'] // 1024} MB; "
          f"{NEW} tokens would take {one['cpu'] + took / few * NEW:.0f} s")
    if not args.full:
        return
    _, less = ours(args.driver, path, SHARED + many // 2 + 100, WIDTH, SHARED, K, "-b", 4 * SHARED**2)
    _, told = ours(args.driver, path, SHARED + many, WIDTH, SHARED, K, "-b", 4 * SHARED**2)
    each = (told["cpu"] - less["cpu"]) / (many - many // 2 - 100)
    print(f"  kept      {many} tokens in {told['cpu']:.1f} s, {1000 * each:.1f} ms a token more, "
          f"{told['recomputed'] / many / K:.3f} of steps decided in F64, {told['kilobytes'] // 1024} MB; "
          f"{NEW} tokens would take {told['cpu'] + each * (NEW - many):.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--gemm", required=True)
    parser.add_argument("--mergekit")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    with tempfile.TemporaryDirectory() as folder:
        if args.mergekit:
            compare(args, folder)
        large(args, folder)


if __name__ == "__main__":
    main()
