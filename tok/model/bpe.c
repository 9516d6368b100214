/* One piece through BPE: cut where no merge can cross, then for each part look
 * in the memo, or split into first symbols, merge and write. */
#include <stdlib.h>

#include "tok/model/bpe_internal.h"

/* SentencePiece's matcher looks at so many user-defined prefixes of a text. */
enum { USER_MATCHES_MAX = 64 };

struct tok_bpe_scratch *tok_bpe_scratch_new(void)
{
	struct tok_bpe_scratch *scratch = calloc(1, sizeof *scratch);
	if (!scratch)
		return NULL;
	if (!tok_memo_init(&scratch->memo)) {
		free(scratch);
		return NULL;
	}
	return scratch;
}

void tok_bpe_scratch_free(struct tok_bpe_scratch *scratch)
{
	if (!scratch)
		return;
	free(scratch->symbols);
	free(scratch->lengths);
	free(scratch->nodes);
	free(scratch->splits);
	free(scratch->adjoins);
	free(scratch->dead);
	free(scratch->lanes);
	tok_memo_release(&scratch->memo);
	tok_queue_release(&scratch->queue);
	free(scratch);
}

static bool reserve_symbols(struct tok_bpe_scratch *scratch, size_t more)
{
	const size_t want = scratch->count + more;
	return tok_grow(&scratch->symbols, &scratch->symbol_capacity, want,
			sizeof *scratch->symbols) &&
	       tok_grow(&scratch->lengths, &scratch->length_capacity, want,
			sizeof *scratch->lengths);
}

/* There is room: one for every byte of text was reserved. */
static void push_symbol(struct tok_bpe_scratch *scratch, uint32_t symbol, uint32_t length)
{
	scratch->symbols[scratch->count] = symbol;
	scratch->lengths[scratch->count++] = length;
}

static bool has_bytes(const struct tok_bpe *bpe, struct tok_span bytes)
{
	for (size_t i = 0; i < bytes.count; i++) {
		if (bpe->byte_symbols[bytes.bytes[i]] == TOK_SYMBOL_NONE)
			return false;
	}
	return true;
}

static void push_bytes(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch,
		       struct tok_span bytes)
{
	for (size_t i = 0; i < bytes.count; i++)
		push_symbol(scratch, bpe->byte_symbols[bytes.bytes[i]], 1);
}

/* Hugging Face's merge_word.  A pending unknown run is written before the next
 * known symbol, so that bytes spelled out behind it come to stand before it. */
static enum tok_status split_units(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				   struct tok_span text, struct tok_range part,
				   struct tok_range piece, struct tok_error *err)
{
	const struct tok_bpe *bpe = model->bpe;
	const struct tok_span none = { text.bytes, 0 };
	uint32_t unknown = 0; /* bytes of the pending run */
	for (uint32_t at = part.begin, end; at < part.end; at = end) {
		const struct tok_char unit =
		    tok_bpe_unit(bpe, (struct tok_span){ text.bytes, part.end }, at);
		end = at + unit.length;
		const struct tok_span prefix = at == piece.begin ? none : bpe->prefix;
		const struct tok_span suffix = end < piece.end ? none : bpe->suffix;
		const uint32_t symbol =
		    tok_charmap_get(&bpe->chars[prefix.count != 0][suffix.count != 0], unit.code);
		if (symbol != TOK_SYMBOL_NONE) {
			if (unknown)
				push_symbol(scratch, bpe->unk_symbol, unknown);
			unknown = 0;
			push_symbol(scratch, symbol, unit.length);
			continue;
		}
		const struct tok_span bytes = tok_span_slice(text, at, end);
		if (model->lexicon.byte_fallback && has_bytes(bpe, bytes) &&
		    has_bytes(bpe, prefix) && has_bytes(bpe, suffix)) {
			if (!reserve_symbols(scratch,
					     prefix.count + suffix.count + (part.end - at) + 1))
				return tok_fail_memory(err);
			push_bytes(bpe, scratch, prefix);
			push_bytes(bpe, scratch, bytes);
			push_bytes(bpe, scratch, suffix);
			continue;
		}
		if (bpe->unk_symbol == TOK_SYMBOL_NONE) {
			if (bpe->unk_missing)
				return tok_fail(err, TOK_ETEXT,
						"byte %u begins a character that no token has, "
						"and the unknown token is not in the vocabulary",
						at);
			continue;
		}
		if (unknown && !bpe->fuse_unk) {
			push_symbol(scratch, bpe->unk_symbol, unknown);
			unknown = 0;
		}
		unknown += unit.length;
	}
	if (unknown)
		push_symbol(scratch, bpe->unk_symbol, unknown);
	return TOK_OK;
}

/* The longest user-defined piece at `at`, as a frozen symbol. */
static uint32_t match_user(const struct tok_bpe *bpe, struct tok_span text, uint32_t at,
			   uint32_t limit, uint32_t *length)
{
	uint32_t node = TOK_TRIE_ROOT, symbol = TOK_SYMBOL_NONE;
	unsigned matches = 0;
	for (uint32_t i = at; i < limit && matches < USER_MATCHES_MAX; i++) {
		node = tok_trie_child(&bpe->user, node, text.bytes[i]);
		if (node == 0)
			break;
		if (tok_trie_value(&bpe->user, node) != TOK_NO_ID) {
			symbol = tok_trie_value(&bpe->user, node) | TOK_SYMBOL_FROZEN;
			*length = i + 1 - at;
			matches++;
		}
	}
	return symbol;
}

