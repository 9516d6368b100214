/*
 * The search for the most probable path (Viterbi), as encode_optimized of
 * Hugging Face's models/unigram and EncodeOptimized of SentencePiece's
 * unigram_model.cc do it.  Both keep the first of equally good paths, and meet
 * shorter tokens first and earlier starts first; so does this.
 *
 * The steps of a window are kept, not those of the whole text: from time to
 * time all paths still open are followed back to where they part, and what is
 * before that place is written.
 */
#include <math.h>

#include "tok/model/unigram_internal.h"

enum { WINDOW = 2048 };

/* The best path that ends here. */
struct tok_unigram_step {
	double score;
	uint32_t place;  /* of its last token */
	uint32_t length; /* of that token, in bytes; 0: no path ends here */
};

/* Positions in the window; in the text they are `base` further on. */
struct search {
	const struct tok_unigram *model;
	struct tok_unigram_step *steps;
	struct tok_span text; /* ends where the word does */
	uint32_t base;        /* where the window begins */
	uint32_t at;          /* the character in turn */
	uint32_t frontier;    /* the furthest that a token reaches */
};

static void move_frontier(struct search *s, uint32_t end)
{
	while (s->frontier < end)
		s->steps[++s->frontier].length = 0;
}

/* Offer a path to `step`; the first of equals stays. */
static bool improve_step(struct tok_unigram_step *step, double score, uint32_t place,
			 uint32_t length)
{
	if (step->length != 0 && !(score > step->score))
		return false;
	*step = (struct tok_unigram_step){ score, place, length };
	return true;
}

static void rebase_scores(struct search *s)
{
	struct tok_unigram_step *steps = s->steps;
	const float offset = (float)steps[s->at].score;
	for (uint32_t i = s->at; i <= s->frontier; i++) {
		if (i == s->at || steps[i].length != 0)
			steps[i].score = (double)((float)steps[i].score - offset);
	}
	steps[s->at].score = 0.0;
}

/* Offer the tokens that begin at `at`.  False: none is the character, and there
 * is no unknown token where Hugging Face needs one. */
static bool extend_paths(struct search *s)
{
	const struct tok_unigram *u = s->model;
	const uint8_t *bytes = s->text.bytes + s->base;
	const uint32_t at = s->at, left = (uint32_t)s->text.count - s->base - at;
	const uint32_t limit = at + (left < u->longest ? left : u->longest);
	const uint32_t length = tok_unigram_char(s->text, s->base + at).length;
	if (u->single_precision && fabs(s->steps[at].score) > TOK_UNIGRAM_REBASE)
		rebase_scores(s);

	const double so_far = s->steps[at].score;
	bool has_single = false, known = true;
	uint32_t node = TOK_TRIE_ROOT;
	for (uint32_t i = at; i < limit; i++) {
		node = tok_trie_child(&u->trie, node, bytes[i]);
		if (node == 0)
			break;
		const uint32_t place = tok_trie_value(&u->trie, node);
		if (place == TOK_NO_ID)
			continue;
		move_frontier(s, i + 1);
		improve_step(&s->steps[i + 1],
			     tok_unigram_add(u, tok_unigram_score(u, place), so_far), place,
			     i + 1 - at);
		has_single = has_single || i + 1 - at == length;
	}
	if (!has_single) {
		move_frontier(s, at + length);
		known = !improve_step(&s->steps[at + length],
				      tok_unigram_add(u, u->unknown_score, so_far), u->unk_place,
				      length) ||
			u->unk_place != TOK_NO_ID || u->single_precision;
	}
	s->at += length;
	return known;
}

/* The last place that the paths to `a` and `b` share. */
static uint32_t find_fork(const struct tok_unigram_step *steps, uint32_t a, uint32_t b)
{
	while (a != b) {
		if (a > b)
			a -= steps[a].length;
		else
			b -= steps[b].length;
	}
	return a;
}

/* Every path to come goes on from one that ends at `at` or behind it. */
static uint32_t find_common(const struct search *s)
{
	uint32_t common = s->at;
	for (uint32_t i = s->at + 1; i <= s->frontier; i++) {
		if (s->steps[i].length != 0)
			common = find_fork(s->steps, common, i);
	}
	return common;
}

/* Turn the links of the path to `end` round, so that a step tells the token
 * that begins there. */
static void turn_path(struct tok_unigram_step *steps, uint32_t end)
{
	struct tok_unigram_step token = steps[end];
	while (end > 0) {
		end -= token.length;
		const struct tok_unigram_step before = steps[end];
		steps[end] = token;
		token = before;
	}
}

/* Write the path to `end`, a position in the window, and begin the window there. */
static enum tok_status write_path(struct search *s, struct tok_unigram_writer *writer, uint32_t end,
				  struct tok_error *err)
{
	const struct tok_unigram_step last = s->steps[end];
	enum tok_status status = TOK_OK;
	turn_path(s->steps, end);
	for (uint32_t i = 0; status == TOK_OK && i < end;) {
		const struct tok_unigram_step token = s->steps[i];
		status = tok_unigram_write(writer, token.place, s->base + i,
					   s->base + i + token.length, err);
		i += token.length;
	}
	memmove(s->steps, s->steps + end, (s->frontier - end + 1) * sizeof *s->steps);
	s->steps[0] = last;
	s->base += end;
	s->at -= end;
	s->frontier -= end;
	return status;
}

enum tok_status tok_unigram_search(struct tok_unigram_scratch *scratch,
				   struct tok_unigram_writer *writer, struct tok_range word,
				   uint32_t origin, double *sum, struct tok_error *err)
{
	const struct tok_unigram *u = writer->model->unigram;
	/* A character may be unknown, and longer than any token. */
	const size_t reach = u->longest > 4 ? u->longest : 4;
	struct search s = {
		.model = u,
		.text = { writer->text.bytes, word.end },
		.base = word.begin,
	};
	enum tok_status status = TOK_OK;
	if (!tok_grow(&scratch->steps, &scratch->step_capacity, 1, sizeof *scratch->steps))
		return tok_fail_memory(err);
	scratch->steps[0].score = *sum;
	for (size_t check = WINDOW; status == TOK_OK && s.base + s.at < word.end;) {
		const size_t left = word.end - s.base;
		const size_t want = check + reach < left ? check + reach : left;
		if (!tok_grow(&scratch->steps, &scratch->step_capacity, want + 1,
			      sizeof *scratch->steps))
			return tok_fail_memory(err);
		s.steps = scratch->steps;
		while (s.at < check && s.base + s.at < word.end) {
			const uint32_t before = s.base + s.at;
			if (!extend_paths(&s))
				return tok_fail(
				    err, TOK_ETEXT,
				    "byte %u begins a character that no token has, and there "
				    "is no unknown token",
				    before - origin);
		}
		if (s.base + s.at < word.end) {
			status = write_path(&s, writer, find_common(&s), err);
			/* What is kept is looked at again when it has doubled. */
			check = s.at > WINDOW ? 2 * (size_t)s.at : s.at + WINDOW;
		}
	}
	if (status != TOK_OK)
		return status;
	*sum = s.steps[s.at].score;
	return write_path(&s, writer, s.at, err);
}
