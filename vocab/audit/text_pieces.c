/*
 * text_pieces.c - the pieces that texts are made of, each encoded once.
 *
 * Where text reaches the model as bytes, and no added token is looked for, tokens of a text are
 * those of the pieces that its pre-tokenizer cuts, one behind the other.  Most pieces of a text
 * came before, and so did nearly all of its words: each is given to the model once, many in one
 * run, and what it becomes is kept with how often it came.
 *
 * Nothing is taken on trust: a line of which the pieces are not exactly the bytes, or the tokens
 * of a piece do not decode to it, is encoded and decoded as it is (text.c).
 */
#include <stdlib.h>

#include "tok/base/hash.h"
#include "tok/pipe/decoder.h"
#include "vocab/audit/text_internal.h"

/* Runs stay small beside what an encoder may be given at once. */
enum { RUN_BYTES = 1 << 16, MANY_NUMBERS = 1 << 16, FIRST_SLOTS = 1 << 13 };

/* Pieces that are looked for at a time. */
enum { GROUP = 32 };

struct vocab_audit_slot {
	uint32_t number; /* of a piece, plus 1; 0: free */
	uint32_t tag;    /* high bits of the hash */
};

const struct tok_encode_options vocab_audit_ordinary = { .special_text = TOK_SPECIAL_ORDINARY };

bool vocab_audit_pieces_serve(const struct tok_tokenizer *tokenizer)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	for (size_t i = 0; i < spec->added_count; i++)
		if (!spec->added[i].special)
			return false;
	return tok_tokenizer_takes_bytes(tokenizer);
}

void vocab_audit_pieces_clear(struct vocab_audit_pieces *p)
{
	p->slot_count = 0; /* few again: what is looked for often lies near */
	tok_buffer_clear(&p->bytes);
	p->count = p->known = p->id_count = p->met_count = 0;
	vocab_audit_pieces_forget(p);
}

void vocab_audit_pieces_release(struct vocab_audit_pieces *p)
{
	tok_buffer_release(&p->bytes);
	tok_tokens_release(&p->tokens);
	free(p->items);
	free(p->slots);
	free(p->ids);
	free(p->numbers);
	free(p->texts);
	free(p->met);
	free(p->ends);
	*p = (struct vocab_audit_pieces){ 0 };
}

/* ---- each piece once --------------------------------------------------------------------- */

static struct tok_span bytes_of(const struct vocab_audit_pieces *p,
				const struct vocab_audit_piece *piece)
{
	return (struct tok_span){ p->bytes.bytes + piece->begin, piece->count };
}

/* Open addressing at a load of at most one half. */
static bool grow_slots(struct vocab_audit_pieces *p)
{
	const size_t count = p->slot_count ? 2 * p->slot_count : FIRST_SLOTS;
	if (!tok_grow(&p->slots, &p->slot_capacity, count, sizeof *p->slots))
		return false;
	memset(p->slots, 0, count * sizeof *p->slots);
	p->slot_count = count;
	for (size_t i = 0; i < p->count; i++) {
		const uint64_t hash = tok_strings_hash(bytes_of(p, &p->items[i]));
		size_t slot = hash & (count - 1);
		while (p->slots[slot].number)
			slot = (slot + 1) & (count - 1);
		p->slots[slot] =
		    (struct vocab_audit_slot){ (uint32_t)i + 1, (uint32_t)(hash >> 32) };
	}
	return true;
}

static bool add_piece(struct vocab_audit_pieces *p, struct tok_span bytes)
{
	if (p->count >= UINT32_MAX - 1 ||
	    !tok_grow(&p->items, &p->capacity, p->count + 1, sizeof *p->items) ||
	    !tok_buffer_add(&p->bytes, bytes.bytes, bytes.count))
		return false;
	p->items[p->count++] = (struct vocab_audit_piece){
		.begin = p->bytes.count - bytes.count,
		.count = (uint32_t)bytes.count,
	};
	return true;
}

