/* text.c - a tokenizer over the lines of a language. */
#include "vocab/audit/text.h"

#include <stdlib.h>

#include "tok/pipe/decoder.h"
#include "tok/text/utf8.h"
#include "vocab/audit/text_internal.h"

/* What is remembered of pieces is forgotten above: of those of earlier lines, which are perhaps of
 * another language, soon, so that what is looked for lies near. */
enum { LINE_PIECES_MAX = 1 << 13, WORD_PIECES_MAX = 1 << 17 };

/* ---- a tokenizer ------------------------------------------------------------------------- */

/* SentencePiece puts a space in front: of "a" there are two bytes then, or one and what is unknown.
 */
static enum tok_status find_front(struct vocab_audit_text *a, struct tok_error *err)
{
	struct tok_encoding encoded;
	struct tok_encoder *encoder = tok_encoder_new(a->tokenizer);
	if (!encoder)
		return tok_fail_memory(err);
	const enum tok_status status =
	    tok_encode(encoder, tok_span_of("a"), &vocab_audit_ordinary, &encoded, err);
	size_t bytes = 0;
	for (size_t i = 0; status == TOK_OK && i < encoded.count; i++)
		bytes +=
		    encoded.ids[i] == a->tokens.unknown ? 1 : a->tokens.lengths[encoded.ids[i]];
	a->front = bytes == 2 ? 1 : 0;
	tok_encoder_free(encoder);
	return status == TOK_ETEXT ? TOK_OK : status; /* it has no such letter */
}

enum tok_status vocab_audit_text_new(const struct tok_tokenizer *tokenizer,
				     struct vocab_audit_text **out, struct tok_error *err)
{
	struct vocab_audit_text *audit = calloc(1, sizeof *audit);
	if (!audit)
		return tok_fail_memory(err);
	audit->tokenizer = tokenizer;
	audit->by_pieces = vocab_audit_pieces_serve(tokenizer);
	enum tok_status status = vocab_audit_tokens_init(&audit->tokens, tokenizer, err);
	if (status == TOK_OK)
		status = find_front(audit, err);
	if (status == TOK_OK)
		*out = audit;
	else
		vocab_audit_text_free(audit);
	return status;
}

void vocab_audit_text_free(struct vocab_audit_text *audit)
{
	if (!audit)
		return;
	vocab_audit_tokens_release(&audit->tokens);
	free(audit);
}

/* ---- what a thread has ------------------------------------------------------------------- */

struct vocab_audit_scratch *vocab_audit_scratch_new(void)
{
	struct vocab_audit_scratch *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->pieces = calloc(1, sizeof *s->pieces);
	s->spellings = vocab_audit_spellings_new();
	if (s->pieces && s->spellings)
		return s;
	vocab_audit_scratch_free(s);
	return NULL;
}

void vocab_audit_scratch_free(struct vocab_audit_scratch *scratch)
{
	if (!scratch)
		return;
	if (scratch->pieces)
		vocab_audit_pieces_release(scratch->pieces);
	free(scratch->pieces);
	free(scratch->spellings);
	free(scratch);
}

enum tok_status vocab_audit_run_new(const struct vocab_audit_text *audit,
				    struct vocab_audit_scratch *scratch,
				    struct vocab_audit_run **out, struct tok_error *err)
{
	struct vocab_audit_run *run = calloc(1, sizeof *run);
	if (!run)
		return tok_fail_memory(err);
	run->text = audit;
	run->scratch = scratch;
	run->encoder = tok_encoder_new(audit->tokenizer);
	run->decoder = tok_decoder_new(audit->tokenizer);
	if (!run->encoder || !run->decoder) {
		vocab_audit_run_free(run);
		return tok_fail_memory(err);
	}
	run->adds_up = tok_decoder_adds_up(run->decoder);
	*out = run;
	return TOK_OK;
}

void vocab_audit_run_free(struct vocab_audit_run *run)
{
	if (!run)
		return;
	if (run->scratch->owner == run)
		run->scratch->owner = NULL;
	tok_encoder_free(run->encoder);
	tok_decoder_free(run->decoder);
	free(run);
}

