#!/usr/bin/env python3
"""Ask the reference programs how small models encode, and print a C table.

    python3 tests/oracles/model_table.py > tests/unit/model_table.inc

Needs tokenizers 0.23.2, tiktoken 0.14.0, sentencepiece 0.2.3.  Vocabularies and
texts come from a seeded generator, so the same versions print the same table.
"""
import random
import struct

import sentencepiece
import tiktoken
from tokenizers import models

# One letter each in the table: normal, unknown, control, user-defined, unused, byte.
TYPES = "NKCDUB"
BYTES = ["<0x%02X>" % b for b in range(256)]
cases = []


# ---- writing C ----

def literal(data):
    if isinstance(data, str):
        data = data.encode()
    plain = (chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else "\\%03o" % b for b in data)
    return '"%s"' % "".join(plain)


def span(data):
    data = data.encode() if isinstance(data, str) else data
    return "SPAN(%s)" % literal(data)


def flag(value):
    return "true" if value else "false"


def shorten(found):
    """Tokens as "id+length", or "id@begin-end" where there is a gap or an overlap."""
    out, at = [], 0
    for token, begin, end in found:
        out.append("%d+%d" % (token, end - at) if begin == at else "%d@%d-%d" % (token, begin, end))
        at = end
    return " ".join(out)


class Case:
    """A model: entries are (text, id, type, score)."""

    def __init__(self, name, kind, entries, unk=None, byte_fallback=False, merges=(), model=""):
        self.name, self.kind, self.entries, self.unk = name, kind, entries, unk
        self.byte_fallback, self.merges, self.model, self.rows = byte_fallback, merges, model, []
        # All byte tokens in order, of score 0, are not written out.
        ids = {t: i for t, i, _, _ in entries}
        self.first_byte = ids[BYTES[0]] if all(b in ids for b in BYTES) else None
        for b in range(256 if self.first_byte is not None else 0):
            assert ids[BYTES[b]] == self.first_byte + b
        cases.append(self)

    def ask(self, texts, answer, may_fail=True):
        for text in texts:
            data = text.encode() if isinstance(text, str) else text
            if not data:
                continue
            try:
                found = answer(text)
            except BaseException:  # a Rust panic is no Exception
                if not may_fail:
                    raise
                found = None
            if found == "skip":
                continue
            if found is not None:
                found = [(i, min(b, len(data)), min(e, len(data))) for i, b, e in found]
            self.rows.append((data, found))

    def write(self, n):
        rest = [e for e in self.entries if self.first_byte is None or e[0] not in BYTES]
        entries = ",".join("E(%s,%d,%s,%r)" % (literal(t), i, TYPES[k], s)
                           for t, i, k, s in rest)
        print("static const struct tok_vocab_entry entries_%d[] = {%s};" % (n, entries))
        if self.merges:
            print("static const struct tok_merge merges_%d[] = {%s};"
                  % (n, ",".join("{%d,%d,%d}" % m for m in self.merges)))
        print("static const struct row rows_%d[] = {" % n)
        for data, found in self.rows:
            print("R(%s,%s)" % (literal(data), "NULL" if found is None else literal(shorten(found))))
        print("};")

    def line(self, n):
        merges = "merges_%d,COUNT(merges_%d)" % (n, n) if self.merges else "NULL,0"
        if self.kind == "BPE":
            model = ".as.bpe={%s}" % self.model.replace("@", merges)
        elif self.model:
            model = ".as.%s={%s}" % (self.kind.lower(), self.model)
        else:
            model = ".as={{0}}"
        return ("{%s,{.kind=TOK_MODEL_%s,.entries=entries_%d,.entry_count=COUNT(entries_%d),.unk=%s,"
                ".byte_fallback=%s,%s},rows_%d,COUNT(rows_%d),%d}," % (
                    literal(self.name), self.kind, n, n,
                    "TOK_NO_ID" if self.unk is None else self.unk, flag(self.byte_fallback),
                    model, n, n, -1 if self.first_byte is None else self.first_byte))


# ---- vocabularies and texts ----

