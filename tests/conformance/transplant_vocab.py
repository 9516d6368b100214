#!/usr/bin/env python3
"""Vocabularies as transplanting sees them, beside other readers of the same files: what bytes each
token stands for, which tokens two vocabularies share, and how one spells the other's tokens.

    transplant_vocab.py --driver build/tests/conformance/transplant_driver --cache DIR
"""
import argparse
import base64
import json
import pathlib
import random
import subprocess

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer, normalizers

NONE, TEXT, BYTE, SPECIAL = range(4)
SAMPLE = 3000


def alphabet():
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return {**{chr(b): b for b in shown}, **{chr(256 + i): b for i, b in enumerate(hidden)}}


LETTERS = alphabet()


# ---- what tokens are: {id: (kind, bytes)} --------------------------------------------------

def of_json(path):
    """Byte-level where a ByteLevel step says so, else U+2581 for a space."""
    data = json.loads(path.read_text())
    byte_level = '"ByteLevel"' in json.dumps(data["pre_tokenizer"]) + json.dumps(data["normalizer"])
    fallback = data["model"].get("byte_fallback", False)
    tokens = {}
    for text, id_ in data["model"]["vocab"].items():
        if byte_level:
            tokens[id_] = TEXT, bytes(LETTERS[c] for c in text)
        elif fallback and len(text) == 6 and text.startswith("<0x"):
            tokens[id_] = BYTE, bytes([int(text[3:5], 16)])
        else:
            tokens[id_] = TEXT, text.replace("▁", " ").encode()
    for added in data["added_tokens"]:
        if added["special"]:
            tokens[added["id"]] = SPECIAL, added["content"].encode()
        elif added["id"] not in tokens:
            tokens[added["id"]] = TEXT, added["content"].encode()
    return tokens


def of_sentencepiece(path):
    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    tokens = {}
    for id_ in range(model.get_piece_size()):
        piece = model.id_to_piece(id_)
        if model.is_control(id_) or model.is_unknown(id_):
            tokens[id_] = SPECIAL, piece.encode()
        elif model.is_byte(id_):
            tokens[id_] = BYTE, bytes([int(piece[3:5], 16)])
        else:
            tokens[id_] = TEXT, piece.replace("▁", " ").encode()
    return tokens


def of_wordpiece(path):
    tokens = {}
    for id_, line in enumerate(path.read_text().splitlines()):
        if line in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"):
            tokens[id_] = SPECIAL, line.encode()
        else:
            tokens[id_] = TEXT, (line[2:] if line.startswith("##") and len(line) > 2 else " " + line).encode()
    return tokens


def of_ranks(path):
    rows = (line.split() for line in path.read_bytes().splitlines())
    return {int(rank): (TEXT, base64.b64decode(token)) for token, rank in rows}


READERS = {
    "llama3": ("tokenizer.json", of_json),
    "gemma3": ("tokenizer.json", of_json),
    "llama2": ("tokenizer.json", of_json),
    "albert": ("spiece.model", of_sentencepiece),
    "mistral_v3": ("tokenizer.model", of_sentencepiece),
    "bert": ("vocab.txt", of_wordpiece),
    "cl100k": ("cl100k_base.tiktoken", of_ranks),
}


# ---- ours ------------------------------------------------------------------------------------

class Driver:
    def __init__(self, program):
        self.program = program

    def run(self, *words):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout.splitlines()

    def tokens(self, path):
        found = {}
        for id_, line in enumerate(self.run("tokens", path)):
            kind, text = line.split(" ")
            if int(kind) != NONE:
                found[id_] = int(kind), bytes.fromhex(text)
        return found

    def matches(self, old, new, classes):
        *lines, last = self.run("match", old, new, classes)
        rows = [(word, int(id_)) for word, id_ in map(str.split, lines)]
        return rows, tuple(map(int, last.split()))

    def pieces(self, old, new, threads):
        *lines, _ = self.run("pieces", old, new, threads)
        return [tuple(list(map(int, part.split())) for part in line.split("\t")) for line in lines]


def check_tokens(driver, name, path, wanted):
    got = driver.tokens(path)
    # Special tokens that only the program's own table for a format knows (tiktoken's) come on top.
    for id_, token in wanted.items():
        assert got.get(id_) == token, f"{name}: id {id_} is {got.get(id_)}, not {token}"
    assert all(got[id_][0] == SPECIAL for id_ in got.keys() - wanted.keys()), name
    return got


# ---- matches -----------------------------------------------------------------------------------

def first_ids(tokens):
    by_token = {}
    for id_ in sorted(tokens):
        by_token.setdefault(tokens[id_], id_)
    return by_token


