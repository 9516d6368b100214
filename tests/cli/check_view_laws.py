#!/usr/bin/env python3
"""check_view_laws.py TOK FIXTURES: what tok view shows is what tok encode says.

Of random texts and several tokenizers: each row has the pieces that the offsets cut, visible, in order;
what begins with the same byte begins in the same column; a narrow terminal has the same as a wide one.
A page has the ids, bytes and offsets, and grids in which the same holds."""
import html.parser
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unicodedata

TOK = os.path.abspath(sys.argv[1])
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
SPM = os.path.join(sys.argv[2], "spm")
# Some take letters' cases or blanks away, put blanks in front or behind, make several tokens of a character.
TOKENIZERS = ["tok-32k", "bytes", os.path.join(DATA, "tiny.json"), os.path.join(DATA, "embed", "model"),
              os.path.join(SPM, "bpe_bytes.model"), os.path.join(SPM, "unigram_suffix.model")]
ROWS = "ABCDEF"
LETTERS = ["a", "b", "lo", "wer", " ", "  ", "the", "é", "日本", "語", "🤗", "<", "&", "\"", "hello", "\t", "I\u0307", "ﬁ", "½"]
BAR = "│"
WIDE = 1 << 19
troubles = []


def expect(what, got, wanted):
    if got != wanted:
        troubles.append(f"{what}: {got!r} and not {wanted!r}")


