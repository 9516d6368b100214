/*
 * test_lattice_laws.c - what holds of every tokenizer and method: what is drawn decodes to
 * what the encoding decodes to; p = 0 is the encoding; offsets change no id and lie in the
 * text; listed probabilities add up to 1; long and strange texts are taken in linear time.
 *
 * test_lattice_laws [FILE...]: FILEs are tokenizers to ask instead of the small ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/many.h"
#include "tests/unit/sample_toys.h"
#include "tok/pipe/decoder.h"

static struct many many;
static const struct tok_encode_options how = { .special_text = TOK_SPECIAL_MATCH };

static const struct tok_sample_options methods[] = {
	{ TOK_SAMPLE_UNIFORM, 1, 0, 0 },        { TOK_SAMPLE_UNIFORM, .5, 0, 0 },
	{ TOK_SAMPLE_UNIFORM, 0, 0, 0 },        { TOK_SAMPLE_MAXMATCH, .3, 0, 0 },
	{ TOK_SAMPLE_MAXMATCH, 0, 0, 0 },       { TOK_SAMPLE_MAXMATCH, 1, 0, 0 },
	{ TOK_SAMPLE_UNIGRAM, 0, .2, -1 },      { TOK_SAMPLE_UNIGRAM, 0, 0, -1 },
	{ TOK_SAMPLE_UNIGRAM, 0, 100, -1 },     { TOK_SAMPLE_UNIGRAM, 0, .2, 0 },
	{ TOK_SAMPLE_UNIGRAM, 0, .2, 8 },       { TOK_SAMPLE_BPE_DROPOUT, .2, 0, 0 },
	{ TOK_SAMPLE_BPE_DROPOUT, 0, 0, 0 },    { TOK_SAMPLE_BPE_DROPOUT_SP, .2, 0, 0 },
	{ TOK_SAMPLE_BPE_DROPOUT_SP, 0, 0, 0 }, { TOK_SAMPLE_BPE_DROPOUT_HF, .2, 0, 0 },
	{ TOK_SAMPLE_BPE_DROPOUT_HF, 0, 0, 0 },
};
enum { METHODS = sizeof methods / sizeof *methods };

static bool suits(const struct tok_tokenizer *t, const struct tok_sample_options *o)
{
	const enum tok_model_kind kind = tok_tokenizer_spec(t)->model.kind;
	switch (o->method) {
	case TOK_SAMPLE_UNIGRAM:
		return kind == TOK_MODEL_UNIGRAM;
	case TOK_SAMPLE_BPE_DROPOUT:
	case TOK_SAMPLE_BPE_DROPOUT_HF:
	case TOK_SAMPLE_BPE_DROPOUT_SP:
		return kind == TOK_MODEL_BPE;
	case TOK_SAMPLE_UNIFORM:
	case TOK_SAMPLE_MAXMATCH:
	case TOK_SAMPLE_METHOD_COUNT:
		break;
	}
	return true;
}

/* Must the ids be those of tok_encode? */
static bool is_identity(const struct tok_tokenizer *t, const struct tok_sample_options *o)
{
	switch (o->method) {
	case TOK_SAMPLE_UNIFORM:
	case TOK_SAMPLE_BPE_DROPOUT:
	case TOK_SAMPLE_BPE_DROPOUT_HF:
	case TOK_SAMPLE_BPE_DROPOUT_SP:
		return o->p == 0.0;
	case TOK_SAMPLE_UNIGRAM:
		return o->nbest == 0;
	case TOK_SAMPLE_MAXMATCH:
		return o->p == 0.0 && tok_tokenizer_spec(t)->model.kind == TOK_MODEL_WORDPIECE;
	case TOK_SAMPLE_METHOD_COUNT:
		break;
	}
	return false;
}

