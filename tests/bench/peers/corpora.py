"""corpora.py - the texts that every peer gets: the same bytes, the same documents.

A text is a file NAME.txt and beside it NAME.cuts: the byte at which each document ends,
eight bytes each, little endian.  Left out of corpora are what peers rightly disagree
about: bytes that are not UTF-8, NUL, and lines that spell special tokens.
"""
import array
import hashlib
import pathlib
import random
import re

NAMES = {"english": "en-prose", "code": "code", "cjk": "cjk", "mixed": "mixed"}
HOSTILE = ("one letter", "random letters", "base64 lines", "spaces")
SPECIAL = re.compile(rb"\x00|<\||<\xef\xbd\x9c|<(?:s|/s|unk|pad|bos|eos|mask|cls|sep)>|\[(?:CLS|SEP|MASK|UNK|PAD|unused)|<unused"
                     rb"|<(?:start|end)_of", re.I)
DOCUMENT = 16384  # bytes at least; a document ends with a line


class Text:
    def __init__(self, name, path):
        self.name, self.path, self.cuts = name, path, path.with_suffix(".cuts")
        data = path.read_bytes()
        self.bytes, self.key = len(data), hashlib.sha256(data).hexdigest()[:16]


def cut(data):
    """Where documents end: after the first newline beyond DOCUMENT bytes, before a letter or digit of
    ASCII or any other script, so that few tokens would have run across."""
    ends, at = array.array("Q"), 0
    while at < len(data):
        end = at + DOCUMENT
        while True:
            end = data.find(b"\n", end) + 1
            if end == 0 or end >= len(data):
                end = len(data)
                break
            if data[end:end + 1].isalnum() or data[end] >= 0xC0:
                break
        ends.append(end)
        at = end
    return ends


def write(folder, name, data):
    path = folder / f"{name}.txt"
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)
    path.with_suffix(".cuts").write_bytes(cut(data).tobytes())
    return Text(name, path)


def sample(path, size, blocks=64):
    """`size` bytes of a large file: blocks at equal distances, cut at lines, cleaned."""
    whole = path.stat().st_size
    blocks = blocks if whole > 2 * size else 1
    want, rows = size // blocks, []
    with open(path, "rb") as file:
        for i in range(blocks):
            file.seek(whole // blocks * i)
            if i:
                file.readline()
            got = 0
            while got < want:
                line = file.readline()
                if not line:
                    break
                if not SPECIAL.search(line):
                    line = line.decode("utf-8", "ignore").encode()
                    rows.append(line)
                    got += len(line)
    return b"".join(rows)


def corpora(source, folder, size):
    """The four corpora, or any other texts of the folder `source`."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {name: source / f"{stem}.txt" for name, stem in NAMES.items() if (source / f"{stem}.txt").exists()}
    found = known or {path.stem: path for path in sorted(source.glob("*.txt"))}
    made = {}
    for name, path in found.items():
        target = folder / f"{name}-{size}.txt"
        data = target.read_bytes() if target.exists() else sample(path, size)
        made[name] = write(folder, target.stem, data)
        made[name].name = name
    return made


def hostile(folder, size=2_000_000):
    """Where tokenizers have been quadratic."""
    chance = random.Random(3)
    letters = bytes(chance.choices(b"abcdefghijklmnopqrstuvwxyz", k=size))
    digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    lines = b"".join(bytes(chance.choices(digits, k=76)) + b"\n" for _ in range(size // 77))
    texts = dict(zip(HOSTILE, (b"a" * size, letters, lines, b" " * size)))
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for name, data in texts.items():
        made[name] = write(folder, name.replace(" ", "-"), data)
        made[name].name = name
    return made


def small(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return write(folder, "small", b"The quick brown fox jumps over the lazy dog, and nobody minds.\n" * 16)
