#!/usr/bin/env python3
"""The network that predicts embeddings (arXiv 2405.07883), in float64 and numpy: dense, padded, masked.

    hypernet_ref.py FOLDER       writes the files of fixtures/hypernet

Weights are made, not trained: each number is a function of its tensor's name and its place, exact in
float32, so that C makes the same ones (tests/unit/hyper_made.h).
"""
import json
import math
import pathlib
import struct
import sys

import numpy as np

BITS = (1 << 64) - 1
COMMON = dict(
    hn_n_layers=3, hn_single_head=False, hn_predict_bias=True, hn_rescale_embeddings=True,
    hn_embed_using_source_embeddings=True, hn_concat_last_hidden_state=False, hn_surface_maxlen=7)
CONFIGS = {
    "tiny_tied_lang": dict(
        COMMON, hn_hidden_size=32, hn_intermediate_size=64, hn_num_attention_heads=4, n_embd=24,
        separate_out_embeddings=False, original_vocab_size=97, hn_n_extra_tokens=5, pad_token_id=1,
        hn_embed_lang_id=True, n_langs=3, max_position_embeddings=16),
    "tiny_untied": dict(
        COMMON, hn_hidden_size=48, hn_intermediate_size=96, hn_num_attention_heads=3, n_embd=20,
        separate_out_embeddings=True, original_vocab_size=97, hn_n_extra_tokens=6, pad_token_id=2,
        hn_embed_lang_id=False, n_langs=7, max_position_embeddings=16),
    "xlmr_shape": dict(
        COMMON, hn_hidden_size=768, hn_intermediate_size=1536, hn_num_attention_heads=12, n_embd=768,
        separate_out_embeddings=False, original_vocab_size=250002, hn_n_extra_tokens=161, pad_token_id=1,
        hn_embed_lang_id=True, n_langs=26, max_position_embeddings=514),
}


# ---- made numbers --------------------------------------------------------------------

def unit_numbers(name, first, count):
    """Numbers first + 1, first + 2, ... of [-1, 1): splitmix64 from the name's FNV-1a."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & BITS
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(first + 1, first + count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(40)).astype(np.int64) - (1 << 23)) / float(1 << 23)


def make(name, shape):
    u = unit_numbers(name, 0, math.prod(shape))
    leaf, norm = name.rsplit(".", 1)[-1], "LayerNorm" in name or ".ln." in name
    if norm and leaf == "weight":
        v = 1 + u / 8
    elif norm or leaf == "bias" or name.endswith("scaler.b"):
        v = u / 16
    elif name.endswith("scaler.w"):
        v = 1 + u / 4
    elif "embeddings" in name:
        v = u / 2
    else:
        v = u * 2.0 ** math.floor(0.5 * math.log2(3 / shape[-1]) + 0.5)
    return v.astype(np.float32).reshape(shape)


def source_width(c):
    return c["n_embd"] * (2 if c["separate_out_embeddings"] else 1)


def source_rows(c, ids):
    """Rows of the old model's embeddings, input before output."""
    width = source_width(c)
    return np.stack([unit_numbers("source_embeddings", int(i) * width, width) / 8 for i in ids]).astype(np.float32)


def surface_forms(c, count):
    """Row 0 nothing but padding, row 1 one extra piece, the others of 1 to L pieces."""
    length, ids, pad = c["hn_surface_maxlen"], c["original_vocab_size"] + c["hn_n_extra_tokens"], c["pad_token_id"]
    drawn = ((unit_numbers("surface", 0, count * (length + 1)) + 1) * (1 << 23)).astype(np.int64)
    drawn = drawn.reshape(count, length + 1)
    forms = np.full((count, length), pad, np.int32)
    for row, form in zip(drawn, forms):
        for p in range(1 + row[0] % length):
            form[p] = row[1 + p] % ids
            form[p] += form[p] == pad
    forms[:2] = pad
    if c["hn_n_extra_tokens"]:
        forms[1, 0] = c["original_vocab_size"]
    return forms


# ---- tensors -------------------------------------------------------------------------

def shapes(c):
    H, I, E, wide = c["hn_hidden_size"], c["hn_intermediate_size"], c["n_embd"], source_width(c)
    sep, single, found = c["separate_out_embeddings"], c["hn_single_head"], {}

    def dense(name, out, into):
        found[name + ".weight"], found[name + ".bias"] = (out, into), (out,)

    def norm(name):
        found[name + ".weight"] = found[name + ".bias"] = (H,)

    def projector(name):
        dense(name + ".dense1", I, H)
        dense(name + ".dense2", H, I)
        norm(name + ".ln")

    found["fallback_embeddings.weight"] = (max(c["hn_n_extra_tokens"], 1), wide)
    if c["hn_embed_lang_id"]:
        found["lang_embeddings.weight"] = (c["n_langs"], H)
    if c["hn_rescale_embeddings"]:
        for name, width in [("in_scaler", wide), ("scaler", E)] + [("out_scaler", E)] * sep:
            found[name + ".w"] = found[name + ".b"] = (1, width)
    dense("input_projection.0", H, wide)
    projector("input_projection.1")
    projector("output_projection.0")
    dense("output_projection.1", wide if single else E, H)
    if sep and not single:
        projector("output_projection_out.0")
        dense("output_projection_out.1", E, H)
    if c["hn_predict_bias"]:
        dense("bias_projection", 1, H)
    at = "model.embeddings."
    found[at + "word_embeddings.weight"] = (c["pad_token_id"] + 1, H)
    found[at + "position_embeddings.weight"] = (c["max_position_embeddings"], H)
    found[at + "token_type_embeddings.weight"] = (1, H)
    norm(at + "LayerNorm")
    for i in range(c["hn_n_layers"]):
        at = f"model.encoder.layer.{i}."
        for part in ("query", "key", "value"):
            dense(at + "attention.self." + part, H, H)
        dense(at + "attention.output.dense", H, H)
        norm(at + "attention.output.LayerNorm")
        dense(at + "intermediate.dense", I, H)
        dense(at + "output.dense", H, I)
        norm(at + "output.LayerNorm")
    return found


