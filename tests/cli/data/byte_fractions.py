"""byte_fractions.py [keys|valid_leak|contains FILE]: what tok bytes says in JSON, as the fractions that it
stands for.

A line of next: the text, semantics, P, P of the text with A, with B, with an end, and what
leaks.  Of score: the byte, its p, H to 9 places, rank, P so far; bytes, P, ids, P of the ids.  A
number that is further than 1e-12 from a fraction with a denominator of up to 10,000 is shown as
it is.  With "keys" the names of members in their order.  With "contains" whether the answer is
exact, and whether its bounds hold what the exact answer in FILE says.  With "valid_leak" that alone.
"""
import json
import math
import sys
from fractions import Fraction


def fraction(x):
    near = Fraction(x).limit_denominator(10000)
    return str(near) if abs(float(near) - x) < 1e-12 else repr(x)


def next_line(said):
    p = {d["b"]: d["p"] for d in said["dist"]}
    rest = sum(p.values()) + said["eos"]["p"] + said["special"] + said["leak"]
    assert abs(rest - 1) < 1e-12, rest
    joint = [said["P"] * x for x in (p.get(65, 0), p.get(66, 0), said["eos"]["p"], said["leak"])]
    return " ".join([said["prefix"] or "-", said["semantics"], fraction(said["P"])] +
                    [fraction(x) for x in joint])


def keys(said):
    if isinstance(said, list):
        return "[" + (keys(said[0]) if said else "") + "]"
    if not isinstance(said, dict):
        return ""
    return "{" + ",".join(k + keys(v) for k, v in said.items()) + "}"


def contains(said, truth):
    def within(low, x, high):
        return low - 1e-12 <= x <= high + 1e-12

    low, high = said["bounds"]["logP"]
    ok = within(low, truth["logP"], high)
    for mine, exact in zip(sorted(said["dist"], key=lambda d: d["b"]),
                           sorted(truth["dist"], key=lambda d: d["b"])):
        ok = ok and mine["b"] == exact["b"] and within(mine["low"], exact["p"], mine["high"])
    return ok and within(said["eos"]["low"], truth["eos"]["p"], said["eos"]["high"])


def words(said):
    if said["type"] == "next":
        return [next_line(said)]
    if said["type"] == "cover":
        return ["+".join(said["tokens"]), fraction(said["share"]), said["overshoot_hex"] or "-", said["valid"]]
    if said["type"] == "covers":
        return [said["listed"], "of", said["count"], fraction(said["share_listed"]), fraction(said["P"])]
    if said["type"] == "byte":
        return [said["i"], said["b"], fraction(math.exp(said["lp"])), f"{said['H']:.9f}", said["rank"],
                fraction(math.exp(said["cum"]))]
    if said["type"] == "summary":
        return [said["bytes"], fraction(math.exp(-said["nats"])), said["tokens"],
                fraction(math.exp(-said["canonical_nats"]))]
    return [said]


for line in sys.stdin:
    answer = json.loads(line)
    if sys.argv[1:] == ["keys"]:
        print(keys(answer))
    elif sys.argv[1:] == ["valid_leak"]:
        print("-" if answer["valid_leak"] is None else fraction(answer["valid_leak"]))
    elif sys.argv[1:2] == ["contains"]:
        print(answer["exact"], contains(answer, json.load(open(sys.argv[2], encoding="utf-8"))))
    else:
        print(*words(answer))