def texts_over(rng, letters, count, longest=14, long_ones=2):
    out = ["".join(rng.choice(letters) for _ in range(rng.randint(1, longest)))
           for _ in range(count)]
    for _ in range(long_ones):
        out.append("".join(rng.choice(letters) for _ in range(rng.randint(41, 90))))
    out += [letters[0] * n for n in (1, 2, 3, 4, 5, 7, 16, 45)]
    return out


TROUBLE = ["\0", "a\0b", "\ufeffab", "e\u0301", "\U0001f469\u200d\U0001f52c", "ab" * 30,
           "\U0010ffff", "a\u0301\u0327b", " a  b ", "\r\n\t"]


def grow(rng, letters, count, prefix=""):
    """Tokens made by joining tokens, and the pairs they were made from."""
    tokens = list(letters) + ([prefix + c for c in letters] if prefix else [])
    merges = []
    for _ in range(50 * count):
        if len(merges) == count:
            break
        left, right = rng.choice(tokens), rng.choice(tokens)
        if prefix and not right.startswith(prefix):
            continue
        made = left + right[len(prefix):]
        if len(made) > 12 + len(prefix) or (left, right) in merges:
            continue
        if made not in tokens:
            tokens.append(made)
        merges.append((left, right))
    return tokens, merges


# ---- Hugging Face ----

def as_found(tokens, text):
    """Offsets are bytes here: Model.tokenize does not convert them."""
    return [(t.id, *t.offsets) for t in tokens]


def hf_bpe(rng, name, letters, texts, count=30, prefix="", suffix="", unk=None, extra=(),
           shuffle=False, extra_merges=(), byte_tokens=(), unk_missing=False, **options):
    tokens, merges = grow(rng, letters, count, prefix)
    if suffix:
        ends = [t for t in tokens]
        tokens += [t + suffix for t in ends]
        merges += [(a, b + suffix) for a, b in merges]
    if shuffle:
        rng.shuffle(merges)
    merges += extra_merges
    made = [a + b[len(prefix):] for a, b in extra_merges]
    tokens = list(dict.fromkeys(tokens + list(extra) + made + list(byte_tokens)))
    if unk and not unk_missing and unk not in tokens:
        tokens.append(unk)
    rest = [t for t in tokens if len(byte_tokens) < 256 or t not in byte_tokens]
    ids = list(range(3, 3 + len(rest)))
    rng.shuffle(ids)
    vocab = dict(zip(rest, ids))
    vocab.update((t, 1000 + i) for i, t in enumerate(t for t in tokens if t not in vocab))
    arguments = dict(options)
    if prefix:
        arguments["continuing_subword_prefix"] = prefix
    if suffix:
        arguments["end_of_word_suffix"] = suffix
    if unk:
        arguments["unk_token"] = unk
    model = models.BPE(vocab, merges, **arguments)
    triples = [(vocab[a], vocab[b], vocab[a + b[len(prefix):]]) for a, b in merges]
    case = Case("hf bpe: " + name, "BPE", [(t, i, 0, 0.0) for t, i in vocab.items()],
                vocab.get(unk), options.get("byte_fallback", False), triples,
                "TOK_BPE_MERGES,@,false,%s,%s,%s,%s,%s" % (
                    flag(options.get("ignore_merges")), flag(options.get("fuse_unk")),
                    flag(unk_missing), span(prefix), span(suffix)))
    case.ask(texts, lambda text: as_found(model.tokenize(text), text))