/* Is text lost, so that segmentations decode to different texts? */
static bool loses(const struct tok_tokenizer *t, const tok_id *ids, size_t count)
{
	const struct tok_model_spec *model = &tok_tokenizer_spec(t)->model;
	for (size_t i = 0; i < count; i++)
		if (ids[i] == model->unk)
			return true;
	return model->unk == TOK_NO_ID && model->kind == TOK_MODEL_BPE && !model->as.bpe.raw_bytes;
}

struct asked {
	const struct tok_tokenizer *tokenizer;
	struct tok_encoder *encoder;
	struct tok_decoder *decoder;
	struct tok_buffer decoded, ids;
	size_t compared;
};

static void check_ranges(const struct tok_encoding *e, struct tok_span text)
{
	uint32_t at = 0;
	for (size_t i = 0; i < e->count; i++) {
		assert_true(e->ranges[i].begin <= e->ranges[i].end);
		assert_true(e->ranges[i].end <= text.count && e->ranges[i].begin >= at);
		at = e->ranges[i].begin;
	}
}

static void check_draw(struct asked *a, struct toy *toy, const struct tok_sample_options *o,
		       struct tok_span text, uint64_t stream, const char *name)
{
	const struct tok_encode_options ranged = { .special_text = how.special_text,
						   .offsets = true };
	struct tok_encoding plain, drawn;
	struct tok_error err = { 0 };
	struct tok_span back;
	if (tok_encode(a->encoder, text, &how, &plain, &err) != TOK_OK)
		return;
	if (tok_sample(toy->sampling, text, &how, 5, stream, &drawn, &err) != TOK_OK)
		fail_msg("%s, %s: %s", name, tok_sample_method_name(o->method), err.message);
	if (is_identity(a->tokenizer, o)) {
		assert_int_equal(plain.count, drawn.count);
		if (plain.count)
			assert_memory_equal(plain.ids, drawn.ids, plain.count * sizeof *plain.ids);
	}
	tok_buffer_clear(&a->ids);
	if (drawn.count)
		assert_true(tok_buffer_add(&a->ids, drawn.ids, drawn.count * sizeof *drawn.ids));
	if (!loses(a->tokenizer, plain.ids, plain.count) &&
	    !loses(a->tokenizer, drawn.ids, drawn.count)) {
		assert_int_equal(tok_decode(a->decoder, plain.ids, plain.count, false, &back, &err),
				 TOK_OK);
		tok_buffer_clear(&a->decoded);
		assert_true(tok_buffer_add(&a->decoded, back.bytes, back.count));
		assert_int_equal(tok_decode(a->decoder, drawn.ids, drawn.count, false, &back, &err),
				 TOK_OK);
		if (!tok_span_equal(back, tok_buffer_span(&a->decoded)))
			fail_msg("%s, %s: '%.*s' decodes to '%.*s', not '%.*s'", name,
				 tok_sample_method_name(o->method), (int)text.count, text.bytes,
				 (int)back.count, back.bytes, (int)a->decoded.count,
				 a->decoded.bytes);
		a->compared++;
	}
	assert_int_equal(tok_sample(toy->sampling, text, &ranged, 5, stream, &drawn, &err), TOK_OK);
	assert_int_equal(drawn.count * sizeof *drawn.ids, a->ids.count);
	if (drawn.count)
		assert_memory_equal(drawn.ids, a->ids.bytes, a->ids.count);
	check_ranges(&drawn, text);
}

static size_t check_tokenizer(const struct tok_tokenizer *t, const char *name, size_t texts)
{
	struct asked a = { .tokenizer = t,
			   .encoder = tok_encoder_new(t),
			   .decoder = tok_decoder_new(t) };
	uint64_t state = 99;
	uint8_t bytes[400];
	assert_true(a.encoder && a.decoder);
	for (size_t m = 0; m < METHODS; m++) {
		if (!suits(t, &methods[m]))
			continue;
		struct toy toy = toy_sampler(t, methods[m]);
		for (size_t i = 0; i < texts; i++) {
			const size_t most = many_draw(&state, 300) + 1;
			const size_t count = many_text(&state, bytes, most);
			check_draw(&a, &toy, &methods[m], (struct tok_span){ bytes, count }, i,
				   name);
		}
		check_draw(&a, &toy, &methods[m], (struct tok_span){ NULL, 0 }, 0, name);
		toy_release(&toy);
	}
	tok_encoder_free(a.encoder);
	tok_decoder_free(a.decoder);
	tok_buffer_release(&a.decoded);
	tok_buffer_release(&a.ids);
	return a.compared;
}

