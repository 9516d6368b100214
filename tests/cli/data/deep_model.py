"""deep_model.py FILE: a model in tokp/1's lines of JSON whose rows depend on all of the context, and
which takes contexts of a few ids only: it ends where it gets a longer one, or one without its start.

The file: {"size": ids, "eos": [ids], "start": [ids], "max_ctx": ids, "seed": n}.  `weights` says what
a row is; who imports this file may ask it, too.
"""
import json
import math
import sys
import zlib


def weights(model, context):
    key = f"{model['seed']} {' '.join(map(str, context))} "
    return [1 + zlib.crc32((key + str(i)).encode()) % 97 for i in range(model["size"])]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        model = json.load(file)
    start, most = model["start"], model["max_ctx"]
    print(json.dumps({"tokp": 1, "vocab_size": model["size"], "eos": model["eos"], "start": start,
                      "max_ctx": most, "deterministic": True, "form": "json"}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        context = question["ctx"]
        if len(context) > most or context[:len(start)] != start:
            sys.exit(f"a context of {context}")
        row = weights(model, context)
        print(json.dumps({"id": question["id"], "lp": [math.log(n / sum(row)) for n in row]}), flush=True)


if __name__ == "__main__":
    main()
