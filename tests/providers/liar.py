#!/usr/bin/env python3
"""A provider of next-token rows that keeps its word, or breaks it in one named way.

    liar.py frames|json MODE

It is written from tok-lm(5) alone.  Five ids; after a context of n ids that ends in id c
(c = 0 if it is empty) id i has a probability in proportion to 1 + (7 i + 3 c + n) mod 5.
Ids add the byte of their number to a text; the last ends it.  unit.provider computes the same,
and says what tok must make of each lie.
"""
import json
import math
import os
import signal
import struct
import sys
import time

form, mode = sys.argv[1:3]
size = 20000 if mode == "large" else 5
top = 2 if mode.startswith("top") else 0
batch = 1 if mode == "single" else 64
number = "d" if mode in ("f64", "top-f64") else "f"
out = sys.stdout.buffer


def row(context):
    last = context[-1] if context else 0
    weights = [1 + (7 * i + 3 * last + len(context)) % 5 for i in range(size)]
    total = sum(weights)
    return [math.log(w / total) for w in weights]


def bend(lps):
    """The row as this mode tells it."""
    if mode == "nan":
        lps[3] = math.nan
    elif mode == "infinite":
        lps[3] = math.inf
    elif mode == "positive":
        lps[3] = 0.5
    elif mode == "sum":
        lps = [lp + math.log(0.9) for lp in lps]
    elif mode == "logarithm-2":
        lps = [lp / math.log(2) for lp in lps]
    elif mode == "short":
        lps = lps[:-1]
    elif mode == "long":
        lps = lps + [-50.0]
    elif mode == "never":
        lps = [0.0] + [-math.inf] * (size - 1)
    return lps


def best(lps):
    """The best few and the rest."""
    order = sorted(range(size), key=lambda i: -lps[i])
    pairs = [(i, lps[i]) for i in order[:top]]
    if mode == "top-twice":
        pairs[1] = pairs[0]
    elif mode == "top-id":
        pairs[1] = (size, pairs[1][1])
    elif mode == "top-many":
        pairs = [(i, lps[i]) for i in order[: top + 1]]
    rest = math.log(sum(math.exp(lps[i]) for i in order[len(pairs) :]))
    return pairs, math.nan if mode == "top-nan" else rest


def texts():
    """What ids are, as this mode tells it."""
    told = [bytes([i]) for i in range(size - 1)] + [b""]
    if mode == "tokens-other":
        told[1], told[3] = b"x\n", b""
    elif mode == "tokens-short":
        told.pop()
    elif mode == "tokens-long":
        told.append(b"y")
    elif mode == "tokens-hang":
        time.sleep(100)
    return told


def hello():
    said = {"tokp": 1, "name": "liar", "vocab_size": size, "start": [0], "eos": [4],
            "max_ctx": 0 if mode == "large" else 100, "topk": top, "batch": batch,
            "deterministic": True, "form": form, "tokens": mode.startswith("tokens"),
            "rows": "f64" if number == "d" else "f32", "unknown": [{}]}
    if mode == "hello-version":
        said["tokp"] = 2
    elif mode == "hello-none":
        del said["tokp"]
    elif mode == "hello-size":
        said["vocab_size"] = 1 << 40
    elif mode == "hello-eos":
        said["eos"] = [5]
    elif mode == "hello-long":
        said["name"] = "x" * (2 << 20)
    elif mode == "hello-form":
        said["form"] = "xml"
    elif mode == "hello-tokens":
        said["tokens"] = 1
    line = json.dumps(said)
    if mode == "hello-cut":
        line = line[:-1]
    elif mode == "hello-twice":
        line = '{"tokp":1,' + line[1:]
    elif mode == "hello-usage":
        line = "usage: liar.py"
    return line.encode() + b"\n"


def write(data, pace=mode):
    """At once, or in pieces, or so slowly that it is late."""
    step, pause = {"slow": (16, 0.001), "drip": (1, 0.05)}.get(pace, (len(data), 0))
    for at in range(0, len(data), step):
        out.write(data[at:at + step])
        out.flush()
        time.sleep(pause)


def misbehave():
    """What happens in place of an answer."""
    if mode == "die":
        sys.exit(7)
    elif mode == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif mode == "hang":
        time.sleep(100)


def read(count):
    data = sys.stdin.buffer.read(count)
    if not data:
        sys.exit(0)
    return data


