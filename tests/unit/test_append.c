/* test_append.c - at every moment final ids and tail are the ids of all the text
 * so far; what is final stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "tests/unit/checked.h"
#include "tests/unit/many.h"
#include "tok/pipe/append.h"

enum { TEXT_BYTES = 240, ROUNDS = CHECKED ? 25 : 80 };

static struct many all;

struct collected {
	tok_id ids[4 * TEXT_BYTES];
	size_t count;
};

static void collect(struct collected *to, struct tok_append_ids ids)
{
	assert_true(to->count + ids.count <= sizeof to->ids / sizeof to->ids[0]);
	if (ids.count > 0)
		memcpy(to->ids + to->count, ids.ids, ids.count * sizeof *ids.ids);
	to->count += ids.count;
}

struct subject {
	const char *name;
	struct tok_encode_options options;
	struct tok_append *append;
	struct tok_encoder *encoder; /* the oracle */
};

/* `got` and then `more` are the ids of `text`. */
static void check_ids(const struct subject *s, struct tok_span text, struct collected *got,
		      struct tok_append_ids more)
{
	struct tok_error err = { 0 };
	struct tok_encoding r;
	const size_t kept = got->count;
	if (tok_encode(s->encoder, text, &s->options, &r, &err) != TOK_OK)
		fail_msg("%s: '%.*s' is encoded in parts, but not whole: %s", s->name,
			 (int)text.count, text.bytes, err.message);
	collect(got, more);
	if (got->count != r.count ||
	    (r.count > 0 && memcmp(got->ids, r.ids, r.count * sizeof *r.ids) != 0))
		fail_msg("%s: '%.*s': the ids in parts differ from those of the whole", s->name,
			 (int)text.count, text.bytes);
	got->count = kept;
}

/* Trouble in parts is trouble in the whole. */
static void check_trouble(const struct subject *s, struct tok_span text,
			  const struct tok_error *trouble)
{
	struct tok_error err = { 0 };
	struct tok_encoding r;
	assert_true(trouble->message[0] != '\0');
	if (tok_encode(s->encoder, text, &s->options, &r, &err) == TOK_OK)
		fail_msg("%s: '%.*s' is fine, but in parts: %s", s->name, (int)text.count,
			 text.bytes, trouble->message);
	assert_int_equal(err.status, trouble->status);
}

/* Returns how many ids were final before the end. */
static size_t append_in_parts(struct subject *s, struct tok_span text, uint64_t *seed)
{
	const uint32_t stride = many_draw(seed, 2) ? 3 : 40;
	struct collected got = { .count = 0 };
	struct tok_append_ids ids;
	struct tok_error err = { 0 };
	size_t at = 0;
	while (at < text.count) {
		size_t end = at + many_draw(seed, stride);
		end = end < text.count ? end : text.count;
		const struct tok_span so_far = tok_span_slice(text, 0, end);
		if (tok_append_text(s->append, tok_span_slice(text, at, end), &ids, &err) !=
		    TOK_OK) {
			check_trouble(s, so_far, &err);
			tok_append_reset(s->append);
			return 0;
		}
		collect(&got, ids);
		at = end;
		if (many_draw(seed, 2))
			continue;
		if (tok_append_tail(s->append, &ids, &err) == TOK_OK)
			check_ids(s, so_far, &got, ids);
		else
			check_trouble(s, so_far, &err);
	}
	const size_t final = got.count;
	if (tok_append_finish(s->append, &ids, &err) == TOK_OK) {
		check_ids(s, text, &got, ids);
	} else {
		check_trouble(s, text, &err);
		tok_append_reset(s->append);
	}
	return final;
}

/* Returns the final ids of all rounds. */
static size_t try_options(size_t index, struct tok_encode_options options, int rounds)
{
	uint64_t seed = 1 + index;
	size_t final = 0;
	struct subject s = { .name = all.names[index], .options = options };
	s.append = tok_append_new(all.tokenizers[index], &options);
	s.encoder = tok_encoder_new(all.tokenizers[index]);
	assert_true(s.append && s.encoder);
	for (int round = 0; round < rounds; round++) {
		uint8_t bytes[TEXT_BYTES];
		const struct tok_span text = { bytes, many_text(&seed, bytes, sizeof bytes) };
		final += append_in_parts(&s, text, &seed);
	}
	tok_append_free(s.append);
	tok_encoder_free(s.encoder);
	return final;
}

