"""Features of tokens, and rows of old tokens that are like a new one, in float64 by their definitions.

Each method answers {old id: weight} for one new token, {} where it has none.  `Case` is a small transplantation:
two vocabularies, their matches, features, pieces.  Independent of the library: numpy, and the papers and programs
that hypernet/transplant/features.h and similar.h name.
"""
import json
import struct

import numpy as np

NONE, TEXT, BYTE, SPECIAL = range(4)
EXACT, ROLE, BYTES, SPACE, CASING, PREFIX, NEW, NOTHING = range(8)
NO_ID = -1


# ---- files ----------------------------------------------------------------------------

def write(path, arrays):
    """A safetensors file."""
    names = {"float32": "F32", "int32": "I32", "uint8": "U8"}
    head, at = {}, 0
    for name, array in arrays.items():
        head[name] = {"dtype": names[str(array.dtype)], "shape": list(array.shape),
                      "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            out.write(np.ascontiguousarray(array).tobytes())


class Vocab:
    def __init__(self, tokens, kinds=None):
        self.tokens = list(tokens)
        self.kinds = np.array(kinds if kinds is not None else [TEXT] * len(self.tokens), np.uint8)

    def arrays(self, side):
        return {f"{side}_bytes": np.frombuffer(b"".join(self.tokens), np.uint8),
                f"{side}_ends": np.cumsum([len(t) for t in self.tokens], dtype=np.int32),
                f"{side}_kinds": self.kinds}


class Case:
    def __init__(self, source, target, matches, classes, wanted, features=None, pieces=None, donor=None):
        self.source, self.target = source, target
        self.matches, self.classes = np.array(matches, np.int32), np.array(classes, np.uint8)
        self.wanted = np.array(wanted, np.int32)
        self.features = features  # source, target: float32
        self.pieces = pieces or [[] for _ in wanted]  # of each wanted one: (id, length)
        self.donor = donor
        self._kept = {}

    def write(self, path):
        flat = [piece for pieces in self.pieces for piece in pieces]
        arrays = {**self.source.arrays("source"), **self.target.arrays("target"), "matches": self.matches,
                  "classes": self.classes, "wanted": self.wanted,
                  "piece_ids": np.array([p[0] for p in flat], np.int32),
                  "piece_lengths": np.array([p[1] for p in flat], np.int32),
                  "piece_ends": np.cumsum([len(p) for p in self.pieces], dtype=np.int32)}
        if self.features is not None:
            arrays["features_source"], arrays["features_target"] = self.features
        if self.donor is not None:
            arrays["donor"] = self.donor
        write(path, arrays)

    # ---- who may be a neighbour ----

    def _distinct(self, vocab, may):
        """Of each spelling a text before a byte before a special token, then the lowest id."""
        seen = {}
        for kind in (TEXT, BYTE, SPECIAL):
            for i, token in enumerate(vocab.tokens):
                if vocab.kinds[i] == kind and token not in seen and may(i):
                    seen[token] = i
        return sorted(seen.values())

    def _once(self, name, make):
        key = name, id(self.donor)
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def old(self):
        rows = self.features[0]
        return self._once("old", lambda: self._distinct(self.source, lambda i: rows[i].any()))

    def old_rows(self):
        return self._once("old rows", lambda: self.features[0][self.old()].astype(float))

    def rows(self):
        return self.features[1] if self.donor is None else self.donor

    def shared(self):
        rows = self.rows()
        return self._once("shared", lambda: self._distinct(
            self.target, lambda i: self.classes[i] < PREFIX and i < len(rows) and rows[i].any()))

    def shared_rows(self):
        return self._once("shared rows", lambda: self.rows()[self.shared()].astype(float))


# ---- arithmetic -----------------------------------------------------------------------

def softmax(x, temperature=1.0):
    e = np.exp((np.asarray(x, float) - np.max(x)) / temperature)
    return e / e.sum()


def sparsemax(z):
    """By the sorted list, as the paper has it."""
    z = np.asarray(z, float)
    down = np.sort(z)[::-1]
    sums = np.cumsum(down)
    count = np.arange(1, len(z) + 1)
    r = count[1 + count * down > sums].max()
    return np.maximum(z - (sums[r - 1] - 1) / r, 0)


def cosines(a, rows):
    a, rows = np.asarray(a, float), np.asarray(rows, float)
    lengths = np.linalg.norm(a) * np.linalg.norm(rows, axis=-1)
    return (rows * a).sum(-1) / np.where(lengths > 0, lengths, 1)  # equal rows get equal numbers


def nearest(scores, k):
    """The k largest, of equal ones the first."""
    return np.argsort(-scores, kind="stable")[:k]


def answer(ids, weights):
    out = {}
    for i, w in zip(ids, weights, strict=True):
        out[int(i)] = out.get(int(i), 0.0) + float(w)
    return {i: w for i, w in out.items() if w != 0}


# ---- TokenAdapt -----------------------------------------------------------------------

def local(case, i, temperature=0.3):
    new = case.wanted[i]
    phi = case.features[1][new]
    pieces = [(p, n) for p, n in case.pieces[i] if case.features[0][p].any()]
    if not phi.any() or not pieces:
        return {}
    text = case.target.tokens[new]
    try:
        length = len(text.decode())
    except UnicodeDecodeError:
        length = len(text)
    alike = softmax(cosines(phi, case.features[0][[p for p, _ in pieces]]))
    share = np.array([n for _, n in pieces]) / max(1, length)
    return answer([p for p, _ in pieces], softmax((alike + share) / 2, temperature + 1e-5))


def global_(case, i, temperature=0.3, k=3, threshold=0.0):
    phi, old = case.features[1][case.wanted[i]], case.old()
    if not phi.any() or not old:
        return {}
    scores = cosines(phi, case.old_rows())
    best = nearest(scores, k)
    weights = softmax(scores[best], temperature + 1e-5) * (scores[best] >= threshold)
    return answer(np.array(old)[best], weights / weights.sum()) if weights.any() else {}


def hybrid(case, i, temperature=0.3, k=3, threshold=0.0, weight=0.3):
    a, b = local(case, i, temperature), global_(case, i, temperature, k, threshold)
    if not a or not b:
        return a or b
    return answer([*a, *b], [*((1 - weight) * w for w in a.values()), *(weight * w for w in b.values())])


# ---- others ---------------------------------------------------------------------------

def focus(case, i, temperature=1.0):
    phi, shared = case.features[1][case.wanted[i]], case.shared()
    if not phi.any() or not shared:
        return {}
    return answer(case.matches[shared], sparsemax(cosines(phi, case.shared_rows()) / temperature))


def wechsel(case, i, temperature=0.1, k=10):
    phi, old = case.features[1][case.wanted[i]], case.old()
    if not phi.any() or not old:
        return {}
    scores = cosines(phi, case.old_rows())
    best = nearest(scores, k)
    return answer(np.array(old)[best], softmax(scores[best], temperature))


def clp(case, i, k=0):
    phi, shared = case.features[1][case.wanted[i]], case.shared()
    if not phi.any() or not shared:
        return {}
    scores = np.maximum(cosines(phi, case.shared_rows()), 0)
    best = nearest(scores, k) if k else np.arange(len(shared))
    return answer(case.matches[shared][best], scores[best] / scores[best].sum()) if scores.any() else {}


def knn(case, i, scheme, euclid, k=64):
    rows, shared = case.rows(), case.shared()
    new = case.wanted[i]
    if new >= len(rows) or not rows[new].any() or not shared:
        return {}
    x, points = rows[new].astype(float), case.shared_rows()
    nearness = -np.linalg.norm(points - x, axis=1) if euclid else cosines(x, points)
    best = nearest(nearness, k)
    points = points[best]
    if scheme == "distance":
        weights = 1 / np.maximum(-nearness[best], 1e-6) if euclid else np.maximum(nearness[best], 0)
        weights = weights / max(weights.sum(), 1e-6)
    elif scheme == "least-squares":
        rcond = np.finfo(np.float32).eps * max(points.shape)
        weights = np.linalg.lstsq(points.T, x, rcond=rcond)[0]
    else:
        n = len(best)
        upper = np.hstack([points @ points.T, np.ones((n, 1))])
        whole = np.vstack([upper, np.append(np.ones(n), 0)])
        rcond = np.finfo(np.float32).eps * (n + 1)
        weights = np.linalg.lstsq(whole, np.append(points @ x, 1), rcond=rcond)[0][:n]
    return answer(case.matches[shared][best], weights)


# ---- features -------------------------------------------------------------------------

MASK = (1 << 64) - 1


def ngrams(token, width):
    symbols = [256, *token, 257]
    row = np.zeros(width)
    for begin in range(len(symbols)):
        for n in range(1, 6):
            gram = symbols[begin:begin + n]
            if len(gram) < n or gram in ([256], [257]):
                continue
            h = 0xCBF29CE484222325
            for symbol in gram:
                h = ((h ^ symbol) * 0x100000001B3) & MASK
            h = ((h ^ h >> 30) * 0xBF58476D1CE4E5B9) & MASK
            h = ((h ^ h >> 27) * 0x94D049BB133111EB) & MASK
            h ^= h >> 31
            row[(h >> 1) % width] += n if h & 1 else -n
    length = np.linalg.norm(row)
    return row / length if length else row


def ppmi(documents, window):
    """Rows and columns: what occurs in the documents (lists; None is a place that counts for nobody)."""
    names = sorted({t for d in documents for t in d if t is not None})
    number = {t: i for i, t in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for d in documents:
        for i, a in enumerate(d):
            for distance in range(1, window + 1):
                if a is not None and i + distance < len(d) and d[i + distance] is not None:
                    counts[number[a], number[d[i + distance]]] += 1 / distance
                    counts[number[d[i + distance]], number[a]] += 1 / distance
    sums = counts.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log(counts * counts.sum() / np.outer(sums, sums))
    return names, np.where(counts > 0, np.maximum(pmi, 0), 0)


def directions(matrix, width):
    u, s, _ = np.linalg.svd(matrix)
    return u[:, :width] * np.sqrt(s[:width])
