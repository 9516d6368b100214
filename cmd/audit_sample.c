/* audit_sample.c - what costs more than encoding, on the fronts of the texts. */
#include <pthread.h>
#include <stdlib.h>

#include "cmd/audit_internal.h"
#include "cmd/cli_pool.h"
#include "vocab/audit/cuts.h"

/* Of all lines of the sample where a tokenizer cuts them: cuts.h's flags, one behind the other. */
struct cuts {
	struct tok_buffer flags;
	struct tok_buffer refused; /* a byte a line: the tokenizer refuses it */
	struct vocab_audit_sorted *sorted;
};

struct sampling {
	struct tok_tokenizer *const *tokenizers;
	const struct audit_texts *texts;
	struct audit_cell *cells;
	struct audit_pair *pairs;
	struct cuts *cuts; /* of each tokenizer */
	pthread_mutex_t lock;
	struct tok_error error; /* the first one; under the lock */
};

static struct tok_span front_of(const struct audit_texts *texts, size_t language)
{
	return tok_buffer_span(&texts->items[language].front);
}

static bool next_line(struct tok_span *rest, struct tok_span *line)
{
	if (rest->count == 0)
		return false;
	const uint8_t *end = memchr(rest->bytes, '\n', rest->count); /* each line has one */
	const size_t count = (size_t)(end - rest->bytes);
	*line = tok_span_slice(*rest, 0, count);
	*rest = tok_span_slice(*rest, count + 1, rest->count);
	return true;
}

/* What a tokenizer refuses in a text is told with its cell, which has no measures; here it only
 * ends the sample. */
static void note(struct sampling *s, const struct tok_error *err)
{
	if (err->status == TOK_OK || err->status == TOK_ETEXT)
		return;
	pthread_mutex_lock(&s->lock);
	if (s->error.status == TOK_OK)
		s->error = *err;
	pthread_mutex_unlock(&s->lock);
}

/* ---- fidelity ------------------------------------------------------------------------------ */

struct worker {
	size_t tokenizer; /* of both */
	struct tok_encoder *encoder;
	struct vocab_audit_fidelity_work *fidelity;
};

static void let_go(struct worker *w)
{
	tok_encoder_free(w->encoder);
	vocab_audit_fidelity_free(w->fidelity);
	w->encoder = NULL;
	w->fidelity = NULL;
}

static void end_worker(void *mine)
{
	let_go(mine);
	free(mine);
}

static enum tok_status prepare(struct sampling *s, void **mine, size_t tokenizer,
			       struct tok_error *err)
{
	struct worker *w = *mine;
	if (!w && !(w = *mine = calloc(1, sizeof *w)))
		return tok_fail_memory(err);
	if (w->fidelity && w->tokenizer == tokenizer) {
		vocab_audit_fidelity_clear(w->fidelity);
		return TOK_OK;
	}
	let_go(w);
	w->tokenizer = tokenizer;
	w->encoder = tok_encoder_new(s->tokenizers[tokenizer]);
	if (!w->encoder)
		return tok_fail_memory(err);
	return vocab_audit_fidelity_new(s->tokenizers[tokenizer], &w->fidelity, err);
}

static void run_cell(void *shared, void **mine, size_t index)
{
	static const struct tok_encode_options how = { .special_text = TOK_SPECIAL_ORDINARY };
	struct sampling *s = shared;
	struct tok_error err = { 0 };
	struct tok_encoding encoded;
	struct tok_span rest = front_of(s->texts, index % s->texts->count), line;
	enum tok_status status = prepare(s, mine, index / s->texts->count, &err);
	struct worker *w = *mine;
	while (status == TOK_OK && next_line(&rest, &line)) {
		status = tok_encode(w->encoder, line, &how, &encoded, &err);
		if (status == TOK_OK)
			status = vocab_audit_fidelity_line(w->fidelity, line, encoded.ids,
							   encoded.count, &err);
		if (status == TOK_OK)
			status = vocab_audit_fidelity_forms(w->fidelity, line, encoded.ids,
							    encoded.count, &err);
	}
	if (status == TOK_OK)
		vocab_audit_fidelity_measure(w->fidelity, &s->cells[index].fidelity);
	note(s, &err);
}

/* ---- pairs --------------------------------------------------------------------------------- */

