#!/usr/bin/env python3
"""The same model, donor and method in tok, mergekit-tokensurgeon and deepfocus: whole processes, one thread each, in turn.

    transplant_tools.py --tok build/tok --tokenizers build/test-data/tokenizers --packages FOLDER
        [--times 5] [--new 8192] [--only mergekit|focus]

The Python that runs this has torch, transformers 5, entmax and fastdist; FOLDER is where `pip install --target` put
mergekit 0.1.5 with click, immutables, accelerate and peft, and deepfocus 1.0.1 (of each no more: --no-deps).  Models are
made here: folders as Hugging Face has them, of two layers, with Llama 3's tokenizer cut to 32000 tokens and, for the
donor, DeepSeek V3's cut to --new, both in the alphabet of bytes, so that every program finds the same shared tokens.

mergekit's is its own command.  Of deepfocus it is FOCUS(), between loading the embeddings and saving them: its model
of fastText, which nobody can have for these tokens, is a dictionary of the vectors that tok reads (--aux file:).
Prints rows of a Markdown table, and how far the new rows of both programs are from each other; those of deepfocus also
where tokens are shared if they are spelt alike (tests/conformance/transplant_focus.py says how it shares them itself).
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import types

OLD, WIDTH, DONOR_WIDTH, VECTOR, K = 32000, 1024, 512, 300, 32
IN, OUT = "model.embed_tokens.weight", "lm_head.weight"


# ---- models ---------------------------------------------------------------------------

def cut(tokenizer, count):
    """A tokenizer.json's text with its first COUNT tokens, and one special token behind them."""
    data = json.loads(tokenizer.read_text())
    model = data["model"]
    model["vocab"] = {token: i for token, i in model["vocab"].items() if i < count}
    kept = model["vocab"]
    pairs = [pair if isinstance(pair, list) else pair.split(" ") for pair in model["merges"]]
    model["merges"] = [f"{a} {b}" for a, b in pairs if a in kept and b in kept and a + b in kept]
    data["added_tokens"] = [dict(data["added_tokens"][0], id=count, content="<|endoftext|>", special=True)]
    data["post_processor"] = data["decoder"]
    return json.dumps(data)


def rows_about_centres(chance, count, width):
    import numpy as np
    centres = 0.6 * chance.standard_normal((count // 100, width), dtype=np.float32)
    rows = chance.standard_normal((count, width), dtype=np.float32)
    rows += centres[chance.integers(0, len(centres), count)]
    return 0.02 * rows


def make_model(folder, tokenizer, count, width, seed):
    import numpy as np
    import torch
    import transformers
    folder.mkdir()
    config = transformers.LlamaConfig(vocab_size=count + 1, hidden_size=width, intermediate_size=2 * width,
                                      num_hidden_layers=2, num_attention_heads=8, tie_word_embeddings=False,
                                      bos_token_id=count, eos_token_id=count)
    model = transformers.LlamaForCausalLM(config)
    chance = np.random.default_rng(seed)
    with torch.no_grad():
        for matrix in (model.model.embed_tokens, model.lm_head):
            matrix.weight.copy_(torch.from_numpy(rows_about_centres(chance, count + 1, width)))
    model.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(cut(tokenizer, count))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}))


def write_vectors(path, folder):
    """The text form of fastText; a token is written as its tokenizer.json has it."""
    import numpy as np
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    rows = rows_about_centres(np.random.default_rng(3), len(vocabulary), VECTOR)
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"{len(vocabulary)} {VECTOR}\n")
        for token, i in vocabulary.items():
            out.write(token + " " + " ".join(f"{x:.6f}" for x in rows[i]) + "\n")


# ---- deepfocus, in a process of its own -----------------------------------------------

def read_vectors(path):
    import numpy as np
    out = {}
    with open(path, encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            token, *numbers = line.split(" ")
            out[token] = np.array(numbers, np.float32)
    return out


def stand_in(name, **things):
    """A module that is imported for what is not used here."""
    module = types.ModuleType(name)
    for thing, value in things.items():
        setattr(module, thing, value)
    sys.modules[name] = module


def deepfocus(model, donor, vectors, out, spelt):
    import torch
    import transformers
    from safetensors.torch import load_file, save_file
    torch.set_num_threads(1)
    for name in ("datasets", "datasets.fingerprint", "datasets.load"):
        stand_in(name, Hasher=None, load_dataset=None)
    stand_in("requests")
    stand_in("fasttext", load_model=read_vectors)
    stand_in("deepfocus.logger", logger=types.SimpleNamespace(
        **{name: lambda *_, **__: None for name in ("config", "info", "debug", "success", "warning")}))
    from deepfocus import FOCUS, vocab_helper
    if spelt:
        vocab_helper.get_canonicalize_token_fn = lambda _: lambda tokenizer, i: (tokenizer.convert_ids_to_tokens(i), False)
    target, source = (transformers.AutoTokenizer.from_pretrained(folder) for folder in (donor, model))
    tensors = load_file(model / "model.safetensors")
    for name in (IN, OUT):
        tensors[name] = FOCUS(target, source, tensors[name], fasttext_model_path=vectors, verbosity="silent")
    out.mkdir()
    save_file(tensors, out / "model.safetensors")
    target.save_pretrained(out)


# ---- measuring ------------------------------------------------------------------------

def apart(work, *arguments):
    """In a process of its own: a command's peak is never told as less than that of the process that starts it."""
    child = multiprocessing.get_context("fork").Process(target=work, args=arguments)
    child.start()
    child.join()
    if child.exitcode:
        sys.exit(child.exitcode)


def measure(command, out, environment):
    """Seconds of the processor, seconds on the wall, the peak in MiB."""
    shutil.rmtree(out, ignore_errors=True)
    began = time.monotonic()
    with open(out.with_suffix(".log"), "wb") as log:
        child = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, env=environment)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(out.with_suffix(".log").read_text())
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss / 1024


