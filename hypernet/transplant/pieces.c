#include "hypernet/transplant/pieces.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "tok/base/buffer.h"
#include "tok/base/hash.h"
#include "tok/base/threads.h"
#include "tok/pipe/encoder.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

enum {
	BYTES = 256,
	BLOCK = 1024, /* tokens that a thread takes at a time */
	LONGEST = 256 /* bytes of a token that is looked for by its bytes */
};

void hyper_pieces_release(struct hyper_pieces *pieces)
{
	free(pieces->ids);
	free(pieces->ends);
	free(pieces->lengths);
	*pieces = (struct hyper_pieces){ 0 };
}

/* Pieces of BLOCK tokens, one behind the other. */
struct block {
	tok_id *ids;
	uint32_t *lengths;
	size_t count, room[2];
};

struct making {
	const struct hyper_vocab *source, *target;
	const tok_id *wanted;
	size_t count, source_rows;
	struct tok_arena arena;
	struct tok_strings texts; /* the old tokens that have a row, by their bytes */
	tok_id bytes[BYTES];      /* of HYPER_TOKEN_BYTE */
	size_t longest;
	struct block *blocks;
	uint64_t *pieces; /* of each token: how many */
	atomic_size_t next, unspelt, cut, by_bytes;
	atomic_bool failed;
	struct tok_error *errors; /* of each thread */
};

/* ---- the old tokens by their bytes ------------------------------------------------------ */

static bool index_source(struct making *m)
{
	const struct hyper_vocab *source = m->source;
	const size_t count = source->count < m->source_rows ? source->count : m->source_rows;
	for (size_t byte = 0; byte < BYTES; byte++)
		m->bytes[byte] = TOK_NO_ID;
	if (!tok_strings_init(&m->texts, &m->arena, count))
		return false;
	for (size_t id = 0; id < count; id++) {
		const struct tok_span bytes = source->bytes[id];
		if (source->kinds[id] == HYPER_TOKEN_TEXT && bytes.count &&
		    bytes.count <= LONGEST) {
			tok_strings_add(&m->texts, bytes, (uint32_t)id);
			m->longest = bytes.count > m->longest ? bytes.count : m->longest;
		}
		if (source->kinds[id] == HYPER_TOKEN_BYTE && m->bytes[bytes.bytes[0]] == TOK_NO_ID)
			m->bytes[bytes.bytes[0]] = (tok_id)id;
	}
	return true;
}

/* ---- one token ----------------------------------------------------------------------------- */

static bool push(const struct making *m, struct block *block, tok_id id, size_t length)
{
	if (id >= m->source_rows)
		return true;
	if (!tok_grow(&block->ids, &block->room[0], block->count + 1, sizeof *block->ids) ||
	    !tok_grow(&block->lengths, &block->room[1], block->count + 1, sizeof *block->lengths))
		return false;
	block->ids[block->count] = id;
	block->lengths[block->count++] = (uint32_t)length;
	return true;
}

/* Code points that [begin, end) touches. */
static size_t count_chars(struct tok_span text, size_t begin, size_t end)
{
	size_t count = begin < end && (text.bytes[begin] & 0xC0) == 0x80;
	for (size_t i = begin; i < end; i++)
		count += (text.bytes[i] & 0xC0) != 0x80;
	return count;
}

/* The longest old token that `text` begins with, and its bytes; TOK_NO_ID: none. */
static tok_id find_longest(const struct making *m, struct tok_span text, size_t *bytes)
{
	const size_t most = text.count < m->longest ? text.count : m->longest;
	for (*bytes = most; *bytes > 0; --*bytes) {
		const tok_id id = tok_strings_find(&m->texts, tok_span_slice(text, 0, *bytes));
		if (id != TOK_NO_ID)
			return id;
	}
	*bytes = 1;
	return m->bytes[text.bytes[0]];
}

