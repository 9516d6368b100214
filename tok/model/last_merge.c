/*
 * last_merge.c - which two tokens BPE joins last when it makes a token of its text.
 *
 * Most tokens' spines say it.  The others - all of a model that only merges, and tokens
 * that merges of falling rank make - are merged, from the units between their marks of
 * place.
 */
#include "tok/model/bpe_internal.h"

struct finder {
	const struct tok_model *model;
	struct tok_bpe_scratch *scratch; /* NULL before the first that is merged */
	struct tok_merge *out;           /* by id */
};

static void put_merge(struct finder *f, uint32_t place, uint32_t left, uint32_t right)
{
	const struct tok_lexicon *lexicon = &f->model->lexicon;
	if (left < lexicon->count && right < lexicon->count)
		f->out[lexicon->ids[place]] =
		    (struct tok_merge){ lexicon->ids[left], lexicon->ids[right],
					lexicon->ids[place] };
}

/* Does a user-defined piece, which is taken whole, begin at `at`? */
static bool meets_user_piece(const struct tok_bpe *bpe, struct tok_span text, size_t at)
{
	uint32_t node = TOK_TRIE_ROOT;
	while (bpe->user.cells && at < text.count) {
		node = tok_trie_child(&bpe->user, node, text.bytes[at++]);
		if (node == 0)
			break;
		if (tok_trie_value(&bpe->user, node) != TOK_NO_ID)
			return true;
	}
	return false;
}

static bool ends_with(struct tok_span text, struct tok_span suffix)
{
	return text.count >= suffix.count &&
	       memcmp(text.bytes + text.count - suffix.count, suffix.bytes, suffix.count) == 0;
}

/* The symbols of the units of `text`, which has room in the scratch; 0 where one has none
 * or is not to be merged.  `inner`, `last`: what its marks say. */
static size_t split_text(struct finder *f, struct tok_span text, bool inner, bool last)
{
	const struct tok_bpe *bpe = f->model->bpe;
	size_t count = 0;
	for (size_t at = 0; at < text.count;) {
		const struct tok_char unit = tok_bpe_unit(bpe, text, at);
		const bool prefix = bpe->prefix.count && (inner || at > 0);
		const bool suffix = last && at + unit.length == text.count;
		const uint32_t symbol = tok_charmap_get(&bpe->chars[prefix][suffix], unit.code);
		if (symbol == TOK_SYMBOL_NONE || meets_user_piece(bpe, text, at))
			return 0;
		f->scratch->symbols[count] = symbol;
		f->scratch->lengths[count++] = unit.length;
		at += unit.length;
	}
	return count;
}

static bool reserve(struct finder *f, size_t count)
{
	if (!f->scratch)
		f->scratch = tok_bpe_scratch_new();
	struct tok_bpe_scratch *scratch = f->scratch;
	return scratch &&
	       tok_grow(&scratch->symbols, &scratch->symbol_capacity, count,
			sizeof *scratch->symbols) &&
	       tok_grow(&scratch->lengths, &scratch->length_capacity, count,
			sizeof *scratch->lengths);
}

/* False if memory is out. */
static bool merge_token(struct finder *f, uint32_t place)
{
	const struct tok_bpe *bpe = f->model->bpe;
	struct tok_span text = tok_lexicon_text(&f->model->lexicon, place);
	const bool inner = bpe->prefix.count && tok_span_starts(text, bpe->prefix);
	if (inner)
		text = tok_span_slice(text, bpe->prefix.count, text.count);
	const bool last = bpe->suffix.count && ends_with(text, bpe->suffix);
	if (last)
		text.count -= bpe->suffix.count;
	if (text.count == 0 || text.count > TOK_STRETCH_MAX)
		return true;
	if (!reserve(f, text.count))
		return false;
	f->scratch->count = split_text(f, text, inner, last);
	if (f->scratch->count < 2)
		return true;
	if (!tok_bpe_merge(bpe, f->scratch))
		return false;
	if (f->scratch->count == 1 && f->scratch->symbols[0] == place)
		put_merge(f, place, f->scratch->last.left, f->scratch->last.right);
	return true;
}

static bool find_last(struct finder *f, uint32_t place)
{
	const struct tok_spine *spines = f->model->bpe->walk.spines;
	if (!spines || spines[place].birth == TOK_BIRTH_NEVER)
		return merge_token(f, place);
	if (spines[place].birth)
		put_merge(f, place, spines[place].left, spines[place].right);
	return true;
}

enum tok_status tok_model_last_merges(const struct tok_model *model, struct tok_merge *out,
				      size_t count, struct tok_error *err)
{
	struct finder f = { .model = model, .out = out };
	bool room = true;
	if (model->kind != TOK_MODEL_BPE)
		return tok_fail(err, TOK_EARG, "only a BPE model makes tokens by merging");
	for (size_t id = 0; id < count; id++)
		out[id] = (struct tok_merge){ TOK_NO_ID, TOK_NO_ID, TOK_NO_ID };
	for (uint32_t place = 0; room && place < model->lexicon.count; place++)
		if (model->lexicon.ids[place] < count &&
		    tok_piece_matches((enum tok_piece_type)model->lexicon.types[place]))
			room = find_last(&f, place);
	tok_bpe_scratch_free(f.scratch);
	return room ? TOK_OK : tok_fail_memory(err);
}
