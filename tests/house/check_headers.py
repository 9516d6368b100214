#!/usr/bin/env python3
"""Fail if a public header does not compile alone.  (Headers of one instruction set are
for the kernels of that set, and need its flags; those of libcurl need its header.)"""
import pathlib
import subprocess
import sys
import tempfile

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wstrict-prototypes", "-Werror"]


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    compiler = sys.argv[2]
    bad = 0
    headers = [
        path
        for top in ("tok", "vocab", "hypernet")
        for path in sorted((root / top).rglob("*.h"))
        if not path.name.endswith(("_internal.h", "_avx2.h", "_neon.h", "_curl.h"))
    ]
    with tempfile.TemporaryDirectory() as scratch:
        for path in headers:
            name = path.relative_to(root).as_posix()
            source = pathlib.Path(scratch) / "alone.c"
            source.write_text(f'#include "{name}"\n#include "{name}"\nint main(void) {{ return 0; }}\n')
            run = subprocess.run(
                [compiler, "-std=c17", *WARNINGS, f"-I{root}", "-fsyntax-only", source],
                capture_output=True,
                text=True,
            )
            if run.returncode:
                bad += 1
                print(f"{name} does not stand alone:\n{run.stderr}")
    print(f"{len(headers)} headers, {bad} faults")
    return 1 if bad or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
