/* train_learn.c - from counted words to tokenizer files. */
#include <stdlib.h>
#include <time.h>

#include "cmd/cli_interrupt.h"
#include "cmd/cli_load.h"
#include "cmd/train_internal.h"
#include "vocab/format/read.h"
#include "vocab/train/base.h"
#include "vocab/train/bpe.h"
#include "vocab/train/finish_sentencepiece.h"
#include "vocab/train/recipe.h"

enum { CHECKPOINT_SECONDS = 60 };

struct learning {
	struct train_run *run;
	struct vocab_word_stream *stream;
	struct vocab_finish_options finish;
	struct vocab_train_control *control;
	struct tok_spec spec; /* of the recipe, or that is gone on from */
	struct train_rules rules;
	struct vocab_base base;
	bool resumed;
	time_t last_checkpoint;
};

/* The signal that stops it may come when nothing else is left of a run. */
static struct vocab_train_control control;

/* ---- options --------------------------------------------------------------- */

static struct tok_span text_of(const char *text)
{
	return text ? tok_span_of(text) : (struct tok_span){ NULL, 0 };
}

static struct vocab_finish_options finish_options(const struct train_options *opts)
{
	struct vocab_finish_options finish = {
		.model = (enum vocab_train_model)opts->model,
		.unk = text_of(opts->unk),
		.byte_fallback = opts->byte_fallback,
		.prefix = text_of(opts->prefix),
		.suffix = text_of(opts->suffix),
	};
	if (finish.model == VOCAB_TRAIN_WORDPIECE && !finish.prefix.bytes)
		finish.prefix = tok_span_of("##");
	if (finish.model == VOCAB_TRAIN_WORDPIECE && !finish.unk.bytes)
		finish.unk = tok_span_of("[UNK]");
	if (finish.model == VOCAB_TRAIN_UNIGRAM && !finish.unk.bytes)
		finish.unk = tok_span_of("<unk>");
	return finish;
}

/* ---- watching --------------------------------------------------------------- */

static void show_progress(void *context, const char *stage, uint64_t done, uint64_t total)
{
	struct learning *l = context;
	if (done % 64 != 0)
		return;
	cli_progress_steps(&l->run->progress, stage, done, total);
	if (!l->run->opts->checkpoint || time(NULL) - l->last_checkpoint < CHECKPOINT_SECONDS)
		return;
	l->control->checkpoint_due = true;
	l->last_checkpoint = time(NULL);
}

/* ---- a tokenizer out of it ---------------------------------------------------- */

/* The specification that the run began with, anew. */
static enum tok_status begin_spec(struct learning *l, struct tok_spec *spec, tok_id *first_id,
				  struct tok_error *err)
{
	const char *resume = l->run->opts->resume;
	if (resume)
		return cli_load_spec(resume, NULL, spec, err);
	const enum tok_status status = vocab_read_bytes(l->stream->recipe, NULL, spec, err);
	if (status != TOK_OK)
		return status;
	return l->run->kind == CLI_VOCAB_SENTENCEPIECE
		   ? vocab_finish_sentencepiece_begin(&l->finish, spec, first_id, err)
		   : vocab_finish_begin(&l->finish, spec, first_id, err);
}

static enum tok_status finish_spec(struct learning *l, const struct vocab_learned *learned,
				   struct tok_spec *spec, struct tok_error *err)
{
	if (l->resumed)
		return vocab_base_extend(spec, learned, err);
	return l->run->kind == CLI_VOCAB_SENTENCEPIECE
		   ? vocab_finish_sentencepiece(&l->finish, learned, spec, err)
		   : vocab_finish(&l->finish, learned, spec, err);
}

static enum tok_status make_tokenizer(struct learning *l, const struct vocab_learned *learned,
				      struct tok_spec *spec, struct tok_error *err)
{
	tok_id first_id;
	const enum tok_status status = begin_spec(l, spec, &first_id, err);
	return status == TOK_OK ? finish_spec(l, learned, spec, err) : status;
}

static enum cli_exit report(struct learning *l, const struct vocab_learned *learned)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	const enum tok_status status = make_tokenizer(l, learned, &spec, &err);
	const enum cli_exit result =
	    status == TOK_OK ? train_report(l->run, &spec) : cli_error("%s", err.message);
	tok_spec_release(&spec);
	return result;
}

static enum cli_exit write_tokenizer(struct learning *l, const struct vocab_learned *learned,
				     enum cli_vocab_kind kind, const char *path)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	enum cli_exit result = CLI_OK;
	const enum tok_status status = make_tokenizer(l, learned, &spec, &err);
	if (status == TOK_OK)
		result = cli_vocab_output(&spec, kind, path);
	else
		result = cli_error("%s", err.message);
	tok_spec_release(&spec);
	return result;
}

