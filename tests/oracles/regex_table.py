#!/usr/bin/env python3
"""Writes tests/unit/regex_table.inc: patterns, texts, and where the references match.

    regex_table.py > tests/unit/regex_table.inc

Oniguruma is asked through Python tokenizers 0.23.2 (Split), fancy-regex 0.19.0 (that
of tiktoken 0.14) through the Rust program in tests/oracles/fancy (cargo).
"""
import json
import pathlib
import subprocess
import sys

from tokenizers import Regex, pre_tokenizers

HERE = pathlib.Path(__file__).parent

CL100K = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
O200K = r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
DEEPSEEK = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
GPT2 = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""

BOTH = [
    GPT2, CL100K, O200K, DEEPSEEK, "[一-龥぀-ゟ゠-ヿ]+", r"\p{N}{1,3}", r"\s+", r"\S+", r"\d+", r"\D+",
    r"\w+|[^\w\s]+", r"\W+", r"[^\p{L}]+", r"\P{L}+", r"\p{^L}+", r"[\P{N}]+", r"[\s\d]+", r"[^\s\d]+",
    r"a.c", r"(?<=a)b", r"(?<!a)b", r"a(?=b)", r"(?>a+)b", r"a{2}", r"a{1,2}?", r"(?:ab)+", r"(a)(b)\1",
    r"[a-z&&[^b]]+", r"[a-d[x-z]]+", r"[[:alpha:]]+", r"[[:^alpha:]]+", r"[[:digit:]]+", r"[[:punct:]]+",
    r"\x41|\x{e9}", r"\t|\n|\r", r"\bab\b", r"\Bb", r"\Aab", r"c\z", r"(?i)ab", r"(?i:k)",
    r"(?i:ſ)", r"[^\n]+", r"a|b|", r" {2,}", r"\p{Lu}\p{Ll}*", r"[\p{Lu}\p{Lt}]", r"\p{Han}+|\p{Hiragana}+",
    r"[\[\]\-]+", r"[\]a]+", r"\.|\?|!", r"(?x: a b # note" + "\n)", r"\p{Alphabetic}+",
    r"\p{M}+", r"\p{So}", r"\p{Sc}|\p{Sm}", r"\p{Zs}+", r"\p{Cc}", r"\p{Letter}+", r"\p{Uppercase_Letter}+",
]
# One row for each construct whose meaning is not PCRE2's, or differs between the two.
CONSTRUCTS = [
    r"a(?i)b|A", r"a{2}?", r"a{2}+", r"a{1,}+b", r"a{,2}b", r"a{,}", r"(?i:\p{Lu})", r"(?i:[\p{Lu}])", r"(?i:\P{Lu}+)",
    r"(?i:\P{L}+)", r"(?i:[^ß]+)", r"(?i:ss)", r"(?i:ß)+", r"(?i:st|ff)", r"(?i:[ß])", r"(?i)s+s", r"(?<=(?i:s))s",
    "(?x) a # c [ (\n b", r"(?x)[a b]+", r"(?x)a +b", r"(?x)a\ c", r"(?x) a {2}", r"a(?#c)+", r"((?i)a)b", r"(?:(?i)a)b",
    r"^$", r"(?m)^", r"(?m)$", r"^.", r"\n$", r"a\Z", r"\R", r"\O", r"\N+", r"a\Kb", r"\Ga", r"[]a]+", r"[^]a]+", r"[a-]+",
    r"[-a]+", r"[a-c-z]+", r"[\w&&[^\d]&&[a-f]]+", r"[^a&&ab]+", r"[&&a]", r"[^[^a]]", r"[[^a]b]", r"[a[b[c]]]+", r"[\s\S]+",
    r"[^\s\S]", r"[\w]+", r"[[:lower:]]+", r"[[:upper:]]+", r"[[:graph:]]+", r"[[:print:]]+", r"[[:ascii:]]+", r"\p{Lower}+",
    r"\p{Upper}+", r"\p{Punct}+", r"\p{Word}+", r"\p{Cased}+", r"\p{Emoji}", r"\p{Greek}+", r"\p{Grek}+", r"(?<x>a)(b)",
    r"(a)\1", r"(?'n'a)b", r"(?i)(a)\1", r"\pL+", r"\<a", r"(?=a)[ab]+", r"a+?b", r"a?+b", r"(?:a|b)++", r"]", r"a{", r"a{x}",
]
KIMI = (r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"
        r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
        r"\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN = CL100K.replace("{1,3}", "")
TEKKEN = O200K.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "").replace("{1,3}", "")
BOTH += CONSTRUCTS + [KIMI, QWEN, TEKKEN]
ONIGURUMA = [r"a{2,1}b", r"a**", r"a{2}{1}", r"\xC3\xA9", r"\101", r"\o{101}", r"\cI", r"\U0041", r"\q", r"(?<x>a)(b)\k<x>", r"[\xC3\xA9]",
             r"a{1,2}+", r"\h+", r"\H+", r"^a|c$", r"(?m:a.c)", r"a{,2}b", r"\p{Nd}{1,3}+x?", r"\p{word}+", r"(?<n>a)\k<n>",
             r"\u00e9", r"[あ-ん]+"]
