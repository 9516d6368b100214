#!/usr/bin/env python3
"""The example of tok-lm(5) is a provider: check_page.py build/tests/test_provider MAN."""
import math
import pathlib
import subprocess
import sys
import tempfile

program, man = sys.argv[1:]
page = pathlib.Path(man, "tok-lm.5").read_text(encoding="utf-8")
example = page.split(".SH EXAMPLE")[1].split(".EX\n")[1].split(".EE")[0].replace("\\-", "-")
with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
    file.write(example)
    file.flush()
    done = subprocess.run([program, "--rows", f"exec:python3 {file.name}", "10000"], input="1 2\n\n", text=True,
                          capture_output=True, timeout=60)
head, *rows = done.stdout.splitlines() or [""]
good = head == "a model without a name 257 0 start eos 256" and len(rows) == 2 and all(
    len(row.split()) == 257 and all(abs(float(lp) + math.log(257)) < 1e-14 for lp in row.split()) for row in rows)
print("the example is a provider" if good else f"the example is none: {done.stdout[:200]} {done.stderr}")
sys.exit(not good)