struct vocab_audit_pieces *vocab_audit_run_pieces(struct vocab_audit_run *run, bool words)
{
	struct vocab_audit_pieces *p = run->scratch->pieces;
	const size_t most = words ? WORD_PIECES_MAX : LINE_PIECES_MAX;
	const bool interrupted = p->text_count || p->met_count || p->known < p->count;
	if (run->scratch->owner != run || interrupted || p->count > most)
		vocab_audit_pieces_clear(p);
	run->scratch->owner = run;
	return p;
}

/* ---- characters in several tokens ------------------------------------------------------- */

void vocab_audit_split_inside(struct vocab_audit_splits *s, size_t at)
{
	for (size_t back = 1; back < 4 && back <= at; back++) {
		const uint32_t length =
		    tok_utf8_length(s->line.bytes + at - back, s->line.count - (at - back));
		if (length == 0)
			continue;
		if (length > back) {
			s->count++;
			s->last = at - back + length;
		}
		return;
	}
}

/* The character at or around `at`. */
static size_t character_begin(struct tok_span line, size_t at)
{
	for (size_t back = 0; back < 4 && back <= at; back++) {
		const uint32_t length =
		    tok_utf8_length(line.bytes + at - back, line.count - (at - back));
		if (length > back)
			return at - back;
	}
	return at;
}

/* Tokens tell where they came from: several of one character may all name the whole of it. */
static uint64_t split_by_ranges(struct tok_span line, const struct tok_encoding *encoded)
{
	struct vocab_audit_splits splits = { .line = line };
	size_t end = 0; /* of what the tokens so far came from */
	for (size_t i = 0; i < encoded->count; i++) {
		const struct tok_range r = encoded->ranges[i];
		if (r.begin == r.end)
			continue;
		const size_t begin = character_begin(line, r.begin);
		if (begin < end) /* of one byte: no character to be split */
			vocab_audit_split_at(&splits, begin + 1);
		end = r.end > end ? r.end : end;
	}
	return splits.count;
}

/* ---- a line by itself ---------------------------------------------------------------------- */

static enum tok_status decodes_to(const struct vocab_audit_run *run, struct tok_span line,
				  const struct tok_encoding *encoded, bool *out,
				  struct tok_error *err)
{
	struct tok_span text;
	const enum tok_status status =
	    tok_decode(run->decoder, encoded->ids, encoded->count, false, &text, err);
	*out = status == TOK_OK && tok_span_equal(text, line);
	return status;
}

/* Where tokens add exactly the bytes of the line, they end where their lengths say; where a
 * normaliser changed it, they are asked where they came from. */
static enum tok_status run_line(struct vocab_audit_run *run, struct tok_span line,
				struct vocab_audit_counts *counts, struct tok_error *err)
{
	const struct tok_encode_options with_offsets = { .special_text = TOK_SPECIAL_ORDINARY,
							 .offsets = true };
	const size_t front = run->text->front;
	struct tok_encoding encoded;
	struct vocab_audit_splits splits = { .line = line };
	bool kept;
	enum tok_status status =
	    tok_encode(run->encoder, line, &vocab_audit_ordinary, &encoded, err);
	if (status == TOK_OK)
		status = decodes_to(run, line, &encoded, &kept, err);
	if (status != TOK_OK)
		return status;
	size_t end = 0;
	for (size_t i = 0; i < encoded.count; i++) {
		const tok_id id = encoded.ids[i];
		vocab_audit_count(counts, id, 1);
		end += run->text->tokens.lengths[id];
		if (end > front)
			vocab_audit_split_at(&splits, end - front);
	}
	counts->tokens += encoded.count;
	counts->kept_lines += kept;
	if (kept && end == line.count + front) {
		counts->split += splits.count;
		return TOK_OK;
	}
	status = tok_encode(run->encoder, line, &with_offsets, &encoded, err);
	if (status == TOK_OK)
		counts->split += split_by_ranges(line, &encoded);
	return status;
}

/* ---- many lines ---------------------------------------------------------------------------- */

static struct tok_span line_at(const struct vocab_audit_lines *lines, size_t index)
{
	const size_t begin = index ? lines->ends[index - 1] + 1 : lines->begin;
	return (struct tok_span){ lines->bytes + begin, lines->ends[index] - begin };
}

