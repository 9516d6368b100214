/*
 * test_dropout_pipe.c - BPE-dropout in whole tokenizers, small ones or those of the files
 * that are named: p = 0 changes no text, what comes out reads as what went in.
 *
 *	test_dropout_pipe [TOKENIZER...]
 *	test_dropout_pipe --exact METHOD P TOKENIZER   the distribution of each line of stdin:
 *	                                               for conformance.sampling_dropout
 *	test_dropout_pipe --time METHOD P TOKENIZER    microseconds that the lines take
 *
 * METHOD is paper, hf or sp.  Distributions are lines "PROBABILITY ID ID ...", with an
 * empty line behind the last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <time.h>

#include "tests/unit/many.h"
#include "tok/pipe/decoder.h"
#include "tok/sample/dropout_internal.h"

enum { TEXT_BYTES = 200, ROUNDS = 60 };

static struct many all;

static const enum tok_sample_method methods[] = {
	TOK_SAMPLE_BPE_DROPOUT,
	TOK_SAMPLE_BPE_DROPOUT_HF,
	TOK_SAMPLE_BPE_DROPOUT_SP,
};

struct subject {
	const char *name;
	struct tok_encoder *encoder, *sampled;
	struct tok_decoder *decoders[2];
	struct tok_dropout *dropout;
	struct tok_dropout_scratch *scratch;
	struct tok_random random;
	size_t limit; /* of an exact distribution */
};

static enum tok_status draw_piece(void *context, struct tok_span text, struct tok_range piece,
				  struct tok_tokens *out, struct tok_error *err)
{
	struct subject *s = context;
	return tok_dropout_piece(s->dropout, s->scratch, &s->random, text, piece, out, err);
}

static void open_dropout(struct subject *s, const struct tok_tokenizer *tokenizer,
			 enum tok_sample_method method, double p)
{
	const struct tok_sample_options options = { .method = method, .p = p };
	struct tok_error err = { 0 };
	tok_dropout_free(s->dropout);
	if (tok_dropout_new(tokenizer, &options, &s->dropout, &err) != TOK_OK)
		fail_msg("%s: %s", s->name, err.message);
}

static struct subject open_subject(const char *name, const struct tok_tokenizer *tokenizer)
{
	struct subject s = { .name = name };
	s.encoder = tok_encoder_new(tokenizer);
	s.sampled = tok_encoder_new(tokenizer);
	s.decoders[0] = tok_decoder_new(tokenizer);
	s.decoders[1] = tok_decoder_new(tokenizer);
	s.scratch = tok_dropout_scratch_new();
	assert_true(s.encoder && s.sampled && s.decoders[0] && s.decoders[1] && s.scratch);
	return s;
}

static void close_subject(struct subject *s)
{
	tok_encoder_free(s->encoder);
	tok_encoder_free(s->sampled);
	tok_decoder_free(s->decoders[0]);
	tok_decoder_free(s->decoders[1]);
	tok_dropout_free(s->dropout);
	tok_dropout_scratch_free(s->scratch);
}

static void check_ranges(const struct subject *s, const struct tok_encoding *r, size_t count)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->ranges[i].begin > r->ranges[i].end || r->ranges[i].end > count)
			fail_msg("%s: token %zu has the bytes %u to %u of %zu", s->name, i,
				 r->ranges[i].begin, r->ranges[i].end, count);
}

/* Where a file names no decoder, decoding puts spaces between tokens. */
static bool reads_alike(const struct subject *s, struct tok_span a, struct tok_span b)
{
	size_t i = 0, j = 0;
	if (strcmp(s->name, "unknown vanishes") != 0)
		return tok_span_equal(a, b);
	for (;; i++, j++) {
		while (i < a.count && a.bytes[i] == ' ')
			i++;
		while (j < b.count && b.bytes[j] == ' ')
			j++;
		if (i == a.count || j == b.count)
			return i == a.count && j == b.count;
		if (a.bytes[i] != b.bytes[j])
			return false;
	}
}

/* `same`: the ids must be the encoder's; else what they read as. */
static void check_text(struct subject *s, struct tok_span text, bool same)
{
	const struct tok_encode_options options = { .offsets = true };
	struct tok_encoding want, got;
	struct tok_span texts[2];
	struct tok_error err = { 0 };
	if (tok_encode(s->encoder, text, &options, &want, &err) != TOK_OK) {
		assert_int_equal(err.status, TOK_ETEXT);
		return;
	}
	if (tok_encode_with(s->sampled, text, &options, draw_piece, s, &got, &err) != TOK_OK)
		fail_msg("%s: '%.*s': %s", s->name, (int)text.count, text.bytes, err.message);
	check_ranges(s, &got, text.count);
	if (same) {
		if (got.count != want.count ||
		    (got.count && memcmp(got.ids, want.ids, got.count * sizeof *got.ids) != 0))
			fail_msg("%s: '%.*s': other ids", s->name, (int)text.count, text.bytes);
		return;
	}
	assert_int_equal(tok_decode(s->decoders[0], want.ids, want.count, false, &texts[0], &err),
			 TOK_OK);
	assert_int_equal(tok_decode(s->decoders[1], got.ids, got.count, false, &texts[1], &err),
			 TOK_OK);
	if (!reads_alike(s, texts[0], texts[1]))
		fail_msg("%s: '%.*s' reads '%.*s', sampled '%.*s'", s->name, (int)text.count,
			 text.bytes, (int)texts[0].count, texts[0].bytes, (int)texts[1].count,
			 texts[1].bytes);
}

