"""uniform_model.py N: a model of N ids, of which the last is an end, that knows nothing."""
import json
import math
import sys

size = int(sys.argv[1])
print(json.dumps({"tokp": 1, "vocab_size": size, "eos": [size - 1], "markov_order": 1, "deterministic": True,
                  "form": "json"}), flush=True)
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "lp": [-math.log(size)] * size}), flush=True)
