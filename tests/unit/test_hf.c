/*
 * test_hf.c - tokenizer.json: what the reference reads is read, and as the same
 * (hf_table.inc); what is refused is refused with its place; damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "fixture.h"
#include "spec_text.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/format/format_internal.h"

#define SPAN(text)                                                                                 \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}

struct row {
	const char *name;
	struct tok_span text;
	struct tok_span again;  /* as the reference writes it back; empty: it refuses the file */
	struct tok_span tokens; /* as the reference has them then */
};
#include "hf_table.inc"

/* Where we say something else than the reference. */
static const struct {
	const char *name;
	bool taken; /* by us */
} differences[] = {
	/* It then takes the file for BertProcessing. */
	{ "post_processor RobertaProcessing trim_offsets 7", false },
	{ "post_processor RobertaProcessing trim_offsets \"seven\"", false },
	{ "post_processor RobertaProcessing trim_offsets [7]", false },
	{ "post_processor RobertaProcessing add_prefix_space 7", false },
	{ "post_processor RobertaProcessing add_prefix_space \"seven\"", false },
	{ "post_processor RobertaProcessing add_prefix_space [7]", false },
	/* Its older versions read add_prefix_space without a prepend_scheme. */
	{ "pre_tokenizer Metaspace without prepend_scheme", true },
};

static bool is_taken(const struct row *row)
{
	for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++)
		if (strcmp(row->name, differences[i].name) == 0)
			return differences[i].taken;
	return row->again.count != 0;
}

/* From memory of exactly the text's size, gone before the spec is looked at. */
static enum tok_status read_exact(struct tok_span text, struct tok_spec *spec,
				  struct tok_error *err)
{
	uint8_t *copy = malloc(text.count ? text.count : 1);
	assert_non_null(copy);
	memcpy(copy, text.bytes, text.count);
	const enum tok_status status =
	    vocab_read_hf((struct tok_span){ copy, text.count }, spec, err);
	free(copy);
	if (status != TOK_OK)
		assert_true(strlen(err->message) > 10 &&
			    err->message[strlen(err->message) - 1] != '.');
	return status;
}

/* ---- the reference --------------------------------------------------------------- */

/* The file and what the reference makes of it are the same tokenizer. */
static void check_same(const struct row *row, const struct tok_spec *spec)
{
	struct tok_buffer said = { 0 }, again = { 0 };
	struct tok_spec other = { 0 };
	struct tok_error err = { 0 };

	say_tokens(&said, spec);
	if (!tok_span_equal(tok_buffer_span(&said), row->tokens))
		fail_msg("%s: %s\nhas %.*s\nnot %s", row->name, (const char *)row->text.bytes,
			 (int)said.count, (const char *)said.bytes,
			 (const char *)row->tokens.bytes);
	tok_buffer_clear(&said);
	if (read_exact(row->again, &other, &err) != TOK_OK)
		fail_msg("%s: %s: %s", row->name, (const char *)row->again.bytes, err.message);
	say_pipeline(&said, spec);
	say_pipeline(&again, &other);
	if (!tok_span_equal(tok_buffer_span(&said), tok_buffer_span(&again)))
		fail_msg("%s: %s\nis  %.*s\nnot %.*s", row->name, (const char *)row->text.bytes,
			 (int)said.count, (const char *)said.bytes, (int)again.count,
			 (const char *)again.bytes);
	tok_buffer_release(&said);
	tok_buffer_release(&again);
	tok_spec_release(&other);
}

static void test_reference(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		const enum tok_status status = read_exact(rows[i].text, &spec, &err);
		if ((status == TOK_OK) != is_taken(&rows[i]))
			fail_msg("%s: %s: %s", rows[i].name, (const char *)rows[i].text.bytes,
				 status == TOK_OK ? "should be refused" : err.message);
		if (status == TOK_OK && rows[i].again.count)
			check_same(&rows[i], &spec);
		tok_spec_release(&spec);
	}
}