/* tiktoken and SentencePiece. */
static void split_plainly(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch,
			  struct tok_span text, struct tok_range part)
{
	for (uint32_t at = part.begin; at < part.end;) {
		struct tok_char unit =
		    tok_bpe_unit(bpe, (struct tok_span){ text.bytes, part.end }, at);
		uint32_t symbol = TOK_SYMBOL_NONE;
		if (bpe->user.cells)
			symbol = match_user(bpe, text, at, part.end, &unit.length);
		if (symbol == TOK_SYMBOL_NONE)
			symbol = tok_charmap_get(&bpe->chars[0][0], unit.code);
		push_symbol(scratch, symbol, unit.length);
		at += unit.length;
	}
}

/* What a symbol is written as, if that does not hang on what stands around it: a token,
 * or the bytes of unknown text as SentencePiece writes them.  How many ids; 0: none, or
 * more than there is room for. */
static size_t spell_symbol(const struct tok_model *model, uint32_t symbol, struct tok_span text,
			   tok_id *ids, size_t room)
{
	const struct tok_lexicon *lexicon = &model->lexicon;
	const uint8_t *roles = model->bpe->roles;
	const bool is_entry = symbol < lexicon->count;
	if (room == 0)
		return 0;
	if (is_entry && (!roles || roles[symbol] == TOK_ROLE_TOKEN)) {
		ids[0] = lexicon->ids[symbol];
		return 1;
	}
	if (!roles || (is_entry && roles[symbol] == TOK_ROLE_SPLIT) || !lexicon->byte_fallback ||
	    !lexicon->all_bytes || text.count > room)
		return 0;
	for (size_t i = 0; i < text.count; i++)
		ids[i] = lexicon->byte_ids[text.bytes[i]];
	return text.count;
}

/* Keep the tokens of a part; what SentencePiece writes as the unknown token is not kept,
 * since it may grow together with what stands before it. */
static void remember_part(const struct tok_model *model, struct tok_bpe_scratch *scratch,
			  struct tok_memo_key key, struct tok_span part)
{
	tok_id ids[TOK_MEMO_IDS];
	size_t count = 0, at = 0;
	for (size_t i = 0; i < scratch->count; i++) {
		uint32_t symbol = scratch->symbols[i];
		if (model->bpe->roles && symbol != TOK_SYMBOL_NONE)
			symbol &= ~TOK_SYMBOL_FROZEN;
		const size_t reach = at + scratch->lengths[i];
		const size_t end = reach < part.count ? reach : part.count;
		const size_t some = spell_symbol(model, symbol, tok_span_slice(part, at, end),
						 ids + count, TOK_MEMO_IDS - count);
		if (some == 0)
			return;
		count += some;
		at = end;
	}
	for (size_t i = 0; i < count; i++)
		if (ids[i] > TOK_MEMO_ID_MAX)
			return;
	tok_memo_put(&scratch->memo, key, ids, count);
}

/* Ranges from the scratch's position on, where the texts of the tokens are the
 * part. */
static bool recall_ranges(const struct tok_model *model, struct tok_bpe_scratch *scratch,
			  const struct tok_memo_entry *entry, struct tok_span part,
			  struct tok_tokens *out)
{
	const size_t count = tok_memo_count(entry);
	size_t done = 0;
	for (size_t i = 0; i < count; i++) {
		const tok_id id = entry->ids[i] & TOK_MEMO_ID_MAX;
		const uint32_t place = tok_lexicon_place(&model->lexicon, id);
		if (place == TOK_NO_ID) /* by the index of a hostile image */
			return false;
		const struct tok_span token = tok_lexicon_text(&model->lexicon, place);
		const uint32_t begin = scratch->position + (uint32_t)done;
		if (token.count > part.count - done ||
		    memcmp(token.bytes, part.bytes + done, token.count) != 0)
			return false;
		done += token.count;
		out->ranges[out->count + i] =
		    (struct tok_range){ begin, begin + (uint32_t)token.count };
	}
	return done == part.count;
}

/* False if the entry does not tell the ranges that are wanted. */
static bool recall_part(const struct tok_model *model, struct tok_bpe_scratch *scratch,
			const struct tok_memo_entry *entry, struct tok_span part,
			struct tok_tokens *out)
{
	if (out->ranged && !recall_ranges(model, scratch, entry, part, out))
		return false;
	const size_t count = tok_memo_count(entry);
	for (size_t i = 0; i < count; i++)
		out->ids[out->count + i] = entry->ids[i] & TOK_MEMO_ID_MAX;
	out->count += count;
	scratch->position += (uint32_t)part.count;
	scratch->after_unknown = false;
	return true;
}

