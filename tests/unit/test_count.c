/* test_count.c - counts and budgets are those of the whole text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/many.h"
#include "tok/pipe/count.h"
#include "tok/text/utf8.h"

enum { LONG_BYTES = 300 * 1000, SHORT_BYTES = 160 };

static struct many all;

/* What the header promises, from the ids of the whole. */
static struct tok_budget expect_budget(struct tok_span text, const struct tok_encoding *r,
				       size_t limit)
{
	struct tok_budget out = { .count = r->count,
				  .bytes = text.count,
				  .clean_count = r->count,
				  .clean_bytes = text.count,
				  .all = r->count <= limit };
	if (out.all)
		return out;
	out = (struct tok_budget){ .count = limit };
	for (size_t i = 0; i < limit; i++) {
		if (r->ranges[i].end > out.bytes)
			out.bytes = r->ranges[i].end;
		bool clean = true;
		for (size_t later = i + 1; later < r->count && clean; later++)
			clean = r->ranges[later].begin >= out.bytes;
		for (size_t at = 0; at < out.bytes && clean; at += tok_utf8_at(text, at).length)
			clean = at + tok_utf8_at(text, at).length <= out.bytes;
		if (clean) {
			out.clean_count = i + 1;
			out.clean_bytes = out.bytes;
		}
	}
	return out;
}

static void check_budget(const char *name, struct tok_encoder *e, struct tok_span text,
			 const struct tok_encode_options *options, size_t limit,
			 const struct tok_budget *want)
{
	struct tok_error err = { 0 };
	struct tok_budget got;
	if (tok_count_to(e, text, options, limit, &got, &err) != TOK_OK)
		fail_msg("%s: %s", name, err.message);
	if (got.count != want->count || got.bytes != want->bytes || got.all != want->all ||
	    got.clean_count != want->clean_count || got.clean_bytes != want->clean_bytes)
		fail_msg(
		    "%s: '%.*s' to %zu: %zu tokens in %zu bytes, clean %zu in %zu; must be %zu "
		    "in %zu, clean %zu in %zu",
		    name, (int)text.count, text.bytes, limit, got.count, got.bytes, got.clean_count,
		    got.clean_bytes, want->count, want->bytes, want->clean_count,
		    want->clean_bytes);
}

static void short_texts_to_every_limit(void **state)
{
	(void)state;
	for (size_t t = 0; t < all.count; t++) {
		const struct tok_encode_options options = { .special_text = TOK_SPECIAL_MATCH,
							    .offsets = true };
		struct tok_encoder *oracle = tok_encoder_new(all.tokenizers[t]);
		struct tok_encoder *e = tok_encoder_new(all.tokenizers[t]);
		uint64_t seed = t;
		assert_true(oracle && e);
		for (int round = 0; round < 12; round++) {
			uint8_t bytes[SHORT_BYTES];
			struct tok_span text = { bytes, 0 };
			text.count = many_text(&seed, bytes, round == 0 ? 0 : SHORT_BYTES);
			struct tok_error err = { 0 };
			struct tok_encoding r;
			size_t count;
			const enum tok_status status = tok_encode(oracle, text, &options, &r, &err);
			assert_int_equal(tok_count(e, text, &options, &count, &err), status);
			if (status != TOK_OK)
				continue;
			assert_int_equal(count, r.count);
			for (size_t limit = 0; limit <= r.count + 1; limit++) {
				const struct tok_budget want = expect_budget(text, &r, limit);
				check_budget(all.names[t], e, text, &options, limit, &want);
			}
		}
		tok_encoder_free(oracle);
		tok_encoder_free(e);
	}
}

/* A text of many parts.  Where no range reaches over the next one, bytes are the
 * end of the last token. */
static void long_texts(void **state)
{
	uint8_t *bytes = malloc(LONG_BYTES);
	(void)state;
	assert_non_null(bytes);
	for (size_t t = 0; t < all.count; t += CHECKED ? 2 : 1) {
		const struct tok_encode_options options = { .offsets = true };
		struct tok_encoder *oracle = tok_encoder_new(all.tokenizers[t]);
		struct tok_encoder *e = tok_encoder_new(all.tokenizers[t]);
		struct tok_error err = { 0 };
		struct tok_encoding r;
		struct tok_span text = { bytes, 0 };
		uint64_t seed = t;
		size_t count;
		assert_true(oracle && e);
		while (text.count + 2000 < LONG_BYTES)
			text.count += many_text(&seed, bytes + text.count, 1000);
		const enum tok_status status = tok_encode(oracle, text, &options, &r, &err);
		assert_int_equal(tok_count(e, text, &options, &count, &err), status);
		if (status == TOK_OK)
			assert_int_equal(count, r.count);
		const struct tok_encode_options special = { .add_special = true };
		for (size_t i = 0; status == TOK_OK && i < 4; i++) {
			const size_t limit = many_draw(&seed, i < 2 ? 3000 : (uint32_t)r.count);
			struct tok_budget got;
			size_t end = 0;
			for (size_t k = 0; k < limit; k++)
				end = r.ranges[k].end > end ? r.ranges[k].end : end;
			assert_int_equal(tok_count_to(e, text, &options, limit, &got, &err),
					 TOK_OK);
			if (got.count != limit || got.bytes != end)
				fail_msg("%s: to %zu: %zu in %zu bytes, not %zu", all.names[t],
					 limit, got.count, got.bytes, end);
			assert_true(got.clean_count <= got.count && got.clean_bytes <= got.bytes);
		}
		if (tok_encode(oracle, text, &special, &r, &err) == TOK_OK) {
			assert_int_equal(tok_count(e, text, &special, &count, &err), TOK_OK);
			assert_int_equal(count, r.count);
		}
		tok_encoder_free(oracle);
		tok_encoder_free(e);
	}
	free(bytes);
}

