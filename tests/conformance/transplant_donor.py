#!/usr/bin/env python3
"""Sums and maps of a donor's rows against numpy in float64, by the definitions.

    transplant_donor.py --driver build/tests/conformance/donor_driver

Orthogonal matching pursuit: the same rows in the same order, coefficients to 1e-5, whatever kernel, mode,
memory and threads.  Ridge: numpy.linalg.lstsq of the rows with sqrt(lambda) below them.  Procrustes:
numpy.linalg.svd, and that no other rotation that is tried is nearer.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np


def clusters(chance, count, width, lengths=0.2):
    """Rows about centres and a common direction, of unlike lengths, as embeddings are."""
    centres = 0.6 * chance.standard_normal((max(4, count // 50), width))
    rows = chance.standard_normal((count, width)) + centres[chance.integers(0, len(centres), count)]
    rows += 0.3 * chance.standard_normal(width)
    rows *= 0.02 * np.exp(lengths * chance.standard_normal((count, 1)))
    return rows.astype(np.float32)


class Driver:
    def __init__(self, path, folder):
        self.path, self.file = path, pathlib.Path(folder) / "rows.f32"

    def run(self, arguments, *arrays):
        with open(self.file, "wb") as out:
            for array in arrays:
                out.write(np.ascontiguousarray(array, np.float32).tobytes())
        done = subprocess.run([self.path, *map(str, arguments)], capture_output=True)
        if done.returncode:
            sys.exit(done.stderr.decode())
        return done.stdout, json.loads(done.stderr)

    def omp(self, rows, anchors, k, *options):
        out, told = self.run(["omp", self.file, *rows.shape, anchors, k, *options], rows)
        numbers = np.frombuffer(out, np.uint32).reshape(-1, 2, k)
        return numbers[:, 0], numbers[:, 1].view(np.float32), told

    def map(self, kind, rows, model, *options):
        out, told = self.run(
            ["map", kind, self.file, *rows.shape, *model.shape, *options], rows, model)
        return np.frombuffer(out, np.float32).reshape(-1, model.shape[1]), told


def pursue(x, atoms, k, normalize):
    """The definition, with a QR decomposition that grows by a column a step."""
    lengths = np.linalg.norm(atoms, axis=1) if normalize else np.ones(len(atoms))
    basis, triangle, chosen, left = np.zeros((len(x), 0)), np.zeros((k, k)), [], x
    for t in range(k):
        scores = np.abs(atoms @ left) / lengths
        scores[chosen] = -1
        chosen.append(int(np.argmax(scores)))
        column = atoms[chosen[-1]]
        for _ in range(2):
            along = basis.T @ column
            triangle[:t, t] += along
            column = column - basis @ along
        triangle[t, t] = np.linalg.norm(column)
        basis = np.column_stack([basis, column / triangle[t, t]])
        left = x - basis @ (basis.T @ x)
    return chosen, np.linalg.solve(triangle, basis.T @ x)


def check_omp(driver, chance, say):
    anchors, k = 900, 24
    rows = clusters(chance, anchors + 60, 192)
    # Rows that come twice, and a bit apart: the largest of some tokens.
    rows[7:anchors:97] = 1.5 * rows[anchors:anchors + len(rows[7:anchors:97])] + 0.7 * rows[7:anchors:97]
    rows[8:anchors:97] = rows[7:anchors:97]
    rows[6:anchors:97] = rows[7:anchors:97] * np.float32(1 - 2**-23)
    wide = rows.astype(np.float64)
    for normalize in ([], ["-n"]):
        expected = [pursue(x, wide[:anchors], k, bool(normalize)) for x in wide[anchors:]]
        places = np.array([chosen for chosen, _ in expected])
        factors = np.array([values for _, values in expected])
        for options in ([], ["-k", "scalar"], ["-b", 4 * anchors**2], ["-m", "bf16"], ["-m", "bf16x3"],
                        ["-t", 3], ["-t", 3, "-b", 4 * anchors**2], ["-s", anchors]):
            got, values, told = driver.omp(rows, anchors, k, *options, *normalize)
            same, worst = (got == places).all(), np.abs(values - factors).max()
            if "-b" in options and not told["kept"]:
                say("omp", options, "products were not kept")
            if not same or worst >= 1e-5:
                say("omp", options + normalize, f"{(got != places).any(1).sum()} tokens differ, {worst}")
            if not told["recomputed"]:
                say("omp", options, "nothing was near")


def check_maps(driver, chance, say):
    for width, model_width, anchors in ((61, 61, 700), (97, 40, 700), (40, 97, 700), (800, 800, 1500),
                                        (300, 30, 1100), (97, 40, 60)):
        rows = clusters(chance, anchors + 50, width)
        true = chance.standard_normal((width, model_width)) / np.sqrt(width)
        model = (rows[:anchors] @ true + 0.005 * chance.standard_normal((anchors, model_width)) + 0.01)
        model = model.astype(np.float32)
        d, e = rows[:anchors].astype(np.float64), model.astype(np.float64)
        mu, nu = d.mean(0), e.mean(0)
        d, e, wanted = d - mu, e - nu, rows[anchors:].astype(np.float64) - mu

        def compare(kind, w, options):
            expected = wanted @ w + nu
            explains = 1 - ((d @ w - e)**2).sum() / (e**2).sum()
            for more in ([], ["-k", "scalar"], ["-t", 3]):
                got, told = driver.map(kind, rows, model, *options, *more)
                worst = np.abs(got - expected).max() / np.abs(expected).max()
                if worst > 2e-6 or abs(told["explains"] - explains) > 1e-7:
                    say(kind, (width, model_width, anchors, more), f"off by {worst}, {told} {explains}")

        for strength in (1e-3, 1) if anchors > width else (1e-3,):
            penalty = np.sqrt(strength * (d**2).sum() / width)
            below = np.vstack([d, penalty * np.eye(width)])
            compare("ridge", np.linalg.lstsq(below, np.vstack([e, np.zeros((width, model_width))]))[0],
                    ["-r", strength])
        if anchors < max(width, model_width):
            continue # a rotation is not told by fewer
        axes = np.eye(width)
        if width > model_width:
            axes = np.linalg.svd(d, full_matrices=False)[2][:model_width]
        v, _, u = np.linalg.svd(axes @ d.T @ e, full_matrices=False)
        rotation = v @ u
        near = np.linalg.norm(d @ axes.T @ rotation - e)
        for other in (rotation.T if rotation.shape[0] == rotation.shape[1] else -rotation, -rotation):
            if np.linalg.norm(d @ axes.T @ other - e) < near:
                say("procrustes", (width, model_width), "the reference is not the nearest")
        compare("procrustes", axes.T @ rotation, [])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--driver", required=True)
    args = parser.parse_args()
    faults = []

    def say(*what):
        faults.append(what)
        print(*what)

    with tempfile.TemporaryDirectory() as folder:
        driver = Driver(args.driver, folder)
        check_omp(driver, np.random.default_rng(1), say)
        check_maps(driver, np.random.default_rng(2), say)
    print("sums and maps are numpy's" if not faults else f"{len(faults)} differ")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
