/* sample.c - tok sample: text to ids by segmentations that are drawn. */
#include "cmd/cli.h"
#include "cmd/cli_coding.h"
#include "cmd/cli_page.h"
#include "cmd/cli_pool.h"
#include "cmd/sample_compare.h"
#include "cmd/sample_list.h"
#include "cmd/sample_options.h"

/* What is told where nobody asks for more. */
enum { USUAL_LIMIT = 1 << 16, USUAL_TOP = 10 };

static const struct sample_options defaults = {
	.split = { .limit_bytes = CLI_SPLIT_LIMIT },
	.specials = CLI_SPECIALS_DEFAULT,
	.method = -1,
	.p = -1,
	.alpha = -1,
	.seed = SAMPLE_NOT_GIVEN,
	.samples = SAMPLE_NOT_GIVEN,
	.wor = SAMPLE_NOT_GIVEN,
	.best = SAMPLE_NOT_GIVEN,
	.limit = SAMPLE_NOT_GIVEN,
	.top = SAMPLE_NOT_GIVEN,
	.format = -1,
	.dtype = -1,
	.max_tokens = UINT64_MAX,
	.progress = -1,
};

static const struct cli_option option_table[] = {
	CLI_LOAD_ROWS(struct sample_options, load),
	{ CLI_GROUP, .name = "Method" },
	{ CLI_CHOICE, 'm', "method", SAMPLE_METHOD_WORDS,
	  "how segmentations are drawn: see tok-sampling(7)",
	  CLI_FIELD(struct sample_options, method, int) },
	{ CLI_REAL, 'p', "probability", "P",
	  "drop with this probability; of split: attempts an id; of uniform: draw a word at all "
	  "(0.1, uniform 1)",
	  CLI_FIELD(struct sample_options, p, double) },
	{ CLI_REAL, 0, "alpha", "A", "unigram: what scores are multiplied with (0.1)",
	  CLI_FIELD(struct sample_options, alpha, double) },
	{ CLI_TEXT, 0, "nbest", "N|all", "unigram: draw among the N best segmentations (all)",
	  CLI_FIELD(struct sample_options, nbest, const char *) },
	{ CLI_SIZE, 0, "seed", "N", "other numbers, other samples (0)",
	  CLI_FIELD(struct sample_options, seed, uint64_t) },
	{ CLI_SIZE, 'n', "samples", "N", "samples of each document, one behind the other (1)",
	  CLI_FIELD(struct sample_options, samples, uint64_t) },
	{ CLI_GROUP, .name = "Segmentations with their probabilities, instead of ids" },
	{ CLI_SIZE, 0, "wor", "K", "unigram, uniform: K different ones, drawn without replacement",
	  CLI_FIELD(struct sample_options, wor, uint64_t) },
	{ CLI_FLAG, 0, "include-best", NULL, "with --wor of unigram: the best is the first of them",
	  CLI_FIELD(struct sample_options, include_best, bool) },
	{ CLI_SIZE, 0, "best", "K", "unigram: the K best ones",
	  CLI_FIELD(struct sample_options, best, uint64_t) },
	{ CLI_FLAG, 0, "exact", NULL, "all of them: the whole distribution of a short text",
	  CLI_FIELD(struct sample_options, exact, bool) },
	{ CLI_FLAG, 0, "compare", NULL,
	  "each line by all methods that suit the tokenizer, side by side",
	  CLI_FIELD(struct sample_options, compare, bool) },
	{ CLI_TEXT, 0, "svg", "FILE", "with --compare: draw a picture too",
	  CLI_FIELD(struct sample_options, svg, const char *) },
	{ CLI_TEXT, 0, "html", "FILE", "with --compare: also write a page with tables and bars",
	  CLI_FIELD(struct sample_options, html, const char *) },
	{ CLI_SIZE, 0, "limit", "N",
	  "with --exact and --compare: no text with more segmentations (65536)",
	  CLI_FIELD(struct sample_options, limit, uint64_t) },
	{ CLI_SIZE, 0, "top", "N", "the same: show the N most probable (all; --compare 10)",
	  CLI_FIELD(struct sample_options, top, uint64_t) },
	CLI_SPLIT_ROWS(struct sample_options, split),
	{ CLI_FLAG, 0, "raw", NULL, "take gzip and Zstandard files as the bytes they are",
	  CLI_FIELD(struct sample_options, raw, bool) },
	CLI_SPECIAL_ROWS(struct sample_options, specials),
	{ CLI_GROUP, .name = "Output" },
	{ CLI_CHOICE, 'F', "format", CLI_FORMAT_WRITTEN_WORDS,
	  "how ids are written (text, or jsonl with --tokens); segmentations: text or jsonl",
	  CLI_FIELD(struct sample_options, format, int) },
	{ CLI_CHOICE, 0, "dtype", CLI_DTYPE_WORDS,
	  "what npy and megatron hold (uint32; megatron says int32)",
	  CLI_FIELD(struct sample_options, dtype, int) },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "write to FILE, which is replaced in one step at the end",
	  CLI_FIELD(struct sample_options, output, const char *) },
	{ CLI_FLAG, 0, "tokens", NULL, "write the tokens' text too (jsonl)",
	  CLI_FIELD(struct sample_options, tokens, bool) },
	{ CLI_SIZE, 0, "max-tokens", "N", "write only the first N ids of each sample",
	  CLI_FIELD(struct sample_options, max_tokens, uint64_t) },
	{ CLI_FLAG, 0, "append-eod", NULL, "put the end-of-document token after each sample",
	  CLI_FIELD(struct sample_options, append_eod, bool) },
	{ CLI_TEXT, 0, "eod", "TOKEN|ID", "put this one, where the tokenizer has no obvious one",
	  CLI_FIELD(struct sample_options, eod, const char *) },
	{ CLI_GROUP, .name = "Running" },
	CLI_THREADS_ROW(struct sample_options, threads),
	CLI_PROGRESS_ROW(struct sample_options, progress),
	{ CLI_END }
};

