/* test_decode.c - decoding token by token, and in parts, says what decoding the list
 * says, for every chain of steps, and refuses the same ids with the same words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/many.h"
#include "tok/pipe/decode_internal.h"

enum { ROUNDS = 300, MOST_IDS = 40 };

/* Texts that the steps care about; one hole (id 11), one special token, one that is
 * longer than a quick copy. */
#define VOCABULARY                                                                                 \
	"\"added_tokens\":[" MANY_ADDED(                                                           \
	    20, "<s>", false, false, false, false,                                                 \
	    true) "," MANY_ADDED(21, "<0x42>", false, false, false, false,                         \
				 true) "],\"model\":{\"type\":\"WordLevel\","                      \
				       "\"unk_token\":\"?\",\"vocab\":{\"?\":0,\"a\":1,"           \
				       "\"\xE2\x96\x81\":2,\"\xE2\x96\x81the\":3,"                 \
				       "\"<0xC3>\":4,\"<0xA9>\":5,\"##b\":6,\"'s\":7,\"do "        \
				       "not\":8,\" \":9,"                                          \
				       "\"\xC4\xA0x\":10,\"a</w>\":12,\"\xE2\x96\x81\xE2\x96\x81 " \
				       "a very long one, longer\":13,"                             \
				       "\"fifteen letters\":14,\"sixteen  "                        \
				       "letters\":15,\"n't\":16,\"<0x20>\":17,\".\":18}}"

#define REPLACE "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xE2\x96\x81\"},\"content\":\" \"}"
#define REPLACE_NOTHING                                                                            \
	"{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"^$|a\"},\"content\":\"<0x41>\"}"
#define FALLBACK   "{\"type\":\"ByteFallback\"}"
#define FUSE       "{\"type\":\"Fuse\"}"
#define STRIP      "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":2}"
#define STRIP_MANY "{\"type\":\"Strip\",\"content\":\"a\",\"start\":3,\"stop\":5}"
#define STRIP_WIDE "{\"type\":\"Strip\",\"content\":\"\xE2\x96\x81\",\"start\":1,\"stop\":0}"
#define STRIP_MORE "{\"type\":\"Strip\",\"content\":\" \",\"start\":0,\"stop\":65537}"
#define WORDPIECE  "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}"
#define METASPACE                                                                                  \
	"{\"type\":\"Metaspace\",\"replacement\":\"\xE2\x96\x81\",\"prepend_scheme\":\"always\"}"
#define BYTES                                                                                      \
	"{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":"   \
	"true}"
#define BPE "{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}"
#define CTC "{\"type\":\"CTC\",\"pad_token\":\"a\",\"word_delimiter_token\":\" \",\"cleanup\":true}"

static const struct {
	const char *steps; /* NULL: no decoder */
	bool by_list;      /* it cannot be done token by token */
	bool only_whole;   /* nor in parts */
} chains[] = {
	{ NULL, false, false },
	{ REPLACE "," FALLBACK "," FUSE "," STRIP, false, false },
	{ REPLACE "," FALLBACK "," FUSE, false, false },
	{ REPLACE_NOTHING "," FALLBACK "," FUSE "," STRIP "," STRIP, false, false },
	{ REPLACE_NOTHING, false, false },
	{ STRIP "," REPLACE, false, false },
	{ WORDPIECE, false, false },
	{ METASPACE, false, false },
	{ METASPACE "," WORDPIECE, false, false },
	{ REPLACE "," BYTES "," STRIP, false, false },
	{ BYTES, false, false },
	{ FALLBACK, false, false },
	{ FUSE "," STRIP "," STRIP_MANY "," STRIP "," STRIP_MANY, false, false },
	{ FUSE "," STRIP_MANY, false, false },
	{ FUSE "," STRIP_WIDE, false, true },
	{ FUSE "," STRIP_MORE, false, true },
	{ FALLBACK "," BYTES, true, false },
	{ FALLBACK "," REPLACE, true, false },
	{ FUSE "," REPLACE, true, false },
	{ BPE, true, false },
	{ CTC, true, false },
};

/* The plain way, with a decoder that remembers nothing. */
static enum tok_status decode_plainly(struct tok_decoder *d, const tok_id *ids, size_t count,
				      bool skip_special, struct tok_error *err)
{
	const struct tok_names *names = &d->tokenizer->names;
	bool at_start = true;
	if (d->way == TOK_DECODE_BY_PIECES || d->way == TOK_DECODE_BY_LIST)
		return tok_decode_whole(d, ids, count, skip_special, err);
	for (size_t i = 0; i < count; i++) {
		const struct tok_span text = tok_names_has(names, ids[i])
						 ? tok_texts_at(&names->decodes, ids[i])
						 : tok_span_of("");
		if (!tok_names_has(names, ids[i]))
			return tok_decode_refuse(d, ids[i], i, err);
		if (d->way == TOK_DECODE_BY_TYPES)
			assert_true(tok_decode_typed(d, ids[i], skip_special, &at_start, &d->text));
		else if (!skip_special || !(names->flags[ids[i]] & TOK_NAME_SKIPPED))
			assert_true(tok_buffer_add(&d->text, text.bytes, text.count));
	}
	return TOK_OK;
}

