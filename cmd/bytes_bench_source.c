/*
 * bytes_bench_source.c - a Markov source of two letters, behind longest-match tokens.
 *
 * The first letter is A with 3/5; an A is followed by A with 3/4, a B with 1/2.  The tokens
 * are A, B and AA, and text is cut into the longest from the left.  The model's rows follow from
 * the source, so it is perfect: an A that is encoded alone is never followed by an A, because the
 * two would have been AA.  Source of the idea: Phan et al. 2024 (arXiv 2410.09303).
 */
#include <math.h>

#include "cmd/bytes_bench_source.h"

enum { A, B, AA, START, LETTERS_MOST = 10 };

static const double rows[][3] = {
	[A] = { 0, 1, 0 },
	[B] = { .125, .5, .375 },
	[AA] = { .1875, .25, .5625 },
	[START] = { .15, .4, .45 },
};

static double truth(uint8_t last)
{
	return last == 'A' ? .75 : .5;
}

/* ---- the model -------------------------------------------------------------------- */

static enum tok_status source_rows(struct tok_lm *lm, const struct tok_lm_request *requests,
				   size_t count, struct tok_lm_row *out, struct tok_error *err)
{
	(void)lm;
	(void)err;
	for (size_t i = 0; i < count; i++) {
		const struct tok_lm_request *r = &requests[i];
		const double *row = rows[r->count ? r->ids[r->count - 1] : START];
		for (size_t id = 0; id < 3; id++)
			out[i].log_p[id] = log(row[id]);
	}
	return TOK_OK;
}

static void keep(struct tok_lm *lm)
{
	(void)lm;
}

/* What the model says directly behind the encoding of `text`: of the next letter being A. */
static double naive(struct tok_span text)
{
	size_t last = START;
	for (size_t i = 0; i < text.count; i++) {
		last = text.bytes[i] == 'A' ? A : B;
		if (last == A && i + 1 < text.count && text.bytes[i + 1] == 'A') {
			last = AA;
			i++;
		}
	}
	return rows[last][A] + rows[last][AA];
}

static enum tok_status exact(const struct tok_byte_tokens *tokens, struct tok_lm *lm,
			     struct tok_span text, double *out, struct tok_error *err)
{
	const struct tok_machine_options how = { .semantics = TOK_BYTES_ALL };
	struct tok_machine *machine;
	struct tok_next_bytes next;
	enum tok_status status = tok_machine_new(tokens, NULL, lm, &how, &machine, err);
	if (status != TOK_OK)
		return status;
	status = tok_machine_push(machine, text, err);
	if (status == TOK_OK)
		status = tok_machine_next(machine, &next, err);
	if (status == TOK_OK)
		*out = next.joint['A'] / (next.joint['A'] + next.joint['B']);
	tok_machine_free(machine);
	return status;
}

/* ---- all contexts ------------------------------------------------------------------- */

struct errors {
	double sum, worst;
};

static void add_error(struct errors *errors, double answer, double right)
{
	errors->sum += fabs(answer - right);
	errors->worst = fmax(errors->worst, fabs(answer - right));
}

static enum tok_status try_all(const struct tok_byte_tokens *tokens, struct tok_lm *lm,
			       struct errors errors[2], size_t *count, struct tok_error *err)
{
	for (size_t length = 1; length <= LETTERS_MOST; length++) {
		for (size_t bits = 0; bits < (size_t)1 << length; bits++, (*count)++) {
			uint8_t letters[LETTERS_MOST];
			const struct tok_span text = { letters, length };
			double answer;
			for (size_t i = 0; i < length; i++)
				letters[i] = bits >> i & 1 ? 'B' : 'A';
			const enum tok_status status = exact(tokens, lm, text, &answer, err);
			if (status != TOK_OK)
				return status;
			add_error(&errors[0], naive(text), truth(letters[length - 1]));
			add_error(&errors[1], answer, truth(letters[length - 1]));
		}
	}
	return TOK_OK;
}

enum tok_status bench_source(struct bytes_bench *b, struct tok_error *err)
{
	static const char *const names[] = { "naive", "exact" };
	static const enum tok_byte_kind kinds[3] = { TOK_BYTE_TEXT, TOK_BYTE_TEXT, TOK_BYTE_TEXT };
	static const struct tok_lm_info info = {
		.name = "source", .size = 3, .markov_order = 2, .batch = 1, .deterministic = true
	};
	const struct tok_span texts[] = { tok_span_of("A"), tok_span_of("B"), tok_span_of("AA") };
	struct tok_lm lm = { .info = &info, .rows = source_rows, .free = keep };
	struct tok_byte_tokens *tokens;
	struct errors errors[2] = { 0 };
	size_t count = 0;
	enum tok_status status =
	    tok_byte_tokens_of(texts, kinds, 3, (struct tok_span){ 0 }, &tokens, err);
	if (status != TOK_OK)
		return status;
	status = try_all(tokens, &lm, errors, &count, err);
	for (size_t i = 0; i < 2 && status == TOK_OK; i++) {
		bench_text(b, "A B AA");
		bench_text(b, names[i]);
		bench_count(b, count);
		bench_number(b, errors[i].sum / (double)count);
		bench_number(b, errors[i].worst);
	}
	tok_byte_tokens_free(tokens);
	return status;
}
