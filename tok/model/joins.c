#include "tok/model/joins_internal.h"

#include "tok/model/bpe_internal.h"

_Static_assert(sizeof(struct tok_join_line) == 64, "a line of joins is a cache line");

enum {
	BYTES = TOK_IMAGE_TAG('b', 'j', 'b', 'y'),
	LINES = TOK_IMAGE_TAG('b', 'j', 'l', 'n'),
	RESULTS = TOK_IMAGE_TAG('b', 'j', 'r', 's'),
	BYTE_PAIRS = 256 * 256,
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

/* Pieces of a few bytes are merged, unless they are a token as a whole: known.c must
 * tell that of each. */
static bool can_join(const struct tok_model *model)
{
	const struct tok_bpe *bpe = model->bpe;
	if (!bpe->walk.spines || !bpe->raw_bytes || bpe->order == TOK_BPE_SCORES ||
	    bpe->rank_limit >= TOK_JOIN_NONE || bpe->rank_limit / SPARSE > bpe->symbol_count ||
	    bits_of(bpe->symbol_count) > TOK_JOIN_SYMBOL_BITS)
		return false;
	for (size_t i = 0; i < model->lexicon.count; i++)
		if (model->lexicon.ids[i] > TOK_MEMO_ID_MAX)
			return false;
	return true;
}

/* What each rank makes. */
static bool list_results(struct tok_model *model)
{
	struct tok_bpe *bpe = model->bpe;
	const size_t count = (size_t)bpe->rank_limit + 1;
	uint32_t *results = tok_arena_array(&model->arena, count, sizeof *results);
	if (!results)
		return false;
	for (uint32_t i = 0; i < bpe->pairs.count; i++)
		if (is_pair(&bpe->pairs.slots[i]))
			results[bpe->pairs.slots[i].rank] = bpe->pairs.slots[i].result;
	bpe->joins.results = results;
	bpe->joins.result_count = count;
	return true;
}

static bool rank_bytes(struct tok_model *model)
{
	struct tok_bpe *bpe = model->bpe;
	uint32_t *bytes = tok_arena_array(&model->arena, BYTE_PAIRS, sizeof *bytes);
	if (!bytes)
		return false;
	for (uint32_t i = 0; i < BYTE_PAIRS; i++) {
		const uint32_t left = tok_charmap_get(&bpe->chars[0][0], i >> 8);
		const uint32_t right = tok_charmap_get(&bpe->chars[0][0], i & 0xFF);
		const bool exist = left != TOK_SYMBOL_NONE && right != TOK_SYMBOL_NONE;
		const uint32_t rank =
		    exist ? tok_pairs_get(&bpe->pairs, left, right).rank : TOK_RANK_NONE;
		bytes[i] = rank & TOK_JOIN_NONE;
	}
	bpe->joins.bytes = bytes;
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
	for (uint32_t i = 0; i < bpe->pairs.count && *fits; i++)
		if (is_pair(&bpe->pairs.slots[i]))
			*fits = put(lines, joins, &bpe->pairs.slots[i]);
	joins->lines = lines;
	return true;
}

enum tok_status tok_bpe_build_joins(struct tok_model *model, struct tok_error *err)
{
	bool fits;
	if (!can_join(model))
		return TOK_OK;
	if (!list_results(model) || !rank_bytes(model) || !fill_lines(model, &fits))
		return tok_fail_memory(err);
	if (!fits)
		model->bpe->joins = (struct tok_joins){ 0 };
	return TOK_OK;
}

void tok_joins_save(const struct tok_joins *joins, struct tok_image_writer *w)
{
	if (!joins->lines)
		return;
	tok_image_put(w, BYTES, joins->bytes, BYTE_PAIRS * sizeof *joins->bytes);
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
	for (size_t i = 0; i < BYTE_PAIRS; i++)
		if (joins->bytes[i] >= joins->result_count && joins->bytes[i] != TOK_JOIN_NONE)
			return false;
	return true;
}

bool tok_joins_open(struct tok_joins *joins, const struct tok_image *image, uint64_t symbol_count)
{
	size_t bytes, lines;
	*joins = (struct tok_joins){ .symbol_bits = bits_of(symbol_count) };
	joins->bytes = tok_image_array(image, BYTES, sizeof *joins->bytes, &bytes);
	joins->lines = tok_image_array(image, LINES, sizeof *joins->lines, &lines);
	joins->results =
	    tok_image_array(image, RESULTS, sizeof *joins->results, &joins->result_count);
	if (lines == 0) {
		*joins = (struct tok_joins){ 0 };
		return true;
	}
	joins->line_count = (uint32_t)lines;
	return lines < UINT32_MAX / 2 && bytes == BYTE_PAIRS && joins->result_count > 0 &&
	       joins->result_count <= TOK_JOIN_NONE && joins->symbol_bits <= TOK_JOIN_SYMBOL_BITS &&
	       (image->trusted || are_joins(joins));
}
