/*
 * What merging makes of a text can be told without merging it.
 *
 * Merging always joins the pair of least rank, the leftmost of equals.  Let a
 * text be the texts of tokens t1 ... tn, each of which is what its own text is
 * encoded as.  Until a merge joins symbols of two neighbours, each token grows
 * as it does alone, and the order of merges inside any two neighbours is the one
 * that they have as a text of two tokens.  So t1 ... tn is the encoding of the
 * whole exactly if for each i the text of ti and ti+1 is encoded as these two.
 * (The same fact carries the crate bpe of GitHub's rust-gems for tiktoken's
 * vocabularies; here it is wanted for any list of merges.)
 *
 * For one pair of tokens the merges across their boundary can be listed where
 * each token is made by merges of rising rank: its symbols along the boundary
 * then live from their own rank to that of the symbol that swallows them.  A
 * token for which this does not hold gets no birth; a text whose encoding has
 * one is merged.
 */
#include "tok/model/bpe_internal.h"

/* Longer tokens would make a walk cost more than a small multiple of the text. */
enum { TOKEN_MAX = 1024 };

/* Go back in time from the finished tokens to single units.  (x, y) lie at the
 * boundary from the later of their births until one is swallowed; their pair
 * merges if its rank comes before.  Of equal ranks the left one comes first. */
static bool meets_no_merge(const struct tok_bpe *bpe, uint32_t left, uint32_t right, bool are_parts)
{
	const struct tok_spine *spines = bpe->walk.spines;
	uint32_t left_end = UINT32_MAX, right_end = UINT32_MAX;
	for (bool skip = are_parts;; skip = false) {
		const uint32_t rank =
		    skip ? TOK_RANK_NONE : tok_pairs_get(&bpe->pairs, left, right).rank;
		if (rank != TOK_RANK_NONE && rank + 1 < left_end && rank + 1 <= right_end)
			return false;
		const struct tok_spine *x = &spines[left], *y = &spines[right];
		if (x->birth == 0 && y->birth == 0)
			return true;
		if (x->birth > y->birth) {
			left_end = x->birth;
			left = x->right;
		} else {
			right_end = y->birth;
			right = y->left;
		}
	}
}

bool tok_bpe_adjoins(const struct tok_bpe *bpe, uint32_t left, uint32_t right)
{
	return meets_no_merge(bpe, left, right, false);
}

/* ---- building ----------------------------------------------------------------- */

struct spine_builder {
	struct tok_model *model;
	struct tok_arena scratch;
	uint32_t *first;        /* by result: where its pairs begin; entry_count + 1 of them */
	struct tok_pair *pairs; /* by result */
	uint32_t *by_length;    /* places, shortest text first */
	struct tok_spine *spines;
};

static bool can_walk(const struct tok_model *model)
{
	const struct tok_bpe *bpe = model->bpe;
	if (model->lexicon.count == 0 || !bpe->exact || bpe->has_split || bpe->user.cells ||
	    bpe->prefix.count || bpe->suffix.count || bpe->rank_limit >= TOK_BIRTH_NEVER - 1 ||
	    model->lexicon.count >= TOK_TRIE_NO_VALUE)
		return false;
	for (size_t i = 0; i < model->lexicon.count; i++)
		if (tok_lexicon_text(&model->lexicon, i).count > TOKEN_MAX)
			return false;
	return true;
}

static bool is_token(const struct tok_lexicon *lexicon, uint32_t symbol)
{
	return symbol < lexicon->count &&
	       tok_piece_matches((enum tok_piece_type)lexicon->types[symbol]);
}

/* The pairs of tokens that make a token, sorted by what they make. */
static bool sort_pairs(struct spine_builder *b)
{
	const struct tok_lexicon *lexicon = &b->model->lexicon;
	const struct tok_pairs *all = &b->model->bpe->pairs;
	size_t count = 0;
	b->first = tok_arena_array(&b->scratch, lexicon->count + 2, sizeof *b->first);
	if (!b->first)
		return false;
	for (uint32_t i = 0; i < all->count; i++) {
		const struct tok_pair *pair = &all->slots[i];
		if (pair->rank == TOK_RANK_NONE)
			continue;
		b->first[pair->result + 2]++;
		count++;
	}
	for (size_t i = 0; i < lexicon->count; i++)
		b->first[i + 2] += b->first[i + 1];
	b->pairs = tok_arena_array(&b->scratch, count, sizeof *b->pairs);
	if (!b->pairs)
		return false;
	for (uint32_t i = 0; i < all->count; i++)
		if (all->slots[i].rank != TOK_RANK_NONE)
			b->pairs[b->first[all->slots[i].result + 1]++] = all->slots[i];
	return true;
}

