#!/usr/bin/env python3
"""A tokenizer.json with its vocabulary in the byte-level alphabet, by the nine steps that
vocab/convert/byte_level.h lists, with Hugging Face tokenizers and lists of strings only.

    byte_level_convert.py TOKENIZER.json|SENTENCEPIECE.model > OUT.json

It is made of the description, as the C is, and shares no line with it: merges are strings
here, ids are places in a list.
"""
import json
import sys

from tokenizers import Tokenizer

WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
SHOWN = [*range(33, 127), *range(161, 173), *range(174, 256)]
HIDDEN = [b for b in range(256) if b not in SHOWN]
LETTER = {**{b: chr(b) for b in SHOWN}, **{b: chr(256 + i) for i, b in enumerate(HIDDEN)}}
WHITE = [LETTER[b] for b in b"\t\n "]
RUNS = [a + b * n for a in WHITE for b in WHITE for n in range(1, 16)]
LONGEST = 4096


def raised(text):
    return "".join(LETTER[b] for b in text.encode())


def spaces(form):
    return sum(form.count(c) for c in WHITE)


def steps(part, list_name):
    return [] if part is None else part[list_name] if part["type"] == "Sequence" else [part]


# ---- what a tokenizer is here -------------------------------------------------------------

class Source:
    """Texts by id, which of them are special, and the parts of a tokenizer.json."""

    def __init__(self, root):
        model = root["model"]
        listed = model["vocab"]
        self.kind = model.get("type") or ("BPE" if "merges" in model else "WordPiece")
        pairs = [(text, id_) for text, id_ in listed.items()] if isinstance(listed, dict) else [(p[0], i) for i, p in enumerate(listed)]
        self.scores = {p[0]: p[1] for p in listed} if not isinstance(listed, dict) else {}
        self.entries = {id_: text for text, id_ in pairs}
        self.added = root["added_tokens"]
        self.texts = {**self.entries, **{t["id"]: t["content"] for t in self.added}}
        if isinstance(model.get("unk_id"), int):
            self.unknown = self.entries[model["unk_id"]]
        else:
            self.unknown = model.get("unk_token") if model.get("unk_token") in self.texts.values() else None
        self.special = {t["content"]: t for t in self.added if t["special"]}
        self.named = set(self.special) | ({self.unknown} if self.unknown else set())
        self.merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in model.get("merges", [])]
        self.root, self.model = root, model
        self.bytes = bool(model.get("byte_fallback"))
        pre = steps(root["pre_tokenizer"], "pretokenizers") + steps(root["normalizer"], "normalizers")
        self.plain = any(step["type"] == "ByteLevel" for step in pre)
        self.prefix = model["continuing_subword_prefix"] if self.kind == "WordPiece" else ""
        self.space = None if self.plain else space_of(root)


def space_of(root):
    """What the pipeline puts where a word begins."""
    tokenizer = Tokenizer.from_str(json.dumps({**root, "added_tokens": [], "post_processor": None,
                                               "model": {"type": "BPE", "vocab": {}, "merges": []}}))
    text = tokenizer.normalizer.normalize_str(" test") if tokenizer.normalizer else " test"
    pieces = tokenizer.pre_tokenizer.pre_tokenize_str(text) if tokenizer.pre_tokenizer else [(text, None)]
    first = pieces[0][0][:1] if pieces else ""
    return first if first and first != " " and not (first.isascii() and first.isalpha()) else None


