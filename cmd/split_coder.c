/* split_coder.c - the ids of a document, split. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/split_internal.h"

struct thread {
	const struct split_plan *plan;
	struct tok_encoder *encoder; /* NULL: documents are ids */
	struct tok_splitter *splitter;
	struct tok_encoding before; /* of the last piece */
	tok_id *ids;                /* of documents that are taken in chunks */
	size_t count, capacity;
	struct tok_span *tokens;
	size_t token_capacity;
};

static void end(void *thread)
{
	struct thread *t = thread;
	tok_encoder_free(t->encoder);
	tok_splitter_free(t->splitter);
	free(t->ids);
	free(t->tokens);
	free(t);
}

static void *begin(void *context)
{
	const struct split_plan *plan = context;
	struct thread *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	t->plan = plan;
	t->splitter = tok_splitter_new(plan->splits);
	t->encoder = plan->opts->encode ? tok_encoder_new(plan->tokenizer) : NULL;
	if (t->splitter && (t->encoder || !plan->opts->encode))
		return t;
	end(t);
	return NULL;
}

/* ---- ids ------------------------------------------------------------------ */

static tok_id find_largest(const tok_id *ids, size_t count)
{
	tok_id largest = 0;
	for (size_t i = 0; i < count; i++)
		largest = ids[i] > largest ? ids[i] : largest;
	return largest;
}

/* `number`: its place in the document, from 1. */
static enum tok_status refuse_id(tok_id id, uint64_t number, size_t size, struct tok_error *err)
{
	char below[40] = ""; /* of an id between others that would be no help */
	if (id >= size)
		snprintf(below, sizeof below, ": ids are below %zu", size);
	return tok_fail(err, TOK_ETEXT, "no token has id %" PRIu32 " (number %" PRIu64 ")%s", id,
			number, below);
}

/* `before`: ids of the document before these. */
static enum tok_status check_ids(const struct split_plan *plan, const tok_id *ids, size_t count,
				 uint64_t before, struct tok_error *err)
{
	const size_t size = tok_tokenizer_size(plan->tokenizer);
	if (!plan->known && (count == 0 || find_largest(ids, count) < size))
		return TOK_OK;
	for (size_t i = 0; i < count; i++)
		if (ids[i] >= size || (plan->known && !plan->known[ids[i]]))
			return refuse_id(ids[i], before + i + 1, size, err);
	return TOK_OK;
}

enum tok_status split_take_ids(const struct split_plan *plan, struct tok_encoder *encoder,
			       const struct cli_piece *piece, struct tok_encoding *out,
			       struct tok_error *err)
{
	if (plan->opts->encode)
		return tok_encode(encoder, piece->text, &plan->how, out, err);
	*out = (struct tok_encoding){ .ids = cli_ids_of(piece->text),
				      .count = piece->text.count / sizeof(tok_id) };
	return check_ids(plan, out->ids, out->count, piece->before / sizeof(tok_id), err);
}

/* ---- splitting ------------------------------------------------------------ */

/* The stream of random numbers of a chunk: another one for each document, copy and
 * chunk.  Of the first copy and chunk it is the document's number, so that neither
 * --copies nor --chunk changes what is drawn there. */
static uint64_t find_stream(const struct cli_piece *piece, uint64_t chunk)
{
	return piece->document + piece->copy * UINT64_C(0x9E3779B97F4A7C15) +
	       chunk * UINT64_C(0xD1B54A32D192ED03);
}

static bool add_ids(struct thread *t, const struct tok_split_ids *more)
{
	if (!tok_grow(&t->ids, &t->capacity, t->count + more->count, sizeof *t->ids))
		return false;
	memcpy(t->ids + t->count, more->ids, more->count * sizeof *t->ids);
	t->count += more->count;
	return true;
}

/* Chunk by chunk, each as if it was a document. */
static enum tok_status split_chunks(struct thread *t, const struct cli_piece *piece,
				    struct cli_made *out, struct tok_error *err)
{
	const tok_id *ids = t->before.ids;
	const size_t count = t->before.count;
	const uint64_t asked = t->plan->opts->chunk;
	const size_t each = asked && asked < count ? (size_t)asked : count;
	uint64_t chunk = asked ? piece->before / sizeof(tok_id) / asked : 0;
	struct tok_split_ids made = { 0 };
	t->count = 0;
	out->tally = (struct cli_tally){ { 0 } };
	for (size_t at = 0; at < count; at += each, chunk++) {
		const size_t size = count - at < each ? count - at : each;
		const enum tok_status status =
		    tok_split(t->splitter, &t->plan->options, find_stream(piece, chunk), ids + at,
			      size, &made, err);
		if (status != TOK_OK)
			return status;
		out->tally.counts[SPLIT_TOKENS] += size;
		out->tally.counts[SPLIT_ATTEMPTS] += made.attempts;
		out->tally.counts[SPLIT_SPLITS] += made.splits;
		if (each < count && !add_ids(t, &made))
			return tok_fail_memory(err);
	}
	out->encoding.ids = each < count ? t->ids : made.ids;
	out->encoding.count = each < count ? t->count : made.count;
	return TOK_OK;
}

static enum tok_status name_tokens(struct thread *t, struct tok_encoding *e, struct tok_error *err)
{
	if (!tok_grow(&t->tokens, &t->token_capacity, e->count, sizeof *t->tokens))
		return tok_fail_memory(err);
	for (size_t i = 0; i < e->count; i++)
		t->tokens[i] = tok_tokenizer_token(t->plan->tokenizer, e->ids[i]);
	e->tokens = t->tokens;
	return TOK_OK;
}

static enum tok_status encode(void *thread, const struct cli_piece *piece, struct cli_made *out,
			      struct tok_error *err)
{
	struct thread *t = thread;
	enum tok_status status = TOK_OK;
	if (!piece->again)
		status = split_take_ids(t->plan, t->encoder, piece, &t->before, err);
	if (status == TOK_OK)
		status = split_chunks(t, piece, out, err);
	if (status == TOK_OK && t->plan->opts->tokens)
		status = name_tokens(t, &out->encoding, err);
	return status;
}

const struct cli_coder split_coder = {
	.begin = begin, .end = end, .encode = encode, .tallies = true
};