/* A piece will be looked for soon: what it will be compared with is fetched meanwhile, each step
 * for the whole group, so that none waits for memory. */
static void expect_pieces(const struct vocab_audit_pieces *p, const struct tok_span *group,
			  size_t count, uint64_t *hashes)
{
	const struct vocab_audit_slot *slots[GROUP];
	for (size_t i = 0; i < count; i++) {
		hashes[i] = tok_strings_hash(group[i]);
		slots[i] = &p->slots[hashes[i] & (p->slot_count - 1)];
		__builtin_prefetch(slots[i]);
	}
	for (size_t i = 0; i < count; i++)
		if (slots[i]->number)
			__builtin_prefetch(&p->items[slots[i]->number - 1]);
	for (size_t i = 0; i < count; i++)
		if (slots[i]->number)
			__builtin_prefetch(p->bytes.bytes + p->items[slots[i]->number - 1].begin);
}

/* The number of a piece, which is added if it is new.  False if memory is out. */
static bool find_piece(struct vocab_audit_pieces *p, struct tok_span bytes, uint64_t hash,
		       uint32_t *out)
{
	if (2 * p->count >= p->slot_count && !grow_slots(p))
		return false;
	const uint32_t tag = (uint32_t)(hash >> 32);
	size_t at = hash & (p->slot_count - 1);
	for (; p->slots[at].number; at = (at + 1) & (p->slot_count - 1)) {
		*out = p->slots[at].number - 1;
		if (p->slots[at].tag == tag && tok_span_equal(bytes_of(p, &p->items[*out]), bytes))
			return true;
	}
	if (!add_piece(p, bytes))
		return false;
	*out = (uint32_t)p->count - 1;
	p->slots[at] = (struct vocab_audit_slot){ *out + 1, tag };
	return true;
}

/* ---- texts ------------------------------------------------------------------------------- */

struct taking {
	struct vocab_audit_pieces *pieces;
	struct tok_span text;
	size_t at; /* so far pieces are the text */
	bool tiled;
};

static bool tiles(const struct taking *t, struct tok_span piece)
{
	return t->text.count - t->at >= piece.count &&
	       (t->text.bytes + t->at == piece.bytes ||
		memcmp(t->text.bytes + t->at, piece.bytes, piece.count) == 0);
}

static bool take_group(struct taking *t, const struct tok_span *group, size_t count)
{
	struct vocab_audit_pieces *p = t->pieces;
	uint64_t hashes[GROUP];
	if (p->slot_count == 0 && !grow_slots(p))
		return false;
	expect_pieces(p, group, count, hashes);
	for (size_t i = 0; i < count; i++) {
		if (!find_piece(p, group[i], hashes[i], &p->numbers[p->number_count]))
			return false;
		p->number_count++;
		t->tiled = t->tiled && tiles(t, group[i]);
		t->at += group[i].count;
	}
	return true;
}

static bool take_pieces(void *context, struct tok_span text, const struct tok_range *pieces,
			size_t count)
{
	struct taking *t = context;
	struct vocab_audit_pieces *p = t->pieces;
	struct tok_span group[GROUP];
	size_t grouped = 0;
	if (!tok_grow(&p->numbers, &p->number_capacity, p->number_count + count,
		      sizeof *p->numbers))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].begin == pieces[i].end)
			continue;
		group[grouped++] = tok_span_slice(text, pieces[i].begin, pieces[i].end);
		if (grouped == GROUP) {
			if (!take_group(t, group, grouped))
				return false;
			grouped = 0;
		}
	}
	return take_group(t, group, grouped);
}

