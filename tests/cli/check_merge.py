#!/usr/bin/env python3
"""check_merge.py TOK: what holds for `tok merge` on any input: merged documents are the
documents, curves and merges agree, batches are independent, threads and the way that
documents come change nothing, and what is refused is refused in one sentence."""
import collections
import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
SANITIZED = any(name in open(TOK, "rb").read() for name in (b"__asan_init", b"__tsan_init"))
BYTES, TINY, MERGE = ("-t", "bytes"), ("-t", DATA + "/tiny.json"), ("-t", DATA + "/merge.json")
WORD_PIECES = ("?", "#", "##", "###", "###b", "##b", "##a", "a", "b", "ab", "a#", "#b")
PIECES = {"pre_tokenizer": {"type": "WhitespaceSplit"}, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": False},
          "model": {"type": "WordPiece", "unk_token": "?", "continuing_subword_prefix": "##", "max_input_chars_per_word": 99,
                    "vocab": {piece: number for number, piece in enumerate(WORD_PIECES)}}}
MARKED = ("\u2581", "<0xE2>", "<0x96>", "<0x81>", "a", "\u2581a", "<0x82>", "<0xAC>", "\u20ac", "ab")
MARK = {"pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "never", "split": False},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "BPE", "byte_fallback": True, "merges": [],
                  "vocab": {piece: number for number, piece in enumerate(MARKED)}}}
BOUNDARIES = ("pretokens", "word", "word-hyphen", "sentence", "none")


def tok(*args, data=b"", **more):
    return subprocess.run((TOK,) + args, input=data, capture_output=True, timeout=120, check=False, **more)


def lines_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def undo(lines):
    """Documents in ids of the tokenizer, from what --ids wrote: the way of tok-formats(5)."""
    new, documents = {}, []
    for line in lines:
        if "tokens" in line:
            new = {token["id"]: token["parts"] for token in line["tokens"]}
        else:
            documents.append([part for i in line["ids"] for part in new.get(i, [i])])
    return documents


def as_text(documents):
    return "".join(" ".join(map(str, ids)) + "\n" for ids in documents).encode()


def read_ids(text):
    return [list(map(int, line.split())) for line in text.decode().splitlines()]


