/* test_audit_text.c - measures of texts, worked out by hand and taken from the papers' programs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tok/pipe/decoder.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/audit/text.h"
#include "vocab/format/read.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

#define BYTE_LEVEL                                                                                 \
	"\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"                    \
	"\"trim_offsets\":true,\"use_regex\":true},\"decoder\":{\"type\":\"ByteLevel\","           \
	"\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true},"

/* a, b, ab, " ", " ab", C3, A9 */
static const char pairs[] =
    "{" BYTE_LEVEL "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,"
    "\"\xC4\xA0\":3,\"\xC4\xA0"
    "ab\":4,\"\xC3\x83\":5,\"\xC2\xA9\":6},"
    "\"merges\":[\"a b\",\"\xC4\xA0 ab\"]}}";
/* The same letters, small ones made of large ones. */
static const char lower[] = "{\"normalizer\":{\"type\":\"Lowercase\"}," BYTE_LEVEL
			    "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,"
			    "\"\xC3\x83\":2,\"\xC2\xA9\":3},\"merges\":[]}}";
/* U+2581 before all; the letter of three bytes is no token, those bytes are. */
static const char fallback[] =
    "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\","
    "\"prepend\":\"\xE2\x96\x81\"},{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},"
    "\"content\":\"\xE2\x96\x81\"}]},\"decoder\":{\"type\":\"Sequence\",\"decoders\":["
    "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xE2\x96\x81\"},\"content\":\" \"},"
    "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"
    "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]},"
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"byte_fallback\":true,\"vocab\":{"
    "\"<unk>\":0,\"<0xE4>\":1,\"<0xBD>\":2,\"<0xA0>\":3,\"\xE2\x96\x81\":4,\"a\":5,"
    "\"\xC3\xA9\":6,\"\xE2\x96\x81"
    "a\":7},\"merges\":[\"\xE2\x96\x81 a\"]}}";
/* U+2581 before all, and no letter a. */
static const char strange[] =
    "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\","
    "\"prepend\":\"\xE2\x96\x81\"},{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},"
    "\"content\":\"\xE2\x96\x81\"}]},\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\","
    "\"vocab\":{\"<unk>\":0,\"b\":1,\"\xE2\x96\x81\":2,\"\xE2\x96\x81"
    "b\":3},\"merges\":[\"\xE2\x96\x81 b\"]}}";
/* Letters of which A is none, and what is unknown. */
static const char some[] = "{" BYTE_LEVEL "\"model\":{\"type\":\"BPE\",\"unk_token\":\"?\","
			   "\"vocab\":{\"a\":0,\"b\":1,\"\xC4\xA0\":2,\"?\":3,\"\xC3\x83\":4,"
			   "\"\xC2\xA9\":5,\"ab\":6},\"merges\":[\"a b\"]}}";
/* Small letters of large ones, where there are any. */
static const char folded[] = "{\"normalizer\":{\"type\":\"Lowercase\"}," BYTE_LEVEL
			     "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,"
			     "\"\xC4\xA0\":2,\"\xC3\x83\":3,\"\xC2\xA9\":4,\"ab\":5},"
			     "\"merges\":[\"a b\"]}}";
/* The same letters; " ab" is a special token, too, which has the bytes of U+0120 for its
 * length and decodes to a blank. */
static const char misread[] =
    "{" BYTE_LEVEL "\"added_tokens\":[{\"id\":4,\"content\":\"\xC4\xA0"
    "ab\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
    "\"normalized\":false,\"special\":true}],\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,"
    "\"b\":1,\"ab\":2,\"\xC4\xA0\":3,\"\xC4\xA0"
    "ab\":4,\"\xC3\x83\":5,\"\xC2\xA9\":6,\"\xC3\x83\xC2\xA9\":7},"
    "\"merges\":[\"a b\",\"\xC4\xA0 ab\",\"\xC3\x83 \xC2\xA9\"]}}";