static void test_what_goes_in_comes_out(void **state)
{
	(void)state;
	static const double ps[] = { 0, .1, .5, 1 };
	size_t tried = 0, refused = 0;
	for (size_t t = 0; t < all.count; t++) {
		struct subject s = open_subject(all.names[t], all.tokenizers[t]);
		const bool is_bpe =
		    tok_tokenizer_spec(all.tokenizers[t])->model.kind == TOK_MODEL_BPE;
		if (!is_bpe) {
			const struct tok_sample_options options = { .p = .1 };
			struct tok_sampler *sampler;
			struct tok_error err = { 0 };
			assert_int_equal(
			    tok_sampler_new(all.tokenizers[t], &options, &sampler, &err), TOK_EARG);
			assert_non_null(strstr(err.message, "model has none"));
			refused++;
		}
		for (uint64_t round = 0; is_bpe && round < ROUNDS; round++) {
			uint8_t bytes[TEXT_BYTES];
			uint64_t seed = 77 * round + t;
			const size_t count = many_text(&seed, bytes, round % 5 ? TEXT_BYTES : 24);
			const double p = ps[round / 3 % 4];
			open_dropout(&s, all.tokenizers[t], methods[round % 3], p);
			s.random = tok_random_of(round, t);
			check_text(&s, (struct tok_span){ bytes, count }, p == 0);
			tried++;
		}
		close_subject(&s);
	}
	print_message("%zu texts, %zu tokenizers refused\n", tried, refused);
	assert_true(tried > 0);
}

static void test_p_has_a_range(void **state)
{
	(void)state;
	static const double bad[] = { -.1, 1.1, 0. / 0., 1. / 0. };
	for (size_t t = 0; t < all.count; t++) {
		if (tok_tokenizer_spec(all.tokenizers[t])->model.kind != TOK_MODEL_BPE)
			continue;
		for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
			const struct tok_sample_options options = { .p = bad[i] };
			struct tok_sampler *sampler;
			struct tok_error err = { 0 };
			assert_int_equal(
			    tok_sampler_new(all.tokenizers[t], &options, &sampler, &err), TOK_EARG);
			assert_non_null(strstr(err.message, "is 0 to 1"));
		}
	}
}

/* ---- for the scripts ---------------------------------------------------------------------- */

static enum tok_status print_outcome(void *context, const tok_id *ids, size_t count,
				     double log_probability, struct tok_error *err)
{
	(void)context, (void)err;
	printf("%.17g", exp(log_probability));
	for (size_t i = 0; i < count; i++)
		printf(" %u", ids[i]);
	printf("\n");
	return TOK_OK;
}

/* One piece a line, or what stands there is no distribution. */
static enum tok_status print_piece(void *context, struct tok_span text, struct tok_range piece,
				   struct tok_tokens *out, struct tok_error *err)
{
	struct subject *s = context;
	if (out->count > 0)
		return tok_fail(err, TOK_EARG, "a line must be one piece");
	const enum tok_status status = tok_dropout_exact(s->dropout, s->scratch, text, piece,
							 s->limit, print_outcome, NULL, err);
	if (status != TOK_OK)
		return status;
	printf("\n");
	return tok_tokens_add(out, 0, piece) ? TOK_OK : tok_fail_memory(err);
}

static int run_lines(char **arguments)
{
	static char line[1 << 16];
	static const char *const names[] = { "paper", "hf", "sp" };
	const bool exact = strcmp(arguments[0], "--exact") == 0;
	const struct tok_encode_options options = { 0 };
	struct many many = many_of_files(arguments + 3, 1);
	struct subject s = open_subject(arguments[3], many.tokenizers[0]);
	size_t method = 0;
	while (method < 2 && strcmp(names[method], arguments[1]) != 0)
		method++;
	open_dropout(&s, many.tokenizers[0], methods[method], strtod(arguments[2], NULL));
	s.limit = 1 << 20;
	clock_t clocks = 0;
	int status = 0;
	for (uint64_t number = 0; fgets(line, sizeof line, stdin) && status == 0; number++) {
		struct tok_encoding r;
		struct tok_error err = { 0 };
		const struct tok_span text = { (const uint8_t *)line, strcspn(line, "\n") };
		const clock_t start = clock();
		s.random = tok_random_of(1, number);
		if (tok_encode_with(s.encoder, text, &options, exact ? print_piece : draw_piece, &s,
				    &r, &err) != TOK_OK) {
			fprintf(stderr, "%s\n", err.message);
			status = 1;
		}
		clocks += clock() - start;
	}
	if (!exact)
		printf("%.0f\n", (double)clocks / CLOCKS_PER_SEC * 1e6);
	close_subject(&s);
	many_release(&many);
	return status;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_goes_in_comes_out),
		cmocka_unit_test(test_p_has_a_range),
	};
	if (argc == 5 && argv[1][0] == '-')
		return run_lines(argv + 1);
	all = argc > 1 ? many_of_files(argv + 1, argc - 1) : many_new();
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	many_release(&all);
	return failed;
}
