/*
 * sample_options.h - what tok sample is asked for, and whether it goes together.
 */
#ifndef CMD_SAMPLE_OPTIONS_H
#define CMD_SAMPLE_OPTIONS_H

#include "cmd/cli_files.h"
#include "cmd/cli_formats.h"
#include "cmd/sample_internal.h"

#define SAMPLE_NOT_GIVEN UINT64_MAX

struct sample_options {
	struct cli_load load;
	struct cli_split split;
	struct cli_specials specials;
	bool raw;
	int method;        /* -1: not given */
	double p, alpha;   /* below 0: not given */
	const char *nbest; /* NULL: not given */
	uint64_t seed, samples, wor, best;
	bool include_best, exact, compare;
	uint64_t limit, top;
	const char *svg, *html;
	int format, dtype; /* -1: not given */
	const char *output;
	bool tokens;
	uint64_t max_tokens;
	bool append_eod;
	const char *eod;
	uint64_t threads; /* 0: not given */
	int progress;     /* -1: not given */
};

/* What is made. */
enum sample_mode {
	SAMPLE_DRAW,
	SAMPLE_WOR,
	SAMPLE_BEST,
	SAMPLE_EXACT,
	SAMPLE_COMPARE,
	SAMPLE_MODES
};

enum sample_mode sample_mode_of(const struct sample_options *options);

/* The numbers that the method is to have: given, or its defaults. */
struct sample_numbers sample_numbers_of(const struct sample_options *options);

/* CLI_OK, or what is wrong with the combination, said. */
enum cli_exit sample_check(const struct sample_options *options);

/* Samples of all files, by threads, in any format: sample_run.c. */
enum cli_exit sample_run(const struct sample_options *options,
			 const struct tok_tokenizer *tokenizer, struct cli_files *files);

#endif
