/* Lists of merges: which pairs of byte strings, in which order. */
#include "tok/base/hash.h"
#include "vocab/audit/difference_internal.h"

static bool has_list(const struct tok_model_spec *model)
{
	return model->kind == TOK_MODEL_BPE && model->as.bpe.order == TOK_BPE_MERGES;
}

/* The pair as one string: the length of the first, then both. */
static struct tok_span put_pair(const struct tok_merge *merge,
				const struct vocab_token_bytes *tokens, struct tok_arena *arena)
{
	const struct tok_span left = tokens->bytes[merge->left],
			      right = tokens->bytes[merge->right];
	const uint32_t count = (uint32_t)left.count;
	uint8_t *pair = tok_arena_array(arena, sizeof count + left.count + right.count, 1);
	if (!pair)
		return (struct tok_span){ NULL, 0 };
	memcpy(pair, &count, sizeof count);
	memcpy(pair + sizeof count, left.bytes, left.count);
	memcpy(pair + sizeof count + left.count, right.bytes, right.count);
	return (struct tok_span){ pair, sizeof count + left.count + right.count };
}

/* Merges of B by their pairs: of each pair the places where B has it, the first first. */
struct places {
	struct tok_strings first;
	size_t *next;  /* of each place: where the pair is again; SIZE_MAX: nowhere */
	size_t *taken; /* of each first place: the next that no merge of A has */
};

static bool chain_places(const struct tok_model_spec *b, const struct vocab_differences *out,
			 struct tok_arena *arena, struct places *p)
{
	const size_t count = b->as.bpe.merge_count;
	p->next = tok_arena_array(arena, count, sizeof *p->next);
	p->taken = tok_arena_array(arena, count, sizeof *p->taken);
	if (!p->next || !p->taken || !tok_strings_init(&p->first, arena, count))
		return false;
	for (size_t i = count; i-- > 0;) {
		const struct tok_span pair = put_pair(&b->as.bpe.merges[i], &out->bytes_b, arena);
		if (!pair.bytes)
			return false;
		const uint32_t again = tok_strings_find(&p->first, pair);
		p->next[i] = again == TOK_NO_ID ? SIZE_MAX : again;
		p->taken[i] = i;
		tok_strings_put(&p->first, pair, (uint32_t)i);
	}
	return true;
}

/* Places in B of the merges of A, SIZE_MAX where it has none: a pair that A lists twice is twice in
 * both only if B does. */
static bool find_places(const struct tok_model_spec *a, const struct tok_model_spec *b,
			const struct vocab_differences *out, struct tok_arena *arena,
			size_t *places)
{
	struct places p = { 0 };
	if (!chain_places(b, out, arena, &p))
		return false;
	for (size_t i = 0; i < a->as.bpe.merge_count; i++) {
		const struct tok_span pair = put_pair(&a->as.bpe.merges[i], &out->bytes_a, arena);
		if (!pair.bytes)
			return false;
		const uint32_t first = tok_strings_find(&p.first, pair);
		places[i] = first == TOK_NO_ID ? SIZE_MAX : p.taken[first];
		if (places[i] != SIZE_MAX)
			p.taken[first] = p.next[places[i]];
	}
	return true;
}

/* The length of the longest rising row in `places`, those that are SIZE_MAX left out; `ends` has
 * room for as many: ends[k] is the least end of a rising row of k + 1. */
static size_t longest_rising(const size_t *places, size_t count, size_t *ends)
{
	size_t longest = 0;
	for (size_t i = 0; i < count; i++) {
		size_t low = 0, high = longest;
		if (places[i] == SIZE_MAX)
			continue;
		while (low < high) {
			const size_t middle = low + (high - low) / 2;
			if (ends[middle] < places[i])
				low = middle + 1;
			else
				high = middle;
		}
		ends[low] = places[i];
		longest += low == longest;
	}
	return longest;
}

/* Merges that both have follow each other in B without others between them as long as nothing
 * differs: the first place that is not the next one. */
static size_t first_difference(const size_t *places, size_t count)
{
	size_t at = 0;
	while (at < count && places[at] == at)
		at++;
	return at;
}

enum tok_status difference_merges(const struct tok_spec *a, const struct tok_spec *b,
				  struct vocab_differences *out, struct tok_arena *arena,
				  struct tok_error *err)
{
	struct vocab_merge_differences *m = &out->merges;
	m->first_a = SIZE_MAX;
	m->compared = has_list(&a->model) && has_list(&b->model);
	if (!m->compared)
		return TOK_OK;
	m->in_a = a->model.as.bpe.merge_count;
	m->in_b = b->model.as.bpe.merge_count;
	size_t *places = tok_arena_array(arena, m->in_a, sizeof *places);
	size_t *ends = tok_arena_array(arena, m->in_a, sizeof *ends);
	size_t both = 0;
	if (!places || !ends || !find_places(&a->model, &b->model, out, arena, places))
		return tok_fail_memory(err);
	for (size_t i = 0; i < m->in_a; i++)
		both += places[i] != SIZE_MAX;
	m->only_a = m->in_a - both;
	m->only_b = m->in_b - both;
	m->moved = both - longest_rising(places, m->in_a, ends);
	const size_t first = first_difference(places, m->in_a);
	if (first < m->in_a) {
		const struct tok_merge *merge = &a->model.as.bpe.merges[first];
		m->first_a = first;
		m->left = out->bytes_a.bytes[merge->left];
		m->right = out->bytes_a.bytes[merge->right];
	}
	return TOK_OK;
}