/* Where every byte is a token a text may be cut anywhere, but not so that people
 * see it. */
static void no_character_is_split(void **state)
{
	static const char character[] = "\xE4\xBD\xA0";
	const struct tok_encode_options options = { 0 };
	struct tok_encoder *e = tok_encoder_new(many_find(&all, "bytes"));
	uint8_t *bytes = malloc(LONG_BYTES);
	const struct tok_span text = { bytes, LONG_BYTES };
	(void)state;
	assert_true(e && bytes);
	for (size_t i = 0; i < LONG_BYTES; i++)
		bytes[i] = (uint8_t)character[i % 3];
	for (size_t limit = 262140; limit < 262150; limit++) { /* a part ends there */
		struct tok_budget got;
		struct tok_error err = { 0 };
		assert_int_equal(tok_count_to(e, text, &options, limit, &got, &err), TOK_OK);
		assert_int_equal(got.bytes, limit);
		assert_int_equal(got.clean_bytes, limit / 3 * 3);
		assert_int_equal(got.clean_count, limit / 3 * 3);
	}
	free(bytes);
	tok_encoder_free(e);
}

/* The last token may end many parts before the next one begins. */
static void parts_without_tokens(void **state)
{
	const struct tok_encode_options options = { 0 };
	struct tok_error err = { 0 };
	struct tok_budget got;
	char text[5000];
	(void)state;
	struct tok_encoder *e = tok_encoder_new(many_find(&all, "unknown vanishes"));
	assert_non_null(e);
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = " zz"[i % 3];
	memcpy(text, "ab", 2);
	const struct tok_span span = { (const uint8_t *)text, sizeof text };
	assert_int_equal(tok_count_to(e, span, &options, 1, &got, &err), TOK_OK);
	assert_true(got.all && got.count == 1 && got.bytes == sizeof text);
	memcpy(text + sizeof text - 3, " ab", 3);
	assert_int_equal(tok_count_to(e, span, &options, 1, &got, &err), TOK_OK);
	assert_true(!got.all && got.count == 1 && got.bytes == 2 && got.clean_bytes == 2);
	tok_encoder_free(e);
}

static void templates_count(void **state)
{
	(void)state;
	for (size_t t = 0; t < all.count; t++) {
		const struct tok_encode_options options = { .add_special = true };
		struct tok_encoder *e = tok_encoder_new(all.tokenizers[t]);
		struct tok_error err = { 0 };
		struct tok_encoding r;
		struct tok_budget budget;
		size_t count;
		assert_non_null(e);
		for (const char *text = "the dog"; text; text = *text ? "" : NULL) {
			const enum tok_status status =
			    tok_encode(e, tok_span_of(text), &options, &r, &err);
			const size_t want = r.count;
			assert_int_equal(tok_count(e, tok_span_of(text), &options, &count, &err),
					 status);
			if (status == TOK_OK)
				assert_int_equal(count, want);
		}
		assert_int_equal(tok_count_to(e, tok_span_of("a"), &options, 1, &budget, &err),
				 TOK_EARG);
		tok_encoder_free(e);
	}
}

/* The first tokens of a text are found without a look at its end: there is trouble
 * there that nobody may meet. */
static void the_rest_is_not_read(void **state)
{
	static const char trouble[] = "<|endoftext|>";
	const struct tok_encode_options options = { .special_text = TOK_SPECIAL_ERROR };
	struct tok_error err = { 0 };
	struct tok_budget budget;
	size_t count;
	(void)state;
	struct tok_encoder *e = tok_encoder_new(many_find(&all, "cl100k"));
	char *bytes = malloc(LONG_BYTES);
	assert_true(e && bytes);
	for (size_t i = 0; i < LONG_BYTES; i++)
		bytes[i] = " the"[i % 4];
	memcpy(bytes + LONG_BYTES - 4000, trouble, sizeof trouble - 1);
	const struct tok_span text = { (const uint8_t *)bytes, LONG_BYTES };
	assert_int_equal(tok_count_to(e, text, &options, 1000, &budget, &err), TOK_OK);
	assert_int_equal(budget.bytes, 4000);
	assert_int_equal(budget.clean_bytes, 4000);
	assert_int_equal(budget.count, 1000);
	assert_false(budget.all);
	assert_int_equal(tok_count(e, text, &options, &count, &err), TOK_ETEXT);
	assert_non_null(strstr(err.message, "from byte "));
	free(bytes);
	tok_encoder_free(e);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest laws[] = {
		cmocka_unit_test(short_texts_to_every_limit),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(templates_count),
	};
	const struct CMUnitTest examples[] = {
		cmocka_unit_test(no_character_is_split),
		cmocka_unit_test(parts_without_tokens),
		cmocka_unit_test(the_rest_is_not_read),
	};
	all = argc > 1 ? many_of_files(argv + 1, argc - 1) : many_new();
	int failures = cmocka_run_group_tests(laws, NULL, NULL);
	if (argc == 1)
		failures += cmocka_run_group_tests(examples, NULL, NULL);
	many_release(&all);
	return failures;
}
