/*
 * Many walks at once.  One walk waits for memory at each step, since where it goes
 * next is in what it reads now; a few dozen that take their steps in turn wait
 * together.
 *
 * Each walk is that of walk.c, cut up into steps: one down the trie, or one back in
 * time where two neighbours meet that were not asked about before (spine.c).
 */
#include "tok/model/bpe_internal.h"

/* A bit of `dead` a place; a longer stretch that has to go back is walked alone. */
enum { PLACES_MAX = 64 };

struct walker {
	struct tok_stretch *stretch;
	const uint8_t *bytes;
	uint64_t dead; /* places from which no way leads on */
	uint32_t at;   /* where the tokens so far end */
	uint32_t end;
	/* Down the trie from `at`: how far, and the longest token met. */
	uint32_t next, token, token_end;
	uint64_t cell;
	/* The last token and `token` going back in time. */
	uint32_t left, right, left_end, right_end;
};

enum next_step { STEP_DOWN, STEP_BACK_IN_TIME, WALK_OVER };

/* Tokens of a stretch under way, with where they end. */
static uint32_t last_token(const struct walker *w)
{
	return w->stretch->tokens[2 * w->stretch->count - 2];
}

static void start_token(struct walker *w, const uint64_t *cells)
{
	w->cell = cells[TOK_TRIE_ROOT];
	w->next = w->at;
	w->token = TOK_NO_ID;
}

/* The next shorter token in place of `token`. */
static void shorten(const struct tok_model *model, struct walker *w, uint32_t token)
{
	const uint32_t *starts = model->lexicon.texts.starts;
	const uint32_t before = w->token_end;
	w->token = model->bpe->walk.shorter[token];
	if (w->token == TOK_NO_ID)
		return;
	w->token_end = w->at + starts[w->token + 1] - starts[w->token];
	if (w->token_end >= before) /* the trie of a hostile image */
		w->token = TOK_NO_ID;
}

/* Nothing fits at `at`: take a shorter token before it.  False: there is none. */
static bool go_back(const struct tok_model *model, struct walker *w)
{
	struct tok_stretch *stretch = w->stretch;
	if (stretch->count == 0 || w->end > PLACES_MAX) {
		stretch->state = stretch->count ? TOK_STRETCH_BACK : TOK_STRETCH_LOST;
		return false;
	}
	w->dead |= UINT64_C(1) << w->at;
	const uint32_t token = last_token(w);
	w->token_end = w->at;
	stretch->count--;
	w->at = stretch->count ? stretch->tokens[2 * stretch->count - 1] : 0;
	shorten(model, w, token);
	return true;
}

static enum next_step accept(const struct tok_model *model, struct walker *w)
{
	struct tok_stretch *stretch = w->stretch;
	stretch->tokens[2 * stretch->count] = w->token;
	stretch->tokens[2 * stretch->count + 1] = w->token_end;
	stretch->count++;
	w->at = w->token_end;
	if (w->at == w->end) {
		stretch->state = TOK_STRETCH_DONE;
		return WALK_OVER;
	}
	start_token(w, model->bpe->walk.trie.cells);
	return STEP_DOWN;
}

/* May the token be asked about at all? */
static bool may_stand(const struct tok_bpe *bpe, const struct walker *w)
{
	if (bpe->ignore_merges && w->at == 0 && w->token_end == w->end)
		return true;
	return bpe->walk.spines[w->token].birth != TOK_BIRTH_NEVER &&
	       !(w->token_end < PLACES_MAX && w->dead >> w->token_end & 1);
}

/* Take the longest token that may stand behind those before, as far as that is
 * known. */
static enum next_step settle(const struct tok_model *model, struct tok_bpe_scratch *scratch,
			     struct walker *w)
{
	for (;;) {
		if (w->token == TOK_NO_ID) {
			if (!go_back(model, w))
				return WALK_OVER;
			continue;
		}
		if (may_stand(model->bpe, w)) {
			bool adjoins = true;
			if (w->stretch->count > 0 &&
			    !tok_walk_recall(scratch, last_token(w), w->token, &adjoins)) {
				w->left = last_token(w);
				w->right = w->token;
				w->left_end = w->right_end = UINT32_MAX;
				return STEP_BACK_IN_TIME;
			}
			if (adjoins)
				return accept(model, w);
		}
		shorten(model, w, w->token);
	}
}

