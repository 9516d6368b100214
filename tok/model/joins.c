#include "tok/model/joins_internal.h"

#include "tok/model/bpe_internal.h"

_Static_assert(sizeof(struct tok_join_line) == 64, "a line of joins is a cache line");

enum {
	FIRSTS = TOK_IMAGE_TAG('b', 'j', 'b', 'y'),
	LINES = TOK_IMAGE_TAG('b', 'j', 'l', 'n'),
	RESULTS = TOK_IMAGE_TAG('b', 'j', 'r', 's'),
	IN_A_QUAD = 4,
	MEAN_LOAD = 5, /* of the eight in a line */
	SPARSE = 16    /* so many ranks a symbol, and results would be mostly holes */
};

static bool is_pair(const struct tok_pair *slot)
{
	return slot->rank != TOK_RANK_NONE;
}

static unsigned bits_of(uint64_t symbol_count)
{
	unsigned bits = 1;
	while (UINT64_C(1) << bits < symbol_count)
		bits++;
	return bits;
}

/* How many rows `firsts` has. */
static size_t count_rows(const struct tok_bpe *bpe)
{
	return bpe->raw_bytes ? TOK_BYTE_ROWS : TOK_NEAR;
}

/* Pieces of a few bytes are merged, unless they are a token as a whole: known.c must
 * tell that of each. */
static bool can_join(const struct tok_model *model)
{
	const struct tok_bpe *bpe = model->bpe;
	if (!bpe->walk.spines || bpe->rank_limit >= TOK_JOIN_NONE ||
	    bpe->rank_limit / SPARSE > bpe->symbol_count ||
	    bits_of(bpe->symbol_count) > TOK_JOIN_SYMBOL_BITS)
		return false;
	for (size_t i = 0; i < model->lexicon.count; i++)
		if (model->lexicon.ids[i] > TOK_MEMO_ID_MAX)
			return false;
	return true;
}

/* Is each result so much more than its rank? */
static void find_shift(struct tok_joins *joins)
{
	joins->shifts = true;
	for (size_t rank = 0, any = 0; rank < joins->result_count && joins->shifts; rank++) {
		const uint32_t result = joins->results[rank];
		if (result == TOK_SYMBOL_NONE)
			continue;
		if (!any++)
			joins->shift = result - (uint32_t)rank;
		joins->shifts = result == rank + joins->shift;
	}
}

/* What each rank makes.  Pieces of one score have one rank. */
static bool list_results(struct tok_model *model)
{
	struct tok_bpe *bpe = model->bpe;
	const size_t count = (size_t)bpe->rank_limit + 1;
	uint32_t *results = tok_arena_array(&model->arena, count, sizeof *results);
	if (!results)
		return false;
	memset(results, 0xFF, count * sizeof *results);
	for (uint32_t i = 0; i < bpe->pairs.count; i++) {
		const struct tok_pair *pair = &bpe->pairs.slots[i];
		if (!is_pair(pair))
			continue;
		uint32_t *result = &results[pair->rank];
		*result = *result == TOK_SYMBOL_NONE || *result == pair->result ? pair->result
										: TOK_JOIN_UNCLEAR;
	}
	bpe->joins.results = results;
	bpe->joins.result_count = count;
	find_shift(&bpe->joins);
	return true;
}

static uint32_t symbol_of_row(const struct tok_bpe *bpe, uint32_t row)
{
	const uint32_t unit = bpe->raw_bytes || row < TOK_NEAR - 1 ? row : TOK_SPACE_MARK;
	return tok_charmap_get(&bpe->chars[0][0], unit);
}

