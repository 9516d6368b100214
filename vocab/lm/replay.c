/* replay.c - the rows of a file that record.c wrote, found by their contexts. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tok/base/hash.h"
#include "vocab/lm/provider_internal.h"

struct replay_lm {
	struct tok_lm base;
	struct lm_peer peer;
	struct tok_span file;        /* mapped */
	struct tok_strings contexts; /* the bytes of the ids -> answer */
	struct tok_span *answers;    /* payloads */
	struct tok_arena arena;
	struct tok_buffer key;
};

/* A context and its answer's payload, where they lie in the file. */
struct pair {
	struct tok_span context, answer;
};

static enum tok_status take_frame(struct tok_span *rest, struct lm_frame *frame,
				  struct tok_span *payload, struct tok_error *err)
{
	if (rest->count < LM_HEADER_BYTES)
		return tok_fail(err, TOK_EFORMAT, "the file ends inside a frame");
	const enum tok_status status = lm_frame_read(rest->bytes, frame, err);
	if (status != TOK_OK)
		return status;
	if (frame->length > rest->count - LM_HEADER_BYTES)
		return tok_fail(err, TOK_EFORMAT, "the file ends inside a frame");
	const size_t end = LM_HEADER_BYTES + (size_t)frame->length;
	*payload = tok_span_slice(*rest, LM_HEADER_BYTES, end);
	*rest = tok_span_slice(*rest, end, rest->count);
	return TOK_OK;
}

static enum tok_status check_frames(enum lm_op op, const struct lm_frame *question,
				    const struct lm_frame *answer, struct tok_error *err)
{
	if (question->op != op || answer->op != op || question->status != 0 ||
	    answer->status != 0 || question->request != answer->request)
		return tok_fail(err, TOK_EFORMAT, "this is no question with its answer");
	return TOK_OK;
}

static enum tok_status take_pair(struct tok_span *rest, struct pair *out, struct tok_error *err)
{
	struct lm_frame question, answer;
	struct tok_span asked = { 0 };
	enum tok_status status = take_frame(rest, &question, &asked, err);
	if (status == TOK_OK)
		status = take_frame(rest, &answer, &out->answer, err);
	if (status != TOK_OK)
		return status;
	status = check_frames(LM_NEXT, &question, &answer, err);
	if (status != TOK_OK)
		return status;
	if (asked.count < 8 || lm_load_u32(asked.bytes) != 1 || asked.count % 4 != 0 ||
	    lm_load_u32(asked.bytes + 4) != asked.count / 4 - 2)
		return tok_fail(err, TOK_EFORMAT, "a question must have one context here");
	out->context = tok_span_slice(asked, 8, asked.count);
	return TOK_OK;
}

static enum tok_status count_pairs(struct tok_span rest, size_t *count, struct tok_error *err)
{
	struct pair pair;
	*count = 0;
	for (; rest.count > 0; ++*count) {
		const enum tok_status status = take_pair(&rest, &pair, err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "row %zu", *count + 1);
	}
	return *count < TOK_NO_ID ? TOK_OK : tok_fail(err, TOK_ELIMIT, "more than 4 billion rows");
}

/* Of a context that is there twice the first row counts. */
static enum tok_status index_pairs(struct replay_lm *r, struct tok_span rest, size_t count,
				   struct tok_error *err)
{
	r->answers = tok_arena_array(&r->arena, count, sizeof *r->answers);
	if (!r->answers || !tok_strings_init(&r->contexts, &r->arena, count))
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		struct pair pair;
		const enum tok_status status = take_pair(&rest, &pair, err);
		if (status != TOK_OK)
			return status;
		r->answers[i] = pair.answer;
		tok_strings_add(&r->contexts, pair.context, (uint32_t)i);
	}
	return TOK_OK;
}

/* What the ids were when it was recorded; the first answer of all. */
static enum tok_status take_tokens(const struct replay_lm *r, struct tok_span *rest,
				   const struct tok_tokenizer *tokenizer, struct tok_error *err)
{
	struct lm_frame question, answer;
	struct tok_span asked, said;
	struct lm_vocabulary vocabulary;
	enum tok_status status = take_frame(rest, &question, &asked, err);
	if (status == TOK_OK)
		status = take_frame(rest, &answer, &said, err);
	if (status == TOK_OK)
		status = check_frames(LM_TOKENS, &question, &answer, err);
	if (status == TOK_OK)
		status = lm_vocabulary_init(&vocabulary, tokenizer, &r->peer.info, err);
	if (status != TOK_OK || !vocabulary.tokens)
		return status;
	status = lm_frame_tokens(said, r->peer.info.size, &vocabulary, err);
	lm_vocabulary_release(&vocabulary);
	return status;
}