enum tok_status vocab_audit_pieces_take(struct vocab_audit_pieces *p, struct vocab_audit_run *run,
					struct tok_span text, struct tok_error *err)
{
	struct taking t = { .pieces = p, .text = text, .tiled = true };
	const size_t begin = p->number_count;
	if (!tok_grow(&p->texts, &p->text_capacity, p->text_count + 1, sizeof *p->texts))
		return tok_fail_memory(err);
	const enum tok_status status =
	    tok_encode_words(run->encoder, text, &vocab_audit_ordinary, take_pieces, &t, err);
	if (status == TOK_ETEXT) {
		*err = (struct tok_error){ 0 };
		p->number_count = begin;
		t.tiled = false;
	} else if (status != TOK_OK) {
		return status;
	}
	p->texts[p->text_count++] =
	    (struct vocab_audit_taken){ begin, p->number_count, t.tiled && t.at == text.count };
	return TOK_OK;
}

bool vocab_audit_pieces_are_many(const struct vocab_audit_pieces *p)
{
	const size_t begin = p->known < p->count ? p->items[p->known].begin : p->bytes.count;
	return p->bytes.count - begin >= RUN_BYTES || p->number_count >= MANY_NUMBERS;
}

void vocab_audit_pieces_forget(struct vocab_audit_pieces *p)
{
	p->number_count = p->text_count = 0;
}

/* ---- their tokens ------------------------------------------------------------------------ */

static uint32_t count_split(const struct vocab_audit_run *run, struct tok_span bytes,
			    const tok_id *ids, size_t count)
{
	struct vocab_audit_splits splits = { .line = bytes };
	size_t end = 0;
	for (size_t i = 0; i < count; i++) {
		end += run->text->tokens.lengths[ids[i]];
		vocab_audit_split_at(&splits, end);
	}
	return (uint32_t)splits.count;
}

static enum tok_status keep_tokens(struct vocab_audit_pieces *p, const struct vocab_audit_run *run,
				   struct vocab_audit_piece *piece, const tok_id *ids, size_t count,
				   struct tok_error *err)
{
	if (!tok_grow(&p->ids, &p->id_capacity, p->id_count + count, sizeof *p->ids))
		return tok_fail_memory(err);
	if (count)
		memcpy(p->ids + p->id_count, ids, count * sizeof *ids);
	piece->ids = p->id_count;
	piece->id_count = (uint32_t)count;
	piece->split = piece->whole ? count_split(run, bytes_of(p, piece), ids, count) : 0;
	p->id_count += count;
	return TOK_OK;
}

/* Does the text of tokens have these bytes? */
static enum tok_status decodes_to(const struct vocab_audit_run *run, struct tok_span bytes,
				  const tok_id *ids, size_t count, bool *out, struct tok_error *err)
{
	struct tok_span text;
	const enum tok_status status = tok_decode(run->decoder, ids, count, false, &text, err);
	*out = status == TOK_OK && tok_span_equal(text, bytes);
	return status;
}

/* Where tokens end where pieces do.  False: some do not. */
static bool share_out(const struct vocab_audit_pieces *p, const struct vocab_audit_run *run,
		      size_t begin, size_t end)
{
	const uint32_t *lengths = run->text->tokens.lengths;
	size_t token = 0;
	for (size_t i = begin; i < end; i++) {
		size_t at = 0;
		while (at < p->items[i].count && token < p->tokens.count)
			at += lengths[p->tokens.ids[token++]];
		if (at != p->items[i].count)
			return false;
	}
	return token == p->tokens.count;
}

/* One by one: what is refused, and what does not come back.  What comes back has tokens of another
 * length where an added token is read otherwise than it is written; where they end in a line is for
 * the line to find out. */
static enum tok_status settle_each(struct vocab_audit_pieces *p, struct vocab_audit_run *run,
				   size_t begin, size_t end, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = begin; i < end && status == TOK_OK; i++) {
		struct vocab_audit_piece *piece = &p->items[i];
		const struct tok_span bytes = bytes_of(p, piece);
		p->tokens.count = 0;
		status = tok_encoder_piece(run->encoder, bytes,
					   (struct tok_range){ 0, piece->count }, &p->tokens, err);
		if (status == TOK_ETEXT) {
			*err = (struct tok_error){ 0 };
			piece->refused = true;
			status = TOK_OK;
			continue;
		}
		if (status == TOK_OK)
			status = decodes_to(run, bytes, p->tokens.ids, p->tokens.count,
					    &piece->whole, err);
		piece->whole = piece->whole && share_out(p, run, i, i + 1);
		if (status == TOK_OK)
			status = keep_tokens(p, run, piece, p->tokens.ids, p->tokens.count, err);
	}
	return status;
}

