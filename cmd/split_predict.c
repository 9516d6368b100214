/* split_predict.c - tok split --predict: ids are counted, and what splitting would make
 * of them is worked out. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/split_internal.h"
#include "tok/sample/predict.h"
#include "tok/sample/surfaces.h"

/* ---- counting ------------------------------------------------------------- */

struct thread {
	struct split_plan *plan;
	struct tok_encoder *encoder; /* NULL: documents are ids */
	uint64_t *counts;            /* by id */
	uint64_t ids;
	uint64_t whole_attempts[SPLIT_PROPORTIONS_MAX];
};

static void free_thread(struct thread *t)
{
	tok_encoder_free(t->encoder);
	free(t->counts);
	free(t);
}

static void *begin(void *context)
{
	struct split_plan *plan = context;
	struct thread *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	t->plan = plan;
	t->counts = calloc(tok_splits_size(plan->splits), sizeof *t->counts);
	t->encoder = plan->opts->encode ? tok_encoder_new(plan->tokenizer) : NULL;
	if (t->counts && (t->encoder || !plan->opts->encode))
		return t;
	free_thread(t);
	return NULL;
}

static void end(void *thread)
{
	struct thread *t = thread;
	struct split_plan *plan = t->plan;
	pthread_mutex_lock(&plan->lock);
	for (size_t i = 0; i < tok_splits_size(plan->splits); i++)
		plan->counts[i] += t->counts[i];
	plan->ids += t->ids;
	for (size_t i = 0; i < plan->proportion_count; i++)
		plan->whole_attempts[i] += t->whole_attempts[i];
	pthread_mutex_unlock(&plan->lock);
	free_thread(t);
}

/* Those that split.c makes of `count` ids, but a fraction: chunk by chunk, and the last
 * may be shorter. */
static void count_attempts(struct thread *t, size_t count)
{
	const struct split_plan *plan = t->plan;
	const uint64_t asked = plan->opts->chunk;
	const size_t each = asked && asked < count ? (size_t)asked : count;
	for (size_t i = 0; count > 0 && i < plan->proportion_count; i++) {
		const double p = plan->proportions[i];
		t->whole_attempts[i] += count / each * (uint64_t)((double)each * p) +
					(uint64_t)((double)(count % each) * p);
	}
}

static enum tok_status count_ids(void *thread, const struct cli_piece *piece, struct cli_made *out,
				 struct tok_error *err)
{
	struct thread *t = thread;
	struct tok_encoding ids = { 0 };
	const size_t size = tok_splits_size(t->plan->splits);
	const enum tok_status status = split_take_ids(t->plan, t->encoder, piece, &ids, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < ids.count; i++)
		if (ids.ids[i] < size) /* a template may add ids that no token has */
			t->counts[ids.ids[i]]++;
	t->ids += ids.count;
	count_attempts(t, ids.count);
	*out = (struct cli_made){ .tally = { { [SPLIT_TOKENS] = ids.count } } };
	return TOK_OK;
}

const struct cli_coder split_counter = {
	.begin = begin, .end = end, .encode = count_ids, .tallies = true
};

/* ---- how long tokens are -------------------------------------------------- */

enum { LENGTHS = 129 }; /* the last: so many bytes or more */

/* How many tokens there are of each length, in bytes, and bytes in all. */
struct lengths {
	double tokens, bytes;
	double of[LENGTHS];
};

/* SentencePiece's mark of a space counts as the one byte that it stands for. */
static size_t count_spelled(struct tok_span text, bool raw)
{
	size_t count = text.count;
	for (size_t i = 0; !raw && i + 2 < text.count; i++)
		if (memcmp(text.bytes + i, "\342\226\201", 3) == 0)
			count -= 2;
	return count;
}

/* Bytes that each token spells: byte pieces one, special tokens none. */
static enum tok_status measure_tokens(const struct split_plan *plan, size_t **out,
				      struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(plan->tokenizer);
	struct tok_surfaces *surfaces = NULL;
	const size_t size = tok_splits_size(plan->splits);
	size_t *lengths = calloc(size ? size : 1, sizeof *lengths);
	if (!lengths)
		return tok_fail_memory(err);
	const enum tok_status status = tok_surfaces_new(plan->tokenizer, &surfaces, err);
	if (status != TOK_OK) {
		free(lengths);
		return status;
	}
	const bool raw = tok_surfaces_are_bytes(surfaces);
	for (size_t i = 0; i < size && i < tok_surfaces_count(surfaces); i++)
		lengths[i] = count_spelled(tok_surfaces_at(surfaces, (tok_id)i)->text, raw);
	for (size_t i = 0; spec->model.byte_fallback && i < 256; i++)
		if (spec->model.byte_ids[i] < size)
			lengths[spec->model.byte_ids[i]] = 1;
	tok_surfaces_free(surfaces);
	*out = lengths;
	return TOK_OK;
}

static void add_tokens(struct lengths *to, size_t length, double count)
{
	to->tokens += count;
	to->bytes += count * (double)length;
	to->of[length < LENGTHS - 1 ? length : LENGTHS - 1] += count;
}

/* ---- what is expected ----------------------------------------------------- */

struct column {
	double proportion; /* of the first, which tells of the input: 0 */
	double attempts;
	double length_ratio, success_rate;
	struct lengths lengths;
};

