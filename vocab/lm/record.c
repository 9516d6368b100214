/* record.c - a model whose rows are also written to a file, as a conversation in tokp/1. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "vocab/lm/provider_internal.h"

struct record_lm {
	struct tok_lm base;
	struct tok_lm *inner;
	char *path;
	int file;
	uint32_t written;
	struct tok_buffer frames;
};

/* A question and its answer. */
static enum tok_status write_row(struct record_lm *r, const struct tok_lm_request *request,
				 const struct tok_lm_row *row, struct tok_error *err)
{
	const uint32_t number = ++r->written;
	tok_buffer_clear(&r->frames);
	if (!lm_frame_put_next(&r->frames, number, request, 1) ||
	    !lm_frame_put_rows(&r->frames, number, r->inner->info, row, 1))
		return tok_fail_memory(err);
	const enum tok_status status = lm_write_all(r->file, tok_buffer_span(&r->frames), err);
	return status == TOK_OK ? TOK_OK : tok_fail_in(err, status, "%s", r->path);
}

static enum tok_status rows_of(struct tok_lm *lm, const struct tok_lm_request *requests,
			       size_t count, struct tok_lm_row *out, struct tok_error *err)
{
	struct record_lm *r = (struct record_lm *)lm;
	enum tok_status status = r->inner->rows(r->inner, requests, count, out, err);
	for (size_t i = 0; status == TOK_OK && i < count; i++)
		status = write_row(r, &requests[i], &out[i], err);
	return status;
}

static void release(struct record_lm *r)
{
	if (r->file >= 0)
		close(r->file);
	tok_buffer_release(&r->frames);
	free(r->path);
	free(r);
}

static void free_record(struct tok_lm *lm)
{
	struct record_lm *r = (struct record_lm *)lm;
	r->inner->free(r->inner);
	release(r);
}

/* As its answer to the only such question. */
static enum tok_status put_tokens(struct record_lm *r, const struct tok_byte_tokens *tokens,
				  struct tok_error *err)
{
	const uint32_t number = ++r->written;
	return lm_frame_put_ask_tokens(&r->frames, number) &&
		       lm_frame_put_tokens(&r->frames, number, tokens)
		   ? TOK_OK
		   : tok_fail_memory(err);
}

static enum tok_status begin(struct record_lm *r, const struct tok_tokenizer *tokenizer,
			     struct tok_error *err)
{
	r->file = open(r->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (r->file < 0)
		return tok_fail(err, TOK_EIO, "cannot create '%s': %s", r->path, strerror(errno));
	struct lm_vocabulary vocabulary;
	enum tok_status status = lm_vocabulary_init(&vocabulary, tokenizer, r->inner->info, err);
	if (status != TOK_OK)
		return status;
	if (!lm_peer_put(&r->frames, r->inner->info, vocabulary.tokens))
		status = tok_fail_memory(err);
	if (status == TOK_OK && vocabulary.tokens)
		status = put_tokens(r, vocabulary.tokens, err);
	lm_vocabulary_release(&vocabulary);
	if (status != TOK_OK)
		return status;
	status = lm_write_all(r->file, tok_buffer_span(&r->frames), err);
	return status == TOK_OK ? TOK_OK : tok_fail_in(err, status, "%s", r->path);
}

enum tok_status lm_record_open(const char *path, struct tok_lm *inner,
			       const struct tok_tokenizer *tokenizer, struct tok_lm **out,
			       struct tok_error *err)
{
	struct record_lm *r = calloc(1, sizeof *r);
	if (!r)
		return tok_fail_memory(err);
	r->base = (struct tok_lm){ inner->info, rows_of, free_record };
	r->inner = inner;
	r->file = -1;
	const size_t room = strlen(path) + 1;
	r->path = malloc(room);
	enum tok_status status = TOK_OK;
	if (r->path)
		memcpy(r->path, path, room);
	else
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = begin(r, tokenizer, err);
	if (status != TOK_OK) {
		release(r);
		return status;
	}
	*out = &r->base;
	return TOK_OK;
}
