#!/bin/sh
# update_man.sh TOK FOLDER - write the manual pages of section 1 anew.
set -eu
tok=$1
folder=$2
"$tok" --print-man >"$folder/tok.1"
for tool in $("$tok" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	"$tok" "$tool" --print-man >"$folder/tok-$tool.1"
done
