"""bar.py - the rows of "The bar": what tok is held to, and against whom.

Each row says what is measured (`value` of a peer in a cell, smaller is better), in which
cells, against which peers, and how many times better than them tok has to be.
"""
import statistics

import vocabs


def seconds(entry, pick):
    """For each call its samples' values; the call with the best median, as the peer would be used."""
    calls = {}
    for sample in entry.get("samples", ()):
        value = pick(sample)
        if value is not None:
            calls.setdefault(sample["call"], []).append(value)
    usable = {c: v for c, v in calls.items() if c in entry.get("exact", calls)} or calls
    return min(usable.values(), key=statistics.median) if usable else []


PICK = {
    "cold": lambda s: s["passes"][0][0] if s["passes"] else None,
    "cold with load": lambda s: s["first"][0],
    "cold wall": lambda s: s["passes"][0][1] if s["passes"] else None,
    "warm": lambda s: s["passes"][1][0] if len(s["passes"]) > 1 else None,
    "start": lambda s: s["first"][0],
    "start wall": lambda s: s["first"][1],
    "decode": lambda s: s["decode"][0][0] if s["decode"] else None,
    "decode warm": lambda s: s["decode"][-1][0] if s["decode"] else None,
}


def exact(entry):
    return bool(entry.get("samples")) and bool(entry.get("exact", ["whole"]))


def values(cell, name, measure):
    return seconds(cell["peers"].get(name, {}), PICK[measure])


def best_peer(cell, measure, among=lambda name: True):
    """(name, median) of the quickest peer whose ids are right."""
    rows = [(name, values(cell, name, measure)) for name, entry in cell["peers"].items()
            if not name.startswith("tok (") and name != "tok" and exact(entry) and among(name)]
    rows = [(name, statistics.median(v)) for name, v in rows if v]
    return min(rows, key=lambda r: r[1]) if rows else None


def hugging_face(name):
    return name.startswith("tokenizers-")


def old_hugging_face(name):
    return name.startswith("tokenizers-0")


def new_hugging_face(name):
    return name.startswith("tokenizers-1")


def sentencepiece(name):
    return name.startswith("sentencepiece")


COLD = {"english": 2.0, "code": 1.5, "cjk": 2.0, "mixed": 1.9}


def verdict(ratio, factor):
    if ratio is None:
        return "not measured"
    return f"met ({ratio / factor:.2f} of the bar)" if ratio >= factor else f"**missed** ({ratio / factor:.2f} of the bar)"


def of_import(row):
    return [row[0].replace(", small, start", ", first import"), *row[1:]]


def compared(cell, measure, factor, among=lambda name: True, label="the best peer", tok="tok"):
    """One row: where, against whom, wanted, got, verdict."""
    ours, peer = values(cell, tok, measure), best_peer(cell, measure, among)
    if not ours or not exact(cell["peers"][tok]):
        return [f"{cell['vocab']}, {cell['text']}, {measure}", label, f"{factor:g}×", "-", "tok was not measured, or its ids are wrong"]
    if not peer:
        return [f"{cell['vocab']}, {cell['text']}, {measure}", label, f"{factor:g}×", "-", "no such peer with right ids"]
    ratio = peer[1] / statistics.median(ours)
    return [f"{cell['vocab']}, {cell['text']}, {measure}", peer[0], f"{factor:g}×", f"{ratio:.2f}×", verdict(ratio, factor)]


def encode_rows(cell):
    if cell["vocab"] in vocabs.RANKS:
        if cell["text"] in COLD:
            yield compared(cell, "cold", COLD[cell["text"]])
            yield compared(cell, "cold with load", COLD[cell["text"]], tok="tok (process)")
        yield compared(cell, "warm", 1.3)
    elif cell["vocab"] in vocabs.JSON:
        yield compared(cell, "cold", 100, old_hugging_face, "tokenizers 0.23")
        yield compared(cell, "cold", 100, new_hugging_face, "tokenizers 1 (release candidate)")
    else:
        for among, label in ((old_hugging_face, "tokenizers 0.23"), (new_hugging_face, "tokenizers 1"), (sentencepiece, "sentencepiece")):
            if best_peer(cell, "cold", among):
                yield compared(cell, "cold", 20, among, label)


def limit_row(what, label, value, limit, unit):
    if value is None:
        return [what, "-", f"≤ {limit:g} {unit}", "-", "not measured"]
    state = "met" if value <= limit else "**missed**"
    return [what, label, f"≤ {limit:g} {unit}", f"{value:.1f} {unit}", f"{state} ({value / limit:.2f} of the limit)"]


def start_rows(cell):
    limit = {"o200k": 5, "gemma3": 10}.get(cell["vocab"])
    wall = values(cell, "tok (process)", "start wall")
    if limit:
        yield limit_row(f"start to first id, {cell['vocab']}", "-", statistics.median(wall) * 1000 if wall else None, limit, "ms")


def threads_rows(cell):
    times = thread_times(cell["peers"].get("tok (process)", {}))
    if times.get(1) and times.get(2):
        ratio = times[1] / times[2]
        yield [f"two threads, {cell['vocab']}, {cell['text']}, wall", "one thread", "1.85×", f"{ratio:.2f}×", verdict(ratio, 1.85)]


def thread_times(entry):
    """Median wall seconds by number of threads, each with its best call."""
    times = {}
    for threads in (1, 2):
        rows = [s for s in entry.get("samples", ()) if s.get("threads") == threads]
        pick = PICK["cold wall"] if any(s["passes"] for s in rows) else PICK["start wall"]
        got = seconds({"samples": rows}, pick)
        if got:
            times[threads] = statistics.median(got)
    return times


def rows(cells):
    """All rows of the bar for these cells."""
    for cell in cells:
        phase = cell["phase"]
        if phase == "encode":
            yield from encode_rows(cell)
        elif phase == "start":
            yield from start_rows(cell)
        elif phase == "import":
            yield of_import(compared(cell, "start", 3, old_hugging_face, "tokenizers 0.23", tok="tok (process)"))
            yield of_import(compared(cell, "start", 3, new_hugging_face, "tokenizers 1", tok="tok (process)"))
        elif phase == "hostile":
            yield compared(cell, "cold", 1.0)
        elif phase == "threads":
            yield from threads_rows(cell)
        elif phase == "pipe":
            for sample in cell["peers"]["tok (process)"]["samples"]:
                threads = sample.get("threads", 1)
                yield limit_row(f"memory, {cell['bytes'] / 1e9:.1f} GB through a pipe", f"{threads} thread{'s'[:threads > 1]}",
                                sample["peak_kb"] / 1024, 64 + 16 * threads, "MB")
        elif phase == "decode":
            yield compared(cell, "decode", 1.5)
