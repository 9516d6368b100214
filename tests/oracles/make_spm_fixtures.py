#!/usr/bin/env python3
"""Train small SentencePiece models on sentences of our own and ask the library
about them.

	python3 tests/oracles/make_spm_fixtures.py

writes fixtures/spm/NAME.model and tests/unit/sentencepiece_table.inc: every
piece with its score and type, and for every model the ids and the decoded text
of a list of strings.  Needs sentencepiece 0.2.3.
"""
import io
import itertools
import os
import tempfile

import sentencepiece

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

SUBJECTS = ["the baker", "a small dog", "our teacher", "das Kind", "the old sailor", "Anna", "le chat"]
VERBS = ["walks", "is walking", "sang", "will sing", "counted", "läuft", "mange", "has been counting"]
PLACES = ["to the market", "under the bridge", "in 1984", "über die Brücke", "à l'école", "at 12:30",
          "on Friday morning", "through the forest"]
ENDS = [".", "!", " — again.", " (slowly).", ", they say.", " ﬁnally!", " …"]


def sentences():
    for i, (s, v, p, e) in enumerate(itertools.product(SUBJECTS, VERBS, PLACES, ENDS)):
        if i % 3 == 0:
            yield s[0].upper() + s[1:] + " " + v + " " + p + e


# A small charsmap; the library's own are a quarter of a megabyte each.
RULES = [("ﬁ", "fi"), ("ﬀ", "ff"), ("\u3000", " "), ("\t", " "), ("\n", " "), ("\r", ""),
         ("e\u0301", "é"), ("\u00a0\u00a0", " "), ("É", "é"), ("＜", "<"), ("＞", ">"), ("Ａ", "a b")]

COMMON = dict(vocab_size=150, num_threads=1, minloglevel=2, hard_vocab_limit=False)
RULED = object()
MODELS = {
    "unigram": dict(model_type="unigram", normalization_rule_tsv=RULED),
    "unigram_bytes": dict(model_type="unigram", byte_fallback=True, vocab_size=420,
                          user_defined_symbols=["<sep>", "ing"], control_symbols=["<ctl>"],
                          normalization_rule_name="identity"),
    "unigram_spaces": dict(model_type="unigram", remove_extra_whitespaces=False, pad_id=3,
                           normalization_rule_tsv=RULED),
    "unigram_suffix": dict(model_type="unigram", treat_whitespace_as_suffix=True, bos_id=-1,
                           unk_surface="?", normalization_rule_tsv=RULED),
    "bpe": dict(model_type="bpe", normalization_rule_name="identity"),
    "bpe_bytes": dict(model_type="bpe", byte_fallback=True, vocab_size=420,
                      user_defined_symbols=["<sep>", "▁the"], normalization_rule_name="identity",
                      remove_extra_whitespaces=False, allow_whitespace_only_pieces=True,
                      split_digits=True),
    "bpe_fallback": dict(model_type="bpe", byte_fallback=True, vocab_size=330,
                         remove_extra_whitespaces=False, normalization_rule_name="identity"),
    "bpe_plain": dict(model_type="bpe", add_dummy_prefix=False, unk_id=2, bos_id=0, eos_id=1,
                      unk_piece="[UNK]", bos_piece="[B]", eos_piece="[E]",
                      normalization_rule_name="identity"),
    "word": dict(model_type="word", normalization_rule_name="identity"),
    "char": dict(model_type="char", vocab_size=80, user_defined_symbols=["<sep>", "dog"],
                 normalization_rule_name="identity"),
}

TEXTS = ["", " ", "the dog", "The baker walks to the market.", "  two  spaces   here  ", "Brücke läuft",
         "xyz", "☃ snow ☃☃ man", "a<sep>b <sep> c", "<s>text</s><unk><ctl>", "ﬁnally the ﬀ", "12:30 1984",
         "▁the▁▁dog▁", "tab\tand\nline\r\n", "e\u0301cole ÉCOLE", "dogdog singing", "日本語 text",
         "＜ｓｅｐ＞ Ａ", "\u3000wide\u3000space\u3000", "[B] [UNK] [E]", "😀 and \U0001F468\u200D\U0001F469"]

TYPES = ["NORMAL", "UNKNOWN", "CONTROL", "USER_DEFINED", "UNUSED", "BYTE"]


def type_of(sp, i):
    if sp.is_unknown(i):
        return "UNKNOWN"
    if sp.is_control(i):
        return "CONTROL"
    if sp.is_byte(i):
        return "BYTE"
    if sp.is_unused(i):
        return "UNUSED"
    return None


def c_string(text):
    return '"' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else "\\%03o" % b
                         for b in text.encode()) + '"'


def write_rules(file):
    for old, new in RULES:
        file.write("\t".join(" ".join("%X" % ord(c) for c in side) for side in (old, new)) + "\n")


def train(options):
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        # The name ends up in the model: it must be the same every time.
        os.chdir(folder)
        with open("rules.tsv", "w") as rules:
            write_rules(rules)
        options = {k: "rules.tsv" if v is RULED else v for k, v in options.items()}
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(list(sentences())),
                                                 model_writer=out, **{**COMMON, **options})
        os.chdir(ROOT)
    return out.getvalue()


def main():
    os.makedirs(os.path.join(ROOT, "fixtures", "spm"), exist_ok=True)
    table = ["/* Made by tests/oracles/make_spm_fixtures.py with sentencepiece %s. */"
             % sentencepiece.__version__]
    pieces, rows = [], []
    for name, options in MODELS.items():
        path = os.path.join(ROOT, "fixtures", "spm", name + ".model")
        with open(path, "wb") as f:
            f.write(train(options))
        sp = sentencepiece.SentencePieceProcessor(model_file=path)
        user = set(options.get("user_defined_symbols", []))
        for i in range(sp.get_piece_size()):
            kind = type_of(sp, i) or ("USER_DEFINED" if sp.id_to_piece(i) in user else "NORMAL")
            pieces.append('{ "%s", %d, %s, %.9g, TOK_PIECE_%s },'
                          % (name, i, c_string(sp.id_to_piece(i)), sp.get_score(i), kind))
        for text in TEXTS:
            ids = sp.encode(text)
            rows.append('{ "%s", %s, %d, "%s", %s },' % (name, c_string(text), len(text.encode()),
                                                        " ".join(map(str, ids)),
                                                        c_string(sp.decode(ids))))
    table += ["", "static const struct piece_row piece_rows[] = {"] + pieces + ["};", "",
              "static const struct text_row text_rows[] = {"] + rows + ["};"]
    with open(os.path.join(ROOT, "tests", "unit", "sentencepiece_table.inc"), "w") as f:
        f.write("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
