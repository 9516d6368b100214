/* BPE in an image. */
#include "tok/model/bpe_internal.h"

enum {
	FACTS = TOK_IMAGE_TAG('b', 'f', 'c', 't'),
	AFFIXES = TOK_IMAGE_TAG('b', 'a', 'f', 'x'),
	PAIRS = TOK_IMAGE_TAG('b', 'p', 'a', 'i'),
	FILTER = TOK_IMAGE_TAG('b', 'f', 'l', 't'),
	RESULTS = TOK_IMAGE_TAG('b', 'r', 'e', 's'),
	ROLES = TOK_IMAGE_TAG('b', 'r', 'o', 'l'),
	USER = TOK_IMAGE_TAG('b', 'u', 's', 'r'),
	TRIE = TOK_IMAGE_TAG('b', 't', 'r', 'i'),
	SPINES = TOK_IMAGE_TAG('b', 's', 'p', 'n'),
	SHORTER = TOK_IMAGE_TAG('b', 's', 'h', 'o'),
	KNOWN = TOK_IMAGE_TAG('b', 'k', 'n', 'o'),
	NEAR = TOK_IMAGE_TAG('b', 'n', 'e', 'a'),
	JOINED = TOK_IMAGE_TAG('b', 'j', 'o', 'i')
};

/* Tags of the four character maps. */
static uint32_t map_tag(size_t i, char part)
{
	return TOK_IMAGE_TAG('b', 'm', '0' + i, part);
}

struct facts {
	uint64_t fingerprint, symbol_count;
	uint32_t order, raw_bytes, ignore_merges, fuse_unk, unk_missing, exact, has_split;
	uint32_t unknown_breaks, joins_longer, joins_shifts, joins_shift;
	uint32_t rank_limit, unk_symbol, prefix_count;
	uint32_t byte_symbols[256];
};

static void save_map(const struct tok_charmap *map, size_t i, struct tok_image_writer *w)
{
	if (!map->pages)
		return;
	tok_image_put(w, map_tag(i, 'p'), map->pages, TOK_CHARMAP_PAGES * sizeof *map->pages);
	tok_image_put(w, map_tag(i, 's'), map->symbols,
		      map->page_count * 256 * sizeof *map->symbols);
}

static void save_facts(const struct tok_bpe *bpe, struct tok_image_writer *w)
{
	struct facts facts = {
		.fingerprint = bpe->fingerprint,
		.symbol_count = bpe->symbol_count,
		.order = (uint32_t)bpe->order,
		.raw_bytes = bpe->raw_bytes,
		.ignore_merges = bpe->ignore_merges,
		.fuse_unk = bpe->fuse_unk,
		.unk_missing = bpe->unk_missing,
		.exact = bpe->exact,
		.has_split = bpe->has_split,
		.unknown_breaks = bpe->unknown_breaks,
		.joins_longer = bpe->joins.longer,
		.joins_shifts = bpe->joins.shifts,
		.joins_shift = bpe->joins.shift,
		.rank_limit = bpe->rank_limit,
		.unk_symbol = bpe->unk_symbol,
		.prefix_count = (uint32_t)bpe->prefix.count,
	};
	memcpy(facts.byte_symbols, bpe->byte_symbols, sizeof facts.byte_symbols);
	tok_image_put(w, FACTS, &facts, sizeof facts);

	uint8_t affixes[2 * TOK_AFFIX_MAX];
	if (bpe->prefix.count)
		memcpy(affixes, bpe->prefix.bytes, bpe->prefix.count);
	if (bpe->suffix.count)
		memcpy(affixes + bpe->prefix.count, bpe->suffix.bytes, bpe->suffix.count);
	tok_image_put(w, AFFIXES, affixes, bpe->prefix.count + bpe->suffix.count);
}

