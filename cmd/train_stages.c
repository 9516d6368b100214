/* train_stages.c - supertokens in two stages: words, and what is made of them. */
#include "cmd/cli_interrupt.h"
#include "cmd/train_stages.h"
#include "vocab/format/read.h"
#include "vocab/train/bpe.h"

/* The signal that stops it may come when nothing else is left of a run. */
static struct vocab_train_control control;

/* ---- a stage -------------------------------------------------------------------- */

static void show_progress(void *context, const char *stage, uint64_t done, uint64_t total)
{
	struct train_stages *s = context;
	if (done % 64 == 0)
		cli_progress_steps(&s->run->progress, stage, done, total);
}

static struct vocab_bpe_options bpe_options(struct train_stages *s)
{
	const struct train_options *opts = s->opts;
	return (struct vocab_bpe_options){
		.vocab_size = s->size,
		.first_id = s->first_id,
		.tie = opts->tie < 0 ? VOCAB_TIE_HF : (enum vocab_tie)opts->tie,
		.min_frequency = opts->min_frequency,
		.max_token_length = opts->max_token_length,
		.bytes = true,
		.allows = train_text_allowed,
		.allows_context = &s->word_rules,
		.memory_bytes = opts->memory,
		.spill_folder = opts->memory ? cli_spill_folder() : NULL,
	};
}

/* Read all input, and learn from it. */
static enum tok_status learn(struct train_stages *s, enum vocab_relaxed relaxed,
			     const struct vocab_units *units,
			     const struct vocab_bpe_options *options, struct vocab_learned *out,
			     struct tok_error *err)
{
	struct cli_recipe how = s->opts->recipe;
	struct train_run *run = s->run;
	struct tok_buffer recipe = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct cli_words words = { 0 };
	struct vocab_word_stream *stream = NULL;
	how.relaxed = relaxed;
	run->progress =
	    cli_progress_begin(s->opts->progress, run->files->all_regular ? run->files->size : 0);
	run->progress.unit = "words";
	enum tok_status status = cli_recipe_make(&how, &recipe, &tokenizer, err);
	const struct cli_words_job job = {
		.tokenizer = tokenizer,
		.files = run->files,
		.split = &s->opts->split,
		.units = units,
		.raw = s->opts->raw,
		.threads = s->opts->threads,
		.memory_bytes = s->opts->memory,
		.progress = &run->progress,
		.stop = &control.stop,
	};
	if (status == TOK_OK)
		status = cli_words_count(&job, &words, err);
	cli_progress_end(&run->progress, &words.done);
	if (status == TOK_OK)
		status = cli_words_stream(&words, tok_buffer_span(&recipe), &stream, err);
	run->progress = cli_progress_begin(s->opts->progress, 0);
	if (status == TOK_OK) {
		cli_interrupt_say("tok train: interrupted twice: nothing was written");
		cli_interrupt_stop(&control.stop);
		status = vocab_train_bpe(stream, options, &control, out, err);
		control.stopped |= atomic_load(&control.stop); /* while words were counted */
	}
	cli_progress_clear(&run->progress);
	s->trouble |= words.trouble;
	cli_words_release(&words);
	tok_tokenizer_free(tokenizer);
	tok_buffer_release(&recipe);
	return status;
}

/* ---- words ------------------------------------------------------------------------ */

static enum tok_status read_recipe(const struct train_stages *s, struct tok_spec *spec,
				   tok_id *first_id, struct tok_error *err)
{
	const enum tok_status status =
	    vocab_read_bytes(tok_buffer_span(&s->recipe), NULL, spec, err);
	return status == TOK_OK ? vocab_finish_begin(&s->finish, spec, first_id, err) : status;
}

static enum tok_status make_recipe(struct train_stages *s, struct tok_error *err)
{
	struct tok_tokenizer *tokenizer = NULL;
	enum tok_status status = cli_recipe_make(&s->opts->recipe, &s->recipe, &tokenizer, err);
	tok_tokenizer_free(tokenizer);
	if (status == TOK_OK)
		status = read_recipe(s, &s->words, &s->first_id, err);
	if (status == TOK_OK && !vocab_recipe_has_bytes(&s->words))
		status = tok_fail(err, TOK_EARG,
				  "supertokens are joined of bytes: take words of another kind, as "
				  "--pretok o200k");
	return status;
}