static enum tok_status cut_line(struct vocab_audit_cutter *cutter, struct tok_span line,
				struct cuts *out, struct tok_error *err)
{
	const uint8_t *flags = NULL;
	const enum tok_status status = vocab_audit_cuts(cutter, line, &flags, err);
	const bool refused = status == TOK_ETEXT;
	if (status != TOK_OK && !refused)
		return status;
	if (!tok_buffer_add_byte(&out->refused, refused) ||
	    !tok_buffer_add(&out->flags, refused ? line.bytes : flags, line.count))
		return tok_fail_memory(err);
	*err = (struct tok_error){ 0 };
	return TOK_OK;
}

static void run_cuts(void *shared, void **mine, size_t index)
{
	struct sampling *s = shared;
	struct tok_error err = { 0 };
	struct vocab_audit_cutter *cutter = NULL;
	enum tok_status status = vocab_audit_cutter_new(s->tokenizers[index], &cutter, &err);
	(void)mine;
	if (status == TOK_OK)
		status = vocab_audit_sorted_new(s->tokenizers[index], &s->cuts[index].sorted, &err);
	for (size_t l = 0; l < s->texts->count && status == TOK_OK; l++) {
		struct tok_span rest = front_of(s->texts, l), line;
		while (status == TOK_OK && next_line(&rest, &line))
			status = cut_line(cutter, line, &s->cuts[index], &err);
	}
	vocab_audit_cutter_free(cutter);
	note(s, &err);
}

/* Lines that both take. */
static void compare_cuts(struct sampling *s, const struct audit_pair *pair,
			 struct vocab_audit_similarity_work *work)
{
	const struct cuts *a = &s->cuts[pair->a], *b = &s->cuts[pair->b];
	size_t at = 0, number = 0;
	for (size_t l = 0; l < s->texts->count; l++) {
		struct tok_span rest = front_of(s->texts, l), line;
		for (; next_line(&rest, &line); at += line.count, number++)
			if (!a->refused.bytes[number] && !b->refused.bytes[number])
				vocab_audit_similarity_cuts(work, line, a->flags.bytes + at,
							    b->flags.bytes + at);
	}
}

static void run_pair(void *shared, void **mine, size_t index)
{
	struct sampling *s = shared;
	struct audit_pair *pair = &s->pairs[index];
	struct tok_error err = { 0 };
	struct vocab_audit_similarity_work *work = NULL;
	(void)mine;
	if (vocab_audit_similarity_of(s->cuts[pair->a].sorted, s->cuts[pair->b].sorted, &work,
				      &err) == TOK_OK) {
		compare_cuts(s, pair, work);
		vocab_audit_similarity_measure(work, &pair->similarity);
	}
	vocab_audit_similarity_free(work);
	note(s, &err);
}

static void compare_pairs(struct sampling *s, size_t threads, size_t count, size_t pair_count)
{
	s->cuts = calloc(count, sizeof *s->cuts);
	if (!s->cuts) {
		tok_fail_memory(&s->error);
		return;
	}
	audit_each(threads, count, run_cuts, free, s);
	if (s->error.status == TOK_OK)
		audit_each(threads, pair_count, run_pair, free, s);
	for (size_t i = 0; i < count; i++) {
		tok_buffer_release(&s->cuts[i].flags);
		tok_buffer_release(&s->cuts[i].refused);
		vocab_audit_sorted_free(s->cuts[i].sorted);
	}
	free(s->cuts);
}

enum tok_status audit_measure_sample(const struct audit_options *options,
				     struct tok_tokenizer *const *tokenizers, size_t count,
				     const struct audit_texts *texts, struct audit_cell *cells,
				     struct audit_pair *pairs, size_t pair_count,
				     struct tok_error *err)
{
	const size_t threads = cli_threads_for(options->threads);
	struct sampling s = {
		.tokenizers = tokenizers, .texts = texts, .cells = cells, .pairs = pairs
	};
	if (pthread_mutex_init(&s.lock, NULL) != 0)
		return tok_fail_memory(err);
	audit_each(threads, count * texts->count, run_cell, end_worker, &s);
	if (pair_count)
		compare_pairs(&s, threads, count, pair_count);
	pthread_mutex_destroy(&s.lock);
	if (s.error.status != TOK_OK)
		*err = s.error;
	return s.error.status;
}