/* By old tokens, longest first; bytes that are none are passed over. */
static bool spell_bytes(const struct making *m, struct block *block, struct tok_span text,
			bool is_utf8)
{
	bool ok = true;
	for (size_t at = 0, bytes; ok && at < text.count; at += bytes) {
		const tok_id id = find_longest(m, tok_span_slice(text, at, text.count), &bytes);
		if (id != TOK_NO_ID)
			ok =
			    push(m, block, id, is_utf8 ? count_chars(text, at, at + bytes) : bytes);
	}
	return ok;
}

/* Does `text` begin with what a pipeline may make a blank of? */
static bool begins_blank(struct tok_span text)
{
	const uint32_t code = tok_utf8_at(text, 0).code;
	return code == 0x2581 || code <= ' ' || tok_unicode_space(code);
}

/* A token that the vocabulary has lost: its bytes by others, without a blank in front that is not
 * the text's. */
static bool push_hidden(const struct making *m, struct block *block, struct tok_span bytes,
			bool is_first, struct tok_span text)
{
	const bool blank = is_first && bytes.count && bytes.bytes[0] == ' ' && !begins_blank(text);
	return spell_bytes(m, block, tok_span_slice(bytes, blank, bytes.count), true);
}

/* A first piece begins with a blank that the token has not: what is left of it without, by the old
 * tokens of these bytes, which may be one (WordPiece's ##ing for ing).  Where these are not all
 * there the piece stays. */
static bool push_cut(struct making *m, struct block *block, tok_id id, struct tok_span text,
		     struct tok_range range)
{
	const struct tok_span whole = m->source->bytes[id];
	const struct tok_span rest = tok_span_slice(whole, 1, whole.count);
	const size_t before = block->count;
	size_t spelt = 0;
	atomic_fetch_add(&m->cut, 1);
	if (!spell_bytes(m, block, rest, true))
		return false;
	for (size_t i = before; i < block->count; i++)
		spelt += m->source->bytes[block->ids[i]].count;
	if (spelt == rest.count)
		return true;
	block->count = before;
	return push(m, block, id, count_chars(text, range.begin, range.end));
}

static bool push_all(struct making *m, struct block *block, struct tok_span text,
		     const struct tok_encoding *encoding)
{
	bool ok = true;
	for (size_t i = 0; ok && i < encoding->count; i++) {
		const tok_id id = encoding->ids[i];
		const struct tok_range range = encoding->ranges[i];
		const struct tok_span bytes = m->source->bytes[id];
		if (m->source->kinds[id] == HYPER_TOKEN_NONE)
			ok = push_hidden(m, block, bytes, i == 0, text);
		else if (i == 0 && m->source->kinds[id] == HYPER_TOKEN_TEXT && bytes.count &&
			 bytes.bytes[0] == ' ' && !begins_blank(text))
			ok = push_cut(m, block, id, text, range);
		else
			ok = push(m, block, id, count_chars(text, range.begin, range.end));
	}
	return ok;
}

