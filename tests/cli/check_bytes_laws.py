#!/usr/bin/env python3
"""check_bytes_laws.py TOK: what tok bytes says is what sums over rows of tokens say, made here in exact
fractions of random models; its words agree with each other; memory does not grow with the text."""
import fractions
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
SANITIZED = b"__asan_init" in open(TOK, "rb").read()
SPACES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../fixtures/spm/bpe_fallback.model")
ROUNDS = 6 if SANITIZED else 24


def tok(*args, data=b"", cwd=None):
    done = subprocess.run((TOK,) + args, input=data, capture_output=True, timeout=120, cwd=cwd, check=False,
                          env=dict(os.environ, TOK_CACHE="off"))
    assert done.returncode == 0, (args, done)
    return done.stdout


def lines(*args, **more):
    return [json.loads(line) for line in tok("bytes", *args, **more).splitlines()]


class Model:
    """A BPE vocabulary over a, b and c with random merges, and a bigram model with random rows."""

    def __init__(self, seed, folder):
        chance = random.Random(seed)
        self.tokens, self.merges = ["a", "b", "c"], []
        while len(self.tokens) < 8:
            pair = [chance.choice(self.tokens), chance.choice(self.tokens)]
            if "c" not in pair and "".join(pair) not in self.tokens:
                self.merges.append(pair)
                self.tokens.append("".join(pair))
        self.end = len(self.tokens)
        self.rows = {}
        for last in [None] + list(range(self.end)):
            weights = [chance.randrange(1, 100) for _ in range(self.end + 1)]
            self.rows[last] = [fractions.Fraction(w, sum(weights)) for w in weights]
        self.write(folder)

    def write_tokenizer(self, folder):
        model = {"type": "BPE", "vocab": {t: i for i, t in enumerate(self.tokens)}, "merges": self.merges}
        with open(os.path.join(folder, "v.json"), "w", encoding="utf-8") as file:
            json.dump({"version": "1.0", "added_tokens": [], "model": model, "decoder": {"type": "Fuse"}}, file)

    def write(self, folder):
        self.write_tokenizer(folder)
        name = {None: "<s>", self.end: "</s>"}
        ids = range(self.end + 1)
        arpa = ["\\data\\", f"ngram 1={self.end + 2}", f"ngram 2={len(self.rows) * (self.end + 1)}", "",
                "\\1-grams:", "-99\t<s>\t0"]
        arpa += [f"{-math.log10(self.end + 1)!r}\t{name.get(i, i)}" + "\t0" * (i != self.end) for i in ids]
        arpa += ["", "\\2-grams:"]
        arpa += [f"{math.log10(row[i])!r}\t{name.get(last, last)} {name.get(i, i)}"
                 for last, row in self.rows.items() for i in ids]
        with open(os.path.join(folder, "v.arpa"), "w", encoding="utf-8") as file:
            file.write("\n".join(arpa + ["", "\\end\\", ""]))

    def encode(self, text):
        row = list(text)
        for left, right in self.merges:
            at = 0
            while at + 1 < len(row):
                if row[at] == left and row[at + 1] == right:
                    row[at:at + 2] = [left + right]
                at += 1
        return row

    def may_follow(self, row, token):
        """Rows are decided by neighbours, and c merges with nothing: whatever follows may begin with it."""
        before = [self.tokens[row[-1]]] if row else []
        return self.encode("".join(before) + token) == before + [token]

    def row(self, ids, semantics):
        p = list(self.rows[ids[-1] if ids else None])
        if semantics != "all":
            p = [x if i == self.end or self.may_follow(ids, self.tokens[i]) else 0 for i, x in enumerate(p)]
        return [x / sum(p) for x in p] if semantics == "valid-renorm" else p

    def p(self, text, semantics, ids=()):
        """The sum over all rows that cover the text, by the definition."""
        total = 0
        for i, token in enumerate(self.tokens):
            p = self.row(ids, semantics)[i]
            if p and token.startswith(text):
                total += p
            elif p and text.startswith(token):
                total += p * self.p(text[len(token):], semantics, ids + (i,))
        return total if text else 1

    def p_end(self, text, semantics, ids=()):
        """The same of rows that spell the text and end there."""
        p = self.row(ids, semantics)
        total = p[self.end] if not text else 0
        for i, token in enumerate(self.tokens):
            if text and p[i] and text.startswith(token):
                total += p[i] * self.p_end(text[len(token):], semantics, ids + (i,))
        return total


