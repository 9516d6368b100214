/* bytes_bench_walk.c - a text byte by byte: what that costs (C), and what models gain together
 * (E). */
#include <math.h>

#include "cmd/bytes_bench_internal.h"

/* Bytes that are walked, from the beginning. */
enum { COST_BYTES = 6000, MIX_BYTES = 20000 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- C -------------------------------------------------------------------------- */

static enum tok_status count_tokens(const struct bytes_bench *b, size_t which, size_t bytes,
				    size_t *out, struct tok_error *err)
{
	const struct tok_encode_options how = { 0 };
	struct tok_encoding encoding;
	const struct tok_span text = { (const uint8_t *)b->models.text, bytes };
	const enum tok_status status = tok_encode(b->encoders[which], text, &how, &encoding, err);
	*out = status == TOK_OK ? encoding.count : 0;
	return status == TOK_ENOMEM || status == TOK_OK ? status : TOK_EARG;
}

struct cost {
	double heads, width; /* sums: heads that were open; nats between bounds of log P */
	size_t most;         /* heads */
};

/* The next byte is asked for at every place. */
static enum tok_status walk_cost(struct bytes_bench *b, struct tok_machine *machine, size_t bytes,
				 struct cost *cost, struct tok_error *err)
{
	for (size_t i = 0; i < bytes; i++) {
		struct tok_next_bytes next;
		const uint8_t *byte = (const uint8_t *)b->models.text + i;
		enum tok_status status = tok_machine_next(machine, &next, err);
		if (status == TOK_OK)
			status = tok_machine_push(machine, (struct tok_span){ byte, 1 }, err);
		if (status != TOK_OK)
			return status;
		const size_t heads = tok_machine_heads(machine);
		cost->heads += (double)heads;
		cost->most = heads > cost->most ? heads : cost->most;
		cost->width += next.log_p_high - next.log_p_low;
	}
	return TOK_OK;
}

/* A `beam` of 0 keeps all heads. */
static enum tok_status cost_of(struct bytes_bench *b, size_t which,
			       enum tok_bytes_semantics semantics, size_t beam,
			       struct tok_error *err)
{
	static const char *const names[] = { "all", "valid", "valid-renorm" };
	const size_t bytes = least(b->models.length, COST_BYTES);
	struct tok_machine *machine;
	struct cost sums = { 0 };
	size_t tokens;
	enum tok_status status = bench_machine(b, which, semantics, beam, &machine, err);
	if (status != TOK_OK || !machine)
		return status;
	status = count_tokens(b, which, bytes, &tokens, err);
	if (status == TOK_OK)
		status = walk_cost(b, machine, bytes, &sums, err);
	if (status == TOK_OK) {
		const struct tok_machine_cost cost = tok_machine_cost(machine);
		bench_text(b, b->models.sides[which].lm_name);
		bench_text(b, names[semantics]);
		bench_number(b, beam ? (double)beam : NAN);
		bench_count(b, bytes);
		bench_number(b, (double)bytes / (double)tokens);
		bench_number(b, (double)cost.rows / (double)bytes);
		bench_number(b, (double)cost.heads_made / (double)bytes);
		bench_number(b, sums.heads / (double)bytes);
		bench_count(b, sums.most);
		bench_number(b, sums.width / (double)bytes);
	}
	tok_machine_free(machine);
	return status;
}

enum tok_status bench_cost(struct bytes_bench *b, struct tok_error *err)
{
	static const char *const columns[] = { "model",       "semantics",   "K",
					       "bytes",       "bytes_token", "rows_byte",
					       "made_byte",   "heads_mean",  "heads_most",
					       "bounds_nats", NULL };
	enum tok_status status = TOK_OK;
	bench_table(b, 'C', "what each byte costs where all are asked for", columns);
	for (size_t i = 0; i < b->models.count && status == TOK_OK; i++) {
		status = cost_of(b, i, TOK_BYTES_VALID, 0, err);
		if (status == TOK_OK)
			status = cost_of(b, i, TOK_BYTES_ALL, 0, err);
		for (size_t k = 0; bench_needs_beam(b, i, k) && status == TOK_OK; k++)
			status = cost_of(b, i, TOK_BYTES_ALL, b->beams[k], err);
	}
	return status;
}

/* ---- E -------------------------------------------------------------------------- */

static enum tok_status walk_mix(struct bytes_bench *b, struct tok_mix *mix, size_t bytes,
				double *bits, struct tok_error *err)
{
	double nats = 0;
	for (size_t i = 0; i < bytes; i++) {
		const uint8_t *byte = (const uint8_t *)b->models.text + i;
		struct tok_mix_next next;
		enum tok_status status = tok_mix_next(mix, &next, err);
		if (status == TOK_OK) {
			nats -= tok_mix_next_log(&next, *byte);
			status = tok_mix_push(mix, (struct tok_span){ byte, 1 }, err);
		}
		if (status != TOK_OK)
			return status;
	}
	*bits = nats / log(2) / (double)bytes;
	return TOK_OK;
}

/* Models [first, first + count) together. */
static enum tok_status mix_of(struct bytes_bench *b, size_t first, size_t count,
			      enum tok_mix_kind kind, const char *name, struct tok_error *err)
{
	const struct tok_mix_options how = { .kind = kind };
	const size_t bytes = least(b->models.length, MIX_BYTES);
	struct tok_machine *machines[TOK_MIX_MOST] = { 0 };
	struct tok_mix *mix = NULL;
	double bits = 0;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = bytes_machine(&b->models.sides[first + i], &machines[i], err);
	if (status == TOK_OK)
		status = tok_mix_new(machines, count, &how, &mix, err);
	if (status == TOK_OK)
		status = walk_mix(b, mix, bytes, &bits, err);
	if (status == TOK_OK) {
		bench_text(b, count == 1 ? b->models.sides[first].lm_name : "together");
		bench_text(b, name);
		bench_count(b, bytes);
		bench_number(b, bits);
	}
	tok_mix_free(mix);
	for (size_t i = 0; i < count; i++)
		tok_machine_free(machines[i]);
	return status;
}

enum tok_status bench_mixes(struct bytes_bench *b, struct tok_error *err)
{
	static const char *const columns[] = { "model", "mix", "bytes", "bits_byte", NULL };
	static const char *const names[] = { "linear", "bayes", "geometric" };
	const size_t count = b->models.count;
	enum tok_status status = TOK_OK;
	bench_table(b, 'E', "models alone and together", columns);
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = mix_of(b, i, 1, TOK_MIX_LINEAR, "alone", err);
	for (int kind = TOK_MIX_LINEAR; kind <= TOK_MIX_GEOMETRIC && status == TOK_OK; kind++)
		if (count > 1)
			status = mix_of(b, 0, count, (enum tok_mix_kind)kind, names[kind], err);
	return status;
}