static bool rank_firsts(struct tok_model *model)
{
	struct tok_bpe *bpe = model->bpe;
	const uint32_t rows = (uint32_t)count_rows(bpe);
	uint32_t *firsts = tok_arena_array(&model->arena, (size_t)rows * rows, sizeof *firsts);
	if (!firsts)
		return false;
	for (uint32_t i = 0; i < rows * rows; i++) {
		const uint32_t left = symbol_of_row(bpe, i / rows);
		const uint32_t right = symbol_of_row(bpe, i % rows);
		const bool exist = left != TOK_SYMBOL_NONE && right != TOK_SYMBOL_NONE;
		const uint32_t rank =
		    exist ? tok_pairs_get(&bpe->pairs, left, right).rank : TOK_RANK_NONE;
		firsts[i] = rank & TOK_JOIN_NONE;
	}
	bpe->joins.firsts = firsts;
	bpe->joins.first_count = (size_t)rows * rows;
	return true;
}

/* Does merging make of each text that is a token, and too long for known.c, that token,
 * or is it not asked for? */
static bool makes_long_tokens(const struct tok_model *model)
{
	const struct tok_lexicon *lexicon = &model->lexicon;
	for (size_t i = 0; model->bpe->ignore_merges && i < lexicon->count; i++)
		if (tok_lexicon_text(lexicon, i).count > TOK_MEMO_TEXT &&
		    tok_piece_matches((enum tok_piece_type)lexicon->types[i]) &&
		    model->bpe->walk.spines[i].birth == TOK_BIRTH_NEVER)
			return false;
	return true;
}

static bool put(struct tok_join_line *lines, const struct tok_joins *joins,
		const struct tok_pair *pair)
{
	struct tok_join_place place = tok_joins_place(joins, pair->left, pair->right);
	for (; place.tag < TOK_JOIN_NO_TAG; place.tag += TOK_JOIN_MOVED) {
		struct tok_join_line *line = &lines[place.line];
		for (size_t i = 0; i < TOK_JOIN_QUADS * IN_A_QUAD; i++) {
			if (line->values[i / IN_A_QUAD][i % IN_A_QUAD])
				continue;
			line->tags[i / IN_A_QUAD][i % IN_A_QUAD] = (int32_t)place.tag;
			line->values[i / IN_A_QUAD][i % IN_A_QUAD] = (int32_t)(pair->rank + 1);
			return true;
		}
		line->values[1][3] |= INT32_MIN;
		place.line = place.line + 1 < joins->line_count ? place.line + 1 : 0;
	}
	return false;
}

/* Pairs go all over a table larger than the caches: each line is asked for ahead. */
static void expect(const struct tok_join_line *lines, const struct tok_joins *joins,
		   const struct tok_pairs *pairs, uint32_t i)
{
	enum { AHEAD = 16 };
	if (pairs->count - i <= AHEAD || !is_pair(&pairs->slots[i + AHEAD]))
		return;
	const struct tok_pair *pair = &pairs->slots[i + AHEAD];
	__builtin_prefetch(&lines[tok_joins_place(joins, pair->left, pair->right).line], 1);
}

/* *fits: no pair had to move too far. */
static bool fill_lines(struct tok_model *model, bool *fits)
{
	struct tok_bpe *bpe = model->bpe;
	struct tok_joins *joins = &bpe->joins;
	size_t count = 0;
	for (uint32_t i = 0; i < bpe->pairs.count; i++)
		count += is_pair(&bpe->pairs.slots[i]);
	joins->symbol_bits = bits_of(bpe->symbol_count);
	const unsigned bits = 2 * joins->symbol_bits;
	const size_t least = bits > TOK_JOIN_TAG_BITS ? (size_t)1 << (bits - TOK_JOIN_TAG_BITS) : 1;
	const size_t wanted = count / MEAN_LOAD + 1;
	joins->line_count = (uint32_t)(wanted > least ? wanted : least);
	/* The arena does not promise whole cache lines. */
	uint8_t *memory = tok_arena_array(&model->arena, (size_t)joins->line_count + 1,
					  sizeof(struct tok_join_line));
	if (!memory)
		return false;
	memory += -(uintptr_t)memory % sizeof(struct tok_join_line);
	struct tok_join_line *lines = (struct tok_join_line *)(void *)memory;
	*fits = true;
	for (uint32_t i = 0; i < bpe->pairs.count && *fits; i++) {
		expect(lines, joins, &bpe->pairs, i);
		if (is_pair(&bpe->pairs.slots[i]))
			*fits = put(lines, joins, &bpe->pairs.slots[i]);
	}
	joins->lines = lines;
	return true;
}