/* ---- refusals ---------------------------------------------------------------------- */

#define MODEL(fields) "{\"model\":{\"type\":\"BPE\"," fields "}}"
#define WITH(part)    "{\"model\":" WORDS "," part "}"

static void test_messages(void **state)
{
	static const struct {
		const char *text, *message;
	} refused[] = {
		{ "{\"model\":{}}", "at model: 'type' is missing: a model needs one" },
		{ "{\"model\":" WORDS, "line 1 column 68: expected ',' or '}'" },
		{ "{\"model\":" WORDS ",\"model\":" WORDS "}",
		  "the key 'model' must not be there twice" },
		{ MODEL("\"vocab\":{\"a\":0,\"a\":1},\"merges\":[]"),
		  "at model.vocab.a: this token is there twice" },
		{ MODEL("\"vocab\":{\"a\":0,\"b c\":0},\"merges\":[]"),
		  "at model.vocab['b c']: the id 0 already belongs to 'a': ids must be unique" },
		{ MODEL("\"vocab\":{\"abc\":\"x\"},\"merges\":[]"),
		  "at model.vocab.abc: an id must be a whole number from 0 to 16777215, not a "
		  "string" },
		{ MODEL("\"vocab\":{\"abc\":16777216},\"merges\":[]"),
		  "at model.vocab.abc: an id must be a whole number from 0 to 16777215, not "
		  "16777216" },
		{ MODEL("\"vocab\":{\"a\":0,\"b\":1},\"merges\":[\"#version\",\"a b\"]"),
		  "at model.merges[1]: merge 1: the result 'ab' is not in the vocabulary" },
		{ MODEL("\"vocab\":{\"a\":0},\"merges\":[\"a c\"]"),
		  "at model.merges[0]: merge 1: 'c' is not in the vocabulary" },
		{ MODEL("\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"],"
			"\"continuing_subword_prefix\":\"##\""),
		  "at model.merges[0]: merge 1: 'b' is shorter than the "
		  "continuing_subword_prefix" },
		{ "{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",0],[\"a\",1]]}}",
		  "at model.vocab[1]: the piece 'a' is there twice" },
		{ WITH("\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fus\"}]}"),
		  "at decoder.decoders[0]: there is no decoder 'Fus'" },
		{ WITH("\"normalizer\":{\"type\":\"Foo\",\"prepend\":\"x\"}"),
		  "at normalizer: there is no normalizer 'Foo'" },
		{ WITH("\"pre_tokenizer\":{\"type\":\"Punctuation\",\"behavior\":\"x\"}"),
		  "at pre_tokenizer.behavior: this must be 'Removed', 'Isolated', "
		  "'MergedWithPrevious', 'MergedWithNext' or 'Contiguous', not 'x'" },
		{ WITH("\"pre_tokenizer\":{\"type\":\"FixedLength\",\"length\":0}"),
		  "at pre_tokenizer.length: a length must be at least 1" },
		{ WITH("\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{"
		       "\"SpecialToken\":{\"id\":\"C\",\"type_id\":0}}],\"pair\":[],"
		       "\"special_tokens\":{}}"),
		  "at post_processor.single[0].SpecialToken.id: 'special_tokens' has no 'C'" },
		{ WITH("\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{"
		       "\"Sequence\":{\"id\":\"B\",\"type_id\":0}}],\"pair\":[],"
		       "\"special_tokens\":{}}"),
		  "at post_processor.single[0].Sequence.id: a template for one text has sequence "
		  "'A' only" },
		{ WITH("\"added_tokens\":[{\"id\":0,\"content\":\"x\"}]"),
		  "at added_tokens[0]: 'single_word' is missing" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		assert_int_equal(read_exact(tok_span_of(refused[i].text), &spec, &err),
				 TOK_EFORMAT);
		assert_string_equal(err.message, refused[i].message);
		tok_spec_release(&spec);
	}
}

