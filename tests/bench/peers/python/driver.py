#!/usr/bin/env python3
"""Runs one Python peer once: load, passes over one text, ids; prints one line of JSON.

    driver.py FOLDER --name cl100k --kind tiktoken --path FILE --text FILE --call whole

FOLDER/peer.py has load(vocab), whole(tokenizer, text, threads), documents(tokenizer, rows,
threads) and, if it can, decode(tokenizer, ids); INPUT = bytes where it wants bytes.  What
the calls give back (a list, rows, numpy, objects with .ids) is laid out as ids after the
clock has stopped.  Options and answer: see README.md one folder up.
"""
import time  # first: what follows is part of the load

START = time.monotonic()

import argparse  # noqa: E402
import array  # noqa: E402
import gc  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import pathlib  # noqa: E402
import sys  # noqa: E402


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    for name in ("name", "kind", "path", "pattern", "text", "cuts", "ids"):
        parser.add_argument("--" + name)
    parser.add_argument("--call", choices=("whole", "documents"), default="whole")
    for name, otherwise in (("passes", 1), ("decode", 0), ("threads", 1)):
        parser.add_argument("--" + name, type=int, default=otherwise)
    parser.add_argument("--start", type=float, default=START)
    return parser.parse_args()


def timed(call):
    cpu, wall = time.process_time(), time.monotonic()
    result = call()
    return result, [time.process_time() - cpu, time.monotonic() - wall]


def raw(result):
    """The bytes of the ids, four each, whatever the peer's form."""
    if isinstance(result, bytes):
        return result
    if hasattr(result, "dtype") and hasattr(result, "tobytes"):
        return result.astype("<u4").tobytes()
    if type(result).__module__.startswith("awkward"):
        import awkward
        return raw(awkward.to_numpy(awkward.flatten(result, axis=None)))
    if hasattr(result, "ids"):
        return raw(result.ids)
    if result and not isinstance(result[0], int):
        return b"".join(map(raw, result))
    return array.array("I", result).tobytes()


def rows_of(data, cuts, kind):
    ends = array.array("Q", pathlib.Path(cuts).read_bytes())
    starts = [0, *ends[:-1]]
    return [data[a:b] if kind is bytes else data[a:b].decode() for a, b in zip(starts, ends)]


def main():
    o = options()
    spec = importlib.util.spec_from_file_location("peer", o.folder / "peer.py")
    peer = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(peer)
        tokenizer = peer.load(o)
    except Exception as error:  # any reason why this peer cannot have this vocabulary is an answer
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    load = [time.process_time(), time.monotonic() - o.start]

    kind = getattr(peer, "INPUT", str)
    data = pathlib.Path(o.text).read_bytes()
    given = rows_of(data, o.cuts, kind) if o.call == "documents" else data if kind is bytes else data.decode()
    call = peer.documents if o.call == "documents" else peer.whole
    gc.disable()
    answer, result = {"load": load, "passes": []}, None
    for i in range(o.passes):
        result = None
        result, took = timed(lambda: call(tokenizer, given, o.threads))
        answer["passes"].append(took)
        if i == 0:
            answer["first"] = [time.process_time(), time.monotonic() - o.start]
    answer["decode"], answer["same"] = [], True
    for _ in range(o.decode):
        text, took = timed(lambda: peer.decode(tokenizer, result))
        answer["decode"].append(took)
        answer["same"] &= (text if isinstance(text, bytes) else text.encode()) == data
    ids = raw(result)
    if o.ids:
        pathlib.Path(o.ids).write_bytes(ids)
    answer["count"] = len(ids) // 4
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
