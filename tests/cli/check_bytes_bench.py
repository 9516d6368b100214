#!/usr/bin/env python3
"""check_bytes_bench.py TOK: tables of tok bytes bench: what must be so in them, whatever the text."""
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
WORDS = "the cat sat on the mat and the dog sat on the log ; a rat , that ate the hat .".split()


def text(seed, lines):
    chance = random.Random(seed)
    return "".join(" ".join(chance.choices(WORDS, k=chance.randrange(3, 12))) + "\n" for _ in range(lines))


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name, lines in (("learn", 400), ("held", 8)):
            with open(cls.path(name), "w", encoding="ascii") as file:
                file.write(text(name, lines))
        cls.run_tok("train", "-v", "300", "-o", "words.json", "learn")
        for model, tokenizer in (("words", "words.json"), ("bytes", "bytes")):
            cls.run_tok("lm", "train", "--order", "2" if model == "words" else "3", "-t", tokenizer, "--lines", "-o", model + ".tlm",
                        "learn")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    @classmethod
    def run_tok(cls, *args, status=0):
        done = subprocess.run((TOK,) + args, cwd=cls.folder.name, capture_output=True, timeout=120, check=False)
        if done.returncode != status:
            raise AssertionError((args, done.returncode, done.stderr))
        return done.stdout.decode() if status == 0 else done.stderr.decode()

    def rows(self, table, *models, more=("--random", "6")):
        sides = [word for model in models for word in ("--lm", model + ".tlm", "-t",
                                                       "words.json" if model == "words" else "bytes")]
        out = self.run_tok("bytes", "bench", "--json", "--tables", table, *more, *sides, "held")
        rows = [json.loads(line) for line in out.splitlines()]
        self.assertTrue(rows)
        self.assertEqual({row["table"] for row in rows}, {table})
        return rows

    def test_the_known_source_is_got_back(self):
        naive, exact = self.rows("A", "words")[:2]
        self.assertEqual((naive["contexts"], exact["contexts"]), (2046, 2046))
        self.assertEqual(naive["error_worst"], .75)
        self.assertLess(exact["error_worst"], 1e-12)

    def test_where_tokens_are_bytes_there_is_no_bias(self):
        for row in self.rows("A", "bytes")[2:]:
            self.assertEqual(row["place"], "between tokens")
            self.assertLess(row["jsd_bits"], 1e-12)
        losses = {row["method"]: row["bits_mean"] for row in self.rows("D", "bytes")}
        for method in ("valid", "valid-renorm", "all"):
            self.assertAlmostEqual(losses[method], losses["naive"], delta=1e-9)

    def test_where_they_are_not_there_is(self):
        inside = [row for row in self.rows("A", "words", more=("--random", "30"))[2:] if row["place"] == "inside a token"]
        self.assertEqual(len(inside), 2)
        for row in inside:
            self.assertGreater(row["p_exact"], row["p_naive"])
        losses = {row["method"]: row for row in self.rows("D", "words", more=("--random", "30"))}
        self.assertEqual({row["cuts"] for row in losses.values()}, {30})
        self.assertGreater(losses["naive"]["bits_mean"], losses["all"]["bits_mean"])

    def test_bounds_of_beams_hold_the_truth(self):
        rows = self.rows("B", "words")
        self.assertEqual([row["K"] for row in rows], [1, 2, 4, 8, 16, 32, 64, 128])
        for row in rows:
            self.assertEqual((row["outside"], row["ends"]), (0, 0))
        self.assertLess(rows[-1]["jsd_bits"], 1e-12)
        self.assertGreater(rows[0]["jsd_bits"], rows[-1]["jsd_bits"])

    def test_a_row_a_byte(self):
        for row in self.rows("C", "words"):
            if row["semantics"] == "valid":
                self.assertLessEqual(row["rows_byte"], 1)
                self.assertLessEqual(row["made_byte"] * row["bytes"], row["bytes"] + 1.001)  # and the first
            self.assertGreaterEqual(row["heads_most"], row["heads_mean"])

    def test_models_together(self):
        rows = self.rows("E", "words", "bytes")
        self.assertEqual([row["mix"] for row in rows], ["alone", "alone", "linear", "bayes", "geometric"])
        scored = json.loads(self.run_tok("bytes", "score", "--lm", "bytes.tlm", "-t", "bytes", "held"))
        self.assertAlmostEqual(rows[1]["bits_byte"], scored["bpb"], delta=1e-9)
        # The mixture of two loses no more than a bit to the better one, over the whole text.
        self.assertLess(rows[3]["bits_byte"], min(rows[0]["bits_byte"], rows[1]["bits_byte"]) + 1.001 / rows[3]["bytes"])

    def beams(self, table, model, *more):
        out = self.run_tok("bytes", "bench", "--json", "--tables", table, "--random", "1", *more, "--lm", model,
                           "-t", os.path.join(DATA, "ab.json"), "ab")
        return [json.loads(line) for line in out.splitlines()]

    def test_beams_where_heads_have_no_limit(self):
        with open(self.path("ab"), "w", encoding="ascii") as file:
            file.write("ABAABAAABBAAB")
        whole, finite = f"exec:{sys.executable} -IS {DATA}/ab_model.py whole", "arpa:" + os.path.join(DATA, "ab.arpa")
        widths = []
        for seed in map(str, range(4)):
            truth = [row for row in self.beams("D", finite, "--beams", "1", "--seed", seed) if row["method"] == "all"]
            self.assertEqual([row["K"] for row in truth], [None])  # exact as it is
            rows = [row for row in self.beams("D", whole, "--beams", "1,2,4000", "--seed", seed)]
            self.assertEqual([row["method"] for row in rows], ["naive", "heal1", "healN", "valid", "valid-renorm"] + 3 * ["all"])
            for row in rows[:3]:
                self.assertEqual((row["K"], row["heads_mean"], row["p_bounds"]), (None, None, None))
            for row in rows[3:5]:
                self.assertEqual((row["K"], row["p_bounds"]), (None, 0))
            rows, p = rows[5:], 2 ** -truth[0]["bits_mean"]
            self.assertEqual([row["K"] for row in rows], [1, 2, 4000])
            for row in rows:
                self.assertLessEqual(abs(2 ** -row["bits_mean"] - p), row["p_bounds"] + 1e-12)
                self.assertLessEqual(row["heads_mean"], row["K"] + 1)
            self.assertEqual(rows[2]["p_bounds"], 0)  # none was dropped
            self.assertEqual(truth[0]["p_bounds"], 0)
            self.assertLessEqual(rows[0]["rows_byte"], rows[1]["rows_byte"])
            self.assertLessEqual(rows[1]["rows_byte"], rows[2]["rows_byte"])
            widths += [row["p_bounds"] for row in rows[:2]]
        self.assertGreater(max(widths), .1)
        rows = self.beams("C", whole, "--beams", "1,2,4000")
        self.assertEqual([(row["semantics"], row["K"]) for row in rows],
                         [("valid", None), ("all", 1), ("all", 2), ("all", 4000)])
        self.assertEqual([row["bounds_nats"] == 0 for row in rows], [True, False, False, True])
        self.assertEqual([row["heads_most"] for row in rows[1:3]], [1, 2])
        self.assertEqual([row["K"] for row in self.beams("C", finite, "--beams", "1,2")], [None, None])

    def test_no_beam_of_tok_ends(self):
        for row in self.rows("F", "words"):
            self.assertEqual(row["ends_tok"], 0)
            self.assertEqual(row["texts"], 6)

    def test_words_to_people(self):
        out = self.run_tok("bytes", "bench", "--tables", "AC", "--random", "2", "--lm", "words.tlm", "-t", "words.json", "held")
        self.assertIn("## C: ", out)
        self.assertIn("| A B AA | exact | 2046 | ", out)
        for args, said in ((("--tables", "X"), "--tables takes letters"), (("--beam", "3"), "beams of its own"),
                           (("--beams", "4,0"), "--beams takes"), (("--beams", "4,"), "not '4,'"), (("--beams", ""), "--beams takes"),
                           (("--beams", "5000"), "from 1 to 4096"), (("--beams", ",".join("1" * 17)), "up to 16"), (("--beams", "1,-1"), "--beams takes"),
                           (("--prefix", ""), "empty")):
            self.assertIn(said, self.run_tok("bytes", "bench", *args, "--lm", "words.tlm", "-t", "words.json", status=2))


if __name__ == "__main__":
    unittest.main()
