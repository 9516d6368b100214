/* train_stages.c - supertokens in two stages: words, and what is made of them. */
#include <inttypes.h>
#include <math.h>

#include "cmd/cli_interrupt.h"
#include "cmd/train_internal.h"
#include "vocab/format/read.h"
#include "vocab/train/base.h"
#include "vocab/train/bpe.h"

/* How many lines of a sample have other tokens than the exact encoder gives. */
struct exactness {
	uint64_t lines, differing, exact_ids, ids;
};

struct stages {
	struct train_run *run;
	const struct train_options *opts;
	struct vocab_finish_options finish;
	size_t size;              /* the largest asked for */
	struct tok_buffer recipe; /* of words */
	struct tok_spec words;    /* the tokenizer of words */
	tok_id first_id;
	struct vocab_base base;
	struct tok_regex *pattern;
	struct vocab_runs *runs;
	struct vocab_learned first, second, joined;
	size_t word_merges; /* of those in `joined` */
	struct exactness exactness;
	bool trouble;
};

/* The signal that stops it may come when nothing else is left of a run. */
static struct vocab_train_control control;

/* ---- a stage -------------------------------------------------------------------- */

static void show_progress(void *context, const char *stage, uint64_t done, uint64_t total)
{
	struct stages *s = context;
	if (done % 64 == 0)
		cli_progress_steps(&s->run->progress, stage, done, total);
}

static bool allows_word(void *context, struct tok_span joined)
{
	const struct tok_spec *spec = context;
	for (size_t i = 0; i < spec->added_count; i++)
		if (tok_span_equal(spec->added[i].content, joined))
			return false;
	return true;
}

static bool allows_super(void *context, struct tok_span joined)
{
	struct stages *s = context;
	return vocab_super_allows(s->run->filter, joined) && allows_word(&s->words, joined);
}

static struct vocab_bpe_options bpe_options(struct stages *s)
{
	const struct train_options *opts = s->opts;
	return (struct vocab_bpe_options){
		.vocab_size = s->size,
		.first_id = s->first_id,
		.tie = opts->tie < 0 ? VOCAB_TIE_HF : (enum vocab_tie)opts->tie,
		.min_frequency = opts->min_frequency,
		.max_token_length = opts->max_token_length,
		.bytes = true,
		.allows = allows_word,
		.allows_context = &s->words,
		.memory_bytes = opts->memory,
		.spill_folder = opts->memory ? cli_spill_folder() : NULL,
	};
}

/* Read all input, and learn from it. */
static enum tok_status learn(struct stages *s, enum vocab_relaxed relaxed,
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
	}
	cli_progress_clear(&run->progress);
	s->trouble |= words.trouble;
	cli_words_release(&words);
	tok_tokenizer_free(tokenizer);
	tok_buffer_release(&recipe);
	return status;
}

/* ---- words ------------------------------------------------------------------------ */

static enum tok_status read_recipe(const struct stages *s, struct tok_spec *spec, tok_id *first_id,
				   struct tok_error *err)
{
	const enum tok_status status =
	    vocab_read_bytes(tok_buffer_span(&s->recipe), NULL, spec, err);
	return status == TOK_OK ? vocab_finish_begin(&s->finish, spec, first_id, err) : status;
}

static enum tok_status make_recipe(struct stages *s, struct tok_error *err)
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

static enum tok_status learn_words(struct stages *s, size_t size, struct tok_error *err)
{
	struct vocab_bpe_options options = bpe_options(s);
	options.vocab_size = size;
	enum tok_status status = learn(s, VOCAB_RELAXED_NOT, NULL, &options, &s->first, err);
	if (status == TOK_OK)
		status = vocab_finish(&s->finish, &s->first, &s->words, err);
	return status == TOK_OK ? vocab_base_of(&s->words, &s->base, err) : status;
}

/* ---- supertokens --------------------------------------------------------------------- */

static enum tok_status learn_superbpe(struct stages *s, size_t transition, struct tok_error *err)
{
	static const struct vocab_units lines = { .by_lines = true };
	enum tok_status status = learn_words(s, transition, err);
	struct vocab_bpe_options options = bpe_options(s);
	options.first_id = s->base.next_id;
	options.base = &s->base.model;
	options.allows = allows_super;
	options.allows_context = s;
	if (status == TOK_OK && !control.stopped)
		status = learn(s, VOCAB_RELAXED_SUPERBPE, &lines, &options, &s->second, err);
	if (status == TOK_OK)
		status = vocab_super_join(&s->first, &s->second, false, 0, &s->joined,
					  &s->word_merges, err);
	return status;
}