def full(lps):
    if mode == "logits":
        return struct.pack("<B%d%s" % (len(lps), number), 0, *(lp + 30 for lp in lps))
    return struct.pack("<B%d%s" % (len(lps), number), 7 if mode == "kind" else 1, *lps)


def packed(context):
    lps = bend(row(context))
    if not top:
        return full(lps)
    pairs, rest = best(lps)
    data = struct.pack("<BI", 2, len(pairs))
    data += b"".join(struct.pack("<I" + number, i, lp) for i, lp in pairs)
    return data + struct.pack("<" + number, rest)


def serve_tokens(request):
    answer = b"".join(struct.pack("<I", len(text)) + text for text in texts())
    op, status = 1 if mode == "tokens-mistaken" else 2, 0
    if mode == "tokens-refuse":
        answer, status = b"not today", 1
    write(struct.pack("<IBBHI", len(answer), op, status, 0, request) + answer)


def serve_frames():
    asked = 0
    while True:
        length, op, status, zero, request = struct.unpack("<IBBHI", read(12))
        if op == 2 and mode.startswith("tokens") and (asked, length, status, zero) == (0, 0, 0, 0):
            serve_tokens(request)
            continue
        assert (op, status, zero) == (1, 0, 0)
        payload, at, contexts = read(length), 4, []
        for _ in range(struct.unpack_from("<I", payload)[0]):
            n = struct.unpack_from("<I", payload, at)[0]
            contexts.append(struct.unpack_from("<%dI" % n, payload, at + 4))
            at += 4 + 4 * n
        assert at == length
        misbehave()
        answer, status, asked = b"".join(map(packed, contexts)), 0, asked + 1
        if mode == "refuse" and asked == 1:
            answer, status = "no \u00fc today".encode(), 3
        elif mode == "mistaken":
            request += 1
        elif mode == "more":
            answer += b"!"
        elif mode == "operation":
            op = 9
        elif mode == "reserved":
            zero = 1
        told = 1 << 31 if mode == "endless" else len(answer)
        frame = struct.pack("<IBBHI", told, op, status, zero, request) + answer
        if mode.startswith("cut"):
            out.write(frame[:-3])
            out.flush()
            time.sleep(100 if mode == "cut-hang" else 0)
            sys.exit(0)
        write(frame)


def number_of(lp):
    return None if lp == -math.inf else lp


def tokens_line(question):
    answer = {"id": question["id"], "tokens": [text.hex() for text in texts()]}
    if mode == "tokens-mistaken":
        answer["id"] += 1
    elif mode == "tokens-refuse":
        answer = {"id": question["id"], "error": "not today"}
    elif mode == "tokens-hex":
        answer["tokens"][2] = "0g"
    elif mode == "tokens-odd":
        answer["tokens"][2] = "021"
    elif mode == "tokens-none":
        del answer["tokens"]
    write(json.dumps(answer).encode() + b"\n")


def serve_lines():
    asked, held = 0, []
    for line in sys.stdin:
        question = json.loads(line)
        if mode.startswith("tokens") and question.get("tokens") is True and not asked:
            tokens_line(question)
            continue
        misbehave()
        answer, asked = {"id": question["id"]}, asked + 1
        lps = bend(row(question["ctx"]))
        if mode == "refuse" and asked == 1:
            answer["error"] = "no \u00fc today"
        elif top:
            pairs, answer["rest"] = best(lps)
            answer["topk"] = [[i, number_of(lp)] for i, lp in pairs]
        else:
            answer["lp"] = [number_of(lp) for lp in lps]
        if mode == "mistaken":
            answer["id"] += 64
        elif mode == "kind":
            answer["lp"] = {}
        elif mode == "text":
            answer["lp"][2] = "x"
        text = json.dumps(answer).encode() + b"\n"
        if mode == "reversed":  # three at a time, the last first
            held.insert(0, text)
            if len(held) < 3:
                continue
            text, held = b"".join(held), []
        if mode.startswith("cut"):
            out.write(text[:-3])
            out.flush()
            time.sleep(100 if mode == "cut-hang" else 0)
            sys.exit(0)
        if mode == "endless":
            text = b"[" * (1 << 20)
        write(text)


if mode == "silent":
    time.sleep(100)
if mode == "hello-die":
    sys.exit(3)
write(hello(), "" if mode == "drip" else mode)
if mode == "leave":
    sys.exit(0)
if mode == "deaf":  # neither reads nor goes, not even when asked to
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(100)
serve_frames() if form == "frames" else serve_lines()
