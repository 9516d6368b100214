"""pieces.py - an encoder's WordPiece vocabulary as a hypernetwork sees it: bytes, pieces, who is kept apart.

    vocabulary = Vocabulary.of_folder(folder)       # forms in the byte-level alphabet, by id
    spell = Speller(vocabulary.forms)
    spell.longest("Ġhouses")                        # ids, longest match first
    spell.sampled("Ġhouses", random)                # ids of another way, drawn

The forms are those of convert_to_byte_level in the program of "Zero-Shot Tokenizer Transfer" (arXiv 2405.07883),
written anew from its description: "##" goes away, what has none gets a space in front, then UTF-8 in the alphabet of
byte-level BPE; special tokens stay; bytes that no form is are appended in the alphabet's order.
"""
import hashlib
import json
import pathlib

PAD, LONGEST = "[PAD]", 100  # characters: what is longer is unknown to WordPiece


def alphabet():
    """byte -> character; first the bytes that are printed as they are, then the others."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in plain]
    return {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(others)}}


BYTES = alphabet()
SPACE = BYTES[ord(" ")]


def written(data):
    return "".join(BYTES[b] for b in data)


class Vocabulary:
    """forms[id], of which the first `rows` have a row in the model; `special` are ids."""

    def __init__(self, tokens, special):
        self.tokens = tokens
        self.rows = len(tokens)
        self.special = sorted(special)
        self.forms = [t if i in special else self.form(t) for i, t in enumerate(tokens)]
        known = set(self.forms)
        self.forms += [c for c in BYTES.values() if c not in known]

    @staticmethod
    def form(token):
        return written((token[2:] if token.startswith("##") else " " + token).encode())

    @classmethod
    def of_folder(cls, folder):
        data = json.loads((pathlib.Path(folder) / "tokenizer.json").read_text(encoding="utf-8"))
        vocabulary = data["model"]["vocab"]
        tokens = sorted(vocabulary, key=vocabulary.get)
        assert [vocabulary[t] for t in tokens] == list(range(len(tokens))), "ids with holes"
        return cls(tokens, {a["id"] for a in data["added_tokens"] if a["special"]})

    def real(self):
        """Ids of tokens that stand for text: no special ones, none that the model's makers left unused."""
        return [i for i, t in enumerate(self.tokens) if i not in self.special and not t.startswith("[unused")]

    def held_out(self):
        """One in ten of the real tokens that other pieces spell, by a hash of its name: the same everywhere."""
        return [i for i in self.real() if len(self.forms[i]) > 1 and
                hashlib.sha256(self.tokens[i].encode()).digest()[0] * 10 < 256]

    def without(self, ids):
        """The forms, those of `ids` by names that no text has."""
        gone = set(ids)
        return [f"<held_out__{i}>" if i in gone else form for i, form in enumerate(self.forms)]


class Speller:
    """What WordPiece without a mark in front of continuing pieces makes of forms."""

    def __init__(self, forms):
        self.ids = {form: i for i, form in enumerate(forms)}
        self.longest_form = max(map(len, forms))

    def ends(self, form, begin, without):
        """(end, id) of the pieces that begin there, the longest first."""
        for end in range(min(len(form), begin + self.longest_form), begin, -1):
            piece = self.ids.get(form[begin:end])
            if piece is not None and piece != without:
                yield end, piece

    def longest(self, form, without=None):
        """As WordPiece; `without` is an id that must not be used."""
        ids, at = [], 0
        while at < len(form):
            at, piece = next(self.ends(form, at, without))
            ids.append(piece)
        return ids

    def sampled(self, form, random, without=None):
        """Each piece is drawn among those that fit, the longer the likelier."""
        ids, at = [], 0
        while at < len(form):
            fits = list(self.ends(form, at, without))
            at, piece = random.choices(fits, [(end - at) ** 2 for end, _ in fits])[0]
            ids.append(piece)
        return ids
