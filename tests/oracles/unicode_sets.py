#!/usr/bin/env python3
"""Our Unicode tables and patterns against the references, code point by code point.

    unicode_sets.py BUILD/tests/test_text BUILD/tests/test_regex

Oniguruma (Python tokenizers 0.23.2) and regex-syntax (tiktoken 0.14.0), both of
Unicode 16.0, are asked which characters each set holds: general categories,
shorthands, POSIX brackets, properties, scripts, all of them also negated, in
classes and with the flag i; then for each letter which others are the same but for
their case.  The tables are compared at every code point; patterns not in the middle of
a long run of code points that all tables have alike, unless --all is given: that takes
minutes.  Exit 1 on any difference that is not listed here.
"""
import subprocess
import sys

import tiktoken
from tokenizers import Regex, pre_tokenizers

ORDER = "Cn Cc Cf Co Cs Ll Lm Lo Lt Lu Mc Me Mn Nd Nl No Pc Pd Pe Pf Pi Po Ps Sc Sk Sm So Zl Zp Zs".split()
CODES = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def parts_of(codes):
    return ["".join(map(chr, codes[i : i + 20000])) for i in range(0, len(codes), 20000)]


# tok_unicode_word() is the word of UTS #18 and of Rust; Oniguruma's \w has these
# digits of Latin-1 outside classes, and no joiners: regex_property.c.
WORD_ONLY = {0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE, 0x200C, 0x200D}

NAMES = [n for n in ORDER if n not in ("Cs", "Cn")] + "L M N P S Z C Cn LC Any Assigned".split() + """
    Letter Uppercase_Letter Mark Number Decimal_Number Punctuation Symbol Separator Other
    Alphabetic Alpha White_Space Space Uppercase Upper Lowercase Lower Cased Case_Ignorable
    Emoji Emoji_Presentation Emoji_Modifier Emoji_Modifier_Base Emoji_Component
    Extended_Pictographic Ideographic Unified_Ideograph Math Dash Diacritic Join_Control
    Variation_Selector Default_Ignorable_Code_Point Hex_Digit ASCII_Hex_Digit Quotation_Mark
    Terminal_Punctuation Regional_Indicator ASCII Alnum Blank Cntrl Digit Graph Print Punct
    XDigit Word""".split()
SCRIPTS = """Adlam Arabic Armenian Bengali Bopomofo Braille Cherokee Common Coptic Cyrillic
    Devanagari Ethiopic Garay Georgian Greek Grek Gujarati Gurmukhi Han Hani Hangul Hebrew
    Hiragana Inherited Kana Katakana Khmer Kirat_Rai Lao Latin Malayalam Mongolian Myanmar Ogham
    Sinhala Sunuwar Tamil Telugu Thai Tibetan Todhri Tulu_Tigalari Unknown Yi""".split()
POSIX = "alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit".split()
FOLDED = r"""(?i:\p{Lu}) (?i:\P{Lu}) (?i:[\p{Lu}]) (?i:[^\p{Lu}]) (?i:[a-z]) (?i:[^a-z]) (?i:\w)
    (?i:[\w]) (?i:\W) (?i:\p{Lt}) (?i:[\P{Ll}]) (?i:[[:upper:]]) (?i:[[:lower:]]) (?i:[^[:upper:]])
    (?i:\p{Greek}) (?i:[\p{Greek}]) (?i:\d) (?i:\s) (?i:\p{M}) (?i:[^\p{M}]) (?i:[\p{L}&&[^a-z]])
    (?i:[^\W]) (?i:[à-ÿ]) (?i:[^ß])""".split()
PLAIN = [r"\s", r"\S", r"\d", r"\D", r"\w", r"\W", r"\h", r"\H", ".", r"\N", r"\O", "(?m:.)"]


def run_of(pattern):
    """Neighbours are found at one go, but where a pattern may match several characters."""
    return pattern if pattern in FOLDED else f"(?:{pattern})+"


def oniguruma(pattern, parts):
    try:
        split = pre_tokenizers.Split(Regex(run_of(pattern)), "removed", invert=True)
    except Exception:
        return None
    return set(map(ord, "".join(piece for part in parts for piece, _ in split.pre_tokenize_str(part))))


def rust(pattern, parts):
    ranks = {bytes([b]): b for b in range(256)}
    try:
        encoding = tiktoken.Encoding("sets", pat_str=run_of(pattern), mergeable_ranks=ranks, special_tokens={})
    except ValueError:
        return None
    return set(map(ord, "".join(bytes(encoding.encode_ordinary(part)).decode() for part in parts)))


def ours(program, dialect, pattern, spans):
    said = subprocess.run([program, "--set", dialect, pattern.encode().hex()], input=spans, capture_output=True, text=True)
    if said.returncode:
        return None
    ranges = (map(int, line.split()) for line in said.stdout.splitlines())
    return {c for begin, end in ranges for c in range(begin, end)}