static void parts_have_the_ids_of_the_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < all.count; i++)
		for (int special = TOK_SPECIAL_ORDINARY; special <= TOK_SPECIAL_ERROR; special++)
			try_options(i,
				    (struct tok_encode_options){
					.special_text = (enum tok_special_text)special },
				    ROUNDS);
}

static void templates_come_at_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < all.count; i++) {
		const struct tok_encode_options options = { .special_text = TOK_SPECIAL_MATCH,
							    .add_special = true };
		assert_int_equal(try_options(i, options, ROUNDS / 5), 0);
	}
}

/* The law alone is kept by who calls nothing final. */
static void words_become_final(void **state)
{
	static const struct {
		const char *name, *text;
		size_t final; /* these tokenizers make a token of each byte here */
	} rows[] = {
		{ "cl100k", "xy xy xy", 5 }, { "cl100k", "xy xy <", 2 }, { "cl100k", "xy xy", 2 },
		{ "cl100k", "xy ", 0 },      { "o200k", "xy 1 x", 4 },   { "gpt2", "x1 x", 2 },
		{ "bytes", "\xE4\xBD", 2 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct tok_encode_options options = { .special_text = TOK_SPECIAL_MATCH };
		struct tok_append_ids ids;
		struct tok_error err = { 0 };
		struct tok_append *a = tok_append_new(many_find(&all, rows[i].name), &options);
		assert_non_null(a);
		assert_int_equal(tok_append_text(a, tok_span_of(rows[i].text), &ids, &err), TOK_OK);
		if (ids.count != rows[i].final)
			fail_msg("%s: '%s': %zu ids are final, not %zu", rows[i].name, rows[i].text,
				 ids.count, rows[i].final);
		tok_append_free(a);
	}
}

/* What was refused was not taken, and messages count in all the text. */
static void refused_text_is_not_taken(void **state)
{
	const struct tok_encode_options options = { .special_text = TOK_SPECIAL_ERROR };
	struct tok_append_ids ids;
	struct tok_error err = { 0 };
	(void)state;
	struct tok_append *a = tok_append_new(many_find(&all, "cl100k"), &options);
	assert_non_null(a);
	assert_int_equal(tok_append_text(a, tok_span_of("x x"), &ids, &err), TOK_OK);
	assert_int_equal(ids.count, 1);
	assert_int_equal(tok_append_text(a, tok_span_of("<|endoftext|>x x"), &ids, &err),
			 TOK_ETEXT);
	assert_non_null(strstr(err.message, "from byte 1: "));
	assert_int_equal(tok_append_tail(a, &ids, &err), TOK_OK);
	assert_int_equal(ids.count, 2);
	assert_int_equal(tok_append_finish(a, &ids, &err), TOK_OK);
	assert_int_equal(ids.count, 2);
	/* The next text knows nothing of this one. */
	assert_int_equal(tok_append_finish(a, &ids, &err), TOK_OK);
	assert_int_equal(ids.count, 0);
	tok_append_free(a);
}

/* A million bytes that are never final, one at a time: a search of all of them
 * for each would be 500,000,000,000 steps, many minutes. */
static void searches_are_linear(void **state)
{
	const struct tok_encode_options options = { 0 };
	struct tok_append_ids ids;
	struct tok_error err = { 0 };
	const clock_t begin = clock();
	(void)state;
	struct tok_append *a = tok_append_new(all.tokenizers[0], &options);
	assert_non_null(a);
	for (size_t i = 0; i < (CHECKED ? 200000 : 1000000); i++) {
		const uint8_t byte = (uint8_t)('0' + i % 10);
		assert_int_equal(tok_append_text(a, (struct tok_span){ &byte, 1 }, &ids, &err),
				 TOK_OK);
		if (i % 1000 == 0 && clock() - begin > 60 * CLOCKS_PER_SEC)
			fail_msg("%zu bytes took a minute", i);
	}
	tok_append_free(a);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest laws[] = {
		cmocka_unit_test(parts_have_the_ids_of_the_whole),
		cmocka_unit_test(templates_come_at_the_end),
		cmocka_unit_test(searches_are_linear),
	};
	const struct CMUnitTest examples[] = {
		cmocka_unit_test(words_become_final),
		cmocka_unit_test(refused_text_is_not_taken),
	};
	all = argc > 1 ? many_of_files(argv + 1, argc - 1) : many_new();
	int failures = cmocka_run_group_tests(laws, NULL, NULL);
	if (argc == 1)
		failures += cmocka_run_group_tests(examples, NULL, NULL);
	many_release(&all);
	return failures;
}