static double divide(double a, double b)
{
	return b > 0 ? a / b : 0;
}

/* How many are expected of a proportion, over all documents; *share: for each id.  A
 * fraction of an attempt is none, or as likely as it is large. */
static double find_attempts(const struct split_plan *plan, size_t at, double *share)
{
	const double ids = (double)plan->ids;
	*share = plan->proportions[at];
	if (plan->options.round == TOK_ROUND_STOCHASTIC)
		return ids * *share;
	*share = divide((double)plan->whole_attempts[at], ids);
	return (double)plan->whole_attempts[at];
}

static enum tok_status predict_columns(const struct split_plan *plan, const size_t *lengths,
				       struct column *columns, struct tok_error *err)
{
	const size_t size = tok_splits_size(plan->splits);
	for (size_t i = 0; i < size; i++)
		add_tokens(&columns[0].lengths, lengths[i], (double)plan->counts[i]);
	columns[0].length_ratio = 1;
	for (size_t c = 0; c < plan->proportion_count; c++) {
		struct column *column = &columns[c + 1];
		struct tok_prediction p;
		double share;
		column->proportion = plan->proportions[c];
		column->attempts = find_attempts(plan, c, &share);
		const enum tok_status status =
		    tok_predict(plan->splits, plan->counts, share, &p, err);
		if (status != TOK_OK)
			return status;
		column->length_ratio = p.length_ratio;
		column->success_rate = p.success_rate;
		for (size_t i = 0; i < size; i++)
			add_tokens(&column->lengths, lengths[i], p.token_counts[i]);
		tok_prediction_release(&p);
	}
	return TOK_OK;
}

/* One more than the longest length that any column has. */
static size_t find_end(const struct column *columns, size_t count)
{
	size_t end = 0;
	for (size_t c = 0; c < count; c++)
		for (size_t k = end; k < LENGTHS; k++)
			if (columns[c].lengths.of[k] > 0)
				end = k + 1;
	return end;
}

static void print_text(const struct column *columns, size_t count)
{
	enum { FULL = 16 }; /* lengths from here on share a row */
	const size_t end = find_end(columns, count);
	printf("%12s %12s %12s %12s\n", "p", "length", "bytes/token", "success");
	for (size_t c = 0; c < count; c++) {
		const struct column *column = &columns[c];
		printf("%12g %12.4f %12.4f", column->proportion, column->length_ratio,
		       divide(column->lengths.bytes, column->lengths.tokens));
		if (c > 0)
			printf(" %12.3f\n", column->success_rate);
		else
			printf(" %12s\n", "-");
	}
	printf("\n%12s", "bytes");
	for (size_t c = 0; c < count; c++) {
		char head[32];
		snprintf(head, sizeof head, "p=%g", columns[c].proportion);
		printf(" %14s", head);
	}
	putchar('\n');
	for (size_t k = 0; k < end && k <= FULL; k++) {
		printf("%11zu%c", k, k < FULL ? ' ' : '+');
		for (size_t c = 0; c < count; c++) {
			double share = columns[c].lengths.of[k];
			for (size_t more = k + 1; k == FULL && more < end; more++)
				share += columns[c].lengths.of[more];
			printf(" %12.2f %%", 100 * divide(share, columns[c].lengths.tokens));
		}
		putchar('\n');
	}
}

static void print_json_column(const struct column *column, size_t end)
{
	printf("\"bytes_per_token\":%.6f,\"shares\":[",
	       divide(column->lengths.bytes, column->lengths.tokens));
	for (size_t k = 0; k < end; k++)
		printf("%s%.6f", k ? "," : "",
		       divide(column->lengths.of[k], column->lengths.tokens));
	putchar(']');
}

static void print_json(const struct column *columns, size_t count)
{
	const size_t end = find_end(columns, count);
	printf("{\"schema\":\"tok.split.predict.1\",\"tokens\":%.0f,\"bytes\":%.0f,",
	       columns[0].lengths.tokens, columns[0].lengths.bytes);
	print_json_column(&columns[0], end);
	printf(",\"predictions\":[");
	for (size_t c = 1; c < count; c++) {
		printf("%s{\"proportion\":%.15g,\"attempts\":%.15g,\"length_ratio\":%.6f,"
		       "\"success_rate\":%.6f,",
		       c > 1 ? "," : "", columns[c].proportion, columns[c].attempts,
		       columns[c].length_ratio, columns[c].success_rate);
		print_json_column(&columns[c], end);
		putchar('}');
	}
	printf("]}\n");
}

enum tok_status split_predict(const struct split_plan *plan, struct tok_error *err)
{
	const size_t count = plan->proportion_count + 1;
	size_t *lengths = NULL;
	struct column *columns = calloc(count, sizeof *columns);
	enum tok_status status =
	    columns ? measure_tokens(plan, &lengths, err) : tok_fail_memory(err);
	if (status == TOK_OK)
		status = predict_columns(plan, lengths, columns, err);
	if (status == TOK_OK && plan->opts->stats == SPLIT_STATS_JSON)
		print_json(columns, count);
	else if (status == TOK_OK)
		print_text(columns, count);
	free(columns);
	free(lengths);
	return status;
}
