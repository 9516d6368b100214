#!/usr/bin/env python3
"""Write tests/unit/normalize_table.inc: what the reference programs answer.

    normalize_table.py > tests/unit/normalize_table.inc
"""
import os
import tempfile

from normalize_reference import HuggingFace, SentencePiece, charsmap_of, train

TEXTS = [
    "", " ", "a", "plain text", "  both  ends  ", "\t\n\r\x0b\x0c x", "\x00\x01\x7f\x8f\x9fz\x85",
    "e\u0301\u0323", "\u1ec7\u00e9", "a\u0315\u0300\u05ae\u0323b", "\u0301\u0323x", "\u0344\u0f73y",
    "\u1100\u1161\u11a8\uac00\u11a8\uac01", "\u0958\u0340\u212b\u2126", "\ufb01\ufb03\u2122\u00bd",
    "\ufdfa\u3300\u2460", "\U0001d15e\U0001d400\U0002f800", "\u0130\u01c5\u03a3\u1e9e\u212a",
    "\u1c89\ua7cb\ua7dc\U00010d50\U00016ea0\u10a0", "\u4e2d\u6587\u3400\U00020000\U0002b820a",
    "\u00ad\u200b\u200d\u2060\ufeff\ufffd", "\u2581\u2581a\u2581", "\u3000\u00a0\u1680\u2028\u2029.",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467!", "\U0001f1e9\U0001f1ea\U0001f1eb",
    "\u0915\u094d\u0915\u0301\u0958\u0301", "\u00a9\u200d\u00aeA\u0301", "A\u0301B\U0001e4ecC\u0308\u0301",
    "\r\n\r\u0301\n", "\u0600a\u0301", "\u1cf2\U000111c9\u1734\U0001171e\u1885\ua9bd\U0001e944",
    "\u08e2\u0890\U000110cd\U00013430\ue000\U000f0000\u0378", "na\u00efve CAF\u00c9 \u00c0\u0328",
    "Henry\u2019s \u201cquote\u201d", "a b  <x> a  ", "''ab''",
    "\u09c7\u09be\U00011131\U00011127\U0001d157\U0001d165", "\u0e33\u0e49\u0eb3",
    "\u0958\u1ab0\u0915\u094d\u0958\u0301", "\u2c2f\ua7b8\U0001e921", "ACAB\u00e9", "\x1ez",
    "a\U0001e4ec\u0323", "\U00011938\U00011935\U00011930",
]

RULES = ["41 300\tc0", "fb01\t66 69", "2122\t54 4d", "a\t20", "d\t20", "d a\t20", "1e\t",
         "41\t61", "958\t915 93c", "3000\t20", "61 62\t63 64 65", "65 301\t", "a9\t63",
         "2581\t20", "7a\t1e"]


def quote(text):
    return text.encode().hex()


def hf_specs(charsmap):
    specs = ["nfc", "nfd", "nfkc", "nfkd", "nmt", "lowercase", "stripaccents", "bytelevel",
             "strip:l", "strip:r", "strip:lr", "prepend:" + quote("\u2581"), "prepend:" + quote("ab"),
             "literal:%s:%s" % (quote(" "), quote("\u2581")),
             "literal:%s:%s" % (quote("''"), quote('"')), "literal:%s:" % quote("a"),
             "regex:%s:%s" % (quote(r"\s+"), quote(" ")), "regex:%s:" % quote(r"[\u0300-\u036f]"),
             "regex:%s:%s" % (quote(r" {2,}"), quote("\u2581"))]
    specs += ["bert:" + format(bits, "04b") for bits in (15, 8, 4, 2, 1, 11, 13)]
    specs += ["precompiled:" + charsmap.hex()]
    specs += ["nfd+lowercase+stripaccents", "nfkd+nfc", "strip:l+nfc+prepend:5f",
              "nmt+nfkc+literal:2020:20", "lowercase+bytelevel", "nfkc+nmt+strip:lr+nfd"]
    return specs


def row(steps, charsmap, text, want, origins):
    steps = '"%s"' % steps
    if charsmap:
        steps = steps.replace(charsmap.hex(), '" CHARSMAP "').replace(' ""', "")
    print('{ %s, "%s", "%s", "%s" },' % (steps, quote(text), quote(want), origins))


def write_hf(charsmap):
    for steps in hf_specs(charsmap):
        reference = HuggingFace(steps)
        for i, text in enumerate(TEXTS):
            want = reference.text(text)
            if want != text or i % 7 == 0 or ":" in steps and i % 3 == 0:
                origins = " ".join("%d-%d" % o for o in reference.origins(text))
                row(steps, charsmap, text, want, origins)


def write_sentencepiece(rules, charsmap):
    for flags in ("", "d", "r", "dr", "ds", "drs"):
        for pieces in ((), ("<x>", "ab", "a b", "\u2581a", "a", "aa", "A", "AB")):
            for tsv in (None, rules):
                model = train("identity", tsv, flags, pieces)
                assert charsmap_of(model) == (charsmap if tsv else b"")
                reference = SentencePiece(model)
                steps = "sentencepiece:%se:%s:%s" % (
                    flags, charsmap_of(model).hex(), ",".join(quote(p) for p in pieces))
                for i, text in enumerate(TEXTS):
                    want = reference.text(text)
                    if i % 5 == 0 or "AB" in text or " " in text or "\u2581" in text:
                        origins = " ".join(str(o) for o in reference.origins(text))
                        row(steps, charsmap, text, want, origins if want else "")


def main():
    print("/* Made by tests/oracles/normalize_table.py; do not edit. */")
    print("/* clang-format off */")
    with tempfile.TemporaryDirectory() as folder:
        rules = os.path.join(folder, "rules.tsv")
        with open(rules, "w", encoding="utf-8") as out:
            out.write("\n".join(RULES) + "\n")
        charsmap = charsmap_of(train("identity", rules, ""))
        print('#define CHARSMAP "%s"' % charsmap.hex())
        write_hf(charsmap)
        write_sentencepiece(rules, charsmap)
    print("#undef CHARSMAP")


if __name__ == "__main__":
    main()
