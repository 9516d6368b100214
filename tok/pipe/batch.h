/*
 * batch.h - many texts to ids, with several threads.
 *
 *	struct tok_batch *b = tok_batch_new(tokenizer, 0);  // 0: a thread a processor
 *	struct tok_batch_ids r;
 *	status = tok_batch_encode(b, texts, count, &options, &r, &err);
 *	// ids of texts[i]: r.ids[r.offsets[i]] and on, up to r.offsets[i + 1]
 *	tok_batch_free(b);
 *
 * The ids are those of tok_encode, text by text, for any number of threads.  A
 * long text is shared out among the threads too, wherever tok_tokenizer_cut
 * finds a place to cut; texts may be as many and as short as they come.
 *
 * A batch keeps an encoder and room for ids a thread, so that a program with
 * many batches warms up once; it is used by one thread at a time.  Threads are
 * started and joined within a call.  The tokenizer and the texts are borrowed.
 */
#ifndef TOK_PIPE_BATCH_H
#define TOK_PIPE_BATCH_H

#include "tok/pipe/encoder.h"

struct tok_batch;

/* Belongs to the batch and lives until its next call. */
struct tok_batch_ids {
	const tok_id *ids;
	const size_t *offsets; /* one more than there are texts; the first is 0 */
	size_t count;          /* of texts */
};

/* `threads` 0: as many as tok_threads_available says.  NULL if memory is out. */
TOK_API struct tok_batch *tok_batch_new(const struct tok_tokenizer *tokenizer, size_t threads);
TOK_API void tok_batch_free(struct tok_batch *batch);

/* .offsets and .tokens of the options are not looked at: there are ids only.
 * Fails where tok_encode fails; the message begins with "text 7:", the number,
 * from 0, of the first text that has trouble.  Nothing is kept of the others. */
TOK_API TOK_MUST_USE enum tok_status tok_batch_encode(struct tok_batch *batch,
						      const struct tok_span *texts, size_t count,
						      const struct tok_encode_options *options,
						      struct tok_batch_ids *out,
						      struct tok_error *err);

#endif