def patterns():
    for name in NAMES + SCRIPTS:
        yield rf"\p{{{name}}}"
    for name in "L Lu Cn C Alphabetic Han Word Punct Graph Print Blank".split():
        yield from (rf"\P{{{name}}}", rf"\p{{^{name}}}", rf"[\p{{{name}}}]", rf"[^\p{{{name}}}]", rf"[\P{{{name}}}]")
    for name in POSIX:
        yield from (f"[[:{name}:]]", f"[[:^{name}:]]", f"[^[:{name}:]]")
    for shorthand in PLAIN:
        yield shorthand
        if shorthand[0] == "\\" and shorthand[1] in "sSdDwWhH":
            yield from (f"[{shorthand}]", f"[^{shorthand}]")
    yield from FOLDED


def read_rows(program):
    said = subprocess.run([program, "--dump"], capture_output=True, text=True, check=True)
    rows = [tuple(map(int, line.split())) for line in said.stdout.splitlines()]
    assert len(rows) == 0x110000
    return rows


def edges(rows, near=24):
    """Code points near which some table changes."""
    kept, begin = [], 0
    for c in range(1, len(rows) + 1):
        if c == len(rows) or rows[c] != rows[begin]:
            kept += range(begin, min(begin + near, c))
            kept += range(max(begin + near, c - near), c)
            begin = c
    return [c for c in kept if not 0xD800 <= c < 0xE000]


def compare_tables(rows):
    parts = parts_of(CODES)
    sets = {rf"\p{{{name}}}": {c for c in CODES if rows[c][0] == i}
            for i, name in enumerate(ORDER) if name != "Cs"}
    sets[r"\s"] = {c for c in CODES if rows[c][1]}
    sets[r"\p{Alphabetic}"] = {c for c in CODES if rows[c][2]}
    sets[r"\w"] = {c for c in CODES if rows[c][3]}
    wrong = 0
    for pattern, own in sets.items():
        for ask, excused in ((oniguruma, WORD_ONLY if pattern == r"\w" else set()), (rust, set())):
            differ = sorted((own ^ ask(pattern, parts)) - excused)
            wrong += len(differ)
            if differ:
                print(f"table {pattern}, {ask.__name__}: {len(differ)} differ", *map(hex, differ[:10]))
    print(f"{len(sets)} tables over {len(CODES)} code points, {wrong} differences")
    return wrong


def spans_of(codes):
    """As lines "begin end", of codes in order."""
    starts = [c for before, c in zip([-2] + codes, codes) if c != before + 1]
    ends = [c + 1 for c, after in zip(codes, codes[1:] + [0x110001]) if after != c + 1]
    return "".join(f"{begin} {end}\n" for begin, end in zip(starts, ends))


def compare_patterns(program, codes):
    wrong = asked = refused = 0
    parts, spans = parts_of(codes), spans_of(codes)
    for pattern in patterns():
        for dialect, ask in (("o", oniguruma), ("r", rust)):
            theirs, own = ask(pattern, parts), ours(program, dialect, pattern, spans)
            if theirs is None:
                continue
            asked += 1
            if own is None:
                print(f"{ask.__name__} {pattern}: we refuse it")
                refused += 1
            elif own != theirs:
                differ = sorted(own ^ theirs)
                wrong += 1
                print(f"{ask.__name__} {pattern}: {len(differ)} differ", *map(hex, differ[:10]))
    print(f"{asked} sets over {len(codes)} code points asked of two engines, {wrong} differ, {refused} refused")
    return wrong + refused


def compare_folding(program):
    """(?i:c) for every c that has a case, on all of these."""
    def cased(c):
        return {chr(c).lower(), chr(c).upper(), chr(c).title(), chr(c).casefold()} != {chr(c)}
    letters = [chr(c) for c in CODES if cased(c)] + ["\u1c89", "\u1c8a", "\ua7cb", "\u0264", "\ua7dc", "\u019b"]
    letters += sorted(s for s in {chr(c).casefold() for c in CODES} if len(s) > 1)
    # A search looks at each character for some microseconds: no more of them than are asked about,
    # but those of several characters apart, or others would show between them.
    text = "".join(s if len(s) == 1 else " " + s for s in letters)
    wrong = 0
    at = [0]
    for c in text:
        at.append(at[-1] + len(c.encode()))
    lines, want = [], []
    for letter in letters:
        pattern = "(?i:" + letter + ")"
        split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
        want.append(" ".join(f"{at[b]}-{at[e]}" for _, (b, e) in split.pre_tokenize_str(text)))
        lines.append(f"o {pattern.encode().hex()} {text.encode().hex()}\n")
    said = subprocess.run([program, "--answer"], input="".join(lines), capture_output=True, text=True, check=True)
    for letter, own, theirs in zip(letters, said.stdout.splitlines(), want):
        if own != theirs:
            wrong += 1
            print(f"(?i:{letter}) {[hex(ord(c)) for c in letter]}: {own[:100]}, oniguruma {theirs[:100]}")
    print(f"{len(letters)} letters folded, {wrong} differ")
    return wrong


def main():
    rows = read_rows(sys.argv[1])
    codes = CODES if "--all" in sys.argv else edges(rows)
    wrong = compare_tables(rows) + compare_patterns(sys.argv[2], codes) + compare_folding(sys.argv[2])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
