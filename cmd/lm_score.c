/* lm_score.c - tok lm score: how well a model foretells texts. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cmd/cli_encoded.h"
#include "cmd/cli_pool.h"
#include "cmd/lm_internal.h"
#include "tok/text/json_write.h"

/* Ids of a document are forgotten when there are so many, where a model looks at few. */
enum { CONTEXT_KEPT = 1 << 16, BATCH_MAX = 64 };

struct totals {
	uint64_t documents, tokens, ends, bytes;
	double nats;
};

struct scoring {
	const struct lm_options *opts;
	struct cli_files files;
	struct tok_tokenizer *tokenizer;
	struct tok_lm *lm;
	const char *model; /* its name */
	bool lost;         /* it did not answer */
	/* Start ids and what came of the current document. */
	tok_id *context;
	size_t count, capacity;
	struct tok_lm_request *requests;
	struct tok_lm_row *rows;
	double *room; /* of the rows */
	size_t batch;

	struct totals document, operand, all;
	size_t current; /* operand */
	int shown;
	struct cli_progress progress;
	bool trouble, impossible;
};

/* ---- probabilities ------------------------------------------------------------- */

static double find_added(const struct tok_lm_part *part, tok_id id)
{
	size_t begin = 0, end = part->count;
	while (begin < end) {
		const size_t middle = begin + (end - begin) / 2;
		if (part->ids[middle] < id)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin < part->count && part->ids[begin] == id ? part->scale * part->add[begin] : 0;
}

static double from_parts(const struct tok_lm_parts *parts, tok_id id)
{
	double p = parts->scale * parts->base[id];
	for (size_t i = 0; i < parts->count; i++)
		p += find_added(&parts->parts[i], id);
	return p;
}

/* Of an id, or of what ends a text: TOK_NO_ID. */
static double log_of(const struct scoring *s, const struct tok_lm_parts *parts, const double *row,
		     tok_id id)
{
	const struct tok_lm_info *info = s->lm->info;
	const tok_id *ids = id == TOK_NO_ID ? info->eos : &id;
	const size_t count = id == TOK_NO_ID ? info->eos_count : 1;
	double p = 0;
	if (!parts && count == 1)
		return row[ids[0]];
	for (size_t i = 0; i < count; i++)
		p += parts ? from_parts(parts, ids[i]) : exp(row[ids[i]]);
	return p > 0 ? log(p) : -INFINITY;
}

/* Behind each of `count` contexts, of which the first has `length` ids, comes the next one's last
 * id; behind the last one the end, if it is wanted. */
static enum tok_status add_by_parts(struct scoring *s, size_t length, size_t count, bool end,
				    struct tok_error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct tok_lm_request request = { s->context, length + i };
		const tok_id id = end && i + 1 == count ? TOK_NO_ID : s->context[length + i];
		struct tok_lm_parts parts;
		const enum tok_status status = s->lm->parts(s->lm, &request, &parts, err);
		if (status != TOK_OK)
			return status;
		s->document.nats -= log_of(s, &parts, NULL, id);
	}
	return TOK_OK;
}

static enum tok_status add_by_rows(struct scoring *s, size_t length, size_t count, bool end,
				   struct tok_error *err)
{
	for (size_t done = 0, n; done < count; done += n) {
		n = count - done < s->batch ? count - done : s->batch;
		for (size_t i = 0; i < n; i++)
			s->requests[i] = (struct tok_lm_request){ s->context, length + done + i };
		const enum tok_status status = s->lm->rows(s->lm, s->requests, n, s->rows, err);
		if (status != TOK_OK)
			return status;
		for (size_t i = 0; i < n; i++) {
			const bool is_end = end && done + i + 1 == count;
			const tok_id id = is_end ? TOK_NO_ID : s->context[length + done + i];
			s->document.nats -= log_of(s, NULL, s->rows[i].log_p, id);
		}
	}
	return TOK_OK;
}

/* ---- documents ------------------------------------------------------------------- */

static enum tok_status add_context(struct scoring *s, const tok_id *ids, size_t count,
				   struct tok_error *err)
{
	const size_t size = s->lm->info->size;
	if (!tok_grow(&s->context, &s->capacity, s->count + count, sizeof *s->context))
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (ids[i] >= size)
			return tok_fail(err, TOK_EARG,
					"the text has the id %u, and the model has %zu: it is of "
					"another tokenizer",
					ids[i], size);
		s->context[s->count++] = ids[i];
	}
	return TOK_OK;
}