def tell_difference(name, ours, theirs):
    """New rows side by side, of both matrices."""
    import numpy as np
    from safetensors.numpy import load_file
    made = [line.split("\t") for line in (ours / "mapping.tsv").read_text().splitlines()[1:]]
    ids = np.array([int(columns[0]) for columns in made if columns[2] == "new"])
    shared = np.array([int(columns[0]) for columns in made if columns[2] == "exact"])
    a, b = load_file(ours / "model.safetensors"), load_file(theirs / "model.safetensors")
    for matrix in (IN, OUT):
        far = np.abs(a[matrix][ids] - b[matrix][ids]).max(1) / np.abs(a[matrix][ids]).max()
        same = (a[matrix][shared] == b[matrix][shared]).all(1)
        print(f"{name}, {matrix}: {same.sum()} of {len(shared)} shared rows are the same; of {len(ids)} new rows "
              f"{(far < 1e-4).sum()} are the same to 1e-4 of the largest number, the median to {np.median(far):.1e}")


def environment_of(o):
    return dict(os.environ, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", NUMBA_NUM_THREADS="1", TOK_CACHE="off",
                HF_HUB_OFFLINE="1", PYTHONPATH=str(o.packages), TOKENIZERS_PARALLELISM="false")


def tell_medians(name, seen):
    for told, runs in zip(("ours", "theirs"), seen, strict=True):
        numbers = (("s of the processor", 2, 0), ("s on the wall", 1, 1), ("MiB", 0, 2))
        print(f"{name}, {told}: " + ", ".join(
            f"{statistics.median(run[i] for run in runs):.{digits}f} {unit} "
            f"({min(run[i] for run in runs):.{digits}f} to {max(run[i] for run in runs):.{digits}f})"
            for unit, digits, i in numbers))


def compare(o, name, ours, theirs, scratch):
    environment = environment_of(o)
    seen = [], []
    for _ in range(o.times):
        for command, out, told in ((ours, "ours", seen[0]), (theirs, "theirs", seen[1])):
            told.append(measure([*command, scratch / out] if out == "theirs" else [*command, "-o", scratch / out],
                                scratch / out, environment))
            print(f"{name}, {out}:", *(f"{number:.2f}" for number in told[-1]), file=sys.stderr, flush=True)
    apart(tell_difference, name, scratch / "ours", scratch / "theirs")
    tell_medians(name, seen)
    a, b = ([statistics.median(run[i] for run in told) for i in range(3)] for told in seen)
    print(f"| {name} | {a[0]:.2f} s, {b[0]:.2f} s | {b[0] / a[0]:.1f} | {a[1]:.1f} s, {b[1]:.1f} s | {b[1] / a[1]:.1f} | "
          f"{a[2]:.0f} MiB, {b[2]:.0f} MiB | {b[2] / a[2]:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("tok", "tokenizers", "packages"):
        parser.add_argument(f"--{name}", type=pathlib.Path)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--new", type=int, default=8192)
    parser.add_argument("--only", choices=["mergekit", "focus"])
    parser.add_argument("--deepfocus", type=pathlib.Path, nargs=4, metavar=("MODEL", "DONOR", "VECTORS", "OUT"))
    parser.add_argument("--spelt", action="store_true", help="of --deepfocus: tokens are shared if they are spelt alike")
    o = parser.parse_args()
    if o.deepfocus:
        deepfocus(*o.deepfocus, o.spelt)
        return
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        model, donor, vectors = scratch / "model", scratch / "donor", scratch / "vectors.vec"
        apart(make_model, model, o.tokenizers / "llama3/tokenizer.json", OLD, WIDTH, 1)
        apart(make_model, donor, o.tokenizers / "deepseek_v3/tokenizer.json", o.new, DONOR_WIDTH, 2)
        apart(write_vectors, vectors, donor)
        run = [o.tok, "transplant", "run", model, donor, "--threads", "1", "--match", "exact"]
        if o.only != "focus":
            compare(o, f"mergekit, k = {K}", [*run, "--preset", "mergekit", "--donor", donor, "-k", K],
                    [sys.executable, "-B", "-m", "mergekit.scripts.tokensurgeon", "-k", K, model, donor], scratch)
        theirs = [sys.executable, "-B", __file__, "--deepfocus"]
        if o.only != "mergekit":
            compare(o, "focus", [*run, "--preset", "focus", "--aux", f"file:{vectors}"],
                    [*theirs, model, donor, vectors], scratch)
            measure([*theirs, model, donor, vectors, scratch / "spelt", "--spelt"], scratch / "spelt", environment_of(o))
            apart(tell_difference, "focus, shared by spelling", scratch / "ours", scratch / "spelt")


if __name__ == "__main__":
    main()
