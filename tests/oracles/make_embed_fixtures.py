#!/usr/bin/env python3
"""make_embed_fixtures.py FOLDER: the small model and hypernetwork of the command line's tests (tests/cli/data/embed).

    model/   model.safetensors, config.json, tokenizer.json: 300 ids of byte-level BPE, untied rows of 8 numbers
    net/     config.json, model.safetensors, tokenizer.json: a network for it, whose tokenizer has 4 ids more
    tied/    a network of the same tokenizer for one matrix, which wants a language (en, de)

Numbers are those of hypernet_ref.py.  Id 298 is a special token, <end>; those between the tokens and it are none, nor is 299.
"""
import json
import pathlib
import sys

import hypernet_ref as ref

ROWS, EXTRA = 300, 4
COMMON = dict(ref.COMMON, hn_n_layers=2, hn_hidden_size=8, hn_intermediate_size=16, hn_num_attention_heads=2, n_embd=8,
              original_vocab_size=ROWS, hn_n_extra_tokens=EXTRA, pad_token_id=0, max_position_embeddings=8,
              hn_surface_maxlen=4)
CONFIGS = {
    "net": dict(COMMON, separate_out_embeddings=True, hn_embed_lang_id=False, n_langs=0),
    "tied": dict(COMMON, separate_out_embeddings=False, hn_embed_lang_id=True, n_langs=2, langs=["en", "de"]),
}
WORDS = ("the", "low", "er", "est", "new", " the", " low", "lower", "newest", "\u00e9", "tokens", " a", "in", "ing")


def letters():
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = [b for b in range(256) if b not in plain]
    return {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(moved)}}


def tokenizer(size):
    """Bytes, then what merges of them two by two make, up to `size` ids; the last but one of ROWS is special."""
    letter = letters()
    vocabulary = {letter[b]: b for b in range(256)}
    merges = []
    for word in WORDS:
        spelled = [letter[b] for b in word.encode()]
        while len(spelled) > 1:
            left, right = spelled[:2]
            if (left, right) not in merges:
                merges.append((left, right))
            if left + right not in vocabulary and len(vocabulary) < ROWS - 2:
                vocabulary[left + right] = len(vocabulary)
            if left + right not in vocabulary:
                merges.remove((left, right))
                break
            spelled[:2] = [left + right]
    for extra in range(ROWS, size):
        pair = (letter[255 - extra % 7], letter[200 + extra % 7])
        vocabulary["".join(pair)] = extra
        merges.append(pair)
    vocabulary["<end>"] = ROWS - 2  # else it would get the next id
    added = dict(id=ROWS - 2, content="<end>", single_word=False, lstrip=False, rstrip=False, normalized=False,
                 special=True)
    split = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [added], "normalizer": None,
            "pre_tokenizer": split, "post_processor": None, "decoder": split,
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
                      "vocab": vocabulary, "merges": [list(pair) for pair in merges]}}


def dump(path, root):
    path.write_text(json.dumps(root, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    folder = pathlib.Path(sys.argv[1])
    for name in ("model", *CONFIGS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    both = ref.source_rows(CONFIGS["net"], range(ROWS))
    ref.write(folder / "model/model.safetensors", {"model.embed_tokens.weight": both[:, :8], "lm_head.weight": both[:, 8:]})
    dump(folder / "model/config.json", {"tie_word_embeddings": False, "vocab_size": ROWS})
    dump(folder / "model/tokenizer.json", tokenizer(ROWS))
    for name, config in CONFIGS.items():
        dump(folder / name / "config.json", config)
        ref.write(folder / name / "model.safetensors", ref.checkpoint(config))
        dump(folder / name / "tokenizer.json", tokenizer(ROWS + EXTRA))


if __name__ == "__main__":
    main()