class TinyModel(Model):
    """Back-off so small that what it leaves to ids that are not listed is less than doubles hold."""

    def __init__(self, seed, folder):
        self.chance = random.Random(seed)
        super().__init__(seed, folder)

    def draw(self, least, most):
        return fractions.Fraction(1, 10 ** self.chance.randrange(least, most))

    def write(self, folder):
        ids = range(self.end + 1)
        ones = [self.draw(*self.chance.choice([(0, 2), (150, 300)])) for _ in ids]
        ones[self.chance.choice(ids)] = fractions.Fraction(1)
        left, listed = {}, {}
        for last in self.rows:
            left[last] = self.draw(200, 300)
            listed[last] = {i: self.draw(0, 150) for i in self.chance.sample(ids, 4)}
            listed[last][self.chance.choice(ids)] = fractions.Fraction(9, 10)
            row = [listed[last].get(i, left[last] * ones[i] / sum(ones)) for i in ids]
            self.rows[last] = [p / sum(row) for p in row]
        self.write_tokenizer(folder)
        name = {None: "<s>", self.end: "</s>"}

        def power(p):
            return repr(log(p) / math.log(10))

        arpa = ["\\data\\", f"ngram 1={self.end + 2}", f"ngram 2={sum(map(len, listed.values()))}", "",
                "\\1-grams:", f"-99\t<s>\t{power(left[None])}"]
        arpa += [f"{power(ones[i])}\t{name.get(i, i)}" + (f"\t{power(left[i])}" if i in left else "") for i in ids]
        arpa += ["", "\\2-grams:"]
        arpa += [f"{power(p)}\t{name.get(last, last)} {name.get(i, i)}"
                 for last, row in listed.items() for i, p in sorted(row.items())]
        with open(os.path.join(folder, "v.arpa"), "w", encoding="utf-8") as file:
            file.write("\n".join(arpa + ["", "\\end\\", ""]))


class LostModel(Model):
    """Lists n-grams with far less than back-off would give them: of the difference, which is what a model
    keeps, few digits are left, or none."""

    def write(self, folder):
        chance, ids = random.Random(repr(self.rows)), range(self.end + 1)
        ones = [chance.randrange(1, 100) for _ in ids]
        listed, left = {}, {}
        for last in self.rows:
            listed[last] = {i: fractions.Fraction(chance.randrange(1, 10), 10 ** chance.randrange(2, 30))
                            for i in chance.sample(ids, chance.randrange(4))}
            left[last] = fractions.Fraction(1 - sum(listed[last].values())) / sum(ones[i] for i in ids if i not in listed[last])
            self.rows[last] = [listed[last].get(i, left[last] * ones[i]) for i in ids]
            assert sum(self.rows[last]) == 1
        self.write_tokenizer(folder)
        name = {None: "<s>", self.end: "</s>"}

        def power(p):
            return repr(log(fractions.Fraction(p)) / math.log(10))

        arpa = ["\\data\\", f"ngram 1={self.end + 2}", f"ngram 2={sum(map(len, listed.values()))}", "",
                "\\1-grams:", f"-99\t<s>\t{power(left[None] * sum(ones))}"]
        arpa += [f"{power(fractions.Fraction(ones[i], sum(ones)))}\t{name.get(i, i)}"
                 + (f"\t{power(left[i] * sum(ones))}" if i in left else "") for i in ids]
        arpa += ["", "\\2-grams:"]
        arpa += [f"{power(p)}\t{name.get(last, last)} {name.get(i, i)}"
                 for last, row in listed.items() for i, p in sorted(row.items())]
        with open(os.path.join(folder, "v.arpa"), "w", encoding="utf-8") as file:
            file.write("\n".join(arpa + ["", "\\end\\", ""]))

    def healed(self, text, back):
        """Of drawing token by token behind all but the last `back` tokens, where what does not fit is struck."""
        ids, symbols = [self.tokens.index(t) for t in self.encode(text)], {}
        kept, gone = tuple(ids[:len(ids) - back]), ids[len(ids) - back:]

        def go(row, rest, weight):
            p, fits = self.rows[row[-1] if row else None], []
            for i, token in enumerate(self.tokens):
                if not rest:
                    symbols[ord(token[0])] = symbols.get(ord(token[0]), 0) + weight * p[i]
                elif token.startswith(rest) or (back > 1 and rest.startswith(token)):
                    fits.append((i, token))
            if not rest:
                symbols[256] = symbols.get(256, 0) + weight * p[self.end]
            for i, token in fits:
                share = weight * p[i] / sum(p[k] for k, _ in fits)
                if len(token) > len(rest):
                    byte = ord(token[len(rest)])
                    symbols[byte] = symbols.get(byte, 0) + share
                else:
                    go(row + (i,), rest[len(token):], share)

        go(kept, "".join(self.tokens[i] for i in gone), fractions.Fraction(1))
        return {s: p / sum(symbols.values()) for s, p in symbols.items()}


