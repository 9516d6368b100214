/*
 * sample_list.h - segmentations of each document with their probabilities.
 *
 *	struct sample_list list = { .kind = SAMPLE_LIST_ALL, .output = &output, .out = { &bytes } };
 *	result = sample_each_text(&texts, sample_list_take, &list);
 *	tok_buffer_release(&bytes);
 */
#ifndef CMD_SAMPLE_LIST_H
#define CMD_SAMPLE_LIST_H

#include "cmd/cli_output.h"
#include "cmd/sample_internal.h"

enum sample_list_kind {
	SAMPLE_LIST_ALL,     /* the whole distribution */
	SAMPLE_LIST_BEST,    /* the most probable */
	SAMPLE_LIST_DISTINCT /* different ones, drawn without replacement */
};

struct sample_list {
	enum sample_list_kind kind;
	struct tok_encode_options how;
	size_t count;      /* of the best or the different ones */
	size_t limit;      /* of all: no more */
	size_t top;        /* of all: so many are shown */
	bool include_best; /* different ones */
	uint64_t seed;     /* of them */
	bool json;         /* a line each, else a table for people */
	struct cli_output *output;
	struct sample_drawer drawer;
	struct cli_put out;
};

enum tok_status sample_list_take(void *context, struct tok_span text, uint64_t number,
				 struct tok_error *err);

#endif
