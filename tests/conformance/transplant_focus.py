"""Whole models through deepfocus's own FOCUS() and through `tok transplant run --preset focus`; for transplant_tools.py.

Which tokens are shared differs.  tok goes by their bytes.  deepfocus 1.0.1 (vocab_helper.py) goes by a canonical form:
the decoded text without spaces, tabs and line feeds in front, and U+2581 before it if the token is written with U+0120
in front.  So line feeds and runs of spaces are all one token, "\\tif" is "if", and all parts of characters are U+FFFD;
and of old tokens of one form it is the last whose row is taken, not the first.  Both halves are compared: with the
spelling as the canonical form all rows are the same, and with its own all rows are those that this rule says.
"""
import json
import re
import struct
import subprocess
import sys
import types

import numpy as np
import transplant_ref as ref

WIDTH, VECTOR = 24, 16
IN, OUT = "model.embed_tokens.weight", "lm_head.weight"
PRINTS = [*range(33, 127), *range(161, 173), *range(174, 256)]
CHARS = {b: chr(b) for b in PRINTS}
CHARS |= {b: chr(256 + n) for n, b in enumerate(b for b in range(256) if b not in PRINTS)}
BYTES = {char: byte for byte, char in CHARS.items()}


class Tokenizer:
    """As much of transformers' as deepfocus asks for: a vocabulary in the alphabet of bytes."""

    all_special_tokens = ()

    def __init__(self, tokens):
        self.names = ["".join(CHARS[b] for b in token) for token in tokens]

    def __len__(self):
        return len(self.names)

    def get_vocab(self):
        return {name: i for i, name in enumerate(self.names)}

    def convert_ids_to_tokens(self, i):
        return self.names[i]

    def decode(self, i):
        return bytes(BYTES[c] for c in self.names[i]).decode("utf-8", "replace")


def vocabularies(chance):
    """Old and new tokens: all bytes, words with and without a space, what begins with or is only space."""
    words = ["".join(chance.choice(list("abcdefgh"), chance.integers(2, 6))) for _ in range(400)]
    old = [*words[:220], *(" " + w for w in words[100:300]), "\n\n", "  ", "    ", "\t\t", " \n", "\tab", "\u201c", "\u00e9"]
    new = [*words[150:400], *(" " + w for w in words[200:380]), "\n\n\n", "   ", "\t\t", "\n\n", " \n", "\tab", "\u201c",
           *("\t" + w for w in words[:12]), *(w + "\t" for w in words[:5]), *("\n" + w for w in words[390:])]
    single = [bytes([b]) for b in range(256)]
    return tuple(list(dict.fromkeys([*single, *(w.encode() for w in side)])) for side in (old, new))


def write_folder(folder, tokens, rows):
    folder.mkdir()
    names = Tokenizer(tokens).names
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    (folder / "tokenizer.json").write_text(json.dumps(
        {"model": {"type": "BPE", "vocab": {name: i for i, name in enumerate(names)}, "merges": []},
         "pre_tokenizer": level, "decoder": level, "added_tokens": []}))
    (folder / "config.json").write_text(json.dumps(
        {"model_type": "llama", "vocab_size": len(tokens), "hidden_size": WIDTH, "tie_word_embeddings": False}))
    ref.write(folder / "model.safetensors", rows)


def read_rows(path, name):
    data = path.read_bytes()
    count, = struct.unpack_from("<Q", data)
    told = json.loads(data[8:8 + count])[name]
    begin, end = told["data_offsets"]
    return np.frombuffer(data[8 + count + begin:8 + count + end], np.float32).reshape(told["shape"])


def stand_in(name, **things):
    module = types.ModuleType(name)
    vars(module).update(things)
    sys.modules[name] = module


def canonical(name):
    """What deepfocus takes a token for, written anew."""
    text = bytes(BYTES[c] for c in name).decode("utf-8", "replace")
    return ("\u2581" if name.startswith("\u0120") else "") + text.lstrip()


def rows_by_rule(old, new, embeddings, vectors):
    """All new rows, where tokens are shared by their canonical forms and the last old one counts."""
    last = {canonical(name): i for i, name in enumerate(old)}
    found = np.array([last.get(canonical(name), -1) for name in new])
    shared = np.flatnonzero(found >= 0)
    out = embeddings[found]
    for i in np.flatnonzero(found < 0):
        out[i] = ref.sparsemax(ref.cosines(vectors[i], vectors[shared])) @ embeddings[found[shared]]
    return out


def compare_focus(tok, folder):
    import torch
    chance = np.random.default_rng(5)
    old, new = vocabularies(chance)
    rows = {name: chance.normal(size=(len(old), WIDTH)).astype(np.float32) for name in (IN, OUT)}
    vectors = (chance.normal(size=(len(new), VECTOR)) + 0.4).astype(np.float32)
    model, target, out = folder / "focus_model", folder / "focus_target", folder / "focus_out"
    write_folder(model, old, rows)
    write_folder(target, new, {IN: np.zeros((len(new), WIDTH), np.float32)})
    source, goal = Tokenizer(old), Tokenizer(new)
    path = folder / "focus.vec"
    path.write_text(f"{len(new)} {VECTOR}\n" + "".join(
        name + " " + " ".join(map(repr, map(float, row))) + "\n" for name, row in zip(goal.names, vectors, strict=True)))
    done = subprocess.run([tok, "transplant", "run", model, target, "-o", out, "--preset", "focus", "--match", "exact",
                           "--aux", f"file:{path}"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)

    stand_in("regex", match=re.match)
    stand_in("deepfocus.fasttext_embs",
             load_target_token_embedding=lambda **_: dict(zip(goal.names, vectors, strict=True)))
    for name in ("deepfocus.focus", "deepfocus.vocab_helper"):
        sys.modules.pop(name, None)
    import deepfocus.focus
    import deepfocus.vocab_helper as helper
    own = helper.get_canonicalize_token_fn
    taken = {token: i for i, token in enumerate(old)}
    ids = np.array([taken.get(token, -1) for token in new])
    for name in (IN, OUT):
        ours = read_rows(out / "model.safetensors", name)
        helper.get_canonicalize_token_fn = lambda tokenizer: lambda t, i: (t.convert_ids_to_tokens(i), False)
        spelt = deepfocus.focus.FOCUS(goal, source, torch.tensor(rows[name]), fasttext_model_path="-").numpy()
        helper.get_canonicalize_token_fn = own
        theirs = deepfocus.focus.FOCUS(goal, source, torch.tensor(rows[name]), fasttext_model_path="-").numpy()
        largest = np.abs(ours).max()
        off = np.abs(ours - spelt).max() / largest
        ruled = np.abs(theirs - rows_by_rule(source.names, goal.names, rows[name], vectors)).max() / largest
        others = (theirs != ours).any(1)
        print(f"FOCUS(), {name}: by spelling off by {off:.1e}; as it is {others[ids >= 0].sum()} of {(ids >= 0).sum()} "
              f"shared rows and {others[ids < 0].sum()} of {(ids < 0).sum()} new ones differ, by its rule off by {ruled:.1e}")
        if off > 2e-6 or ruled > 2e-6 or not others[ids >= 0].any():
            sys.exit("FOCUS(): the rows are others")
