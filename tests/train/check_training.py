#!/usr/bin/env python3
"""Training in small form: it learns, sees nothing of what is held out, and writes what it has learned; and the network
that lies in fixtures is what its README says, for tok too.

    check_training.py --tok TOK --cache FOLDER --fixture FOLDER
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "providers"))
import programs

troubles = []


def expect(where, right, *words):
    if not right:
        troubles.append(where)
        print(f"{where}:", *words)


def far_off(made, want):
    return float(abs(made - want).max() / abs(want).max())


def surfaces_for(vocabulary, speller, ids):
    """Pieces of tokens; and what no token of this encoder needs: extra ids, one piece, more than fit."""
    last = len(vocabulary.forms) - 1
    return [speller.longest(vocabulary.forms[i], i) for i in ids] + [[last], [1996], [last, 1996] * 5]


def check_network(where, folder, source, surfaces):
    """What torch computes is what the definition says of the file."""
    net = network.load(folder, source)
    with torch.no_grad():
        made = net(surfaces).numpy()
    tensors = network.read_tensors(folder / "model.safetensors")
    off = far_off(made, reference.rows_of(net.settings, tensors, source, surfaces))
    expect(where, off < 1e-5, "torch is not the definition:", off)
    shuffled = list(range(len(surfaces)))
    random.Random(1).shuffle(shuffled)
    with torch.no_grad():
        again = net([surfaces[i] for i in shuffled]).numpy()
    expect(where, far_off(again, made[shuffled]) < 1e-5, "rows depend on the order of tokens")
    return net


def check_held_out(vocabulary, rows):
    held = set(vocabulary.held_out())
    expect("held out", len(held) > 2000 and not held & set(rows.ids), "a token of training is held out")
    seen = {piece for i in rows.ids[::7] for _ in range(3) for piece in rows.spelled(i)}
    expect("held out", not held & seen, "a piece is held out:", held & seen)
    everything = {i for _ in range(len(rows.ids) // 1000) for i in rows.draw(1000)}
    expect("drawing", everything < set(rows.ids) and len(everything) == len(rows.ids) // 1000 * 1000, "one comes twice")


def check_spelling(vocabulary, speller, folder, tok):
    """The tokenizer that is written spells as training did, for Hugging Face's program and for ours."""
    path = folder / "tokenizer.json"
    theirs = tokenizers.Tokenizer.from_file(str(path))
    forms = [vocabulary.forms[i] for i in vocabulary.real()[::9]]
    forms = forms + [form + forms[-1 - i] for i, form in enumerate(forms)]
    got = [[t.id for t in theirs.model.tokenize(form)] for form in forms]
    wrong = sum(a != b for a, b in zip(got, map(speller.longest, forms)))
    expect("spelling", not wrong, wrong, "of", len(forms), "are spelled otherwise by", path)
    text = "The hypernetwork's rows, unseen: naïve 中 😀 antidisestablishmentarianism!"
    done = subprocess.run([tok, "encode", "-t", path, "--format", "text"], input=text.encode(), capture_output=True)
    expect("spelling", done.stdout.split() == [b"%d" % i for i in theirs.encode(text).ids], "tok encode says",
           done.stdout, done.stderr)


def check_fixture(vocabulary, source, folder):
    """Its rows of held-out tokens are nearer to the true ones than means of their pieces."""
    held = vocabulary.held_out()[::8]
    speller = pieces.Speller(vocabulary.without(vocabulary.held_out()))
    surfaces = [speller.longest(vocabulary.forms[i]) for i in held]
    net = check_network("fixture", folder, source, surfaces_for(vocabulary, speller, held[:40]))
    ways = evaluate.Ways(net, torch.tensor(source), vocabulary.real(), 1)
    want = ways.source[held] - ways.mean
    near = {name: float(torch.nn.functional.cosine_similarity(way(surfaces) - ways.mean, want).mean())
            for name, way in (("network", ways.hypernetwork), ("means", ways.means))}
    print("cosines of", len(held), "held-out tokens around the mean row:", near)
    expect("fixture", near["network"] > near["means"] + 0.05, "it is no better than means of pieces")
    size = (folder / "model.safetensors").stat().st_size
    expect("fixture", size < 6.5e6, size, "bytes")