def tok(*args, columns=WIDE):
    done = subprocess.run([TOK, *args], capture_output=True, check=False,
                          env=dict(os.environ, COLUMNS=str(columns), TOK_CACHE="off"))
    if done.returncode != 0:
        sys.exit(f"{args}: {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode()


def visible(part):
    """Blanks and tabs have pictures, bytes of no character numbers; a mark needs something to sit on."""
    out, bare = "", True
    for c in part.decode("utf-8", "surrogateescape"):
        if unicodedata.combining(c) and bare:
            out += "◌"
        out += {" ": "␠", "\t": "␉"}.get(c) or (f"<0x{ord(c) - 0xDC00:02X}>" if 0xDC80 <= ord(c) <= 0xDCFF else c)
        bare = c in " \t" or 0xDC80 <= ord(c) <= 0xDCFF
    return out


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cells_of(row):
    """(column, text) of what stands between bars."""
    column, cells = 0, []
    for cell in row.split(BAR)[1:-1]:
        column += 1
        cells.append((column, cell.rstrip(" ")))
        column += width(cell)
    return cells


def pieces_of(text, ids, offsets, tokens):
    """(begin, end, ids, what is seen): tokens of one character are one piece, text without a token one that has no
    ids; a token that was put in front or behind is a piece without bytes."""
    pieces, at, waiting = [], 0, []
    last = max((i for i, (begin, end) in enumerate(offsets) if end > begin), default=-1)
    for i, (number, (begin, end)) in enumerate(zip(ids, offsets)):
        if begin == end and (at == 0 or i > last):
            at = max(at, len(text) if i > last else 0)
            if pieces and pieces[-1][1] < at:
                pieces.append((pieces[-1][1], at, [], visible(text[pieces[-1][1]:at])))
            pieces.append((at, at, [number], visible(tokens[i].encode())))
        elif begin == end:
            waiting.append(number)
        elif end <= at:
            pieces[-1][2].append(number)
        else:
            begin = max(begin, at)
            if begin > at:
                pieces.append((at, begin, [], visible(text[at:begin])))
            pieces.append((begin, end, waiting + [number], visible(text[begin:end])))
            at, waiting = end, []
    if at < len(text):
        pieces.append((at, len(text), [], visible(text[at:])))
    return pieces


def with_free_places(pieces):
    """In a row a place is free where others have tokens without bytes."""
    ends = {row[k][0] for row in pieces for k in (0, -1) if row and row[k][0] == row[k][1]}
    for row in pieces:
        have = {begin for begin, end, _, _ in row if begin == end}
        yield sorted(row + [(at, at, [], "") for at in ends - have], key=lambda piece: piece[:2])


def check_lines(texts, all_pieces, path):
    told = tok("view", "--lines", *sum((["-t", t] for t in TOKENIZERS), []), path)
    blocks = told.split("\n\n")[:-1]
    expect("blocks", len(blocks), len(texts))
    for text, pieces, block in zip(texts, all_pieces, blocks):
        columns = {}
        for row, wanted, letter in zip(block.split("\n"), with_free_places(pieces), ROWS):
            cells = cells_of(row)
            expect(f"{text} {letter}", row[:2], letter + " ")
            expect(f"{text} {letter}", [c[1] for c in cells],
                   [seen if ids else "" for _, _, ids, seen in wanted])
            for (column, _), (begin, end, _, _) in zip(cells, wanted):
                if begin < end:
                    expect(f"{text} {letter}: column of byte {begin}", columns.setdefault(begin, column), column)
    narrow = tok("view", "--lines", *sum((["-t", t] for t in TOKENIZERS), []), path, columns=40)
    for letter in ROWS:
        rows = [[l[2:] for l in lines.split("\n") if l.startswith(letter) and "token" not in l] for lines in (told, narrow)]
        expect(f"narrow {letter}", *(re.sub("[ │]", "", "".join(r)) for r in rows))
    expect("narrow", max(width(l) for l in narrow.split("\n") if "token" not in l) <= 40, True)


class Page(html.parser.HTMLParser):
    """Pieces as (row, grid column, title, text), by chunk and text."""

    def __init__(self):
        super().__init__()
        self.texts, self.chunk, self.inside = [], -1, None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        kind = attrs.get("class", "").split()
        if kind == ["text"]:
            self.texts.append([])
        elif kind == ["c"]:
            self.chunk += 1
        elif kind[:1] == ["p"]:
            row, column, _, _ = attrs["style"].removeprefix("grid-area:").split("/")
            self.inside = [int(row) - 1, (self.chunk, int(column)), attrs["title"], ""]
            self.texts[-1].append(self.inside)

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside:
            self.inside[3] += data


def check_page(texts, all_pieces, path):
    page = Page()
    page.feed(tok("view", "--lines", "--html", "-", *sum((["-t", t] for t in TOKENIZERS), []), path))
    expect("texts of the page", len(page.texts), len(texts))
    for text, pieces, shown in zip(texts, all_pieces, page.texts):
        columns = {}
        for row, wanted in enumerate(pieces):
            got = [(place, title, seen) for r, place, title, seen in shown if r == row]
            expect(f"{text} {row}: pieces", len(got), len(wanted))
            for (place, title, seen), (begin, end, ids, must) in zip(got, wanted):
                expect(f"{text} {row}", seen, must)
                expect(f"{text} {row}: ids", [int(n) for n in re.findall(r"^id (\d+)", title, re.M)], ids)
                if begin == end:
                    expect(f"{text} {row}: place", title.endswith("\nadded"), True)
                    continue
                expect(f"{text} {row}: place", re.findall(r"^at (\d+) to (\d+)$", title, re.M)[-1], (str(begin), str(end)))
                if TOKENIZERS[row] == "bytes":
                    expect(f"{text} {row}: bytes", f"bytes {text[begin]:02x}" in title, True)
                expect(f"{text} {row}: column of byte {begin}", columns.setdefault(begin, place), place)


def main():
    draw = random.Random(9)
    texts = ["".join(draw.choices(LETTERS, k=draw.randrange(1, 12))).encode() for _ in range(150)]
    texts += [b"\xff" + text[1:] for text in texts[:20]]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "texts")
        with open(path, "wb") as file:
            file.write(b"".join(text + b"\n" for text in texts))
        encoded = [[json.loads(l) for l in tok("encode", "--lines", "--offsets", "--tokens", "-t", t, path).splitlines()]
                   for t in TOKENIZERS]
        all_pieces = [[pieces_of(text, line["ids"], line["offsets"], line["tokens"]) for line in lines]
                      for text, lines in zip(texts, zip(*encoded))]
        check_lines(texts, all_pieces, path)
        check_page(texts, all_pieces, path)
    for trouble in troubles[:20]:
        print(trouble)
    sys.exit(len(troubles) > 0)


main()
