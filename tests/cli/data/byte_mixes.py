"""byte_mixes.py: what tok bytes heal, ensemble and compare say in JSON, shortly.

Heal: method, tokens taken back, P(A) and P(end) as fractions, divergence, what follows.  Ensemble:
weights and probabilities as fractions.  A number further than 1e-12 from a fraction with a
denominator of up to 10,000 is shown to 6 digits.
"""
import json
import math
import sys
from fractions import Fraction


def short(x):
    if x is None:
        return "null"
    near = Fraction(x).limit_denominator(10000)
    return str(near) if abs(float(near) - x) < 1e-12 else f"{x:.6g}"


def words(said):
    p = {d["b"]: d["p"] for d in said.get("dist", [])}
    if said["type"] == "heal":
        return [said["method"], said["semantics"] or "-", said["back"], short(p[65]),
                short(said["eos"]["p"]), short(said["jsd_bits"]),
                said["continuation"] + ("." if said["ended"] else "")]
    weights = [short(w) for w in said.get("weights", [])]
    if said["type"] == "next":
        return [said["mix"], *weights, *(short(p.get(b, 0)) for b in (65, 66)), short(said["eos"]["p"])]
    if said["type"] == "byte" and "best" not in said:
        return [said["i"], said["b"], short(math.exp(said["lp"])), *weights]
    if said["type"] == "summary" and "mix" in said:
        return [said["mix"], said["bytes"], short(math.exp(-said["nats"])), short(said["eos"]["p"]),
                *weights]
    if said["type"] == "sample":
        return [said["i"], said["text"], said["ended"]]
    if said["type"] == "summary" and "samples" in said:
        return [said["samples"], said["bytes"], said["lm_rows"]]
    if said["type"] == "summary" and "models" in said:
        return [said["bytes"], said["differ"], short(said["jsd_bits"]),
                *(short(m["bpb"]) for m in said["models"])]
    if "best" in said:
        return [said["type"], said["i"], said["b"], short(said["jsd_bits"]), *said["best"]]
    raise ValueError(said)


for line in sys.stdin:
    print(*words(json.loads(line)))
