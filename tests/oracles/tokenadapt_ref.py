"""TokenAdapt as a program of its own, in float64: rows for a new tokenizer from an old one's, whole vocabularies.

Written anew from the paper's equations 1 to 5 and the constants of its release (3f7ff1d): an epsilon of 1e-5 beside the
temperature, lengths in code points of decoded texts, an index of all old ids, special ones too, tokens called by their
decoded texts.  Nothing is taken from the library: tokenizers are Hugging Face's, and strings what they answer.
"""
import numpy as np

EPSILON = 1e-5


def softmax(x):
    e = np.exp(np.asarray(x, float) - np.max(x))
    return e / e.sum()


def unit(rows):
    rows = np.asarray(rows, float)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


class TokenAdapt:
    """`phi(text)`: the vector of a text, of any auxiliary model."""

    def __init__(self, source, target, phi, temperature=0.3, top_k=3, weight=0.3, threshold=0.0):
        self.source, self.target, self.phi = source, target, phi
        self.temperature, self.top_k, self.weight, self.threshold = temperature + EPSILON, top_k, weight, threshold
        self.old = source.get_vocab(with_added_tokens=True)
        self.ids = np.array(sorted(self.old.values()))
        # Ids with the same vector have the same likeness, to the bit: each vector is multiplied once.
        vectors = np.array([phi(self.text(source, i)) for i in self.ids])
        self.vectors, self.places = np.unique(vectors, axis=0, return_inverse=True)
        self.vectors, self.places = unit(self.vectors), self.places.reshape(-1)

    @staticmethod
    def text(tokenizer, i):
        return tokenizer.decode([int(i)], skip_special_tokens=False)

    def shared(self):
        """New id: old id, of tokens that are the same string in both files."""
        return {i: self.old[name] for name, i in self.target.get_vocab(with_added_tokens=True).items() if name in self.old}

    def local(self, text):
        """Equations 1 and 2: old id: weight."""
        pieces = self.source.encode(text, add_special_tokens=False).ids
        if not pieces:
            return {}
        texts = [self.text(self.source, p) for p in pieces]
        alike = softmax(unit([self.phi(t) for t in texts]) @ unit(self.phi(text)))
        lengths = np.array([len(t) for t in texts]) / max(1, len(text))
        return self.add_up(pieces, softmax((alike + lengths) / 2 / self.temperature))

    def nearest(self, text):
        """Equations 3 and 4."""
        likeness = (self.vectors @ unit(self.phi(text)))[self.places]
        best = np.argsort(-likeness, kind="stable")[:self.top_k]
        weights = softmax(likeness[best] / self.temperature) * (likeness[best] >= self.threshold)
        return self.add_up(self.ids[best], weights / weights.sum()) if weights.any() else {}

    @staticmethod
    def add_up(ids, weights):
        out = {}
        for i, w in zip(ids, weights, strict=True):
            out[int(i)] = out.get(int(i), 0.0) + float(w)
        return out

    def weights(self, new):
        """Equation 5; {} where neither has an answer, whose row is drawn."""
        text = self.text(self.target, new)
        local, near = self.local(text), self.nearest(text)
        if not local or not near:
            return local or near
        parts = [(i, (1 - self.weight) * w) for i, w in local.items()] + [(i, self.weight * w) for i, w in near.items()]
        return self.add_up(*zip(*parts, strict=True))

    def row(self, new, matrix):
        weights = self.weights(new)
        return np.asarray(matrix, float)[list(weights)].T @ np.array(list(weights.values())) if weights else None