def hf_bpe_cases():
    rng = random.Random(1)
    abc, mixed = "abc", "ab\u00e9\u6f22\U0001f600"
    odd = texts_over(rng, "abcxy\u00e9\u6f22", 20, 14, 1) + TROUBLE
    hf_bpe(rng, "plain", abc, texts_over(rng, abc, 40))
    hf_bpe(rng, "plain, merges in any order", abc, texts_over(rng, abc, 60), 60, shuffle=True)
    hf_bpe(rng, "many merges", "abcdef", texts_over(rng, "abcdef", 40, 40, 6), 200, shuffle=True)
    hf_bpe(rng, "no unknown token", mixed, odd)
    hf_bpe(rng, "unknown token", mixed, odd, unk="<unk>")
    hf_bpe(rng, "fused unknown token", mixed, odd, unk="<unk>", fuse_unk=True)
    hf_bpe(rng, "unknown token without an id", abc, odd, unk="<unk>", unk_missing=True)
    hf_bpe(rng, "merges with the unknown token", abc, odd, unk="<unk>", fuse_unk=True,
           extra=["<unk>", "a<unk>", "<unk>b", "<unk><unk>"],
           extra_merges=[("a", "<unk>"), ("<unk>", "b"), ("<unk>", "<unk>")])
    hf_bpe(rng, "all bytes", mixed, odd, byte_tokens=BYTES, byte_fallback=True)
    hf_bpe(rng, "some bytes, fused", abc, odd, unk="<unk>", fuse_unk=True, byte_fallback=True,
           byte_tokens=[BYTES[ord("x")], BYTES[0xC3], BYTES[0xA9], BYTES[0], "<0xC3>a"],
           extra_merges=[("<0xC3>", "a")])
    hf_bpe(rng, "some bytes, not fused", abc, odd, unk="<unk>", byte_fallback=True,
           byte_tokens=[BYTES[ord("y")], BYTES[0xC3], BYTES[0xA9]])
    hf_bpe(rng, "prefix", abc, odd, prefix="##", unk="[U]")
    hf_bpe(rng, "prefix, merges in any order", abc, texts_over(rng, abc, 40), 60, prefix="##",
           shuffle=True)
    hf_bpe(rng, "suffix", abc, odd, suffix="</w>", unk="[U]", fuse_unk=True)
    hf_bpe(rng, "prefix and suffix", abc, odd, prefix="##", suffix="</w>", unk="[U]")
    hf_bpe(rng, "prefix, suffix and bytes", abc, odd, prefix="#", suffix="$", byte_tokens=BYTES,
           byte_fallback=True)
    hf_bpe(rng, "merges that do not lengthen", abc, texts_over(rng, abc, 60), 12, prefix="#",
           extra=["x", "##", "b#", "#c#"],
           extra_merges=[("a", "x"), ("#b", "b"), ("#a", "a"), ("#c", "#b"), ("a", "#a"),
                         ("a", "a"), ("b", "c"), ("#c", "c")], shuffle=False)
    hf_bpe(rng, "whole pieces", abc, texts_over(rng, abc, 60, 7), 40, ignore_merges=True,
           extra=["abcabc", "cc", "aabb", "c" * 45])
    tokens, merges = grow(rng, abc, 20)
    hf_bpe(rng, "a pair twice", abc, texts_over(rng, abc, 40), 20,
           extra=["ab", "bc", "ca", "abc"],
           extra_merges=[("a", "b"), ("b", "c"), ("ab", "c"), ("c", "a"), ("a", "b")])
    space = "\u2581"
    words = ["".join(rng.choice(["a", "b", "c", space, space + space, "x", "\u00e9"])
                     for _ in range(rng.randint(1, 30))) for _ in range(24)]
    for name, options in (("", {}), (", unknown", {"unk": "<unk>"}),
                          (", fused", {"unk": "<unk>", "fuse_unk": True}),
                          (", bytes", {"byte_tokens": BYTES, "byte_fallback": True})):
        heads = [space + w for w in ("a", "b", "ab", "abc")]
        hf_bpe(rng, "words that begin with a mark" + name, abc + space, words, 0,
               extra=heads + ["ab", "abc", space * 2, space * 4, "cb"],
               extra_merges=[("a", "b"), (space, "a"), (space + "a", "b"), ("ab", "c"),
                             (space, space), (space * 2, space * 2), (space, "b"),
                             (space + "ab", "c"), ("c", "b"), (space, "ab"), (space, "abc")],
               **options)


def hf_unigram(rng, name, vocab, unk, texts, byte_fallback=False):
    model = models.Unigram(vocab, unk, byte_fallback)
    case = Case("hf unigram: " + name, "UNIGRAM", [(t, i, 0, s) for i, (t, s) in enumerate(vocab)],
                unk, byte_fallback, (), "false,true")
    case.ask(texts, lambda text: as_found(model.tokenize(text), text))