/* ---- segmentations with their probabilities -------------------------------- */

static size_t or_usual(uint64_t given, size_t usual)
{
	return given == SAMPLE_NOT_GIVEN ? usual : (size_t)given;
}

/* What `take` makes of each text, to its output, which is open. */
static enum cli_exit write_texts(const struct sample_texts *texts, sample_taker *take,
				 void *context, struct cli_output *output, bool *whole)
{
	struct tok_error err = { 0 };
	const enum cli_exit result = sample_each_text(texts, take, context, whole);
	if (!*whole) {
		cli_output_abandon(output);
		return result;
	}
	return cli_output_commit(output, &err) == TOK_OK ? result : cli_error("%s", err.message);
}

static enum cli_exit list_texts(const struct sample_options *o,
				const struct tok_tokenizer *tokenizer,
				const struct sample_texts *texts)
{
	const struct sample_numbers numbers = sample_numbers_of(o);
	const enum sample_mode mode = sample_mode_of(o);
	struct sample_method method = { 0 };
	struct cli_output output;
	struct tok_buffer bytes = { 0 };
	struct tok_error err = { 0 };
	bool whole;
	struct sample_list list = {
		.kind = mode == SAMPLE_EXACT  ? SAMPLE_LIST_ALL
			: mode == SAMPLE_BEST ? SAMPLE_LIST_BEST
					      : SAMPLE_LIST_DISTINCT,
		.how = cli_specials_options(&o->specials),
		.count = (size_t)(mode == SAMPLE_BEST ? o->best : o->wor),
		.limit = or_usual(o->limit, USUAL_LIMIT),
		.top = or_usual(o->top, SIZE_MAX),
		.include_best = o->include_best,
		.seed = or_usual(o->seed, 0),
		.json = o->format == CLI_FORMAT_JSONL,
		.output = &output,
		.out = { .out = &bytes },
	};
	enum tok_status status = sample_method_open(&method, tokenizer, o->method, &numbers, &err);
	if (status == TOK_OK && !sample_drawer_init(&list.drawer, &method))
		status = tok_fail_memory(&err);
	if (status == TOK_OK)
		status = cli_output_open(&output, o->output, &err);
	const enum cli_exit result =
	    status == TOK_OK ? write_texts(texts, sample_list_take, &list, &output, &whole)
			     : cli_error("%s", err.message);
	sample_drawer_release(&list.drawer);
	tok_buffer_release(&bytes);
	sample_method_close(&method);
	return result;
}

struct comparing {
	struct sample_comparison comparison;
	struct sample_svg svg;
	struct cli_put out;
	struct tok_buffer bytes, drawn; /* what these two put into */
	struct tok_buffer page_bytes;
	struct cli_put page;
	const char *html; /* NULL: no page */
	struct cli_output output, picture;
	bool json, draws;
};

