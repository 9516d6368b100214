/* text_measure.c - what the counts of a text say. */
#include <math.h>
#include <stdlib.h>

#include "vocab/audit/text_internal.h"

/* Of nothing: NAN. */
static double ratio(uint64_t a, uint64_t b)
{
	return b ? (double)a / (double)b : (double)NAN;
}

/* Efficiency is of use only where there are two types to choose from; it may be rounded up. */
static double over_types(double entropy, size_t types)
{
	return types > 1 ? fmin(entropy / log2((double)types), 1) : (double)NAN;
}

/* Tokens with the language's script: in the text, and in the vocabulary. */
static void measure_script(const struct vocab_audit_text *a, int script,
			   const struct vocab_audit_counts *counts,
			   struct vocab_audit_measures *out)
{
	uint64_t running = 0;
	for (size_t i = 0; i < counts->used_count; i++)
		if (a->tokens.scripts[counts->used[i]] == script)
			running += counts->ids[counts->used[i]];
	const bool has = script != USCRIPT_COMMON;
	out->script_tokens = has ? ratio(running, counts->tokens) : (double)NAN;
	out->script_vocabulary =
	    has ? ratio(a->tokens.entries[script], a->tokens.present) : (double)NAN;
}

/* Counts that are not 0, in the order of their ids: sums are rounded as they are added. */
static uint64_t *list_counts(const struct vocab_audit_counts *counts)
{
	enum { BITS = 64 };
	const size_t words = counts->size / BITS + 1;
	uint64_t *marks = calloc(words, sizeof *marks),
		 *out = calloc(counts->used_count + 1, sizeof *out);
	size_t count = 0;
	for (size_t i = 0; i < counts->used_count && marks; i++)
		marks[counts->used[i] / BITS] |= (uint64_t)1 << counts->used[i] % BITS;
	for (size_t i = 0; i < words && marks && out; i++)
		for (uint64_t left = marks[i]; left; left &= left - 1)
			out[count++] = counts->ids[i * BITS + (size_t)__builtin_ctzll(left)];
	if (!marks) {
		free(out);
		return NULL;
	}
	free(marks);
	return out;
}

static enum tok_status measure_entropies(const struct vocab_audit_text *a,
					 const struct vocab_audit_counts *counts,
					 struct vocab_audit_measures *out, struct tok_error *err)
{
	static const double alphas[] = { 2, 2.5, 3 };
	const size_t types = counts->used_count;
	uint64_t *used = list_counts(counts);
	if (!used)
		return tok_fail_memory(err);
	out->types = types;
	out->vocabulary_use = ratio(types, a->tokens.present);
	out->entropy = vocab_audit_renyi(used, types, 1);
	out->efficiency = over_types(out->entropy, types);
	out->vocabulary_efficiency = over_types(out->entropy, a->tokens.present);
	for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++)
		out->renyi_efficiency[i] =
		    over_types(vocab_audit_renyi(used, types, alphas[i]), types);
	free(used);
	return TOK_OK;
}

enum tok_status vocab_audit_text_measure(const struct vocab_audit_text *audit,
					 const struct vocab_audit_facts *facts,
					 const struct vocab_audit_counts *counts,
					 struct vocab_audit_measures *out, struct tok_error *err)
{
	const tok_id unknown = audit->tokens.unknown;
	struct vocab_audit_measures m = {
		.lines = facts->lines,
		.bytes = facts->bytes,
		.characters = facts->characters,
		.words = facts->words,
		.tokens = counts->tokens,
		.unknown = unknown < counts->size ? counts->ids[unknown] : 0,
		.bytes_per_token = ratio(facts->bytes, counts->tokens),
		.characters_per_token = ratio(facts->characters, counts->tokens),
		.tokens_per_line = ratio(counts->tokens, facts->lines),
		.fertility = ratio(counts->tokens, facts->words),
		.continued = ratio(counts->continued_words, facts->words),
		.single = ratio(counts->single_words, facts->words),
		.single_types = ratio(counts->single_types, facts->distinct_words),
		.continuing =
		    ratio(counts->word_tokens - counts->single_words - counts->continued_words,
			  counts->word_tokens),
		.round_trip = ratio(counts->kept_lines, facts->lines),
		.split_characters = ratio(counts->split, facts->multibyte),
	};
	const enum tok_status status = measure_entropies(audit, counts, &m, err);
	if (status != TOK_OK)
		return status;
	measure_script(audit, facts->script_code, counts, &m);
	*out = m;
	return TOK_OK;
}
