/* match_digits.c - how a tokenizer cuts numbers. */
#include "hypernet/transplant/match.h"
#include "tok/pipe/encoder.h"

const char *hyper_digits_name(enum hyper_digits digits)
{
	switch (digits) {
	case HYPER_DIGITS_SINGLE:
		return "single";
	case HYPER_DIGITS_LEFT:
		return "threes from the left";
	case HYPER_DIGITS_RIGHT:
		return "threes from the right";
	case HYPER_DIGITS_FREE:
		break;
	}
	return "free";
}

static const char *const numbers[] = { "7", "42", "123", "1234", "12345", "1234567", " 12" };

/* Is there a cut before digit `at` of `count`, at > 0? */
static bool is_cut(enum hyper_digits digits, size_t count, size_t at)
{
	switch (digits) {
	case HYPER_DIGITS_SINGLE:
		return true;
	case HYPER_DIGITS_LEFT:
		return at % 3 == 0;
	case HYPER_DIGITS_RIGHT:
		return (count - at) % 3 == 0;
	case HYPER_DIGITS_FREE:
		break;
	}
	return false;
}

/* Bit `at`: a token begins before that digit.  What has no tokens has no cuts. */
static unsigned find_cuts(const struct tok_encoding *encoding, size_t first)
{
	unsigned cuts = 0;
	for (size_t i = 0; i < encoding->count; i++)
		if (encoding->ranges[i].begin > first &&
		    encoding->ranges[i].end > encoding->ranges[i].begin)
			cuts |= 1U << (encoding->ranges[i].begin - first);
	return cuts;
}

static bool fits(enum hyper_digits digits, size_t count, unsigned cuts)
{
	for (size_t at = 1; at < count; at++)
		if ((cuts >> at & 1) != is_cut(digits, count, at))
			return false;
	return true;
}

enum tok_status hyper_digits_of(const struct tok_tokenizer *tokenizer, enum hyper_digits *out,
				struct tok_error *err)
{
	const struct tok_encode_options options = { .offsets = true };
	struct tok_encoder *encoder = tok_encoder_new(tokenizer);
	bool possible[] = { true, true, true }; /* SINGLE, LEFT, RIGHT */
	enum tok_status status = encoder ? TOK_OK : tok_fail_memory(err);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && status == TOK_OK; i++) {
		const struct tok_span text = tok_span_of(numbers[i]);
		const size_t first = text.bytes[0] == ' ';
		struct tok_encoding encoding = { 0 };
		status = tok_encode(encoder, text, &options, &encoding, err);
		if (status == TOK_ETEXT) /* it knows no digits: they fall as they may */
			status = TOK_OK;
		const unsigned cuts = find_cuts(&encoding, first);
		for (enum hyper_digits d = HYPER_DIGITS_SINGLE; d < HYPER_DIGITS_FREE; d++)
			possible[d] &= fits(d, text.count - first, cuts);
	}
	tok_encoder_free(encoder);
	if (status != TOK_OK)
		return status;
	*out = HYPER_DIGITS_SINGLE;
	while (*out < HYPER_DIGITS_FREE && !possible[*out])
		(*out)++;
	return TOK_OK;
}
