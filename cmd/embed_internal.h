/*
 * embed_internal.h - what the words of tok embed share: one a file, embed_WORD.c.
 */
#ifndef CMD_EMBED_INTERNAL_H
#define CMD_EMBED_INTERNAL_H

#include "cmd/cli_load.h"

struct embed_options {
	const char *pattern;
	/* convert-tokenizer */
	const char *like; /* a tokenizer whose special tokens the other gets */
	bool whitespace, keep_normalizer, keep_pretokenizer;
	const char *output;
	bool json;
};

enum cli_exit embed_convert(const void *options, int argc, char **argv);

#endif
