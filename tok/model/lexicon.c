#include "tok/model/model_internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static size_t hash_id(tok_id id)
{
	return (size_t)((id * UINT64_C(0x9E3779B97F4A7C15)) >> 20);
}

uint32_t tok_lexicon_place(const struct tok_lexicon *lexicon, tok_id id)
{
	if (!lexicon->slots)
		return id < lexicon->count ? id : TOK_NO_ID;
	for (size_t at = hash_id(id) & lexicon->mask;; at = (at + 1) & lexicon->mask) {
		const uint32_t place = lexicon->slots[at];
		if (place == TOK_NO_ID || lexicon->ids[place] == id)
			return place;
	}
}

/* Is each id the place of its entry? */
static bool are_places(const struct tok_lexicon *lexicon)
{
	for (size_t i = 0; i < lexicon->count; i++)
		if (lexicon->ids[i] != i)
			return false;
	return true;
}

static enum tok_status index_ids(struct tok_lexicon *lexicon, struct tok_arena *arena,
				 struct tok_error *err)
{
	size_t slots = 16;
	if (are_places(lexicon))
		return TOK_OK;
	while (slots < 2 * lexicon->count)
		slots *= 2;
	lexicon->mask = slots - 1;
	lexicon->slots = tok_arena_array(arena, slots, sizeof *lexicon->slots);
	if (!lexicon->slots)
		return tok_fail_memory(err);
	memset(lexicon->slots, 0xFF, slots * sizeof *lexicon->slots);

	for (uint32_t i = 0; i < lexicon->count; i++) {
		size_t at = hash_id(lexicon->ids[i]) & lexicon->mask;
		for (; lexicon->slots[at] != TOK_NO_ID; at = (at + 1) & lexicon->mask) {
			if (lexicon->ids[lexicon->slots[at]] == lexicon->ids[i])
				return tok_fail(
				    err, TOK_EFORMAT,
				    "id %u is given to two tokens, each must have its own",
				    lexicon->ids[i]);
		}
		lexicon->slots[at] = i;
	}
	return TOK_OK;
}

static enum tok_status copy_texts(struct tok_lexicon *lexicon, const struct tok_model_spec *spec,
				  struct tok_arena *arena, struct tok_error *err)
{
	struct tok_arena scratch = { 0 };
	struct tok_span *spans = tok_arena_array(&scratch, lexicon->count, sizeof *spans);
	if (!spans)
		return tok_fail_memory(err);
	for (size_t i = 0; i < lexicon->count; i++)
		spans[i] = spec->entries[i].text;
	const enum tok_status status =
	    tok_texts_copy(&lexicon->texts, arena, spans, lexicon->count, err);
	tok_arena_release(&scratch);
	return status;
}

static enum tok_status copy_entries(struct tok_lexicon *lexicon, const struct tok_model_spec *spec,
				    struct tok_arena *arena, struct tok_error *err)
{
	tok_id *ids = tok_arena_array(arena, lexicon->count, sizeof *ids);
	uint8_t *types = tok_arena_array(arena, lexicon->count, 1);
	if (!ids || !types)
		return tok_fail_memory(err);
	lexicon->ids = ids;
	lexicon->types = types;

	XXH3_state_t hash;
	XXH3_64bits_reset(&hash);
	for (size_t i = 0; i < lexicon->count; i++) {
		const struct tok_vocab_entry *entry = &spec->entries[i];
		if (entry->id == TOK_NO_ID)
			return tok_fail(err, TOK_ELIMIT, "a token has the id %u, the largest is %u",
					entry->id, entry->id - 1);
		ids[i] = entry->id;
		types[i] = (uint8_t)entry->type;
		const uint64_t facts[] = { entry->id, (uint64_t)entry->type, entry->text.count };
		XXH3_64bits_update(&hash, facts, sizeof facts);
		XXH3_64bits_update(&hash, &entry->score, sizeof entry->score);
		XXH3_64bits_update(&hash, entry->text.bytes, entry->text.count);
	}
	XXH3_64bits_update(&hash, spec->byte_ids, sizeof spec->byte_ids);
	lexicon->fingerprint = XXH3_64bits_digest(&hash);
	return copy_texts(lexicon, spec, arena, err);
}

static enum tok_status index_texts(struct tok_lexicon *lexicon, struct tok_arena *arena,
				   struct tok_error *err)
{
	if (!tok_index_init(&lexicon->by_text, arena, lexicon->count))
		return tok_fail_memory(err);
	for (uint32_t i = 0; i < lexicon->count; i++) {
		enum { AHEAD = 12 };
		if (lexicon->count - i > AHEAD)
			tok_index_expect(&lexicon->by_text, tok_lexicon_text(lexicon, i + AHEAD));
		if (!tok_piece_matches((enum tok_piece_type)lexicon->types[i]))
			continue;
		const uint32_t first = tok_index_add(&lexicon->by_text, &lexicon->texts, i);
		if (first != TOK_NO_ID)
			return tok_fail(
			    err, TOK_EFORMAT,
			    "tokens %u and %u have the same text, each must have its own",
			    lexicon->ids[first], lexicon->ids[i]);
	}
	return TOK_OK;
}

enum tok_status tok_lexicon_trie(const struct tok_lexicon *lexicon, struct tok_arena *arena,
				 unsigned types, struct tok_trie *out, uint32_t *above,
				 struct tok_error *err)
{
	struct tok_arena scratch = { 0 };
	struct tok_span *texts = tok_arena_array(&scratch, lexicon->count, sizeof *texts);
	uint32_t *places = tok_arena_array(&scratch, lexicon->count, sizeof *places);
	size_t count = 0;
	enum tok_status status = texts && places ? TOK_OK : tok_fail_memory(err);
	for (uint32_t i = 0; status == TOK_OK && i < lexicon->count; i++) {
		if (!(types & TOK_TYPE_BIT(lexicon->types[i])))
			continue;
		texts[count] = tok_lexicon_text(lexicon, i);
		places[count++] = i;
	}
	if (status == TOK_OK)
		status = tok_trie_build(out, arena, texts, places, count, above, err);
	tok_arena_release(&scratch);
	return status;
}

enum tok_status tok_lexicon_init(struct tok_lexicon *out, const struct tok_model_spec *spec,
				 struct tok_arena *arena, struct tok_error *err)
{
	if (spec->entry_count > TOK_ENTRY_MAX)
		return tok_fail(err, TOK_ELIMIT, "%zu tokens, this build takes %zu",
				spec->entry_count, TOK_ENTRY_MAX);

	out->count = spec->entry_count;
	out->unk = spec->unk;
	out->byte_fallback = spec->byte_fallback;
	memcpy(out->byte_ids, spec->byte_ids, sizeof out->byte_ids);
	out->all_bytes = true;
	for (size_t byte = 0; byte < 256; byte++)
		out->all_bytes = out->all_bytes && out->byte_ids[byte] != TOK_NO_ID;

	enum tok_status status = copy_entries(out, spec, arena, err);
	if (status == TOK_OK)
		status = index_ids(out, arena, err);
	if (status == TOK_OK)
		status = index_texts(out, arena, err);
	if (status == TOK_OK && spec->unk != TOK_NO_ID &&
	    tok_lexicon_place(out, spec->unk) == TOK_NO_ID)
		status = tok_fail(err, TOK_EFORMAT,
				  "the unknown token is id %u, which no token has", spec->unk);
	return status;
}
