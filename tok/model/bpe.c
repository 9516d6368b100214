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
	scratch->memo = calloc(TOK_MEMO_SLOTS, sizeof *scratch->memo);
	if (!scratch->memo) {
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
	free(scratch->memo);
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
		    tok_charmap_get(bpe->chars[prefix.count != 0][suffix.count != 0], unit.code);
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
		if (bpe->user.values[node] != TOK_NO_ID) {
			symbol = bpe->user.values[node] | TOK_SYMBOL_FROZEN;
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
		if (bpe->user.slots)
			symbol = match_user(bpe, text, at, part.end, &unit.length);
		if (symbol == TOK_SYMBOL_NONE)
			symbol = tok_charmap_get(bpe->chars[0][0], unit.code);
		push_symbol(scratch, symbol, unit.length);
		at += unit.length;
	}
}

/* Keep the tokens of a part; unknown text is not kept, since it may grow
 * together with what stands before it. */
static void remember_part(const struct tok_model *model, const struct tok_bpe_scratch *scratch,
			  struct tok_memo_slot *slot, struct tok_span part)
{
	const struct tok_bpe *bpe = model->bpe;
	struct tok_memo_slot made = { .length = (uint8_t)part.count,
				      .count = (uint8_t)scratch->count };
	size_t end = 0;
	for (size_t i = 0; i < scratch->count; i++) {
		uint32_t symbol = scratch->symbols[i];
		if (bpe->roles && symbol != TOK_SYMBOL_NONE)
			symbol &= ~TOK_SYMBOL_FROZEN;
		end += scratch->lengths[i];
		if (symbol >= model->lexicon.count || end > part.count ||
		    (bpe->roles && bpe->roles[symbol] != TOK_ROLE_TOKEN))
			return;
		made.ends[i] = (uint8_t)end;
		made.ids[i] = model->lexicon.ids[symbol];
	}
	memcpy(made.text, part.bytes, part.count);
	*slot = made;
}

static enum tok_status recall_part(struct tok_bpe_scratch *scratch,
				   const struct tok_memo_slot *slot, struct tok_tokens *out,
				   struct tok_error *err)
{
	if (!tok_tokens_reserve(out, slot->count))
		return tok_fail_memory(err);
	const uint32_t base = scratch->position;
	for (size_t i = 0; i < slot->count; i++) {
		const uint32_t end = base + slot->ends[i];
		tok_tokens_put(out, slot->ids[i], scratch->position, end);
		scratch->position = end;
	}
	scratch->after_unknown = false;
	return TOK_OK;
}

static enum tok_status encode_part(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				   struct tok_span text, struct tok_range part,
				   struct tok_range piece, struct tok_tokens *out,
				   struct tok_error *err)
{
	const struct tok_span bytes = tok_span_slice(text, part.begin, part.end);
	struct tok_memo_slot *slot = NULL;
	if (bytes.count <= TOK_MEMO_TEXT) {
		slot = tok_memo_slot(scratch->memo, bytes);
		if (tok_memo_holds(slot, bytes))
			return recall_part(scratch, slot, out, err);
	}

	if (bytes.count > TOK_STRETCH_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"%zu bytes from byte %u on have no break: at most %zu are merged "
				"in one",
				bytes.count, part.begin, TOK_STRETCH_MAX);
	scratch->count = 0;
	if (!reserve_symbols(scratch, bytes.count))
		return tok_fail_memory(err);
	if (model->bpe->order == TOK_BPE_MERGES) {
		const enum tok_status status = split_units(model, scratch, text, part, piece, err);
		if (status != TOK_OK)
			return status;
	} else {
		split_plainly(model->bpe, scratch, text, part);
	}
	if (!tok_bpe_merge(model->bpe, scratch))
		return tok_fail_memory(err);
	if (slot && scratch->count <= TOK_MEMO_TOKENS)
		remember_part(model, scratch, slot, bytes);
	return tok_bpe_write(model, scratch, text, piece.end, out, err);
}

/* Where the part that begins at `at` ends: before a character that no token has
 * behind another, if both it and the one before are known. */
static uint32_t find_cut(const struct tok_bpe *bpe, struct tok_span text, uint32_t at,
			 uint32_t limit)
{
	if (!bpe->inner)
		return limit;
	const struct tok_span head = { text.bytes, limit };
	struct tok_char before = tok_bpe_unit(bpe, head, at);
	bool known = tok_charmap_get(bpe->chars[0][0], before.code) != TOK_SYMBOL_NONE;
	for (at += before.length; at < limit;) {
		const struct tok_char unit = tok_bpe_unit(bpe, head, at);
		const bool was_known = known;
		known = tok_charmap_get(bpe->chars[0][0], unit.code) != TOK_SYMBOL_NONE;
		if (known && was_known && unit.code != before.code &&
		    tok_charmap_get(bpe->inner, unit.code) == TOK_SYMBOL_NONE)
			return at;
		before = unit;
		at += unit.length;
	}
	return limit;
}

/* A memo holds the pieces of one model. */
static void claim_memo(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch)
{
	if (scratch->memo_owner == bpe->fingerprint)
		return;
	memset(scratch->memo, 0, TOK_MEMO_SLOTS * sizeof *scratch->memo);
	scratch->memo_owner = bpe->fingerprint;
}

enum tok_status tok_bpe_encode(const struct tok_model *model, struct tok_bpe_scratch *scratch,
			       struct tok_span text, struct tok_range piece, struct tok_tokens *out,
			       struct tok_error *err)
{
	const struct tok_bpe *bpe = model->bpe;
	const struct tok_span bytes = tok_span_slice(text, piece.begin, piece.end);
	claim_memo(bpe, scratch);
	scratch->position = piece.begin;
	scratch->after_unknown = false;

	if (bytes.count <= TOK_MEMO_TEXT) {
		const struct tok_memo_slot *slot = tok_memo_slot(scratch->memo, bytes);
		if (tok_memo_holds(slot, bytes))
			return recall_part(scratch, slot, out, err);
	}
	if (bpe->ignore_merges) {
		const uint32_t place = tok_strings_find(&model->lexicon.by_text, bytes);
		if (place != TOK_NO_ID)
			return tok_tokens_add(out, model->lexicon.ids[place], piece)
				   ? TOK_OK
				   : tok_fail_memory(err);
	}
	for (struct tok_range part = { piece.begin, 0 }; part.begin < piece.end;
	     part.begin = part.end) {
		part.end = find_cut(bpe, text, part.begin, piece.end);
		const enum tok_status status =
		    encode_part(model, scratch, text, part, piece, out, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}