static enum tok_status compare_text(void *context, struct tok_span text, uint64_t number,
				    struct tok_error *err)
{
	struct comparing *c = context;
	enum tok_status status = sample_compare_text(&c->comparison, text, number, err);
	if (status == TOK_OK && c->draws)
		status = sample_svg_text(&c->comparison, &c->svg, err);
	if (status == TOK_OK && c->html)
		status = sample_page_text(&c->comparison, &c->page, err);
	if (status != TOK_OK)
		return status;
	tok_buffer_clear(&c->bytes);
	if (c->json)
		sample_compare_json(&c->comparison, &c->out);
	else
		sample_compare_report(&c->comparison, &c->out);
	if (c->out.lost)
		return tok_fail_memory(err);
	return cli_output_add(&c->output, c->bytes.bytes, c->bytes.count, err);
}

static enum tok_status write_picture(struct comparing *c, struct tok_error *err)
{
	tok_buffer_clear(&c->bytes);
	sample_svg_finish(&c->svg, &c->out);
	const enum tok_status status =
	    c->out.lost ? tok_fail_memory(err)
			: cli_output_add(&c->picture, c->bytes.bytes, c->bytes.count, err);
	if (status == TOK_OK)
		return cli_output_commit(&c->picture, err);
	cli_output_abandon(&c->picture);
	return status;
}

static enum tok_status write_page(struct comparing *c, struct tok_error *err)
{
	cli_page_end(&c->page);
	return c->page.lost ? tok_fail_memory(err) : cli_page_write(&c->page_bytes, c->html, err);
}

/* The table, and the picture if there is to be one. */
static enum tok_status open_outputs(struct comparing *c, const struct sample_options *o,
				    struct tok_error *err)
{
	enum tok_status status = cli_output_open(&c->output, o->output, err);
	if (status != TOK_OK || !c->draws)
		return status;
	status = cli_output_open(&c->picture, o->svg, err);
	if (status != TOK_OK)
		cli_output_abandon(&c->output);
	return status;
}

static enum cli_exit write_both(struct comparing *c, const struct sample_texts *texts)
{
	struct tok_error err = { 0 };
	bool whole;
	const enum cli_exit result = write_texts(texts, compare_text, c, &c->output, &whole);
	if (c->draws && !whole)
		cli_output_abandon(&c->picture);
	if (c->draws && whole && write_picture(c, &err) != TOK_OK)
		return cli_error("%s", err.message);
	if (c->html && whole && write_page(c, &err) != TOK_OK)
		return cli_error("%s", err.message);
	return result;
}

static enum cli_exit compare_texts(const struct sample_options *o,
				   const struct tok_tokenizer *tokenizer,
				   const struct sample_texts *texts)
{
	const struct sample_numbers numbers = sample_numbers_of(o);
	const enum tok_model_kind model = tok_tokenizer_spec(tokenizer)->model.kind;
	struct tok_error err = { 0 };
	if (o->alpha >= 0 && !sample_method_suits(TOK_SAMPLE_UNIGRAM, model))
		return cli_error("--alpha is for the scores of a Unigram model, which this "
				 "tokenizer does not have");
	struct comparing c = {
		.comparison = { .tokenizer = tokenizer,
				.how = cli_specials_options(&o->specials),
				.limit = or_usual(o->limit, USUAL_LIMIT),
				.top = or_usual(o->top, USUAL_TOP) },
		.json = o->format == CLI_FORMAT_JSONL,
		.draws = o->svg != NULL,
		.html = o->html,
	};
	c.page.out = &c.page_bytes;
	if (o->html)
		cli_page_begin(&c.page, "Segmentations",
			       "what each way to draw them gives, and how often");
	c.out.out = &c.bytes;
	c.svg.body.out = &c.drawn;
	enum tok_status status = sample_compare_open(&c.comparison, numbers.p, numbers.alpha, &err);
	if (status == TOK_OK)
		status = open_outputs(&c, o, &err);
	const enum cli_exit result =
	    status == TOK_OK ? write_both(&c, texts) : cli_error("%s", err.message);
	sample_compare_close(&c.comparison);
	tok_buffer_release(&c.page_bytes);
	tok_buffer_release(&c.drawn);
	tok_buffer_release(&c.bytes);
	return result;
}

static enum cli_exit tell(const struct sample_options *o, const struct tok_tokenizer *tokenizer,
			  const struct cli_files *files)
{
	struct cli_split split = o->split;
	const struct sample_texts texts = { .files = files, .split = &split, .raw = o->raw };
	if (o->compare && cli_split_is_whole(&split))
		split.lines = true;
	return o->compare ? compare_texts(o, tokenizer, &texts) : list_texts(o, tokenizer, &texts);
}