def hf_unigram_cases():
    rng = random.Random(2)
    letters = "abc\u00e9\u6f22"
    texts = texts_over(rng, letters + "x", 30) + TROUBLE + ["<unk>", "a<unk>x", "x<unk>", "<unk>b"]

    def vocab(count, score, extra=()):
        tokens, _ = grow(rng, letters, count)
        tokens = list(dict.fromkeys(["<unk>"] + tokens + list(extra)))
        return [(t, 0.0 if t in BYTES else score()) for t in tokens]

    def fine():
        return -round(rng.uniform(1, 12), 3)

    def coarse():
        return float(-rng.randint(1, 3))

    hf_unigram(rng, "scores", vocab(60, fine), 0, texts)
    hf_unigram(rng, "ties", vocab(60, coarse), 0, texts)
    hf_unigram(rng, "positive scores", vocab(40, lambda: float(rng.randint(90, 100)), ["xx", "xxx"]),
               0, texts + ["xx", "xxx", "xxxx", "axx"])
    hf_unigram(rng, "no unknown token", vocab(40, fine), None, texts)
    hf_unigram(rng, "bytes", vocab(40, fine, BYTES), 0, texts, True)
    hf_unigram(rng, "some bytes", vocab(40, fine, [BYTES[ord("x")], BYTES[0]]), 0, texts, True)


def hf_word_cases():
    rng = random.Random(3)
    letters = "abc\u00e9"
    tokens, _ = grow(rng, letters, 50, "##")
    texts = texts_over(rng, letters, 25, 14, 1) + texts_over(rng, letters + "x", 10, 14, 0) + TROUBLE
    for name, unk, prefix, most, drop in (
            ("default", "[UNK]", "##", 100, 0), ("short words", "[UNK]", "##", 5, 0),
            ("no letters alone", "[UNK]", "##", 100, 6), ("other prefix", "[UNK]", "", 100, 0),
            ("no unknown token", None, "##", 20, 3), ("absent prefix", "[UNK]", "@", 100, 0)):
        kept = tokens[drop:] + (["[UNK]"] if unk else [])
        vocab = {t: i + 5 for i, t in enumerate(kept)}
        model = models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=most,
                                 continuing_subword_prefix=prefix)
        case = Case("hf wordpiece: " + name, "WORDPIECE", [(t, i, 0, 0.0) for t, i in vocab.items()],
                    vocab.get("[UNK]"), False, (), "%s,%d" % (span(prefix), most))
        case.ask(texts, lambda text: as_found(model.tokenize(text), text))
    for unk in ("[UNK]", None):
        vocab = {"ab": 4, "b": 9, "\u00e9": 2}
        if unk:
            vocab[unk] = 0
        model = models.WordLevel(vocab, unk_token="[UNK]")
        case = Case("hf wordlevel: unk %s" % unk, "WORDLEVEL",
                    [(t, i, 0, 0.0) for t, i in vocab.items()], vocab.get("[UNK]"))
        case.ask(["ab", "b", "a", "\u00e9", "abb", "[UNK]"],
                 lambda text: as_found(model.tokenize(text), text))


# ---- tiktoken ----

def tiktoken_cases():
    rng = random.Random(4)
    for name, letters, count, order in (("trained order", b"abcd", 80, "grown"),
                                        ("any order", b"abcd", 80, "shuffled"),
                                        ("bytes", bytes(range(0x7e, 0x84)), 60, "shuffled"),
                                        ("a letter without a rank", b"abc", 40, "missing")):
        tokens = [bytes([b]) for b in letters]
        while len(tokens) < count:
            made = rng.choice(tokens) + rng.choice(tokens)
            if len(made) < 9 and made not in tokens:
                tokens.append(made)
        if order == "shuffled":
            rng.shuffle(tokens)
        if order == "missing":
            tokens.remove(b"c")
        ranks = {t: 2 * i for i, t in enumerate(tokens)}
        encoding = tiktoken.Encoding("made", pat_str=r"(?s).+", mergeable_ranks=ranks,
                                     special_tokens={})
        case = Case("tiktoken: " + name, "BPE", [(t, i, 0, 0.0) for t, i in ranks.items()],
                    model="TOK_BPE_RANKS,NULL,0,true,false,false,false,SPAN(\"\"),SPAN(\"\")")
        texts = [bytes(rng.choice(letters) for _ in range(rng.randint(1, 16))) for _ in range(50)]
        texts += [bytes(rng.choice(letters) for _ in range(n)) for n in (39, 40, 41, 99, 100, 160)]
        texts += [letters[:1] * n for n in (1, 2, 3, 45, 101)]

        def answer(text):
            found, at = [], 0
            for rank in encoding._encode_single_piece(text):
                end = at + len(encoding.decode_single_token_bytes(rank))
                found.append((rank, at, end))
                at = end
            return found

        case.ask(texts, answer)


