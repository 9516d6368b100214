"""no_bb.py [HOW [N]]: a constraint for tok bytes sample: no two B in a row, and the end is behind an A.

HOW: "plain"; "never", to which no text is right; and what goes wrong behind N questions: "die",
"hang", "maybe", "twice", "long".
"""
import sys
import time

how = sys.argv[1] if len(sys.argv) > 1 else "plain"
after = int(sys.argv[2]) if len(sys.argv) > 2 else 0

for asked, line in enumerate(sys.stdin):
    question = line.rstrip("\n")
    text = bytes.fromhex(question.rstrip("."))
    right = b"BB" not in text and (not question.endswith(".") or text.endswith(b"A"))
    answer = "01"[right and how != "never"]
    if asked >= after and how == "die":
        sys.exit(3)
    if asked >= after and how == "hang":
        time.sleep(60)
    if asked >= after and how == "maybe":
        answer = "yes"
    if asked >= after and how == "twice":
        answer *= 2
    if asked >= after and how == "long":
        answer = "1" * 1000
    print(answer, flush=True)