def make_lines(seed, count=300):
    """Words that come again, spaces of all kinds, bytes that are not UTF-8."""
    chance = random.Random(seed)
    words = [b"the ", b"tokens", b" merge", b"caf\xc3\xa9", b"\xe4\xbd\xa0\xe5\xa5\xbd", b"well-", b"known. ",
             b"1", b"23", b"!", b"  ", b"\t", b"<s>", b"\0", b"\xff", b"\xc3"]
    lines = [b"".join(chance.choices(words, k=chance.randrange(12))) for _ in range(count)]
    lines += [chance.randbytes(chance.randrange(40)).replace(b"\n", b"") for _ in range(count // 4)]
    chance.shuffle(lines)
    return b"".join(line + b"\n" for line in lines)


def merge_slowly(documents, merges):
    """The definition, without a boundary: pairs counted anew for each merge."""
    steps = []
    while len(steps) < merges:
        counts = collections.Counter()  # keeps the order in which pairs are met
        for document in documents:
            counts.update(zip(document, document[1:]))
        if not counts:
            break
        pair = max(counts, key=counts.get)
        steps.append((pair[0], pair[1], counts[pair]))
        for number, old in enumerate(documents):
            new, at = [], 0
            while at < len(old):
                joins = at + 1 < len(old) and (old[at], old[at + 1]) == pair
                new.append(old[at] + old[at + 1] if joins else old[at])
                at += 2 if joins else 1
            documents[number] = new
    return steps


class Laws(unittest.TestCase):
    def merge(self, *args, data=b""):
        done = tok("merge", *args, "--stats", "none", data=data)
        self.assertEqual((done.returncode, done.stderr), (0, b""), args)
        return done

    def test_merged_documents_are_the_documents(self):
        """Decoded they are the same bytes; parts tell the ids they stand for."""
        for tokenizer in ((), BYTES):
            data = make_lines(1)
            text = tok("encode", *tokenizer, "--lines", data=data).stdout
            for boundary in BOUNDARIES:
                for more in ((), ("-m", "7", "-b", "5"), ("--reduce", "40", "--batch", "all"),
                             ("--batch-bytes", "200")):
                    args = (*tokenizer, "--boundary", boundary, *more)
                    lines = lines_of(self.merge(*args, "--ids", "--parts", data=text))
                    back = tok("decode", *tokenizer, "--lines", data=as_text(undo(lines)))
                    self.assertEqual(back.stdout, data, args)
                    documents = [line for line in lines if "tokens" not in line]
                    self.assertEqual([sum(d["parts"]) for d in documents], list(map(len, read_ids(text))))
                    self.assertEqual([len(d["parts"]) for d in documents], [len(d["ids"]) for d in documents])

    def test_what_marks_say_is_kept(self):
        """Of texts and ids that love to look like marks; the text is the one of the ids."""
        chance = random.Random(13)
        with tempfile.TemporaryDirectory() as folder:
            for name, spec, pieces in (("pieces", PIECES, range(1, 12)), ("mark", MARK, range(10))):
                path = os.path.join(folder, name)
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(spec, file)
                rows = [chance.choices(pieces, k=chance.randrange(1, 9)) for _ in range(400)]
                wanted = tok("decode", "-t", path, "--lines", data=as_text(rows)).stdout
                for boundary in BOUNDARIES:
                    args = ("-t", path, "--boundary", boundary)
                    got = undo(lines_of(self.merge(*args, "--ids", data=as_text(rows))))
                    self.assertEqual(tok("decode", "-t", path, "--lines", data=as_text(got)).stdout, wanted, args)

    def test_vocabularies_say_what_is_used(self):
        """No id without a token, no token without use, no hole; strings are the ids' texts."""
        text = tok("encode", "--lines", data=make_lines(2)).stdout
        lines = lines_of(self.merge("-b", "9", "--ids", "--parts", data=text))
        strings = lines_of(self.merge("-b", "9", "--parts", data=text))
        names, used, batches = {}, set(), 0
        for line in lines:
            if "tokens" in line:
                self.assertEqual(used, set(names))
                names, used, batches = {t["id"]: t["text"] for t in line["tokens"]}, set(), batches + 1
                self.assertEqual((line["schema"], line["batch"]), ("tok.merge.1", batches))
                self.assertEqual(list(names), list(range(line["base"], line["base"] + len(names))))
                base = line["base"]
                continue
            document = strings.pop(0)
            self.assertEqual(document["parts"], line["parts"])
            used |= {i for i in line["ids"] if i >= base}
            for number, token in zip(line["ids"], document["tokens"]):
                self.assertEqual(names.get(number, token), token)
        self.assertEqual((used, strings), (set(names), []))
        self.assertGreater(batches, 40)

    def test_no_merges_change_no_id(self):
        text = tok("encode", "--lines", data=make_lines(3)).stdout
        for none in (("-m", "0"), ("--reduce", "0")):
            lines = lines_of(self.merge(*none, "--ids", data=text))
            self.assertEqual(as_text(d["ids"] for d in lines if "tokens" not in d), text)

    def test_merges_are_those_of_the_definition(self):
        """A space is \\u0120 in the byte-level alphabet, which the output is in."""
        chance = random.Random(4)
        for _ in range(30):
            letters = "ab\u0120" if chance.random() < 0.5 else "abcdefgh"
            texts = ["".join(chance.choices(letters, k=chance.randrange(30))) for _ in range(6)]
            documents = [list(text) for text in texts]
            merges = chance.choice((1, 3, 10, 1000))
            steps = merge_slowly(documents, merges)
            data = "".join(text + "\n" for text in texts).replace("\u0120", " ").encode()
            args = (*BYTES, "--encode", "-l", "--boundary", "none", "-m", str(merges))
            got = [(s["left"], s["right"], s["count"]) for s in lines_of(self.merge(*args, "--steps", data=data))]
            self.assertEqual(got, steps)
            self.assertEqual([d["tokens"] for d in lines_of(self.merge(*args, data=data))], documents)

    def test_curve_and_merges_and_reductions_agree(self):
        text = tok("encode", "--lines", data=make_lines(5)).stdout
        args = ("--batch", "50")
        curve = json.loads(self.merge(*args, "--curve", "json", data=text).stdout)
        rows = self.merge(*args, "--curve", "tsv", data=text).stdout.decode().splitlines()
        self.assertEqual([int(row.split("\t")[1]) for row in rows[1:]], curve["lengths"])
        ids = curve["lengths"][0]
        self.assertEqual(ids, sum(map(len, read_ids(text))))

        def length(*more):
            done = tok("merge", *args, *more, "--stats", "json", data=text)
            return json.loads(done.stderr)["merged"]
        for merges in (0, 1, 2, 5, 17, len(curve["lengths"]) - 1):
            self.assertEqual(length("-m", str(merges)), curve["lengths"][merges])
        self.assertEqual(length(), curve["shortest"])
        self.assertEqual(length("--reduce", "100"), curve["shortest"])
        self.assertEqual(curve["lengths"][-1], curve["shortest"])
        # Of each batch so much is saved, and no merge more than that takes.
        half = length("--reduce", "50")
        self.assertGreaterEqual(ids - half, (ids - curve["shortest"]) / 2)
        self.assertLess(ids - half, (ids - curve["shortest"]) * 0.7)
        for point in curve["reach"]:
            wanted = (ids - curve["shortest"]) * point["percent"] / 100
            self.assertGreaterEqual(ids - curve["lengths"][point["merges"]], wanted)
            self.assertLess(ids - curve["lengths"][point["merges"] - 1], wanted)

        steps = lines_of(self.merge(*args, "--steps", data=text))
        saved = collections.Counter()
        before = {}
        for step in steps:
            if step["batch"] in before:
                saved[step["merge"]] += before[step["batch"]] - step["ids"]
            before[step["batch"]] = step["ids"]
        self.assertEqual(sum(before.values()), curve["shortest"])
        for merge in range(2, len(curve["lengths"])):
            self.assertEqual(saved[merge], curve["lengths"][merge - 1] - curve["lengths"][merge])

    def test_batches_are_independent(self):
        data = make_lines(6, 60)
        documents = data.split(b"\n")[:-1]
        got = self.merge("--encode", "-l", "-b", "20", "--ids", "--parts", data=data).stdout.splitlines(True)
        wanted = []
        for batch, begin in enumerate(range(0, len(documents), 20), 1):
            alone = self.merge("--encode", "-l", "--batch", "all", "--ids", "--parts",
                               data=b"".join(d + b"\n" for d in documents[begin:begin + 20])).stdout
            wanted += alone.replace(b'"batch":1,', b'"batch":%d,' % batch, 1).splitlines(True)
        self.assertEqual(got, wanted)

    def test_ids_and_text_give_the_same(self):
        data = make_lines(7)
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "a"), "wb") as file:
                file.write(data)
            for batch in (("-b", "7"), ("--batch-bytes", "100"), ("-b", "9", "--batch-bytes", "300"),
                          ("--batch", "all")):
                for tokenizer in ((), TINY):
                    text = tok("encode", *tokenizer, "--lines", data=data).stdout
                    wanted = tok("merge", *tokenizer, *batch, "--ids", data=text)
                    got = tok("merge", *tokenizer, *batch, "--ids", "--encode", "-l", folder)
                    self.assertEqual((got.stdout, got.stderr), (wanted.stdout, wanted.stderr))

    def test_long_documents_are_encoded_in_parts(self):
        data = make_lines(8, 40_000)
        wanted = self.merge("-m", "0", "--ids", data=tok("encode", data=data).stdout).stdout
        self.assertEqual(self.merge("--encode", "-m", "0", "--ids", data=data).stdout, wanted)

    def test_the_same_for_any_number_of_threads(self):
        data = make_lines(9, 400 if SANITIZED else 4000)
        bad = data + b"1 2 3\n1 x\n"
        with tempfile.TemporaryDirectory() as folder:
            for name, content in (("a", data), ("b", tok("encode", "-l", data=data).stdout), ("c", bad)):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
            for args in (("--encode", "-l", "a"), ("--ids", "--parts", "b", "c", "nothing", "b"), ("--steps", "-b", "3", "b"),
                         ("--curve", "tsv", "-b", "20", "b"), ("--encode", "-l", "--reduce", "30", "--batch-bytes", "999", "a")):
                one = tok("merge", "--threads", "1", *args, cwd=folder)
                self.assertTrue(one.stdout, one)
                for number in ("3",) if SANITIZED else ("2", "8"):
                    many = tok("merge", "--threads", number, *args, cwd=folder)
                    self.assertTrue((many.returncode, many.stdout, many.stderr) ==
                                    (one.returncode, one.stdout, one.stderr), args)

    def test_steps_do_not_grow_as_the_square(self):
        """One row in which each merge makes a longer token than the last one."""
        chance = random.Random(14)
        row = (" ".join(str(chance.randrange(256)) for _ in range(4000)) + "\n").encode()
        done = self.merge(*BYTES, "--boundary", "none", "--steps", data=row)
        self.assertGreater(len(lines_of(done)), 3000)
        self.assertLess(len(done.stdout), 4000 * 300)

    def test_memory_does_not_grow_with_the_input(self):
        if SANITIZED:
            self.skipTest("sanitizers have a memory of their own")
        for threads in ("1", "3"):
            line = f"yes 'the quick brown fox' | head -c 20000000 | '{TOK}' merge --encode -l -m 5 --ids --threads {threads}"
            run = subprocess.Popen(["sh", "-c", line + " >/dev/null 2>&1"])
            _, status, usage = os.wait4(run.pid, 0)
            run.returncode = status
            self.assertEqual(status, 0)
            self.assertLess(usage.ru_maxrss, 64_000 + 16_000 * int(threads))


