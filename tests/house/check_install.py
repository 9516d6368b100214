#!/usr/bin/env python3
"""Install into an empty folder, then use what lies there as a stranger would.

Checks the executable and its links, man pages, completions, that a C program
finds headers and library through pkg-config (shared and static), and that the
shared library exports tok_ and vocab_ names only.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

CONSUMER = r"""
#include <stdio.h>
#include "tok/pipe/encoder.h"
#include "vocab/format/read.h"
int main(void)
{
	struct tok_error err = { 0 };
	struct tok_tokenizer *t;
	struct tok_encoding r;
	const struct tok_encode_options o = { 0 };
	if (tok_tokenizer_bytes(&t, &err) != TOK_OK)
		return 1;
	struct tok_encoder *e = tok_encoder_new(t);
	if (!e || tok_encode(e, tok_span_of("Hi"), &o, &r, &err) != TOK_OK)
		return 1;
	printf("%zu %u %u\n", r.count, r.ids[0], r.ids[1]);
	tok_encoder_free(e);
	tok_tokenizer_free(t);
	return 0;
}
"""


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


def main():
    build, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as scratch:
        prefix = pathlib.Path(scratch) / "usr"
        run("cmake", "--install", str(build), "--prefix", str(prefix))
        files = {p.relative_to(prefix).as_posix() for p in prefix.rglob("*") if not p.is_dir()}

        for wanted in (
            "bin/tok",
            "bin/tok-encode",
            "bin/tok-decode",
            "bin/tok-count",
            "bin/tok-inspect",
            "share/man/man1/tok.1",
            "share/man/man1/tok-encode.1",
            "share/man/man5/tok-formats.5",
            "share/bash-completion/completions/tok",
            "share/zsh/site-functions/_tok",
            "share/fish/vendor_completions.d/tok.fish",
        ):
            assert wanted in files, f"{wanted} was not installed; there are: {sorted(files)}"
        assert not [f for f in files if f.endswith("_internal.h")], "a private header got out"
        said = run(str(prefix / "bin/tok-encode"), input="Hi")
        assert said == "72 105\n", f"tok-encode said {said!r}"

        (pc,) = prefix.rglob("tok.pc")
        libdir = pc.parent.parent
        env = {**os.environ, "PKG_CONFIG_PATH": str(pc.parent), "LD_LIBRARY_PATH": str(libdir)}
        source = pathlib.Path(scratch) / "consumer.c"
        source.write_text(CONSUMER)
        for name, flags in (("shared", []), ("static", ["--static"])):
            cflags = run("pkg-config", "--cflags", "tok", env=env).split()
            libs = run("pkg-config", "--libs", *flags, "tok", env=env).split()
            if name == "static":
                libs = [str(libdir / "libtok.a") if x == "-ltok" else x for x in libs]
            program = pathlib.Path(scratch) / name
            run(compiler, "-std=c17", *cflags, str(source), "-o", str(program), *libs)
            said = run(str(program), env=env)
            assert said == "2 72 105\n", f"the {name} consumer said {said!r}"

        (library,) = [p for p in libdir.glob("libtok.so*") if not p.is_symlink()]
        names = [line.split()[-1] for line in run("nm", "-D", "--defined-only", str(library)).splitlines()]
        strange = [n for n in names if not re.match(r"(tok|vocab|hyper)_", n)]
        assert names and not strange, f"exported beside the API: {strange[:10]}"
        print(f"{len(files)} files installed, {len(names)} symbols exported")


if __name__ == "__main__":
    main()