static enum tok_status run_each(struct vocab_audit_run *run, const struct vocab_audit_lines *lines,
				struct vocab_audit_counts *counts, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < lines->count && status == TOK_OK; i++) {
		counts->refused = i;
		status = run_line(run, line_at(lines, i), counts, err);
	}
	return status;
}

/* Lines of which the pieces were taken: `first` and those behind it. */
static enum tok_status count_taken(struct vocab_audit_run *run, struct vocab_audit_pieces *p,
				   const struct vocab_audit_lines *lines, size_t first,
				   struct vocab_audit_counts *counts, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < p->text_count && status == TOK_OK; i++) {
		counts->refused = first + i;
		if (vocab_audit_pieces_meet(p, &p->texts[i]))
			counts->kept_lines++;
		else
			status = run_line(run, line_at(lines, first + i), counts, err);
	}
	vocab_audit_pieces_forget(p);
	return status;
}

static enum tok_status run_pieces(struct vocab_audit_run *run,
				  const struct vocab_audit_lines *lines,
				  struct vocab_audit_counts *counts, struct tok_error *err)
{
	struct vocab_audit_pieces *p = vocab_audit_run_pieces(run, false);
	enum tok_status status = TOK_OK;
	for (size_t i = 0, first = 0; i < lines->count && status == TOK_OK; i++) {
		counts->refused = i;
		status = vocab_audit_pieces_take(p, run, line_at(lines, i), err);
		if (status != TOK_OK || (i + 1 < lines->count && !vocab_audit_pieces_are_many(p)))
			continue;
		status = vocab_audit_pieces_settle(p, run, err);
		if (status == TOK_OK)
			status = count_taken(run, p, lines, first, counts, err);
		first = i + 1;
	}
	if (status == TOK_OK)
		vocab_audit_pieces_flush(p, counts);
	return status;
}

static enum tok_status reserve(struct vocab_audit_counts *counts, size_t size,
			       struct tok_error *err)
{
	if (counts->size >= size)
		return TOK_OK;
	uint64_t *ids = calloc(size, sizeof *ids);
	tok_id *used = calloc(size, sizeof *used);
	if (!ids || !used) {
		free(ids);
		free(used);
		return tok_fail_memory(err);
	}
	if (counts->size) {
		memcpy(ids, counts->ids, counts->size * sizeof *ids);
		memcpy(used, counts->used, counts->used_count * sizeof *used);
	}
	free(counts->ids);
	free(counts->used);
	counts->ids = ids;
	counts->used = used;
	counts->size = size;
	return TOK_OK;
}

/* A decoder that looks at more than a token at a time, or a tokenizer that puts something in
 * front, has to see the line. */
enum tok_status vocab_audit_run_lines(struct vocab_audit_run *run,
				      const struct vocab_audit_lines *lines,
				      struct vocab_audit_counts *counts, struct tok_error *err)
{
	const bool by_pieces = run->text->by_pieces && run->adds_up && run->text->front == 0;
	const enum tok_status status = reserve(counts, run->text->tokens.size, err);
	if (status != TOK_OK)
		return status;
	return by_pieces ? run_pieces(run, lines, counts, err) : run_each(run, lines, counts, err);
}

/* ---- sums ---------------------------------------------------------------------------------- */

enum tok_status vocab_audit_counts_add(struct vocab_audit_counts *into,
				       const struct vocab_audit_counts *more, struct tok_error *err)
{
	const enum tok_status status = reserve(into, more->size, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < more->used_count; i++)
		vocab_audit_count(into, more->used[i], more->ids[more->used[i]]);
	into->tokens += more->tokens;
	into->kept_lines += more->kept_lines;
	into->split += more->split;
	into->word_tokens += more->word_tokens;
	into->continued_words += more->continued_words;
	into->single_words += more->single_words;
	into->single_types += more->single_types;
	return TOK_OK;
}

void vocab_audit_counts_clear(struct vocab_audit_counts *counts)
{
	for (size_t i = 0; i < counts->used_count; i++)
		counts->ids[counts->used[i]] = 0;
	*counts = (struct vocab_audit_counts){ .ids = counts->ids,
					       .used = counts->used,
					       .size = counts->size };
}

void vocab_audit_counts_release(struct vocab_audit_counts *counts)
{
	free(counts->ids);
	free(counts->used);
	*counts = (struct vocab_audit_counts){ 0 };
}