static void test_laws(void **state)
{
	(void)state;
	size_t compared = 0;
	for (size_t i = 0; i < many.count; i++)
		compared += check_tokenizer(many.tokenizers[i], many.names[i], 60);
	assert_true(compared > 50 * many.count);
}

/* Probabilities of short texts add up to 1, and the entropy is theirs. */
static void check_sums(const struct tok_tokenizer *t, const char *name,
		       const struct tok_sample_options *o)
{
	struct toy toy = toy_sampler(t, *o);
	uint64_t state = 7;
	uint8_t bytes[64];
	for (size_t i = 0; i < 40; i++) {
		const size_t count = many_text(&state, bytes, 18 + many_draw(&state, 8));
		const struct tok_span text = { bytes, count };
		struct tok_draws draws;
		struct tok_error err = { 0 };
		double sum = 0.0;
		const enum tok_status status =
		    tok_sample_exact(toy.sampling, text, &how, 20000, &draws, &err);
		if (status == TOK_ELIMIT || status == TOK_ETEXT)
			continue;
		assert_int_equal(status, TOK_OK);
		for (size_t k = 0; k < draws.count; k++)
			sum += exp(draws.items[k].log_probability);
		if (fabs(sum - 1.0) > 1e-9)
			fail_msg("%s, %s: '%.*s' adds up to %.12g", name,
				 tok_sample_method_name(o->method), (int)count, bytes, sum);
	}
	toy_release(&toy);
}

static void test_sums(void **state)
{
	(void)state;
	for (size_t i = 0; i < many.count; i++)
		for (size_t m = 0; m < METHODS; m++)
			if (suits(many.tokenizers[i], &methods[m]))
				check_sums(many.tokenizers[i], many.names[i], &methods[m]);
}

/* A megabyte of one letter, of NULs, of bytes that are no text, of two letters. */
static void test_strange(void **state)
{
	(void)state;
	enum { MEGABYTE = 1 << (CHECKED ? 17 : 20) };
	static const char *const fills[] = { "a", "\x00", "\xFF", "ab", "\xE2\x96", " " };
	static const size_t sizes[] = { 1, 1, 1, 2, 2, 1 };
	uint8_t *bytes = malloc(MEGABYTE);
	assert_non_null(bytes);
	for (size_t f = 0; f < sizeof sizes / sizeof *sizes; f++) {
		for (size_t i = 0; i < MEGABYTE; i++)
			bytes[i] = (uint8_t)fills[f][i % sizes[f]];
		for (size_t i = 0; i < many.count; i += 3) {
			const struct tok_sample_options o = methods[f * 3 % 7];
			const struct tok_span text = { bytes, MEGABYTE };
			struct tok_encoding e;
			struct tok_error err = { 0 };
			if (!suits(many.tokenizers[i], &o))
				continue;
			struct toy toy = toy_sampler(many.tokenizers[i], o);
			const enum tok_status status =
			    tok_sample(toy.sampling, text, &how, 1, 1, &e, &err);
			if (status != TOK_OK && status != TOK_ETEXT)
				fail_msg("%s: %s", many.names[i], err.message);
			toy_release(&toy);
		}
	}
	free(bytes);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_laws),
					    cmocka_unit_test(test_sums),
					    cmocka_unit_test(test_strange) };
	many = argc > 1 ? many_of_files(argv + 1, argc - 1) : many_new();
	many.names[many.count] = "toy";
	many.tokenizers[many.count++] = toy_new(TOY_WORDPIECE);
	const int status = cmocka_run_group_tests(tests, NULL, NULL);
	many_release(&many);
	return status;
}
