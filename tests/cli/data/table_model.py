"""table_model.py FILE: a model in tokp/1's lines of JSON, of rows in a file.

The file: {"eos": [ids], "start": [ids], "rows": {"": [numbers], "0": [numbers], ...}}: what comes
first, what comes behind id 0, ..., the first where that is not told; numbers are whole, and in
proportion to probabilities.  With "tell": true it does not say that rows depend on the last id only,
and contexts go to standard error.
"""
import json
import math
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        model = json.load(file)
    size, tell = len(model["rows"][""]), model.get("tell")
    print(json.dumps({"tokp": 1, "vocab_size": size, "eos": model["eos"], "markov_order": 0 if tell else 2,
                      "start": model["start"], "deterministic": True, "form": "json"}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        if tell:
            print(*question["ctx"], file=sys.stderr)
        last = str(question["ctx"][-1]) if question["ctx"] else ""
        row = model["rows"].get(last, model["rows"][""])
        whole = math.log(sum(row))
        print(json.dumps({"id": question["id"],
                          "lp": [math.log(n) - whole if n else None for n in row]}), flush=True)


main()
