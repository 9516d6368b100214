/* BPE by an explicit list of merges (Hugging Face). */
#include "tok/model/bpe_internal.h"

/* Is the result the left text with the right one, less its prefix, behind it? */
static bool is_joined(const struct tok_model *model, const uint32_t places[3])
{
	const struct tok_span left = tok_lexicon_text(&model->lexicon, places[0]);
	const struct tok_span right = tok_lexicon_text(&model->lexicon, places[1]);
	const struct tok_span result = tok_lexicon_text(&model->lexicon, places[2]);
	const size_t skip = model->bpe->prefix.count;
	if (left.count == 0 || right.count <= skip ||
	    result.count != left.count + right.count - skip)
		return false;
	return memcmp(result.bytes, left.bytes, left.count) == 0 &&
	       memcmp(result.bytes + left.count, right.bytes + skip, right.count - skip) == 0;
}

/* Pairs go all over a table larger than the caches: each is told of this many merges
 * ahead. */
enum { AHEAD = 12 };

static void expect_merge(const struct tok_model *model, const struct tok_merge *merge)
{
	tok_pairs_expect(&model->bpe->pairs, tok_lexicon_place(&model->lexicon, merge->left),
			 tok_lexicon_place(&model->lexicon, merge->right));
}

static void expect_text(const struct tok_lexicon *lexicon, tok_id id)
{
	const uint32_t place = tok_lexicon_place(lexicon, id);
	if (place != TOK_NO_ID)
		__builtin_prefetch(tok_lexicon_text(lexicon, place).bytes);
}

static enum tok_status add_merges(struct tok_model *model, const struct tok_model_spec *spec,
				  struct tok_error *err)
{
	struct tok_bpe *bpe = model->bpe;
	const size_t count = spec->as.bpe.merge_count;
	if (count >= TOK_ENTRY_MAX)
		return tok_fail(err, TOK_ELIMIT, "%zu merges, this build takes %zu", count,
				TOK_ENTRY_MAX - 1);
	uint32_t *results = tok_arena_array(&model->arena, count, sizeof *results);
	bpe->results = results;
	if (!results || !tok_pairs_init(&bpe->pairs, &model->arena, count))
		return tok_fail_memory(err);

	bpe->rank_limit = (uint32_t)count;
	bpe->exact = true;
	for (uint32_t rank = 0; rank < count; rank++) {
		const struct tok_merge *merge = &spec->as.bpe.merges[rank];
		const tok_id ids[] = { merge->left, merge->right, merge->result };
		uint32_t places[3];
		if (count - rank > AHEAD)
			expect_merge(model, merge + AHEAD);
		if (count - rank > AHEAD / 2) {
			expect_text(&model->lexicon, merge[AHEAD / 2].left);
			expect_text(&model->lexicon, merge[AHEAD / 2].right);
		}
		for (size_t i = 0; i < 3; i++) {
			places[i] = tok_lexicon_place(&model->lexicon, ids[i]);
			if (places[i] == TOK_NO_ID)
				return tok_fail(err, TOK_EFORMAT,
						"merge %u names id %u, which no token has", rank,
						ids[i]);
		}
		bpe->exact = bpe->exact && is_joined(model, places);
		results[rank] = places[2];
		tok_pairs_put(&bpe->pairs,
			      (struct tok_pair){ places[0], places[1], rank, places[2] });
	}
	return TOK_OK;
}

/* The unit that `text` consists of between the affixes, or TOK_SYMBOL_NONE. */
static uint32_t single_unit(const struct tok_bpe *bpe, struct tok_span text, struct tok_span prefix,
			    struct tok_span suffix)
{
	if (text.count <= prefix.count + suffix.count || !tok_span_starts(text, prefix) ||
	    (suffix.count &&
	     memcmp(text.bytes + text.count - suffix.count, suffix.bytes, suffix.count) != 0))
		return TOK_SYMBOL_NONE;
	const struct tok_span middle =
	    tok_span_slice(text, prefix.count, text.count - suffix.count);
	const struct tok_char unit = tok_bpe_unit(bpe, middle, 0);
	return unit.length == middle.count ? unit.code : TOK_SYMBOL_NONE;
}

static enum tok_status add_units(struct tok_model *model, struct tok_span prefix,
				 struct tok_span suffix, struct tok_charmap *map,
				 struct tok_error *err)
{
	bool room = tok_charmap_init(map, &model->arena);
	for (uint32_t i = 0; room && i < model->lexicon.count; i++) {
		const uint32_t code =
		    single_unit(model->bpe, tok_lexicon_text(&model->lexicon, i), prefix, suffix);
		if (code != TOK_SYMBOL_NONE)
			room = tok_charmap_set(map, code, i);
	}
	if (room && tok_charmap_freeze(map, &model->arena))
		return TOK_OK;
	tok_charmap_discard(map);
	return tok_fail_memory(err);
}

enum tok_status tok_bpe_build_merges(struct tok_model *model, const struct tok_model_spec *spec,
				     struct tok_error *err)
{
	struct tok_bpe *bpe = model->bpe;
	const struct tok_span none = { bpe->prefix.bytes, 0 };
	bpe->symbol_count = model->lexicon.count;

	enum tok_status status = add_merges(model, spec, err);
	for (size_t p = 0; p < 2 && status == TOK_OK; p++) {
		for (size_t s = 0; s < 2 && status == TOK_OK; s++) {
			if ((p == 0 || bpe->prefix.count) && (s == 0 || bpe->suffix.count))
				status = add_units(model, p ? bpe->prefix : none,
						   s ? bpe->suffix : none, &bpe->chars[p][s], err);
		}
	}
	return status;
}