static enum tok_status learn_runs(struct stages *s, struct tok_error *err)
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
	options.allows = allows_super;
	options.allows_context = s;
	return learn(s, VOCAB_RELAXED_NOT, vocab_runs_units(s->runs), &options, &s->second, err);
}

static enum tok_status learn_boundless(struct stages *s, struct tok_error *err)
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

/* ---- how exact it is ------------------------------------------------------------------- */

enum { SAMPLE_BYTES = 4 << 20, SAMPLE_BYTES_A_FILE = 1 << 18 };

struct measuring {
	struct vocab_exact *exact;
	struct tok_encoder *encoder;
	struct exactness found;
	uint64_t bytes;
};

static enum tok_status measure_line(struct measuring *m, struct tok_span line,
				    struct tok_error *err)
{
	const struct tok_encode_options how = { .special_text = TOK_SPECIAL_ORDINARY };
	const tok_id *ids;
	size_t count;
	struct tok_encoding encoding;
	enum tok_status status = vocab_exact_encode(m->exact, line, &ids, &count, err);
	if (status == TOK_OK)
		status = tok_encode(m->encoder, line, &how, &encoding, err);
	if (status != TOK_OK) /* a line may be too long to be encoded at once */
		return status == TOK_ELIMIT ? TOK_OK : status;
	m->found.lines++;
	m->found.differing += count != encoding.count ||
			      (count && memcmp(ids, encoding.ids, count * sizeof *ids) != 0);
	m->found.exact_ids += count;
	m->found.ids += encoding.count;
	m->bytes += line.count;
	return TOK_OK;
}

static enum tok_status measure_text(void *context, size_t file, struct tok_span text, bool first,
				    bool *enough, struct tok_error *err)
{
	struct measuring *m = context;
	enum tok_status status = TOK_OK;
	(void)file;
	(void)first;
	while (text.count && status == TOK_OK) {
		const uint8_t *at = memchr(text.bytes, '\n', text.count);
		const size_t count = at ? (size_t)(at - text.bytes) + 1 : text.count;
		status = measure_line(m, tok_span_slice(text, 0, count), err);
		text = tok_span_slice(text, count, text.count);
	}
	*enough = m->bytes >= SAMPLE_BYTES;
	return status;
}

static enum tok_status make_tokenizer(const struct stages *s, const struct vocab_learned *learned,
				      enum vocab_relaxed relaxed, struct tok_spec *spec,
				      struct tok_error *err)
{
	tok_id first_id;
	enum tok_status status = read_recipe(s, spec, &first_id, err);
	if (status == TOK_OK)
		status = vocab_finish(&s->finish, learned, spec, err);
	return status == TOK_OK ? vocab_recipe_relax(spec, relaxed, err) : status;
}

static enum tok_status compile(const struct stages *s, const struct vocab_learned *learned,
			       enum vocab_relaxed relaxed, struct tok_tokenizer **out,
			       struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	enum tok_status status = make_tokenizer(s, learned, relaxed, &spec, err);
	if (status == TOK_OK)
		status = tok_tokenizer_new(&spec, out, err);
	tok_spec_release(&spec);
	return status;
}

/* The words' part of what was learned. */
static struct vocab_learned front_of(const struct stages *s)
{
	struct vocab_learned words = s->joined;
	tok_id end = s->first.entry_count ? s->first.entries[0].id + 256 : 0;
	words.merge_count = s->word_merges;
	for (size_t i = 0; i < words.merge_count; i++)
		end += words.merges[i].result == end;
	while (words.entry_count && words.entries[words.entry_count - 1].id >= end)
		words.entry_count--;
	return words;
}

