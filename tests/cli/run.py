#!/usr/bin/env python3
"""run.py TOK CASES...: run the commands of case files, compare all they say.

A case file is plain text; a case is

    # what it is about
    $ shell command; further lines that begin with "$ " belong to it
    > a line expected on standard output
    ! a line expected on standard error
    ? expected exit status, if it is not 0

A ">" line that ends in \\ has no newline after it.  Each case runs in an empty
folder, with `tok` in its PATH and $DATA naming the folder of small inputs.
"""
import os
import subprocess
import sys
import tempfile


def read_cases(path):
    cases, case = [], None
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        mark, text = line[:1], line[2:]
        if mark == "#" or not line:
            if case and case["command"]:
                case = None
            if mark == "#":
                case = {"name": text, "line": number, "command": "", "out": "", "err": "",
                        "exit": 0}
                cases.append(case)
        elif mark == "$":
            case["command"] += text + "\n"
        elif mark == ">":
            case["out"] += text[:-1] if text.endswith("\\") else text + "\n"
        elif mark == "!":
            case["err"] += text + "\n"
        elif mark == "?":
            case["exit"] = int(text)
        else:
            sys.exit(f"{path}:{number}: a line begins with one of # $ > ! ?")
    return cases


def run_case(case, environment):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["sh", "-c", case["command"]], cwd=folder, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              check=False)
    return {
        "out": done.stdout.decode("utf-8", "backslashreplace"),
        "err": done.stderr.decode("utf-8", "backslashreplace"),
        "exit": done.returncode,
    }


def main():
    tok = os.path.abspath(sys.argv[1])
    data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
    environment = dict(os.environ, LC_ALL="C", DATA=data, TOK_CACHE="off",
                       PATH=os.path.dirname(tok) + ":" + os.environ["PATH"])
    failed = total = 0
    for path in sys.argv[2:]:
        for case in read_cases(path):
            total += 1
            got = run_case(case, environment)
            wrong = [k for k in ("out", "err", "exit") if got[k] != case[k]]
            if not wrong:
                continue
            failed += 1
            print(f"{path}:{case['line']}: {case['name']}\n{case['command']}", end="")
            for k in wrong:
                print(f"  {k}: expected {case[k]!r}\n  {k}: got      {got[k]!r}")
    print(f"{total} cases, {failed} failed")
    if total == 0:
        sys.exit("no cases")
    sys.exit(failed > 0)


main()
