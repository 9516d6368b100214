#!/bin/sh
# emulated.sh SOURCE-FOLDER SCRATCH-FOLDER WHAT - laws of kernels on another architecture:
# compiled for ARM, run by an emulator.  WHAT: scan, the block scanners and places; kernels,
# those of hypernet.  Status 77 where the programs are missing (packages gcc-aarch64-linux-gnu, libc6-dev-arm64-cross,
# qemu-user); a failure with CI=true.
set -eu
compiler=aarch64-linux-gnu-gcc
emulator=qemu-aarch64

for program in $compiler $emulator; do
	command -v $program >/dev/null && continue
	echo "SKIPPED: NEON is not tested, for there is no $program"
	[ "${CI:-}" != true ] || exit 1
	exit 77
done
cd "$1"
# Whatever they need, and nothing that needs a library.
case $3 in
scan)
	sources="$(ls tok/pretok/scan*.c tok/pretok/mark*.c tok/text/places*.c | grep -v avx)
		tok/pretok/pretok_chars.c tok/pretok/pretok_tables.c tok/text/utf8.c
		tok/text/unicode.c tok/text/unicode_tables.c"
	;;
kernels)
	sources=$(ls hypernet/kernel/*.c | grep -Ev '_(avx2|avx512|avx512bf16|amx)[.]c$|opencl')
	;;
esac
# shellcheck disable=SC2086 # a list of names
$compiler -std=c17 -O2 -D_GNU_SOURCE -I. -static -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wswitch-enum \
	-Wno-missing-field-initializers -Werror -o "$2/$3_emulated" "tests/unit/$3_emulated.c" \
	$sources tok/base/cpu.c tok/base/status.c -lm
exec $emulator "$2/$3_emulated"
