/*
 * test_memory.c - the n-th allocation fails, for every n, from reading a file
 * to decoding: TOK_ENOMEM comes back and nothing stays allocated.  And once
 * warm, encoding allocates nothing.
 *
 * Linked with --wrap for malloc, calloc, realloc and free, so that only our own
 * calls are counted, not those inside ICU and PCRE2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/unit/heap.h"
#include "tok/pipe/decoder.h"
#include "tok/pipe/encoder.h"
#include "vocab/format/read.h"

/* A byte-level BPE, a metaspace Unigram and a WordPiece with most of what a
 * pipeline can have. */
static const char *const files[] = {
	"{\"added_tokens\":[{\"id\":7,\"content\":\"<s>\",\"special\":true,\"normalized\":false,"
	"\"single_word\":false,\"lstrip\":false,\"rstrip\":true},{\"id\":8,\"content\":\"HEY\","
	"\"special\":false,\"normalized\":true,\"single_word\":true,\"lstrip\":true,\"rstrip\":"
	"false}],\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{"
	"\"type\":"
	"\"Lowercase\"},{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"q+\"},\"content\":\"b\"}]},"
	"\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\","
	"\"pattern\":"
	"{\"Regex\":\"[0-9]\"},\"behavior\":\"Isolated\",\"invert\":false},{\"type\":\"ByteLevel\","
	"\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true}]},\"post_processor\":{"
	"\"type\":\"Sequence\",\"processors\":[{\"type\":\"ByteLevel\",\"add_prefix_space\":true,"
	"\"trim_offsets\":true},{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{"
	"\"id\":\"<s>\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":[],"
	"\"special_tokens\":{\"<s>\":{\"id\":\"<s>\",\"ids\":[7],\"tokens\":[\"<s>\"]}}}]},"
	"\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true},"
	"\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":"
	"1,"
	"\"ab\":2,\"\xC4\xA0\":3,\"\xC4\xA0"
	"ab\":4,\"1\":5,\"h\":6},\"merges\":[\"a b\",\"\xC4\xA0 ab\"]}}",

	"{\"normalizer\":{\"type\":\"NFKD\"},\"pre_tokenizer\":{\"type\":\"Metaspace\","
	"\"replacement\":"
	"\"\xE2\x96\x81\",\"prepend_scheme\":\"first\",\"split\":true},\"decoder\":{\"type\":"
	"\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xE2\x96\x81\"}"
	","
	"\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\","
	"\"content\":\" \",\"start\":1,\"stop\":0}]},\"model\":{\"type\":\"Unigram\",\"unk_id\":0,"
	"\"vocab\":[[\"<unk>\",0.0],[\"\xE2\x96\x81\",-1.0],[\"a\",-2.0],[\"b\",-2.5],[\"ab\",-3.0]"
	"],"
	"\"byte_fallback\":false}}",

	"{\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":"
	"true,"
	"\"strip_accents\":null,\"lowercase\":true},\"pre_tokenizer\":{\"type\":"
	"\"BertPreTokenizer\"},"
	"\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true},\"model\":{"
	"\"type\":"
	"\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\","
	"\"max_input_chars_per_word\":100,\"vocab\":{\"[UNK]\":0,\"a\":1,\"##b\":2,\"ab\":3}}}",
};

static const char text[] = "ab AB  <s> hey qqab 12 \xC3\xA9 \xE4\xBD\xA0 <s>ab ba\xCC\x81";

static enum tok_status use(struct tok_tokenizer *t, struct tok_error *err)
{
	const struct tok_encode_options all = {
		.special_text = TOK_SPECIAL_MATCH,
		.add_special = true,
		.truncate = true,
		.offsets = true,
		.tokens = true,
	};
	struct tok_encoder *e = tok_encoder_new(t);
	struct tok_decoder *d = tok_decoder_new(t);
	struct tok_encoding r;
	struct tok_span back;
	enum tok_status status = e && d ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = tok_encode(e, tok_span_of(text), &all, &r, err);
	if (status == TOK_OK)
		status = tok_decode(d, r.ids, r.count, false, &back, err);
	tok_encoder_free(e);
	tok_decoder_free(d);
	return status;
}

static enum tok_status whole_way(const char *file, struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *t = NULL;
	enum tok_status status = vocab_read_bytes(tok_span_of(file), NULL, &spec, err);
	if (status == TOK_OK)
		status = tok_tokenizer_new(&spec, &t, err);
	if (status == TOK_OK)
		status = use(t, err);
	tok_tokenizer_free(t);
	tok_spec_release(&spec);
	return status;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct tok_error err = { 0 };
		heap.live = 0;
		heap.asked = heap.fails_at = 0;
		if (whole_way(files[i], &err) != TOK_OK)
			fail_msg("file %zu: %s", i, err.message);
		assert_int_equal(heap.live, 0);
		const size_t total = heap.asked;
		assert_true(total > 20);
		for (size_t n = 1; n <= total; n++) {
			heap.asked = 0;
			heap.fails_at = n;
			const enum tok_status status = whole_way(files[i], &err);
			heap.fails_at = 0;
			/* Some room is a convenience: then all goes well without it. */
			if (status != TOK_OK && status != TOK_ENOMEM)
				fail_msg("file %zu, allocation %zu: %s", i, n, err.message);
			if (heap.live != 0)
				fail_msg("file %zu, allocation %zu: %ld left", i, n, heap.live);
		}
	}
}

static void warm_encoder_allocates_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct tok_error err = { 0 };
		struct tok_spec spec = { 0 };
		struct tok_tokenizer *t = NULL;
		struct tok_encoding r;
		const struct tok_encode_options o = { .offsets = true, .tokens = true };
		assert_int_equal(vocab_read_bytes(tok_span_of(files[i]), NULL, &spec, &err),
				 TOK_OK);
		assert_int_equal(tok_tokenizer_new(&spec, &t, &err), TOK_OK);
		struct tok_encoder *e = tok_encoder_new(t);
		assert_non_null(e);
		for (int n = 0; n < 3; n++)
			assert_int_equal(tok_encode(e, tok_span_of(text), &o, &r, &err), TOK_OK);
		heap.asked = 0;
		for (int n = 0; n < 100; n++)
			assert_int_equal(tok_encode(e, tok_span_of(text), &o, &r, &err), TOK_OK);
		if (heap.asked != 0)
			fail_msg("file %zu: %zu allocations in 100 calls", i, heap.asked);
		tok_encoder_free(e);
		tok_tokenizer_free(t);
		tok_spec_release(&spec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(warm_encoder_allocates_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