static void forget(struct scoring *s)
{
	const size_t order = s->lm->info->markov_order;
	if (order == 0 || s->count < CONTEXT_KEPT)
		return;
	memmove(s->context, s->context + s->count - order, order * sizeof *s->context);
	s->count = order;
}

static void add_totals(struct totals *to, const struct totals *more)
{
	to->documents += more->documents;
	to->tokens += more->tokens;
	to->ends += more->ends;
	to->bytes += more->bytes;
	to->nats += more->nats;
}

static enum tok_status begin_document(struct scoring *s, struct tok_error *err)
{
	const struct tok_lm_info *info = s->lm->info;
	s->document = (struct totals){ .documents = 1 };
	s->count = 0;
	return add_context(s, info->start, info->start_count, err);
}

/* ---- telling ----------------------------------------------------------------------- */

static double perplexity(const struct totals *t)
{
	return exp(t->nats / (double)(t->tokens + t->ends));
}

static double bits_per_byte(const struct totals *t)
{
	return t->nats / log(2) / (double)t->bytes;
}

static void print_json_number(const char *name, double number)
{
	if (isfinite(number))
		printf(",\"%s\":%.17g", name, number);
	else
		printf(",\"%s\":null", name);
}

static void print_json(const struct totals *t)
{
	printf(",\"documents\":%" PRIu64 ",\"tokens\":%" PRIu64 ",\"ends\":%" PRIu64
	       ",\"bytes\":%" PRIu64,
	       t->documents, t->tokens, t->ends, t->bytes);
	print_json_number("nats", t->nats);
	print_json_number("perplexity", perplexity(t));
	print_json_number("bits_per_byte", bits_per_byte(t));
	printf("}\n");
}

static enum tok_status print_document(const struct scoring *s, const struct cli_encoded *piece,
				      struct tok_error *err)
{
	struct tok_buffer name = { 0 };
	const bool ok =
	    tok_json_put_string(&name, tok_span_of(s->files.items[piece->operand].path));
	if (ok) {
		printf("{\"schema\":\"tok.lm.score.1\",\"type\":\"document\",\"file\":");
		fwrite(name.bytes, 1, name.count, stdout);
		printf(",\"document\":%" PRIu64, piece->number);
		print_json(&s->document);
	}
	tok_buffer_release(&name);
	return ok ? TOK_OK : tok_fail_memory(err);
}

static void print_number(double number)
{
	if (isnan(number))
		printf(" %12s", "-");
	else
		printf(" %12.6g", number);
}

static void print_row(const struct totals *t, const char *name)
{
	printf("%12" PRIu64 " %12" PRIu64 " %12" PRIu64, t->documents, t->tokens, t->bytes);
	print_number(perplexity(t));
	print_number(bits_per_byte(t));
	printf(" %s\n", name);
}

/* The operand that has ended, if anything of it was scored. */
static void show_operand(struct scoring *s)
{
	if (s->operand.documents && !s->opts->json) {
		cli_progress_clear(&s->progress);
		if (s->shown++ == 0)
			printf("%12s %12s %12s %12s %12s %s\n", "documents", "tokens", "bytes",
			       "perplexity", "bits/byte", "file");
		print_row(&s->operand, s->files.items[s->current].path);
	}
	add_totals(&s->all, &s->operand);
	s->operand = (struct totals){ 0 };
}

static void show_all(struct scoring *s)
{
	show_operand(s);
	if (s->opts->json) {
		printf("{\"schema\":\"tok.lm.score.1\",\"type\":\"total\"");
		print_json(&s->all);
	} else if (s->shown > 1) {
		print_row(&s->all, "total");
	}
}

static enum tok_status end_document(struct scoring *s, const struct cli_encoded *piece,
				    struct tok_error *err)
{
	s->impossible |= !isfinite(s->document.nats);
	add_totals(&s->operand, &s->document);
	return s->opts->json ? print_document(s, piece, err) : TOK_OK;
}

