/*
 * What a word becomes depends, through rounding, on the sum before it.  Here is
 * when it does not.
 *
 * Let the word have n characters, each a token of its own, so that no path needs
 * the unknown token; M the greatest |score|; S the sum before the word; u the
 * unit roundoff of the model (2^-24 where it adds floats, 2^-53 for doubles).
 *
 * The search is a chain of rounded additions and comparisons.  Rounded addition
 * is monotonic, so the sum found at a place is at least that of every path to it,
 * each added up from S in order: the path kept to the end is one of those whose
 * rounded sums are greatest.  A path has at most n tokens, and no sum on it
 * exceeds |S| + nM but for rounding, so its rounded sum is off by at most
 *
 *	E(S) = n u (1 + 2nu) (|S| + nM).
 *
 * If in exact arithmetic the best path is better than the second by more than
 * 2 E(S), its rounded sum is greater too, and it is found whatever the ties
 * inside the word.  That margin is worked out here in doubles, from a sum of 0;
 * each of its two sums is off by no more than E(0).  So the path is certain if
 *
 *	margin > 2 n u (1 + 2nu) (|S| + 2nM),  for which it is enough that
 *	|S| <= margin / (2.002 n u) - 2nM      and margin > 0.
 *
 * In floats no sum inside the word may reach the place where zero is moved, and
 * in doubles none may overflow: |S| + nM stays well below.
 *
 * A score that is infinite makes the limit negative or not a number, and no |S|
 * is at most that.
 */
#include <math.h>

#include "tok/model/unigram_internal.h"

/* The best and second best sums of paths that end here. */
struct two_sums {
	double best, second;
	uint32_t place, length; /* of the best path's last token; length 0: no path */
};

static void offer_paths(struct two_sums *to, const struct two_sums *from, double score,
			uint32_t place, uint32_t length)
{
	const double best = from->best + score, second = from->second + score;
	if (to->length != 0 && !(best > to->best)) {
		to->second = best > to->second ? best : to->second;
		return;
	}
	to->second = to->length != 0 && to->best > second ? to->best : second;
	to->best = best;
	to->place = place;
	to->length = length;
}

/* Offer the tokens that begin at `at`.  False if none is the character. */
static bool extend_sums(const struct tok_unigram *u, struct tok_span word, struct two_sums *sums,
			uint32_t at, uint32_t length)
{
	bool has_single = false;
	uint32_t node = TOK_TRIE_ROOT;
	for (uint32_t i = at; i < word.count; i++) {
		node = tok_trie_child(&u->trie, node, word.bytes[i]);
		if (node == 0)
			break;
		const uint32_t place = tok_trie_value(&u->trie, node);
		if (place == TOK_NO_ID)
			continue;
		/* Even where it is in the vocabulary it is written as unknown. */
		if (place == u->unk_place)
			return false;
		offer_paths(&sums[i + 1], &sums[at], tok_unigram_score(u, place), place,
			    i + 1 - at);
		has_single = has_single || i + 1 - at == length;
	}
	return has_single;
}

static double find_limit(const struct tok_unigram *u, double margin, double characters)
{
	const double roundoff = u->single_precision ? 0x1p-24 : 0x1p-53;
	const double most = u->single_precision ? 0.999 * TOK_UNIGRAM_REBASE : 1e300;
	const double reach = characters * u->greatest;
	if (!(margin > 0.0))
		return -1.0;
	return fmin(margin / (2.002 * characters * roundoff) - 2 * reach, most - reach);
}

bool tok_unigram_learn(const struct tok_unigram *u, struct tok_span word,
		       struct tok_word_slot *slot)
{
	struct two_sums sums[TOK_WORD_BYTES + 1];
	const uint32_t size = (uint32_t)word.count;
	for (uint32_t i = 0; i <= size; i++)
		sums[i].length = 0;
	sums[0].best = 0.0;
	sums[0].second = -INFINITY;

	uint32_t characters = 0;
	for (uint32_t at = 0, length; at < size; at += length, characters++) {
		length = tok_unigram_char(word, at).length;
		if (!extend_sums(u, word, sums, at, length))
			return false;
	}

	uint32_t count = 0;
	for (uint32_t end = size; end > 0; end -= sums[end].length)
		count++;
	if (count > TOK_WORD_TOKENS)
		return false;
	slot->count = (uint16_t)count;
	slot->of.limit = find_limit(u, sums[size].best - sums[size].second, characters);
	for (uint32_t end = size; end > 0; end -= sums[end].length)
		slot->tokens[--count] = sums[end].place;
	return true;
}