static enum cli_exit run_sample(const void *options, int argc, char **argv)
{
	const struct sample_options *opts = options;
	struct tok_tokenizer *tokenizer = NULL;
	struct cli_files files = { 0 };
	struct tok_error err = { 0 };
	enum cli_exit result = sample_check(opts);
	if (result != CLI_OK)
		return result;
	if (cli_load(&opts->load, &tokenizer, &err) != TOK_OK)
		return cli_error("%s", err.message);
	const bool all_found = cli_files_add_all(&files, argc, argv) == CLI_OK;
	result = sample_mode_of(opts) == SAMPLE_DRAW ? sample_run(opts, tokenizer, &files)
						     : tell(opts, tokenizer, &files);
	cli_files_release(&files);
	tok_tokenizer_free(tokenizer);
	return all_found ? result : CLI_TROUBLE;
}

const struct cli_tool tool_sample = {
	.name = "sample",
	.summary = "turn text into ids by segmentations that are drawn",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Writes ids of each FILE, or of standard input, as tok-encode(1) does, but instead of\n"
	    "the tokenizer's own, canonical segmentation one that --method draws: for training\n"
	    "with subword regularization. tok-sampling(7) tells what each method is, which\n"
	    "program's it is, and how much longer texts get.\n"
	    "\n"
	    "  bpe-dropout     BPE: at each step a merge that could be made is dropped with P\n"
	    "  bpe-dropout-hf  the same as Hugging Face tokenizers does it\n"
	    "  bpe-dropout-sp  the same as SentencePiece does it: dropped once, gone for good\n"
	    "  maxmatch        any vocabulary: the longest token that is not dropped with P\n"
	    "  unigram         Unigram: by exp(A x score)\n"
	    "  uniform         any vocabulary: each segmentation of a word is as likely as "
	    "another\n"
	    "  split           any vocabulary: StochasTok on the canonical ids, P attempts an id;\n"
	    "                  a number of attempts that is not whole is rounded at random\n"
	    "\n"
	    "What is drawn depends on --seed, on the number of the document over all files, and\n"
	    "on which of its samples it is; not on threads, nor on other documents. Each document\n"
	    "is taken whole, up to --max-document. Decoding gives what decoding the canonical ids\n"
	    "gives, except where a method comes to an unknown token that they do not have.\n"
	    "\n"
	    "--exact, --best and --wor write no ids to train with but a list for each document,\n"
	    "as a table or, with --format jsonl, a line of JSON for each segmentation: document,\n"
	    "log_probability (natural), ids, tokens; --exact adds probability, --wor adds\n"
	    "log_inclusion, the logarithm of the probability to be among those drawn.\n"
	    "The probability is that of the whole document. --exact and --compare are meant for "
	    "words:\n"
	    "of a sentence there are too many, and bpe-dropout-hf takes seconds before it says "
	    "so.\n"
	    "\n"
	    "--compare takes each line as a text, unless --null or --jsonl says otherwise, and\n"
	    "tells for each method how many segmentations it gives, the entropy of their\n"
	    "distribution, how many ids are to be expected, the probability of the canonical\n"
	    "segmentation, and the Kullback-Leibler divergence from uniform, both in bits. -p\n"
	    "is for all methods but uniform, which draws every word. With --format jsonl it is an\n"
	    "object of schema tok.sample.compare.1 for each text; with --svg there is a picture\n"
	    "too, whose curves show the probabilities of all segmentations by rank.\n"
	    "In tables a blank is shown as ␠, a newline as ␊, a byte that is no character as\n"
	    "<0xE3>, and tokens are parted by a blank.\n",
	.examples =
	    "  printf 'unrelated words' | tok sample --method bpe-dropout --seed 7\n"
	    "  seq 99 | tok sample --lines -m maxmatch -p 0.3 -n 4 --threads 2 | tail -n 1\n"
	    "  printf 'unrelated' | tok sample -m uniform --wor 3 --format jsonl\n"
	    "  printf 'sampled' | tok sample -m bpe-dropout-sp --exact --top 5\n"
	    "  printf 'sampled\\n reading\\n' | tok sample --compare --svg words.svg\n"
	    "  printf 'Hello' | tok sample -m split -p 0.5 -F npy -o ids.npy\n",
	.guide = "tok-sampling",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_sample,
};
