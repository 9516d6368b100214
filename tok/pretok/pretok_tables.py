#!/usr/bin/env python3
"""Write pretok_tables.c: what the reference's character classes are.

    pretok_tables.py > pretok_tables.c      (needs tokenizers 0.23.2)

Hugging Face tokenizers asks three sources with three Unicode versions.  The
tables of tok/text/unicode.h are those of its regular expressions (16.0); here
stands, for punctuation and numbers, only where the answers differ from those,
and for scripts the whole partition, found by asking about every code point.
"""
import tokenizers
from tokenizers import Regex, pre_tokenizers as P

CODES = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
TEXT = "".join("x" + chr(c) + "x" for c in CODES)


def isolated(step):
    """The code points that `step` takes for one of its own."""
    return {CODES[begin // 3] for _, (begin, end) in step.pre_tokenize_str(TEXT)
            if end - begin == 1 and begin % 3 == 1}


def ranges(codes):
    out = []
    for code in sorted(codes):
        if out and out[-1][1] == code - 1:
            out[-1][1] = code
        else:
            out.append([code, code])
    return out


def print_rows(rows):
    line = ""
    for row in rows:
        if len(line) + len(row) > 90:
            print("\t" + line.rstrip())
            line = ""
        line += row + " "
    print("\t" + line.rstrip())


def print_codes(name, codes):
    print("const struct pretok_codes %s[] = {" % name)
    rows = ranges(codes)
    print_rows("{ 0x%X, 0x%X }," % tuple(r) for r in rows)
    print("};\nconst size_t %s_count = %d;\n" % (name, len(rows)))


def scripts():
    """[first, last, number]: 0 is Any, which joins whatever stands around it."""
    step = P.UnicodeScripts()

    def differ(a, b):
        return any(begin == 1 for _, (begin, _) in step.pre_tokenize_str(a + b))

    known, out = [], []
    for code in CODES:
        c = chr(code)
        number = 0
        if differ("a", c) or differ("\u0416", c):
            last = out[-1][2] if out else 0
            order = ([last] if last else []) + list(range(1, len(known) + 1))
            number = next((k for k in order if not differ(known[k - 1], c)), 0)
            if not number:
                known.append(c)
                number = len(known)
        if out and out[-1][2] == number and out[-1][1] == code - 1:
            out[-1][1] = code
        else:
            out.append([code, code, number])
    return [r for r in out if r[2]]


def main():
    assert tokenizers.__version__ == "0.23.2"
    print("/* Made by pretok_tables.py from the answers of tokenizers 0.23.2; do not edit. */")
    print('#include "tok/pretok/pretok_internal.h"\n\n/* clang-format off */')
    signs = isolated(P.Split(Regex(r"\p{P}|[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]"), "isolated"))
    print_codes("pretok_punctuation_flips", signs ^ isolated(P.Punctuation()))
    numbers = isolated(P.Split(Regex(r"\p{N}"), "isolated"))
    print_codes("pretok_number_flips", numbers ^ isolated(P.Digits(True)))
    rows = scripts()
    print("const struct pretok_script_range pretok_scripts[] = {")
    print_rows("{ 0x%X, 0x%X, %d }," % tuple(r) for r in rows)
    print("};\nconst size_t pretok_scripts_count = %d;" % len(rows))


main()
