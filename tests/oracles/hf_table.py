#!/usr/bin/env python3
"""Ask Hugging Face tokenizers which tokenizer.json it reads and as what, and print a C table.

    python3 tests/oracles/hf_table.py > tests/unit/hf_table.inc

Needs tokenizers 0.23.2.  Every component is tried in full, with each of its fields missing,
null and of a wrong type, without its "type", and with a field too many; then models, added
tokens, truncation and padding.  A row is a file, the same file as the reference writes it
back (nothing: it refuses the file), and the tokens that it then has.
"""
import json

from tokenizers import Tokenizer

WORDS = {"type": "WordLevel", "vocab": {"a": 0, "b": 1}, "unk_token": "a"}
ADDED = {"id": 5, "content": "x", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
PATTERN = {"pattern": {"String": "a"}, "content": "b"}
BYTES = {"add_prefix_space": True, "trim_offsets": True}
CLS = {"sep": ["a", 1], "cls": ["b", 2]}
BERT = {"clean_text": True, "handle_chinese_chars": False, "strip_accents": None, "lowercase": True}
META = {"replacement": "▁"}
TEMPLATE = {
    "single": [{"SpecialToken": {"id": "C", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
    "special_tokens": {"C": {"id": "C", "ids": [1, 0], "tokens": ["b", "a"]}}}

COMPONENTS = {
    "normalizer": [
        ("BertNormalizer", BERT), ("Bert", BERT), ("BertNormalizer", dict(BERT, strip_accents=False)), ("Strip", {"strip_left": True, "strip_right": False}),
        ("StripAccents", {}), ("NFC", {}), ("NFD", {}), ("NFKC", {}), ("NFKD", {}), ("Nmt", {}), ("Lowercase", {}), ("ByteLevel", {}),
        ("Prepend", {"prepend": "▁"}), ("Replace", PATTERN), ("Replace", {"pattern": {"Regex": "a+"}, "content": "\u0000"}),
        ("Precompiled", {"precompiled_charsmap": "AAAAAA=="}), ("Sequence", {"normalizers": []}),
        ("Sequence", {"normalizers": [{"type": "NFC"}, {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {"prepend": "x"}]}]})],
    "pre_tokenizer": [
        ("BertPreTokenizer", {}), ("ByteLevel", BYTES), ("ByteLevel", dict(BYTES, use_regex=False, add_prefix_space=False)),
        ("CharDelimiterSplit", {"delimiter": "é"}), ("Delimiter", {"delimiter": "x"}), ("CharDelimiterSplit", {"delimiter": "xy"}),
        ("Metaspace", META), ("Metaspace", dict(META, prepend_scheme="first", split=False)), ("Metaspace", dict(META, prepend_scheme="never")),
        ("Metaspace", dict(META, prepend_scheme="never", add_prefix_space=False)), ("Metaspace", dict(META, prepend_scheme="first", add_prefix_space=False)),
        ("Metaspace", dict(META, add_prefix_space=True, str_rep="_")), ("Metaspace", dict(META, prepend_scheme="sometimes")),
        ("Whitespace", {}), ("WhitespaceSplit", {}), ("UnicodeScripts", {}), ("Punctuation", {}), ("Punctuation", {"behavior": "MergedWithNext"}),
        ("Digits", {"individual_digits": True}), ("FixedLength", {}), ("FixedLength", {"length": 3}), ("FixedLength", {"length": -1}),
        ("Split", {"pattern": {"Regex": "a|b"}, "behavior": "Contiguous", "invert": True}),
        ("Split", {"pattern": {"String": "."}, "behavior": "MergedWithPrevious", "invert": False}),
        ("Split", {"pattern": "a", "behavior": "Removed", "invert": False}), ("Split", {"pattern": {"Other": "a"}, "behavior": "Removed", "invert": False}),
        ("Split", {"pattern": {"String": "a"}, "behavior": "removed", "invert": False}),
        ("Sequence", {"pretokenizers": []}), ("Sequence", {"pretokenizers": [{"type": "Digits", "individual_digits": False}, {"type": "Whitespace"}]})],
    "decoder": [
        ("BPEDecoder", {"suffix": "</w>"}), ("ByteLevel", BYTES), ("WordPiece", {"prefix": "##", "cleanup": True}),
        ("Metaspace", META), ("Metaspace", dict(META, prepend_scheme="never", split=False)), ("CTC", {"pad_token": "p", "word_delimiter_token": "|", "cleanup": False}),
        ("Replace", PATTERN), ("Fuse", {}), ("ByteFallback", {}), ("Strip", {"content": " ", "start": 1, "stop": 2}), ("Sequence", {"decoders": []}),
        ("Sequence", {"decoders": [{"type": "Fuse"}, {"type": "Sequence", "decoders": [{"type": "ByteFallback"}]}]})],
    "post_processor": [
        ("RobertaProcessing", dict(CLS, trim_offsets=True, add_prefix_space=False)), ("RobertaProcessing", dict(CLS, trim_offsets=False, add_prefix_space=True)),
        ("BertProcessing", CLS), ("BertProcessing", dict(CLS, sep=["a"])), ("BertProcessing", dict(CLS, sep=["a", 1, 2])), ("BertProcessing", dict(CLS, sep=[1, "a"])),
        ("ByteLevel", BYTES), ("ByteLevel", dict(BYTES, trim_offsets=False)), ("TemplateProcessing", TEMPLATE), ("Sequence", {"processors": []}),
        ("TemplateProcessing", dict(TEMPLATE, single=[])), ("TemplateProcessing", dict(TEMPLATE, single=[{"Other": {}}])),
        ("TemplateProcessing", dict(TEMPLATE, single=["C"])),
        ("Sequence", {"processors": [dict(BYTES, type="ByteLevel"), dict(TEMPLATE, type="TemplateProcessing")]})],
}
BPE = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "ba": 3, "c": 9, "cc": 4}, "merges": ["a b", "b a"]}
PIECE = {"type": "WordPiece", "vocab": {"a": 0, "##b": 1, "[U]": 2}, "unk_token": "[U]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 7}
UNI = {"type": "Unigram", "unk_id": 0, "vocab": [["u", 0], ["a", -1.5], ["<0x0A>", -2]]}


def without(thing, key):
    return {k: v for k, v in thing.items() if k != key}


def files():
    def file(**parts):
        return dict({"model": WORDS}, **parts)

    yield "bare", {"model": WORDS}
    yield "no model", {"version": "1.0"}
    yield "no object", []
    for version in ("2.0", None, 1):
        yield "version", file(version=version)
    for part in ("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder", "added_tokens", "model"):
        yield part + " null", file(**{part: None})
        yield part + " a number", file(**{part: 1})
        yield part + " a list", file(**{part: [1]})
    for part, kinds in COMPONENTS.items():
        yield part + " of no known type", file(**{part: {"type": "Nothing"}})
        for name, fields in kinds:
            full = dict(type=name, **fields)
            yield part + " " + name, file(**{part: full})
            yield part + " " + name + " and more", file(**{part: dict(full, more=1)})
            yield part + " without type " + name, file(**{part: fields})
            for key in fields:
                yield part + " " + name + " without " + key, file(**{part: without(full, key)})
                for wrong in (None, 7, "seven", [7]):
                    yield part + " " + name + " " + key + " " + compact(wrong), file(**{part: dict(full, **{key: wrong})})

    for model in (BPE, PIECE, WORDS, UNI):
        name = model["type"]
        yield name, file(model=model)
        yield name + " without type", file(model=without(model, "type"))
        yield name + " and more", file(model=dict(model, more={"x": []}))
        for key in without(model, "type"):
            yield name + " without " + key, file(model=without(model, key))
            for wrong in (None, 7, "seven", [7], {"x": "y"}):
                yield name + " wrong " + key, file(model=dict(model, **{key: wrong}))
        for wrong in ("Other", None, 3):
            yield name + " wrong type", file(model=dict(model, type=wrong))
    for change in (
            {"merges": [["a", "b"], ["b", "a"]]}, {"merges": ["#version: 0.2", "a b", "#version", "b a"]}, {"merges": []}, {"merges": ["a b a"]},
            {"merges": ["ab"]}, {"merges": ["a  b"]}, {"merges": [["a", "b"], "b a"]}, {"merges": ["a b", ["b", "a"]]}, {"merges": [["a", "b", "a"]]},
            {"merges": [["a"]]}, {"merges": [["a", 1]]}, {"merges": ["a x"]}, {"merges": ["x a"]}, {"merges": ["a a"]}, {"merges": [["#version", "a"]]},
            {"dropout": None}, {"dropout": 0}, {"dropout": 0.5}, {"dropout": 1}, {"dropout": 2}, {"dropout": -0.5}, {"dropout": "x"},
            {"unk_token": None}, {"unk_token": "a"}, {"unk_token": "zz"}, {"unk_token": 1}, {"fuse_unk": None}, {"fuse_unk": True}, {"fuse_unk": 1},
            {"byte_fallback": True}, {"ignore_merges": True}, {"ignore_merges": None}, {"end_of_word_suffix": "b"}, {"end_of_word_suffix": ""},
            {"continuing_subword_prefix": ""}, {"continuing_subword_prefix": None}, {"vocab": {}, "merges": []}, {"vocab": {"a": -1}, "merges": []},
            {"vocab": {"a": 0.0}, "merges": []}, {"vocab": {"a": "0"}, "merges": []}, {"vocab": {"a": 4294967296}, "merges": []},
            {"vocab": {"": 0, "\u0000": 1, "\u0000a": 2, "a": 3}, "merges": ["\u0000 a"]},
            {"vocab": {"<0x00>": 3, "<0xff>": 4, "<0xFF>": 5, "<0x0a>": 6, "<0x0A>": 7}, "merges": [], "byte_fallback": True},
            {"vocab": {"a": 0, "##b": 1, "ab": 2}, "merges": ["a ##b"], "continuing_subword_prefix": "##"},
            {"vocab": {"a": 0, "xyb": 1, "ab": 2}, "merges": ["a xyb"], "continuing_subword_prefix": "##"}):
        yield "BPE", file(model=dict(BPE, **change))
    for change in ({"unk_id": None}, {"unk_id": 2}, {"unk_id": 3}, {"unk_id": -1}, {"byte_fallback": True}, {"byte_fallback": None}, {"vocab": []},
                   {"vocab": [["", 0], ["a", 1]]}, {"vocab": [["a"]]}, {"vocab": [["a", 0, 1]]}, {"vocab": [[0, "a"]]}, {"vocab": {"a": 0}}):
        yield "Unigram", file(model=dict(UNI, **change))

    yield "an added token", file(added_tokens=[ADDED])
    yield "added and more", file(added_tokens=[dict(ADDED, more=1)])
    for key in ADDED:
        yield "added without " + key, file(added_tokens=[without(ADDED, key)])
        for wrong in (None, 7, "seven", True, -1, 1.0):
            yield "added wrong " + key, file(added_tokens=[dict(ADDED, **{key: wrong})])
    x, y, z = (dict(ADDED, content=c) for c in "xyz")
    holes = {"type": "WordLevel", "vocab": {"a": 0, "b": 7, "c": 3}, "unk_token": "a"}
    for several in ([x, y], [dict(x, id=70), dict(y, id=9)], [dict(x, content="b"), y], [dict(x, content="")], [dict(x, content=""), y], [x, x], [x, dict(x, lstrip=True)],
                    [dict(x, special=True), dict(x, special=False, rstrip=True)], [x, y, dict(x, normalized=True, special=False)], [x, y, z, dict(x, content="a"), dict(y, content="c")],
                    [dict(x, single_word=True, lstrip=True, rstrip=True, normalized=True, special=False)]):
        yield "added tokens", file(added_tokens=several)
        yield "added tokens with holes", file(added_tokens=several, model=holes)
        yield "added tokens of Unigram", file(added_tokens=several, model=UNI)

    truncation = {"direction": "Left", "max_length": 4, "strategy": "OnlyFirst", "stride": 1}
    padding = {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": 4, "pad_id": 1, "pad_type_id": 0, "pad_token": "b"}
    for part, full in (("truncation", truncation), ("padding", padding)):
        yield part, file(**{part: full})
        for key in full:
            yield part + " without " + key, file(**{part: without(full, key)})
            for wrong in (None, 7, "Left", "Right", "BatchLongest", "LongestFirst", {"Fixed": "x"}, -1):
                yield part + " other " + key, file(**{part: dict(full, **{key: wrong})})


def literal(text):
    plain = (chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else "\\%03o" % b for b in text.encode())
    return '"%s"' % "".join(plain).replace(MODEL, '" WORDS "')


def span(text):
    return "SPAN(%s)" % literal(text)


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


MODEL = compact(WORDS).replace('"', "\\042")


def tokens(tokenizer):
    """id=text of the model by id, then id=text/flags of what was added.  What was special once
    stays so in all that the tokenizer does: asked is what it leaves out, not what it shows."""
    out = ["%d=%s" % (i, t) for t, i in sorted(tokenizer.get_vocab(with_added_tokens=False).items(), key=lambda v: v[1])]
    for i, t in sorted(tokenizer.get_added_tokens_decoder().items()):
        flags = "".join(c for c, on in zip("wlrns", (t.single_word, t.lstrip, t.rstrip, t.normalized, tokenizer.decode([i]) == "")) if on)
        out.append("+%d=%s/%s" % (i, t.content, flags))
    return " ".join(out)


def main():
    print("/* Made by tests/oracles/hf_table.py: what tokenizers 0.23.2 answers. */")
    print('#define WORDS "%s"' % MODEL)
    print("static const struct row rows[] = {")
    for name, value in files():
        text = compact(value)
        try:
            tokenizer = Tokenizer.from_str(text)
        except BaseException as trouble:
            if isinstance(trouble, KeyboardInterrupt):
                raise
            print("{ %s, %s, { 0 }, { 0 } }," % (literal(name), span(text)))
            continue
        again = {k: v for k, v in json.loads(tokenizer.to_str()).items() if v not in (None, [], "1.0")}
        print("{ %s, %s, %s, %s }," % (literal(name), span(text), span(compact(again)), span(tokens(tokenizer))))
    print("};")


main()
