#!/usr/bin/env python3
"""check_names.py TOK: wherever a tool takes a tokenizer, a name stands for what tok-store(7) says: the same bytes come
of a file, of a name of the store and of a model in the hub's cache, and what is no name is told."""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
EACH = 3 if b"__asan_init" in open(TOK, "rb").read() else 1  # of what is slow one in so many
NAME = "dog.json"  # of a file, of the store, and of the hub: what is written of it is the same
TEXT = "the dog and the cat, the dogs\nand a dog\n" * 5
WIDTH = 8
PLAIN = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
LETTERS = [chr(b) if b in PLAIN else chr(0x100 + [c for c in range(256) if c not in PLAIN].index(b)) for b in range(256)]
GONE = "neither the store ('tok vocab list') nor the hub's cache has that name"


def tokenizer(words, special=("<s>", "</s>")):
    """A byte-level tokenizer.json with these words."""
    vocab, merges = {letter: i for i, letter in enumerate(LETTERS)}, []
    for word in words:
        for end in range(2, len(word) + 1):
            if word[:end] not in vocab:
                vocab[word[:end]] = len(vocab)
                merges.append([word[:end - 1], word[end - 1]])
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    added = [{"id": len(vocab) + i, "content": text, "single_word": False, "lstrip": False, "rstrip": False,
              "normalized": False, "special": True} for i, text in enumerate(special)]
    return json.dumps({"version": "1.0", "added_tokens": added, "normalizer": None, "pre_tokenizer": level,
                       "post_processor": None, "decoder": level,
                       "model": {"type": "BPE", "vocab": vocab, "merges": merges}}), len(vocab) + len(added)


BOTH = ["and", "one", "two", "four", "five", "nine", "cow", "hen", "owl", "pig", "ant", "bee", "fox", "yak"]
DOG, CAT = tokenizer(["the", "dog", *BOTH]), tokenizer(["cat", "dogs", *BOTH])


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def make_model(folder, rows, own=None):
    header = json.dumps({"model.embed_tokens.weight": {"dtype": "F32", "shape": [rows, WIDTH],
                                                       "data_offsets": [0, rows * WIDTH * 4]}}).encode()
    numbers = struct.pack(f"<{rows * WIDTH}f", *((i * 7919 % 101 - 50) / 64 for i in range(rows * WIDTH)))
    write(f"{folder}/model.safetensors", struct.pack("<Q", len(header)) + header + numbers)
    write(f"{folder}/config.json", json.dumps({"model_type": "llama", "vocab_size": rows, "tie_word_embeddings": True}))
    if own:
        write(f"{folder}/tokenizer.json", own)


def contents(folder):
    """What lies in it, by name."""
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


# Each command names a tokenizer where it says NAME, by an option or an operand.
COMMANDS = [
    "encode -t NAME text", "count -t NAME text", "inspect -t NAME", "view -t NAME text",
    "vocab check NAME", "vocab diff NAME cat.json", "vocab diff cat.json NAME",
    "vocab compile NAME -o x.tok", "vocab convert NAME -o x.json", "vocab convert NAME -o x.gguf --lossy",
    "vocab edit NAME --add-special <x> -o x.json", "vocab prune NAME --keep 280 -o x.json text",
    "extend NAME --add 3 -o x.json text",
    "words --like NAME text -o x.words", "train --like NAME -v 270 text -o x.json", "train --resume NAME words.words --counts -v 310 -o x.json",
    "embed convert-tokenizer NAME -o x.json", "embed convert-tokenizer cat.json --like NAME -o x.json",
    "transplant plan model NAME", "transplant run model NAME -m subword -o out",
    "transplant run model NAME -m subword --chat-template keep -o out",
    "transplant eval model NAME --methods mean,subword --holdout .9", "transplant run bare cat.json --source-tokenizer NAME -m subword -o out",
    "transplant extend bare --source-tokenizer NAME --add more -o out",
    "transplant plan bare cat.json --source-tokenizer NAME --json",
]


