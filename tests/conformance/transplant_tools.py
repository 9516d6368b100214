#!/usr/bin/env python3
"""Rows of like tokens against the programs that they are published with: FOCUS, WECHSEL, mergekit.

    transplant_tools.py --tok build/tok --driver build/tests/conformance/transplant_like_driver --cache build/test-data

deepfocus's own focus_additional_token_initialization, wechsel's create_target_embeddings and mergekit's
common_interp_approximate get the same vectors as the driver.  The first two answer with rows of embeddings, not
weights: embeddings of old tokens are rows of the identity, so that both are the same.  Then whole models, by deepfocus's
FOCUS() (transplant_focus.py).

The functions are taken out of the wheels; of what their files import beside torch and numpy, things that no such
function uses are empty, and where numba or sklearn is missing their cosines are numpy's.  Runs itself in a Python that
has torch; where there is none it is skipped.
"""
import argparse
import importlib
import os
import pathlib
import sys
import tempfile
import types
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "oracles"), str(HERE.parent / "providers")]
import programs  # noqa: E402

WHEELS = {"deepfocus": "1.0.1", "entmax": "1.3", "wechsel": "0.0.4", "mergekit": "0.1.5"}


# ---- their files ----------------------------------------------------------------------

class Anything:
    """What is imported and never used."""

    def __init__(self, *_, **__):
        pass

    def __getattr__(self, name):
        return lambda *_, **__: None


