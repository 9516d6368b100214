"""log_model.py LP...: a model that says the same behind any context: natural logarithms of ids A, B,
the end, and some that are no text; "none" is impossible.  The end stands before every text; contexts
have four ids at most."""
import json
import sys

row = [None if lp == "none" else float(lp) for lp in sys.argv[1:]]
print(json.dumps({"tokp": 1, "vocab_size": len(row), "eos": [2], "start": [2], "max_ctx": 4,
                  "deterministic": True, "form": "json"}), flush=True)
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "lp": row}), flush=True)