class Names(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = folder.name
        self.store = os.path.join(self.home, "store")

    def tok(self, *words, cwd=None, data=b"", **more):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "XDG_"))}
        return subprocess.run((TOK, *words), input=data, capture_output=True, timeout=120, check=False,
                              cwd=cwd or self.home, env=dict(kept, TOK_CACHE="off", TOK_STORE=self.store,
                                                             HOME=self.home, SOURCE_DATE_EPOCH="0", **more))

    def place(self, name):
        """A folder with what the commands take, but for the tokenizer."""
        folder = os.path.join(self.home, name)
        write(f"{folder}/text", TEXT)
        write(f"{folder}/more", "thedog\nanddog\n")
        write(f"{folder}/cat.json", CAT[0])
        make_model(f"{folder}/model", CAT[1], CAT[0])
        write(f"{folder}/model/chat_template.jinja", "<s>{{ messages }}")
        make_model(f"{folder}/bare", DOG[1])
        return folder

    def run_all(self, folder, words):
        """What a command says and writes, in a copy of the folder."""
        here = os.path.join(self.home, "here")
        shutil.copytree(folder, here)
        done = self.tok(*words, cwd=here)
        made = contents(here)
        shutil.rmtree(here)
        return done.returncode, done.stdout, done.stderr, {n: b for n, b in made.items() if n != NAME}

    def add(self, name, text):
        write(os.path.join(self.home, "x.json"), text)
        done = self.tok("vocab", "add", name, "x.json")
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def download(self, name, text):
        cache = os.path.join(self.home, ".cache/huggingface/hub", "models--" + name.replace("/", "--"))
        write(f"{cache}/refs/main", "0123abcd")
        write(f"{cache}/snapshots/0123abcd/tokenizer.json", text)
        return cache

    def test_a_name_is_its_file_everywhere(self):
        by_path, by_name = self.place("by_path"), self.place("by_name")
        write(f"{by_path}/{NAME}", DOG[0])
        for folder in (by_path, by_name):
            done = self.tok("words", "--like", os.path.join(by_path, NAME), "text", "-o", "words.words", cwd=folder)
            self.assertEqual(done.returncode, 0, done.stderr)
        wanted = {}
        for command in COMMANDS:
            words = command.replace("NAME", NAME).split()
            wanted[command] = self.run_all(by_path, words)
            self.assertIn(wanted[command][0], (0, 1), (command, wanted[command][2]))
            self.assertTrue(wanted[command][1] or set(wanted[command][3]) > set(contents(by_name)), command)
        for command in COMMANDS[::EACH]:
            code, out, err, made = self.run_all(by_name, command.replace("NAME", NAME).split())
            self.assertEqual((code, out, made.keys()), (2, b"", contents(by_name).keys()), command)
            self.assertRegex(err.decode(), f"^tok [a-z]+: {NAME}: there is no such file or folder, and ")
            self.assertEqual((err.count(b"\n"), err.decode().count(GONE)), (1, 1), (command, err))
        cache = self.download(NAME, DOG[0])
        for command in COMMANDS[::EACH]:
            self.compare(wanted[command], self.run_all(by_name, command.replace("NAME", NAME).split()), command, "hub")
        write(f"{cache}/snapshots/0123abcd/tokenizer.json", CAT[0])
        self.add(NAME, DOG[0])
        for command in COMMANDS:
            self.compare(wanted[command], self.run_all(by_name, command.replace("NAME", NAME).split()), command, "store")

    def compare(self, wanted, found, command, where):
        for part, one, other in zip(("exit", "out", "err"), wanted, found):
            self.assertEqual(one, other, (command, where, part))
        self.assertEqual(wanted[3].keys(), found[3].keys(), (command, where))
        for name, content in wanted[3].items():
            self.assertEqual(content, found[3][name], (command, where, name))

    def test_what_has_a_name_comes_in_order(self):
        """Built in, a file or folder, the store, the hub's cache: with an option and with an operand."""
        name = "org/dog"
        self.download(name, tokenizer(["hub"])[0])
        ways = (("encode", "-t", name), ("vocab", "convert", name, "-o", "-", "--to", "tokenizer.json"))

        def holds(word):
            write(os.path.join(self.home, "wanted.json"), tokenizer([word])[0])
            for words in ways:
                found, wanted = (self.tok(*[n if w == name else w for w in words], data=b"hub store file folder")
                                 for n in (name, "wanted.json"))
                self.assertEqual((found.returncode, found.stdout), (0, wanted.stdout), (words, found.stderr))

        holds("hub")
        self.add(name, tokenizer(["store"])[0])
        holds("store")
        write(os.path.join(self.home, "org/dog"), tokenizer(["file"])[0])
        holds("file")
        os.remove(os.path.join(self.home, "org/dog"))
        write(os.path.join(self.home, "org/dog/tokenizer.json"), tokenizer(["folder"])[0])
        holds("folder")

    def test_built_in_names_are_no_files(self):
        for name in ("bytes", "tok-32k"):
            write(os.path.join(self.home, f"{name}.json"), "")
            wanted = [self.tok("encode", "-t", name, data=b"dog").stdout,
                      self.tok("vocab", "convert", name, "-o", "-", "--to", "tokenizer.json").stdout]
            self.assertTrue(all(wanted))
            write(os.path.join(self.home, name, "tokenizer.json"), DOG[0])
            self.assertEqual([self.tok("encode", "-t", name, data=b"dog").stdout,
                              self.tok("vocab", "convert", name, "-o", "-", "--to", "tokenizer.json").stdout], wanted)
            self.assertNotEqual(self.tok("encode", "-t", "./" + name, data=b"dog").stdout, wanted[0])
            done = self.tok("vocab", "compile", name, "-o", "x.tok")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(self.tok("encode", "-t", "x.tok", data=b"dog").stdout, wanted[0])
            done = self.tok("vocab", "add", "mine", name)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"'{name}' is built in, and lies in no file", done.stderr.decode())

    def test_a_model_is_a_folder_whatever_it_is_called(self):
        """Its own tokenizer is not the built-in one, nor one of the store."""
        wanted = {}
        write(os.path.join(self.home, "cat.json"), CAT[0])
        for name in ("model", "bytes", "tok-32k", "kept"):
            make_model(os.path.join(self.home, name), DOG[1], DOG[0])
            if name == "kept":
                self.add(name, CAT[0])
            out = os.path.join(self.home, "out-" + name)
            for words in (("run", name, "cat.json", "-m", "subword", "-o", out), ("check", out, "--against", name),
                          ("extend", name, "--add", "more", "-o", out + "-more")):
                write(os.path.join(self.home, "more"), "thedog\n")
                done = self.tok("transplant", *words)
                self.assertEqual(done.returncode, 0, (words, done.stderr))
            wanted[name] = contents(out), contents(out + "-more")
            self.assertEqual(wanted[name][0].keys(), wanted["model"][0].keys())
            for n in ("model.safetensors", "mapping.tsv", "tokenizer.json"):
                for i in (0, 1):
                    self.assertEqual(wanted[name][i][n], wanted["model"][i][n], (name, n))
        shutil.move(os.path.join(self.home, "out-bytes"), os.path.join(self.home, "bytes"))  # into the folder
        os.rename(os.path.join(self.home, "bytes/out-bytes"), os.path.join(self.home, "done"))
        shutil.rmtree(os.path.join(self.home, "bytes"))
        os.rename(os.path.join(self.home, "done"), os.path.join(self.home, "bytes"))
        for words in (("check", "bytes"), ("explain", "bytes", "cat"), ("apply", "bytes", "model", "-o", "again")):
            done = self.tok("transplant", *words)
            self.assertEqual(done.returncode, 0, (words, done.stderr))
        self.assertEqual(contents(os.path.join(self.home, "again"))["tokenizer.json"], CAT[0].encode())

    def test_a_model_that_is_not_there_has_no_name(self):
        write(os.path.join(self.home, "cat.json"), CAT[0])
        write(os.path.join(self.home, "more"), "thedog\n")
        self.add("kept", DOG[0])
        for words in (("extend", "kept", "--add", "more"), ("run", "kept", "cat.json"), ("apply", "kept", "kept"),
                      ("check", "kept"), ("run", "kept", "kept", "--donor", "kept")):
            done = self.tok("transplant", *words, *(() if words[0] == "check" else ("-o", "out")))
            self.assertEqual((done.returncode, done.stdout, done.stderr.count(b"\n")), (2, b"", 1), words)
            self.assertRegex(done.stderr, b"kept: cannot be opened: No such file|kept/mapping.safetensors: there is no such file", words)

    def test_what_is_written_is_read_again_whatever_it_is_called(self):
        write(os.path.join(self.home, "dog.json"), DOG[0])
        for name in ("bytes", "tok-32k"):
            done = self.tok("vocab", "convert", "dog.json", "-o", name, "--to", "tokenizer.json")
            self.assertEqual((done.returncode, done.stderr.count(b": equal on ")), (0, 1), done.stderr)

    def test_what_lies_beside_a_name(self):
        """Nothing: not what is in the folder where the program runs, nor in one that is called like a part of it."""
        make_model(os.path.join(self.home, "model"), CAT[1], CAT[0])
        self.add("org/dog", DOG[0])
        say = json.dumps({"bos_token": "a", "eos_token": "b", "chat_template": "<s>{{ messages }}"})
        make_model(os.path.join(self.home, "bare"), DOG[1])
        write(os.path.join(self.home, "more"), "thedog\n")
        ways = (("run", "model", "org/dog", "-m", "zero", "-o"),
                ("extend", "bare", "--source-tokenizer", "org/dog", "--add", "more", "-o"))
        wanted = [self.tok("transplant", *words, f"one{i}") for i, words in enumerate(ways)]
        for folder in (".", "org"):
            for name in ("tokenizer_config.json", "special_tokens_map.json", "config.json"):
                write(os.path.join(self.home, folder, name), say)
        for i, words in enumerate(ways):
            self.assertEqual(wanted[i].returncode, 0, wanted[i].stderr)
            done = self.tok("transplant", *words, f"two{i}")
            self.assertEqual((done.returncode, done.stderr), (0, wanted[i].stderr.replace(b"'one", b"'two")))
            self.assertEqual(contents(os.path.join(self.home, f"one{i}")), contents(os.path.join(self.home, f"two{i}")))

    def test_a_template_that_the_store_has_not(self):
        """Is said to be missing, and why."""
        make_model(os.path.join(self.home, "model"), CAT[1], CAT[0])
        write(os.path.join(self.home, "model/chat_template.jinja"), "<s>{{ messages }}<cow>")
        write(os.path.join(self.home, "dog/tokenizer.json"), DOG[0])
        write(os.path.join(self.home, "dog/chat_template.jinja"), "{{ messages }}</s>")
        self.assertEqual(self.tok("vocab", "add", "kept", "dog").returncode, 0)
        for target, gone in (("dog", False), ("kept", True)):
            done = self.tok("transplant", "run", "model", target, "-m", "zero", "--chat-template", "new", "-o", "out-" + target)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual("chat_template.jinja" in contents(os.path.join(self.home, "out-" + target)), not gone)
            self.assertEqual("; the store keeps no template: name a folder that has one" in done.stderr.decode(), gone)

    def test_kinds_of_sources(self):
        """A SentencePiece model or two files of the store are what they are as files."""
        make_model(os.path.join(self.home, "model"), CAT[1], CAT[0])
        model = json.loads(DOG[0])["model"]
        write(os.path.join(self.home, "pair/vocab.json"), json.dumps(model["vocab"]))
        write(os.path.join(self.home, "pair/merges.txt"), "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in model["merges"]))

        def piece(text, score, kind):
            body = b"\x0a" + bytes([len(text.encode())]) + text.encode() + b"\x15" + struct.pack("<f", score) + b"\x18" + bytes([kind])
            return b"\x0a" + bytes([len(body)]) + body
        write(os.path.join(self.home, "spm/tokenizer.model"), piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3)
              + b"".join(piece(c, -2, 1) for c in "\u2581abcdefgh") + b"\x12\x02\x18\x01")
        for name, file in (("pair", "vocab.json"), ("spm", "tokenizer.model")):
            self.assertEqual(self.tok("vocab", "add", name + ".kept", name).returncode, 0)
            for target, out in ((f"{name}/{file}", "one"), (name + ".kept", "two")):
                done = self.tok("transplant", "run", "model", target, "-m", "subword", "-o", out)
                self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(contents(os.path.join(self.home, "one")), contents(os.path.join(self.home, "two")))
            for out in ("one", "two"):
                shutil.rmtree(os.path.join(self.home, out))
            # What is written may be called like a file of the source, which lies elsewhere.
            write(os.path.join(self.home, "merges.txt"), "x")
            done = self.tok("vocab", "compile", name + ".kept", "-o", "merges.txt")
            self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_where_nothing_can_be_looked_at(self):
        """A name is a name there, too: a link to itself is what cannot be looked at, whoever looks."""
        self.add("org/dog", DOG[0])
        self.download("org/cat", CAT[0])
        os.mkdir(os.path.join(self.home, "blind"))
        os.symlink("org", os.path.join(self.home, "blind", "org"))
        for name in ("org/dog", "org/cat"):
            there, blind = (self.tok("encode", "-t", name, cwd=os.path.join(self.home, folder), data=b"the dog") for folder in (".", "blind"))
            self.assertEqual((blind.returncode, blind.stderr, blind.stdout), (0, b"", there.stdout))
        done = self.tok("encode", "-t", "org/none", cwd=os.path.join(self.home, "blind"), data=b"x")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"oo many", done.stderr)

    def test_add_takes_names(self):
        """With what the store has noted, unless something else is said."""
        self.add("dog", DOG[0])
        done = self.tok("vocab", "add", "noted", "x.json", "--origin", "a friend", "--licence", "MIT")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name, more, wanted in (("one", (), ("a friend", "MIT")), ("two", ("--licence", "none"), ("a friend", "none"))):
            done = self.tok("vocab", "add", name, "noted", *more)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            shown = json.loads(self.tok("vocab", "show", name, "--json").stdout)["vocabularies"][0]
            self.assertEqual((shown["origin"], shown["licence"]), wanted)
        self.download("org/cat", CAT[0])
        self.assertEqual(self.tok("vocab", "add", "cat", "org/cat").returncode, 0)
        self.assertEqual(self.tok("vocab", "diff", "cat", "org/cat").returncode, 0)
        shown = json.loads(self.tok("vocab", "show", "cat", "--json").stdout)["vocabularies"][0]
        self.assertRegex(shown["origin"], "^hf:org/cat@[0-9a-f]+$")
        # What files were called is noted of copies, too; and again of the copy of a copy.
        for name, of in (("copy", "one"), ("org/copy", "copy"), ("noted", "noted")):
            self.assertEqual(self.tok("vocab", "add", "--replace", name, of).returncode, 0)
            shown = json.loads(self.tok("vocab", "show", name, "--json").stdout)["vocabularies"][0]
            self.assertEqual([file["name"] for file in shown["files"]], ["x.json"])
        for words in (("compile", "dog", "-o", "x.tok"), ("add", "three", "dog"), ("convert", "dog", "-o", "y.json")):
            done = self.tok("vocab", *words, "--pattern", "gpt2")
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn(b"leave --pattern out", done.stderr)


if __name__ == "__main__":
    unittest.main()
