/* audit_sample.c - what costs more than encoding, on the fronts of the texts. */
#include <pthread.h>
#include <stdlib.h>

#include "cmd/audit_internal.h"
#include "cmd/cli_pool.h"

struct sampling {
	struct tok_tokenizer *const *tokenizers;
	const struct audit_texts *texts;
	struct audit_cell *cells;
	struct audit_pair *pairs;
	pthread_mutex_t lock;
	struct tok_error error; /* the first one; under the lock */
};

/* Whole lines of a language: its share of the sample, one line at least. */
static struct tok_span front_of(const struct audit_texts *texts, size_t language)
{
	const struct tok_span all = tok_buffer_span(&texts->items[language].bytes);
	const size_t share = AUDIT_SAMPLE_BYTES / texts->count;
	if (all.count <= share)
		return all;
	const uint8_t *last = memrchr(all.bytes, '\n', share);
	if (!last)
		last = memchr(all.bytes, '\n', all.count);
	return tok_span_slice(all, 0, (size_t)(last - all.bytes) + 1);
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

static void run_pair(void *shared, void **mine, size_t index)
{
	struct sampling *s = shared;
	struct audit_pair *pair = &s->pairs[index];
	struct tok_error err = { 0 };
	struct vocab_audit_similarity_work *work = NULL;
	enum tok_status status =
	    vocab_audit_similarity_new(s->tokenizers[pair->a], s->tokenizers[pair->b], &work, &err);
	(void)mine;
	for (size_t l = 0; l < s->texts->count && status == TOK_OK; l++) {
		struct tok_span rest = front_of(s->texts, l), line;
		while (status == TOK_OK && next_line(&rest, &line))
			status = vocab_audit_similarity_line(work, line, &err);
		if (status == TOK_ETEXT) /* the next language */
			status = TOK_OK;
	}
	if (status == TOK_OK)
		vocab_audit_similarity_measure(work, &pair->similarity);
	vocab_audit_similarity_free(work);
	note(s, &err);
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
	audit_each(threads, pair_count, run_pair, free, &s);
	pthread_mutex_destroy(&s.lock);
	if (s.error.status != TOK_OK)
		*err = s.error;
	return s.error.status;
}
