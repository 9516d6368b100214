/* sample_run.c - samples of all documents, by threads, in any format. */
#include <stdlib.h>

#include "cmd/cli_coding.h"
#include "cmd/cli_eod.h"
#include "cmd/cli_narrow.h"
#include "cmd/sample_options.h"

/* What the threads go by. */
struct plan {
	const struct sample_method *method;
	struct tok_encode_options how;
	uint64_t seed;
};

struct thread {
	const struct plan *plan;
	struct sample_drawer drawer;
};

static void *begin(void *context)
{
	struct thread *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	t->plan = context;
	if (sample_drawer_init(&t->drawer, t->plan->method))
		return t;
	free(t);
	return NULL;
}

static void end(void *thread)
{
	struct thread *t = thread;
	sample_drawer_release(&t->drawer);
	free(t);
}

/* As tok split has it, so that --method split draws what it draws.  Of the first copy it is
 * the document's number: --samples does not change what is drawn there. */
static uint64_t find_stream(const struct cli_piece *piece)
{
	return piece->document + piece->copy * UINT64_C(0x9E3779B97F4A7C15);
}

static enum tok_status encode(void *thread, const struct cli_piece *piece, struct cli_made *out,
			      struct tok_error *err)
{
	struct thread *t = thread;
	return sample_draw(&t->drawer, piece->text, &t->plan->how, t->plan->seed,
			   find_stream(piece), &out->encoding, err);
}

static const struct cli_coder coder = { begin, end, encode };

static enum tok_status prepare_shape(const struct sample_options *o,
				     const struct tok_tokenizer *tokenizer,
				     const struct tok_encode_options *how, struct cli_shape *shape,
				     struct tok_error *err)
{
	const enum cli_format format = o->format >= 0 ? (enum cli_format)o->format
				       : o->tokens    ? CLI_FORMAT_JSONL
						      : CLI_FORMAT_TEXT;
	const bool narrow = format == CLI_FORMAT_U16 || o->dtype == CLI_DTYPE_UINT16;
	*shape = (struct cli_shape){
		.format = format,
		.width = narrow ? 2 : 4,
		.tokens = o->tokens,
		.eod = TOK_NO_ID,
	};
	enum tok_status status = narrow ? cli_narrow_check(tokenizer, how, format, err) : TOK_OK;
	if (status != TOK_OK || (!o->append_eod && !o->eod))
		return status;
	status = cli_eod_find(tokenizer, o->eod, &shape->eod, err);
	if (status == TOK_OK)
		shape->eod_text = tok_tokenizer_token(tokenizer, shape->eod);
	return status;
}

static enum cli_exit run_coding(const struct sample_options *o, struct cli_coding *run)
{
	const struct cli_files *files = run->source.files;
	const struct cli_place place = { .operand = files->count };
	struct tok_error err = { 0 };
	if (cli_dataset_begin(&run->dataset, &err) != TOK_OK)
		return cli_error("%s", err.message);
	run->progress = cli_progress_begin(o->progress < 0 ? CLI_PROGRESS_AUTO : o->progress,
					   files->all_regular ? files->size : 0);
	const bool well = cli_coding_run(run);
	cli_progress_end(&run->progress, &run->done);
	if (run->output_lost)
		return CLI_TROUBLE;
	if (cli_dataset_finish(&run->dataset, &place, &err) != TOK_OK)
		return cli_error("%s", err.message);
	return well ? CLI_OK : CLI_TROUBLE;
}

enum cli_exit sample_run(const struct sample_options *o, const struct tok_tokenizer *tokenizer,
			 struct cli_files *files)
{
	const struct sample_numbers numbers = sample_numbers_of(o);
	struct tok_encode_options how = cli_specials_options(&o->specials);
	struct sample_method method = { 0 };
	struct cli_shape shape;
	struct tok_error err = { 0 };
	how.tokens = o->tokens;
	enum tok_status status = sample_method_open(&method, tokenizer, o->method, &numbers, &err);
	if (status == TOK_OK)
		status = prepare_shape(o, tokenizer, &how, &shape, &err);
	struct plan plan = { .method = &method,
			     .how = how,
			     .seed = o->seed == SAMPLE_NOT_GIVEN ? 0 : o->seed };
	struct cli_coding run = {
		.coder = &coder,
		.context = &plan,
		.shape = &shape,
		.copies = o->samples == SAMPLE_NOT_GIVEN ? 1 : o->samples,
		.max_tokens = o->max_tokens,
		.budget = UINT64_MAX,
		.threads = o->threads,
		.source = { .files = files, .split = &o->split, .raw = o->raw, .numbered = true },
		.dataset = { .shape = &shape, .path = o->output },
	};
	const enum cli_exit result =
	    status == TOK_OK ? run_coding(o, &run) : cli_error("%s", err.message);
	cli_dataset_release(&run.dataset);
	sample_method_close(&method);
	return result;
}
