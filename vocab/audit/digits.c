#include "vocab/audit/digits.h"

#include <math.h>

#include "tok/base/random.h"
#include "vocab/audit/cuts.h"

enum { DRAWS = 1000, OPERAND = 4, PATTERNS = 1 << (VOCAB_AUDIT_DIGITS_MAX - 1) };

/* Bit i: a cut behind digit i + 1; groups of three, from the right. */
static uint32_t right_cuts(size_t digits)
{
	uint32_t cuts = 0;
	for (size_t left = 3; left < digits; left += 3)
		cuts |= 1u << (digits - left - 1);
	return cuts;
}

static unsigned count_bits(uint32_t bits)
{
	return (unsigned)__builtin_popcount(bits);
}

void vocab_audit_digits_add(struct vocab_audit_places *places, uint32_t cuts, size_t digits)
{
	const uint32_t wanted = right_cuts(digits);
	places->cuts += count_bits(cuts);
	places->wanted += count_bits(wanted);
	places->found += count_bits(cuts & wanted);
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 1;
}

struct vocab_audit_grade vocab_audit_digits_grade(const struct vocab_audit_places *places)
{
	return (struct vocab_audit_grade){
		.precision = share(places->found, places->cuts),
		.recall = share(places->found, places->wanted),
		.f1 = share(2 * places->found, places->cuts + places->wanted),
	};
}

/* No number but 0 begins with 0. */
static void draw(struct tok_random *random, size_t digits, uint8_t *out)
{
	for (size_t i = 0; i < digits; i++) {
		const uint64_t least = i == 0 && digits > 1;
		out[i] = (uint8_t)('0' + least + tok_random_below(random, 10 - least));
	}
}

static enum tok_status cut_number(struct vocab_audit_cutter *cutter, struct tok_random *random,
				  size_t digits, uint32_t *out, struct tok_error *err)
{
	uint8_t number[VOCAB_AUDIT_DIGITS_MAX];
	const uint8_t *cuts;
	draw(random, digits, number);
	const enum tok_status status =
	    vocab_audit_cuts(cutter, (struct tok_span){ number, digits }, &cuts, err);
	*out = 0;
	for (size_t i = 1; status == TOK_OK && i < digits; i++)
		*out |= (uint32_t)cuts[i] << (i - 1);
	return status;
}

static enum tok_status cut_length(struct vocab_audit_cutter *cutter, size_t digits,
				  struct vocab_audit_places *places, struct vocab_audit_digits *out,
				  struct tok_error *err)
{
	struct tok_random random = tok_random_of(0, digits);
	uint16_t times[PATTERNS] = { 0 };
	uint64_t tokens = 0;
	for (size_t i = 0; i < DRAWS; i++) {
		uint32_t cuts;
		const enum tok_status status = cut_number(cutter, &random, digits, &cuts, err);
		if (status != TOK_OK)
			return status;
		times[cuts]++;
		tokens += count_bits(cuts) + 1;
		vocab_audit_digits_add(places, cuts, digits);
	}
	double entropy = 0;
	for (size_t i = 0; i < PATTERNS; i++)
		if (times[i])
			entropy += times[i] * log2((double)DRAWS / times[i]);
	out->pattern_entropy[digits] = entropy / DRAWS;
	out->tokens_per_digit[digits] = (double)tokens / (double)(DRAWS * digits);
	return TOK_OK;
}

static enum tok_status cut_operators(struct vocab_audit_cutter *cutter,
				     struct vocab_audit_digits *out, struct tok_error *err)
{
	static const char operators[] = { '+', '-', '*', '/', '=' };
	struct tok_random random = tok_random_of(0, 0);
	uint64_t alone = 0;
	for (size_t i = 0; i < DRAWS; i++) {
		uint8_t text[2 * OPERAND + 1];
		const size_t left = 1 + (size_t)tok_random_below(&random, OPERAND),
			     right = 1 + (size_t)tok_random_below(&random, OPERAND);
		const uint8_t *cuts;
		draw(&random, left, text);
		text[left] = (uint8_t)operators[i % sizeof operators];
		draw(&random, right, text + left + 1);
		const enum tok_status status = vocab_audit_cuts(
		    cutter, (struct tok_span){ text, left + 1 + right }, &cuts, err);
		if (status != TOK_OK)
			return status;
		alone += cuts[left] && cuts[left + 1];
	}
	out->operators_alone = (double)alone / DRAWS;
	return TOK_OK;
}

/* What the tokenizer refuses has no numbers, and is no trouble of the others. */
static bool has_numbers(enum tok_status *status, struct tok_error *err)
{
	if (*status != TOK_ETEXT)
		return *status == TOK_OK;
	*status = TOK_OK;
	if (err)
		*err = (struct tok_error){ 0 };
	return false;
}

static enum tok_status cut_all(struct vocab_audit_cutter *cutter, struct vocab_audit_digits *out,
			       struct tok_error *err)
{
	struct vocab_audit_places places = { 0 };
	bool whole = true;
	enum tok_status status = TOK_OK;
	for (size_t digits = 1; status == TOK_OK && digits <= VOCAB_AUDIT_DIGITS_MAX; digits++) {
		status = cut_length(cutter, digits, &places, out, err);
		if (!has_numbers(&status, err)) {
			out->tokens_per_digit[digits] = out->pattern_entropy[digits] = NAN;
			whole = false;
		}
	}
	if (status != TOK_OK)
		return status;
	out->grade =
	    whole ? vocab_audit_digits_grade(&places) : (struct vocab_audit_grade){ NAN, NAN, NAN };
	status = cut_operators(cutter, out, err);
	if (!has_numbers(&status, err))
		out->operators_alone = NAN;
	return status;
}

enum tok_status vocab_audit_digits(const struct tok_tokenizer *tokenizer,
				   struct vocab_audit_digits *out, struct tok_error *err)
{
	struct vocab_audit_cutter *cutter = NULL;
	struct vocab_audit_digits made = { 0 };
	enum tok_status status = vocab_audit_cutter_new(tokenizer, &cutter, err);
	if (status == TOK_OK)
		status = cut_all(cutter, &made, err);
	vocab_audit_cutter_free(cutter);
	if (status != TOK_OK)
		return status;
	made.tokens_per_digit[0] = made.pattern_entropy[0] = NAN;
	*out = made;
	return TOK_OK;
}