def check_program(options, encoder, vocabulary, source, scratch):
    """tok predicts, out of the box, what the definition says; and converts to the tokenizer that lies there."""
    texts = [" houses", "ing", " unbelievability", " naïve 中", " cryptocurrency", " disestablishmentarian", "Ω"]
    (scratch / "texts").write_text("".join(text + "\n" for text in texts), encoding="utf-8")
    done = programs.run(options.tok, "embed", "predict", encoder, "--hypernet", options.fixture, "--tokens", "text",
                        scratch / "texts", "-o", scratch / "rows.npy")
    if done.returncode:
        return expect("predict", False, done.stderr)
    speller, tensors = pieces.Speller(vocabulary.forms), network.read_tensors(options.fixture / "model.safetensors")
    want = reference.rows_of(json.loads((options.fixture / "config.json").read_text()), tensors, source,
                             [speller.longest(pieces.written(text.encode())) for text in texts])
    off = far_off(numpy.load(scratch / "rows.npy"), want)
    expect("predict", off < 1e-5, "off by", off)
    done = programs.run(options.tok, "embed", "convert-tokenizer", encoder / "tokenizer.json", "-o",
                        scratch / "made.json")
    models = [json.loads(path.read_text(encoding="utf-8"))["model"] if path.exists() else None
              for path in (scratch / "made.json", options.fixture / "tokenizer.json")]
    expect("conversion", models[0] == models[1], "the fixture's tokenizer is not what tok makes:", done.stderr)


def check_all(options, scratch):
    encoder = options.cache / "minilm"
    done = programs.run(options.cache / "venv/bin/python", HERE / "fetch_encoder.py", encoder)
    if done.returncode:
        programs.skip(done.stderr.strip())
    small = "--steps 120 --batch 64 --hidden 64 --intermediate 96 --layers 2 --heads 2 --rate 4e-3".split()
    losses = train_hypernet.run(train_hypernet.parse([str(encoder), str(scratch), *small]))
    expect("training", sum(losses[-20:]) < 0.97 * sum(losses[:20]), "the loss does not fall:", losses[:3],
           losses[-3:])

    vocabulary = pieces.Vocabulary.of_folder(encoder)
    source = network.read_tensors(encoder / "model.safetensors")["embeddings.word_embeddings.weight"]
    check_held_out(vocabulary, train_hypernet.Rows(vocabulary, source))
    speller = pieces.Speller(vocabulary.forms)
    check_network("training", scratch, source, surfaces_for(vocabulary, speller, vocabulary.real()[::999]))
    check_spelling(vocabulary, speller, scratch, options.tok)
    written, lying = ((folder / "tokenizer.json").read_bytes() for folder in (scratch, options.fixture))
    expect("fixture", written == lying, "its tokenizer is another one")
    check_fixture(vocabulary, source, options.fixture)
    check_program(options, encoder, vocabulary, source, scratch)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--fixture", required=True, type=pathlib.Path)
    options = parser.parse_args()
    python = programs.python(options.cache)
    if pathlib.Path(sys.executable) != python:
        os.environ["OMP_NUM_THREADS"] = "1"
        os.execv(python, [python, "-B", *sys.argv])

    global numpy, torch, tokenizers, evaluate, network, pieces, reference, train_hypernet
    import numpy
    import tokenizers
    import torch
    import evaluate
    import network
    import pieces
    import reference
    import train_hypernet
    with tempfile.TemporaryDirectory() as scratch:
        check_all(options, pathlib.Path(scratch))
    print(f"{len(troubles)} troubles")
    sys.exit(bool(troubles))


main()
