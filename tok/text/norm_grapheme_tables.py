#!/usr/bin/env python3
"""Write norm_grapheme_tables.c: the grapheme classes of Unicode 17.0.

    norm_grapheme_tables.py unicode-segmentation-1.13.3/src/tables.rs > norm_grapheme_tables.c

The reference (Hugging Face tokenizers) cuts text into grapheme clusters with
the crate unicode-segmentation, so the property values are read from there.
Hangul syllables are left out: their classes are arithmetic.
"""
import re
import sys

RANGE = r"\('\\u\{([0-9a-f]+)\}',\s*'\\u\{([0-9a-f]+)\}'"


def table(source, name):
    start = source.index(name + ":")
    return source[source.index("= &[", start):source.index("];", start)]


def main():
    source = open(sys.argv[1], encoding="utf-8").read()
    assert "UNICODE_VERSION: (u64, u64, u64) = (17, 0, 0)" in source
    linker = {
        int(c, 16)
        for c in re.findall(r"'\\u\{([0-9A-Fa-f]+)\}'",
                            source[source.index("fn is_incb_linker"):].split("\n}", 1)[0])
    }
    assert len(linker) > 5
    extend = set()
    for a, b in re.findall(RANGE, table(source, "InCB_Extend_table")):
        extend.update(range(int(a, 16), int(b, 16) + 1))

    names = {
        "CR": "CR", "LF": "LF", "Control": "CONTROL", "Extend": "EXTEND", "ZWJ": "ZWJ",
        "SpacingMark": "SPACING", "Prepend": "PREPEND", "L": "L", "V": "V", "T": "T",
        "Extended_Pictographic": "PICTURE", "InCB_Consonant": "CONSONANT",
    }
    classes = {}
    for a, b, kind in re.findall(RANGE + r",\s*GC_(\w+)\)", table(source, "grapheme_cat_table")):
        if kind in ("LV", "LVT", "Regional_Indicator"):
            continue
        for code in range(int(a, 16), int(b, 16) + 1):
            name = names[kind]
            if name == "EXTEND" and code in linker:
                name = "LINKER"
            elif name == "EXTEND" and code not in extend:
                name = "EXTEND_PLAIN"
            classes[code] = name
    assert all(classes.get(c) in ("EXTEND", "ZWJ") for c in extend - linker)
    assert all(classes.get(c) == "LINKER" for c in linker)

    runs = []
    for code in sorted(classes):
        if runs and runs[-1][1] == code - 1 and runs[-1][2] == classes[code]:
            runs[-1][1] = code
        else:
            runs.append([code, code, classes[code]])
    print("/* Made by norm_grapheme_tables.py from the data of Unicode 17.0; do not edit. */")
    print('#include "tok/text/normalize_internal.h"\n')
    print("/* clang-format off */")
    print("const struct norm_grapheme_range norm_grapheme_ranges[] = {")
    line = ""
    for first, last, name in runs:
        item = "{ 0x%X, 0x%X, NORM_GRAPHEME_%s }, " % (first, last, name)
        if len(line) + len(item) > 96:
            print("\t" + line.rstrip())
            line = ""
        line += item
    print("\t" + line.rstrip())
    print("};")
    print("/* clang-format on */")
    print("\nconst size_t norm_grapheme_range_count = sizeof norm_grapheme_ranges /")
    print("\t\t\t\t\t sizeof *norm_grapheme_ranges;")


main()
