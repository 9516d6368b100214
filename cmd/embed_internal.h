/*
 * embed_internal.h - what the words of tok embed share: one a file, embed_WORD.c.
 */
#ifndef CMD_EMBED_INTERNAL_H
#define CMD_EMBED_INTERNAL_H

#include <time.h>

#include "cmd/cli_hypernet.h"

struct embed_options {
	/* convert-tokenizer */
	const char *like; /* a tokenizer whose special tokens the other gets */
	bool whitespace, keep_normalizer, keep_pretokenizer;
	/* predict */
	struct cli_load load; /* .pattern is that of the other words */
	struct cli_hypernet_options hypernet;
	int lines; /* enum embed_lines; -1: the vocabulary of load.tokenizer */
	bool predict_special;
	int kind, side,
	    dtype; /* enum embed_kind, -1: by the name; enum embed_side; of EMBED_DTYPES */
	bool resume;
	int progress;

	/* nearest */
	uint64_t k, links, build_effort, effort;
	int measure; /* enum hyper_measure */
	const char *index, *queries;
	bool judge;

	const char *output;
	bool json;
};

/* What predict did. */
struct embed_report {
	uint64_t tokens, holes, kept, truncated, fallback, unknown, resumed;
	struct timespec begun;
};
void embed_report_tell(const struct embed_report *report, const struct cli_hypernet *hypernet,
		       bool json);

/* predict --device list: the devices there are, on standard output. */
enum cli_exit embed_devices(void);

enum cli_exit embed_convert(const void *options, int argc, char **argv);
enum cli_exit embed_predict(const void *options, int argc, char **argv);
enum cli_exit embed_nearest(const void *options, int argc, char **argv);

#endif
