/* exec.c - a model that a process computes, asked in frames or in lines of JSON. */
#include <stdlib.h>

#include "vocab/lm/process_internal.h"
#include "vocab/lm/provider_internal.h"

/* It may have a model to load before it says hello. */
enum { HELLO_TIMEOUTS = 10 };

struct exec_lm {
	struct tok_lm base;
	struct lm_peer peer;
	struct lm_process *process;
	uint64_t timeout_ms;
	uint32_t asked; /* requests so far */
	struct tok_buffer question;
	struct tok_json_document doc;
	uint8_t got[LM_BATCH_MAX];
};

/* What broke the protocol once cannot be understood any more. */
static enum tok_status break_off(struct exec_lm *x, struct tok_error *err)
{
	lm_process_give_up(x->process, err);
	return err->status;
}

/* A provider that cannot answer says why, and goes on. */
static enum tok_status read_trouble(struct exec_lm *x, const struct lm_frame *frame,
				    struct tok_error *err)
{
	struct tok_span message;
	const enum tok_status status = lm_process_bytes(x->process, frame->length, &message, err);
	if (status != TOK_OK)
		return status;
	return tok_fail(err, TOK_EIO, "it says: '%s'", tok_show(message).text);
}

/* Of an answer of `most` bytes at most, unless it is a refusal. */
static enum tok_status read_header(struct exec_lm *x, enum lm_op op, size_t most,
				   struct lm_frame *frame, struct tok_error *err)
{
	struct tok_span header;
	enum tok_status status = lm_process_bytes(x->process, LM_HEADER_BYTES, &header, err);
	if (status != TOK_OK)
		return status;
	status = lm_frame_read(header.bytes, frame, err);
	if (status != TOK_OK)
		return break_off(x, err);
	if (frame->status != 0)
		most = LM_MESSAGE_BYTES_MAX;
	if (frame->op != op)
		tok_fail(err, TOK_EFORMAT, "an answer to operation %d, not to %d", frame->op, op);
	else if (frame->request != x->asked)
		tok_fail(err, TOK_EFORMAT, "an answer to question %u, not to %u", frame->request,
			 x->asked);
	else if (frame->length > most)
		tok_fail(err, TOK_EFORMAT, "a frame of %u bytes: there should be %zu at most",
			 frame->length, most);
	else
		return TOK_OK;
	return break_off(x, err);
}

/* What was asked in x->question has this payload as its answer. */
static enum tok_status read_answer(struct exec_lm *x, enum lm_op op, size_t most,
				   struct tok_span *payload, struct tok_error *err)
{
	struct lm_frame frame;
	lm_process_say(x->process, tok_buffer_span(&x->question));
	const enum tok_status status = read_header(x, op, most, &frame, err);
	if (status != TOK_OK)
		return status;
	if (frame.status != 0)
		return read_trouble(x, &frame, err);
	return lm_process_bytes(x->process, frame.length, payload, err);
}

static enum tok_status ask_frames(struct exec_lm *x, const struct tok_lm_request *requests,
				  size_t count, struct tok_lm_row *rows, struct tok_error *err)
{
	tok_buffer_clear(&x->question);
	if (!lm_frame_put_next(&x->question, ++x->asked, requests, count))
		return tok_fail_memory(err);
	struct tok_span payload;
	const enum tok_status status =
	    read_answer(x, LM_NEXT, lm_frame_rows_bytes(&x->peer, count), &payload, err);
	return status == TOK_OK ? lm_frame_rows(&x->peer, payload, count, rows, err) : status;
}

static enum tok_status ask_lines(struct exec_lm *x, const struct tok_lm_request *requests,
				 size_t count, struct tok_lm_row *rows, struct tok_error *err)
{
	const uint32_t first = x->asked + 1;
	tok_buffer_clear(&x->question);
	for (size_t i = 0; i < count; i++)
		if (!lm_line_put_next(&x->question, first + i, &requests[i]))
			return tok_fail_memory(err);
	x->asked += (uint32_t)count;
	lm_process_say(x->process, tok_buffer_span(&x->question));

	/* All lines are waited for, also behind a bad one, so that the next question finds none of
	 * this one's answers; the first trouble is told. */
	struct tok_error first_trouble = { 0 };
	memset(x->got, 0, count);
	for (size_t i = 0; i < count; i++) {
		struct tok_span line;
		bool placed;
		enum tok_status status =
		    lm_process_line(x->process, lm_line_bytes(&x->peer), &line, err);
		if (status != TOK_OK)
			return status;
		status =
		    lm_line_row(&x->peer, &x->doc, line, first, count, x->got, rows, &placed, err);
		if (status != TOK_OK && !placed)
			return break_off(x, err);
		if (status != TOK_OK && first_trouble.status == TOK_OK)
			first_trouble = *err;
	}
	*err = first_trouble;
	return first_trouble.status;
}

/* Of a model of finite order only the end of a context matters, so that is all it is sent. */
static struct tok_lm_request shorten(const struct tok_lm_info *info, struct tok_lm_request request)
{
	if (info->markov_order == 0 || request.count < info->markov_order)
		return request;
	const size_t drop = request.count - (info->markov_order - 1);
	return (struct tok_lm_request){ request.ids + drop, request.count - drop };
}

