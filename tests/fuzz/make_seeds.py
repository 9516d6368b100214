#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets: fixtures/fuzz/NAME/*, small files of every
kind that tok reads, made here from nothing but the formats' own rules.

    make_seeds.py fixtures/fuzz
"""
import base64
import json
import pathlib
import struct
import sys

WORDS = ["a", "b", "ab", "h", "e", "l", "o", "he", "ll", "hell", "hello"]


def hf(**parts):
    file = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
            "pre_tokenizer": None, "post_processor": None, "decoder": None}
    file.update(parts)
    return json.dumps(file, ensure_ascii=False).encode()


def hf_seeds():
    bpe = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
           "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": True,
           "vocab": {"a": 0, "b": 1, "ab": 2, "Ġ": 3, "Ġab": 4}, "merges": ["a b", ["Ġ", "ab"]]}
    bpe["merges"] = ["a b", "Ġ ab"]
    added = [{"id": 5, "content": "<s>", "single_word": False, "lstrip": True, "rstrip": False,
              "normalized": False, "special": True}]
    template = {"type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"<s>": {"id": "<s>", "ids": [5], "tokens": ["<s>"]}}}
    yield "bytelevel.json", hf(
        model=bpe, added_tokens=added, post_processor=template, normalizer={"type": "NFC"},
        pre_tokenizer={"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        decoder={"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True})
    yield "unigram.json", hf(
        model={"type": "Unigram", "unk_id": 0, "byte_fallback": False,
               "vocab": [["<unk>", 0.0], ["▁", -1.5], ["a", -2.0], ["ab", -3.25]]},
        pre_tokenizer={"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        decoder={"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True})
    yield "wordpiece.json", hf(
        model={"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
               "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "a": 1, "##b": 2}},
        normalizer={"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                    "strip_accents": None, "lowercase": True},
        pre_tokenizer={"type": "BertPreTokenizer"}, decoder={"type": "WordPiece", "prefix": "##", "cleanup": True})
    yield "sequences.json", hf(
        model={"type": "WordLevel", "vocab": {"<unk>": 0, "a": 1}, "unk_token": "<unk>"},
        normalizer={"type": "Sequence", "normalizers": [
            {"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"Regex": " +"}, "content": "_"}]},
        pre_tokenizer={"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"String": "_"}, "behavior": "MergedWithNext", "invert": False},
            {"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "Isolated"}]},
        decoder={"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
            {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})


def ranks():
    tokens = [bytes([i]) for i in range(256)] + [b"ab", b"he", b"ll", b"hell", b"hello", b" \xe2\x96"]
    return tokens


def tiktoken():
    return b"".join(base64.b64encode(token) + b" %d\n" % i for i, token in enumerate(ranks()[90:110] + ranks()[256:]))


def packed():
    tokens = " ".join(base64.b64encode(token).decode() for token in ranks()[97:123])
    return json.dumps({"pat_str": "\\p{L}+| ?[^\\s]+|\\s+", "special_tokens": {"<|end|>": 30},
                       "bpe_ranks": f"! 0 {tokens}", "explicit_n_vocab": 31}).encode()


def tekken():
    vocab = [{"rank": i, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
             for i, token in enumerate(ranks()[97:110])]
    return json.dumps({"config": {"pattern": "\\p{L}+|\\s+|[^\\s]", "num_vocab_tokens": 13,
                                  "default_vocab_size": 16, "default_num_special_tokens": 3, "version": "v3"},
                       "vocab": vocab,
                       "special_tokens": [{"rank": i, "token_str": name, "is_control": True}
                                          for i, name in enumerate(["<unk>", "<s>", "</s>"])]}).encode()


def field(number, kind, payload):
    return bytes([number << 3 | kind] if number < 16 else [(number << 3 | kind) & 0x7F | 0x80, number >> 4]) + payload


def text(number, value):
    return field(number, 2, bytes([len(value)]) + value)


def sentencepiece(model_type):
    pieces = [(b"<unk>", 0.0, 2), (b"<s>", 0.0, 3), (b"</s>", 0.0, 3), ("▁".encode(), -1.0, 1), (b"a", -2.0, 1),
              (b"b", -2.5, 1), (b"ab", -3.0, 1), ("▁ab".encode(), -3.5, 1), (b"USER", 0.0, 4)]
    out = b""
    for piece, score, kind in pieces:
        out += text(1, text(1, piece) + field(2, 5, struct.pack("<f", score)) + (field(3, 0, bytes([kind])) if kind != 1 else b""))
    out += text(2, field(3, 0, bytes([model_type])))
    out += text(3, text(1, b"identity") + field(3, 0, b"\x01") + field(4, 0, b"\x01") + field(5, 0, b"\x01"))
    return out


def gguf(model, extra):
    def string(value):
        raw = value.encode()
        return struct.pack("<Q", len(raw)) + raw

    def strings(values):
        return struct.pack("<IQ", 8, len(values)) + b"".join(map(string, values))

    pairs = {"general.architecture": (8, string("llama")), "tokenizer.ggml.model": (8, string(model))}
    pairs.update(extra(string, strings))
    out = b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs))
    for key, (kind, value) in pairs.items():
        out += string(key) + struct.pack("<I", kind) + value
    return out


def gguf_gpt2(string, strings):
    tokens = ["a", "b", "ab", "Ġ", "Ġab", "<|end|>"]
    return {"tokenizer.ggml.pre": (8, string("gpt-2")), "tokenizer.ggml.tokens": (9, strings(tokens)),
            "tokenizer.ggml.token_type": (9, struct.pack("<IQ6i", 5, 6, 1, 1, 1, 1, 1, 3)),
            "tokenizer.ggml.merges": (9, strings(["a b", "Ġ ab"])),
            "tokenizer.ggml.bos_token_id": (4, struct.pack("<I", 5)),
            "tokenizer.ggml.add_bos_token": (7, b"\x01")}


def gguf_llama(string, strings):
    tokens = ["<unk>", "<s>", "</s>", "▁", "a", "b", "ab"]
    return {"tokenizer.ggml.tokens": (9, strings(tokens)),
            "tokenizer.ggml.scores": (9, struct.pack("<IQ7f", 6, 7, 0, 0, 0, -1, -2, -3, -4)),
            "tokenizer.ggml.token_type": (9, struct.pack("<IQ7i", 5, 7, 2, 3, 3, 1, 1, 1, 1)),
            "tokenizer.ggml.bos_token_id": (4, struct.pack("<I", 1))}


def scan_text():
    """What the splitting patterns tell apart, in a few blocks of 64 bytes."""
    return ("It's  DON'T we'Ll 'ſo.\r\n\n \t x/\n/y ..́a\u00a0\u3000b ❤️ ❤️12345 ½٣٤٥٦"
            "日本語とカナ・ー。한국어 中Ab中AB ÉCOLEÉté नमस्ते ไทย \u2028\x85   7\n").encode()


def safetensors():
    header = {"__metadata__": {"format": "pt"}, "b": {"dtype": "F16", "shape": [3, 2], "data_offsets": [8, 20]},
              "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
              "é": {"dtype": "I64", "shape": [], "data_offsets": [20, 28]}}
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    return struct.pack("<Q", len(raw)) + raw + bytes(range(28))


def gguf_tensors():
    def string(value):
        return struct.pack("<Q", len(value)) + value

    out = b"GGUF" + struct.pack("<IQQ", 3, 2, 2)
    out += string(b"general.alignment") + struct.pack("<II", 4, 64)
    out += string(b"general.name") + struct.pack("<I", 8) + string(b"two")
    out += string(b"m") + struct.pack("<IQQIQ", 2, 32, 2, 8, 0)  # Q8_0
    out += string(b"s") + struct.pack("<IIQ", 0, 0, 128)
    out += bytes(-len(out) % 64)
    return out + bytes(68) + bytes(60) + bytes(4) + bytes(60)


def seeds():
    yield "tensors", "small.safetensors", safetensors()
    yield "tensors", "small.gguf", gguf_tensors()
    for name, data in hf_seeds():
        yield "hf", name, data
    yield "tiktoken", "ranks.tiktoken", tiktoken()
    yield "packed", "ranks.json", packed()
    yield "tekken", "tekken.json", tekken()
    yield "vocab_merges", "pair", json.dumps({"a": 0, "b": 1, "ab": 2}).encode() + b"\0#version: 0.2\na b\n"
    for name, kind in (("unigram", 1), ("bpe", 2), ("word", 3), ("char", 4)):
        yield "sentencepiece", f"{name}.model", sentencepiece(kind)
    yield "wordpiece", "vocab.txt", b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##b\nhello\n##o\n"
    yield "gguf", "gpt2.gguf", gguf("gpt2", gguf_gpt2)
    yield "gguf", "llama.gguf", gguf("llama", gguf_llama)
    for i, (pattern, subject) in enumerate([
        (r"'s|'t| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", "it's  ok, naïve"),
        (r"(?i:[a-c&&[^b]]+)|\x{e9}|(?<=a)\b.{1,3}+", "AbC é abc"),
        (r"(a+)+$|[[:alpha:]]\1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
    ]):
        yield "regex", f"pattern{i}", pattern.encode() + b"\0" + subject.encode()
    for i, (expression, subject) in enumerate((
            ("(?:[a-f\\D]|\\xff{2,3})*x+.?", "ab\xffx"), ("((a|b)*c){9}|[^\\n]+", "abc"),
            ("\\{\"k\":[0-9]{1,3}(,\\s\\w+)*\\}", "{\"k\":7}"), ("[\\u{e9}-\\u{20ac}\\x80-\\x9f]?|", "é"),
            ("(a{9}){9}(|(b", ""), (".(.|\\n){0,4}\\t\\r[]-]", "x\t\r"))):
        yield "automaton", f"expression{i}", expression.encode() + b"\0" + subject.encode("latin-1")
    for i in range(7):  # the families of fuzz_scan.c
        yield "scan", f"family{i}", bytes([i]) + scan_text()
        yield "scan", f"family{i}-bad", bytes([i]) + scan_text() + b"\xe4\xb8\xff\0\x80 "


def main():
    root = pathlib.Path(sys.argv[1])
    count = 0
    for target, name, data in seeds():
        for folder in (target, "any") if target not in ("regex", "scan", "vocab_merges", "automaton", "tensors") else (target,):
            (root / folder).mkdir(parents=True, exist_ok=True)
            (root / folder / (name if folder == target else f"{target}-{name}")).write_bytes(data)
            count += 1
    print(f"{count} seeds")


if __name__ == "__main__":
    main()
