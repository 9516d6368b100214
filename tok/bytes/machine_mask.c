/* machine_mask.c - which ids may stand behind a head.
 *
 * A mask of all ids is kept for a state behind a token.  Where states share something
 * (validity_mask_internal.h) it is made at once; else, and for what they share, by first byte, when
 * that is asked for.  Behind the first byte states are often the same again - after any word's
 * token and then a space - so what is found there is kept too. */
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

/* ---- states --------------------------------------------------------------------- */

static uint64_t hash_words(const uint64_t *words, size_t count)
{
	uint64_t hash = count;
	for (size_t i = 0; i < count; i++)
		hash = tok_mix(hash, words[i]);
	return hash ^ hash >> 32;
}

/* Words up to the last one that is not zero. */
static size_t count_words(const struct tok_valid_state *valid)
{
	size_t count = TOK_VALID_WORDS;
	while (count > 0 && valid->words[count - 1] == 0)
		count--;
	return count;
}

struct tok_state *tok_state_find(struct tok_core *core, const struct tok_valid_state *valid)
{
	const uint64_t hash = hash_words(valid->words, count_words(valid));
	struct tok_state **bucket = &core->states[hash % STATE_BUCKETS];
	for (struct tok_state *s = *bucket; s; s = s->next)
		if (s->hash == hash && memcmp(&s->valid, valid, sizeof *valid) == 0)
			return tok_state_hold(s);
	struct tok_state *state = malloc(sizeof *state);
	if (!state)
		return NULL;
	*state = (struct tok_state){ .next = *bucket, .refs = 1, .hash = hash, .valid = *valid };
	*bucket = state;
	return state;
}

struct tok_state *tok_state_hold(struct tok_state *state)
{
	if (state)
		state->refs++;
	return state;
}

void tok_state_release(struct tok_core *core, struct tok_state *state)
{
	if (!state || --state->refs > 0)
		return;
	struct tok_state **at = &core->states[state->hash % STATE_BUCKETS];
	while (*at != state)
		at = &(*at)->next;
	*at = state->next;
	free(state);
}

struct tok_state *tok_state_next(struct tok_core *core, const struct tok_state *state, tok_id id)
{
	const struct tok_span text = tok_byte_tokens_text(core->tokens, id);
	struct tok_valid_state inside = state->valid, next = { { 0 } };
	bool valid = true;
	for (size_t i = 0; valid && i < text.count; i++)
		valid = tok_validity_byte(core->validity, &inside, text.bytes[i]);
	if (valid)
		valid = tok_validity_token(core->validity, &inside, id, &next);
	return tok_state_find(core, &next);
}

static void set_bit(struct tok_mask *mask, uint32_t rank)
{
	mask->bits[rank / SUM_BLOCK - mask->first_word] |= UINT64_C(1) << rank % SUM_BLOCK;
}

/* ---- asking id by id ---------------------------------------------------------------- */

static void mark_ends(const struct tok_core *core, struct tok_mask *mask,
		      const struct tok_below *level)
{
	const struct tok_byte_tokens *t = core->tokens;
	struct tok_valid_state next;
	for (uint32_t i = 0; i < t->ending[level->node]; i++) {
		const uint32_t rank = t->rank[level->node] + i;
		if (tok_validity_token(core->validity, &level->valid, t->by_rank[rank], &next))
			set_bit(mask, rank);
	}
}

static bool mark_subtree(struct tok_core *core, struct tok_mask *mask,
			 const struct tok_valid_state *valid)
{
	const struct tok_byte_tokens *t = core->tokens;
	if (!tok_grow(&core->below, &core->below_capacity, 1, sizeof *core->below))
		return false;
	core->below[0] = (struct tok_below){ mask->node, t->first[mask->node], *valid };
	mark_ends(core, mask, &core->below[0]);
	for (size_t depth = 1; depth > 0;) {
		struct tok_below *level = &core->below[depth - 1];
		if (level->next == t->first[level->node + 1]) {
			depth--;
			continue;
		}
		const uint32_t child = level->next++;
		if (!tok_grow(&core->below, &core->below_capacity, depth + 1, sizeof *core->below))
			return false;
		struct tok_below *below = &core->below[depth];
		below->valid = core->below[depth - 1].valid;
		if (!tok_validity_byte(core->validity, &below->valid, t->bytes[child]))
			continue;
		below->node = child;
		below->next = t->first[child];
		mark_ends(core, mask, below);
		depth++;
	}
	return true;
}