static enum tok_status ask(struct exec_lm *x, const struct tok_lm_request *requests, size_t count,
			   struct tok_lm_row *rows, struct tok_error *err)
{
	struct tok_lm_request sent[LM_BATCH_MAX];
	size_t ids = 0;
	for (size_t i = 0; i < count; i++) {
		const enum tok_status status = lm_request_check(&x->peer.info, &requests[i], err);
		if (status != TOK_OK)
			return status;
		sent[i] = shorten(&x->peer.info, requests[i]);
		ids += sent[i].count;
	}
	if (ids > LM_QUESTION_BYTES_MAX / 16)
		return tok_fail(err, TOK_ELIMIT, "contexts of %zu ids in one question", ids);

	lm_process_clock(x->process, x->timeout_ms);
	switch (x->peer.form) {
	case LM_FRAMES:
		return ask_frames(x, sent, count, rows, err);
	case LM_LINES:
		return ask_lines(x, sent, count, rows, err);
	}
	return TOK_OK;
}

static enum tok_status rows_of(struct tok_lm *lm, const struct tok_lm_request *requests,
			       size_t count, struct tok_lm_row *out, struct tok_error *err)
{
	struct exec_lm *x = (struct exec_lm *)lm;
	struct tok_error trouble = { 0 };
	enum tok_status status = TOK_OK;
	for (size_t done = 0; status == TOK_OK && done < count;) {
		const size_t left = count - done;
		const size_t n = left < x->peer.info.batch ? left : x->peer.info.batch;
		status = ask(x, requests + done, n, out + done, &trouble);
		done += n;
	}
	if (status == TOK_OK)
		return TOK_OK;
	return tok_fail(err, status, "'%s': %s", x->peer.info.name, trouble.message);
}

static void free_exec(struct tok_lm *lm)
{
	struct exec_lm *x = (struct exec_lm *)lm;
	lm_process_end(x->process);
	lm_peer_release(&x->peer);
	tok_buffer_release(&x->question);
	tok_json_release(&x->doc);
	free(x);
}

static enum tok_status read_hello(struct exec_lm *x, struct tok_error *err)
{
	struct tok_span line;
	lm_process_clock(x->process, x->timeout_ms > UINT64_MAX / HELLO_TIMEOUTS
					 ? UINT64_MAX
					 : x->timeout_ms * HELLO_TIMEOUTS);
	const enum tok_status status = lm_process_line(x->process, LM_HELLO_BYTES_MAX, &line, err);
	return status == TOK_OK ? lm_peer_read(line, &x->peer, err) : status;
}

/* ---- what its ids are ---- */

static enum tok_status ask_token_frame(struct exec_lm *x, struct lm_vocabulary *vocabulary,
				       struct tok_error *err)
{
	if (!lm_frame_put_ask_tokens(&x->question, ++x->asked))
		return tok_fail_memory(err);
	struct tok_span payload;
	const enum tok_status status =
	    read_answer(x, LM_TOKENS, LM_TOKENS_BYTES_MAX, &payload, err);
	return status == TOK_OK ? lm_frame_tokens(payload, x->peer.info.size, vocabulary, err)
				: status;
}

static enum tok_status ask_token_line(struct exec_lm *x, struct lm_vocabulary *vocabulary,
				      struct tok_error *err)
{
	if (!lm_line_put_ask_tokens(&x->question, ++x->asked))
		return tok_fail_memory(err);
	lm_process_say(x->process, tok_buffer_span(&x->question));
	struct tok_span line;
	const enum tok_status status = lm_process_line(x->process, LM_TOKENS_BYTES_MAX, &line, err);
	return status == TOK_OK ? lm_line_tokens(&x->peer, &x->doc, line, x->asked, vocabulary, err)
				: status;
}

static enum tok_status check_tokens(struct exec_lm *x, const struct tok_tokenizer *tokenizer,
				    struct tok_error *err)
{
	struct lm_vocabulary vocabulary;
	struct tok_error trouble = { 0 };
	enum tok_status status = lm_vocabulary_init(&vocabulary, tokenizer, &x->peer.info, err);
	if (status != TOK_OK || !vocabulary.tokens)
		return status;
	tok_buffer_clear(&x->question);
	lm_process_clock(x->process, x->timeout_ms);
	status = x->peer.form == LM_FRAMES ? ask_token_frame(x, &vocabulary, &trouble)
					   : ask_token_line(x, &vocabulary, &trouble);
	lm_vocabulary_release(&vocabulary);
	if (status == TOK_OK)
		return TOK_OK;
	return tok_fail(err, status, "'%s': %s", x->peer.info.name, trouble.message);
}

/* ---- opening ---- */

enum tok_status lm_exec_open(const char *command, const struct tok_tokenizer *tokenizer,
			     const struct vocab_lm_options *options, struct tok_lm **out,
			     struct tok_error *err)
{
	struct exec_lm *x = calloc(1, sizeof *x);
	if (!x)
		return tok_fail_memory(err);
	x->timeout_ms = options->timeout_ms;
	enum tok_status status = lm_process_start(command, &x->process, err);
	if (status == TOK_OK)
		status = read_hello(x, err);
	if (status == TOK_OK && x->peer.tells_tokens)
		status = check_tokens(x, tokenizer, err);
	if (status == TOK_OK && options->bos_given)
		status = lm_peer_start(&x->peer, options->bos, options->bos_count, err);
	if (status != TOK_OK) {
		free_exec(&x->base);
		return status;
	}
	x->base = (struct tok_lm){ &x->peer.info, rows_of, free_exec };
	*out = &x->base;
	return TOK_OK;
}