def nothing(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Anything


def stand_in(name, **things):
    module = types.ModuleType(name)
    module.__path__ = []
    module.__getattr__ = nothing
    for thing, value in things.items():
        setattr(module, thing, value)
    sys.modules[name] = module
    return module


def cosine_matrix(a, b):
    import numpy as np
    a, b = np.asarray(a, float), np.asarray(b, float)
    lengths = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    return a @ b.T / np.where(lengths > 0, lengths, 1)


def have(name):
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def prepare(cache, folder):
    for name, version in WHEELS.items():
        with zipfile.ZipFile(cache / f"packages/{name}-{version}-py3-none-any.whl") as wheel:
            wheel.extractall(folder / name)
        sys.path.insert(0, str(folder / name))
    # Those that calculate are the real ones, where they are here.
    if not have("torch") or not have("entmax"):
        sys.exit("torch and entmax are needed")
    if not have("fastdist.fastdist"):
        stand_in("fastdist", fastdist=types.SimpleNamespace(cosine_matrix_to_matrix=cosine_matrix))
    if not have("sklearn.metrics.pairwise"):
        for name in ("sklearn", "sklearn.metrics"):
            stand_in(name)
        stand_in("sklearn.metrics.pairwise", cosine_similarity=cosine_matrix)
    for name in ("transformers", "datasets", "datasets.fingerprint", "datasets.load", "fasttext", "fasttext.util",
                 "nltk", "gensim", "gensim.models", "print_on_steroids", "deepfocus.fasttext_embs",
                 "deepfocus.vocab_helper", "wechsel.download_utils"):
        stand_in(name)
    stand_in("deepfocus.logger", logger=Anything())
    for name in ("tqdm", "tqdm.auto", "tqdm.asyncio"):
        stand_in(name, tqdm=lambda steps, **_: steps)
    if not have("scipy.linalg"):
        for name in ("scipy", "scipy.linalg"):
            stand_in(name)
    package = types.ModuleType("deepfocus")  # its own __init__ would load what stands in
    package.__path__ = [str(folder / "deepfocus/deepfocus")]
    sys.modules["deepfocus"] = package


def load_file(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- what they answer -----------------------------------------------------------------

def weights_of(ids, rows):
    return [{int(ids[j]): float(row[j]) for j in row.nonzero()[0]} for row in rows]


def add_up(ids, row):
    out = {}
    for i, w in zip(ids, row, strict=True):
        out[int(i)] = out.get(int(i), 0.0) + float(w)
    return out


def ask_focus(case):
    import torch
    from deepfocus.focus import focus_additional_token_initialization as focus
    shared = case.shared()
    one_hot = torch.eye(len(shared))

    def token(i, source):
        return types.SimpleNamespace(auxiliary_embedding=case.features[1][i], source_embedding=source,
                                     target=types.SimpleNamespace(id=i))

    new = [int(i) for i in case.wanted if case.features[1][i].any()]
    out = focus({str(i): token(i, one_hot[n]) for n, i in enumerate(shared)}, {str(i): token(i, None) for i in new},
                torch.zeros(len(case.target.tokens), len(shared)), device="cpu").numpy()
    return [add_up(case.matches[shared], out[i]) if i in new else {} for i in case.wanted]


def ask_wechsel(case, neighbours):
    import numpy as np
    from wechsel import create_target_embeddings
    old = case.old()

    class Names(list):
        special_tokens_map = {}
        vocab = property(lambda self: {name: i for i, name in enumerate(self)})

        def convert_ids_to_tokens(self, ids):
            return [self[i] for i in ids] if hasattr(ids, "__len__") else self[ids]

    vectors = case.features[1][case.wanted].astype(float)
    out, lost, _ = create_target_embeddings(
        case.features[0][old].astype(float), vectors, Names(map(str, old)), Names(map(str, case.wanted)),
        np.eye(len(old)), neighbors=neighbours, temperature=0.1, verbose=False)
    if set(lost) != {str(i) for i in case.wanted if not case.features[1][i].any()}:
        sys.exit("wechsel: other tokens have no vector")
    return [{} if str(i) in lost else add_up(old, row) for i, row in zip(case.wanted, out, strict=True)]


def ask_mergekit(folder, case, scheme, euclid, k):
    import torch
    theirs = load_file(folder / "mergekit/mergekit/tokensurgeon/common_interpolation.py")
    shared = case.shared()
    new = [int(i) for i in case.wanted if i < len(case.donor) and case.donor[i].any()]
    ids, weights = theirs.common_interp_approximate(
        torch.tensor(case.donor[new]).double(), torch.tensor(case.donor[shared]).double(), k=k,
        metric=theirs.DistanceMetric.EUCLIDEAN if euclid else theirs.DistanceMetric.COSINE,
        weight_scheme=theirs.WeightingScheme(scheme))
    found = {i: add_up(case.matches[shared][row.numpy()], w.numpy())
             for i, row, w in zip(new, ids, weights, strict=True)}
    return [found.get(int(i), {}) for i in case.wanted]


# ---- comparing ------------------------------------------------------------------------

def clear(rows, chance):
    """No two alike, so that nothing hangs on which comes first."""
    import numpy as np
    out = rows + 0.05 * chance.normal(size=rows.shape) * rows.any(1, keepdims=True)
    return (out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-30)).astype(np.float32)


def compare_all(driver, cache, tok):
    import numpy as np
    import transplant_focus as whole
    import transplant_similar as ours
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        prepare(cache, folder)
        case = ours.make_case(11, 48, 3000, 1600, 160, 0.4)
        chance = np.random.default_rng(12)
        case.features = tuple(clear(rows, chance) for rows in case.features)
        path = folder / "case.safetensors"
        case.write(path)
        count = len(case.wanted)
        ours.compare("FOCUS", ours.similar(driver, path, "focus", count, temperature=1), ask_focus(case), 2e-6)
        for k in (10, 3):
            ours.compare(f"WECHSEL {k}", ours.similar(driver, path, "wechsel", count, temperature=0.1, k=k),
                         ask_wechsel(case, k), 3e-7)
        # Common parts, so that none of the nearest has a negative cosine: mergekit lets it weigh less than nothing.
        case.donor = (chance.normal(size=(len(case.target.tokens) - 5, 96)) + 0.5).astype(np.float32)
        case.donor[7] = 0
        case.write(path)
        for scheme, most in (("distance_proportional", 2e-7), ("barycentric", 2e-6), ("least_squares", 2e-5)):
            for metric in ("cosine", "euclid"):
                for k in (5, 64):
                    word = {"distance_proportional": "distance", "least_squares": "least-squares"}.get(scheme, scheme)
                    ours.compare(f"mergekit {scheme} {metric} {k}",
                                 ours.similar(driver, path, "knn", count, k=k, scheme=word, metric=metric),
                                 ask_mergekit(folder, case, scheme, metric == "euclid", k), most)
        whole.compare_focus(tok, folder)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--tok", required=True)
    options.add_argument("--driver", required=True)
    options.add_argument("--cache", type=pathlib.Path, required=True)
    options.add_argument("--here", action="store_true", help="this Python has torch")
    options = options.parse_args()
    if options.here:
        compare_all(options.driver, options.cache, options.tok)
        return
    python = programs.with_torch()
    if python is None:
        programs.skip("no Python here has torch: python3-torch")
    os.execv(python, [python, "-B", *sys.argv, "--here"])


if __name__ == "__main__":
    main()