# ---- SentencePiece: a ModelProto written by hand ----

def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, data):
    if isinstance(data, bytes):
        return varint(number << 3 | 2) + varint(len(data)) + data
    return varint(number << 3) + varint(int(data))


def read_varint(data, at):
    n = shift = 0
    while True:
        n |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return n, at


def read_fields(data):
    """The fields of a message of varints and strings."""
    at, out = 0, []
    while at < len(data):
        key, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if key & 7:
            value, at = data[at:at + value], at + value
        out.append((key >> 3, value))
    return out


MODEL_TYPES = {"unigram": 1, "bpe": 2, "word": 3, "char": 4}


def sentencepiece_model(kind, entries, byte_fallback):
    proto = b""
    for text, _, piece_type, score in entries:
        piece = field(1, text.encode()) + varint(2 << 3 | 5) + struct.pack("<f", score)
        proto += field(1, piece + field(3, piece_type + 1))
    proto += field(2, field(3, MODEL_TYPES[kind]) + field(35, byte_fallback))
    proto += field(3, field(1, b"identity") + field(3, 0) + field(4, 0) + field(5, 0))
    return sentencepiece.SentencePieceProcessor(model_proto=proto)


def sp_case(rng, name, kind, pieces, texts, byte_fallback=False):
    entries = [("<unk>", 1, 0.0), ("<s>", 2, 0.0)]
    entries += [(b, 5, 0.0) for b in BYTES] if byte_fallback else []
    known = {t for t, _, _ in entries}
    entries += [p for p in pieces if p[0] not in known]
    entries = [(t, i, k, s)
               for i, (t, k, s) in enumerate(entries)]
    model = sentencepiece_model(kind, entries, byte_fallback)
    kinds = {"unigram": ("UNIGRAM", "true,true"), "word": ("WORDLEVEL", ""),
             "bpe": ("BPE", "TOK_BPE_SCORES,NULL,0,false,false,true,false,SPAN(\"\"),SPAN(\"\")")}
    c_kind, options = kinds["bpe" if kind == "char" else kind]
    case = Case("sentencepiece %s: %s" % (kind, name), c_kind, entries, 0, byte_fallback, (), options)

    def answer(text):
        fields = read_fields(model.encode(text, out_type="serialized_proto"))
        pieces = [dict(read_fields(data)) for number, data in fields if number == 2]
        found = [(p.get(2, 0), p.get(4, 0), p.get(5, 0)) for p in pieces]
        # The normaliser keeps user-defined pieces together, so where the model
        # cuts inside one, offsets are the normaliser's and say nothing here.
        by_byte = {i for _, i, k, _ in entries if k == 5}
        inside = [i not in by_byte and e - b != len(p[1])
                  for (i, b, e), p in zip(found, pieces)]
        return "skip" if any(inside) else found

    case.ask(texts, answer, may_fail=False)


