#!/usr/bin/env python3
"""check_bytes_sample_laws.py TOK: what tok bytes sample draws has the distribution that all rows of
tokens give, added up here in fractions; weights make up for automata and constraints."""
import collections
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest
from fractions import Fraction

TOK = os.path.abspath(sys.argv.pop(1))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
SANITIZED = any(name in open(TOK, "rb").read() for name in (b"__asan_init", b"__tsan_init"))
SAMPLES = 1000 if SANITIZED else 3000
FAR = 4.5  # deviations

# The second worked example: ids A, B, AA and the end; a longer match is what the tokenizer makes.
TEXTS = ["A", "B", "AA"]
ROWS = {None: [.3, .3, .3, .1], 0: [.1, .5, .1, .3], 1: [.2, .2, .4, .2], 2: [.2, .3, .3, .2]}
ROWS = {c: [Fraction(str(p)) for p in row] for c, row in ROWS.items()}
TOKENIZER = {"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
             "post_processor": None, "decoder": {"type": "Fuse"},
             "model": {"type": "BPE", "vocab": {t: i for i, t in enumerate(TEXTS)},
                       "merges": [["A", "A"]]}}
CONSTRAINT = f"exec:{sys.executable} {DATA}/no_bb.py"


def arpa():
    words = ["0", "1", "2", "</s>"]
    lines = ["\\data\\", "ngram 1=5", "ngram 2=16", "", "\\1-grams:", "-99\t<s>\t-99"]
    lines += [f"{math.log10(p)!r}\t{w}" + ("" if w == "</s>" else "\t-99")
              for w, p in zip(words, ROWS[None])]
    lines += ["", "\\2-grams:"]
    for context, row in ROWS.items():
        name = "<s>" if context is None else words[context]
        lines += [f"{math.log10(p)!r}\t{name} {w}" for w, p in zip(words, row)]
    return "\n".join([*lines, "", "\\end\\", ""])


# ---- the law ---------------------------------------------------------------------------------


def row_of(context, semantics):
    row = ROWS[context]
    if semantics == "all" or context != 0:
        return row
    row = [Fraction(0), row[1], Fraction(0), row[3]]  # behind A neither A nor AA
    return row if semantics == "valid" else [p / sum(row) for p in row]


def sums(text, semantics, context=None):
    """P(text ...) and P(text and no more)."""
    if not text:
        return Fraction(1), row_of(context, semantics)[3]
    begins = ends = Fraction(0)
    for i, token in enumerate(TEXTS):
        p = row_of(context, semantics)[i]
        if token.startswith(text) and token != text:
            begins += p
        elif text.startswith(token):
            below = sums(text[len(token):], semantics, i)
            begins, ends = begins + p * below[0], ends + p * below[1]
    return begins, ends


def next_of(text, semantics, shape=lambda p: p):
    """The distribution of A, B and the end behind `text`, made whole."""
    here = sums(text, semantics)
    p = {c: sums(text + c, semantics)[0] / here[0] for c in "AB"} | {"$": here[1] / here[0]}
    p = shape(p)
    return {c: x / sum(p.values()) for c, x in p.items()}


def law_of(prefix, length, semantics, shape=lambda p: p):
    """What may be drawn, "AB$" or as long as it may be, and how likely it is."""
    law, open_ones = {}, {"": Fraction(1)}
    for _ in range(length):
        more = {}
        for text, p in open_ones.items():
            for c, q in next_of(prefix + text, semantics, shape).items():
                (law if c == "$" else more)[text + c] = p * q
        open_ones = more
    return {k: p for k, p in (law | open_ones).items() if p}


def deviations(law, drawn):
    total = sum(drawn.values())
    square, cells, rest, rest_drawn = 0.0, 0, 0.0, 0
    for outcome, p in law.items():
        wanted = float(p) * total
        if wanted < 8:
            rest, rest_drawn = rest + wanted, rest_drawn + drawn[outcome]
            continue
        square, cells = square + (drawn[outcome] - wanted) ** 2 / wanted, cells + 1
    if rest >= 8:
        square, cells = square + (rest_drawn - rest) ** 2 / rest, cells + 1
    k = cells - 1
    return (math.cbrt(square / k) - (1 - 2 / (9 * k))) / math.sqrt(2 / (9 * k)) if k else 0.0