class Trouble(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.out = os.path.join(self.folder.name, "out")
        with open(self.out, "wb") as file:
            file.write(b"old")

    def tearDown(self):
        self.folder.cleanup()

    def check_old(self):
        self.assertEqual(os.listdir(self.folder.name), ["out"])
        with open(self.out, "rb") as file:
            self.assertEqual(file.read(), b"old")

    def test_bad_input_is_refused_in_one_sentence(self):
        chance = random.Random(10)
        cases = [("text", b"1 -2\n"), ("text", b"99999999999999999999\n"), ("text", b"256\n"), ("text", b"\xff\n"),
                 ("jsonl", b"{}\n"), ("jsonl", b'{"ids":[1,"a"]}\n'), ("jsonl", b'{"ids":[1e99]}\n'),
                 ("jsonl", b"[" * 100_000), ("u16", b"abc"), ("u32", b"\xff\xff\xff\xff"), ("u16", b"\0\1"),
                 ("npy", b"\x93NUMPY\x01\0"), ("npy", chance.randbytes(200))]
        for form, data in cases:
            for threads in ("1", "3"):
                done = tok("merge", *BYTES, "-I", form, "--stats", "none", "--threads", threads, data=data)
                self.assertEqual((done.returncode, done.stdout), (2, b""), (form, data[:20]))
                self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
                self.assertRegex(done.stderr, b"^tok merge: '-': ")

    def test_holes_of_a_vocabulary_are_no_ids(self):
        path = os.path.join(self.folder.name, "holes.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump({"model": {"type": "WordLevel", "unk_token": "a", "vocab": {"a": 0, "b": 5}}}, file)
        done = tok("merge", "-t", path, "--stats", "none", data=b"0 5\n0 3\n")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, b"tok merge: '-': line 2: no token has id 3 (number 2): the tokenizer leaves it out\n")

    def test_full_device(self):
        for args in ((), ("--ids",), ("--curve", "tsv"), ("--steps",)):
            with open("/dev/full", "wb") as full:
                done = subprocess.run((TOK, "merge", *BYTES, *args), input=b"1 2 1 2\n", stdout=full,
                                      stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 2, args)
            self.assertRegex(done.stderr, b"^tok merge: .*No space left on device\n$")

    def test_full_disk_keeps_what_was_there(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        for threads in ("1", "3"):
            done = tok("merge", "--encode", "-l", "-o", self.out, "--threads", threads, data=make_lines(11, 20_000),
                       preexec_fn=limit)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"File too large", done.stderr)
            self.check_old()

    def test_a_lost_output_ends_a_run_that_waits_for_more(self):
        """A batch is too much for the disk while another thread waits for the rest of the next."""
        ids = " ".join(["65"] * 70)
        for args, line in ((("--encode", "-l"), "A" * 70), (("-I", "text"), ids),
                           (("-I", "jsonl"), '{"ids":[%s]}' % ids.replace(" ", ","))):
            with open("/dev/full", "wb") as full:
                run = subprocess.Popen((TOK, "merge", *BYTES, "-m", "0", "-b", "1000", "--threads", "3", *args),
                                       stdin=subprocess.PIPE, stdout=full, stderr=subprocess.PIPE)
            with contextlib.suppress(BrokenPipeError):
                run.stdin.write((line + "\n").encode() * 1500)
                run.stdin.flush()
            self.assertEqual(run.wait(timeout=60), 2, args)
            self.assertIn(b"No space left on device", run.stderr.read())
            run.stderr.close()
            with contextlib.suppress(BrokenPipeError):
                run.stdin.close()

    def test_killed_run_keeps_what_was_there(self):
        data = make_lines(12, 3000)
        for number in (signal.SIGTERM, signal.SIGKILL):
            run = subprocess.Popen((TOK, "merge", "--encode", "-l", "-o", self.out), stdin=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
            run.stdin.write(data)
            run.stdin.flush()
            time.sleep(0.2)
            run.send_signal(number)
            self.assertEqual(run.wait(timeout=60), -number)
            run.stdin.close()
            self.check_old()

    def test_closed_pipe_is_quiet(self):
        for args in ("--encode -l", "--encode -l --threads 3 --ids", "--encode -l --steps --batch 4"):
            done = subprocess.run(["sh", "-c", f"yes abab cd | '{TOK}' merge {args} | head -c 10 >/dev/null"],
                                  capture_output=True, timeout=60, check=False)
            self.assertEqual(done.stderr, b"", args)

    def test_a_result_that_is_whole_takes_its_place(self):
        done = tok("merge", *BYTES, "-o", self.out, "--stats", "none", data=b"97 98\n")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
        with open(self.out, "rb") as file:
            self.assertEqual(file.read(), b'{"tokens":["ab"]}\n')


unittest.main(verbosity=1)