def checkpoint(c):
    return {name: make(name, shape) for name, shape in shapes(c).items()}


def header(described, metadata=None):
    """The first bytes of a safetensors file, of [(name, dtype, shape, bytes)]."""
    table, at = {"__metadata__": metadata} if metadata else {}, 0
    for name, dtype, shape, size in described:
        table[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(table, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def write(path, arrays, metadata=None):
    names = {"float32": "F32", "int32": "I32"}
    with open(path, "wb") as out:
        out.write(header([(k, names[str(arrays[k].dtype)], arrays[k].shape, arrays[k].nbytes) for k in sorted(arrays)],
                         metadata))
        for name in sorted(arrays):
            out.write(np.ascontiguousarray(arrays[name]).tobytes())


# ---- the network ---------------------------------------------------------------------

_erf = np.vectorize(math.erf)


def gelu_erf(x):
    return 0.5 * x * (1 + _erf(x / math.sqrt(2)))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def norm(x, weight, bias, epsilon):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + epsilon) * weight + bias


def forward(c, weights, forms, language=None, rows=source_rows):
    """(input rows, output rows or None, biases or None) of surface forms; rows(c, ids) is the source."""
    w = {name: value.astype(np.float64) for name, value in weights.items()}
    H, E, length, heads = c["hn_hidden_size"], c["n_embd"], forms.shape[1], c["hn_num_attention_heads"]
    vocabulary, count = c["original_vocab_size"], len(forms)
    sep = c["separate_out_embeddings"]

    def dense(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    def normed(x, name, epsilon=1e-5):
        return norm(x, w[name + ".weight"], w[name + ".bias"], epsilon)

    def projector(x, name):
        return normed(gelu_tanh(dense(gelu_tanh(dense(x, name + ".dense1")), name + ".dense2")) + x, name + ".ln", 1e-6)

    def scaled(x, name):
        return w[name + ".w"][0] * x + w[name + ".b"][0] if c["hn_rescale_embeddings"] else x

    ids, where = np.unique(forms, return_inverse=True)
    known = scaled(rows(c, np.minimum(ids, vocabulary - 1)).astype(np.float64), "in_scaler")
    extra = w["fallback_embeddings.weight"][np.maximum(ids - vocabulary, 0)]
    x = np.where((ids >= vocabulary)[:, None], extra, known)[where.reshape(forms.shape)]
    x = projector(dense(x, "input_projection.0"), "input_projection.1")
    at = "model.embeddings."
    x = x + w[at + "token_type_embeddings.weight"][0] + w[at + "position_embeddings.weight"][:length]
    mask = forms != c["pad_token_id"]
    if c["hn_embed_lang_id"]:
        x = np.concatenate([x, np.broadcast_to(w["lang_embeddings.weight"][language], (count, 1, H))], 1)
        mask = np.concatenate([mask, np.ones((count, 1), bool)], 1)
    x = normed(x, at + "LayerNorm")
    seen = mask.shape[1]
    for i in range(c["hn_n_layers"]):
        at = f"model.encoder.layer.{i}."
        q, k, v = (dense(x, at + "attention.self." + part).reshape(count, seen, heads, -1).transpose(0, 2, 1, 3)
                   for part in ("query", "key", "value"))
        scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(H // heads)
        # As in float32, where the mask's lowest number swallows the scores: nothing but padding is all alike.
        scores = np.where(mask[:, None, None, :], scores, np.where(mask.any(-1)[:, None, None, None], -np.inf, 0))
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        mixed = (shares @ v).transpose(0, 2, 1, 3).reshape(count, seen, H)
        x = normed(dense(mixed, at + "attention.output.dense") + x, at + "attention.output.LayerNorm")
        x = normed(dense(gelu_erf(dense(x, at + "intermediate.dense")), at + "output.dense") + x, at + "output.LayerNorm")
    z = x[:, 0]
    into, out = dense(projector(z, "output_projection.0"), "output_projection.1"), None
    if c["hn_single_head"]:
        into, out = into[:, :E], into[:, E:] if sep else None
    elif sep:
        out = dense(projector(z, "output_projection_out.0"), "output_projection_out.1")
    bias = dense(z, "bias_projection")[:, 0] if c["hn_predict_bias"] else None
    return scaled(into, "scaler"), scaled(out, "out_scaler") if sep else None, bias


def main():
    folder = pathlib.Path(sys.argv[1])
    for name in ("tiny_tied_lang", "tiny_untied"):
        c = CONFIGS[name]
        weights, forms = checkpoint(c), surface_forms(c, 40)
        into, out, bias = forward(c, weights, forms, 1 if c["hn_embed_lang_id"] else None)
        told = {"surface_forms": forms, "source_embeddings": source_rows(c, range(c["original_vocab_size"])),
                "expect_in": into.astype(np.float32), "expect_bias": bias.astype(np.float32)}
        if out is not None:
            told["expect_out"] = out.astype(np.float32)
        write(folder / f"{name}.safetensors", weights, {"format": "pt"})
        write(folder / f"{name}.expected.safetensors", told)
        (folder / f"{name}.config.json").write_text(json.dumps(c, indent=1))


if __name__ == "__main__":
    main()
