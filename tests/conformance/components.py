#!/usr/bin/env python3
"""Every component of tokenizer.json, one at a time, against Hugging Face tokenizers.

    components.py --tok build/tok [--strings 300] [NAME...]

A small tokenizer is made for every normalizer, pre-tokenizer (all behaviours, inverted,
string and pattern), model option, post-processor, decoder and combination of an added
token's flags; ids, token strings, offsets and decoded text are compared as compare.py
does on real tokenizers.  Prints a table component x strings x comparisons x mismatches;
exit 1 if anything differs.
"""
import argparse
import itertools
import json
import pathlib
import sys
import tempfile
import zlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracles"))

import strings as generator  # noqa: E402
from compare import Tally, Tok, compare_bytes, compare_decode, compare_encode  # noqa: E402
from references import HuggingFace  # noqa: E402

TEXT = ["the quick brown fox jumps over the lazy dog", "Hello world, hello there!", "naïve café, Straße", "你好世界 こんにちは",
        "don't we've I'm they'll", "1 12 123 1234", "a b c d e f g", "Привет мир", "x_y-z (1) [2] {3}", "▁the ▁Hello"] * 3
SPECIALS = ["<s>", "</s>", "<unk>", "<pad>", "<mask>"]
WORDS = ["the", "▁the", "Ġthe", "hello", "world", "##ing", "a", "b", "▁", "Ġ", "é", "1", "2", "12", "you", "!", ",", "_"]


def bpe(alphabet=(), **options):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", **options))
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=SPECIALS, initial_alphabet=list(alphabet), show_progress=False,
                                  **{k: v for k, v in options.items() if k in ("continuing_subword_prefix", "end_of_word_suffix")})
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(" ", "merged_with_next"), pre_tokenizers.Metaspace(split=False)]
                                                      if not options.get("end_of_word_suffix") else [pre_tokenizers.WhitespaceSplit()])
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.pre_tokenizer = None
    return tokenizer


