#include "cmd/audit_measures.h"

#include <math.h>

#include "cmd/audit_internal.h"
#include "cmd/audit_morphology.h"

#define WHOLE(type, field, name, better, tolerance)                                                \
	{                                                                                          \
		name, CLI_FIELD(type, field, uint64_t), true, better, tolerance, false             \
	}
#define REAL(type, field, name, better, tolerance)                                                 \
	{                                                                                          \
		name, CLI_FIELD(type, field, double), false, better, tolerance, false              \
	}
#define SHARE(type, field, name, better, tolerance)                                                \
	{                                                                                          \
		name, CLI_FIELD(type, field, double), false, better, tolerance, true               \
	}

/* Efficiencies and entropy can be raised without any good (2402.14614), so that neither direction
 * is better; what comes back is to come back altogether.  Of the same lines some numbers say the
 * same as the number of tokens, which is enough to be told. */
#define CELL struct audit_cell
const struct audit_measure audit_cell_measures[] = {
	WHOLE(CELL, measures.lines, "lines", 0, 0),
	WHOLE(CELL, measures.bytes, "bytes", 0, 0),
	WHOLE(CELL, measures.characters, "characters", 0, 0),
	WHOLE(CELL, measures.words, "words", 0, 0),
	WHOLE(CELL, measures.tokens, "tokens", -1, 0.01),
	WHOLE(CELL, measures.unknown, "unknown", -1, 0),
	WHOLE(CELL, measures.types, "types", 0, 0),
	REAL(CELL, measures.bytes_per_token, "bytes_per_token", 1, INFINITY),
	REAL(CELL, measures.characters_per_token, "characters_per_token", 1, INFINITY),
	REAL(CELL, measures.tokens_per_line, "tokens_per_line", -1, INFINITY),
	REAL(CELL, measures.fertility, "fertility", -1, 0.01),
	SHARE(CELL, measures.continued, "continued", -1, 0.01),
	SHARE(CELL, measures.single, "single", 1, 0.01),
	SHARE(CELL, measures.single_types, "single_types", 1, 0.01),
	REAL(CELL, measures.entropy, "entropy", 0, 0),
	SHARE(CELL, measures.efficiency, "efficiency", 0, 0),
	SHARE(CELL, measures.renyi_efficiency[0], "renyi_efficiency_2", 0, 0),
	SHARE(CELL, measures.renyi_efficiency[1], "renyi_efficiency_2_5", 0, 0),
	SHARE(CELL, measures.renyi_efficiency[2], "renyi_efficiency_3", 0, 0),
	SHARE(CELL, measures.round_trip, "round_trip", 1, 0),
	SHARE(CELL, measures.split_characters, "split_characters", -1, 0.01),
	REAL(CELL, premium, "premium", -1, 0.01),
	SHARE(CELL, measures.continuing, "continuing", -1, 0.01),
	SHARE(CELL, measures.vocabulary_use, "vocabulary_use", 0, 0),
	SHARE(CELL, measures.vocabulary_efficiency, "vocabulary_efficiency", 0, 0),
	SHARE(CELL, measures.script_tokens, "script_tokens", 0, 0),
	SHARE(CELL, measures.script_vocabulary, "script_vocabulary", 0, 0),
	REAL(CELL, fidelity.error_rate, "error_rate", -1, 0),
	WHOLE(CELL, fidelity.bounded, "bounded_lines", 0, 0),
	SHARE(CELL, fidelity.spaces_kept, "spaces_kept", 1, 0),
	SHARE(CELL, fidelity.normalizer_loss, "normalizer_loss", -1, 0.01),
	SHARE(CELL, fidelity.nfc_stable, "nfc_stable", 1, 0.01),
	SHARE(CELL, fidelity.nfd_stable, "nfd_stable", 1, 0.01),
	{ 0 },
};
#undef CELL

#define TOKENIZER struct audit_tokenizer
#define DIGITS(n, length)                                                                          \
	REAL(TOKENIZER, digits.tokens_per_digit[n], "digits_" length "_tokens_per_digit", 0, 0),   \
	    REAL(TOKENIZER, digits.pattern_entropy[n], "digits_" length "_pattern_entropy", -1,    \
		 0.01)
const struct audit_measure audit_tokenizer_measures[] = {
	SHARE(TOKENIZER, gini, "gini", -1, 0.01),
	SHARE(TOKENIZER, gini_bytes, "gini_bytes", 0, 0),
	REAL(TOKENIZER, utilization_variation, "utilization_variation", -1, 0.01),
	REAL(TOKENIZER, premium_median, "premium_median", -1, 0.01),
	REAL(TOKENIZER, premium_max, "premium_max", -1, 0.01),
	SHARE(TOKENIZER, digits.grade.precision, "digits_precision", 1, 0.01),
	SHARE(TOKENIZER, digits.grade.recall, "digits_recall", 1, 0.01),
	SHARE(TOKENIZER, digits.grade.f1, "digits_f1", 1, 0.01),
	SHARE(TOKENIZER, digits.operators_alone, "digits_operators_alone", 1, 0.01),
	DIGITS(1, "1"),
	DIGITS(2, "2"),
	DIGITS(3, "3"),
	DIGITS(4, "4"),
	DIGITS(5, "5"),
	DIGITS(6, "6"),
	DIGITS(7, "7"),
	DIGITS(8, "8"),
	DIGITS(9, "9"),
	DIGITS(10, "10"),
	DIGITS(11, "11"),
	DIGITS(12, "12"),
	{ 0 },
};
_Static_assert(VOCAB_AUDIT_DIGITS_MAX == 12, "each length has its two names");

#define PAIR struct vocab_audit_similarity
const struct audit_measure audit_pair_measures[] = {
	SHARE(PAIR, jaccard, "jaccard", 0, 0),
	SHARE(PAIR, same_id, "same_id", 0, 0),
	SHARE(PAIR, same_words, "same_words", 0, 0),
	SHARE(PAIR, boundary_f1, "boundary_f1", 0, 0),
	{ 0 },
};

#define MORPHOLOGY struct vocab_morphology
const struct audit_measure audit_morphology_measures[] = {
	WHOLE(MORPHOLOGY, rows, "rows", 0, 0),
	WHOLE(MORPHOLOGY, bad, "bad", 0, 0),
	WHOLE(MORPHOLOGY, single, "single", 0, 0),
	WHOLE(MORPHOLOGY, scored, "scored", 0, 0),
	WHOLE(MORPHOLOGY, found, "found", 0, 0),
	WHOLE(MORPHOLOGY, cuts, "cuts", 0, 0),
	SHARE(MORPHOLOGY, recall, "recall", 1, 0.01),
	SHARE(MORPHOLOGY, recall_all, "recall_all", 0, 0),
	SHARE(MORPHOLOGY, precision, "precision", 1, 0.01),
	SHARE(MORPHOLOGY, f1, "f1", 1, 0.01),
	SHARE(MORPHOLOGY, random_recall, "random_recall", 0, 0),
	SHARE(MORPHOLOGY, random_precision, "random_precision", 0, 0),
	SHARE(MORPHOLOGY, random_f1, "random_f1", 0, 0),
	{ 0 },
};

double audit_measure_value(const struct audit_measure *measure, const void *of)
{
	const char *field = (const char *)of + measure->offset;
	return measure->whole ? (double)*(const uint64_t *)(const void *)field
			      : *(const double *)(const void *)field;
}