/* ---- masks that are kept ------------------------------------------------------------- */

/* Those that nobody uses, and that were last used before then. */
static void forget_masks(struct tok_core *core, uint64_t before)
{
	for (size_t i = 0; i < MASK_BUCKETS; i++) {
		struct tok_mask **at = &core->masks[i];
		while (*at) {
			struct tok_mask *mask = *at;
			if (mask->users > 0 || mask->used >= before) {
				at = &mask->next;
				continue;
			}
			*at = mask->next;
			core->mask_bytes -= mask->bytes;
			free(mask->firsts);
			free(mask);
		}
	}
}

void tok_masks_free(struct tok_core *core)
{
	forget_masks(core, UINT64_MAX);
}

/* What was not used since this was done last, or, where that is not enough, all. */
static void make_room(struct tok_core *core)
{
	if (core->mask_bytes <= core->mask_budget)
		return;
	forget_masks(core, core->masks_swept);
	if (core->mask_bytes > core->mask_budget / 2)
		forget_masks(core, UINT64_MAX);
	core->masks_swept = core->clock;
}

struct tok_mask *tok_mask_hold(struct tok_mask *mask)
{
	if (mask)
		mask->users++;
	return mask;
}

void tok_mask_release(struct tok_mask *mask)
{
	if (mask)
		mask->users--;
}

/* What a mask is found by. */
struct question {
	uint32_t node;
	struct tok_valid_state valid;
	size_t key_count; /* words of it */
	uint64_t hash;
};

static struct question ask_of(uint32_t node, const struct tok_valid_state *valid)
{
	struct question q = { .node = node, .valid = *valid, .key_count = count_words(valid) };
	q.hash = tok_mix(hash_words(valid->words, q.key_count), node);
	return q;
}

static struct tok_mask *find_kept(struct tok_core *core, const struct question *q)
{
	struct tok_mask *mask = core->masks[q->hash % MASK_BUCKETS];
	while (mask &&
	       (mask->hash != q->hash || mask->node != q->node || mask->key_count != q->key_count ||
		memcmp(mask->key, q->valid.words, q->key_count * sizeof(uint64_t)) != 0))
		mask = mask->next;
	if (mask)
		mask->used = ++core->clock;
	return tok_mask_hold(mask);
}

/* Nothing is valid yet; held and kept.  NULL if memory is out. */
static struct tok_mask *add_mask(struct tok_core *core, const struct question *q)
{
	const struct tok_range ranks = tok_node_ranks(core->tokens, q->node);
	const uint32_t first_word = ranks.begin / SUM_BLOCK,
		       words = (ranks.end + SUM_BLOCK - 1) / SUM_BLOCK - first_word;
	const size_t bytes = sizeof(struct tok_mask) + (q->key_count + words) * sizeof(uint64_t);
	make_room(core);
	struct tok_mask *mask = calloc(1, bytes);
	if (!mask)
		return NULL;
	struct tok_mask **bucket = &core->masks[q->hash % MASK_BUCKETS];
	*mask = (struct tok_mask){ .next = *bucket,
				   .bytes = bytes,
				   .hash = q->hash,
				   .node = q->node,
				   .first_word = first_word,
				   .word_count = words,
				   .key_count = (uint32_t)q->key_count,
				   .bits = mask->key + q->key_count };
	memcpy(mask->key, q->valid.words, q->key_count * sizeof(uint64_t));
	*bucket = mask;
	core->mask_bytes += bytes;
	mask->serial = mask->used = ++core->clock;
	return tok_mask_hold(mask);
}

/* ---- by first byte ----------------------------------------------------------------------- */

/* What is valid below a child of the root; held.  NULL if memory is out. */
static struct tok_mask *find_child(struct tok_core *core, const struct question *q)
{
	struct tok_mask *mask = find_kept(core, q);
	if (!mask)
		mask = add_mask(core, q);
	if (!mask || mask->made)
		return mask;
	mask->made = mark_subtree(core, mask, &q->valid);
	if (mask->made)
		return mask;
	tok_mask_release(mask);
	return NULL;
}

static bool has_child(const struct tok_core *core, const struct tok_mask *mask, uint32_t child)
{
	const uint8_t byte = core->tokens->bytes[child];
	return mask->made || (mask->children[byte / 64] >> byte % 64 & 1);
}