void tok_bpe_save(const struct tok_model *model, struct tok_image_writer *w)
{
	const struct tok_bpe *bpe = model->bpe;
	const size_t count = model->lexicon.count;
	save_facts(bpe, w);
	for (size_t i = 0; i < 4; i++)
		save_map(&bpe->chars[i / 2][i % 2], i, w);
	tok_borders_save(&bpe->borders, NEAR, JOINED, w);
	tok_image_put(w, PAIRS, bpe->pairs.slots, bpe->pairs.count * sizeof *bpe->pairs.slots);
	tok_image_put(w, FILTER, bpe->pairs.filter,
		      ((size_t)1 << (64 - bpe->pairs.filter_shift)) * sizeof *bpe->pairs.filter);
	if (!bpe->exact) /* else ranks tell */
		tok_image_put(w, RESULTS, bpe->results,
			      (size_t)bpe->rank_limit * sizeof *bpe->results);
	if (bpe->roles)
		tok_image_put(w, ROLES, bpe->roles, bpe->symbol_count);
	tok_trie_save(&bpe->user, USER, w);
	if (!bpe->walk.spines || count == 0) /* of no tokens: opened as no walk */
		return;
	tok_trie_save(&bpe->walk.trie, TRIE, w);
	tok_image_put(w, SPINES, bpe->walk.spines, count * sizeof *bpe->walk.spines);
	tok_image_put(w, SHORTER, bpe->walk.shorter, count * sizeof *bpe->walk.shorter);
	tok_image_put(w, KNOWN, bpe->walk.known, bpe->walk.known_count * sizeof *bpe->walk.known);
	tok_joins_save(&bpe->joins, w);
}

/* ---- opening ------------------------------------------------------------------------ */

static bool is_symbol(uint32_t symbol, uint64_t count)
{
	return symbol < count || symbol == TOK_SYMBOL_NONE;
}

static bool open_map(struct tok_charmap *map, size_t i, const struct tok_image *image,
		     uint64_t symbol_count)
{
	size_t pages, symbols;
	map->pages = tok_image_array(image, map_tag(i, 'p'), sizeof *map->pages, &pages);
	map->symbols = tok_image_array(image, map_tag(i, 's'), sizeof *map->symbols, &symbols);
	map->page_count = symbols / 256;
	if (pages == 0) {
		*map = (struct tok_charmap){ 0 };
		return true;
	}
	if (pages != TOK_CHARMAP_PAGES)
		return false;
	for (size_t p = 0; p < pages; p++)
		if (map->pages[p] >= map->page_count)
			return false;
	for (size_t s = 0; s < symbols && !image->trusted; s++)
		if (!is_symbol(map->symbols[s], symbol_count))
			return false;
	return true;
}

static bool open_pairs(struct tok_bpe *bpe, const struct tok_image *image)
{
	struct tok_pairs *pairs = &bpe->pairs;
	size_t slots, words, log = 4, free_slots = 0, wild = 0;
	pairs->slots = tok_image_array(image, PAIRS, sizeof *pairs->slots, &slots);
	pairs->filter = tok_image_array(image, FILTER, sizeof *pairs->filter, &words);
	while (log < 40 && (size_t)1 << log < words)
		log++;
	if (slots == 0 || slots > UINT32_MAX / 2 || words != (size_t)1 << log)
		return false;
	pairs->count = (uint32_t)slots;
	pairs->filter_shift = (unsigned)(64 - log);
	for (size_t i = 0; i < slots && !image->trusted; i++) {
		const struct tok_pair *slot = &pairs->slots[i];
		free_slots += slot->rank == TOK_RANK_NONE;
		wild += slot->rank != TOK_RANK_NONE &&
			(slot->left >= bpe->symbol_count || slot->right >= bpe->symbol_count ||
			 slot->result >= bpe->symbol_count || slot->rank > bpe->rank_limit);
	}
	return image->trusted || (free_slots > 0 && wild == 0);
}

/* Parts are born before their token, so that going back in time comes to an end. */
static bool are_spines(const struct tok_spine *spines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct tok_spine *spine = &spines[i];
		if (spine->birth == 0 || spine->birth == TOK_BIRTH_NEVER)
			continue;
		if (spine->left >= count || spine->right >= count ||
		    spines[spine->left].birth >= spine->birth ||
		    spines[spine->right].birth >= spine->birth)
			return false;
	}
	return true;
}

/* A shorter token is shorter, has a birth, and is as its text says. */
static bool are_shorter(const struct tok_lexicon *lexicon, const struct tok_walk *walk)
{
	for (size_t i = 0; i < lexicon->count; i++) {
		const uint32_t shorter = walk->shorter[i];
		if (shorter == TOK_NO_ID)
			continue;
		if (shorter >= lexicon->count || tok_lexicon_text(lexicon, shorter).count == 0 ||
		    walk->spines[shorter].birth == TOK_BIRTH_NEVER ||
		    tok_lexicon_text(lexicon, shorter).count >= tok_lexicon_text(lexicon, i).count)
			return false;
	}
	return true;
}

