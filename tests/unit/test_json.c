/*
 * test_json.c - the JSON reader and writer: what serde_json and Python say
 * (json_table.inc), places in messages, reuse, and damaged texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tok/text/json.h"
#include "tok/text/json_write.h"

#define SPAN(text)                                                                                 \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}

struct text_row {
	struct tok_span text;
	bool accepted, is_string;
	struct tok_span string;
};
struct number_row {
	const char *text;
	bool accepted;
	uint64_t bits; /* of the double */
};
#include "json_table.inc"

/* Read from memory of exactly the text's size, so that a step over its end is seen. */
static enum tok_status read_exact(struct tok_json_document *doc, struct tok_span text,
				  uint8_t **copy, struct tok_error *err)
{
	*copy = malloc(text.count ? text.count : 1);
	assert_non_null(*copy);
	memcpy(*copy, text.bytes, text.count);
	return tok_json_read(doc, (struct tok_span){ *copy, text.count }, err);
}

static void test_texts(void **state)
{
	struct tok_json_document doc = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const struct text_row *row = &texts[i];
		struct tok_error err = { 0 };
		uint8_t *copy;
		const enum tok_status status = read_exact(&doc, row->text, &copy, &err);
		if ((status == TOK_OK) != row->accepted)
			fail_msg("%.*s: %s", (int)row->text.count, (const char *)row->text.bytes,
				 row->accepted ? err.message : "should be refused");
		if (status != TOK_OK) {
			assert_int_equal(status, TOK_EFORMAT);
			assert_int_equal(doc.count, 0);
			assert_true(strlen(err.message) > 10);
		} else if (row->is_string) {
			assert_int_equal(doc.values[0].kind, TOK_JSON_STRING);
			assert_true(tok_span_equal(tok_json_text(doc.values), row->string));
		}
		free(copy);
	}
	tok_json_release(&doc);
}

static double number_of(const struct tok_json *value)
{
	if (value->kind == TOK_JSON_UNSIGNED)
		return (double)value->as.whole;
	if (value->kind == TOK_JSON_NEGATIVE)
		return (double)value->as.negative;
	assert_int_equal(value->kind, TOK_JSON_DOUBLE);
	return value->as.real;
}

static void test_numbers(void **state)
{
	struct tok_json_document doc = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		const struct number_row *row = &numbers[i];
		struct tok_error err = { 0 };
		uint8_t *copy;
		const enum tok_status status =
		    read_exact(&doc, tok_span_of(row->text), &copy, &err);
		if ((status == TOK_OK) != row->accepted)
			fail_msg("%s: %s", row->text,
				 row->accepted ? err.message : "should be refused");
		if (status == TOK_OK) {
			const double value = number_of(doc.values);
			uint64_t bits;
			memcpy(&bits, &value, sizeof bits);
			if (bits != row->bits)
				fail_msg("%s became %.17g", row->text, value);
		}
		free(copy);
	}
	tok_json_release(&doc);
}

static void test_whole_numbers_are_exact(void **state)
{
	static const char text[] = "[0, 18446744073709551615, -9223372036854775808, 1.0, 1e2, -0]";
	struct tok_json_document doc = { 0 };
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(tok_json_read(&doc, tok_span_of(text), &err), TOK_OK);
	assert_int_equal(doc.values[0].count, 6);
	assert_true(doc.values[1].kind == TOK_JSON_UNSIGNED && doc.values[1].as.whole == 0);
	assert_true(doc.values[2].as.whole == UINT64_MAX);
	assert_true(doc.values[3].kind == TOK_JSON_NEGATIVE &&
		    doc.values[3].as.negative == INT64_MIN);
	for (size_t i = 4; i < 7; i++)
		assert_int_equal(doc.values[i].kind, TOK_JSON_DOUBLE);
	tok_json_release(&doc);
}

static void test_depth(void **state)
{
	struct tok_json_document doc = { 0 };
	struct tok_error err = { 0 };
	char text[4 * TOK_JSON_DEPTH];
	(void)state;
	for (size_t depth = TOK_JSON_DEPTH; depth <= TOK_JSON_DEPTH + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		const struct tok_span span = { (const uint8_t *)text, 2 * depth };
		assert_int_equal(tok_json_read(&doc, span, &err),
				 depth == TOK_JSON_DEPTH ? TOK_OK : TOK_EFORMAT);
	}
	assert_string_equal(err.message,
			    "line 1 column 128: nested too deeply: 127 levels are the limit");
	tok_json_release(&doc);
}