def byte_bpe():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(TEXT, trainers.BpeTrainer(
        vocab_size=400, special_tokens=SPECIALS, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    return tokenizer


BASE = None


def base():
    """A BPE of characters that knows most letters and no byte."""
    global BASE
    BASE = BASE or bpe().to_str()
    return Tokenizer.from_str(BASE)


def with_parts(tokenizer=None, **parts):
    tokenizer = tokenizer or base()
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    return tokenizer


# ---- the components -------------------------------------------------------------------

def each_normalizer():
    n = normalizers
    plain = [n.NFC(), n.NFD(), n.NFKC(), n.NFKD(), n.Nmt(), n.Lowercase(), n.StripAccents(), n.ByteLevel(), n.Prepend("▁"),
             n.Replace(" ", "▁"), n.Replace(Regex(r"\s+"), " "), n.Replace(Regex("(a|e)"), "[]"), n.Replace("l", ""),
             n.Sequence([]), n.Sequence([n.NFD(), n.StripAccents(), n.Lowercase(), n.Replace(" ", "▁"), n.Prepend("▁")]),
             n.Sequence([n.Strip(), n.NFKC(), n.Sequence([n.Lowercase()])])]
    for i, one in enumerate(plain):
        yield f"normalizer {type(one).__name__} {i}", with_parts(normalizer=one)
    for left, right in itertools.product((False, True), repeat=2):
        yield f"normalizer Strip {left} {right}", with_parts(normalizer=n.Strip(left, right))
    for clean, chinese, accents, lower in itertools.product((False, True), (False, True), (None, False, True), (False, True)):
        yield (f"normalizer Bert {clean} {chinese} {accents} {lower}",
               with_parts(normalizer=n.BertNormalizer(clean, chinese, accents, lower)))


def each_pretokenizer():
    p = pre_tokenizers
    behaviors = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
    for behavior, invert, pattern in itertools.product(behaviors, (False, True), [" ", "the", Regex(r"\p{L}+"), Regex(r"\s|,"), Regex(r"(?=[A-Z])")]):
        yield f"pre-tokenizer Split {behavior} {invert} {pattern!s:.12}", with_parts(pre_tokenizer=p.Split(pattern, behavior, invert))
    for behavior in behaviors:
        yield f"pre-tokenizer Punctuation {behavior}", with_parts(pre_tokenizer=p.Punctuation(behavior))
    for scheme, split, letter in itertools.product(("always", "first", "never"), (False, True), ("▁", "_")):
        yield f"pre-tokenizer Metaspace {scheme} {split} {letter}", with_parts(pre_tokenizer=p.Metaspace(letter, scheme, split))
    for space, regex in itertools.product((False, True), repeat=2):
        for trim in (False, True):
            yield (f"pre-tokenizer ByteLevel {space} {regex} trim {trim}",
                   with_parts(byte_bpe(), pre_tokenizer=p.ByteLevel(space, trim_offsets=trim, use_regex=regex),
                              post_processor=processors.ByteLevel(trim_offsets=trim), decoder=decoders.ByteLevel()))
    plain = [p.Whitespace(), p.WhitespaceSplit(), p.BertPreTokenizer(), p.Digits(False), p.Digits(True), p.CharDelimiterSplit("-"),
             p.CharDelimiterSplit("é"), p.UnicodeScripts(), p.FixedLength(1), p.FixedLength(5), p.Sequence([]),
             p.Sequence([p.Digits(True), p.Punctuation(), p.Metaspace(prepend_scheme="first")]),
             p.Sequence([p.WhitespaceSplit(), p.UnicodeScripts(), p.FixedLength(3)])]
    for i, one in enumerate(plain):
        yield f"pre-tokenizer {type(one).__name__} {i}", with_parts(pre_tokenizer=one)
    yield "pre-tokenizer ByteLevel, then Split", with_parts(byte_bpe(), pre_tokenizer=p.Sequence([p.ByteLevel(False), p.Split("Ġ", "isolated")]))
    yield ("normalizer and pre-tokenizer Metaspace first behind Strip",
           with_parts(normalizer=normalizers.Strip(), pre_tokenizer=p.Metaspace(prepend_scheme="first")))


def byte_tokens():
    return [f"<0x{i:02X}>" for i in range(256)]


def each_model():
    source = json.loads(bpe().to_str())["model"]
    vocab = dict(source["vocab"])
    for token in byte_tokens():
        vocab.setdefault(token, len(vocab))
    merges = [tuple(m) for m in source["merges"]]
    for fallback, fuse, ignore, unk in itertools.product((False, True), (False, True), (False, True), ("<unk>", None)):
        yield (f"model BPE fallback {fallback} fuse {fuse} ignore {ignore} unk {unk}",
               Tokenizer(models.BPE(vocab, merges, unk_token=unk, byte_fallback=fallback, fuse_unk=fuse, ignore_merges=ignore)))
    some = {k: v for k, v in vocab.items() if k not in ("<0x80>", "<0xE4>")}
    yield "model BPE fallback without all bytes", Tokenizer(models.BPE(some, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    yield "model BPE suffix", with_parts(bpe(end_of_word_suffix="</w>"), pre_tokenizer=pre_tokenizers.WhitespaceSplit(), decoder=decoders.BPEDecoder())
    yield "model BPE prefix", with_parts(bpe(continuing_subword_prefix="##"), pre_tokenizer=pre_tokenizers.WhitespaceSplit())
    pieces = [("<unk>", 0.0), ("▁", -2.0)] + [(w, -3.0 - 0.37 * (i % 7)) for i, w in enumerate(WORDS) if w != "▁"]
    pieces += [(c, -6.0) for c in "cdefghijklmnopqrstuvwxyz" ]
    for fallback in (False, True):
        table = pieces + ([(t, 0.0) for t in byte_tokens()] if fallback else [])
        yield (f"model Unigram fallback {fallback}",
               with_parts(Tokenizer(models.Unigram(table, 0, fallback)), pre_tokenizer=pre_tokenizers.Metaspace(), decoder=decoders.Metaspace()))
    words = {w: i for i, w in enumerate(["[UNK]", "the", "##s", "th", "##e", "##ing", "a", "##a", "x", "##x", "你", "1", "##2", "!", ","])}
    for most in (3, 100):
        yield (f"model WordPiece at most {most}", with_parts(
            Tokenizer(models.WordPiece(words, unk_token="[UNK]", max_input_chars_per_word=most)),
            pre_tokenizer=pre_tokenizers.BertPreTokenizer(), decoder=decoders.WordPiece()))
    yield "model WordLevel", with_parts(Tokenizer(models.WordLevel({w: i for i, w in enumerate(["<unk>", *WORDS])}, unk_token="<unk>")),
                                        pre_tokenizer=pre_tokenizers.Whitespace())


def each_processor():
    p = processors
    template = p.TemplateProcessing(single="<s> $A </s> </s>", pair="$A $B", special_tokens=[("<s>", 0), ("</s>", 1)])
    whole = [("template", template), ("Bert", p.BertProcessing(("</s>", 1), ("<s>", 0))),
             *[(f"Roberta {trim} {space}", p.RobertaProcessing(("</s>", 1), ("<s>", 0), trim, space))
               for trim, space in itertools.product((False, True), repeat=2)],
             ("Sequence", p.Sequence([p.ByteLevel(trim_offsets=True), template])),
             ("Sequence turned", p.Sequence([template, p.ByteLevel(trim_offsets=True)]))]
    for name, one in whole:
        yield f"processor {name}", with_parts(byte_bpe(), pre_tokenizer=pre_tokenizers.ByteLevel(True), post_processor=one, decoder=decoders.ByteLevel())
    for direction, length in itertools.product(("left", "right"), (0, 1, 4)):
        tokenizer = with_parts(byte_bpe(), post_processor=template)
        tokenizer.enable_truncation(length + 3, direction=direction)
        yield f"truncation {direction} {length + 3}", tokenizer
        tokenizer = with_parts(byte_bpe(), post_processor=template)
        tokenizer.enable_padding(direction=direction, length=12, pad_id=3, pad_token="<pad>", pad_to_multiple_of=5 if length else None)
        yield f"padding {direction} {length}", tokenizer


def each_decoder():
    d = decoders
    plain = [d.ByteLevel(), d.WordPiece(), d.WordPiece("##", False), d.Metaspace(), d.Metaspace("▁", "never"), d.BPEDecoder(), d.BPEDecoder("▁"),
             d.CTC(), d.CTC("<pad>", "▁", False), d.Fuse(), d.ByteFallback(), d.Replace("▁", " "), d.Replace(Regex("[aeiou]"), "*"), d.Strip("▁", 1, 0),
             d.Sequence([d.Replace("▁", " "), d.ByteFallback(), d.Fuse(), d.Strip(" ", 1, 0)]), d.Sequence([])]
    for i, one in enumerate(plain):
        yield f"decoder {type(one).__name__} {i}", with_parts(decoder=one, pre_tokenizer=pre_tokenizers.Metaspace())
    yield "decoder none", with_parts(pre_tokenizer=pre_tokenizers.Metaspace())


def each_added():
    for word, left, right, normalized, special in itertools.product((False, True), repeat=5):
        tokenizer = with_parts(normalizer=normalizers.Lowercase(), pre_tokenizer=pre_tokenizers.Metaspace())
        flags = {"single_word": word, "lstrip": left, "rstrip": right, "normalized": normalized}
        tokens = [AddedToken(text, special=special, **flags) for text in ("NEW", "New York", "<x>", "the", "ñ", " sp ")]
        (tokenizer.add_special_tokens if special else tokenizer.add_tokens)(tokens)
        yield f"added word {word} left {left} right {right} normalized {normalized} special {special}", tokenizer
    # ids inside, outside and beyond the vocabulary, as written by hand
    source = json.loads(with_parts(byte_bpe(), decoder=decoders.ByteLevel()).to_str())
    top = max(source["model"]["vocab"].values())
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    source["added_tokens"] += [{"id": i, "content": c, **flags} for i, c in
                               [(5, "!"), (top + 1, "<new>"), (top + 2, "<newer>"), (top + 40, "<far>")]]
    yield "added ids inside, outside, beyond", Tokenizer.from_str(json.dumps(source))


def each():
    for group in (each_normalizer, each_pretokenizer, each_model, each_processor, each_decoder, each_added):
        yield from group()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tok", required=True)
    parser.add_argument("--strings", type=int, default=300)
    parser.add_argument("names", nargs="*", help="only components whose name begins so")
    options = parser.parse_args()
    print("| component | strings | comparisons | mismatches |\n|---|---|---|---|")
    compared = wrong = count = 0
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "tokenizer.json"
        for name, tokenizer in each():
            if options.names and not name.startswith(tuple(options.names)):
                continue
            tokenizer.save(str(path))
            reference, tok, tally = HuggingFace(tokenizer), Tok(options.tok, path, []), Tally()
            texts = generator.trouble(options.strings, zlib.crc32(name.encode()),
                                      ["NEW", "New York", "<x>", "the", "ñ", " sp ", "<new>", "<far>", *SPECIALS])
            texts = [t[:400] for t in texts] + TEXT[:10]
            whole = name.startswith(("truncation", "padding"))  # part of --hf only
            for mode, more in reference.modes[: 1 if whole else None]:
                answers = compare_encode(tally, reference, tok, mode, more, texts)
                if mode == "hf":
                    compare_bytes(tally, tok, more, texts, answers)
                    # An empty list stops some decoders of the reference.
                    kept = [(t, a) for t, a in zip(texts, answers) if a.ids]
                    compare_decode(tally, reference, tok, *map(list, zip(*kept)))
            count, compared, wrong = count + 1, compared + tally.compared, wrong + tally.wrong
            print(f"| {name} | {len(texts)} | {tally.compared} | {tally.wrong} |", flush=True)
            for line in tally.shown:
                print("    " + line, flush=True)
    print(f"| all {count} | | {compared} | {wrong} |\n{compared - wrong} passed, {wrong} failed")
    return 1 if wrong or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