static enum tok_status map_file(const char *path, struct tok_span *out, struct tok_error *err)
{
	const int file = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	if (file < 0)
		return tok_fail(err, TOK_EIO, "cannot open it: %s", strerror(errno));
	enum tok_status status = TOK_OK;
	if (fstat(file, &about) != 0)
		status = tok_fail(err, TOK_EIO, "cannot read it: %s", strerror(errno));
	else if (!S_ISREG(about.st_mode))
		status = tok_fail(err, TOK_EIO, "this is no file");
	else if (about.st_size == 0)
		status = tok_fail(err, TOK_EFORMAT, "the file is empty");
	if (status == TOK_OK) {
		const size_t bytes = (size_t)about.st_size;
		void *map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, file, 0);
		if (map == MAP_FAILED)
			status = tok_fail(err, TOK_EIO, "cannot map it: %s", strerror(errno));
		else
			*out = (struct tok_span){ map, bytes };
	}
	close(file);
	return status;
}

static enum tok_status read_file(struct replay_lm *r, const struct tok_tokenizer *tokenizer,
				 struct tok_error *err)
{
	const size_t look = r->file.count < LM_HELLO_BYTES_MAX ? r->file.count : LM_HELLO_BYTES_MAX;
	const uint8_t *end = memchr(r->file.bytes, '\n', look);
	if (!end)
		return tok_fail(err, TOK_EFORMAT, "this is no record: there is no first line");
	const size_t line = (size_t)(end - r->file.bytes);
	enum tok_status status = lm_peer_read(tok_span_slice(r->file, 0, line), &r->peer, err);
	if (status == TOK_OK && r->peer.form != LM_FRAMES)
		status = tok_fail(err, TOK_EFORMAT, "a record must be in frames");

	struct tok_span rest = tok_span_slice(r->file, line + 1, r->file.count);
	size_t count;
	if (status == TOK_OK && r->peer.tells_tokens)
		status = take_tokens(r, &rest, tokenizer, err);
	if (status == TOK_OK)
		status = count_pairs(rest, &count, err);
	return status == TOK_OK ? index_pairs(r, rest, count, err) : status;
}

static enum tok_status find_row(struct replay_lm *r, const struct tok_lm_request *request,
				struct tok_lm_row *out, struct tok_error *err)
{
	tok_buffer_clear(&r->key);
	if (!tok_buffer_reserve(&r->key, request->count * 4 + 1))
		return tok_fail_memory(err);
	for (size_t i = 0; i < request->count; i++)
		lm_store_u32(r->key.bytes + 4 * i, request->ids[i]);
	r->key.count = request->count * 4;

	const uint32_t at = tok_strings_find(&r->contexts, tok_buffer_span(&r->key));
	if (at == TOK_NO_ID)
		return tok_fail(err, TOK_EARG, "no row was recorded for this context of %zu ids",
				request->count);
	return lm_frame_rows(&r->peer, r->answers[at], 1, out, err);
}

static enum tok_status rows_of(struct tok_lm *lm, const struct tok_lm_request *requests,
			       size_t count, struct tok_lm_row *out, struct tok_error *err)
{
	struct replay_lm *r = (struct replay_lm *)lm;
	for (size_t i = 0; i < count; i++) {
		enum tok_status status = lm_request_check(&r->peer.info, &requests[i], err);
		if (status == TOK_OK)
			status = find_row(r, &requests[i], &out[i], err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "'%s'", r->peer.info.name);
	}
	return TOK_OK;
}

static void free_replay(struct tok_lm *lm)
{
	struct replay_lm *r = (struct replay_lm *)lm;
	if (r->file.bytes)
		munmap((void *)(uintptr_t)r->file.bytes, r->file.count);
	lm_peer_release(&r->peer);
	tok_arena_release(&r->arena);
	tok_buffer_release(&r->key);
	free(r);
}

enum tok_status lm_replay_open(const char *path, const struct tok_tokenizer *tokenizer,
			       const struct vocab_lm_options *options, struct tok_lm **out,
			       struct tok_error *err)
{
	struct replay_lm *r = calloc(1, sizeof *r);
	if (!r)
		return tok_fail_memory(err);
	enum tok_status status = map_file(path, &r->file, err);
	if (status == TOK_OK)
		status = read_file(r, tokenizer, err);
	if (status == TOK_OK && options->bos_given)
		status = lm_peer_start(&r->peer, options->bos, options->bos_count, err);
	if (status != TOK_OK) {
		free_replay(&r->base);
		return status;
	}
	r->base = (struct tok_lm){ &r->peer.info, rows_of, free_replay };
	*out = &r->base;
	return TOK_OK;
}