static const char words_only[] =
    "{\"pre_tokenizer\":{\"type\":\"Whitespace\"},\"model\":{\"type\":\"WordLevel\","
    "\"unk_token\":\"[UNK]\",\"vocab\":{\"[UNK]\":0,\"a\":1}}}";

/* Two tokens, ids 0 and 9. */
static const char holes[] =
    "{" BYTE_LEVEL "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":9},\"merges\":[]}}";

static struct tok_tokenizer *tokenizer_of(const char *json)
{
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (!json) {
		assert_int_equal(tok_tokenizer_bytes(&tokenizer, &err), TOK_OK);
		return tokenizer;
	}
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	return tokenizer;
}

/* A language as it is read: facts, and its words. */
static struct vocab_audit_facts facts_of(enum vocab_audit_words words, size_t memory_bytes,
					 const struct tok_span *lines, size_t count,
					 struct vocab_audit_word_list *list)
{
	const struct vocab_audit_corpus_options options = { words, memory_bytes, "/var/tmp" };
	struct vocab_audit_corpus *corpus;
	struct vocab_audit_facts facts;
	struct tok_error err = { 0 };
	bool ended = false;
	assert_int_equal(vocab_audit_corpus_new(&options, &corpus, &err), TOK_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(vocab_audit_corpus_line(corpus, lines[i], &err), TOK_OK);
	for (size_t bytes = 1; !ended; bytes += 100)
		assert_int_equal(vocab_audit_corpus_words(corpus, bytes, list, &ended, &err),
				 TOK_OK);
	vocab_audit_corpus_facts(corpus, &facts);
	vocab_audit_corpus_free(corpus);
	return facts;
}

/* Lines one behind the other, as they are taken. */
static void lay_out(const struct tok_span *lines, size_t count, struct tok_buffer *text,
		    size_t *ends)
{
	for (size_t i = 0; i < count; i++) {
		assert_true(tok_buffer_add(text, lines[i].bytes, lines[i].count));
		assert_true(tok_buffer_add_byte(text, '\n'));
		ends[i] = text->count - 1;
	}
}

/* Part `part` of `parts`: some lines, some words. */
static void run_part(struct vocab_audit_run *run, struct tok_span text, const size_t *ends,
		     size_t count, const struct vocab_audit_word_list *words, size_t part,
		     size_t parts, struct vocab_audit_counts *counts)
{
	const size_t first = count * part / parts, last = count * (part + 1) / parts;
	const struct vocab_audit_lines lines = { text.bytes, first ? ends[first - 1] + 1 : 0,
						 ends + first, last - first };
	struct tok_error err = { 0 };
	assert_int_equal(vocab_audit_run_lines(run, &lines, counts, &err), TOK_OK);
	assert_int_equal(vocab_audit_run_words(run, words, words->count * part / parts,
					       words->count * (part + 1) / parts, counts, &err),
			 TOK_OK);
}

/* Of lines, by one tokenizer, in so many parts. */
static struct vocab_audit_measures measure(const char *json, const struct tok_span *lines,
					   size_t count, size_t parts)
{
	struct tok_tokenizer *tokenizer = tokenizer_of(json);
	struct vocab_audit_word_list words = { 0 };
	const struct vocab_audit_facts facts =
	    facts_of(VOCAB_AUDIT_WORDS_WHITESPACE, 0, lines, count, &words);
	struct vocab_audit_counts all = { 0 }, counts = { 0 };
	struct vocab_audit_measures out;
	struct vocab_audit_text *audit;
	struct vocab_audit_run *run;
	struct vocab_audit_scratch *scratch = vocab_audit_scratch_new();
	struct tok_buffer text = { 0 };
	struct tok_error err = { 0 };
	size_t *ends = calloc(count + 1, sizeof *ends);
	assert_true(scratch && ends);
	lay_out(lines, count, &text, ends);
	assert_int_equal(vocab_audit_text_new(tokenizer, &audit, &err), TOK_OK);
	assert_int_equal(vocab_audit_run_new(audit, scratch, &run, &err), TOK_OK);
	for (size_t i = 0; i < parts; i++) {
		vocab_audit_counts_clear(&counts);
		run_part(run, tok_buffer_span(&text), ends, count, &words, i, parts, &counts);
		assert_int_equal(vocab_audit_counts_add(&all, &counts, &err), TOK_OK);
	}
	assert_int_equal(vocab_audit_text_measure(audit, &facts, &all, &out, &err), TOK_OK);
	vocab_audit_counts_release(&all);
	vocab_audit_counts_release(&counts);
	vocab_audit_word_list_release(&words);
	vocab_audit_run_free(run);
	vocab_audit_scratch_free(scratch);
	vocab_audit_text_free(audit);
	tok_buffer_release(&text);
	free(ends);
	tok_tokenizer_free(tokenizer);
	return out;
}

static struct vocab_audit_measures measure_line(const char *json, struct tok_span line)
{
	return measure(json, &line, 1, 1);
}

/* ---- numbers by hand ------------------------------------------------------------------------ */

static void bytes_are_counted(void **state)
{
	const struct tok_span lines[] = { tok_span_of("ab \xC3\xA9"), tok_span_of("ab") };
	const struct vocab_audit_measures m = measure(NULL, lines, 2, 1);
	(void)state;
	assert_int_equal(m.lines, 2);
	assert_int_equal(m.bytes, 7);
	assert_int_equal(m.characters, 6);
	assert_int_equal(m.words, 3);
	assert_int_equal(m.tokens, 7);
	assert_int_equal(m.unknown, 0);
	assert_int_equal(m.types, 5);
	NEAR(m.bytes_per_token, 1);
	NEAR(m.characters_per_token, 6.0 / 7);
	NEAR(m.tokens_per_line, 3.5);
	NEAR(m.fertility, 7.0 / 3);
	NEAR(m.continued, 1);
	NEAR(m.single, 0);
	NEAR(m.single_types, 0);
	NEAR(m.continuing, 4.0 / 7);
	NEAR(m.vocabulary_use, 5.0 / 256);
	NEAR(m.entropy, 2.2359263506290326); /* 4/7 log2 7/2 + 3/7 log2 7 */
	NEAR(m.efficiency, 2.2359263506290326 / log2(5));
	NEAR(m.vocabulary_efficiency, 2.2359263506290326 / 8);
	NEAR(m.round_trip, 1);
	NEAR(m.split_characters, 1);
	NEAR(m.script_tokens, 4.0 / 7); /* parts of the letter have no script */
	NEAR(m.script_vocabulary, 52.0 / 256);
}

/* "ab ab b": ab| ab| |b; " ab" is one token, " b" is two. */
static void words_are_encoded_by_themselves(void **state)
{
	const struct vocab_audit_measures m = measure_line(pairs, tok_span_of("ab ab b"));
	(void)state;
	assert_int_equal(m.tokens, 4);
	assert_int_equal(m.words, 3);
	NEAR(m.fertility, 4.0 / 3);
	NEAR(m.single, 2.0 / 3);
	NEAR(m.continued, 1.0 / 3);
	NEAR(m.continuing, 1.0 / 4);
	NEAR(m.single_types, 1.0 / 2);
	NEAR(m.round_trip, 1);
	assert_true(isnan(m.split_characters));
}

/* A word that is a token only bare: types are told with the space, running words as they are. */
static void types_have_their_space(void **state)
{
	const struct vocab_audit_measures m = measure_line(pairs, tok_span_of("b b"));
	(void)state;
	NEAR(m.single, 1.0 / 2);
	NEAR(m.single_types, 0);
}

/* The tokenizer puts a blank in front itself: a word of a running text has one blank, not two. */
static void a_blank_is_put_in_front_once(void **state)
{
	const struct vocab_audit_measures known = measure_line(fallback, tok_span_of("a a")),
					  marked =
					      measure_line(fallback, tok_span_of("a \xC3\xA9 a")),
					  first = measure_line(fallback, tok_span_of("\xC3\xA9 a"));
	(void)state;
	NEAR(known.single, 1);
	NEAR(known.continued, 0);
	NEAR(known.single_types, 1);
	NEAR(known.continuing, 0);
	NEAR(marked.single, 2.0 / 3); /* the mark before the letter is of the text */
	NEAR(marked.single_types, 1.0 / 2);
	NEAR(marked.continuing, 1.0 / 4);
	NEAR(first.single, 1); /* and here of the tokenizer alone */
	NEAR(first.single_types, 1);
	NEAR(measure_line(strange, tok_span_of("b b")).single, 1);
}

static void what_changes_does_not_come_back(void **state)
{
	const struct vocab_audit_measures kept = measure_line(lower, tok_span_of("ab\xC3\xA9")),
					  changed = measure_line(lower, tok_span_of("aB\xC3\x89"));
	(void)state;
	NEAR(kept.round_trip, 1);
	NEAR(kept.split_characters, 1);
	assert_int_equal(changed.tokens, 4);
	NEAR(changed.round_trip, 0);
	NEAR(changed.split_characters, 1); /* by where its tokens came from */
}

/* e with an accent is a token, the Chinese letter three, and there is a mark in front. */
static void bytes_stand_in_for_characters(void **state)
{
	const struct vocab_audit_measures m =
	    measure_line(fallback, tok_span_of("a\xC3\xA9\xE4\xBD\xA0"
					       "a"));
	(void)state;
	assert_int_equal(m.tokens, 6);
	NEAR(m.round_trip, 1);
	NEAR(m.split_characters, 1.0 / 2);
}

static void unknown_words_are_told(void **state)
{
	const struct vocab_audit_measures m = measure_line(words_only, tok_span_of("a x a y"));
	(void)state;
	assert_int_equal(m.tokens, 4);
	assert_int_equal(m.unknown, 2);
	assert_int_equal(m.types, 2);
	NEAR(m.round_trip, 0);
	NEAR(measure_line(words_only, tok_span_of("\xC3\xA9 \xC3\xA9")).split_characters, 0);
}

static void holes_are_no_tokens(void **state)
{
	const struct vocab_audit_measures m = measure_line(holes, tok_span_of("b"));
	(void)state;
	NEAR(m.vocabulary_use, 1.0 / 2);
	NEAR(m.script_vocabulary, 1);
}

static void nothing_is_divided_by(void **state)
{
	const struct tok_span empty = { (const uint8_t *)"", 0 };
	const struct vocab_audit_measures none = measure(NULL, NULL, 0, 1),
					  nothing = measure_line(NULL, empty),
					  one = measure_line(NULL, tok_span_of("a"));
	(void)state;
	assert_true(isnan(none.bytes_per_token) && isnan(none.fertility) && isnan(none.entropy) &&
		    isnan(none.round_trip) && isnan(none.script_tokens) && isnan(none.continuing));
	assert_int_equal(nothing.lines, 1);
	NEAR(nothing.round_trip, 1);
	NEAR(nothing.tokens_per_line, 0);
	NEAR(one.entropy, 0);
	assert_true(isnan(one.efficiency)); /* of one type */
}

/* Each byte that is not UTF-8 is a character, NUL is one too; none of them can be split. */
static void any_bytes_are_taken(void **state)
{
	static const uint8_t bytes[] = { 0xC3, 0, 0xFF, 'a', 0xED, 0xA0, 0x80, 0xE4, 0xBD };
	const struct vocab_audit_measures m =
	    measure_line(NULL, (struct tok_span){ bytes, sizeof bytes });
	(void)state;
	assert_int_equal(m.characters, 9);
	assert_int_equal(m.tokens, 9);
	NEAR(m.round_trip, 1);
	assert_true(isnan(m.split_characters));
	/* A tail without its head, behind a letter that is whole. */
	NEAR(measure_line(NULL, tok_span_of("\xC3\xA9\xA9")).split_characters, 1);
}

/* ---- laws -------------------------------------------------------------------------------- */

static void parts_make_the_whole(void **state)
{
	char text[64][16];
	struct tok_span lines[64];
	(void)state;
	for (size_t i = 0; i < 64; i++) {
		snprintf(text[i], sizeof text[i], "ab a%zub ab%zu \xC3\xA9", i % 7, i % 3);
		lines[i] = tok_span_of(text[i]);
	}
	for (size_t k = 0; k < 2; k++) {
		const struct vocab_audit_measures whole = measure(k ? pairs : NULL, lines, 64, 1);
		for (size_t parts = 2; parts < 80; parts += 7) {
			const struct vocab_audit_measures m =
			    measure(k ? pairs : NULL, lines, 64, parts);
			assert_memory_equal(&m, &whole, sizeof m);
		}
	}
}

/* More words than go into one run, long ones among them: by many at a time as one by one. */
static void many_words_are_as_one(void **state)
{
	struct tok_tokenizer *tokenizer = tokenizer_of(pairs);
	struct tok_encoder *encoder = tok_encoder_new(tokenizer);
	const struct tok_encode_options how = { 0 };
	struct tok_buffer line = { 0 };
	uint64_t tokens = 0, random = 1;
	(void)state;
	for (size_t i = 0; i < 5000; i++) {
		struct tok_encoding encoded;
		const size_t begin = line.count;
		if (i)
			assert_true(tok_buffer_add(&line, " ", 1));
		const size_t length = i % 1000 == 7 ? 70000 : 1 + i % 19;
		for (size_t k = 0; k < length; k++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			assert_true(tok_buffer_add_byte(&line, random >> 63 ? 'a' : 'b'));
		}
		assert_int_equal(
		    tok_encode(encoder, tok_span_slice(tok_buffer_span(&line), begin, line.count),
			       &how, &encoded, NULL),
		    TOK_OK);
		tokens += encoded.count;
	}
	const struct vocab_audit_measures m = measure_line(pairs, tok_buffer_span(&line));
	assert_int_equal(m.words, 5000);
	NEAR(m.continuing, (double)(tokens - 5000) / (double)tokens);
	tok_buffer_release(&line);
	tok_encoder_free(encoder);
	tok_tokenizer_free(tokenizer);
}

/* More words than memory has room for, some of which come both ways: those of plain counting. */
static void words_that_do_not_fit_are_all_there(void **state)
{
	enum { DISTINCT = CHECKED ? 9000 : 60000 };
	struct vocab_audit_word_list words = { 0 };
	struct tok_buffer text = { 0 };
	uint64_t *bare = calloc(DISTINCT, sizeof *bare), *spaced = calloc(DISTINCT, sizeof *spaced);
	struct tok_span *lines = calloc(3 * DISTINCT, sizeof *lines);
	size_t count = 0, begin = 0, both = 0;
	char word[80];
	(void)state;
	assert_true(bare && spaced && lines);
	for (size_t i = 0; i < 3 * DISTINCT; i++) {
		const size_t a = i * 7919 % DISTINCT, b = i * i % (DISTINCT / 2);
		snprintf(word, sizeof word,
			 "%zu-a-long-word-that-takes-some-room %zu-a-long-word-that-"
			 "takes-some-room",
			 a, b);
		bare[a]++;
		spaced[b]++;
		assert_true(tok_buffer_add(&text, word, strlen(word)));
	}
	for (size_t i = 0; i < 3 * DISTINCT; i++) {
		const size_t a = i * 7919 % DISTINCT, b = i * i % (DISTINCT / 2);
		const int length = snprintf(word, sizeof word,
					    "%zu-a-long-word-that-takes-some-room "
					    "%zu-a-long-word-that-takes-some-room",
					    a, b);
		lines[count++] =
		    tok_span_slice(tok_buffer_span(&text), begin, begin + (size_t)length);
		begin += (size_t)length;
	}
	const struct vocab_audit_facts facts =
	    facts_of(VOCAB_AUDIT_WORDS_WHITESPACE, 1, lines, count, &words);
	assert_int_equal(facts.words, 6 * DISTINCT);
	assert_int_equal(facts.distinct_words, DISTINCT);
	assert_int_equal(words.count, DISTINCT);
	for (size_t i = 0; i < words.count; i++) {
		const struct vocab_audit_word *w = &words.items[i];
		const size_t number = strtoul((const char *)words.bytes.bytes + w->begin, NULL, 10);
		assert_int_equal(w->bare, bare[number]);
		assert_int_equal(w->spaced, spaced[number]);
		assert_int_equal(words.bytes.bytes[w->begin - 1], ' ');
		both += w->bare && w->spaced;
	}
	assert_true(both > 100 && both < DISTINCT);
	vocab_audit_word_list_release(&words);
	tok_buffer_release(&text);
	free(bare);
	free(spaced);
	free(lines);
}

static void that_words_find_no_room_is_told(void **state)
{
	const struct vocab_audit_corpus_options options = { VOCAB_AUDIT_WORDS_WHITESPACE, 1,
							    "/no/such/folder" };
	struct vocab_audit_corpus *corpus;
	struct tok_error err = { 0 };
	enum tok_status status = TOK_OK;
	char word[32];
	(void)state;
	assert_int_equal(vocab_audit_corpus_new(&options, &corpus, &err), TOK_OK);
	for (size_t i = 0; i < 200000 && status == TOK_OK; i++) {
		snprintf(word, sizeof word, "%zu", i);
		status = vocab_audit_corpus_line(corpus, tok_span_of(word), &err);
	}
	assert_int_equal(status, TOK_EIO);
	assert_non_null(strstr(err.message, "/no/such/folder"));
	vocab_audit_corpus_free(corpus);
}

/* Pieces that are encoded once each: counts are those of lines encoded and decoded as they are,
 * also where bytes are no UTF-8, a normaliser changes some lines, or a byte has no token. */
static void pieces_are_as_lines(void **state)
{
	static const char *const models[] = { NULL, pairs, some, folded };
	(void)state;
	for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
		struct tok_tokenizer *tokenizer = tokenizer_of(models[m]);
		struct tok_encoder *encoder = tok_encoder_new(tokenizer);
		struct tok_decoder *decoder = tok_decoder_new(tokenizer);
		const struct tok_encode_options how = { 0 };
		struct tok_span lines[400];
		static uint8_t bytes[400][24];
		uint64_t tokens = 0, kept = 0, random = m + 1;
		assert_true(encoder && decoder);
		for (size_t i = 0; i < 400; i++) {
			static const uint8_t letters[] = { 'a',  'b',  ' ', ' ',  'a', 'b',
							   0xC3, 0xA9, 'A', 0x80, '1', '\'' };
			/* The last ones only where there is a token for each byte. */
			const size_t some_of = m == 0 ? sizeof letters : i % 3 ? 6 : 9;
			struct tok_encoding encoded;
			struct tok_span back;
			for (size_t k = 0; k < 24; k++) {
				random = random * 6364136223846793005u + 1442695040888963407u;
				bytes[i][k] = letters[(random >> 40) % some_of];
				if (bytes[i][k] == 0xC3 && k + 1 < 24 && m > 0)
					bytes[i][++k] = 0xA9;
				else if ((bytes[i][k] == 0xC3 || bytes[i][k] == 0xA9) && m > 0)
					bytes[i][k] = 'b';
			}
			lines[i] = (struct tok_span){ bytes[i], 1 + i % 24 };
			while (m > 0 && lines[i].count > 0 && bytes[i][lines[i].count - 1] == 0xC3)
				lines[i].count--;
			assert_int_equal(tok_encode(encoder, lines[i], &how, &encoded, NULL),
					 TOK_OK);
			assert_int_equal(
			    tok_decode(decoder, encoded.ids, encoded.count, false, &back, NULL),
			    TOK_OK);
			tokens += encoded.count;
			kept += tok_span_equal(back, lines[i]);
		}
		const struct vocab_audit_measures out = measure(models[m], lines, 400, 1);
		assert_int_equal(out.tokens, tokens);
		NEAR(out.round_trip, (double)kept / 400);
		assert_true(m == 3 ? kept > 0 && kept < 400 : kept > 0);
		tok_encoder_free(encoder);
		tok_decoder_free(decoder);
		tok_tokenizer_free(tokenizer);
	}
}