RUST = [r"[\w--\d]+", r"[\w~~\d]+", r"[a-z--b&&[^c]]+", r"[+--]", r"[--a]+", r"(?U)a+b", r"(?U)a+?", r"\b{start}a", r"c\b{end}", r"\b{start-half}a",
        r"a{2}{1}", r"\p{gc=Lu}", r"\p{^Lu}+", r"(?P<n>(?i)a)b", r"\U00000061", r"(?s).+", r"(?m-s:^.)", r"[[:^word:]]+",
        r"\p{N}{1,3}+", r"\s++$|\s*[\r\n]|\s+(?!\S)|\s", r"^a|c$", r"(?m:^a|c$)", r"(?s:a.c)", r"\p{L}++",
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        r"\u{e9}", r"(?P<n>a)b", r"[[:alnum:]]+", r"\p{sc=Greek}+"]
TEXTS = [
    "", "abc", "ab\nabc\nc", "aab aac ABAB", "Hello, World! don't DON'T 12345", " a  b   c \t\n x\r\n\r\n y ",
    "Straße STRASSE strasse ſ K k 'ſ 'S", "é e\u0301 ñ Å", "你好。こんにちは カタカナ 한국어", "Привет мир αβγ",
    "١٢٣ ४५ Ⅷ ² ½ ①", "👍🏽 👩‍👩‍👧 €$+=", "_a-b.c?d[e]f\\g", "\u00a0\u3000\u2028\u0085\x0b\x0c x", "\x00a\x7f\x1b",
    "aaaa aaab abab ab", "ǅ Ǆ ʰ ª", "\u0378\U000E0001\U0001E6C0\ua7dc\U00010D50", "f0 9F xyz", "CamelCaseWORDs I'LL we'Ve",
    "sſSßss st \ufb06 \ufb00 FF Ää ǆǅ\u0345ι", "\U0002EBF0漢𠀀 ab\U0001F600", "\nabA aB\n\nAab{2} a{x} a, a ]\n",
    "aaa bab &&-~ a-b q U0041 \u1c89\u1c8a", "(a) [b] {c} <d>", "  \n  \n x", "a.c a\nc a\u0085c",
]


def onig(pattern):
    try:
        split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    except Exception:
        return [None]
    rows = []
    for text in TEXTS:
        at = [0]
        for c in text:
            at.append(at[-1] + len(c.encode()))
        rows.append([(at[b], at[e]) for _, (b, e) in split.pre_tokenize_str(text)])
    return rows


def rust(patterns):
    lines = "\n".join(json.dumps([p, t]) for p in patterns for t in TEXTS)
    said = subprocess.run(
        ["cargo", "run", "--quiet", "--release", "--manifest-path", HERE / "fancy" / "Cargo.toml"],
        input=lines, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    rows = [json.loads(line) for line in said]
    return [rows[i : i + len(TEXTS)] for i in range(0, len(rows), len(TEXTS))]


def quote(text):
    out = '"'
    for byte in text.encode():
        c = chr(byte)
        out += "\\" + c if c in '"\\' else c if 32 <= byte < 127 and c != "?" else "\\%03o" % byte
    return out + '"'


def main():
    print("/* Made by tests/oracles/regex_table.py: do not edit. */")
    print("/* clang-format off */")
    print("#define TEXTS", len(TEXTS))
    print("static const struct { const char *bytes; size_t count; } texts[TEXTS] = {")
    for text in TEXTS:
        print(f"\t{{ {quote(text)}, {len(text.encode())} }},")
    print("};\n")
    print("static const struct { enum tok_regex_dialect dialect; const char *pattern, *matches[TEXTS]; } rows[] = {")
    tables = [("TOK_REGEX_ONIGURUMA", p, onig(p)) for p in BOTH + ONIGURUMA]
    tables += [("TOK_REGEX_RUST", p, t) for p, t in zip(BOTH + RUST, rust(BOTH + RUST))]
    for dialect, pattern, table in tables:
        if any(row is None for row in table):
            print(f"{dialect} refuses {pattern}", file=sys.stderr)
            continue
        # Empty matches are the caller's affair: Split hides them.
        cells = [" ".join(f"{b}-{e}" for b, e in row if b != e) for row in table]
        print(f"\t{{ {dialect}, {quote(pattern)}, {{ {', '.join(quote(c) for c in cells)} }} }},")
    print("};")


if __name__ == "__main__":
    main()