static enum next_step step_down(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				struct walker *w)
{
	const uint64_t *cells = model->bpe->walk.trie.cells;
	if (w->next < w->end) {
		const uint8_t byte = w->bytes[w->next];
		const uint64_t cell = cells[(uint32_t)(w->cell >> 8) ^ byte];
		if ((cell & 0xFF) == byte) {
			const bool ends = cell >> 40 != TOK_TRIE_NO_VALUE;
			w->cell = cell;
			w->next++;
			w->token = ends ? (uint32_t)(cell >> 40) : w->token;
			w->token_end = ends ? w->next : w->token_end;
			return STEP_DOWN;
		}
	}
	return settle(model, scratch, w);
}

/* See meets_no_merge in spine.c. */
static enum next_step step_back_in_time(const struct tok_model *model,
					struct tok_bpe_scratch *scratch, struct walker *w)
{
	const struct tok_bpe *bpe = model->bpe;
	const uint32_t rank = tok_pairs_get(&bpe->pairs, w->left, w->right).rank;
	const struct tok_spine *x = &bpe->walk.spines[w->left];
	const struct tok_spine *y = &bpe->walk.spines[w->right];
	const bool joins =
	    rank != TOK_RANK_NONE && rank + 1 < w->left_end && rank + 1 <= w->right_end;
	if (joins || (x->birth == 0 && y->birth == 0)) {
		tok_walk_remember(scratch, last_token(w), w->token, !joins);
		if (!joins)
			return accept(model, w);
		shorten(model, w, w->token);
		return settle(model, scratch, w);
	}
	if (x->birth > y->birth) {
		w->left_end = x->birth;
		w->left = x->right;
	} else {
		w->right_end = y->birth;
		w->right = y->left;
	}
	return STEP_BACK_IN_TIME;
}

/* The tokens, without where they end. */
static void drop_ends(struct tok_stretch *stretch)
{
	for (size_t i = 1; i < stretch->count; i++)
		stretch->tokens[i] = stretch->tokens[2 * i];
}

void tok_bpe_walk_many(const struct tok_model *model, struct tok_bpe_scratch *scratch,
		       struct tok_stretch *stretches, size_t count)
{
	struct walker walkers[TOK_STRETCHES];
	uint8_t down[TOK_STRETCHES], back[TOK_STRETCHES];
	size_t downs = count, backs = 0;
	for (size_t i = 0; i < count; i++) {
		walkers[i] = (struct walker){ .stretch = &stretches[i],
					      .bytes = stretches[i].text.bytes,
					      .end = (uint32_t)stretches[i].text.count };
		start_token(&walkers[i], model->bpe->walk.trie.cells);
		down[i] = (uint8_t)i;
	}
	while (downs + backs > 0) {
		const size_t had_downs = downs, had_backs = backs;
		uint8_t met[TOK_STRETCHES]; /* those that go over from back to down */
		size_t mets = 0;
		backs = downs = 0;
		for (size_t i = 0; i < had_backs; i++) {
			const uint8_t at = back[i];
			const enum next_step next = step_back_in_time(model, scratch, &walkers[at]);
			back[backs] = at;
			met[mets] = at;
			backs += next == STEP_BACK_IN_TIME;
			mets += next == STEP_DOWN;
		}
		for (size_t i = 0; i < had_downs; i++) {
			const uint8_t at = down[i];
			const enum next_step next = step_down(model, scratch, &walkers[at]);
			down[downs] = at;
			downs += next == STEP_DOWN;
			back[backs] = at;
			backs += next == STEP_BACK_IN_TIME;
		}
		memcpy(down + downs, met, mets);
		downs += mets;
	}
	for (size_t i = 0; i < count; i++)
		if (stretches[i].state == TOK_STRETCH_DONE)
			drop_ends(&stretches[i]);
}