/* A token of more bytes than it adds to the text: the letter behind it is one token. */
static void lengths_that_mislead_split_nothing(void **state)
{
	const struct vocab_audit_measures m =
	    measure_line(misread, tok_span_of("ab ab\xC3\xA9 ab\xC3\xA9"));
	(void)state;
	assert_int_equal(m.tokens, 5);
	NEAR(m.round_trip, 1);
	NEAR(m.split_characters, 0);
}

/* ---- words and scripts -------------------------------------------------------------------- */

static void words_are_found(void **state)
{
	static const struct {
		const char *text;
		enum vocab_audit_words words;
		uint64_t count, distinct;
	} rows[] = {
		{ "", VOCAB_AUDIT_WORDS_WHITESPACE, 0, 0 },
		{ " \t\r\v\f ", VOCAB_AUDIT_WORDS_WHITESPACE, 0, 0 },
		{ "a b, a  b", VOCAB_AUDIT_WORDS_WHITESPACE, 4, 3 },
		{ "a\xC2\xA0"
		  "b\xE3\x80\x80"
		  "c\xE2\x80\x83"
		  "d\xC2\x85"
		  "e\xE1\x9A\x80"
		  "f",
		  VOCAB_AUDIT_WORDS_WHITESPACE, 6, 6 },
		{ "a\xE3\x80 \xE2\x80\x8B"
		  "b\xC2",
		  VOCAB_AUDIT_WORDS_WHITESPACE, 2, 2 },
		{ "Hello, world 42!", VOCAB_AUDIT_WORDS_UAX29, 3, 3 },
		{ "can't\xFF stop", VOCAB_AUDIT_WORDS_UAX29, 2, 2 },
		{ "a \xC3\xA9\xC3\xA9\xFF", VOCAB_AUDIT_WORDS_CODEPOINT, 4, 3 },
		{ "  ", VOCAB_AUDIT_WORDS_CODEPOINT, 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct tok_span line = tok_span_of(rows[i].text);
		struct vocab_audit_word_list words = { 0 };
		const struct vocab_audit_facts facts = facts_of(rows[i].words, 0, &line, 1, &words);
		if (facts.words != rows[i].count || facts.distinct_words != rows[i].distinct)
			fail_msg("row %zu: %zu words, %zu distinct", i, (size_t)facts.words,
				 (size_t)facts.distinct_words);
		assert_int_equal(words.count, facts.distinct_words);
		vocab_audit_word_list_release(&words);
	}
}

static void scripts_are_told(void **state)
{
	static const struct {
		const char *text, *script;
		double share;
	} rows[] = {
		{ "12 !", "Zyyy", NAN },
		{ "abc \xD0\xB6", "Latn", 3.0 / 4 },
		{ "a\xD0\xB6\xD0\xB6", "Cyrl", 2.0 / 3 },
		{ "\xE4\xBD\xA0", "Hani", 1 },
		{ "\xFF\xFE", "Zyyy", NAN },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct tok_span line = tok_span_of(rows[i].text);
		struct vocab_audit_word_list words = { 0 };
		const struct vocab_audit_facts facts =
		    facts_of(VOCAB_AUDIT_WORDS_WHITESPACE, 0, &line, 1, &words);
		assert_string_equal(facts.script, rows[i].script);
		assert_true(isnan(rows[i].share) ? isnan(facts.script_share)
						 : fabs(facts.script_share - rows[i].share) < 1e-9);
		vocab_audit_word_list_release(&words);
	}
}

/* ---- formulas ------------------------------------------------------------------------------ */

/* Strings of the program of Zouhar et al.: pick 3, @@ed 2, @@l 1, @@les 1; then with @@e. */
static void renyi_is_theirs(void **state)
{
	static const uint64_t first[] = { 3, 2, 0, 1, 1 }, second[] = { 3, 3, 2, 2, 1 };
	(void)state;
	NEAR(vocab_audit_renyi(first, 5, 1), 1.8423709932);
	NEAR(vocab_audit_renyi(first, 5, 2), 1.7078192485);
	NEAR(vocab_audit_renyi(first, 5, 2.5), 1.6530129668);
	NEAR(vocab_audit_renyi(first, 5, 2.5) / log2(4), .8265064834);
	NEAR(vocab_audit_renyi(first, 5, 3) / log2(4), .8031528501);
	NEAR(vocab_audit_renyi(first, 5, 2.5) / log2(8), .5510043223);
	NEAR(vocab_audit_renyi(second, 5, 2.5), 2.1372977167);
	NEAR(vocab_audit_renyi(second, 5, 2.5) / log2(5), .9204840242);
	NEAR(vocab_audit_renyi(second, 5, 1) / log2(5), .9609557934);
	assert_true(isnan(vocab_audit_renyi(first, 0, 2)));
}

/* By definition, in n^2 steps. */
static double plain_gini(const double *costs, size_t n)
{
	double off = 0, sum = 0;
	for (size_t i = 0; i < n; i++) {
		sum += costs[i];
		for (size_t k = 0; k < n; k++)
			off += fabs(costs[i] - costs[k]);
	}
	return off / (2 * (double)n * sum);
}

static void gini_is_its_definition(void **state)
{
	static const double known[] = { 2, 1, 4, 1.5 }, equal[] = { 3, 3, 3 }, zero[] = { 0, 0 };
	struct tok_error err = { 0 };
	double costs[50], gini;
	uint64_t random = 7;
	(void)state;
	assert_int_equal(vocab_audit_gini(known, 4, &gini, &err), TOK_OK);
	assert_true(fabs(gini - .279412) < 1e-6);
	assert_int_equal(vocab_audit_gini(equal, 3, &gini, &err), TOK_OK);
	NEAR(gini, 0);
	assert_int_equal(vocab_audit_gini(zero, 2, &gini, &err), TOK_OK);
	assert_true(isnan(gini));
	assert_int_equal(vocab_audit_gini(known, 0, &gini, &err), TOK_OK);
	assert_true(isnan(gini));
	for (size_t n = 1; n <= 50; n++) {
		for (size_t i = 0; i < n; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			costs[i] = (double)(random >> 40);
		}
		assert_int_equal(vocab_audit_gini(costs, n, &gini, &err), TOK_OK);
		NEAR(gini, plain_gini(costs, n));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_counted),
		cmocka_unit_test(words_are_encoded_by_themselves),
		cmocka_unit_test(types_have_their_space),
		cmocka_unit_test(a_blank_is_put_in_front_once),
		cmocka_unit_test(what_changes_does_not_come_back),
		cmocka_unit_test(bytes_stand_in_for_characters),
		cmocka_unit_test(unknown_words_are_told),
		cmocka_unit_test(holes_are_no_tokens),
		cmocka_unit_test(nothing_is_divided_by),
		cmocka_unit_test(any_bytes_are_taken),
		cmocka_unit_test(parts_make_the_whole),
		cmocka_unit_test(many_words_are_as_one),
		cmocka_unit_test(words_that_do_not_fit_are_all_there),
		cmocka_unit_test(that_words_find_no_room_is_told),
		cmocka_unit_test(pieces_are_as_lines),
		cmocka_unit_test(lengths_that_mislead_split_nothing),
		cmocka_unit_test(words_are_found),
		cmocka_unit_test(scripts_are_told),
		cmocka_unit_test(renyi_is_theirs),
		cmocka_unit_test(gini_is_its_definition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
