#!/usr/bin/env python3
"""Write norm_sure_tables.c: the characters that a normaliser surely keeps.

    norm_sure_tables.py > norm_sure_tables.c

Any Python whose Unicode is 9.0 or later will do: a character that it does not
know is not sure, and what a character of Unicode 9.0 decomposes into, composes
with and its combining class are stable.  What the tables promise is tested
against the normalisers themselves, over all code points.
"""
import sys
import unicodedata

LIMIT = 0x30000  # characters from here on are never sure
BLOCK = 64
HANGUL_PARTS = range(0x1161, 0x11C3)

# Marks in the eyes of a reference, whatever Unicode says now; or the reverse.
SOMETIMES_MARKS = {0x1734, 0x1171E, 0x1CF2, 0x1CF3}

# BertNormalizer's, where they lie below LIMIT.
CHINESE = [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FFFF)]


def is_known(code):
    return unicodedata.category(chr(code)) not in ("Cn", "Cs")


def composing():
    """Characters that may join the one before them."""
    seconds = set(HANGUL_PARTS)
    for code in range(0x110000):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            seconds.add(int(parts[1], 16))
    return seconds


SECONDS = composing()


def keeps_form(form):
    return lambda c: (unicodedata.combining(chr(c)) == 0 and
                      unicodedata.normalize(form, chr(c)) == chr(c) and
                      not (form.endswith("C") and c in SECONDS))


def keeps_accents(code):
    return unicodedata.category(chr(code))[0] != "M" and code not in SOMETIMES_MARKS


def keeps_clean(code):
    return code == 0x20 or (
        unicodedata.category(chr(code)) not in ("Cc", "Cf", "Co", "Zl", "Zp", "Zs") and
        code != 0xFFFD)


COLUMNS = {
    "nfc": keeps_form("NFC"),
    "nfd": keeps_form("NFD"),
    "nfkc": keeps_form("NFKC"),
    "nfkd": keeps_form("NFKD"),
    "lower": lambda c: chr(c).lower() == chr(c),
    "accents": keeps_accents,
    "clean": keeps_clean,
    "chinese": lambda c: not any(first <= c <= last for first, last in CHINESE),
}


def print_numbers(numbers, width, per_line):
    for i in range(0, len(numbers), per_line):
        print("\t\t" + " ".join(f"{n:#0{width}x}," if width else f"{n}," for n in numbers[i:i + per_line]))


def main():
    words = {0: 0}  # 64 characters that are sure
    columns = {}
    for name, keeps in COLUMNS.items():
        doubtful = [not (is_known(c) and keeps(c)) for c in range(LIMIT)]
        blocks = []
        for begin in range(0, LIMIT, BLOCK):
            word = sum(1 << i for i in range(BLOCK) if doubtful[begin + i])
            blocks.append(words.setdefault(word, len(words)))
        asks = set(range(0xF0, 0xF5))
        for code in range(LIMIT):
            if doubtful[code] and not 0xD800 <= code < 0xE000:
                asks.add(chr(code).encode()[0])
        columns[name] = (asks, blocks)

    print("/* Made by norm_sure_tables.py; do not edit. */")
    print('#include "tok/text/normalize_internal.h"\n\n/* clang-format off */')
    assert len(words) <= 0x10000
    print(f"const uint64_t norm_doubtful[{len(words)}] = {{")
    listed = list(words)
    for i in range(0, len(listed), 4):
        print("\t" + " ".join(f"{w:#018x}," for w in listed[i:i + 4]))
    print("};")
    for name, (asks, blocks) in columns.items():
        print(f"\nconst struct norm_sure norm_sure_{name} = {{")
        print(f"\t.lowest = {min(asks)},")
        print("\t.asks = {")
        print_numbers([int(b in asks) for b in range(256)], 0, 32)
        print("\t},\n\t.blocks = {")
        print_numbers(blocks, 0, 24)
        print("\t},\n};")


if __name__ == "__main__":
    sys.exit(main())