static void test_places(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "", "empty where JSON should be" },
		{ " \n ", "line 2 column 2: the text ends where a value should be" },
		{ "{\"a\": 1,\n \"b\" 2}", "line 2 column 6: expected ':' after a key" },
		{ "[1\n2]", "line 2 column 1: expected ',' or ']'" },
		{ "{\"a\":1 2}", "line 1 column 8: expected ',' or '}'" },
		{ "[1]x", "line 1 column 4: expected nothing behind the value" },
		{ "[\"\xC3\xA9\xFF\"]", "line 1 column 5: this byte is not UTF-8" },
		{ "[\"a", "line 1 column 4: the text ends inside a string" },
		{ "[1e999]", "line 1 column 2: this number is too large for a double" },
		{ "[\"ab\\ud800\"]", "line 1 column 5: half a surrogate pair is no character" },
	};
	struct tok_json_document doc = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_error err = { 0 };
		assert_int_equal(tok_json_read(&doc, tok_span_of(rows[i].text), &err), TOK_EFORMAT);
		assert_string_equal(err.message, rows[i].message);
	}
	tok_json_release(&doc);
}

static const struct tok_json *item_at(const struct tok_json *array, size_t place)
{
	const struct tok_json *item = array + 1;
	while (place--)
		item = tok_json_next(item);
	return item;
}

static void test_paths(void **state)
{
	static const char text[] = "{\"x\":[[],[{\"a b\":[{\"c\":\"d\"},7],\"\\u0000\":[[0]]}]]}";
	struct tok_json_document doc = { 0 };
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(tok_json_read(&doc, tok_span_of(text), &err), TOK_OK);
	const struct tok_json *object = item_at(item_at(tok_json_get(doc.values, "x"), 1), 0);
	const struct tok_json *list = tok_json_get(object, "a b");

	tok_json_expected(&doc, doc.values, "this", "an array", &err);
	assert_string_equal(err.message, "this must be an array, not an object");
	tok_json_expected(&doc, tok_json_get(list + 1, "c"), "an id", "a number", &err);
	assert_string_equal(err.message, "at x[1][0]['a b'][0].c: an id must be a number, not a "
					 "string");
	tok_json_expected(&doc, item_at(list, 1), "this", "null", &err);
	assert_string_equal(err.message, "at x[1][0]['a b'][1]: this must be null, not 7");
	tok_json_fail(&doc, tok_json_next(list) + 1, &err, "wrong");
	assert_string_equal(err.message, "at x[1][0]['?']: wrong");
	assert_null(tok_json_get(list, "c"));
	assert_null(tok_json_get(object, "a"));
	tok_json_release(&doc);
}

static void test_repeated_keys(void **state)
{
	struct tok_json_document doc = { 0 };
	char text[4096];
	(void)state;
	for (int members = 2; members < 60; members += 19) {
		for (int repeated = 0; repeated < 2; repeated++) {
			struct tok_error err = { 0 };
			size_t n = (size_t)snprintf(text, sizeof text, "{");
			for (int i = 0; i < members; i++)
				n += (size_t)snprintf(text + n, sizeof text - n, "%s\"k%d\":[%d]",
						      i ? "," : "",
						      repeated && i == members - 1 ? 0 : i, i);
			snprintf(text + n, sizeof text - n, "}");
			assert_int_equal(tok_json_read(&doc, tok_span_of(text), &err), TOK_OK);
			assert_int_equal(doc.values[0].count, members);
			assert_int_equal(tok_json_unique(&doc, doc.values, &err),
					 repeated ? TOK_EFORMAT : TOK_OK);
			if (repeated)
				assert_string_equal(err.message,
						    "the key 'k0' must not be there twice");
		}
	}
	tok_json_release(&doc);
}