def match(old, new):
    """Exact, then bytes."""
    known = first_ids(old)
    rows = []
    for id_ in range(max(new) + 1):
        kind, text = new.get(id_, (NONE, b""))
        exact = known.get((kind, text))
        other = {TEXT: BYTE, BYTE: TEXT}.get(kind)
        if kind == NONE:
            rows.append(("none", -1))
        elif exact is not None:
            rows.append(("exact", exact))
        elif len(text) == 1 and (other, text) in known:
            rows.append(("byte", known[other, text]))
        else:
            rows.append(("new", -1))
    return rows


def duplicates(tokens):
    plain = [text for kind, text in tokens.values() if kind != SPECIAL]
    special = [text for kind, text in tokens.values() if kind == SPECIAL]
    return len(plain) - len(set(plain)) + len(special) - len(set(special))


def check_matches(driver, old, new, paths, tokens):
    got, doubles = driver.matches(paths[old], paths[new], "exact,byte")
    wanted = match(tokens[old], tokens[new])
    for id_, pair in enumerate(zip(got, wanted, strict=True)):
        assert pair[0] == pair[1], f"{new} from {old}: id {id_} is {pair[0]}, not {pair[1]}"
    assert doubles == (duplicates(tokens[old]), duplicates(tokens[new]))
    return sum(source >= 0 for _, source in got)


def spelt_alike(old, new):
    """What comparing the texts of the files finds."""
    both = [json.loads(path.read_text()) for path in (old, new)]
    texts = [set(data["model"]["vocab"]) | {t["content"] for t in data["added_tokens"]} for data in both]
    return len(texts[0] & texts[1])


# ---- pieces -------------------------------------------------------------------------------------

def plain_encoder(name, path):
    """Without template and special tokens, and without a blank in front."""
    if name == "mistral_v3":
        proto = sentencepiece_model_pb2.ModelProto()
        proto.ParseFromString(path.read_bytes())
        proto.normalizer_spec.add_dummy_prefix = False
        model = sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())
        return lambda text: (model.encode(text), None)
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    if name == "llama2":  # its Prepend goes
        tokenizer.normalizer = normalizers.Replace(" ", "▁")

    def encode(text):
        answer = tokenizer.encode(text, add_special_tokens=False)
        return answer.ids, [end - begin for begin, end in answer.offsets]
    return encode


def check_pieces(driver, old, new, paths, tokens):
    encode = plain_encoder(old, paths[old])
    got = driver.pieces(paths[old], paths[new], 2)
    ids = random.Random(8).sample(sorted(tokens[new]), SAMPLE)
    checked = 0
    for id_ in ids:
        try:
            text = tokens[new][id_][1].decode()
        except UnicodeDecodeError:
            continue
        wanted, lengths = encode(text)
        assert got[id_][0] == wanted, f"{old} spells {text!r} as {got[id_][0]}, not {wanted}"
        checked += 1
        if lengths:
            assert got[id_][1] == lengths, f"{old}: {text!r}: {got[id_][1]}, not {lengths}"
    assert checked > SAMPLE * 9 // 10, f"{old} from {new}: {checked}"
    return checked


def check_bytes(driver, old, new, paths, tokens):
    """What is no UTF-8 is spelt, byte for byte; and threads change nothing."""
    got = driver.pieces(paths[old], paths[new], 1)
    assert got == driver.pieces(paths[old], paths[new], 3)
    count = 0
    for id_, (kind, text) in tokens[new].items():
        try:
            text.decode()
        except UnicodeDecodeError:
            spelt = b"".join(tokens[old][piece][1] for piece in got[id_][0])
            assert spelt == text, f"{old} spells {text} as {spelt}"
            assert sum(got[id_][1]) == len(text)
            count += 1
    assert count > 100
    return count


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--driver", required=True)
    options.add_argument("--cache", required=True, type=pathlib.Path)
    options = options.parse_args()
    driver = Driver(options.driver)
    paths = {name: options.cache / "tokenizers" / name / file for name, (file, _) in READERS.items()}
    tokens = {name: check_tokens(driver, name, paths[name], read(paths[name]))
              for name, (_, read) in READERS.items()}
    for name in tokens:
        print(f"{name}: {len(tokens[name])} tokens")
    for old, new in [("gemma3", "llama3"), ("llama2", "bert"), ("albert", "mistral_v3")]:
        print(f"{new} from {old}: {check_matches(driver, old, new, paths, tokens)} shared")
    naive = spelt_alike(paths["gemma3"], paths["llama3"])
    print(f"gemma3 and llama3: {naive} are spelt alike")
    for old, new in [("llama3", "gemma3"), ("llama2", "llama3"), ("mistral_v3", "llama3")]:
        print(f"{new} as {old} spells it: {check_pieces(driver, old, new, paths, tokens)} tokens")
    print(f"by bytes: {check_bytes(driver, 'gemma3', 'llama3', paths, tokens)}")


main()
