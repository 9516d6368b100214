/* serve.c - the other side of tokp/1: a model of ours for others. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "vocab/lm/provider_internal.h"

struct server {
	struct tok_lm *lm;
	struct lm_vocabulary vocabulary;
	int in, out;
	struct tok_buffer question, answer;
	struct tok_lm_row *rows; /* `batch` of them, with their room */
	size_t batch;
	struct tok_arena arena;
};

/* `count` bytes; fewer only at the end. */
static enum tok_status read_bytes(int from, uint8_t *to, size_t count, size_t *got,
				  struct tok_error *err)
{
	*got = 0;
	while (*got < count) {
		const ssize_t n = read(from, to + *got, count - *got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tok_fail(err, TOK_EIO, "cannot read: %s", strerror(errno));
		if (n == 0)
			break;
		*got += (size_t)n;
	}
	return TOK_OK;
}

/* The next question; *more false where there is none. */
static enum tok_status read_question(struct server *s, struct lm_frame *frame, bool *more,
				     struct tok_error *err)
{
	uint8_t header[LM_HEADER_BYTES];
	size_t got;
	enum tok_status status = read_bytes(s->in, header, sizeof header, &got, err);
	if (status != TOK_OK)
		return status;
	*more = got > 0;
	if (got == 0)
		return TOK_OK;
	if (got < sizeof header)
		return tok_fail(err, TOK_EFORMAT, "a question ends too early");
	status = lm_frame_read(header, frame, err);
	if (status != TOK_OK)
		return status;
	if (frame->length > LM_QUESTION_BYTES_MAX)
		return tok_fail(err, TOK_EFORMAT, "a question of %u bytes: %d at most",
				frame->length, LM_QUESTION_BYTES_MAX);

	tok_buffer_clear(&s->question);
	if (!tok_buffer_reserve(&s->question, frame->length + (size_t)1))
		return tok_fail_memory(err);
	status = read_bytes(s->in, s->question.bytes, frame->length, &got, err);
	if (status != TOK_OK)
		return status;
	s->question.count = got;
	return got == frame->length ? TOK_OK
				    : tok_fail(err, TOK_EFORMAT, "a question ends too early");
}

static enum tok_status compute(struct server *s, size_t *count, struct tok_error *err)
{
	tok_id *ids;
	struct tok_lm_request *requests;
	enum tok_status status =
	    lm_frame_contexts(tok_buffer_span(&s->question), &ids, &requests, count, err);
	if (status != TOK_OK)
		return status;
	if (*count > s->batch)
		status = tok_fail(err, TOK_ELIMIT, "%zu contexts in one question: %zu at most",
				  *count, s->batch);
	for (size_t i = 0; status == TOK_OK && i < *count; i++)
		status = lm_request_check(s->lm->info, &requests[i], err);
	if (status == TOK_OK)
		status = s->lm->rows(s->lm, requests, *count, s->rows, err);
	free(ids);
	free(requests);
	return status;
}

/* The answer, or the trouble: what the model refuses is told to whoever asked. */
static bool put_answer(struct server *s, const struct lm_frame *frame)
{
	struct tok_error trouble = { 0 };
	size_t count;
	enum tok_status status = TOK_OK;
	switch ((enum lm_op)frame->op) {
	case LM_NEXT:
		status = compute(s, &count, &trouble);
		if (status == TOK_OK)
			return lm_frame_put_rows(&s->answer, frame->request, s->lm->info, s->rows,
						 count);
		break;
	case LM_TOKENS:
		if (s->vocabulary.tokens)
			return lm_frame_put_tokens(&s->answer, frame->request,
						   s->vocabulary.tokens);
		tok_fail(&trouble, TOK_EARG, "what the ids are is not known here");
		break;
	}
	return lm_frame_put_trouble(&s->answer, (enum lm_op)frame->op, frame->request,
				    trouble.message);
}

/* Only what breaks the talk ends it. */
static enum tok_status answer(struct server *s, const struct lm_frame *frame, struct tok_error *err)
{
	tok_buffer_clear(&s->answer);
	if (!put_answer(s, frame))
		return tok_fail_memory(err);
	return lm_write_all(s->out, tok_buffer_span(&s->answer), err);
}

static enum tok_status make_rows(struct server *s, struct tok_error *err)
{
	const struct tok_lm_info *info = s->lm->info;
	s->batch = info->batch > 0 ? info->batch : 1;
	if (s->batch > LM_BATCH_MAX)
		s->batch = LM_BATCH_MAX;
	s->rows = tok_arena_array(&s->arena, s->batch, sizeof *s->rows);
	if (!s->rows)
		return tok_fail_memory(err);
	for (size_t i = 0; i < s->batch; i++) {
		struct tok_lm_row *row = &s->rows[i];
		if (info->top > 0)
			row->best = tok_arena_array(&s->arena, info->top, sizeof *row->best);
		else
			row->log_p = tok_arena_array(&s->arena, info->size, sizeof *row->log_p);
		if (!row->best && !row->log_p)
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

static enum tok_status begin(struct server *s, const struct tok_tokenizer *tokenizer,
			     struct tok_error *err)
{
	enum tok_status status = lm_vocabulary_init(&s->vocabulary, tokenizer, s->lm->info, err);
	if (status == TOK_OK)
		status = make_rows(s, err);
	if (status != TOK_OK)
		return status;
	if (!lm_peer_put(&s->answer, s->lm->info, s->vocabulary.tokens))
		return tok_fail_memory(err);
	return lm_write_all(s->out, tok_buffer_span(&s->answer), err);
}

enum tok_status vocab_lm_serve(struct tok_lm *lm, const struct tok_tokenizer *tokenizer, int in,
			       int out, struct tok_error *err)
{
	struct server s = { .lm = lm, .in = in, .out = out };
	enum tok_status status = begin(&s, tokenizer, err);
	for (bool more = true; status == TOK_OK && more;) {
		struct lm_frame frame;
		status = read_question(&s, &frame, &more, err);
		if (status == TOK_OK && more)
			status = answer(&s, &frame, err);
	}
	lm_vocabulary_release(&s.vocabulary);
	tok_buffer_release(&s.question);
	tok_buffer_release(&s.answer);
	tok_arena_release(&s.arena);
	return status;
}