static enum tok_status write_checkpoint(void *context, const struct vocab_learned *so_far,
					struct tok_error *err)
{
	struct learning *l = context;
	cli_progress_clear(&l->run->progress);
	if (write_tokenizer(l, so_far, CLI_VOCAB_JSON, l->run->opts->checkpoint) == CLI_OK)
		return TOK_OK;
	return tok_fail(err, TOK_EIO, "the checkpoint could not be written");
}

/* ---- learning ----------------------------------------------------------------- */

static enum tok_status learn_bpe(struct learning *l, tok_id first_id, struct vocab_learned *out,
				 struct tok_error *err)
{
	const struct train_options *opts = l->run->opts;
	const struct train_sizes *sizes = &l->run->sizes;
	size_t alphabet_count;
	uint32_t *alphabet = train_characters(opts->initial_alphabet, &alphabet_count);
	if (!alphabet)
		return tok_fail_memory(err);
	struct vocab_bpe_options options = {
		.vocab_size = sizes->items[sizes->count - 1],
		.first_id = first_id,
		.tie = opts->tie < 0 ? VOCAB_TIE_HF : (enum vocab_tie)opts->tie,
		.min_frequency = opts->min_frequency,
		.max_token_length = opts->max_token_length,
		.bytes = vocab_recipe_has_bytes(&l->spec),
		.limit_alphabet = opts->limit_alphabet,
		.alphabet = alphabet,
		.alphabet_count = alphabet_count,
		.prefix = l->finish.prefix,
		.suffix = l->finish.suffix,
		.allows = train_text_allowed,
		.allows_context = &l->rules,
		.memory_bytes = opts->memory,
		.spill_folder = opts->memory ? cli_spill_folder() : NULL,
	};
	if (l->resumed)
		vocab_base_set(&l->base, &options);
	const enum tok_status status = vocab_train_bpe(l->stream, &options, l->control, out, err);
	free(alphabet);
	return status;
}

/* One file a size: all are fronts of the largest. */
static enum cli_exit write_sizes(struct learning *l, const struct vocab_learned *learned)
{
	const struct train_run *run = l->run;
	struct tok_buffer name = { 0 };
	enum cli_exit result = CLI_OK;
	for (size_t i = 0; i < run->sizes.count && result == CLI_OK; i++) {
		const struct vocab_learned front =
		    vocab_learned_front(learned, run->sizes.items[i]);
		result = train_name(run->opts->output, run->sizes.items[i], &name)
			     ? write_tokenizer(l, &front, run->kind, (const char *)name.bytes)
			     : cli_error("out of memory");
	}
	for (size_t i = 0; i < run->sizes.count && result == CLI_OK && run->opts->report; i++) {
		const struct vocab_learned front =
		    vocab_learned_front(learned, run->sizes.items[i]);
		result = report(l, &front);
	}
	tok_buffer_release(&name);
	return result;
}

enum cli_exit train_tell_size(const struct train_run *run, size_t size, bool stopped)
{
	const size_t asked = run->sizes.items[run->sizes.count - 1];
	if (stopped)
		return cli_error("interrupted: '%s' has %zu of %zu tokens", run->opts->output, size,
				 asked);
	if (size != asked)
		fprintf(stderr, "tok train: %zu tokens, not %zu: %s\n", size, asked,
			size < asked ? "there is nothing more that is frequent enough"
				     : "the alphabet and the special tokens alone are more");
	return CLI_OK;
}

static enum tok_status begin(struct learning *l, tok_id *first_id, struct tok_error *err)
{
	enum tok_status status = begin_spec(l, &l->spec, first_id, err);
	if (status != TOK_OK || !l->resumed)
		return status;
	status = cli_recipe_check(l->stream->recipe, l->run->opts->resume, NULL, err);
	if (status == TOK_OK)
		status = vocab_base_of(&l->spec, &l->base, err);
	*first_id = l->base.next_id;
	return status;
}

/* ---- before text is read ---------------------------------------------------------- */

enum tok_status train_fits_spec(const struct train_run *run, struct tok_spec *spec,
				struct tok_error *err)
{
	const struct cli_vocab_aim aim = {
		.kind = run->kind,
		.option = "format",
		.otherwise = run->opts->counts
				 ? ""
				 : ", and another --pretok, --normalizer or --model may do, too",
	};
	return cli_vocab_output_check(spec, &aim, err);
}

/* A stream of one word, which is a letter. */
struct letter_stream {
	struct vocab_word_stream stream; /* the first member */
	const char *letter;              /* NULL: it has been read */
};

