"""ab_model.py [HOW [N]]: a model over the tokens A, B, AA and an end, in tokp/1's lines of JSON.

Rows are those of the second worked example: they depend on the last token only, and give some to
rows that the tokenizer never makes.  HOW: "plain"; "whole", which does not say of how little they
depend; "wide", which has a fifth id that is no token; "top", which tells the best two; "fickle",
whose rows are never twice alike; and what goes wrong behind N rows: "die", "hang", "nan", "short",
"refuse".
"""
import json
import math
import sys
import time

ROWS = {None: [.3, .3, .3, .1], 0: [.1, .5, .1, .3], 1: [.2, .2, .4, .2], 2: [.2, .3, .3, .2]}
how = sys.argv[1] if len(sys.argv) > 1 else "plain"
after = int(sys.argv[2]) if len(sys.argv) > 2 else 0


def log(p):
    return math.log(p) if p else None


def answer(number, context, told):
    row = ROWS[context[-1] if context else None]
    if how == "wide":
        row = [p * .75 for p in row] + [.25]
    if how == "fickle":
        row = [p * (1 + .01 * (told % 7)) for p in row[:1]] + row[1:]
        row = [p / sum(row) for p in row]
    if how == "top":
        best = sorted(range(4), key=lambda i: -row[i])[:2]
        return {"id": number, "topk": [[i, log(row[i])] for i in best],
                "rest": log(1 - sum(row[i] for i in best))}
    if told >= after and how == "refuse":
        return {"id": number, "error": "it is late"}
    if told >= after and how in ("nan", "short"):
        return {"id": number, "lp": [float("nan")] * 4 if how == "nan" else [0]}
    return {"id": number, "lp": [log(p) for p in row]}


def main():
    print(json.dumps({"tokp": 1, "name": "ab", "vocab_size": 4 + (how == "wide"), "eos": [3],
                      "markov_order": 0 if how == "whole" else 2, "topk": 2 * (how == "top"),
                      "deterministic": True, "form": "json"}), flush=True)
    for told, line in enumerate(sys.stdin):
        question = json.loads(line)
        if told >= after and how == "die":
            sys.exit(3)
        if told >= after and how == "hang":
            time.sleep(60)
        print(json.dumps(answer(question["id"], question["ctx"], told)), flush=True)


main()