def sentencepiece_cases():
    rng = random.Random(5)
    letters = "abc\u00e9\u6f22"
    space = "\u2581"
    texts = texts_over(rng, letters + "x", 20, 14, 1) + [t for t in TROUBLE if "\0" not in t]
    texts += ["<unk>", "<s>a", "a<0x61>b", "xx<unk>yy"]

    def pieces(count, score, kinds, extra=(), drop=()):
        tokens, _ = grow(rng, letters, count)
        out = [(t, rng.choice(kinds), score()) for t in dict.fromkeys(tokens) if t not in drop]
        have = {t for t, _, _ in out}
        return out + [e for e in extra if e[0] not in have]

    def ties():
        return float(-rng.randint(1, 6))

    def signs():
        return rng.choice([-1.5, -0.0, 0.0, 2.0, 3.5])

    def fine():
        return -round(rng.uniform(1, 12), 3)

    user = [("ab", 3, 0.0), ("abca", 3, 0.0), ("\u6f22\u6f22", 3, -3.0), ("zz", 3, 0.0)]
    marked = [(space + w, 0, -float(i)) for i, w in enumerate(("a", "b", "ab", "abc"))]
    marked += [(space * 2, 0, -3.0), (space * 4, 3, 0.0), (space, 0, -9.0)]
    words = ["".join(rng.choice(["a", "b", "c", space, space + space, "x", "\u00e9"])
                     for _ in range(rng.randint(1, 30))) for _ in range(24)]
    everything = [0, 0, 0, 0, 3, 4, 4]
    for kind in ("bpe", "unigram"):
        sp_case(rng, "ties", kind, pieces(70, ties, [0]), texts)
        sp_case(rng, "scores of both signs", kind, pieces(60, signs, [0]), texts)
        sp_case(rng, "letters that are no pieces", kind, pieces(60, fine, [0], drop="b\u00e9"), texts)
        sp_case(rng, "unused pieces", kind, pieces(70, ties, [0, 0, 4]), texts)
        sp_case(rng, "mostly unused pieces", kind, pieces(90, fine, [4, 4, 0]), texts)
        sp_case(rng, "user-defined pieces", kind, pieces(40, fine, [0], user), texts)
        sp_case(rng, "all kinds", kind, pieces(60, ties, everything, user, "c"), texts)
        sp_case(rng, "control letters", kind,
                pieces(40, ties, [0], [("x", 2, 0.0), ("xa", 0, -1.0)], "c"), texts)
        sp_case(rng, "bytes", kind, pieces(50, fine, everything, user, "\u00e9"), texts, True)
        sp_case(rng, "words that begin with a mark", kind, pieces(12, fine, [0], marked), words)
        sp_case(rng, "marks and bytes", kind, pieces(9, fine, [0], marked, "b"), words, True)
        sp_case(rng, "a mark that is no piece", kind, pieces(9, fine, [0], marked[:-1], "b"), words)
    sp_case(rng, "large scores", "unigram",
            pieces(50, lambda: -round(rng.uniform(9000, 30000), 2), [0]),
            texts_over(rng, letters + "x", 12, 40, 4))
    sp_case(rng, "many user-defined pieces in one", "bpe",
            [("a", 0, -1.0)] + [("a" * n, 3, 0.0) for n in range(2, 80)], ["a" * 150, "a" * 70])
    chain = [("ab"[n % 2], 0, -300.0) for n in range(2)]
    chain += [(("ab" * 70)[:n], 4, -float(n)) for n in range(2, 130)]
    sp_case(rng, "deep unused pieces", "bpe", chain, ["ab" * 50, "ab" * 51, "ab" * 64, "ab" * 90])
    single = [(c, k, -1.0) for c, k in zip(letters, [0, 0, 4, 0, 3])] + [("ab", 3, 0.0)]
    sp_case(rng, "types", "char", single, texts)
    sp_case(rng, "bytes", "char", single, texts, True)
    lexical = [("ab", 0, 0.0), ("b", 4, 0.0), ("\u00e9", 3, 0.0)]
    for bytes_too in (False, True):
        sp_case(rng, "bytes %s" % bytes_too, "word", lexical, ["ab", "b", "\u00e9", "q\u6f22"],
                bytes_too)


def main():
    hf_bpe_cases()
    hf_unigram_cases()
    hf_word_cases()
    tiktoken_cases()
    sentencepiece_cases()
    print("/* Made by tests/oracles/model_table.py: what tokenizers 0.23.2, tiktoken 0.14.0 and")
    print(" * sentencepiece 0.2.3 answer.  A row is a text and its tokens as id+length, or as")
    print(" * id@begin-end where there is a gap or an overlap; NULL: the reference fails. */")
    for n, case in enumerate(cases):
        case.write(n)
    print("static const struct model_case model_cases[] = {")
    for n, case in enumerate(cases):
        print(case.line(n))
    print("};")


main()
