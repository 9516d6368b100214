"""The reference programs as normalisers: Hugging Face tokenizers 0.23.2 and
SentencePiece 0.2.3, asked with the words of tests/unit/test_normalize.c."""
import io
import json
import re

import sentencepiece
import tokenizers
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

assert tokenizers.__version__ == "0.23.2", tokenizers.__version__
assert sentencepiece.__version__ == "0.2.3", sentencepiece.__version__

PLAIN = {
    "nfc": normalizers.NFC, "nfd": normalizers.NFD, "nfkc": normalizers.NFKC,
    "nfkd": normalizers.NFKD, "nmt": normalizers.Nmt, "lowercase": normalizers.Lowercase,
    "stripaccents": normalizers.StripAccents, "bytelevel": normalizers.ByteLevel,
}


def read_blob(word):
    return open(word, "rb").read() if word.startswith("/") else bytes.fromhex(word)


def hf_step(word):
    name, *rest = word.split(":")
    if name in PLAIN:
        return PLAIN[name]()
    if name == "strip":
        return normalizers.Strip(left="l" in rest[0], right="r" in rest[0])
    if name == "prepend":
        return normalizers.Prepend(bytes.fromhex(rest[0]).decode())
    if name in ("literal", "regex"):
        pattern, content = (bytes.fromhex(r).decode() for r in rest)
        return normalizers.Replace(pattern if name == "literal" else Regex(pattern), content)
    if name == "bert":
        clean, chinese, strip, lower = (bit == "1" for bit in rest[0])
        return normalizers.BertNormalizer(clean_text=clean, handle_chinese_chars=chinese,
                                          strip_accents=strip, lowercase=lower)
    if name == "precompiled":
        return normalizers.Precompiled(read_blob(rest[0]))
    raise ValueError(word)


class HuggingFace:
    """Normalised text, and where each of its characters came from."""

    def __init__(self, steps):
        self.normalizer = normalizers.Sequence([hf_step(word) for word in steps.split("+")])
        self.tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
        self.tokenizer.normalizer = self.normalizer
        # one token for each character
        self.tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("(?m:.)"), "isolated")

    def text(self, text):
        return self.normalizer.normalize_str(text)

    def origins(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).offsets


def fields(blob):
    """The fields of a protobuf message, as far as they are numbers or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = blob[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(blob):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 == 2:
            size = varint()
            yield key >> 3, blob[at:at + size]
            at += size
        else:
            size = {1: 8, 5: 4}[key & 7]
            yield key >> 3, blob[at:at + size]
            at += size


def charsmap_of(model):
    spec = dict(fields(dict(fields(model))[3]))
    return spec.get(2, b"")


def train(rule_name="nmt_nfkc", rule_tsv=None, flags="dr", pieces=()):
    """A SentencePiece model that knows nothing but how to normalise."""
    out = io.BytesIO()
    options = {"normalization_rule_tsv": rule_tsv} if rule_tsv else {
        "normalization_rule_name": rule_name}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c d"] * 10), model_writer=out, model_type="char",
        vocab_size=3 + 5 + len(pieces), hard_vocab_limit=False, minloglevel=9,
        add_dummy_prefix="d" in flags, remove_extra_whitespaces="r" in flags,
        treat_whitespace_as_suffix="s" in flags, user_defined_symbols=list(pieces), **options)
    return out.getvalue()


class SentencePiece:
    """Normalised text, and for each of its characters where it begins."""

    def __init__(self, model):
        self.processor = sentencepiece.SentencePieceProcessor(model_proto=model)

    def text(self, text):
        return self.processor.normalize(text)

    def origins(self, text):
        return self.processor.normalize(text, with_offsets=True)[1]
