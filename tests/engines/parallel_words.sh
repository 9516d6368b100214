#!/bin/sh
# parallel_words.sh - count words, and encode, with GNU parallel.
#
#	parallel_words.sh count  OUT.words FILE... [-- OPTION...]
#	parallel_words.sh lines  OUT.words FILE [-- OPTION...]
#	parallel_words.sh encode OUT.ids FILE... [-- OPTION...]
#
# count   each FILE, of any kind that tok reads, is counted by one job;
# lines   one large FILE whose lines are documents is counted in blocks; OPTION has --lines
#         or --jsonl FIELD;
# encode  each FILE is encoded by one job, and the ids are put one behind the other.
#
# What stands after -- is given to tok words or tok encode.  Counts are merged sixteen
# files a job, until one is left: the same bytes as tok words gives of all on one machine.
#
# TOK is the program (tok), SHARED a folder for counts of parts (TMPDIR, else /tmp), BLOCK
# how much of a large file a job takes (256M), PARALLEL_OPTIONS more for parallel, as
# "--sshlogin node1,node2": FILEs, SHARED and TOK are then to be at the same place on each.
set -eu

die() { printf 'parallel_words.sh: %s\n' "$*" >&2; exit 2; }

tok=${TOK:-tok}
# shellcheck disable=SC2086 # a list of options
run() { parallel --will-cite --quote --halt now,fail=1 ${PARALLEL_OPTIONS:-} "$@"; }

# The arguments before -- as lines in $work/files, those after it in "$@".
[ $# -ge 3 ] || die "usage: parallel_words.sh count|lines|encode OUT FILE... [-- OPTION...]"
what=$1 out=$2
shift 2
work=$(mktemp -d "${SHARED:-${TMPDIR:-/tmp}}/words-XXXXXXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	printf '%s\0' "$1" >>"$work/files"
	shift
done
[ $# -eq 0 ] || shift
[ -s "$work/files" ] || die "no FILE"

# Counts in $work/part become one.
merge() {
	while [ "$(ls "$work/part" | wc -l)" -gt 1 ]; do
		mkdir "$work/next"
		find "$work/part" -type f -print0 |
			run --null --max-args 16 "$tok" words --merge -o "$work/next/{#}" -- {}
		rm -r "$work/part"
		mv "$work/next" "$work/part"
	done
	mv "$work/part"/* "$out"
}

mkdir "$work/part"
case $what in
count)
	run --null --arg-file "$work/files" "$tok" words "$@" -o "$work/part/{#}" -- {}
	merge
	;;
lines)
	file=$(tr '\0' '\n' <"$work/files")
	run --pipe-part --block "${BLOCK:-256M}" --arg-file "$file" "$tok" words "$@" -o "$work/part/{#}"
	merge
	;;
encode)
	run --null --arg-file "$work/files" "$tok" encode "$@" -o "$work/part/{#}" -- {}
	count=$(tr -dc '\0' <"$work/files" | wc -c)
	seq "$count" | sed "s|^|$work/part/|" | tr '\n' '\0' | xargs -0 cat >"$out"
	;;
*)
	die "count, lines or encode, not '$what'"
	;;
esac