# ---- asking ----------------------------------------------------------------------------------


class Sampling(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        with open(self.path("t.json"), "w", encoding="utf-8") as file:
            json.dump(TOKENIZER, file)
        with open(self.path("m.arpa"), "w", encoding="utf-8") as file:
            file.write(arpa())

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def run_tok(self, *arguments, model=None):
        return subprocess.run([TOK, "bytes", "sample", "-t", self.path("t.json"), "-m",
                               model or "arpa:" + self.path("m.arpa"), *map(str, arguments)],
                              capture_output=True, check=False, timeout=120)

    def sample(self, *arguments, model=None):
        done = self.run_tok("--json", *arguments, model=model)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        *samples, summary = map(json.loads, done.stdout.splitlines())
        self.assertEqual(summary["type"], "summary")
        self.assertEqual(summary["samples"], len(samples))
        self.assertEqual(summary["bytes"], sum(s["n"] for s in samples))
        for i, s in enumerate(samples):
            self.assertEqual((s["type"], s["i"], s["exact"], s["bounds"]), ("sample", i, True, None))
            self.assertEqual(s["special"], 0)
            self.assertEqual(bytes.fromhex(s["text_hex"]).decode(), s["text"])
            self.assertEqual(s["n"], len(s["text"]))
        return samples, summary

    def assert_law(self, samples, law):
        drawn = collections.Counter(s["text"] + "$" * (s["ended"] == "end") for s in samples)
        self.assertLessEqual(set(drawn), set(law))
        self.assertLess(deviations(law, drawn), FAR)

    # ---- what is drawn

    def test_byte_by_byte(self):
        for seed, semantics in enumerate(("all", "valid", "valid-renorm")):
            for prefix in ("", "AAA", "BA"):
                samples, _ = self.sample("-p", prefix, "-n", 3, "--count", SAMPLES, "--seed", seed,
                                         "--semantics", semantics)
                self.assert_law(samples, law_of(prefix, 3, semantics))
                for s in samples[:50]:
                    begins, ends = sums(prefix + s["text"], semantics)
                    p = (ends if s["ended"] == "end" else begins) / sums(prefix, semantics)[0]
                    self.assertAlmostEqual(s["logP"], math.log(p), places=11)

    def test_what_leaks(self):
        samples, summary = self.sample("-p", "AA", "-n", 4, "--count", 60, "--semantics", "valid")
        for s in samples:
            leaks = [0]
            for i in range(s["n"] + (s["ended"] == "end")):
                text = "AA" + s["text"][:i]
                (begins, ends), more = sums(text, "valid"), [sums(text + c, "valid")[0] for c in "AB"]
                leaks.append(1 - (ends + sum(more)) / begins)
            self.assertAlmostEqual(s["leak"], float(max(leaks)), places=12)
        self.assertEqual(summary["leak"], max(s["leak"] for s in samples))
        self.assertGreater(summary["leak"], 0)
        self.assertEqual(min(s["leak"] for s in samples), 0)

    def test_bounds_hold_the_truth(self):
        """Heads that were dropped, in the prompt and behind it; rows of which the best two are known."""
        told = 0
        for how in ("whole", "top"):
            model = f"exec:{sys.executable} {DATA}/ab_model.py {how}"
            for prefix in ("", "A", "AA", "AAA", "BAAB"):
                done = self.run_tok("--json", "-p", prefix, "-n", 5, "--count", 40, "--semantics", "all",
                                    *(["--beam", 1] if how == "whole" else []), model=model)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                *samples, summary = map(json.loads, done.stdout.splitlines())
                total = 0
                for s in samples:
                    begins, ends = sums(prefix + s["text"], "all")
                    p = (ends if s["ended"] == "end" else begins) / sums(prefix, "all")[0]
                    total += math.log(p)
                    self.assert_between(s, math.log(p))
                    told += not s["exact"] and s["bounds"]["logP"][0] is not None
                self.assertFalse(summary["exact"])
                self.assert_between(summary, total)
        self.assertGreater(told, 60)

    def assert_between(self, line, truth):
        self.assertEqual(line["exact"], line["bounds"] is None)
        low, high = [line["logP"]] * 2 if line["exact"] else line["bounds"]["logP"]
        low = -math.inf if low is None else low
        self.assertTrue(low - 1e-11 <= truth <= high + 1e-11, (line, truth))
        self.assertTrue(line["logP"] is None or low <= line["logP"] <= high)

    def test_token_by_token(self):
        for seed, semantics in enumerate(("all", "valid-renorm")):
            for prefix in ("", "A", "AAA", "BA"):
                samples, _ = self.sample("-p", prefix, "-n", 3, "--count", SAMPLES, "--seed", seed,
                                         "--semantics", semantics, "--draw", "cover")
                self.assert_law(samples, law_of(prefix, 3, semantics))
                self.assertTrue(all(s["logP"] is None for s in samples))

    def test_the_other_law_is_noticed(self):
        samples, _ = self.sample("-p", "A", "-n", 2, "--count", SAMPLES, "--semantics", "all")
        drawn = collections.Counter(s["text"] + "$" * (s["ended"] == "end") for s in samples)
        self.assertGreater(deviations(law_of("A", 2, "valid-renorm"), drawn), FAR)

    def test_shapes(self):
        def cold(p):
            return {c: float(x) ** 2 for c, x in p.items()}

        def most(p):
            kept, so_far = {}, 0
            for c in sorted(p, key=lambda c: (-p[c], "AB$".index(c))):
                kept[c] = p[c] if so_far < .7 else 0
                so_far += p[c]
            return kept

        samples, _ = self.sample("-p", "BA", "-n", 2, "--count", SAMPLES, "--temperature", ".5",
                                 "--semantics", "all")
        self.assert_law(samples, law_of("BA", 2, "all", cold))
        samples, _ = self.sample("-p", "AAA", "-n", 2, "--count", SAMPLES, "--top-p", ".7",
                                 "--semantics", "all")
        self.assert_law(samples, law_of("AAA", 2, "all", most))
        samples, _ = self.sample("-p", "A", "-n", 9, "--count", 3, "--temperature", 0,
                                 "--semantics", "all")
        text = ""
        while len(text) < 9 and not text.endswith("$"):
            p = next_of("A" + text, "all")
            text += max(p, key=p.get)
        self.assertEqual({s["text"] for s in samples}, {text.rstrip("$")})

    def test_one_sample_is_one_stream(self):
        for how in (["--draw", "byte"], ["--draw", "cover"], ["--dfa", "re:(A|BA)+"],
                    ["--constraint", CONSTRAINT]):
            few, _ = self.sample("--count", 3, "--seed", 7, "-p", "B", *how)
            many, _ = self.sample("--count", 9, "--seed", 7, "-p", "B", *how)
            other, _ = self.sample("--count", 9, "--seed", 8, "-p", "B", *how)
            self.assertEqual(few, many[:3])
            self.assertNotEqual(many, other)
            raw = self.run_tok("--count", 9, "--seed", 7, "-p", "B", *how)
            self.assertEqual(raw.stdout.decode(), "".join(s["text"] for s in many))

    def test_where_it_ends(self):
        samples, _ = self.sample("--count", 200, "-n", 40, "--stop-hex", "4142")
        self.assertEqual({s["ended"] for s in samples}, {"end", "stop"})
        for s in samples:
            self.assertEqual(s["ended"] == "stop", s["text"].endswith("AB"))
            self.assertNotIn("AB", s["text"][:-1])
        samples, summary = self.sample("--count", 2, "-n", 0)
        self.assertEqual([(s["text"], s["ended"]) for s in samples], [("", "length")] * 2)
        _, summary = self.sample("--count", 0)
        self.assertEqual(summary["bytes"], 0)

    # ---- weights

    def assert_weights(self, samples, summary, law):
        """The mean of weight times 1{outcome} is the outcome's probability, if it is allowed."""
        weights = collections.defaultdict(list)
        for s in samples:
            self.assertAlmostEqual(s["weight"], math.prod(s["z"]), places=12)
            self.assertEqual(len(s["z"]), s["n"] + (s["ended"] in ("end", "dead")))
            self.assertNotIn("BB", s["text"])
            outcome = s["text"] + "$" * (s["ended"] == "end")
            self.assertFalse(outcome == "$" or outcome.endswith("B$"))
            weights[outcome].append(s["weight"])
        total = len(samples)
        self.assertAlmostEqual(summary["mean_weight"], sum(s["weight"] for s in samples) / total)
        for outcome, p in law.items():
            if "BB" in outcome or outcome == "$" or outcome.endswith("B$"):
                continue
            mean = sum(weights[outcome]) / total
            error = math.sqrt(max(sum(w * w for w in weights[outcome]) / total - mean ** 2, 1e-12)
                              / total)
            self.assertLess(abs(mean - float(p)), 5 * error + 1e-9, outcome)

    def test_automaton(self):
        samples, summary = self.sample("-p", "AA", "-n", 4, "--count", SAMPLES, "--semantics",
                                       "all", "--dfa", "re:(?:A|BA)+")
        self.assert_weights(samples, summary, law_of("AA", 4, "all"))
        for s in samples[:200]:
            self.assertEqual(s["accepted"], s["text"].endswith("A"))
            for i, z in enumerate(s["z"]):
                text = s["text"][:i]
                p = next_of("AA" + text, "all")
                share = p["A"] + (0 if text.endswith("B") else p["B"]) + \
                    (p["$"] if text.endswith("A") else 0)
                self.assertAlmostEqual(z, float(share), places=12)

    def test_constraint(self):
        samples, summary = self.sample("-p", "AA", "-n", 4, "--count", SAMPLES // 2, "--semantics",
                                       "all", "--constraint", CONSTRAINT)
        self.assert_weights(samples, summary, law_of("AA", 4, "all"))
        self.assertEqual(summary["calls"], sum(s["calls"] for s in samples))
        for s in samples:
            self.assertTrue(len(s["z"]) <= s["calls"] <= 3 * len(s["z"]))
            self.assertNotIn("accepted", s)

    def test_both(self):
        samples, summary = self.sample("-p", "AA", "-n", 4, "--count", SAMPLES // 2, "--semantics",
                                       "all", "--constraint", CONSTRAINT, "--dfa", "re:[AB]*A")
        self.assert_weights(samples, summary, law_of("AA", 4, "all"))

    # ---- what no double holds

    def small(self, *lp):
        """The tokens A and B alone."""
        plain = {**TOKENIZER, "model": {"type": "BPE", "vocab": {"A": 0, "B": 1}, "merges": []}}
        with open(self.path("t.json"), "w", encoding="utf-8") as file:
            json.dump(plain, file)
        return f"exec:{sys.executable} -IS {DATA}/log_model.py " + " ".join(map(str, lp))

    def test_small_ones_among_themselves(self):
        """Behind what is no text all is small: A is still exp(1200) times as probable as B."""
        model = self.small(-800, -2000, "none", 0)
        for how in ([], ["--temperature", 3], ["--temperature", 0], ["--top-p", .5], ["--dfa", "re:[AB]*"],
                    ["--constraint", CONSTRAINT]):
            done = self.run_tok("--json", "-n", 1, "--count", 60, "--semantics", "all", *how, model=model)
            self.assertEqual(done.returncode, 0, done)
            *samples, _ = map(json.loads, done.stdout.splitlines())
            self.assertEqual({s["text"] for s in samples}, {"A"}, how)
            for s in samples:
                self.assertAlmostEqual(s["logP"], -800, places=9)
        model = self.small(-1000, -1000 - math.log(3), "none", 0)
        done = self.run_tok("--json", "-n", 1, "--count", 1000, "--semantics", "all", model=model)
        drawn = collections.Counter(json.loads(line).get("text") for line in done.stdout.splitlines())
        self.assertLess(abs(drawn["A"] - 750), 5 * math.sqrt(1000 * .75 * .25))

    def test_weights_of_what_is_small(self):
        for lp, rule, text in (((math.log(.5), -1000, math.log(.5)), ["--dfa", "re:B"], "B"),
                               ((-800, -2000, 0), ["--dfa", "re:[AB]"], "A"),
                               ((-1800, -1000, 0), ["--constraint", CONSTRAINT], "B")):
            how = ["-p", "A" if "re:B" in rule else "", "-n", 1, "--count", 40, "--semantics", "all", *rule]
            for samples, _ in (self.sample(*how, model=self.small(*lp)),
                               self.ensemble(*how, model=self.small(*lp))):
                for s in samples:
                    self.assertEqual(s["text"], text)
                    self.assertAlmostEqual(s["logP"], max(lp[0], lp[1]) if text == "A" else lp[1], places=9)
                    self.assertAlmostEqual(s["logW"], s["logP"], places=9)
                    self.assertGreater(s["weight"], 0)
                    self.assertGreater(s["z"][0], 0)

    def ensemble(self, *arguments, model):
        done = subprocess.run([TOK, "bytes", "ensemble", "sample", "-t", self.path("t.json"), "-m", model, "-m",
                               model, "--json", *map(str, arguments)], capture_output=True, check=False,
                              timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        *samples, summary = map(json.loads, done.stdout.splitlines())
        return samples, summary

    # ---- what goes wrong

    def test_dead_ends(self):
        arguments = ["-p", "AA", "--count", 2, "--constraint", CONSTRAINT + " never"]
        samples, summary = self.sample(*arguments)
        self.assertEqual([(s["ended"], s["weight"], s["logW"], s["z"]) for s in samples],
                         [("dead", 0, None, [0])] * 2)
        self.assertEqual(summary["mean_weight"], 0)
        done = self.run_tok(*arguments)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"2 of 2 samples ended where nothing was possible", done.stderr)

    def test_constraints_that_fail(self):
        for how, message in (("die 5", "ended with status 3"), ("maybe 5", "answered 'yes'"),
                             ("twice 5", "neither 0 nor 1"),
                             ("hang 5", "did not answer within 1 s"), ("long 5", "a line of more")):
            done = self.run_tok("-p", "AA", "--json", "--count", 50, "--timeout",
                                1 if "hang" in how else 60, "--constraint",
                                f"{CONSTRAINT} {how}")
            self.assertEqual(done.returncode, 4, done)
            self.assertIn(message, done.stderr.decode())
            self.assertIn("the constraint", done.stderr.decode())
            for line in done.stdout.splitlines():
                json.loads(line)

    def test_models_that_fail(self):
        program = self.path("model.py")
        with open(program, "w", encoding="utf-8") as file:
            file.write(MODEL)
        model = f"exec:{sys.executable} {program} 60"
        done = self.run_tok("--json", "--count", 100, "-n", 9, model=model)
        self.assertEqual(done.returncode, 4)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertGreater(len(lines), 1)
        self.assertTrue(all(s["type"] == "sample" for s in lines))

    def test_refusals(self):
        for arguments, message in (
                (["--draw", "cover", "--semantics", "valid"], "draws token by token need"),
                (["--draw", "cover", "--top-p", ".5"], "are of bytes"),
                (["--draw", "cover", "--dfa", "re:A"], "are of bytes"),
                (["--top-p", "1.5"], "up to 1"),
                (["--dfa", "[0-9]"], "re:EXPRESSION"),
                (["--dfa", "re:a("], "byte 1: this '(' has no end"),
                (["--dfa", "re:(a{999}){999}"], "more than"),
                (["--stop-hex", "4"], "two digits"),
                (["--constraint", "no_bb.py"], "a constraint is exec:"),
                (["--constraint", "exec:"], "no command")):
            done = self.run_tok("-p", "A", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, b""), done)
            self.assertIn(message, done.stderr.decode())
        done = self.run_tok("-p", "A", "--constraint", "exec:/nonexistent/program")
        self.assertEqual(done.returncode, 4)


# Remembers nothing, so that every row is asked for; dies behind so many.
MODEL = """
import json, math, sys
print(json.dumps({"tokp": 1, "vocab_size": 4, "eos": [3], "deterministic": True,
                  "form": "json"}), flush=True)
for told, line in enumerate(sys.stdin):
    if told >= int(sys.argv[1]):
        sys.exit(7)
    print(json.dumps({"id": json.loads(line)["id"], "lp": [math.log(.25)] * 4}), flush=True)
"""

if __name__ == "__main__":
    unittest.main()
