#!/usr/bin/env python3
"""check_device.py TOK: tok embed predict on an OpenCL device.

Rows are those of the processor to rounding; devices are listed and named; what is not there or does
not fit ends the run, or with --device-fallback goes on without.  PoCL makes a device of any
processor.  Without one this is skipped; with CI=true it fails."""
import json
import os
import pathlib
import subprocess
import sys

TOK = os.path.abspath(sys.argv[1])
DATA = pathlib.Path(__file__).resolve().parent / "data" / "embed"
TOKENS = "a\nab\nabc\n b\n\u00e9\n"
failed = 0


def tok(*arguments, **environment):
    return subprocess.run([TOK, "embed", "predict", *map(str, arguments)], input=TOKENS, capture_output=True, text=True,
                          env=dict(os.environ, **environment), timeout=120, check=False)


def predict(*arguments, **environment):
    return tok(DATA / "model", "--hypernet", DATA / "net", "--tokens", "text", *arguments, **environment)


def check(what, right, done):
    global failed
    if not right:
        failed += 1
        print(f"{what}: exit {done.returncode}\n{done.stdout}{done.stderr}")


def far_off(text, wanted):
    """The largest difference of two runs' numbers, in parts of the largest; 1 if they are of other tokens."""
    rows, others = ([json.loads(line) for line in run.splitlines()] for run in (text, wanted))
    if len(rows) != len(others) or not rows or [r["token"] for r in rows] != [r["token"] for r in others]:
        return 1
    pairs = [(a, b) for r, o in zip(rows, others) for side in ("in", "out") for a, b in zip(r[side], o[side])]
    return max(abs(a - b) for a, b in pairs) / max(abs(b) for _, b in pairs)


def main():
    listed = tok("--device", "list")
    lines = [line.split("\t") for line in listed.stdout.splitlines()]
    if not lines:
        print("SKIPPED: no OpenCL device:", listed.stderr.strip())
        sys.exit(1 if os.environ.get("CI") == "true" else 77)
    check("the list", listed.returncode == 0 and all(len(line) == 6 for line in lines), listed)
    check("kinds, memory, units", all(kind in ("GPU", "other") and memory.endswith(" MiB") and units.endswith(" units")
                                      for _, kind, _, _, memory, units in lines), listed)

    here = predict()
    for device in (lines[0][0], lines[0][2], lines[0][2][2:9].upper()):
        there = predict("--device", device)
        check(f"on {device}", there.returncode == 0 and far_off(there.stdout, here.stdout) < 1e-5, there)
        check("who computed", f"(opencl {lines[0][2]})" in there.stderr, there)
    narrow = predict("--device", lines[0][0], "--mode", "bf16", "--device-memory", "1M")
    check("bf16", narrow.returncode == 0 and 1e-5 < far_off(narrow.stdout, here.stdout) < 2e-2, narrow)

    for what, arguments, environment, said in (
            ("no such device", ["--device", "99:0"], {}, "OpenCL knows no device '99:0' among the"),
            ("no device", ["--device", "0:0"], {"OCL_ICD_VENDORS": "/nowhere/"}, "OpenCL knows no device here"),
            ("too little memory", ["--device", "0:0", "--device-memory", "40K"], {}, "weights and rows do not fit"),
            ("int8", ["--device", "0:0", "--mode", "int8"], {}, "int8 is not computed by OpenCL")):
        refused = predict(*arguments, **environment)
        check(what, refused.returncode == 2 and not refused.stdout and said in refused.stderr, refused)
        anyway = predict(*arguments, "--device-fallback", **environment)
        off = 0.1 if what == "int8" else 1e-6
        check(what + ", anyway", anyway.returncode == 0 and far_off(anyway.stdout, here.stdout) < off, anyway)
        check(what + ", told", "tok embed: the processor computes: " in anyway.stderr and said in anyway.stderr,
              anyway)
    none = tok("--device", "list", OCL_ICD_VENDORS="/nowhere/")
    check("none", none.returncode == 0 and not none.stdout and not none.stderr, none)
    full = subprocess.run(f"'{TOK}' embed predict --device list >/dev/full", shell=True, capture_output=True, text=True,
                          check=False)
    check("a full disk", full.returncode == 2 and "No space left" in full.stderr, full)
    sys.exit(failed > 0)


main()
