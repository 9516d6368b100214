#!/usr/bin/env python3
"""Install into an empty folder, then use what lies there as a stranger would.

Checks the executable and its links, man pages, completions, that C programs, one
for each header that does something with text, find headers and library through
pkg-config (shared and static), and that the shared library exports tok_, vocab_ and
hyper_ names only.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# What a stranger writes: the beginning and the end are the same, the middle is
# what the header shows.
BEGIN = r"""
#include <stdio.h>
#include "hypernet/tensor/write.h"
#include "tok/pipe/append.h"
#include "tok/pipe/batch.h"
#include "tok/pipe/count.h"
#include "vocab/format/read.h"
int main(void)
{
	struct tok_error err = { 0 };
	const struct tok_encode_options o = { 0 };
	struct tok_tokenizer *t;
	if (tok_tokenizer_bytes(&t, &err) != TOK_OK)
		return 1;
"""
END = r"""
	tok_tokenizer_free(t);
	return 0;
}
"""
# name: the middle, and what it must print
CONSUMERS = {
    "encoder": (
        r"""
	struct tok_encoding r;
	struct tok_encoder *e = tok_encoder_new(t);
	if (!e || tok_encode(e, tok_span_of("Hi"), &o, &r, &err) != TOK_OK)
		return 1;
	printf("%zu %u %u\n", r.count, r.ids[0], r.ids[1]);
	tok_encoder_free(e);
""",
        "2 72 105\n",
    ),
    "count": (
        r"""
	size_t count;
	struct tok_budget budget;
	struct tok_span text = tok_span_of("na\xC3\xAFve");
	struct tok_encoder *e = tok_encoder_new(t);
	if (!e || tok_count(e, text, &o, &count, &err) != TOK_OK ||
	    tok_count_to(e, text, &o, 3, &budget, &err) != TOK_OK)
		return 1;
	text.count = budget.clean_bytes;
	printf("%zu %zu '%.*s'\n", count, budget.bytes, (int)text.count, (const char *)text.bytes);
	tok_encoder_free(e);
""",
        "6 3 'na'\n",
    ),
    "batch": (
        r"""
	const struct tok_span texts[] = { tok_span_of("Hi"), tok_span_of(""), tok_span_of("you") };
	struct tok_batch_ids r;
	struct tok_batch *b = tok_batch_new(t, 0);
	if (!b || tok_batch_encode(b, texts, 3, &o, &r, &err) != TOK_OK)
		return 1;
	for (size_t i = 0; i < r.count; i++)
		printf("%zu ", r.offsets[i + 1]);
	printf("%u\n", r.ids[r.offsets[2]]);
	tok_batch_free(b);
""",
        "2 2 5 121\n",
    ),
    "append": (
        r"""
	struct tok_append_ids ids, tail;
	struct tok_append *a = tok_append_new(t, &o);
	if (!a || tok_append_text(a, tok_span_of("Hi"), &ids, &err) != TOK_OK)
		return 1;
	printf("%zu ", ids.count);
	if (tok_append_tail(a, &tail, &err) != TOK_OK)
		return 1;
	printf("%zu ", tail.count);
	if (tok_append_finish(a, &ids, &err) != TOK_OK)
		return 1;
	printf("%zu\n", ids.count);
	tok_append_free(a);
""",
        "2 0 0\n",
    ),
    "tensors": (
        r"""
	const struct hyper_write_tensor array = { "a", HYPER_F32, 2, { 2, 3 } };
	struct hyper_layout layout;
	if (hyper_layout_npy(&array, &layout, &err) != TOK_OK)
		return 1;
	printf("%zu %d\n", layout.header.count, (int)layout.size);
	hyper_layout_release(&layout);
""",
        "128 152\n",
    ),
}


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
            "share/man/man7/tok-distributed.7",
            "share/doc/tok/examples/spark_words.py",
            "share/doc/tok/examples/parallel_words.sh",
            "share/doc/tok/examples/hf.py",
            "share/tok/tok-32k.json",
            "share/bash-completion/completions/tok",
            "share/zsh/site-functions/_tok",
            "share/fish/vendor_completions.d/tok.fish",
        ):
            assert wanted in files, f"{wanted} was not installed; there are: {sorted(files)}"
        assert not [f for f in files if f.endswith("_internal.h")], "a private header got out"
        encode = str(prefix / "bin/tok-encode")
        said = run(encode, "-t", "bytes", input="Hi")
        assert said == "72 105\n", f"tok-encode said {said!r}"
        built_in = run(encode, input="Hi"), run(encode, "-t", str(prefix / "share/tok/tok-32k.json"), input="Hi")
        assert built_in[0] == built_in[1], f"the built-in vocabulary is another one: {built_in}"

        (pc,) = prefix.rglob("tok.pc")
        libdir = pc.parent.parent
        env = {**os.environ, "PKG_CONFIG_PATH": str(pc.parent), "LD_LIBRARY_PATH": str(libdir)}
        for name, flags in (("shared", []), ("static", ["--static"])):
            cflags = run("pkg-config", "--cflags", "tok", env=env).split()
            libs = run("pkg-config", "--libs", *flags, "tok", env=env).split()
            if name == "static":
                libs = [str(libdir / "libtok.a") if x == "-ltok" else x for x in libs]
            for header, (middle, wanted) in CONSUMERS.items():
                source = pathlib.Path(scratch) / f"{header}.c"
                source.write_text(BEGIN + middle + END)
                program = pathlib.Path(scratch) / f"{header}-{name}"
                run(compiler, "-std=c17", *cflags, str(source), "-o", str(program), *libs)
                said = run(str(program), env=env)
                assert said == wanted, f"the {name} consumer of {header}.h said {said!r}"

        (library,) = [p for p in libdir.glob("libtok.so*") if not p.is_symlink()]
        names = [line.split()[-1] for line in run("nm", "-D", "--defined-only", str(library)).splitlines()]
        strange = [n for n in names if not re.match(r"(tok|vocab|hyper)_", n)]
        assert names and not strange, f"exported beside the API: {strange[:10]}"
        print(f"{len(files)} files installed, {len(names)} symbols exported")


if __name__ == "__main__":
    main()