static bool sort_by_length(struct spine_builder *b)
{
	const struct tok_lexicon *lexicon = &b->model->lexicon;
	uint32_t starts[TOKEN_MAX + 2] = { 0 };
	b->by_length = tok_arena_array(&b->scratch, lexicon->count, sizeof *b->by_length);
	if (!b->by_length)
		return false;
	for (size_t i = 0; i < lexicon->count; i++)
		starts[tok_lexicon_text(lexicon, i).count + 1]++;
	for (size_t i = 0; i <= TOKEN_MAX; i++)
		starts[i + 1] += starts[i];
	for (uint32_t i = 0; i < lexicon->count; i++)
		b->by_length[starts[tok_lexicon_text(lexicon, i).count]++] = i;
	return true;
}

/* Parts are shorter, so theirs is known. */
static struct tok_spine find_spine(const struct spine_builder *b, uint32_t place)
{
	const struct tok_lexicon *lexicon = &b->model->lexicon;
	const struct tok_bpe *bpe = b->model->bpe;
	const struct tok_span text = tok_lexicon_text(lexicon, place);
	const struct tok_spine never = { TOK_NO_ID, TOK_NO_ID, TOK_BIRTH_NEVER };
	if (text.count == 0 || !is_token(lexicon, place))
		return never;
	const struct tok_char unit = tok_bpe_unit(bpe, text, 0);
	if (unit.length == text.count)
		return tok_charmap_get(&bpe->chars[0][0], unit.code) == place
			   ? (struct tok_spine){ TOK_NO_ID, TOK_NO_ID, 0 }
			   : never;
	for (uint32_t i = b->first[place]; i < b->first[place + 1]; i++) {
		const struct tok_pair *pair = &b->pairs[i];
		if (!is_token(lexicon, pair->left) || !is_token(lexicon, pair->right))
			continue;
		const uint32_t left = b->spines[pair->left].birth;
		const uint32_t right = b->spines[pair->right].birth;
		if (left <= pair->rank && right <= pair->rank &&
		    meets_no_merge(bpe, pair->left, pair->right, true))
			return (struct tok_spine){ pair->left, pair->right, pair->rank + 1 };
	}
	return never;
}

/* Tokens lie all over the tables: have those fetched whose turn is soon. */
static void expect_spine(const struct spine_builder *b, size_t i)
{
	enum { AHEAD = 6 };
	const struct tok_lexicon *lexicon = &b->model->lexicon;
	const size_t left = lexicon->count - i;
	if (left > 3 * AHEAD) {
		__builtin_prefetch(&b->first[b->by_length[i + 3 * AHEAD]]);
		__builtin_prefetch(&lexicon->texts.starts[b->by_length[i + 3 * AHEAD]]);
	}
	if (left > 2 * AHEAD) {
		const uint32_t place = b->by_length[i + 2 * AHEAD];
		__builtin_prefetch(b->pairs + b->first[place]);
		__builtin_prefetch(tok_lexicon_text(lexicon, place).bytes);
	}
	if (left > AHEAD) {
		const uint32_t place = b->by_length[i + AHEAD];
		if (b->first[place] == b->first[place + 1])
			return;
		__builtin_prefetch(&b->spines[b->pairs[b->first[place]].left]);
		__builtin_prefetch(&b->spines[b->pairs[b->first[place]].right]);
	}
}

static bool build_spines(struct spine_builder *b)
{
	struct tok_model *model = b->model;
	const size_t count = model->lexicon.count;
	b->spines = tok_arena_array(&model->arena, count, sizeof *b->spines);
	if (!b->spines || !sort_pairs(b) || !sort_by_length(b))
		return false;
	model->bpe->walk.spines = b->spines;
	for (size_t i = 0; i < count; i++) {
		expect_spine(b, i);
		b->spines[b->by_length[i]] = find_spine(b, b->by_length[i]);
	}
	return true;
}

enum tok_status tok_bpe_build_spines(struct tok_model *model, struct tok_error *err)
{
	if (!can_walk(model))
		return TOK_OK;
	struct spine_builder b = { .model = model };
	const bool room = build_spines(&b);
	tok_arena_release(&b.scratch);
	return room ? TOK_OK : tok_fail_memory(err);
}

void tok_bpe_build_shorter(struct tok_model *model, uint32_t *above)
{
	struct tok_walk *walk = &model->bpe->walk;
	for (size_t i = 0; i < model->lexicon.count; i++)
		while (above[i] != TOK_NO_ID && walk->spines[above[i]].birth == TOK_BIRTH_NEVER)
			above[i] = above[above[i]];
	walk->shorter = above;
}