static enum tok_status keep_run(struct vocab_audit_pieces *p, const struct vocab_audit_run *run,
				size_t begin, size_t end, struct tok_error *err)
{
	const uint32_t *lengths = run->text->tokens.lengths;
	enum tok_status status = TOK_OK;
	size_t token = 0;
	for (size_t i = begin; i < end && status == TOK_OK; i++) {
		const size_t first = token;
		for (size_t at = 0; at < p->items[i].count;)
			at += lengths[p->tokens.ids[token++]];
		p->items[i].whole = true;
		status =
		    keep_tokens(p, run, &p->items[i], p->tokens.ids + first, token - first, err);
	}
	return status;
}

/* Pieces [begin, end) as one run, if each has its bytes and comes back. */
static enum tok_status settle_run(struct vocab_audit_pieces *p, struct vocab_audit_run *run,
				  size_t begin, size_t end, struct tok_error *err)
{
	const size_t first = p->items[begin].begin;
	const struct tok_span bytes = tok_span_slice(
	    tok_buffer_span(&p->bytes), first, p->items[end - 1].begin + p->items[end - 1].count);
	bool whole = false;
	if (!tok_grow(&p->ends, &p->end_capacity, end - begin, sizeof *p->ends))
		return tok_fail_memory(err);
	for (size_t i = begin; i < end; i++)
		p->ends[i - begin] = (uint32_t)(p->items[i].begin + p->items[i].count - first);
	p->tokens.count = 0;
	enum tok_status status =
	    tok_encoder_run(run->encoder, bytes, p->ends, end - begin, &p->tokens, err);
	if (status == TOK_OK)
		status = decodes_to(run, bytes, p->tokens.ids, p->tokens.count, &whole, err);
	if (status == TOK_OK && whole && share_out(p, run, begin, end))
		return keep_run(p, run, begin, end, err);
	if (status != TOK_OK && status != TOK_ETEXT)
		return status;
	*err = (struct tok_error){ 0 };
	return settle_each(p, run, begin, end, err);
}

enum tok_status vocab_audit_pieces_settle(struct vocab_audit_pieces *p, struct vocab_audit_run *run,
					  struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (!tok_grow(&p->met, &p->met_capacity, p->count, sizeof *p->met))
		return tok_fail_memory(err);
	while (p->known < p->count && status == TOK_OK) {
		size_t end = p->known, bytes = 0;
		while (end < p->count &&
		       (end == p->known || bytes + p->items[end].count <= RUN_BYTES))
			bytes += p->items[end++].count;
		status = settle_run(p, run, p->known, end, err);
		p->known = end;
	}
	return status;
}

/* ---- how often --------------------------------------------------------------------------- */

bool vocab_audit_pieces_meet(struct vocab_audit_pieces *p, const struct vocab_audit_taken *text)
{
	if (!text->tiled)
		return false;
	for (size_t i = text->begin; i < text->end; i++)
		if (!p->items[p->numbers[i]].whole)
			return false;
	for (size_t i = text->begin; i < text->end; i++)
		if (p->items[p->numbers[i]].times++ == 0)
			p->met[p->met_count++] = p->numbers[i];
	return true;
}

void vocab_audit_pieces_flush(struct vocab_audit_pieces *p, struct vocab_audit_counts *counts)
{
	for (size_t i = 0; i < p->met_count; i++) {
		struct vocab_audit_piece *piece = &p->items[p->met[i]];
		for (size_t k = 0; k < piece->id_count; k++)
			vocab_audit_count(counts, p->ids[piece->ids + k], piece->times);
		counts->tokens += piece->times * piece->id_count;
		counts->split += piece->times * piece->split;
		piece->times = 0;
	}
	p->met_count = 0;
}