static enum tok_status next_letter(struct vocab_word_stream *self, struct vocab_word *out,
				   struct tok_error *err)
{
	struct letter_stream *letters = (struct letter_stream *)(void *)self;
	(void)err;
	*out = (struct vocab_word){ text_of(letters->letter), 1 };
	letters->letter = NULL;
	return TOK_OK;
}

/* Pieces of Unigram are put there: it does not learn from so little. */
static enum tok_status learn_letter(struct learning *l, tok_id first_id, const char *letter,
				    struct vocab_learned *out, struct tok_error *err)
{
	if (l->finish.model != VOCAB_TRAIN_UNIGRAM)
		return learn_bpe(l, first_id, out, err);
	out->kind = TOK_MODEL_UNIGRAM;
	out->entries = tok_arena_array(&out->arena, 1, sizeof *out->entries);
	if (!out->entries)
		return tok_fail_memory(err);
	out->entries[0] = (struct tok_vocab_entry){
		.text = tok_span_of(letter), .id = first_id, .type = TOK_PIECE_NORMAL, .score = -1
	};
	out->entry_count = 1;
	return TOK_OK;
}

static enum tok_status letter_fits(const struct train_run *run, struct tok_span recipe,
				   const char *letter, struct tok_error *err)
{
	struct vocab_train_control quiet = { .threads = 1 };
	struct train_run alone = *run;
	struct letter_stream letters = { .stream = { .recipe = recipe, .next = next_letter },
					 .letter = letter };
	struct learning l = { .run = &alone,
			      .stream = &letters.stream,
			      .finish = finish_options(run->opts),
			      .control = &quiet };
	struct vocab_learned learned = { 0 };
	struct tok_spec spec = { 0 };
	tok_id first_id = 0;
	l.rules.spec = &l.spec;
	enum tok_status status = begin_spec(&l, &l.spec, &first_id, err);
	if (status == TOK_OK && run->opts->resume) {
		status = train_fits_spec(run, &l.spec, err);
	} else if (status == TOK_OK) {
		status = learn_letter(&l, first_id, letter, &learned, err);
		if (status == TOK_OK)
			status = make_tokenizer(&l, &learned, &spec, err);
		if (status == TOK_OK)
			status = train_fits_spec(run, &spec, err);
	}
	vocab_learned_release(&learned);
	tok_spec_release(&spec);
	tok_spec_release(&l.spec);
	return status;
}

/* A vocab.txt tells by its letters which normalizer it has: either case may be right. */
enum tok_status train_fits(const struct train_run *run, struct tok_span recipe,
			   struct tok_error *err)
{
	const enum tok_status status = letter_fits(run, recipe, "A", err);
	return status == TOK_EARG ? letter_fits(run, recipe, "a", err) : status;
}

/* ---- the whole ---------------------------------------------------------------------- */

enum cli_exit train_learn(struct train_run *run, struct vocab_word_stream *stream)
{
	struct learning l = {
		.run = run,
		.stream = stream,
		.finish = finish_options(run->opts),
		.control = &control,
		.resumed = run->opts->resume != NULL,
		.last_checkpoint = time(NULL),
	};
	struct vocab_learned learned = { 0 };
	struct tok_error err = { 0 };
	tok_id first_id = 0;
	l.rules = (struct train_rules){
		.spec = &l.spec,
		.split_digits = run->opts->split_digits,
		.no_nul = run->kind == CLI_VOCAB_SENTENCEPIECE,
		.no_byte_names = l.finish.byte_fallback,
		.filter = run->filter,
	};
	control.threads = 1;
	control.context = &l;
	control.progress = show_progress;
	control.checkpoint = run->opts->checkpoint ? write_checkpoint : NULL;
	enum tok_status status = begin(&l, &first_id, &err);
	if (status == TOK_OK) {
		cli_interrupt_say("tok train: interrupted twice: nothing was written");
		cli_interrupt_stop(&control.stop);
		status =
		    run->opts->model == VOCAB_TRAIN_UNIGRAM
			? train_unigram(run, &l.rules, first_id, stream, &control, &learned, &err)
			: learn_bpe(&l, first_id, &learned, &err);
	}
	cli_progress_clear(&run->progress);
	enum cli_exit result = CLI_OK;
	if (status != TOK_OK)
		result = cli_error("%s", err.message);
	if (result == CLI_OK)
		result = write_sizes(&l, &learned);
	if (result == CLI_OK)
		result = train_tell_size(run, first_id + learned.entry_count, control.stopped);
	vocab_learned_release(&learned);
	vocab_base_release(&l.base);
	tok_spec_release(&l.spec);
	return result;
}