static bool open_walk(struct tok_model *model, const struct tok_image *image)
{
	struct tok_walk *walk = &model->bpe->walk;
	size_t spines, shorter, known;
	const size_t count = model->lexicon.count;
	walk->known = tok_image_array(image, KNOWN, sizeof *walk->known, &known);
	walk->known_count = known < UINT32_MAX ? (uint32_t)known : 0;
	walk->spines = tok_image_array(image, SPINES, sizeof *walk->spines, &spines);
	walk->shorter = tok_image_array(image, SHORTER, sizeof *walk->shorter, &shorter);
	if (spines == 0 || spines != count || shorter != count || model->bpe->has_split) {
		*walk = (struct tok_walk){ 0 };
		return spines == 0;
	}
	return walk->known_count > 0 && tok_trie_open(&walk->trie, image, TRIE, count) &&
	       walk->trie.cells &&
	       (image->trusted ||
		(are_spines(walk->spines, count) && are_shorter(&model->lexicon, walk)));
}

/* They are of use only where all tokens of a few bytes are known. */
static bool open_joins(struct tok_bpe *bpe, const struct tok_image *image)
{
	return tok_joins_open(bpe, image) && (!bpe->joins.lines || bpe->walk.known);
}

static bool open_facts(struct tok_model *model, const struct tok_image *image)
{
	struct tok_bpe *bpe = model->bpe;
	size_t count, affixes;
	const struct facts *facts = tok_image_array(image, FACTS, sizeof *facts, &count);
	const uint8_t *bytes = tok_image_array(image, AFFIXES, 1, &affixes);
	if (count != 1 || facts->order > TOK_BPE_SCORES || facts->prefix_count > TOK_AFFIX_MAX ||
	    facts->prefix_count > affixes || affixes - facts->prefix_count > TOK_AFFIX_MAX ||
	    facts->symbol_count < model->lexicon.count || facts->symbol_count >= UINT32_MAX / 2 ||
	    !is_symbol(facts->unk_symbol, model->lexicon.count))
		return false;
	/* An explicit list merges tokens only; pieces are split again only by merging. */
	if ((facts->order == TOK_BPE_MERGES && facts->symbol_count != model->lexicon.count) ||
	    (facts->has_split && facts->ignore_merges))
		return false;
	for (size_t i = 0; i < 256; i++)
		if (!is_symbol(facts->byte_symbols[i], model->lexicon.count))
			return false;
	bpe->order = (enum tok_bpe_order)facts->order;
	bpe->raw_bytes = facts->raw_bytes != 0;
	bpe->ignore_merges = facts->ignore_merges != 0;
	bpe->fuse_unk = facts->fuse_unk != 0;
	bpe->unk_missing = facts->unk_missing != 0;
	bpe->exact = facts->exact != 0;
	bpe->has_split = facts->has_split != 0;
	bpe->unknown_breaks = facts->unknown_breaks != 0;
	bpe->joins.longer = facts->joins_longer != 0;
	bpe->joins.shifts = facts->joins_shifts != 0;
	bpe->joins.shift = facts->joins_shift;
	bpe->rank_limit = facts->rank_limit;
	bpe->unk_symbol = facts->unk_symbol;
	bpe->symbol_count = facts->symbol_count;
	bpe->fingerprint = facts->fingerprint;
	bpe->prefix = (struct tok_span){ bytes, facts->prefix_count };
	bpe->suffix =
	    (struct tok_span){ bytes + facts->prefix_count, affixes - facts->prefix_count };
	memcpy(bpe->byte_symbols, facts->byte_symbols, sizeof bpe->byte_symbols);
	return true;
}

/* The maps that the affixes ask for must be there. */
static bool open_maps(struct tok_bpe *bpe, const struct tok_image *image)
{
	for (size_t i = 0; i < 4; i++)
		if (!open_map(&bpe->chars[i / 2][i % 2], i, image, bpe->symbol_count))
			return false;
	return bpe->chars[0][0].pages && (bpe->chars[1][0].pages || !bpe->prefix.count) &&
	       (bpe->chars[0][1].pages || !bpe->suffix.count) &&
	       (bpe->chars[1][1].pages || !bpe->prefix.count || !bpe->suffix.count);
}