static void check_text(const char *name, const struct tok_tokenizer *t, struct tok_decoder *d,
		       const tok_id *ids, size_t count, bool skip_special)
{
	struct tok_decoder *plain = tok_decoder_new(t);
	struct tok_error err = { 0 }, want_err = { 0 };
	struct tok_span got = { 0 };
	assert_non_null(plain);
	const enum tok_status want = decode_plainly(plain, ids, count, skip_special, &want_err);
	const enum tok_status status = tok_decode(d, ids, count, skip_special, &got, &err);
	if (status != want || strcmp(err.message, want_err.message) != 0)
		fail_msg("%s: '%s', not '%s'", name, err.message, want_err.message);
	if (status == TOK_OK && !tok_span_equal(got, tok_buffer_span(&plain->text)))
		fail_msg("%s: %zu ids: '%.*s', not '%.*s'", name, count, (int)got.count, got.bytes,
			 (int)plain->text.count, plain->text.bytes);
	tok_decoder_free(plain);
}

/* In parts of any lengths, none too. */
static void check_parts(const char *name, struct tok_decoder *d, const tok_id *ids, size_t count,
			bool skip_special, uint64_t *state)
{
	struct tok_error err = { 0 }, want_err = { 0 };
	struct tok_buffer want = { 0 }, got = { 0 };
	struct tok_span text = { 0 };
	const enum tok_status whole = tok_decode(d, ids, count, skip_special, &text, &want_err);
	if (whole == TOK_OK)
		assert_true(tok_buffer_add(&want, text.bytes, text.count));
	enum tok_status status = TOK_OK;
	bool last = false;
	tok_decode_begin(d);
	for (size_t at = 0; status == TOK_OK && !last;) {
		const size_t more = many_draw(state, 4);
		const size_t end = more < count - at ? at + more : count;
		last = end == count && many_draw(state, 2);
		status = tok_decode_part(d, ids + at, end - at, skip_special, &text, &err);
		if (status == TOK_OK)
			assert_true(tok_buffer_add(&got, text.bytes, text.count));
		at = end;
	}
	if (status != whole || strcmp(err.message, want_err.message) != 0)
		fail_msg("%s, in parts: '%s', not '%s'", name, err.message, want_err.message);
	if (status == TOK_OK && !tok_span_equal(tok_buffer_span(&got), tok_buffer_span(&want)))
		fail_msg("%s, in parts, %zu ids: '%.*s', not '%.*s'", name, count, (int)got.count,
			 got.bytes, (int)want.count, want.bytes);
	tok_buffer_release(&got);
	tok_buffer_release(&want);
}

static void check_tokenizer(const char *name, const struct tok_tokenizer *t)
{
	struct tok_decoder *d = tok_decoder_new(t);
	const size_t size = t->names.size;
	uint64_t state = 3;
	assert_non_null(d);
	for (size_t round = 0; round < ROUNDS; round++) {
		tok_id ids[MOST_IDS];
		const size_t count = many_draw(&state, MOST_IDS);
		const bool wild = many_draw(&state, 4) == 0;
		for (size_t i = 0; i < count; i++) {
			ids[i] = many_draw(&state, (uint32_t)size + (wild ? 2 : 0));
			while (!wild && !tok_names_has(&t->names, ids[i]))
				ids[i] = many_draw(&state, (uint32_t)size);
		}
		if (wild && count > 0 && many_draw(&state, 4) == 0)
			ids[count / 2] = UINT32_MAX;
		check_text(name, t, d, ids, count, round % 2);
		if (tok_decoder_takes_parts(d))
			check_parts(name, d, ids, count, round % 2, &state);
	}
	tok_decoder_free(d);
}

static void test_chains(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
		char json[4096];
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		struct tok_tokenizer *t = NULL;
		const char *steps = chains[i].steps;
		snprintf(json, sizeof json, "{" VOCABULARY ",\"decoder\":%s%s%s}",
			 steps ? "{\"type\":\"Sequence\",\"decoders\":[" : "",
			 steps ? steps : "null", steps ? "]}" : "");
		if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK ||
		    tok_tokenizer_new(&spec, &t, &err) != TOK_OK)
			fail_msg("%s: %s", steps ? steps : "null", err.message);
		tok_spec_release(&spec);
		struct tok_decoder *d = tok_decoder_new(t);
		assert_non_null(d);
		if ((d->way == TOK_DECODE_BY_LIST) != chains[i].by_list)
			fail_msg("%s: the other way was taken", steps ? steps : "null");
		if (tok_decoder_takes_parts(d) == (chains[i].by_list || chains[i].only_whole))
			fail_msg("%s: parts", steps ? steps : "null");
		tok_decoder_free(d);
		check_tokenizer(steps ? steps : "null", t);
		tok_tokenizer_free(t);
	}
}

static void test_all(void **state)
{
	(void)state;
	struct many all = many_new();
	for (size_t i = 0; i < all.count; i++)
		check_tokenizer(all.names[i], all.tokenizers[i]);
	many_release(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_chains),
					    cmocka_unit_test(test_all) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