static enum tok_status spell(struct making *m, struct tok_encoder *encoder, struct block *block,
			     size_t index, struct tok_error *err)
{
	const struct tok_encode_options options = { .offsets = true, .continues = true };
	const struct tok_span text = m->target->bytes[m->wanted[index]];
	const size_t before = block->count;
	const bool is_utf8 = tok_utf8_valid(text);
	struct tok_encoding encoding = { 0 };
	enum tok_status status = TOK_OK;
	if (is_utf8 && text.count) {
		status = tok_encode(encoder, text, &options, &encoding, err);
		if (status == TOK_OK && !push_all(m, block, text, &encoding))
			status = tok_fail_memory(err);
		if (status == TOK_ETEXT) { /* it cannot be spelt, which is no failure */
			status = TOK_OK;
			if (err)
				*err = (struct tok_error){ 0 };
		}
	} else if (text.count) {
		atomic_fetch_add(&m->by_bytes, 1);
	}
	if (status == TOK_OK && block->count == before && !spell_bytes(m, block, text, is_utf8))
		status = tok_fail_memory(err);
	m->pieces[index] = block->count - before;
	if (block->count == before)
		atomic_fetch_add(&m->unspelt, 1);
	return status;
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static void work(void *shared, size_t thread)
{
	struct making *m = shared;
	struct tok_error *err = &m->errors[thread];
	struct tok_encoder *encoder = tok_encoder_new(m->source->tokenizer);
	enum tok_status status = encoder ? TOK_OK : tok_fail_memory(err);
	while (status == TOK_OK && !atomic_load(&m->failed)) {
		const size_t block = atomic_fetch_add(&m->next, 1);
		if (block * BLOCK >= m->count)
			break;
		const size_t rest = m->count - block * BLOCK;
		for (size_t i = 0; i < BLOCK && i < rest && status == TOK_OK; i++)
			status = spell(m, encoder, &m->blocks[block], block * BLOCK + i, err);
	}
	if (status != TOK_OK)
		atomic_store(&m->failed, true);
	tok_encoder_free(encoder);
}

/* The blocks, one behind the other. */
static enum tok_status gather(const struct making *m, size_t blocks, struct hyper_pieces *out,
			      struct tok_error *err)
{
	size_t total = 0, at = 0;
	for (size_t i = 0; i < blocks; i++)
		total += m->blocks[i].count;
	*out = (struct hyper_pieces){
		.ids = malloc((total + 1) * sizeof *out->ids),
		.lengths = malloc((total + 1) * sizeof *out->lengths),
		.ends = m->pieces,
		.count = m->count,
		.unspelt = m->unspelt,
		.cut = m->cut,
		.by_bytes = m->by_bytes,
	};
	if (!out->ids || !out->lengths) {
		free(out->ids);
		free(out->lengths);
		return tok_fail_memory(err);
	}
	for (size_t i = 0; i < blocks; at += m->blocks[i++].count) {
		const struct block *block = &m->blocks[i];
		if (block->count == 0)
			continue;
		memcpy(out->ids + at, block->ids, block->count * sizeof *block->ids);
		memcpy(out->lengths + at, block->lengths, block->count * sizeof *block->lengths);
	}
	for (size_t i = 1; i < m->count; i++)
		out->ends[i] += out->ends[i - 1];
	return TOK_OK;
}

static enum tok_status check_wanted(const struct making *m, struct tok_error *err)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->wanted[i] >= m->target->count)
			return tok_fail(err, TOK_EARG, "the new vocabulary has no id %u",
					m->wanted[i]);
	return TOK_OK;
}

enum tok_status hyper_pieces_make(const struct hyper_vocab *source,
				  const struct hyper_vocab *target, const tok_id *wanted,
				  size_t count, size_t source_rows, size_t threads,
				  struct hyper_pieces *out, struct tok_error *err)
{
	const size_t blocks = (count + BLOCK - 1) / BLOCK;
	struct making m = {
		.source = source,
		.target = target,
		.wanted = wanted,
		.count = count,
		.source_rows = source_rows,
		.blocks = calloc(blocks + 1, sizeof *m.blocks),
		.pieces = calloc(count + 1, sizeof *m.pieces),
		.errors = calloc(threads, sizeof *m.errors),
	};
	struct hyper_pieces made;
	enum tok_status status = check_wanted(&m, err);
	if (status == TOK_OK && (!m.blocks || !m.pieces || !m.errors || !index_source(&m)))
		status = tok_fail_memory(err);
	if (status == TOK_OK) {
		tok_threads_run(threads, work, &m);
		for (size_t t = 0; t < threads && status == TOK_OK; t++)
			if ((status = m.errors[t].status) != TOK_OK && err)
				*err = m.errors[t];
	}
	if (status == TOK_OK)
		status = gather(&m, blocks, &made, err);
	if (status == TOK_OK)
		*out = made;
	else
		free(m.pieces);
	for (size_t i = 0; m.blocks && i < blocks; i++) {
		free(m.blocks[i].ids);
		free(m.blocks[i].lengths);
	}
	free(m.blocks);
	free(m.errors);
	tok_arena_release(&m.arena);
	return status;
}
