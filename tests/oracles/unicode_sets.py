#!/usr/bin/env python3
"""Our Unicode tables against Oniguruma's, code point by code point.

    unicode_sets.py build/tests/test_text

Python tokenizers 0.23.2 (Oniguruma, Unicode 16.0) is asked for every general
category, white space, alphabetic and word characters.  Exit 1 on any difference
that is not listed in WORD_ONLY.
"""
import subprocess
import sys

from tokenizers import Regex, pre_tokenizers

ORDER = "Cn Cc Cf Co Cs Ll Lm Lo Lt Lu Mc Me Mn Nd Nl No Pc Pd Pe Pf Pi Po Ps Sc Sk Sm So Zl Zp Zs".split()
CODES = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
# Ours is the word of UTS #18 and of Rust; regex_set.c gives Oniguruma's patterns these.
WORD_ONLY = {0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE, 0x200C, 0x200D}


def reference(pattern):
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    found = set()
    for i in range(0, len(CODES), 20000):
        for piece, _ in split.pre_tokenize_str("".join(map(chr, CODES[i : i + 20000]))):
            found.update(map(ord, piece))
    return found


def main():
    rows = [tuple(map(int, line.split())) for line in
            subprocess.run([sys.argv[1], "--dump"], capture_output=True, text=True, check=True).stdout.splitlines()]
    assert len(rows) == 0x110000
    sets = {rf"\p{{{name}}}": {c for c in CODES if rows[c][0] == i}
            for i, name in enumerate(ORDER) if name != "Cs"}
    sets[r"\s"] = {c for c in CODES if rows[c][1]}
    sets[r"\p{Alphabetic}"] = {c for c in CODES if rows[c][2]}
    sets[r"\w"] = {c for c in CODES if rows[c][3]} ^ WORD_ONLY
    wrong = 0
    for pattern, ours in sets.items():
        differ = sorted(ours ^ reference(pattern))
        wrong += len(differ)
        print(f"{pattern}: {len(ours)} code points, {len(differ)} differ", *map(hex, differ[:10]))
    print(f"{len(sets)} sets over {len(CODES)} code points, {wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