static enum tok_status take(void *context, const struct cli_encoded *piece, struct tok_error *err)
{
	struct scoring *s = context;
	enum tok_status status = TOK_OK;
	if (piece->operand != s->current) {
		show_operand(s);
		s->current = piece->operand;
	}
	if (piece->first)
		status = begin_document(s, err);
	const size_t length = s->count;
	if (status == TOK_OK)
		status = add_context(s, piece->ids, piece->count, err);
	if (status != TOK_OK)
		return status;
	const bool end = piece->last && s->lm->info->eos_count > 0;
	const size_t count = piece->count + end;
	status = s->lm->parts ? add_by_parts(s, length, count, end, err)
			      : add_by_rows(s, length, count, end, err);
	s->lost = lm_is_lost(s->model, status);
	s->document.tokens += piece->count;
	s->document.bytes += piece->bytes;
	s->document.ends += end;
	forget(s);
	return status == TOK_OK && piece->last ? end_document(s, piece, err) : status;
}

/* ---- the whole --------------------------------------------------------------------- */

static enum tok_status make_rows(struct scoring *s, struct tok_error *err)
{
	const struct tok_lm_info *info = s->lm->info;
	if (info->top > 0)
		return tok_fail(err, TOK_EARG,
				"the model tells the best %zu ids only: a text's score needs all",
				info->top);
	s->batch = info->batch < 1 ? 1 : info->batch < BATCH_MAX ? info->batch : BATCH_MAX;
	if (s->lm->parts)
		return TOK_OK;
	if (info->size > SIZE_MAX / sizeof(double) / s->batch)
		return tok_fail_memory(err);
	s->requests = calloc(s->batch, sizeof *s->requests);
	s->rows = calloc(s->batch, sizeof *s->rows);
	s->room = malloc(s->batch * info->size * sizeof *s->room);
	if (!s->requests || !s->rows || !s->room)
		return tok_fail_memory(err);
	for (size_t i = 0; i < s->batch; i++)
		s->rows[i].log_p = s->room + i * info->size;
	return TOK_OK;
}

static enum tok_status score(struct scoring *s, struct tok_error *err)
{
	const struct lm_options *opts = s->opts;
	struct cli_done done = { 0 };
	enum tok_status status = lm_open(opts, s->model, &s->tokenizer, &s->lm, &s->lost, err);
	if (status == TOK_OK)
		status = make_rows(s, err);
	if (status != TOK_OK)
		return status;
	const struct cli_encoded_job job = {
		.tokenizer = s->tokenizer,
		.files = &s->files,
		.split = &opts->split,
		.how = cli_specials_options(&opts->specials),
		.raw = opts->raw,
		.threads = opts->threads,
		.progress = &s->progress,
		.use = take,
		.context = s,
	};
	s->progress = cli_progress_begin(opts->progress, s->files.all_regular ? s->files.size : 0);
	status = cli_encoded_run(&job, &done, &s->trouble, err);
	if (status == TOK_OK)
		show_all(s);
	cli_progress_end(&s->progress, &done);
	return status;
}

static void release(struct scoring *s)
{
	if (s->lm)
		s->lm->free(s->lm);
	free(s->context);
	free(s->requests);
	free(s->rows);
	free(s->room);
	tok_tokenizer_free(s->tokenizer);
	cli_files_release(&s->files);
}

static enum cli_exit check(const struct lm_options *opts, int argc)
{
	if (argc == 0)
		return cli_usage("score takes a model, and texts");
	enum cli_exit result = cli_split_check(&opts->split);
	if (result == CLI_OK)
		result = cli_specials_check(&opts->specials);
	return result == CLI_OK ? cli_threads_check(opts->threads) : result;
}

enum cli_exit lm_score(const void *options, int argc, char **argv)
{
	char dash[] = "-";
	char *standard_input[] = { dash };
	struct scoring s = { .opts = options };
	struct tok_error err = { 0 };
	enum cli_exit result = check(s.opts, argc);
	if (result != CLI_OK)
		return result;
	result = argc > 1 ? cli_files_add_all(&s.files, argc - 1, argv + 1)
			  : cli_files_add_all(&s.files, 1, standard_input);
	s.model = argv[0];
	if (score(&s, &err) != TOK_OK)
		result = lm_trouble(s.lost, &err);
	if (s.impossible && result == CLI_OK && !s.trouble)
		result = CLI_NO;
	release(&s);
	return s.trouble && !s.lost ? CLI_TROUBLE : result;
}