static enum tok_status learn_words(struct train_stages *s, size_t size, struct tok_error *err)
{
	struct vocab_bpe_options options = bpe_options(s);
	options.vocab_size = size;
	enum tok_status status = learn(s, VOCAB_RELAXED_NOT, NULL, &options, &s->first, err);
	if (status == TOK_OK)
		status = vocab_finish(&s->finish, &s->first, &s->words, err);
	return status == TOK_OK ? vocab_base_of(&s->words, &s->base, err) : status;
}

/* ---- supertokens --------------------------------------------------------------------- */

static enum tok_status learn_superbpe(struct train_stages *s, size_t transition,
				      struct tok_error *err)
{
	enum tok_status status = learn_words(s, transition, err);
	struct vocab_bpe_options options = bpe_options(s);
	options.first_id = s->base.next_id;
	options.base = &s->base.model;
	options.allows_context = &s->super_rules;
	if (status == TOK_OK && !control.stopped)
		status = learn(s, VOCAB_RELAXED_SUPERBPE, &vocab_superbpe_units, &options,
			       &s->second, err);
	if (status == TOK_OK)
		status = vocab_super_join(&s->first, &s->second, false, 0, &s->joined,
					  &s->word_merges, err);
	return status;
}

static enum tok_status learn_runs(struct train_stages *s, struct tok_error *err)
{
	const struct vocab_learned *words = &s->first;
	struct vocab_bpe_options options = bpe_options(s);
	/* What counts no more than the last merge of words is never taken. */
	if (words->merge_count &&
	    words->merge_counts[words->merge_count - 1] >= options.min_frequency)
		options.min_frequency = words->merge_counts[words->merge_count - 1] + 1;
	if (s->first_id + words->entry_count < s->size)
		options.min_frequency = s->opts->min_frequency;
	options.first_id = s->base.next_id;
	options.vocab_size = s->base.next_id + s->size;
	options.base = &s->base.model;
	options.ids = true;
	options.allows_context = &s->super_rules;
	return learn(s, VOCAB_RELAXED_NOT, vocab_runs_units(s->runs), &options, &s->second, err);
}

static enum tok_status learn_boundless(struct train_stages *s, struct tok_error *err)
{
	enum tok_status status = learn_words(s, s->size, err);
	if (status == TOK_OK)
		status = vocab_runs_new(&s->base.model, s->pattern, &s->runs, err);
	if (status == TOK_OK && !control.stopped)
		status = learn_runs(s, err);
	if (status == TOK_OK)
		status = vocab_super_join(&s->first, &s->second, true, s->size, &s->joined,
					  &s->word_merges, err);
	return status;
}

/* ---- a tokenizer out of it ------------------------------------------------------------- */

enum tok_status train_stages_tokenizer(const struct train_stages *s,
				       const struct vocab_learned *learned,
				       enum vocab_relaxed relaxed, struct tok_spec *spec,
				       struct tok_error *err)
{
	tok_id first_id;
	enum tok_status status = read_recipe(s, spec, &first_id, err);
	if (status == TOK_OK)
		status = vocab_finish(&s->finish, learned, spec, err);
	return status == TOK_OK ? vocab_recipe_relax(spec, relaxed, err) : status;
}

/* No words: of the bytes alone. */
static enum tok_status next_none(struct vocab_word_stream *self, struct vocab_word *out,
				 struct tok_error *err)
{
	(void)self;
	(void)err;
	*out = (struct vocab_word){ 0 };
	return TOK_OK;
}