/* A document that is read into again neither keeps nor moves what it should not. */
static void test_reuse(void **state)
{
	struct tok_json_document doc = { 0 };
	struct tok_error err = { 0 };
	char text[256];
	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof text, "{\"t\":\"\\n%0*d\",\"u\":\"\\u0041\",\"v\":\"x\"}",
			 i % 50 + 1, i);
		assert_int_equal(tok_json_read(&doc, tok_span_of(text), &err), TOK_OK);
		assert_int_equal(doc.count, 7);
		assert_int_equal(tok_json_get(doc.values, "t")->count, i % 50 + 2 + (i == 50));
		assert_true(
		    tok_span_equal(tok_json_text(tok_json_get(doc.values, "u")), tok_span_of("A")));
	}
	tok_json_release(&doc);
}

static void test_damage(void **state)
{
	static const char text[] =
	    "{\"a\":[1,-2.5e3,\"\\u00e9\\ud83d\\ude00\\n\xC3\xA9\",null,true,"
	    "{\"b\":{}}],\"c\":false}";
	struct tok_json_document doc = { 0 };
	(void)state;
	for (size_t cut = 0; cut < sizeof text - 1; cut++) {
		struct tok_error err = { 0 };
		uint8_t *copy;
		const struct tok_span part = { (const uint8_t *)text, cut };
		assert_int_equal(read_exact(&doc, part, &copy, &err), TOK_EFORMAT);
		assert_true(strlen(err.message) > 10);
		free(copy);
	}
	for (size_t at = 0; at < sizeof text - 1; at++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			struct tok_error err = { 0 };
			char broken[sizeof text];
			uint8_t *copy;
			memcpy(broken, text, sizeof text);
			broken[at] = (char)byte;
			const struct tok_span whole = { (const uint8_t *)broken, sizeof text - 1 };
			if (read_exact(&doc, whole, &copy, &err) != TOK_OK)
				assert_true(strlen(err.message) > 10);
			free(copy);
		}
	}
	tok_json_release(&doc);
}

/* What is written is read back; bad bytes become U+FFFD. */
static void test_write(void **state)
{
	static const uint8_t bad[] = { 'a', 0xFF, 0xC3, '"', 0xE2, 0x82 };
	struct tok_json_document doc = { 0 };
	struct tok_buffer out = { 0 };
	struct tok_error err = { 0 };
	uint8_t all[3 * 128];
	(void)state;
	for (size_t i = 0; i < 128; i++)
		memcpy(all + 3 * i, (uint8_t[]){ (uint8_t)i, 0xC3, 0xA9 }, 3);
	const struct tok_span text = { all, sizeof all };
	assert_true(tok_json_put_string(&out, text));
	assert_int_equal(tok_json_read(&doc, tok_buffer_span(&out), &err), TOK_OK);
	assert_true(tok_span_equal(tok_json_text(doc.values), text));

	tok_buffer_clear(&out);
	assert_true(tok_json_put_string(&out, (struct tok_span){ bad, sizeof bad }));
	assert_true(tok_span_equal(tok_buffer_span(&out),
				   tok_span_of("\"a\xEF\xBF\xBD\xEF\xBF\xBD\\\"\xEF\xBF\xBD"
					       "\xEF\xBF\xBD\"")));
	tok_buffer_clear(&out);
	assert_true(tok_json_put_string(&out, (struct tok_span){ NULL, 0 }));
	assert_true(tok_span_equal(tok_buffer_span(&out), tok_span_of("\"\"")));
	tok_buffer_release(&out);
	tok_json_release(&doc);
}

/* A million of anything is read in linear time. */
static void test_large(void **state)
{
	static const char *const units[] = { "\"\\n\",", "[],", "1,", "{\"a\":1},",
					     "\"\xC3\xA9\"," };
	struct tok_json_document doc = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		struct tok_buffer text = { 0 };
		struct tok_error err = { 0 };
		const clock_t start = clock();
		assert_true(tok_buffer_add_byte(&text, '['));
		for (size_t n = 0; n < 300000; n++)
			assert_true(tok_buffer_add(&text, units[i], strlen(units[i])));
		text.bytes[text.count - 1] = ']';
		assert_int_equal(tok_json_read(&doc, tok_buffer_span(&text), &err), TOK_OK);
		assert_int_equal(doc.values[0].count, 300000);
		assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5);
		tok_buffer_release(&text);
	}
	tok_json_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_whole_numbers_are_exact),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_repeated_keys),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