static bool fill_child(struct tok_core *core, struct tok_mask *mask,
		       const struct tok_valid_state *state, uint32_t child)
{
	const uint8_t byte = core->tokens->bytes[child];
	struct tok_valid_state valid = *state;
	if (has_child(core, mask, child))
		return true;
	if (tok_validity_byte(core->validity, &valid, byte)) {
		const struct question q = ask_of(child, &valid);
		struct tok_mask *from = find_child(core, &q);
		if (!from)
			return false;
		for (uint32_t i = 0; i < from->word_count; i++)
			mask->bits[from->first_word + i] |= from->bits[i];
		tok_mask_release(from);
	}
	mask->children[byte / 64] |= UINT64_C(1) << byte % 64;
	return true;
}

static bool fill_children(struct tok_core *core, struct tok_mask *mask,
			  const struct tok_valid_state *state)
{
	const struct tok_byte_tokens *t = core->tokens;
	for (uint32_t child = t->first[0]; child < t->first[1]; child++)
		if (!fill_child(core, mask, state, child))
			return false;
	mask->made = true;
	return true;
}

/* ---- by what is shared ------------------------------------------------------------------- */

/* All that is valid behind a state that is not split or relaxed; held.  NULL if memory is out. */
static struct tok_mask *find_simple(struct tok_core *core, const struct tok_valid_state *state)
{
	const struct question q = ask_of(0, state);
	struct tok_mask *mask = find_kept(core, &q);
	if (!mask)
		mask = add_mask(core, &q);
	if (!mask || mask->made || fill_children(core, mask, state))
		return mask;
	tok_mask_release(mask);
	return NULL;
}

/* One of the states that it is split into. */
static bool join_simple(struct tok_core *core, struct tok_mask *mask,
			const struct tok_valid_state *state)
{
	struct tok_valid_state relaxed;
	const bool is_relaxed = tok_valid_relax(core->shared, state, &relaxed);
	struct tok_mask *from = find_simple(core, is_relaxed ? &relaxed : state);
	const uint64_t *bits = from ? from->bits : NULL;
	if (from && is_relaxed) {
		const size_t bytes = mask->word_count * sizeof *bits;
		if (tok_grow(&core->bits, &core->bit_capacity, mask->word_count, sizeof *bits)) {
			memcpy(core->bits, from->bits, bytes);
			tok_valid_confirm(core->shared, state, core->bits);
			bits = core->bits;
		} else {
			bits = NULL;
		}
	}
	for (uint32_t i = 0; bits && i < mask->word_count; i++)
		mask->bits[i] |= bits[i];
	tok_mask_release(from);
	return bits != NULL;
}

static bool fill_shared(struct tok_core *core, struct tok_mask *mask,
			const struct tok_valid_state *state)
{
	struct tok_valid_state some[TOK_VALID_SPLIT_MAX];
	const size_t count = tok_valid_split(core->shared, state, some);
	for (size_t i = 0; i < count; i++)
		if (!join_simple(core, mask, &some[i]))
			return false;
	mask->made = true;
	return true;
}

/* Does the state have to be asked itself? */
static bool is_simple(const struct tok_core *core, const struct tok_valid_state *state)
{
	struct tok_valid_state some[TOK_VALID_SPLIT_MAX], relaxed;
	return !core->shared || (tok_valid_split(core->shared, state, some) == 1 &&
				 !tok_valid_relax(core->shared, state, &relaxed));
}

enum tok_status tok_mask_find(struct tok_core *core, const struct tok_state *state, uint32_t child,
			      struct tok_mask **out, struct tok_error *err)
{
	const struct question q = ask_of(0, &state->valid);
	struct tok_mask *mask = find_kept(core, &q);
	if (!mask)
		mask = add_mask(core, &q);
	if (!mask)
		return tok_fail_memory(err);
	bool made = true;
	if (!mask->made && !is_simple(core, &state->valid))
		made = fill_shared(core, mask, &state->valid);
	else if (!mask->made && child)
		made = fill_child(core, mask, &state->valid, child);
	else if (!mask->made)
		made = fill_children(core, mask, &state->valid);
	if (!made) {
		tok_mask_release(mask);
		return tok_fail_memory(err);
	}
	*out = mask;
	return TOK_OK;
}
