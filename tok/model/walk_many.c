/*
 * Many walks at once.  One walk waits for memory at each step, since where it goes
 * next is in the cell that it reads now; a few dozen that take their steps in turn
 * wait together.
 *
 * Each stretch is cut into longest tokens first, and then all neighbours are asked
 * whether they adjoin.  Where some do not, the longest token was too long: that
 * stretch is left to tok_bpe_walk, which goes back.
 */
#include "tok/model/bpe_internal.h"

/* A walk under way: `at` is where its last whole token ended, `next` how far it has
 * looked on from there. */
struct walker {
	uint64_t cell;
	const uint8_t *bytes;
	uint32_t at, next, end;
	uint32_t token, token_end; /* the longest so far; TOK_TRIE_NO_VALUE: none */
	uint32_t stretch;
};

static void start_token(struct walker *w, const uint64_t *cells)
{
	w->cell = cells[TOK_TRIE_ROOT];
	w->next = w->at;
	w->token = TOK_TRIE_NO_VALUE;
}

/* A token is complete.  False: the walk is over. */
static bool end_token(struct walker *w, struct tok_stretch *stretch, const uint64_t *cells)
{
	if (w->token == TOK_TRIE_NO_VALUE) {
		stretch->state = TOK_STRETCH_LOST;
		return false;
	}
	stretch->tokens[stretch->count++] = w->token;
	w->at = w->token_end;
	if (w->at == w->end)
		return false;
	start_token(w, cells);
	return true;
}

/* Cut all stretches into longest tokens. */
static void take_longest(const struct tok_walk *walk, struct tok_stretch *stretches, size_t count)
{
	const uint64_t *cells = walk->trie.cells;
	struct walker walkers[TOK_STRETCHES];
	size_t active = count;
	for (size_t i = 0; i < count; i++) {
		walkers[i] = (struct walker){ .bytes = stretches[i].text.bytes,
					      .end = (uint32_t)stretches[i].text.count,
					      .stretch = (uint32_t)i };
		start_token(&walkers[i], cells);
	}
	while (active > 0) {
		size_t kept = 0;
		for (size_t i = 0; i < active; i++) {
			struct walker *w = &walkers[i];
			bool goes_on = true;
			uint64_t cell = 0;
			bool fits = false;
			if (w->next < w->end) {
				const uint8_t byte = w->bytes[w->next];
				cell = cells[(uint32_t)(w->cell >> 8) ^ byte];
				fits = (cell & 0xFF) == byte;
			}
			if (fits) {
				const bool ends = cell >> 40 != TOK_TRIE_NO_VALUE;
				w->cell = cell;
				w->next++;
				w->token = ends ? (uint32_t)(cell >> 40) : w->token;
				w->token_end = ends ? w->next : w->token_end;
			} else {
				goes_on = end_token(w, &stretches[w->stretch], cells);
			}
			if (goes_on && kept != i)
				walkers[kept] = *w;
			kept += goes_on;
		}
		active = kept;
	}
}

/* Two neighbours going back in time: see spine.c, where this is done for one pair. */
struct meeting {
	uint32_t left, right, left_end, right_end;
	uint32_t first_left, first_right, stretch;
};

/* One step.  False: it is known whether they adjoin, *answer. */
static bool step_back(const struct tok_bpe *bpe, struct meeting *m, bool *answer)
{
	const uint32_t rank = tok_pairs_get(&bpe->pairs, m->left, m->right).rank;
	const struct tok_spine *x = &bpe->walk.spines[m->left];
	const struct tok_spine *y = &bpe->walk.spines[m->right];
	*answer = false;
	if (rank != TOK_RANK_NONE && rank + 1 < m->left_end && rank + 1 <= m->right_end)
		return false;
	if (x->birth == 0 && y->birth == 0) {
		*answer = true;
		return false;
	}
	if (x->birth > y->birth) {
		m->left_end = x->birth;
		m->left = x->right;
	} else {
		m->right_end = y->birth;
		m->right = y->left;
	}
	return true;
}

static void let_meet(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch,
		     struct tok_stretch *stretches, struct meeting *meetings, size_t active)
{
	while (active > 0) {
		size_t kept = 0;
		for (size_t i = 0; i < active; i++) {
			struct meeting *m = &meetings[i];
			bool answer;
			if (step_back(bpe, m, &answer)) {
				meetings[kept++] = *m;
				continue;
			}
			tok_walk_remember(scratch, m->first_left, m->first_right, answer);
			if (!answer)
				stretches[m->stretch].state = TOK_STRETCH_BACK;
		}
		active = kept;
	}
}

/* A token that never is one of its text alone has no place in a stretch of several. */
static bool has_births(const struct tok_bpe *bpe, const struct tok_stretch *stretch)
{
	if (stretch->count == 1 && bpe->ignore_merges)
		return true;
	for (size_t i = 0; i < stretch->count; i++)
		if (bpe->walk.spines[stretch->tokens[i]].birth == TOK_BIRTH_NEVER)
			return false;
	return true;
}

/* Ask all neighbours. */
static void check_neighbours(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch,
			     struct tok_stretch *stretches, size_t count)
{
	struct meeting meetings[TOK_MEETINGS];
	size_t met = 0;
	for (size_t s = 0; s < count; s++) {
		struct tok_stretch *stretch = &stretches[s];
		if (stretch->state != TOK_STRETCH_DONE)
			continue;
		if (!has_births(bpe, stretch)) {
			stretch->state = TOK_STRETCH_BACK;
			continue;
		}
		for (size_t i = 1; i < stretch->count; i++) {
			const uint32_t left = stretch->tokens[i - 1], right = stretch->tokens[i];
			bool answer;
			if (tok_walk_recall(scratch, left, right, &answer)) {
				if (!answer)
					stretch->state = TOK_STRETCH_BACK;
				continue;
			}
			if (met == TOK_MEETINGS) {
				let_meet(bpe, scratch, stretches, meetings, met);
				met = 0;
			}
			meetings[met++] = (struct meeting){ left, right, UINT32_MAX, UINT32_MAX,
							    left, right, (uint32_t)s };
		}
	}
	let_meet(bpe, scratch, stretches, meetings, met);
}

void tok_bpe_walk_many(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch,
		       struct tok_stretch *stretches, size_t count)
{
	take_longest(&bpe->walk, stretches, count);
	for (size_t s = 0; s < count; s++)
		for (size_t i = 0; i < stretches[s].count; i++)
			__builtin_prefetch(&bpe->walk.spines[stretches[s].tokens[i]]);
	check_neighbours(bpe, scratch, stretches, count);
}
