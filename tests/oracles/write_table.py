#!/usr/bin/env python3
"""Tokenizers as Hugging Face saves them, for tests/unit/test_write.c: read and written
again they must be the same bytes.

    write_table.py >../unit/write_table.inc
"""
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

CHARSMAP = b"\x00\x04\x00\x00" + bytes(1024) + b"x\x00"
HARD = ["", " ", "\"\\/", "\x00\x01\x1f\x7f", "\b\t\n\f\r\v", "\u2028\u2029\ufeff", "é", "你好", "👍🏽", "\U0010ffff", "</w>"]
NUMBERS = [0.0, -0.0, -1.5, -3.4965999126434326, -1e-7, -0.00001, -0.000123456, 1e15, -1e16, 1e17, 1.25e22, -12345678901234567.0,
           -1.7976931348623157e308, -5e-324, 2.2250738585072014e-308, 0.1, 1 / 3, -100.0, 123456789012345.6, 9007199254740993.0,
           9.5367431640625e-07, -10.052413940429688]


def words(**parts):
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1, "[CLS]": 2, "[SEP]": 3}, unk_token="a"))
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    return tokenizer


def each_part():
    n, p, d, r = normalizers, pre_tokenizers, decoders, processors
    yield "normalizers", words(normalizer=n.Sequence([
        n.NFC(), n.NFD(), n.NFKC(), n.NFKD(), n.Nmt(), n.Lowercase(), n.Strip(True, False), n.Strip(False, True), n.StripAccents(),
        n.Prepend("▁"), n.Replace(" ", "▁"), n.Replace(Regex(r"\s+\"?"), ""), n.ByteLevel(), n.Precompiled(CHARSMAP),
        n.BertNormalizer(True, False, None, True), n.BertNormalizer(False, True, True, False), n.BertNormalizer(True, True, False, True)]))
    yield "one normalizer", words(normalizer=n.Precompiled(CHARSMAP + b"yz"))
    yield "pre-tokenizers", words(pre_tokenizer=p.Sequence([
        *[p.Split(Regex(r"\p{L}+"), behavior, invert) for behavior, invert in [
            ("removed", True), ("isolated", False), ("merged_with_previous", False), ("merged_with_next", True), ("contiguous", False)]],
        p.Split(" ", "removed", False), p.ByteLevel(True, use_regex=False), p.ByteLevel(False), p.Whitespace(), p.WhitespaceSplit(),
        p.BertPreTokenizer(), p.Metaspace("▁", "always", True), p.Metaspace("_", "first", False), p.Metaspace("x", "never"),
        p.Punctuation("contiguous"), p.Digits(True), p.Digits(False), p.CharDelimiterSplit("é"), p.UnicodeScripts(), p.FixedLength(7)]))
    yield "one pre-tokenizer", words(pre_tokenizer=p.Whitespace())
    yield "decoders", words(decoder=d.Sequence([
        d.BPEDecoder("</w>"), d.ByteLevel(), d.WordPiece("##", False), d.Metaspace("▁", "first"), d.CTC("<pad>", "|", True),
        d.Replace("▁", " "), d.Replace(Regex("a|b"), "\n"), d.Fuse(), d.Strip(" ", 1, 0), d.ByteFallback()]))
    yield "no decoder in a sequence", words(decoder=d.Sequence([]))
    yield "Bert's template", words(post_processor=r.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[SEP]", 3), ("[CLS]", 2)]))
    yield "Llama's template behind ByteLevel", words(post_processor=r.Sequence([
        r.ByteLevel(add_prefix_space=False), r.TemplateProcessing(single="a $A", pair="a $A a:1 $B:1", special_tokens=[("a", 0)])]))
    yield "ByteLevel", words(post_processor=r.ByteLevel())


def each_model():
    yield "BPE", Tokenizer(models.BPE({"a": 0, "b": 1, "ab": 2, "abb": 3}, [("a", "b"), ("ab", "b")]))
    vocab = {"<unk>": 7, "a": 0, "##b": 1, "ab": 2, "c</w>": 4}
    yield "BPE with everything", Tokenizer(models.BPE(
        vocab, [("a", "##b")], unk_token="<unk>", continuing_subword_prefix="##", end_of_word_suffix="</w>", fuse_unk=True,
        byte_fallback=True, ignore_merges=True))
    yield "BPE with empty affixes", Tokenizer(models.BPE({"a": 0}, [], continuing_subword_prefix="", end_of_word_suffix=""))
    yield "BPE of nothing", Tokenizer(models.BPE())
    yield "BPE of hard texts", Tokenizer(models.BPE({text: i for i, text in enumerate(HARD)}, []))
    yield "WordPiece", Tokenizer(models.WordPiece({"[UNK]": 0, "##a": 1}, unk_token="[UNK]", max_input_chars_per_word=7))
    yield "Unigram", Tokenizer(models.Unigram([(f"p{i}", score) for i, score in enumerate(NUMBERS)], 3, True))
    yield "Unigram without unk", Tokenizer(models.Unigram([("▁", -2.0)], None, False))


def each_rest():
    tokenizer = words()
    tokenizer.enable_truncation(512, direction="left")
    tokenizer.enable_padding(direction="left", pad_id=3, pad_token="[SEP]", length=7, pad_to_multiple_of=8)
    yield "truncation and padding", tokenizer
    tokenizer = words()
    tokenizer.enable_truncation(1)
    tokenizer.enable_padding(pad_token="\"")
    yield "truncation and padding otherwise", tokenizer
    tokenizer = words()
    tokenizer.add_special_tokens([AddedToken("<s>"), AddedToken("b", rstrip=True)])
    tokenizer.add_tokens([AddedToken("New York", single_word=True), AddedToken("\n\t", lstrip=True, normalized=False)])
    yield "added tokens", tokenizer


def quote(text):
    return "".join(c if 32 <= b < 127 and c not in '"\\?' else f"\\{b:03o}" for b in text.encode() for c in [chr(b)])


print("/* Made by tests/oracles/write_table.py: what tokenizers 0.23.2 saves. */\n/* clang-format off */")
print("static const struct row rows[] = {")
for group in (each_part, each_model, each_rest):
    for name, tokenizer in group():
        print('{ "%s", SPAN(' % name)
        for line in tokenizer.to_str(pretty=True).splitlines(keepends=True):
            print('"%s"' % quote(line))
        print(") },")
print("};")