def log(p):
    return math.log(p.numerator) - math.log(p.denominator)


class Laws(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def ask(self, *args, **more):
        return lines(args[0], "--lm", "arpa:v.arpa", "-t", "v.json", *args[1:], cwd=self.folder, **more)

    def test_sums_by_definition(self):
        for seed in range(ROUNDS):
            chance, model = random.Random(seed), Model(seed, self.folder)
            semantics = ("all", "valid", "valid-renorm")[seed % 3]
            text = "".join(chance.choice("aabbc") for _ in range(chance.randrange(1, 6)))
            said, = self.ask("next", "--semantics", semantics, "--top", "0", "-p", text)
            truth = model.p(text, semantics)
            self.assertAlmostEqual(said["P"] / float(truth), 1, 12)
            for d in said["dist"]:
                follows = float(model.p(text + chr(d["b"]), semantics) / truth) if chr(d["b"]) in "abc" else 0
                self.assertAlmostEqual(d["p"], follows, 12, (seed, semantics, text, d))
            ends = float(model.p_end(text, semantics) / truth)
            self.assertAlmostEqual(said["eos"]["p"], ends, 12)
            leak = 1 - sum(d["p"] for d in said["dist"]) - ends if semantics == "valid" else 0
            self.assertAlmostEqual(said["leak"], leak, 12)
            if semantics == "all":
                self.assertIsNone(said["valid_leak"])
                continue
            goes_on = sum(model.p(text + c, "valid") for c in "abc") + model.p_end(text, "valid")
            self.assertAlmostEqual(said["valid_leak"], float(1 - goes_on / model.p(text, "valid")), 12)

    def assertLog(self, is_, truth, what):
        if truth == 0:
            self.assertEqual(is_, (0, None), what)
            return
        self.assertGreater(is_[0], 0, what)
        self.assertLess(abs(is_[1] - log(truth)), 1e-12 * (1000 + abs(log(truth))), what)

    def test_what_doubles_do_not_hold(self):
        small = 0
        for seed in range(ROUNDS):
            chance, model = random.Random(seed), TinyModel(seed, self.folder)
            semantics = ("all", "valid", "valid-renorm")[seed % 3]
            text = "".join(chance.choice("aabbc") for _ in range(chance.randrange(1, 6)))
            said, = self.ask("next", "--semantics", semantics, "--top", "0", "-p", text)
            truth = model.p(text, semantics)
            self.assertLog((1, said["logP"]), truth, text)
            for d in said["dist"]:
                follows = model.p(text + chr(d["b"]), semantics) / truth if chr(d["b"]) in "abc" else 0
                self.assertLog((d["p"], d["lp"]), follows, (seed, semantics, text, d))
                small += follows > 0 and log(follows) < -746
            self.assertLog((said["eos"]["p"], said["eos"]["lp"]), model.p_end(text, semantics) / truth, text)
            score, = self.ask("score", "--semantics", semantics, "-p", text)
            self.assertLog((1, -score["nats"]), truth, text)
            ids = [model.tokens.index(t) for t in model.encode(text)]
            p = math.prod(model.rows[last][i] for last, i in zip([None] + ids, ids))
            self.assertLog((1, -score["canonical_nats"]), p, text)
            *_, last = self.ask("covers", "--semantics", semantics, "--limit", "0", "-p", text)
            self.assertAlmostEqual(last["share_listed"], 1, 9)
        self.assertGreater(small, ROUNDS / 4)

    def test_listed_and_far_below_what_backs_off(self):
        """Behind <s> A the ids B and the end are listed with next to nothing: a difference keeps no digits of it,
        so bounds hold the truth.  Of what is not so little all is exact."""
        path = os.path.join(self.folder, "listed.json")
        model = {"type": "BPE", "vocab": {"A": 0, "B": 1, "AA": 2}, "merges": [["A", "A"]]}
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"version": "1.0", "added_tokens": [], "model": model, "decoder": {"type": "Fuse"}}, file)
        for little, exact in ((1e-30, False), (1e-17, False), (1e-8, False), (1e-3, True)):
            # ids A, B, AA, end; behind <s> A the first and the third share what the others leave
            rest = 1 - 2.5 * little
            first, behind = [.4, .2, .1, .3], [rest * .8, little, rest * .2, 1.5 * little]
            with open(os.path.join(self.folder, "listed.arpa"), "w", encoding="utf-8") as file:
                file.write("\n".join([
                    "\\data\\", "ngram 1=5", "ngram 2=2", "", "\\1-grams:", "-99\t<s>\t0",
                    f"{math.log10(.4)!r}\t0\t{math.log10(rest / .5)!r}", f"{math.log10(.2)!r}\t1\t0",
                    f"{math.log10(.1)!r}\t2\t0", f"{math.log10(.3)!r}\t</s>", "", "\\2-grams:",
                    f"{math.log10(little)!r}\t0 1", f"{math.log10(1.5 * little)!r}\t0 </s>", "", "\\end\\", ""]))
            for semantics in ("all", "valid", "valid-renorm"):
                # of texts that begin with A, as rows A and AA
                valid = semantics != "all"
                row = [0 if valid and i in (0, 2) else p for i, p in enumerate(behind)]
                if semantics == "valid-renorm":
                    row = [p / sum(row) for p in row]
                joint = {65: first[0] * (row[0] + row[2]) + first[2], 66: first[0] * row[1], 256: first[0] * row[3]}
                how = ["--lm", f"arpa:{self.folder}/listed.arpa", "-t", path, "--semantics", semantics, "-p"]
                said, = lines("next", *how, "A", "--top", "2")
                found = {d["b"]: d for d in said["dist"]} | {256: said["eos"]}
                self.assertEqual(said["exact"], exact, (little, semantics, said))
                for symbol, p in joint.items():
                    self.assert_held(said, found[symbol], p / (first[0] + first[2]))
                score, = lines("score", *how, "AB")
                low, high = score["bounds"]["logP"] if score["bounds"] else (-score["nats"],) * 2
                low = -math.inf if low is None else low
                self.assertTrue(low - 1e-9 <= math.log(joint[66]) <= high + 1e-9, (little, semantics, score))

                # of the ids 0 and 1, and of what is set beside what is exact
                nats = -math.log(first[0] * little)
                low, high = score["bounds"]["canonical_nats"] if score["bounds"] else (score["canonical_nats"],) * 2
                self.assertTrue(low - 1e-9 <= nats <= (math.inf if high is None else high) + 1e-9, (little, score))
                self.assertTrue(little < 1e-8 or high - low < 1e-3, (little, score))
                naive, heal1, _ = lines("heal", *how, "A", "--methods", "naive,heal1,exact", "-n", "1", "--top", "0")
                shares = {65: behind[0] + behind[2], 66: behind[1], 256: behind[3]}
                for line, a, aa in ((naive, 1, 0), (heal1, .8, .2)):
                    self.assertEqual(line["exact"], exact, (little, line))
                    found = {d["b"]: d for d in line["dist"]} | {256: line["eos"]}
                    for symbol, p in shares.items():
                        self.assert_held(line, found[symbol], a * p + aa * (symbol == 65))

    def assert_held(self, line, d, p):
        low, high = (d["p"],) * 2 if line["exact"] else (d["low"], d["high"])
        self.assertTrue(low * (1 - 1e-9) <= p <= high * (1 + 1e-9), (line, d, float(p)))

    def assert_log_held(self, line, name, value, truth):
        """A logarithm that is told as `value`, or by bounds, of which the lower may be that of 0."""
        low, high = (value, value) if line["bounds"] is None else line["bounds"][name]
        low, high = -math.inf if low is None else low, math.inf if high is None else high
        self.assertTrue(low - 1e-9 <= truth <= high + 1e-9, (line, name, truth))

    def test_digits_that_are_lost(self):
        """Whatever is told of such models is true, or the truth is between its bounds."""
        lost = kept = 0
        for seed in range(ROUNDS // 2):
            chance, model = random.Random(seed), LostModel(seed, self.folder)
            semantics = ("all", "valid", "valid-renorm")[seed % 3]
            text = "".join(chance.choice("aabbc") for _ in range(chance.randrange(1, 6)))
            truth = model.p(text, semantics)
            said, = self.ask("next", "--semantics", semantics, "--top", "0", "-p", text)
            self.assert_log_held(said, "logP", said["logP"], log(truth))
            for d in said["dist"]:
                p = model.p(text + chr(d["b"]), semantics) / truth if chr(d["b"]) in "abc" else 0
                self.assert_held(said, d, p)
            # the same where the model tells whole rows, which is what a record has
            whole, = self.ask("next", "--semantics", semantics, "--top", "0", "-p", text, "--record", "rows")
            self.assert_log_held(whole, "logP", whole["logP"], log(truth))
            for d in whole["dist"]:
                p = model.p(text + chr(d["b"]), semantics) / truth if chr(d["b"]) in "abc" else 0
                self.assert_held(whole, d, p)
            score, = self.ask("score", "--semantics", semantics, "-p", text)
            ids = [model.tokens.index(t) for t in model.encode(text)]
            p = math.prod(model.rows[last][i] for last, i in zip([None] + ids, ids))
            self.assert_log_held(score, "logP", -score["nats"], log(truth))
            self.assert_log_held(score, "canonical_nats", score["canonical_nats"], -log(p))
            for name, value in self.left(model, text, semantics).items():
                low, high = score["bounds"][name] if score["bounds"] else (score[name],) * 2
                self.assertTrue(low - 1e-12 <= value <= high + 1e-12, (score, name, float(value)))
            heals = self.ask("heal", "-p", text, "--methods", "naive,heal1,heal2", "-n", "1", "--top", "0")
            for line in heals:
                for d in line["dist"] + [{"b": 256} | line["eos"]]:
                    self.assert_held(line, d, model.healed(text, line["back"]).get(d["b"], 0))
            *covers, total = self.ask("covers", "--semantics", "all", "--limit", "0", "-p", text)
            self.assertEqual(total["count"], len(covers))
            for cover in covers:
                p = math.prod(model.rows[last][i] for last, i in zip([None] + cover["ids"], cover["ids"]))
                self.assert_log_held(cover, "lp", cover["lp"], log(p))
            all_of = [said, whole, score, *heals, *covers]
            lost += sum(not line["exact"] for line in all_of)
            kept += sum(line["exact"] for line in all_of)
        self.assertGreater(lost, 5)
        self.assertGreater(kept + 3 * SANITIZED, 2)

    def left(self, model, text, semantics):
        """What leaks behind all beginnings of a text; no id of such a model is no text."""
        leak = sum(model.p(text[:n], semantics) - model.p_end(text[:n], semantics)
                   - sum(model.p(text[:n] + c, semantics) for c in "abc") for n in range(len(text)))
        return {"special": 0, "leak": leak}

    def test_what_leaves_the_way_of_a_text(self):
        for seed in range(ROUNDS // 3):
            chance, model = random.Random(seed), Model(seed, self.folder)
            semantics = ("all", "valid", "valid-renorm")[seed % 3]
            text = "".join(chance.choice("aabbc") for _ in range(chance.randrange(6)))
            score, = self.ask("score", "--semantics", semantics, "-p", text)
            *_, whole = self.ask("score", "--semantics", semantics, "--per-byte", "-p", text)
            leaks = self.left(model, text, "valid")["leak"]
            self.assertEqual((score["special"], score["exact"]), (0, True))
            self.assertAlmostEqual(score["leak"], float(leaks) if semantics == "valid" else 0, 14)
            if semantics == "valid":
                self.assertEqual(score["valid_leak"], score["leak"])
            for name in ("special", "leak", "valid_leak"):
                self.assertEqual(score[name], whole[name])

    def test_where_nothing_is_valid(self):
        """Behind A neither A nor AA is valid: where the model gives nothing to anything else, the text leaks."""
        data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
        path = os.path.join(self.folder, "dead.json")
        model = {"type": "BPE", "vocab": {"A": 0, "B": 1, "AA": 3}, "merges": [["A", "A"]]}
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"version": "1.0", "added_tokens": [], "model": model, "decoder": {"type": "Fuse"}}, file)
        for lp, text, leak in ((["0", "none", "none", "none"], "A", 1),
                               ([f"{math.log(.5)}", "none", "none", f"{math.log(.5)}"], "A", .5),
                               ([f"{math.log(.5)}", "none", "none", f"{math.log(.5)}"], "AAA", .5)):
            provider = f"exec:{sys.executable} -IS {data}/log_model.py " + " ".join(lp)
            for semantics in ("valid", "valid-renorm"):
                said, = lines("next", "--lm", provider, "-t", path, "--semantics", semantics, "-p", text)
                wanted = leak if semantics == "valid-renorm" or text == "A" else None
                total = sum(d["p"] for d in said["dist"]) + said["eos"]["p"] + said["special"] + said["leak"]
                self.assertAlmostEqual(total, 1, places=12)
                self.assertTrue(wanted is None or abs(said["leak"] - wanted) < 1e-12, said)

    def test_covers_are_all_there_is(self):
        for seed in range(ROUNDS // 3):
            model = Model(seed, self.folder)
            *listed, total = self.ask("covers", "--semantics", "all", "--limit", "0", "-p", "abba")
            self.assertEqual(total["count"], len(listed))
            self.assertAlmostEqual(sum(c["share"] for c in listed), 1, 12)
            self.assertAlmostEqual(total["P"], float(model.p("abba", "all")), 12)
            for cover in listed:
                p = math.prod(model.rows[last][i] for last, i in zip([None] + cover["ids"], cover["ids"]))
                self.assertAlmostEqual(cover["lp"], math.log(p), 12)
                spelled = "".join(cover["tokens"])
                self.assertEqual(spelled, "abba" + bytes.fromhex(cover["overshoot_hex"]).decode())
                self.assertEqual(cover["valid"], model.encode(spelled + "c")[:-1] == cover["tokens"])

    def test_words_agree(self):
        Model(1, self.folder)
        text = "abacabbac"
        for semantics in ("all", "valid", "valid-renorm"):
            *each, whole = self.ask("score", "--semantics", semantics, "--per-byte", data=text.encode())
            cheap, = self.ask("score", "--semantics", semantics, "-p", text)
            self.assertAlmostEqual(whole["nats"], cheap["nats"], 12)
            self.assertEqual(whole["canonical_nats"], cheap["canonical_nats"])
            self.assertAlmostEqual(sum(b["lp"] for b in each), -whole["nats"], 12)
            self.assertAlmostEqual(whole["bpb"], whole["nats"] / len(text) / math.log(2), 12)
            if semantics == "all":
                self.assertLess(whole["nats"], whole["canonical_nats"])
            for i in (0, 4, 8):
                said, = self.ask("next", "--semantics", semantics, "-p", text[:i])
                self.assertEqual({d["b"]: d["lp"] for d in said["dist"]}[ord(text[i])], each[i]["lp"])
                self.assertEqual(said["logP"], each[i - 1]["cum"] if i else 0)

    def test_ids_of_a_text_in_parts(self):
        """A long text is cut: its ids have the probability that tok lm score tells, which has the end besides."""
        for tokenizer in ((), ("-t", SPACES)):
            tok("lm", "train", *tokenizer, "--order", "3", "-o", "t.tlm", data=b"to be or not abc " * 9, cwd=self.folder)
            past = []
            for size in (1, 10_000 if SANITIZED else 280_000):
                text = b"to be or not abc" + b" to be or not abc" * (size // 17)
                said, = lines("score", *tokenizer, "--lm", "t.tlm", "--semantics", "all", cwd=self.folder, data=text)
                ids = json.loads(tok("lm", "score", *tokenizer, "--json", "t.tlm", cwd=self.folder,
                                     data=text).splitlines()[-1])
                self.assertEqual((said["bytes"], said["tokens"]), (ids["bytes"], ids["tokens"]))
                past.append(ids["nats"] - said["canonical_nats"])
            self.assertAlmostEqual(past[0], past[1], 6)

    @unittest.skipIf(SANITIZED, "memory is the sanitizer's")
    def test_memory_does_not_grow_with_the_text(self):
        most = []
        for size in (1 << 14, 1 << 18):
            text = ("abc ab bc " * (size // 10)).encode()
            tok("lm", "train", "-t", "bytes", "--order", "2", "-o", "b.tlm", data=b"abc ab bc", cwd=self.folder)
            with open(os.path.join(self.folder, "text"), "wb") as file:
                file.write(text)
            most.append(peak([TOK, "bytes", "score", "--lm", "b.tlm", "-t", "bytes", "--semantics", "all", "text"],
                             self.folder))
        self.assertLess(most[1], most[0] + 1024, most)


def peak(command, folder):
    """Most memory that a process had, in KiB."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0, command
    return usage.ru_maxrss


if __name__ == "__main__":
    unittest.main(verbosity=1)