/* The part's first symbols; there is room for them. */
static enum tok_status take_apart(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				  struct tok_span text, struct tok_range part,
				  struct tok_range piece, struct tok_error *err)
{
	const size_t count = part.end - part.begin;
	if (count > TOK_STRETCH_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"%zu bytes from byte %u on have no break: at most %zu are merged "
				"in one",
				count, part.begin, TOK_STRETCH_MAX);
	scratch->count = 0;
	if (model->bpe->order == TOK_BPE_MERGES)
		return split_units(model, scratch, text, part, piece, err);
	split_plainly(model->bpe, scratch, text, part);
	return TOK_OK;
}

enum tok_status tok_bpe_begin(const struct tok_model *model, struct tok_bpe_scratch *scratch,
			      struct tok_span text, struct tok_range part, struct tok_range piece,
			      struct tok_error *err)
{
	scratch->count = 0;
	if (!reserve_symbols(scratch, part.end - part.begin))
		return tok_fail_memory(err);
	return take_apart(model, scratch, text, part, piece, err);
}

/* The part's tokens into the scratch's symbols. */
static enum tok_status split_part(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				  struct tok_span text, struct tok_range part,
				  struct tok_range piece, struct tok_error *err)
{
	const struct tok_bpe *bpe = model->bpe;
	const struct tok_span bytes = tok_span_slice(text, part.begin, part.end);
	scratch->count = 0;
	if (!reserve_symbols(scratch, bytes.count))
		return tok_fail_memory(err);
	if (bpe->ignore_merges) {
		const uint32_t place = tok_bpe_find_whole(model, bytes);
		if (place != TOK_NO_ID) {
			push_symbol(scratch, place, (uint32_t)bytes.count);
			return TOK_OK;
		}
	}
	if (bpe->walk.spines) {
		switch (tok_bpe_walk(model, scratch, bytes)) {
		case TOK_WALK_DONE:
			return TOK_OK;
		case TOK_WALK_NOMEM:
			return tok_fail_memory(err);
		case TOK_WALK_LOST:
			break;
		}
	}
	const enum tok_status status = take_apart(model, scratch, text, part, piece, err);
	if (status != TOK_OK)
		return status;
	return tok_bpe_merge(bpe, scratch) ? TOK_OK : tok_fail_memory(err);
}

enum tok_status tok_bpe_encode_part(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				    struct tok_span text, struct tok_range part,
				    struct tok_range piece, struct tok_tokens *out,
				    struct tok_error *err)
{
	const struct tok_span bytes = tok_span_slice(text, part.begin, part.end);
	const bool is_short = bytes.count <= TOK_MEMO_TEXT;
	struct tok_memo_key key = { 0 };
	if (is_short) {
		key = tok_memo_key(bytes);
		const struct tok_memo_entry *entry =
		    tok_memo_find(&scratch->memo, tok_memo_bucket(tok_memo_hash(key)), key);
		if (entry && !tok_tokens_reserve(out, TOK_MEMO_IDS))
			return tok_fail_memory(err);
		if (entry && recall_part(model, scratch, entry, bytes, out))
			return TOK_OK;
	}
	const enum tok_status status = split_part(model, scratch, text, part, piece, err);
	if (status != TOK_OK)
		return status;
	if (is_short && scratch->count >= 1 && scratch->count <= TOK_MEMO_IDS)
		remember_part(model, scratch, key, bytes);
	return tok_bpe_write(model, scratch, text, piece.end, out, err);
}

bool tok_bpe_claim(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch)
{
	if (scratch->memo.owner == bpe->fingerprint && scratch->adjoins)
		return true;
	tok_memo_claim(&scratch->memo, bpe->fingerprint);
	return tok_walk_claim(scratch);
}

static enum tok_status encode_parts(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				    struct tok_span text, uint32_t begin, const uint32_t *ends,
				    size_t count, struct tok_range piece, struct tok_tokens *out,
				    struct tok_error *err)
{
	if (!out->ranged)
		return tok_bpe_encode_batch(model, scratch, text, begin, ends, count, &piece, out,
					    err);
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		const struct tok_range part = { begin, ends[i] };
		status = tok_bpe_encode_part(model, scratch, text, part, piece, out, err);
		begin = ends[i];
	}
	return status;
}

enum tok_status tok_bpe_encode(const struct tok_model *model, struct tok_bpe_scratch *scratch,
			       struct tok_span text, struct tok_range piece, struct tok_tokens *out,
			       struct tok_error *err)
{
	const struct tok_bpe *bpe = model->bpe;
	const struct tok_span head = { text.bytes, piece.end };
	uint32_t ends[TOK_BPE_BATCH];
	if (!tok_bpe_claim(bpe, scratch))
		return tok_fail_memory(err);
	tok_bpe_start(scratch, piece.begin);
	for (uint32_t at = piece.begin; at < piece.end;) {
		const size_t count = tok_bpe_cut(model, head, at, ends, TOK_BPE_BATCH);
		const enum tok_status status =
		    encode_parts(model, scratch, head, at, ends, count, piece, out, err);
		if (status != TOK_OK)
			return status;
		at = ends[count - 1];
	}
	return TOK_OK;
}