static bool open_results(struct tok_bpe *bpe, const struct tok_image *image)
{
	size_t results;
	bpe->results = tok_image_array(image, RESULTS, sizeof *bpe->results, &results);
	if (bpe->exact)
		return true;
	for (uint32_t i = 0; i < bpe->pairs.count; i++)
		if (bpe->pairs.slots[i].rank != TOK_RANK_NONE &&
		    bpe->pairs.slots[i].rank >= results)
			return false;
	return true;
}

/* A piece that is taken apart again must come from a merge, never from text. */
static bool open_roles(struct tok_bpe *bpe, const struct tok_image *image)
{
	size_t roles;
	bpe->roles = tok_image_array(image, ROLES, 1, &roles);
	if (roles == 0 || roles != bpe->symbol_count) {
		bpe->roles = NULL;
		return bpe->order != TOK_BPE_SCORES && !bpe->has_split && roles == 0;
	}
	if (!bpe->has_split)
		return memchr(bpe->roles, TOK_ROLE_SPLIT, roles) == NULL;
	const struct tok_charmap *units = &bpe->chars[0][0];
	for (size_t i = 0; i < units->page_count * 256; i++)
		if (units->symbols[i] != TOK_SYMBOL_NONE &&
		    bpe->roles[units->symbols[i]] == TOK_ROLE_SPLIT)
			return false;
	for (size_t i = 0; i < bpe->user.count; i++) {
		const uint64_t value = bpe->user.cells[i] >> 40;
		if (value != TOK_TRIE_NO_VALUE && bpe->roles[value] == TOK_ROLE_SPLIT)
			return false;
	}
	return true;
}

enum tok_status tok_bpe_open(struct tok_model *model, const struct tok_image *image, bool *sound,
			     struct tok_error *err)
{
	model->bpe = tok_arena_array(&model->arena, 1, sizeof *model->bpe);
	if (!model->bpe)
		return tok_fail_memory(err);
	*sound = open_facts(model, image) && open_maps(model->bpe, image) &&
		 tok_borders_open(&model->bpe->borders, image, NEAR, JOINED) &&
		 open_pairs(model->bpe, image) && open_results(model->bpe, image) &&
		 tok_trie_open(&model->bpe->user, image, USER, model->lexicon.count) &&
		 open_roles(model->bpe, image) && open_walk(model, image) &&
		 open_joins(model->bpe, image);
	return TOK_OK;
}

bool tok_model_merge(const struct tok_model *model, tok_id id, struct tok_merge *out, size_t *rank)
{
	if (model->kind != TOK_MODEL_BPE || model->bpe->order != TOK_BPE_MERGES)
		return false;
	const struct tok_pairs *pairs = &model->bpe->pairs;
	const tok_id *ids = model->lexicon.ids;
	uint32_t least = TOK_RANK_NONE;
	for (uint32_t i = 0; i < pairs->count; i++) {
		const struct tok_pair *pair = &pairs->slots[i];
		if (pair->rank >= least || ids[pair->result] != id)
			continue;
		least = pair->rank;
		*out = (struct tok_merge){ ids[pair->left], ids[pair->right], id };
	}
	*rank = least;
	return least != TOK_RANK_NONE;
}

size_t tok_model_merges(const struct tok_model *model, struct tok_merge *out, uint32_t *ranks)
{
	if (model->kind != TOK_MODEL_BPE || model->bpe->order != TOK_BPE_MERGES)
		return 0;
	const struct tok_pairs *pairs = &model->bpe->pairs;
	const tok_id *ids = model->lexicon.ids;
	size_t count = 0;
	for (uint32_t i = 0; i < pairs->count; i++) {
		const struct tok_pair *pair = &pairs->slots[i];
		if (pair->rank == TOK_RANK_NONE)
			continue;
		if (out) {
			ranks[count] = pair->rank;
			out[count] = (struct tok_merge){ ids[pair->left], ids[pair->right],
							 ids[pair->result] };
		}
		count++;
	}
	return count;
}