static enum tok_status measure(struct stages *s, struct tok_error *err)
{
	struct measuring m = { 0 };
	struct tok_tokenizer *words = NULL, *relaxed = NULL;
	struct tok_spec spec = { 0 };
	struct vocab_base base = { 0 };
	struct vocab_runs *runs = NULL;
	const struct vocab_learned front = front_of(s);
	enum tok_status status = compile(s, &front, VOCAB_RELAXED_NOT, &words, err);
	if (status == TOK_OK)
		status = compile(s, &s->joined, VOCAB_RELAXED_SUPERBPE, &relaxed, err);
	if (status == TOK_OK)
		status = make_tokenizer(s, &front, VOCAB_RELAXED_NOT, &spec, err);
	if (status == TOK_OK)
		status = vocab_base_of(&spec, &base, err);
	if (status == TOK_OK)
		status = vocab_runs_new(&base.model, s->pattern, &runs, err);
	const struct vocab_exact_options options = {
		.words = words,
		.model = &base.model,
		.runs = runs,
		.supers = s->joined.merges + s->word_merges,
		.super_count = s->joined.merge_count - s->word_merges,
	};
	if (status == TOK_OK)
		status = vocab_exact_new(&options, &m.exact, err);
	if (status == TOK_OK && !(m.encoder = tok_encoder_new(relaxed)))
		status = tok_fail_memory(err);
	const struct train_texts texts = {
		.files = s->run->files,
		.split = &s->opts->split,
		.raw = s->opts->raw,
		.cut = { .tokenizer = relaxed, .between_lines = true },
		.bytes = SAMPLE_BYTES_A_FILE,
		.use = measure_text,
		.context = &m,
	};
	if (status == TOK_OK)
		status = train_each_text(&texts, err);
	s->exactness = m.found;
	tok_encoder_free(m.encoder);
	vocab_exact_free(m.exact);
	vocab_runs_free(runs);
	vocab_base_release(&base);
	tok_spec_release(&spec);
	tok_tokenizer_free(words);
	tok_tokenizer_free(relaxed);
	return status;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static enum cli_exit write_size(struct stages *s, size_t size, const char *path, bool reports)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	const struct vocab_learned front = vocab_learned_front(&s->joined, size);
	enum cli_exit result = CLI_OK;
	if (make_tokenizer(s, &front, VOCAB_RELAXED_SUPERBPE, &spec, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	else if (reports)
		result = train_report(s->run, &spec);
	else
		result = cli_vocab_output(&spec, s->run->kind, path);
	tok_spec_release(&spec);
	return result;
}

static enum cli_exit write_sizes(struct stages *s)
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

static void tell_exactness(const struct exactness *m)
{
	if (m->lines == 0)
		return;
	fprintf(stderr,
		"tok train: of %" PRIu64 " lines of the text, %.1f%% have other tokens than words "
		"joined only whole would have; all have %.2f%% %s tokens\n",
		m->lines, 100.0 * (double)m->differing / (double)m->lines,
		m->exact_ids ? 100.0 * fabs((double)m->ids / (double)m->exact_ids - 1) : 0.0,
		m->ids <= m->exact_ids ? "fewer" : "more");
}

static enum cli_exit tell(struct stages *s)
{
	const size_t size = s->first_id + s->joined.entry_count;
	tell_exactness(&s->exactness);
	if (s->opts->super == VOCAB_SUPER_BOUNDLESS)
		fprintf(stderr, "tok train: %zu merges of words, %zu of supertokens\n",
			s->word_merges, s->joined.merge_count - s->word_merges);
	return train_tell_size(s->run, size, control.stopped);
}

static enum tok_status learn_all(struct stages *s, size_t transition, struct tok_error *err)
{
	const char *pattern = s->opts->super_pattern ? s->opts->super_pattern : "\\p{L}";
	enum tok_status status = make_recipe(s, err);
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
	struct stages s = { .run = run,
			    .opts = run->opts,
			    .size = run->sizes.items[run->sizes.count - 1],
			    .finish = { .model = VOCAB_TRAIN_BPE } };
	struct tok_error err = { 0 };
	size_t transition;
	enum cli_exit result = find_transition(run, &transition);
	control.threads = 1;
	control.context = &s;
	control.progress = show_progress;
	if (result == CLI_OK && learn_all(&s, transition, &err) != TOK_OK)
		result = cli_error("%s", err.message);
	else if (result == CLI_OK)
		result = write_sizes(&s);
	if (result == CLI_OK && run->opts->super == VOCAB_SUPER_BOUNDLESS && !control.stopped &&
	    measure(&s, &err) != TOK_OK)
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
