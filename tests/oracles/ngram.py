"""Interpolated modified Kneser-Ney from its definition, in exact rationals, and a reader of ARPA files.

    model = Model(documents, order=3, size=50)      # documents: lists of ids below `size`
    model.probability([4, 7], 9)                     # Fraction; END is the end of a document
    arpa = Arpa(text)
    arpa.log10(["4", "7"], "9")

Slow on purpose: sets and dictionaries of tuples, nothing is shared with the program.  The definition is
that of Chen and Goodman (1998), section 4, with one beginning before each document, as SRILM and KenLM have it.
"""
import collections
from fractions import Fraction

BEGIN, END = "<s>", "</s>"


class Model:
    def __init__(self, documents, order, size):
        self.order, self.size = order, size
        texts = [(BEGIN, *document, END) for document in documents]
        self.counts = {n: self._counts(texts, n) for n in range(1, order + 1)}
        self.discounts, self.fallback = {}, {}
        for n, counts in self.counts.items():
            self.discounts[n], self.fallback[n] = self._discounts(counts.values())
        self.behind = {n: self._behind(counts) for n, counts in self.counts.items()}
        self.shares = {n: {context: self._share(n, seen) for context, seen in behind.items()}
                       for n, behind in self.behind.items()}

    def _counts(self, texts, n):
        grams = collections.Counter()
        fronts = collections.defaultdict(set)
        for text in texts:
            for at in range(len(text) - n + 1):
                gram = text[at:at + n]
                if gram == (BEGIN,):
                    continue
                if n == self.order or gram[0] == BEGIN:
                    grams[gram] += 1
                else:
                    fronts[gram].add(text[at - 1])
        for gram, seen in fronts.items():
            grams[gram] = len(seen)
        return grams

    @staticmethod
    def _discounts(counts):
        n = [0] * 5
        for count in counts:
            if count < 5:
                n[count] += 1
        if all(n[1:]):
            y = Fraction(n[1], n[1] + 2 * n[2])
            found = [k - (k + 1) * y * Fraction(n[k + 1], n[k]) for k in (1, 2, 3)]
            if all(0 <= d <= k for d, k in zip(found, (1, 2, 3))):
                return found, False
        return [Fraction(1, 2), Fraction(1), Fraction(3, 2)], True

    @staticmethod
    def _behind(counts):
        behind = collections.defaultdict(dict)
        for gram, count in counts.items():
            behind[gram[:-1]][gram[-1]] = count
        return behind

    def _share(self, n, seen):
        """What is seen behind a context, and how much of it goes to the lower order."""
        return sum(seen.values()), sum(self.discounts[n][min(count, 3) - 1] for count in seen.values())

    def context(self, ids):
        """The last symbols that a token after `ids` depends on."""
        text = (BEGIN, *ids)
        return text[max(0, len(text) - self.order + 1):] if self.order > 1 else ()

    def probability(self, ids, token):
        return self._probability(self.context(ids), token)

    def _probability(self, context, token):
        lower = self._probability(context[1:], token) if context else Fraction(1, self.size + 1)
        n = len(context) + 1
        seen = self.behind[n].get(context)
        if not seen:
            return lower
        total, left = self.shares[n][context]
        count = seen.get(token, 0)
        own = count - self.discounts[n][min(count, 3) - 1] if count else 0
        return (own + left * lower) / total


class Arpa:
    def __init__(self, text):
        self.log_p, self.back_off, declared, order = {}, {}, {}, 0
        lines = [line.rstrip("\n") for line in text.splitlines()]
        begin = lines.index("\\data\\")
        for line in lines[begin + 1:]:
            if line.startswith("ngram "):
                n, count = line[6:].split("=")
                declared[int(n)] = int(count)
            elif line.endswith("-grams:"):
                order = int(line[1:-7])
            elif line == "\\end\\":
                break
            elif line:
                fields = line.split("\t")
                gram = tuple(fields[1].split(" "))
                assert len(gram) == order and gram not in self.log_p, line
                self.log_p[gram] = float(fields[0])
                if len(fields) > 2:
                    self.back_off[gram] = float(fields[2])
        else:
            raise ValueError("no \\end\\")
        self.order = max(declared)
        for n, count in declared.items():
            assert count == sum(len(gram) == n for gram in self.log_p), n

    def log10(self, context, word):
        """`context` with its <s>, at most order - 1 words."""
        gram = (*context, word)
        if gram in self.log_p:
            return self.log_p[gram]
        if not context:
            return float("-inf")
        return self.back_off.get(tuple(context), 0.0) + self.log10(context[1:], word)
