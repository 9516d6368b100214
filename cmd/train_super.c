/* train_super.c - tok train --super: what it asks for, and the way of one stage. */
#include <stdlib.h>

#include "cmd/train_internal.h"

enum { CHUNK_LENGTH = 30, CHUNK_FREQUENCY = 2, MAX_WORDS = 4 };

/* ---- filter ------------------------------------------------------------------ */

static enum cli_exit add_forbidden(struct vocab_super_filter *filter, const char *pattern)
{
	struct tok_error err;
	if (tok_regex_new(tok_span_of(pattern), TOK_REGEX_ONIGURUMA,
			  &filter->forbidden[filter->forbidden_count], &err) != TOK_OK)
		return cli_error("--forbid: %s", err.message);
	filter->forbidden_count++;
	return CLI_OK;
}

static void release_filter(struct vocab_super_filter *filter)
{
	for (size_t i = 0; i < filter->forbidden_count; i++)
		tok_regex_free(filter->forbidden[i]);
	free((void *)filter->forbidden);
	tok_regex_scratch_free(filter->scratch);
}

static enum cli_exit make_filter(const struct train_options *opts,
				 struct vocab_super_filter *filter)
{
	const size_t count = opts->forbid.count;
	enum cli_exit result = CLI_OK;
	filter->max_words = (size_t)opts->max_words;
	if (opts->max_words == UINT64_MAX)
		filter->max_words = opts->super == VOCAB_SUPER_CHUNK ? 0 : MAX_WORDS;
	filter->no_colon_space = opts->super == VOCAB_SUPER_SUPERBPE;
	if (count == 0)
		return CLI_OK;
	filter->forbidden = calloc(count, sizeof(*filter->forbidden));
	filter->scratch = tok_regex_scratch_new();
	if (!filter->forbidden || !filter->scratch)
		return cli_error("out of memory");
	for (size_t i = 0; i < count && result == CLI_OK; i++)
		result = add_forbidden(filter, opts->forbid.items[i]);
	return result;
}

/* ---- chunks ------------------------------------------------------------------- */

static enum cli_exit train_chunks(struct train_run *run)
{
	struct train_options own = *run->opts;
	struct vocab_chunks chunks;
	enum cli_exit result = cli_chunks_recipe(&run->opts->recipe, &own.recipe);
	if (result == CLI_OK)
		result = cli_chunks_make(&own.chunks, &chunks);
	if (result != CLI_OK)
		return result;
	if (own.min_frequency == 0)
		own.min_frequency = CHUNK_FREQUENCY;
	if (own.max_token_length == 0)
		own.max_token_length = CHUNK_LENGTH;
	run->opts = &own;
	run->units = &chunks.units;
	result = train_from_text(run);
	run->units = NULL;
	return result;
}

/* ---- the whole ------------------------------------------------------------------ */

/* Input is read for each stage anew. */
static enum cli_exit check_files(const struct cli_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		if (!files->items[i].regular)
			return cli_usage("--super superbpe and boundless read their input twice, "
					 "and '%s' can be read only once: write it to a file first",
					 files->items[i].path);
	return CLI_OK;
}

static enum cli_exit check_stages(const struct train_run *run)
{
	const struct train_options *opts = run->opts;
	const bool superbpe = opts->super == VOCAB_SUPER_SUPERBPE;
	if (opts->resume || opts->checkpoint)
		return cli_usage("--resume and --checkpoint go only with one stage, and --super "
				 "superbpe and boundless have two");
	if (opts->unk || opts->byte_fallback || opts->prefix || opts->suffix ||
	    opts->limit_alphabet || opts->initial_alphabet)
		return cli_usage("supertokens are joined of bytes: there is nothing unknown, and "
				 "neither alphabet, prefix nor suffix");
	if (superbpe && !opts->transition)
		return cli_usage("--super superbpe needs --transition N: after how many tokens "
				 "words are joined with each other");
	if (!superbpe && run->sizes.count > 1)
		return cli_usage("--super boundless learns one size: which words it joins depends "
				 "on it");
	return check_files(run->files);
}

static enum cli_exit check(const struct train_run *run)
{
	const struct train_options *opts = run->opts;
	if (opts->model != VOCAB_TRAIN_BPE)
		return cli_usage("--super needs --model bpe");
	if (opts->counts && opts->super == VOCAB_SUPER_CHUNK)
		return cli_usage("chunks that tok words --super chunk has counted are learned from "
				 "without --super");
	if (opts->counts)
		return cli_usage("--super superbpe and boundless count words themselves: leave "
				 "--counts out");
	if (opts->super == VOCAB_SUPER_CHUNK)
		return CLI_OK;
	return check_stages(run);
}

enum cli_exit train_super(struct train_run *run)
{
	struct vocab_super_filter filter = { 0 };
	const struct train_options *opts = run->opts;
	enum cli_exit result = check(run);
	if (result == CLI_OK)
		result = make_filter(opts, &filter);
	run->filter = &filter;
	if (result == CLI_OK)
		result = opts->super == VOCAB_SUPER_CHUNK ? train_chunks(run) : train_stages(run);
	run->filter = NULL;
	run->opts = opts;
	release_filter(&filter);
	return result;
}
