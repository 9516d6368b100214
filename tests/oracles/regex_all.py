#!/usr/bin/env python3
"""Random patterns on random texts, compared with the references.

    regex_all.py BUILD/tests/test_regex [COUNT [SEED]]

COUNT patterns (300) a dialect, six texts each: Oniguruma through Python tokenizers
0.23.2, fancy-regex 0.19.0 through tests/oracles/fancy (left out where there is no
cargo).  Exit 1 if a match differs, or if we refuse what the reference takes and
regex.h does not say so.
"""
import json
import pathlib
import random
import shutil
import subprocess
import sys

from tokenizers import Regex, pre_tokenizers

FANCY = pathlib.Path(__file__).parent / "fancy" / "Cargo.toml"
LETTERS = "a b c s ss st K k ß ſ é 1 ' 's ab fi ǆ 中 İ i ffi ŉ".split() + [" "]
SETS = r"\s \S \d \D \w \W \p{L} \p{Lu} \p{Ll} \P{L} \p{N} \p{P} \p{M} \p{^Lu} \h \R \N \O . . \n \x61 \x{e9} \.".split()
ANCHORS = r"^ $ \b \B \A \z \Z".split()
MEMBERS = r"a b k s I ß ſ K é ǅ 1 _ . x 中 ﬀ İ \s \S \d \w \W \p{L} \p{Lu} \P{L} \p{^N} \p{M} \p{P} \p{Han} \n \- \] \h \\".split()
MEMBERS += ["\u0345", " "] + "a-z A-Z 0-9 b-d ぀-ヿ à-ÿ".split()
MEMBERS += [f"[:{name}:]" for name in "alpha ^alpha digit upper lower punct space alnum word".split()]
QUANTIFIERS = "* + ? *? +? ?? ++ *+ ?+ {2} {1,2} {,2} {1,} {1,2}? {2}? {1,3}+ {0,1}".split()
TEXT = list("aabcsSKkiI 1'\n\r\t._-") + """ß ẞ ſ K é É e\u0301 中 ss Ss st ﬆ ﬁ FI ﬃ ŉ ʼn ǆ ǅ İ i\u0307 ı \u0345 ι 'S 'ſ
    ab AB ² ٣ Ⅷ 😀 \u0378 \u1c89 \u1c8a \ua7dc \u019b""".split() + ["\r\n", "\u2028", "\x85", "\u00a0"]


class Patterns:
    def __init__(self, dialect, seed):
        self.rust = dialect == "r"
        self.random = random.Random(f"{dialect}{seed}")

    def pick(self, items):
        return self.random.choice(items)

    def bracket(self, depth=0):
        text = ""
        for _ in range(self.random.randint(1, 4)):
            nested = depth < 2 and self.random.random() < 0.1
            text += self.bracket(depth + 1) if nested else self.pick(MEMBERS)
        if self.random.random() < 0.15:
            text += self.pick(["&&", "--", "~~"] if self.rust else ["&&"])
            text += self.pick([self.bracket(2), r"\p{L}", r"\w", "a-k"])
        return "[" + self.pick(["", "", "^"]) + text + "]"

    def group(self, depth):
        inside = self.alternatives(depth - 1)
        flags = "i i i m x -i im i-m".split() + ("s U is".split() if self.rust else [])
        return self.pick([
            "(" + inside + ")", "(?:" + inside + ")", "(?" + self.pick(flags) + ":" + inside + ")",
            "(?" + self.pick(flags) + ":" + inside + ")", "(?" + self.pick(flags) + ")", "(?=" + inside + ")",
            "(?!" + inside + ")", "(?>" + inside + ")",
            self.pick(["(?<=", "(?<!"]) + self.pick(["a", "s", r"\s", r"\p{L}", "[a-z]", "ab", "a|b", r"\w\w"]) + ")",
        ])

    def sequence(self, depth):
        text = ""
        for _ in range(self.random.randint(1, 4)):
            kind = self.random.random()
            if kind < 0.4:
                text += self.pick(LETTERS)
            elif kind < 0.55:
                text += self.pick(SETS)
            elif kind < 0.68:
                text += self.bracket()
            elif kind < 0.76:
                text += self.pick(ANCHORS)
            else:
                text += self.group(depth) if depth > 0 else "a"
            if self.random.random() < 0.4:
                text += self.pick(QUANTIFIERS)
        return text

    def alternatives(self, depth=2):
        return "|".join(self.sequence(depth) for _ in range(self.pick([1, 1, 1, 2, 3])))

    def text(self):
        return "".join(self.pick(TEXT) for _ in range(self.random.randint(1, 18)))


def oniguruma(pairs):
    for pattern, text in pairs:
        try:
            split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
        except Exception:
            yield None
            continue
        at = [0]
        for c in text:
            at.append(at[-1] + len(c.encode()))
        yield [(at[b], at[e]) for _, (b, e) in split.pre_tokenize_str(text)]


def fancy(pairs):
    said = subprocess.run(["cargo", "run", "--quiet", "--release", "--manifest-path", FANCY], text=True, check=True,
                          input="".join(json.dumps(pair) + "\n" for pair in pairs), stdout=subprocess.PIPE).stdout
    return [json.loads(line) for line in said.splitlines()]


def compare(program, dialect, ask, count, seed):
    make = Patterns(dialect, seed)
    pairs = [(pattern, make.text()) for pattern in (make.alternatives() for _ in range(count)) for _ in range(6)]
    lines = "".join(f"{dialect} {p.encode().hex()} {t.encode().hex()}\n" for p, t in pairs)
    said = subprocess.run([program, "--answer"], input=lines, text=True, check=True, stdout=subprocess.PIPE).stdout
    asked = wrong = refused = 0
    for (pattern, text), own, matches in zip(pairs, said.splitlines(), ask(pairs), strict=True):
        if matches is None:
            continue
        if own.startswith("refused") and "fixed length" in own:
            refused += 1
            continue
        asked += 1
        want = " ".join(f"{b}-{e}" for b, e in matches if b != e)
        if own != want:
            wrong += 1
            print(f"{ask.__name__} {pattern!r} on {text!r}: {own}, want {want}")
    print(f"{ask.__name__}: {asked} searches compared, {wrong} differ, {refused} refused for look-behind")
    return wrong


def main():
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 300
    seed = sys.argv[3] if len(sys.argv) > 3 else "1"
    wrong = compare(program, "o", oniguruma, count, seed)
    if shutil.which("cargo"):
        wrong += compare(program, "r", fancy, count, seed)
    else:
        print("fancy: SKIPPED, cargo is not here")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
