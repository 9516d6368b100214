#!/usr/bin/env python3
"""The network that predicts embeddings against numpy in float64 (tests/oracles/hypernet_ref.py).

    hypernet.py --driver build/tests/conformance/hypernet_driver

Networks of many shapes, surface forms with padding in every place, every mode, all rows; XLM-R's shape by
every table of kernels that runs (the fixtures have that in unit.hyper_net).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracles"))
import hypernet_ref as ref  # noqa: E402

# How far a mode may be off, in parts of the largest number, and the least cosine of two rows: of networks
# that are wide enough for errors to even out.  Of others the cosine is not asked for; those of the
# fixtures have it too (unit.hyper_net).
WIDE = 256
BOUNDS = {"f32": (1e-5, 0.9999999), "bf16x3": (5e-5, 0.9999999), "bf16": (2e-2, 0.9998), "int8": (6e-2, 0.998)}

TIED, UNTIED = ref.CONFIGS["tiny_tied_lang"], ref.CONFIGS["tiny_untied"]
# TinyLlama's shape, an eighth of it in each direction.
LLAMA = dict(UNTIED, hn_hidden_size=256, hn_intermediate_size=512, hn_num_attention_heads=4, n_embd=256,
             original_vocab_size=4000, hn_n_extra_tokens=45)
CASES = {
    "tied, language": TIED,
    "untied": UNTIED,
    "untied, language": dict(UNTIED, hn_embed_lang_id=True, n_langs=5, langs=["a", "b"]),
    "untied, one head": dict(UNTIED, hn_single_head=True),
    "tied, one head, no bias": dict(TIED, hn_single_head=True, hn_predict_bias=False),
    "no scales, no language": dict(TIED, hn_rescale_embeddings=False, hn_embed_lang_id=False),
    "one piece a token, one layer": dict(UNTIED, hn_surface_maxlen=1, hn_n_layers=1),
    "fifteen pieces, five layers": dict(TIED, hn_surface_maxlen=15, hn_n_layers=5),
    "no extra pieces": dict(UNTIED, hn_n_extra_tokens=0, hn_intermediate_size=None),
    "embeddings wider than layers": dict(UNTIED, n_embd=150),
    "TinyLlama, an eighth": LLAMA,
    "multilingual, an eighth": dict(LLAMA, hn_embed_lang_id=True, n_langs=26, hn_num_attention_heads=2),
    "XLM-R": ref.CONFIGS["xlmr_shape"],
}


def holes(c, forms):
    """The same tokens, and as many with padding between their pieces and before them."""
    chance = np.random.default_rng(7)
    more = forms.copy()
    more[chance.random(more.shape) < 0.3] = c["pad_token_id"]
    return np.concatenate([forms, more, forms[::-3]])


def write_case(path, c, forms):
    """Surface forms, and of the source the rows that they name: the rest is a hole in the file."""
    vocabulary, width = c["original_vocab_size"], c["n_embd"]
    parts = ["source_in", "source_out"][:1 + c["separate_out_embeddings"]]
    size = 4 * vocabulary * width
    described = [("surface_forms", "I32", forms.shape, forms.nbytes)]
    described += [(name, "F32", (vocabulary, width), size) for name in parts]
    head = ref.header(described)
    ids = np.unique(forms[forms < vocabulary])
    with open(path, "wb") as out:
        out.write(head + forms.tobytes())
        begin = out.tell()
        for i, row in zip(ids, ref.source_rows(c, ids)):
            for part, half in enumerate(np.split(row, len(parts))):
                out.seek(begin + part * size + 4 * width * int(i))
                out.write(half.tobytes())
        out.truncate(begin + len(parts) * size)


def predict(driver, folder, c, count, language, mode, kernel="best", threads=1, block=0, *more):
    done = subprocess.run(
        [driver, "predict", folder / "config.json", folder / "model.safetensors", folder / "case.safetensors", kernel,
         mode, str(threads), str(block), str(language or 0), *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"hypernet_driver: {done.stderr.decode()}")
    numbers = np.frombuffer(done.stdout, np.float32).astype(np.float64)
    width = ref.source_width(c)
    rows, bias = numbers[:count * width].reshape(count, width), numbers[count * width:]
    if len(bias) != (count if c["hn_predict_bias"] else 0):
        sys.exit(f"{len(bias)} biases for {count} tokens")
    return [part for part in np.split(rows, width // c["n_embd"], 1)] + [bias[:, None]] * bool(len(bias))


def check(name, mode, got, want, wide=False):
    off_bound, cosine_bound = BOUNDS[mode]
    worst = 0.0
    for part, (a, b) in enumerate(zip(got, want, strict=True)):
        off = np.abs(a - b).max() / np.abs(b).max()
        worst = max(worst, off)
        cosine = 1.0
        if wide and b.shape[1] > 1:
            cosine = ((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min()
        if not (off <= off_bound and cosine >= cosine_bound):
            sys.exit(f"{name}, {mode}, part {part}: off by {off:.3g}, cosine {cosine:.7f}")
    return worst


def check_kernels(driver, folder, c, count, language, want):
    names = subprocess.run([driver, "kernels"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    if "scalar" not in names:
        sys.exit(f"the kernels that run are {names}")
    for kernel in names:
        found = {mode: check(f"XLM-R by {kernel}", mode, predict(driver, folder, c, count, language, mode, kernel), want, True)
                 for mode in ("f32", "bf16")}
        print(f"XLM-R by {kernel}:", ", ".join(f"{mode} {off:.2g}" for mode, off in found.items()))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--driver", required=True)
    driver = options.parse_args().driver
    for name, told in CASES.items():
        c = dict(told)
        if c["hn_intermediate_size"] is None:
            c["hn_intermediate_size"] = 2 * c["hn_hidden_size"]
        language = 1 if c["hn_embed_lang_id"] else None
        weights = ref.checkpoint(c)
        forms = holes(c, ref.surface_forms(c, 16 if name == "XLM-R" else 40))
        want = [part for part in ref.forward(c, weights, forms, language) if part is not None]
        if c["hn_predict_bias"]:
            want[-1] = want[-1][:, None]
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "config.json").write_text(json.dumps(told))
            ref.write(folder / "model.safetensors", weights)
            write_case(folder / "case.safetensors", c, forms)
            found = {mode: check(name, mode, predict(driver, folder, c, len(forms), language, mode), want,
                                 c["hn_hidden_size"] >= WIDE)
                     for mode in BOUNDS}
            check(name + ", plain", "f32", predict(driver, folder, c, len(forms), language, "f32", "best", 2, 16,
                                                   "plain"), want)
            if name == "XLM-R":
                check_kernels(driver, folder, c, len(forms), language, want)
        print(f"{name}:", ", ".join(f"{mode} {off:.2g}" for mode, off in found.items()))


if __name__ == "__main__":
    main()
