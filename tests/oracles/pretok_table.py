#!/usr/bin/env python3
"""Write what the reference answers.

    pretok_table.py > tests/unit/pretok_table.inc
    pretok_table.py --scan > tests/unit/scan_table.inc

The first has rows for every pre-tokenizer with every option, then, where a step
asks about single characters, all those it says yes to; the second is about the
well-known splitting patterns.
"""
import sys

from tokenizers import pre_tokenizers as P

from pretok_reference import FAMILIES, answer, family_steps, quote, random_texts, reference

TEXTS = [
    "", " ", "a", "Hello, world!", "  two  spaces  ", " a  b\tc\n\nd ", "the-final--countdown",
    "-a-", "--", "I'm don't WE'LL it'\u017f you'Re 'x", "abc123 4567 \u00b2\u0663\u2167x",
    "A\u0301BC\u0301de \u0301X", "HTTPServer's IDs'LL", "\u4e2d\u6587abc\u3042\u30a2\u30fc\u3001 \u9fa6",
    "x \n \n  y", "x\r\n\r\n y  ", "\n  ", "a\u00a0\u3000b\u2028c\u0085", "\U0001f468\u200d\U0001f469 \u2764\ufe0f!",
    "\u2581a\u2581\u2581b \u2581", "na\u00efve\u2019s caf\u00e9_x-y", "\u0378\ue000 \x00\x7f", "//a/\n/b /*c*/\r\n/",
    "\u041f\u0440\u0438\u0432\u0435\u0442 world \u05e9\u05dc\u05d5\u05dd", "a\u061db\u166dc\U00011de0d$e+f",
    " \u0378a b", "\u30fc\u3042 \u4e2d", "e\u200cf\u200dg\u00aah\u20ddi", "\u01c5ab\u02b0CD\u4e2dEF g",
]

SPLIT_TEXTS = ["", "a", "-a--b-", "the-final--countdown", " a  b\tc\n\nd ", "xaxx\u2581abab\u2581",
               "abc123 4567 \u00b2\u0663", "\u2019h\u00e9, o-u!"]

REGEXES = [r"\s+", r"-", r"x*", r"[aeiou]\w", r"\d+|\p{P}", r"(?=b)", r"$", r"\b"]
STRINGS = ["-", " ", "--", "", "\u2581", "ab"]


def all_steps():
    steps = []
    for behavior in "ripnc":
        steps.append("punctuation:" + behavior)
        for invert in "01":
            steps += ["split:o:%s:%s:%s" % (quote(r), behavior, invert) for r in REGEXES]
            steps += ["split:l:%s:%s:%s" % (quote(s), behavior, invert) for s in STRINGS]
            # a scanner instead of a regular expression
            steps += ["split:o:%s:%s:%s" % (quote(r), behavior, invert)
                      for r in (r"\p{N}{1,3}", r"\p{N}")]
    steps += ["bytelevel:" + flags for flags in ("", "p", "x", "px")]
    steps += ["metaspace:%s:%s:%s" % (quote(c), scheme, split) for c in "\u2581_"
              for scheme in ("always", "first", "never") for split in "01"]
    steps += ["whitespace", "whitespacesplit", "bert", "scripts", "digits:0", "digits:1",
              "delimiter:" + quote("-"), "delimiter:" + quote("\u2581"), "delimiter:" + quote("a"),
              "length:1", "length:2", "length:5"]
    first = "metaspace:%s:first:" % quote("\u2581")
    always = "metaspace:%s:always:" % quote("\u2581")
    steps += [first + "0+" + first + "1", "whitespacesplit+" + first + "0",
              "whitespacesplit+" + first + "1+digits:1", "split:l:%s:r:0+" % quote(" ") + first + "1",
              always + "0+whitespace+" + first + "0", always + "1+bytelevel:px",
              "bytelevel:p+" + first + "1", "digits:1+bytelevel:px", "scripts+whitespacesplit+bytelevel:p",
              "bert+length:2", "punctuation:n+metaspace:5f:always:1", "length:3+bytelevel:x",
              "whitespacesplit+bytelevel:+bytelevel:p"]
    deepseek = [s for s in family_steps()[-3:]]
    steps.append("+".join([family_steps()[-3], family_steps()[-2], deepseek[-1], "bytelevel:"]))
    return steps


def write_rows(steps, texts):
    ask = reference(steps)
    name = '"%s"' % steps
    for text in texts:
        print('{ %s, "%s", "%s" },' % (name, quote(text), answer(text, ask.pieces(text))))
        name = "NULL"


CODES = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def write_class(name, step, text, is_in):
    """Ranges of code points c for which `step`, on `text` with c for %, has it."""
    pieces = step.pre_tokenize_str("".join(text.replace("%", chr(c)) for c in CODES))
    found = {CODES[b // len(text)] for _, (b, e) in pieces if is_in(b % len(text), e - b)}
    out = []
    for code in sorted(found):
        if out and out[-1][1] == code - 1:
            out[-1][1] = code
        else:
            out.append([code, code])
    print("static const uint32_t %s[][2] = {" % name)
    for a, b in out:
        print("{ 0x%X, 0x%X }," % (a, b))
    print("};")


def write_table():
    print("static const struct row rows[] = {")
    for steps in all_steps():
        write_rows(steps, TEXTS if not steps.startswith("split") else SPLIT_TEXTS)
    print("};")
    write_class("punctuation", P.Punctuation(), "x%x", lambda at, n: at == 1 and n == 1)
    write_class("numbers", P.Digits(True), "x%x", lambda at, n: at == 1 and n == 1)
    write_class("words", P.Whitespace(), "x% ", lambda at, n: at == 0 and n == 2)


def write_scan_table():
    print("static const struct family families[] = {")
    for name, dialects, pattern in FAMILIES:
        print('{ "%s", "%s", "%s" },' % (name, dialects, quote(pattern)))
    print("};")
    print("static const struct row rows[] = {")
    for steps in family_steps():
        write_rows(steps, TEXTS + list(random_texts("rows", 60)))
    print("};")


if __name__ == "__main__":
    print("/* Made by tests/oracles/pretok_table.py; do not edit. */\n/* clang-format off */")
    if sys.argv[1:] == ["--scan"]:
        write_scan_table()
    else:
        write_table()