static enum tok_status check_fit(struct train_stages *s, struct tok_error *err)
{
	struct vocab_train_control quiet = { .threads = 1 };
	struct vocab_word_stream stream = { .recipe = tok_buffer_span(&s->recipe),
					    .next = next_none };
	const struct vocab_bpe_options options = bpe_options(s);
	struct vocab_learned learned = { 0 };
	struct tok_spec spec = { 0 };
	enum tok_status status = vocab_train_bpe(&stream, &options, &quiet, &learned, err);
	if (status == TOK_OK)
		status = train_stages_tokenizer(s, &learned, VOCAB_RELAXED_SUPERBPE, &spec, err);
	if (status == TOK_OK)
		status = train_fits_spec(s->run, &spec, err);
	vocab_learned_release(&learned);
	tok_spec_release(&spec);
	return status;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static enum cli_exit write_size(struct train_stages *s, size_t size, const char *path, bool reports)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	const struct vocab_learned front = vocab_learned_front(&s->joined, size);
	enum cli_exit result = CLI_OK;
	if (train_stages_tokenizer(s, &front, VOCAB_RELAXED_SUPERBPE, &spec, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	else if (reports)
		result = train_report(s->run, &spec);
	else
		result = cli_vocab_output(&spec, s->run->kind, path);
	tok_spec_release(&spec);
	return result;
}

static enum cli_exit write_sizes(struct train_stages *s)
{
	const struct train_sizes *sizes = &s->run->sizes;
	struct tok_buffer name = { 0 };
	enum cli_exit result = CLI_OK;
	for (size_t i = 0; i < sizes->count && result == CLI_OK; i++) {
		result = train_name(s->opts->output, sizes->items[i], &name)
			     ? write_size(s, sizes->items[i], (const char *)name.bytes, false)
			     : cli_error("out of memory");
	}
	for (size_t i = 0; i < sizes->count && result == CLI_OK && s->opts->report; i++)
		result = write_size(s, sizes->items[i], NULL, true);
	tok_buffer_release(&name);
	return result;
}

static enum cli_exit tell(struct train_stages *s)
{
	const size_t size = s->first_id + s->joined.entry_count;
	train_exactness_tell(&s->exactness);
	if (s->opts->super == VOCAB_SUPER_BOUNDLESS)
		fprintf(stderr, "tok train: %zu merges of words, %zu of supertokens\n",
			s->word_merges, s->joined.merge_count - s->word_merges);
	return train_tell_size(s->run, size, control.stopped && size < s->size);
}

static enum tok_status learn_all(struct train_stages *s, size_t transition, struct tok_error *err)
{
	const char *pattern = s->opts->super_pattern ? s->opts->super_pattern : "\\p{L}";
	enum tok_status status = make_recipe(s, err);
	if (status == TOK_OK)
		status = check_fit(s, err);
	if (status == TOK_OK && transition)
		return learn_superbpe(s, transition, err);
	if (status == TOK_OK)
		status = tok_regex_new(tok_span_of(pattern), TOK_REGEX_ONIGURUMA, &s->pattern, err);
	return status == TOK_OK ? learn_boundless(s, err) : status;
}

static enum cli_exit find_transition(const struct train_run *run, size_t *out)
{
	*out = 0;
	if (run->opts->super != VOCAB_SUPER_SUPERBPE)
		return CLI_OK;
	const enum cli_exit result = train_size_parse(run->opts->transition, out);
	if (result == CLI_OK && *out >= run->sizes.items[0])
		return cli_usage("--transition is to be less than the size of the vocabulary");
	return result;
}

enum cli_exit train_stages(struct train_run *run)
{
	struct train_stages s = { .run = run,
				  .opts = run->opts,
				  .size = run->sizes.items[run->sizes.count - 1],
				  .finish = { .model = VOCAB_TRAIN_BPE } };
	struct tok_error err = { 0 };
	size_t transition;
	enum cli_exit result = find_transition(run, &transition);
	s.word_rules = s.super_rules = (struct train_rules){
		.spec = &s.words,
		.split_digits = run->opts->split_digits,
	};
	s.super_rules.filter = run->filter;
	control.threads = 1;
	control.context = &s;
	control.progress = show_progress;
	if (result == CLI_OK && learn_all(&s, transition, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	else if (result == CLI_OK)
		result = write_sizes(&s);
	if (result == CLI_OK && run->opts->super == VOCAB_SUPER_BOUNDLESS && !control.stopped &&
	    train_exactness_measure(&s, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	if (result == CLI_OK)
		result = s.trouble ? CLI_TROUBLE : tell(&s);
	vocab_learned_release(&s.first);
	vocab_learned_release(&s.second);
	vocab_learned_release(&s.joined);
	vocab_runs_free(s.runs);
	tok_regex_free(s.pattern);
	vocab_base_release(&s.base);
	tok_spec_release(&s.words);
	tok_buffer_release(&s.recipe);
	return result;
}
