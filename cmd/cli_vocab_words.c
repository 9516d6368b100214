#include "cmd/cli_vocab_words.h"

#include "cmd/cli_load.h"
#include "cmd/cli_recipe.h"
#include "cmd/cli_words.h"
#include "cmd/cli_words_inputs.h"
#include "vocab/train/base.h"
#include "vocab/train/use.h"

/* ---- words -------------------------------------------------------------------- */

static enum tok_status keep(struct vocab_word_stream *stream, struct cli_vocab_words *out,
			    struct tok_error *err)
{
	const enum tok_status status =
	    vocab_words_keep(stream, cli_spill_folder(), &out->words, err);
	out->totals = stream->totals;
	return status;
}

static enum tok_status keep_counts(const struct cli_vocab_words_options *options, const char *path,
				   const struct cli_files *files, struct cli_vocab_words *out,
				   struct tok_error *err)
{
	struct cli_words_inputs *inputs = NULL;
	struct vocab_word_stream *stream = NULL;
	enum tok_status status = cli_words_inputs_open(files, &inputs, &stream, err);
	if (status == TOK_OK)
		status = cli_recipe_check(stream->recipe, path, options->pattern, err);
	if (status == TOK_OK)
		status = keep(stream, out, err);
	cli_words_inputs_close(inputs);
	return status;
}

static enum tok_status keep_text(const struct cli_vocab_words_options *options, const char *path,
				 const struct cli_files *files, struct cli_vocab_words *out,
				 bool *trouble, struct tok_error *err)
{
	struct tok_buffer recipe = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct cli_words words = { 0 };
	struct vocab_word_stream *stream = NULL;
	enum tok_status status = cli_recipe_of(path, options->pattern, &recipe, &tokenizer, err);
	const struct cli_words_job job = {
		.tokenizer = tokenizer,
		.files = files,
		.split = &options->split,
		.raw = options->raw,
		.threads = options->threads,
		.memory_bytes = options->memory,
		.progress = &out->progress,
	};
	if (status == TOK_OK)
		status = cli_words_count(&job, &words, err);
	cli_progress_end(&out->progress, &words.done);
	if (status == TOK_OK)
		status = cli_words_stream(&words, tok_buffer_span(&recipe), &stream, err);
	if (status == TOK_OK)
		status = keep(stream, out, err);
	*trouble = words.trouble;
	cli_words_release(&words);
	tok_tokenizer_free(tokenizer);
	tok_buffer_release(&recipe);
	return status;
}

/* ---- the whole ------------------------------------------------------------------ */

static enum cli_exit check(const struct cli_vocab_words_options *options)
{
	if (options->counts && (!cli_split_is_whole(&options->split) || options->raw))
		return cli_usage("--counts takes counts: how words are made was said when they "
				 "were counted");
	const enum cli_exit result = cli_split_check(&options->split);
	return result == CLI_OK ? cli_threads_check(options->threads) : result;
}

static enum tok_status read_tokenizer(const struct cli_vocab_words_options *options,
				      const char *path, cli_vocab_accepts *accepts,
				      const struct cli_vocab_aim *aim, struct tok_spec *out,
				      struct tok_error *err)
{
	enum tok_status status = cli_load_spec(path, options->pattern, out, err);
	if (status != TOK_OK)
		return status;
	status = accepts(out, err);
	if (status != TOK_OK)
		return tok_fail_in(err, status, "'%s'", path);
	return aim ? cli_vocab_output_check(out, aim, err) : TOK_OK;
}

enum cli_exit cli_vocab_words_open(const struct cli_vocab_words_options *options, const char *path,
				   cli_vocab_accepts *accepts, const struct cli_vocab_aim *aim,
				   int argc, char **argv, struct cli_vocab_words *out)
{
	char dash[] = "-";
	char *standard_input[] = { dash, NULL };
	struct cli_files files = { 0 };
	struct tok_error err = { 0 };
	bool trouble = false;
	enum cli_exit result = check(options);
	if (result != CLI_OK)
		return result;
	result = cli_files_add_all(&files, argc ? argc : 1, argc ? argv : standard_input);
	out->progress = cli_progress_begin(options->progress, files.all_regular ? files.size : 0);
	out->progress.unit = "words";
	enum tok_status status = read_tokenizer(options, path, accepts, aim, &out->spec, &err);
	if (status == TOK_OK)
		status = options->counts ? keep_counts(options, path, &files, out, &err)
					 : keep_text(options, path, &files, out, &trouble, &err);
	if (status != TOK_OK) {
		vocab_words_kept_free(out->words);
		out->words = NULL;
		result = cli_error("%s", err.message);
	}
	if (trouble)
		result = CLI_TROUBLE;
	out->progress = cli_progress_begin(options->progress, 0);
	cli_files_release(&files);
	return result;
}

void cli_vocab_words_release(struct cli_vocab_words *known)
{
	vocab_words_kept_free(known->words);
	tok_spec_release(&known->spec);
	*known = (struct cli_vocab_words){ 0 };
}

static void show_progress(void *context, const char *stage, uint64_t done, uint64_t total)
{
	struct cli_vocab_words *known = context;
	if (done % 64 == 0)
		cli_progress_steps(&known->progress, stage, done, total);
}

void cli_vocab_words_watch(struct cli_vocab_words *known, struct vocab_train_control *control)
{
	control->threads = 1;
	control->context = known;
	control->progress = show_progress;
}

enum tok_status cli_vocab_words_measure(struct cli_vocab_words *known, const struct tok_spec *spec,
					struct vocab_train_control *control,
					double *bytes_per_token, struct tok_error *err)
{
	struct vocab_word_stream *stream = NULL;
	struct vocab_base base;
	struct vocab_use use = { 0 };
	enum tok_status status = vocab_base_model(spec, &base, err);
	if (status != TOK_OK)
		return status;
	status = vocab_words_again(known->words, &stream, err);
	if (status == TOK_OK)
		status = vocab_use_count(&base.model, stream, control, &use, err);
	vocab_base_release(&base);
	/* Counts that came as TSV do not know the text. */
	const uint64_t bytes = known->totals.bytes ? known->totals.bytes : use.bytes;
	if (status == TOK_OK)
		*bytes_per_token = use.tokens ? (double)bytes / (double)use.tokens : 0;
	vocab_use_release(&use);
	return status;
}