def of_sentencepiece(path):
    """The same of a SentencePiece model, with merges as Hugging Face makes them of scores."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as definition
    proto = definition.ModelProto()
    proto.ParseFromString(path.read_bytes())
    control = (2, 3)  # unknown, control
    texts = [p.piece for p in proto.pieces]
    added = [{"id": i, "content": p.piece, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
             for i, p in enumerate(proto.pieces) if p.type in control]
    space = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    root = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "pre_tokenizer": None, "decoder": None,
            "post_processor": None, "normalizer": space}
    fallback = any(p.type == 6 for p in proto.pieces)
    if proto.trainer_spec.model_type == 1:
        unknown = next((i for i, p in enumerate(proto.pieces) if p.type == 2), None)
        root["model"] = {"type": "Unigram", "unk_id": unknown, "byte_fallback": fallback, "vocab": [[p.piece, p.score] for p in proto.pieces]}
        return root
    ids = {p.piece: i for i, p in enumerate(proto.pieces) if p.type not in (2, 3, 6)}
    found = []
    for text, i in ids.items():
        for k in range(1, len(text)):
            if text[:k] in ids and text[k:] in ids:
                found.append((-proto.pieces[i].score, i, ids[text[:k]], text[:k], text[k:]))
    root["model"] = {"type": "BPE", "unk_token": next((t for t, p in zip(texts, proto.pieces) if p.type == 2), None), "fuse_unk": True,
                     "ignore_merges": False, "byte_fallback": fallback, "vocab": {t: i for i, t in enumerate(texts)},
                     "merges": [f[3:] for f in sorted(found)]}
    return root


# ---- steps 1 to 6: the list of forms --------------------------------------------------------

def form_of(source, text, is_entry):
    if text in source.named or (source.plain and is_entry):
        return text
    if source.plain:
        return raised(text)
    if source.prefix:
        text = text[len(source.prefix):] if text.startswith(source.prefix) and len(text) > len(source.prefix) else " " + text
    return raised(text.replace(source.space, " ") if source.space else text)


class Forms:
    def __init__(self, source, whitespace):
        self.old = dict(sorted(source.texts.items()))
        names = {"<0x%02X>" % b: b for b in range(255)} if source.bytes and not source.plain else {}
        self.to_make, self.map, self.scores, self.duplicates, self.renamed = [], {}, {}, 0, 0
        taken, by_id = set(), {}
        for special in (True, False):
            for id_, text in self.old.items():
                if (text in source.named) != special:
                    continue
                name = text in names
                form = text if name else form_of(source, text, source.entries.get(id_) == text)
                fresh = not special and not source.plain and not name
                if form in taken:
                    form, fresh = f"<unused_duplicate__{id_}>", False
                    self.duplicates += 1
                taken.add(form)
                by_id[id_] = form
                self.map[text] = form
                if fresh:
                    self.to_make.append(form)
                self.scores[form] = source.scores.get(text, 0.0)
        for id_, text in self.old.items():
            if text in names and LETTER[names[text]] not in taken and by_id[id_] == text:
                taken.remove(text)
                taken.add(LETTER[names[text]])
                self.scores[LETTER[names[text]]] = self.scores.pop(text)
                by_id[id_] = self.map[text] = LETTER[names[text]]
        self.appended = [LETTER[b] for b in range(256) if LETTER[b] not in taken]
        self.scores.update({form: -100000.0 for form in self.appended})
        if whitespace:
            self.make_consistent(source, by_id)
        self.by_id = by_id

    def make_consistent(self, source, by_id):
        runs, apart = set(RUNS), set()
        for id_, form in by_id.items():
            if self.old[id_] in source.named:
                continue
            if form in runs:
                self.scores[form] = 0.0
                apart.add(form)
            elif spaces(form) > 1 or not form:
                name = f"<unused_whitespace__{id_}>"
                apart.add(form)
                self.map[self.old[id_]] = by_id[id_] = name
                self.scores[name] = 0.0
                self.renamed += 1
        self.to_make = [form for form in self.to_make if form not in apart]
        there = set(by_id.values())
        new = [run for run in RUNS if run not in there]
        self.scores.update({run: 0.0 for run in new})
        self.appended += new


def numbered(source, forms, like):
    """Form to id, after the special tokens of another tokenizer have taken their places."""
    top = max(forms.by_id, default=-1) + 1
    if like is None:
        return {**{form: id_ for id_, form in forms.by_id.items()}, **{form: top + i for i, form in enumerate(forms.appended)}}
    theirs = sorted(like.special.values(), key=lambda token: token["id"])
    away = {forms.map[text] for text in source.named if forms.map[text] not in LETTER.values()} | {token["content"] for token in theirs}
    row = [form for form in [*forms.by_id.values(), *forms.appended] if form not in away]
    for token in theirs:
        row.insert(token["id"], token["content"])
    return {form: i for i, form in enumerate(row)}


# ---- step 8: merges -------------------------------------------------------------------------------

def tree(form):
    """(round, place, left, right) of neighbours joined two by two."""
    row, level = list(form), 0
    while len(row) > 1:
        for i in range(0, len(row) - 1, 2):
            yield level, i // 2, row[i], row[i + 1]
        row = ["".join(row[i:i + 2]) for i in range(0, len(row), 2)]
        level += 1


def leaves(forms, made_by):
    seen, rest = set(), list(forms)
    while rest:
        form = rest.pop()
        if form in seen:
            continue
        seen.add(form)
        if form in made_by:
            rest += made_by[form]
        elif len(form) <= LONGEST:
            yield form


def merges_of(source, forms, ids, whitespace):
    old = []
    for left, right in source.merges:
        a, b, whole = forms.map[left], forms.map[right], forms.map.get(left + right)
        if whole == a + b and a and b and {a, b, whole} <= ids.keys() and not (whitespace and spaces(whole) > 1):
            old.append((a, b))
    made_by = {}
    for a, b in old:
        made_by.setdefault(a + b, (a, b))
    front, back = [], []
    for form in leaves([f for f in forms.to_make if f in ids], made_by):
        (back if spaces(form) > 1 else front).extend((level, place, -len(a + b), a + b, a, b) for level, place, a, b in tree(form))
    if whitespace:
        for run in RUNS:
            if len(set(run)) == 1:
                back += [(level, place, -len(a + b), a + b, a, b) for level, place, a, b in tree(run)]
            else:
                back.append((1 << 32, 0, -len(run), run, run[0], run[1:]))
    known = set(old)
    out = {}
    for name, rows in (("front", front), ("back", back)):
        rows.sort(key=lambda r: (*r[:3], r[3].encode(), len(r[4].encode())))
        out[name] = []
        for *_, a, b in rows:
            if (a, b) not in known:
                known.add((a, b))
                out[name].append((a, b))
    return [*out["front"], *old, *out["back"]], len(source.merges) - len(old)


# ---- the whole file -------------------------------------------------------------------------------

def template(source, ids):
    """Template steps with ids found anew."""
    part = json.loads(json.dumps(source.root["post_processor"]))
    for step in steps(part, "processors"):
        for token in step.get("special_tokens", {}).values():
            token["ids"] = [ids[name] for name in token["tokens"]]
    return part


def model_of(source, forms, ids, whitespace, unknown):
    dropped = 0
    vocabulary = dict(sorted(ids.items(), key=lambda pair: pair[1]))
    if source.kind == "Unigram":
        model = {"type": "Unigram", "unk_id": ids.get(unknown), "byte_fallback": False,
                 "vocab": [[form, float(forms.scores.get(form, 0.0))] for form in vocabulary]}
    elif source.kind == "WordPiece":
        most = source.model["max_input_chars_per_word"]
        model = {"type": "WordPiece", "unk_token": unknown, "continuing_subword_prefix": "",
                 "max_input_chars_per_word": most if source.plain else 4 * most + 1, "vocab": vocabulary}
    else:
        merges, dropped = merges_of(source, forms, ids, whitespace)
        extra = sorted({a + b for a, b in merges} - ids.keys(), key=lambda form: form.encode())
        top = max(ids.values(), default=-1) + 1
        vocabulary.update({form: top + i for i, form in enumerate(extra)})
        ids.update(vocabulary)
        model = {"type": "BPE", "dropout": None, "unk_token": unknown, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                 "fuse_unk": source.model.get("fuse_unk", False), "byte_fallback": False,
                 "ignore_merges": source.model.get("ignore_merges", False), "vocab": vocabulary, "merges": [list(m) for m in merges]}
    return model, dropped


def convert(root, like=None, whitespace=False):
    """The tokenizer.json and what was done, both as objects."""
    source, like = Source(root), Source(like) if like else None
    forms = Forms(source, whitespace)
    ids = numbered(source, forms, like)
    before = len(ids)
    specials = like or source
    unknown = specials.unknown if specials.unknown in ids else None
    model, dropped = model_of(source, forms, ids, whitespace, unknown)
    added = [{**token, "id": ids[name]} for name, token in specials.special.items()]
    out = {"version": "1.0", "truncation": specials.root["truncation"], "padding": specials.root["padding"],
           "added_tokens": sorted(added, key=lambda token: token["id"]), "normalizer": {"type": "Prepend", "prepend": " "},
           "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
               {"type": "Split", "pattern": {"Regex": WORDS}, "behavior": "Removed", "invert": True}, BYTE_LEVEL]},
           "post_processor": template(specials, ids), "decoder": {**BYTE_LEVEL, "add_prefix_space": True, "use_regex": True}, "model": model}
    count = len(model["vocab"])
    return out, {"was_byte_level": source.plain, "tokens_before": len(forms.old), "tokens": count, "tokens_made": count - before,
                 "bytes_added": sum(len(form) == 1 for form in forms.appended), "runs_added": sum(len(form) > 1 for form in forms.appended),
                 "renamed": forms.renamed, "duplicates": forms.duplicates, "merges_dropped": dropped}


def main():
    import pathlib
    path = pathlib.Path(sys.argv[1])
    root = of_sentencepiece(path) if path.suffix == ".model" else json.loads(path.read_text())
    json.dump(convert(root)[0], sys.stdout, ensure_ascii=False, indent=2)


if __name__ == "__main__":
    main()