enum tok_status tok_bpe_build_joins(struct tok_model *model, struct tok_error *err)
{
	bool fits;
	if (!can_join(model))
		return TOK_OK;
	if (!list_results(model) || !rank_firsts(model) || !fill_lines(model, &fits))
		return tok_fail_memory(err);
	if (!fits)
		model->bpe->joins = (struct tok_joins){ 0 };
	model->bpe->joins.longer = fits && makes_long_tokens(model);
	return TOK_OK;
}

void tok_joins_save(const struct tok_joins *joins, struct tok_image_writer *w)
{
	if (!joins->lines)
		return;
	tok_image_put(w, FIRSTS, joins->firsts, joins->first_count * sizeof *joins->firsts);
	tok_image_put(w, LINES, joins->lines, joins->line_count * sizeof *joins->lines);
	tok_image_put(w, RESULTS, joins->results, joins->result_count * sizeof *joins->results);
}

/* Do its tags differ, and is each rank one that makes something?  (Two of one tag
 * would be read as one of another rank.) */
static bool is_line(const struct tok_join_line *line, size_t result_count)
{
	for (size_t i = 0; i < TOK_JOIN_QUADS * IN_A_QUAD; i++) {
		const bool is_last = i + 1 == TOK_JOIN_QUADS * IN_A_QUAD;
		const uint32_t tag = (uint32_t)line->tags[i / IN_A_QUAD][i % IN_A_QUAD];
		uint32_t value = (uint32_t)line->values[i / IN_A_QUAD][i % IN_A_QUAD];
		if (is_last)
			value &= ~TOK_JOIN_MORE;
		if (value > result_count || (value && tag >= TOK_JOIN_NO_TAG))
			return false;
		for (size_t k = 0; k < i && value; k++)
			if (line->values[k / IN_A_QUAD][k % IN_A_QUAD] &&
			    (uint32_t)line->tags[k / IN_A_QUAD][k % IN_A_QUAD] == tag)
				return false;
	}
	return true;
}

static bool are_joins(const struct tok_joins *joins)
{
	for (size_t i = 0; i < joins->line_count; i++)
		if (!is_line(&joins->lines[i], joins->result_count))
			return false;
	for (size_t i = 0; i < joins->first_count; i++)
		if (joins->firsts[i] >= joins->result_count && joins->firsts[i] != TOK_JOIN_NONE)
			return false;
	return true;
}

bool tok_joins_open(struct tok_bpe *bpe, const struct tok_image *image)
{
	struct tok_joins *joins = &bpe->joins;
	size_t lines;
	*joins = (struct tok_joins){ .symbol_bits = bits_of(bpe->symbol_count),
				     .longer = joins->longer,
				     .shifts = joins->shifts,
				     .shift = joins->shift };
	joins->firsts = tok_image_array(image, FIRSTS, sizeof *joins->firsts, &joins->first_count);
	joins->lines = tok_image_array(image, LINES, sizeof *joins->lines, &lines);
	joins->results =
	    tok_image_array(image, RESULTS, sizeof *joins->results, &joins->result_count);
	if (lines == 0) {
		*joins = (struct tok_joins){ 0 };
		return true;
	}
	joins->line_count = (uint32_t)lines;
	/* The ranks of characters without rows come from the table of pairs, and are at
	 * most the limit. */
	const size_t rows = count_rows(bpe);
	return lines < UINT32_MAX / 2 && joins->first_count == rows * rows &&
	       joins->result_count == (size_t)bpe->rank_limit + 1 &&
	       joins->result_count <= TOK_JOIN_NONE && joins->symbol_bits <= TOK_JOIN_SYMBOL_BITS &&
	       (image->trusted || are_joins(joins));
}