/* ---- damage -------------------------------------------------------------------------- */

/* An error with a sentence, or a spec that can be compiled or is refused. */
static void read_damaged(struct tok_span text)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	if (read_exact(text, &spec, &err) == TOK_OK &&
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		assert_true(strlen(err.message) > 10);
	tok_tokenizer_free(tokenizer);
	tok_spec_release(&spec);
}

static void test_damage(void **state)
{
	static const char *const names[] = { "sequences.json", "unigram.json" };
	static const uint8_t flips[] = { 0x01, 0x10, 0x20, 0x80, 0xFF };
	(void)state;
	for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
		const struct tok_span file = fixture_read("fuzz/hf", names[n]);
		uint8_t *broken = malloc(file.count);
		assert_non_null(broken);
		for (size_t cut = 0; cut < file.count; cut++) {
			struct tok_spec spec = { 0 };
			struct tok_error err = { 0 };
			if (read_exact(tok_span_slice(file, 0, cut), &spec, &err) == TOK_OK)
				assert_true(cut + 1 == file.count); /* the newline at its end */
			tok_spec_release(&spec);
		}
		for (size_t at = 0; at < file.count; at++) {
			for (size_t i = 0; i < sizeof flips; i++) {
				memcpy(broken, file.bytes, file.count);
				broken[at] ^= flips[i];
				read_damaged((struct tok_span){ broken, file.count });
			}
		}
		free(broken);
		free((void *)(uintptr_t)file.bytes);
	}
}

/* head, `count` times unit with commas between, tail: read or refused at once. */
static enum tok_status read_repeated(const char *head, const char *unit, size_t count,
				     const char *tail)
{
	struct tok_buffer text = { 0 };
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	const clock_t start = clock();
	assert_true(tok_buffer_add(&text, head, strlen(head)));
	for (size_t i = 0; i < count; i++)
		assert_true((i == 0 || tok_buffer_add_byte(&text, ',')) &&
			    tok_buffer_add(&text, unit, strlen(unit)));
	assert_true(tok_buffer_add(&text, tail, strlen(tail)));
	const enum tok_status status = read_exact(tok_buffer_span(&text), &spec, &err);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5);
	tok_spec_release(&spec);
	tok_buffer_release(&text);
	return status;
}

static void test_bombs(void **state)
{
	static const char template[] =
	    "{\"model\":" WORDS ",\"post_processor\":{\"type\":"
	    "\"TemplateProcessing\",\"pair\":[],\"special_tokens\":{\"C\":"
	    "{\"id\":\"C\",\"ids\":[0,0,0,0],\"tokens\":[\"a\",\"a\",\"a\","
	    "\"a\"]}},\"single\":[";
	static const char special[] = "{\"SpecialToken\":{\"id\":\"C\",\"type_id\":0}}";
	static const char text[] = "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}";
	(void)state;
	assert_int_equal(read_repeated(template, special, 1000, "]}}"), TOK_OK);
	assert_int_equal(read_repeated(template, special, 20000, "]}}"), TOK_ELIMIT);
	assert_int_equal(read_repeated(template, text, 100000, "]}}"), TOK_ELIMIT);
	assert_int_equal(read_repeated("{\"model\":" WORDS ",\"normalizer\":{\"type\":\"Sequence\","
				       "\"normalizers\":[",
				       "{\"type\":\"NFC\"}", 100000, "]}}"),
			 TOK_OK);
	assert_int_equal(
	    read_repeated("{\"model\":" WORDS ",\"added_tokens\":[",
			  "{\"id\":9,\"content\":\"x\",\"single_word\":false,\"lstrip\":"
			  "false,\"rstrip\":false,\"normalized\":false,\"special\":true}",
			  20000, "]}"),
	    TOK_OK);
	assert_int_equal(read_repeated("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"aa\":1},"
				       "\"merges\":[",
				       "\"a a\"", 200000, "]}}"),
			 TOK_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_bombs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
