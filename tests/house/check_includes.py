#!/usr/bin/env python3
"""Fail if a file includes what its folder may not see.

The rules are those of the drawing in CONTRIBUTING.md: cmd sees everything, vocab
and hypernet see tok and never each other, and inside tok each layer sees itself
and the layers below it.  X_internal.h is seen only inside its own folder.
"""
import pathlib
import re
import sys

LAYERS = ["tok/base", "tok/text", "tok/pretok", "tok/model", "tok/pipe"]
ABOVE_PIPE = ["tok/sample", "tok/dynamic", "tok/bytes"]

MAY_SEE = {layer: LAYERS[: i + 1] for i, layer in enumerate(LAYERS)}
MAY_SEE.update({layer: LAYERS + [layer] for layer in ABOVE_PIPE})
MAY_SEE["vocab"] = ["tok", "vocab"]
MAY_SEE["hypernet"] = ["tok", "hypernet"]
MAY_SEE["cmd"] = ["tok", "vocab", "hypernet", "cmd"]


def inside(path, folder):
    return path == folder or path.startswith(folder + "/")


def room_of(path):
    return next((room for room in MAY_SEE if inside(path, room)), None)


def check(root):
    faults, seen = [], 0
    for top in ("tok", "vocab", "hypernet", "cmd"):
        for path in sorted((root / top).rglob("*.[ch]")):
            seen += 1
            name = path.relative_to(root).as_posix()
            room = room_of(name)
            if room is None:
                faults.append(f"{name}: no rule for this folder")
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if not found:
                    continue
                target = found.group(1)
                if not (root / target).exists():
                    faults.append(f"{name}:{number}: write '{target}' from the root")
                elif not any(inside(target, allowed) for allowed in MAY_SEE[room]):
                    faults.append(f"{name}:{number}: {room} may not see {target}")
                elif target.endswith("_internal.h") and (
                    pathlib.PurePath(target).parent != pathlib.PurePath(name).parent
                ):
                    faults.append(f"{name}:{number}: {target} is private to its folder")
    return faults, seen


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    faults, seen = check(root)
    for fault in faults:
        print(fault)
    print(f"{seen} files, {len(faults)} faults")
    return 1 if faults or seen == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
