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

/* A token that the word holds; `place` is where among the entries. */
struct edge {
	uint32_t place, length;
};

/* The tokens of a word by where they begin. */
struct lattice {
	struct edge edges[TOK_WORD_BYTES][TOK_WORD_BYTES];
	uint8_t counts[TOK_WORD_BYTES];
	uint8_t starts[TOK_WORD_BYTES]; /* of the characters */
	uint32_t characters;
};

/* Walk down from all characters in step, so that their ways through memory do
 * not wait for each other. */
static void find_edges(const struct tok_unigram *u, struct tok_span word, struct lattice *lattice)
{
	uint32_t nodes[TOK_WORD_BYTES], walks = lattice->characters;
	uint8_t starts[TOK_WORD_BYTES];
	for (uint32_t i = 0; i < walks; i++) {
		starts[i] = lattice->starts[i];
		nodes[i] = TOK_TRIE_ROOT;
		lattice->counts[starts[i]] = 0;
	}
	for (uint32_t depth = 0; walks > 0; depth++) {
		uint32_t kept = 0;
		for (uint32_t i = 0; i < walks; i++) {
			const uint8_t start = starts[i];
			const uint32_t node =
			    tok_trie_child(&u->trie, nodes[i], word.bytes[start + depth]);
			const uint32_t place = tok_trie_value(&u->trie, node);
			const uint8_t count = lattice->counts[start];
			lattice->edges[start][count] = (struct edge){ place, depth + 1 };
			if (node != 0 && place != TOK_NO_ID)
				lattice->counts[start] = (uint8_t)(count + 1);
			starts[kept] = start;
			nodes[kept] = node;
			kept += node != 0;
		}
		walks = kept;
		while (walks > 0 && starts[walks - 1] + depth + 1 >= word.count)
			walks--;
	}
}

/* The best and second best sums of paths that end here. */
struct two_sums {
	double best, second;
	struct edge last; /* of the best path; length 0: no path ends here */
};

static void offer_paths(struct two_sums *to, const struct two_sums *from, double score,
			struct edge edge)
{
	const double best = from->best + score, second = from->second + score;
	if (to->last.length != 0 && !(best > to->best)) {
		to->second = best > to->second ? best : to->second;
		return;
	}
	to->second = to->last.length != 0 && to->best > second ? to->best : second;
	to->best = best;
	to->last = edge;
}

/* Offer the tokens of the character at `at`.  False if none is the character. */
static bool extend_sums(const struct tok_unigram *u, const struct lattice *lattice,
			struct two_sums *sums, uint32_t at, uint32_t length)
{
	bool has_single = false;
	for (uint32_t i = 0; i < lattice->counts[at]; i++) {
		const struct edge edge = lattice->edges[at][i];
		/* Even where it is in the vocabulary it is written as unknown. */
		if (edge.place == u->unk_place)
			return false;
		offer_paths(&sums[at + edge.length], &sums[at], u->tokens[edge.place].score, edge);
		has_single = has_single || edge.length == length;
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
	struct lattice lattice;
	struct two_sums sums[TOK_WORD_BYTES + 1];
	const uint32_t size = (uint32_t)word.count;
	lattice.characters = 0;
	for (uint32_t at = 0; at < size; at += tok_unigram_char(word, at).length)
		lattice.starts[lattice.characters++] = (uint8_t)at;
	find_edges(u, word, &lattice);

	for (uint32_t i = 0; i <= size; i++)
		sums[i].last.length = 0;
	sums[0].best = 0.0;
	sums[0].second = -INFINITY;
	for (uint32_t i = 0; i < lattice.characters; i++) {
		const uint32_t at = lattice.starts[i];
		const uint32_t end = i + 1 < lattice.characters ? lattice.starts[i + 1] : size;
		if (!extend_sums(u, &lattice, sums, at, end - at))
			return false;
	}

	uint32_t count = 0;
	for (uint32_t end = size; end > 0; end -= sums[end].last.length) {
		/* From the word's slot a token is as long as its entry says, which the trie
		 * of a hostile image may not. */
		if (u->tokens[sums[end].last.place].length != sums[end].last.length)
			return false;
		count++;
	}
	if (count > TOK_WORD_TOKENS)
		return false;
	slot->count = (uint16_t)count;
	slot->of.limit = find_limit(u, sums[size].best - sums[size].second, lattice.characters);
	for (uint32_t end = size; end > 0; end -= sums[end].last.length)
		slot->tokens[--count] = sums[end].last.place;
	return true;
}
