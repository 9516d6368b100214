"""The reference's answers about pre-tokenizers: tokenizers 0.23.2, tiktoken 0.14.

STEPS is a list of words joined by '+', as tests/unit/test_pretok.c reads them:

    split:DIALECT:HEX:BEHAVIOR:INVERT   DIALECT o (Oniguruma) r (Rust) l (literal)
                                        BEHAVIOR r i p n c, INVERT 0 1
    bytelevel:FLAGS                     p: prefix space, x: regex
    metaspace:HEX:SCHEME:SPLIT          SCHEME always first never, SPLIT 0 1
    punctuation:BEHAVIOR  digits:0|1  delimiter:HEX  length:N
    whitespace whitespacesplit bert scripts
"""
import random

import tiktoken
import tokenizers
from tokenizers import Regex
from tokenizers import pre_tokenizers as P

assert tokenizers.__version__ == "0.23.2"
assert tiktoken.__version__ == "0.14.0"

BEHAVIORS = {"r": "removed", "i": "isolated", "p": "merged_with_previous",
             "n": "merged_with_next", "c": "contiguous"}

_TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
_CASE = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_FRONT = r"[^\r\n\p{L}\p{N}]?"
_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"

# Patterns as published: name, the dialects whose spelling it is, pattern.
FAMILIES = [
    ("gpt2", "or", r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"),
    ("gpt2 with classes", "or",
     r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}]+| ?[\p{N}]+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"),
    ("r50k", "r", r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"),
    ("cl100k", "or", _CASE + "|" + _FRONT + r"\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + _TAIL),
    ("cl100k possessive", "r",
     r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|"
     r"\s*[\r\n]|\s+(?!\S)|\s+"),
    ("cl100k trailing", "r",
     r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|"
     r"\s++$|\s*[\r\n]|\s+(?!\S)|\s"),
    ("cl100k trailing, as Oniguruma reads it", "or",
     _CASE + "|" + _FRONT + r"\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+\z" + _TAIL),
    ("qwen", "or", _CASE + "|" + _FRONT + r"\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + _TAIL),
    ("o200k", "or",
     _FRONT + _UPPER + "*" + _LOWER + "+" + _CASE + "?|" + _FRONT + _UPPER + "+" + _LOWER + "*" +
     _CASE + r"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + _TAIL),
    ("tekken", "or",
     _FRONT + _UPPER + "*" + _LOWER + "+|" + _FRONT + _UPPER + "+" + _LOWER +
     r"*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + _TAIL),
    ("number", "o", r"\p{N}"),
    ("number3", "o", r"\p{N}{1,3}"),
    ("han and kana", "o", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"),
    ("deepseek", "o",
     r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
     r"| ?[\p{P}\p{S}]+[\r\n]*".replace(r"\"", '"') + _TAIL),
]


def quote(text):
    return text.encode().hex()


def family_steps():
    return ["split:%s:%s:i:0" % (dialect, quote(pattern))
            for _, dialects, pattern in FAMILIES for dialect in dialects]


def _unquote(word):
    return bytes.fromhex(word).decode()


def _step(word):
    kind, *rest = word.split(":")
    if kind == "split":
        dialect, pattern, behavior, invert = rest
        pattern = _unquote(pattern)
        return P.Split(Regex(pattern) if dialect == "o" else pattern, BEHAVIORS[behavior],
                       invert == "1")
    if kind == "bytelevel":
        return P.ByteLevel(add_prefix_space="p" in rest[0], use_regex="x" in rest[0])
    if kind == "metaspace":
        return P.Metaspace(replacement=_unquote(rest[0]), prepend_scheme=rest[1],
                           split=rest[2] == "1")
    if kind == "punctuation":
        return P.Punctuation(BEHAVIORS[rest[0]])
    if kind == "digits":
        return P.Digits(rest[0] == "1")
    if kind == "delimiter":
        return P.CharDelimiterSplit(_unquote(rest[0]))
    if kind == "length":
        return P.FixedLength(length=int(rest[0]))
    return {"whitespace": P.Whitespace, "whitespacesplit": P.WhitespaceSplit,
            "bert": P.BertPreTokenizer, "scripts": P.UnicodeScripts}[kind]()


class HuggingFace:
    def __init__(self, steps):
        self.step = P.Sequence([_step(word) for word in steps.split("+")])

    def pieces(self, text):
        return [(piece, begin, end) for piece, (begin, end) in self.step.pre_tokenize_str(text)]


class Tiktoken:
    """Pieces shown as tokens: the vocabulary is every substring of the text."""

    def __init__(self, steps):
        self.pattern = _unquote(steps.split(":")[2])

    def pieces(self, text):
        raw = text.encode()
        ranks = {bytes([b]): b for b in range(256)}
        for begin in range(len(raw)):
            for end in range(begin + 2, len(raw) + 1):
                ranks.setdefault(raw[begin:end], len(ranks))
        encoding = tiktoken.Encoding("pieces", pat_str=self.pattern, mergeable_ranks=ranks,
                                     special_tokens={})
        out, at = [], 0
        for token in encoding.encode_ordinary(text):
            piece = encoding.decode_single_token_bytes(token).decode()
            out.append((piece, at, at + len(piece)))
            at += len(piece)
        return out


def reference(steps):
    return Tiktoken(steps) if steps.startswith("split:r:") else HuggingFace(steps)


def answer(text, pieces):
    """One word a piece: its range, and in front of it its text if that differs."""
    return " ".join(("" if p == text[b:e] else quote(p) + ":") + "%d-%d" % (b, e)
                    for p, b, e in pieces)


# What the patterns' classes are about, one string a kind.
ALPHABETS = [
    "abcdstmlver", "ABSTMLVERD", "'''\u2019", "s\u017fS\u212aK", "0123456789\u00b2\u00bd\u0663\u2167",
    " ", "  \t", "\n\r", "\u00a0\u3000\u2028\u2029\u0085\u1680\u200a\x0b\x0c\x1c",
    "\u0301\u0308\u093f\u20dd\u0903", "\u01c5\u1f88", "\u02b0\u3005\u30fc\u00aa",
    "\u4e2d\u6587\u3042\u30a2\u9fa6\u3400", "\u0915\u05d0\u0627\uac00", ".,!?-_/\\()/",
    "$+<=>^`|~\u20ac\u00a8\u2211", "\U0001f600\u2764\ufe0f\u200d\U0001f468", "\u0378\ue000\x00\x7f\u00ad",
    "\u00e9\u00df\u0131\u0434\u03c3", "\u00c9\u0130\u0414\u03a3", "\u2581_", "\u200c\u200b",
    "\u061d\U00011de0\U00016ff4\u166d", "\ufb05\ufb06\u0149",
]


def random_texts(seed, count, longest=24):
    """Runs of a few characters of one kind, so that patterns meet their edges."""
    rng = random.Random(seed)
    for _ in range(count):
        kinds = rng.sample(ALPHABETS, rng.randint(2, 8)) + ["ab", " "]
        text = ""
        for _ in range(rng.randint(1, 9)):
            text += "".join(rng.choice(rng.choice(kinds)) for _ in range(rng.choice((1, 1, 2)))) \
                if rng.random() < 0.5 else rng.choice(rng.choice(kinds)) * rng.choice((1, 1, 2, 3, 5))
        yield text[:longest]
