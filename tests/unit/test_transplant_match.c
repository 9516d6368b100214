/* Tokens of two vocabularies, class by class. */
#include "hypernet/transplant/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/sample_toys.h"

struct token {
	enum hyper_token_kind kind;
	const char *bytes;
};
#define N                                                                                          \
	{                                                                                          \
		HYPER_TOKEN_NONE, ""                                                               \
	}
#define T(...)                                                                                     \
	{                                                                                          \
		HYPER_TOKEN_TEXT, __VA_ARGS__                                                      \
	}
#define B(...)                                                                                     \
	{                                                                                          \
		HYPER_TOKEN_BYTE, __VA_ARGS__                                                      \
	}
#define S(...)                                                                                     \
	{                                                                                          \
		HYPER_TOKEN_SPECIAL, __VA_ARGS__                                                   \
	}

enum { MOST = 32 };

struct made {
	struct tok_span bytes[MOST];
	uint8_t kinds[MOST];
	struct hyper_vocab vocab;
};

static void make(struct made *made, const struct token *tokens, size_t count)
{
	assert_true(count <= MOST);
	for (size_t id = 0; id < count; id++) {
		made->bytes[id] = tok_span_of(tokens[id].bytes);
		made->kinds[id] = (uint8_t)tokens[id].kind;
	}
	made->vocab =
	    (struct hyper_vocab){ .bytes = made->bytes, .kinds = made->kinds, .count = count };
	for (size_t role = 0; role < HYPER_ROLE_COUNT; role++)
		made->vocab.roles[role] = TOK_NO_ID;
}

static const struct token old_tokens[] = {
	S("<s>"),  /* 0 */
	S("</s>"), /* 1 */
	B("\n"),   /* 2 */
	T("\n"),   /* 3: the same bytes */
	B("\xFF"), /* 4 */
	T("a"),    /* 5 */
	T(" the"), /* 6 */
	T("the"),  /* 7 */
	T("a"),    /* 8: a second one */
	N,         /* 9 */
	T("Stra\xC3\x9F"
	  "e"),           /* 10 */
	T("\xC3\x84hre"), /* 11 */
	T(" x"),          /* 12 */
	T("q"),           /* 13 */
	T("</s>"),        /* 14: text that looks special */
	B("\x07"),        /* 15 */
	S("<pad>"),       /* 16 */
	T("late"),        /* 17 */
};
static const struct token new_tokens[] = {
	S("</s>"),      /* 0: exact */
	S("<|begin|>"), /* 1: bos */
	T("\n"),        /* 2: the text, not the byte */
	B("\n"),        /* 3: the byte */
	T("\xFF"),      /* 4: byte */
	B("a"),         /* 5: byte, the first of two */
	T("the"),       /* 6 */
	T("x"),         /* 7: with a space more */
	T(" q"),        /* 8: less its space */
	T("STRA\xC3\x9F"
	  "E"),            /* 9: case */
	T(" \xC3\xA4hre"), /* 10: nothing: case and space are two things */
	T("therein"),      /* 11: prefix "the" */
	T("</s>"),         /* 12: text */
	N,                 /* 13 */
	T("qz"),           /* 14: "q" is too short a prefix */
	T("the"),          /* 15: a second one */
	S("<late>"),       /* 16 */
	T("late"),         /* 17: beyond the rows */
	S("<pad>"),        /* 18: exact, whatever its role */
	S("\x07"),         /* 19: a name, not a byte */
};
enum { OLD = sizeof old_tokens / sizeof *old_tokens, NEW = sizeof new_tokens / sizeof *new_tokens };

static struct made old, new;

static int begin(void **state)
{
	(void)state;
	make(&old, old_tokens, OLD);
	make(&new, new_tokens, NEW);
	old.vocab.roles[HYPER_ROLE_BOS] = 0;
	new.vocab.roles[HYPER_ROLE_BOS] = 1;
	old.vocab.roles[HYPER_ROLE_EOS] = 1;
	new.vocab.roles[HYPER_ROLE_EOS] = 18;  /* <pad> */
	new.vocab.roles[HYPER_ROLE_MASK] = 16; /* the old one has none */
	return 0;
}

static struct hyper_matches match(const char *words, size_t rows)
{
	struct hyper_match_options options = { .source_rows = rows };
	struct hyper_matches m = { 0 };
	assert_true(hyper_match_classes(words, &options.classes));
	assert_int_equal(hyper_match(&old.vocab, &new.vocab, &options, &m, NULL), TOK_OK);
	assert_int_equal(m.count, NEW);
	size_t counts[HYPER_MATCH_COUNT] = { 0 };
	for (size_t id = 0; id < NEW; id++) {
		counts[m.classes[id]]++;
		assert_int_equal(m.source[id] == TOK_NO_ID, m.classes[id] >= HYPER_MATCH_NEW);
	}
	assert_memory_equal(counts, m.counts, sizeof counts);
	return m;
}

/* "exact 1": class and source. */
static void check(const struct hyper_matches *m, const char *const *wanted)
{
	for (size_t id = 0; id < NEW; id++) {
		char text[32];
		snprintf(text, sizeof text, "%s %d", hyper_match_name(m->classes[id]),
			 (int)m->source[id]);
		if (strcmp(text, wanted[id]) != 0)
			fail_msg("token %zu: %s, not %s", id, text, wanted[id]);
	}
}

static void every_class(void **state)
{
	(void)state;
	static const char *const wanted[NEW] = {
		"exact 1",  "role 0",   "exact 3", "exact 2", "byte 4",   "byte 5",   "exact 7",
		"space 12", "space 13", "case 10", "new -1",  "prefix 7", "exact 14", "none -1",
		"new -1",   "exact 7",  "new -1",  "new -1",  "exact 16", "new -1",
	};
	struct hyper_matches m = match(HYPER_MATCH_WORDS, 17);
	check(&m, wanted);
	assert_int_equal(m.source_duplicates, 2); /* "a", and "\n" twice */
	assert_int_equal(m.target_duplicates, 2); /* "the", "\n" */
	assert_int_equal(m.beyond, 1);            /* "late" */
	hyper_matches_release(&m);
	assert_null(m.source);
}

static void classes_that_are_not_asked_for(void **state)
{
	(void)state;
	static const char *const wanted[NEW] = {
		"exact 1", "new -1",  "exact 3", "exact 2",  "new -1",   "new -1",   "exact 7",
		"new -1",  "new -1",  "new -1",  "new -1",   "new -1",   "exact 14", "none -1",
		"new -1",  "exact 7", "new -1",  "exact 17", "exact 16", "new -1",
	};
	struct hyper_matches m = match("exact", SIZE_MAX);
	check(&m, wanted);
	assert_int_equal(m.beyond, 0);
	hyper_matches_release(&m);
	unsigned bits = 7;
	assert_false(hyper_match_classes("exact,new", &bits));
	assert_false(hyper_match_classes("", &bits));
	assert_false(hyper_match_classes("exact,", &bits));
	assert_int_equal(bits, 7);
	assert_true(hyper_match_classes("space,byte", &bits));
	assert_int_equal(bits, 1U << HYPER_MATCH_EXACT | 1U << HYPER_MATCH_SPACE |
				   1U << HYPER_MATCH_BYTE);
}

static enum tok_status match_pair(const char *target, const char *source, size_t rows,
				  struct hyper_matches *m, struct tok_error *err)
{
	const struct hyper_special_pair pair = { tok_span_of(target), tok_span_of(source) };
	const struct hyper_match_options options = {
		.classes = 1U << HYPER_MATCH_EXACT,
		.source_rows = rows,
		.pairs = &pair,
		.pair_count = 1,
	};
	return hyper_match(&old.vocab, &new.vocab, &options, m, err);
}

static void pairs(void **state)
{
	(void)state;
	struct hyper_matches m = { 0 };
	struct tok_error err = { 0 };
	/* A special token before a text of that name, on both sides; before what is exact. */
	assert_int_equal(match_pair("</s>", "<pad>", SIZE_MAX, &m, &err), TOK_OK);
	assert_int_equal(m.source[0], 16);
	assert_int_equal(m.classes[0], HYPER_MATCH_ROLE);
	assert_int_equal(m.source[12], 14);
	hyper_matches_release(&m);
	assert_int_equal(match_pair("<late>", "late", SIZE_MAX, &m, &err), TOK_OK);
	assert_int_equal(m.source[16], 17);
	hyper_matches_release(&m);
	assert_int_equal(match_pair("<late>", "late", 17, &m, &err), TOK_EARG);
	assert_string_equal(err.message,
			    "the old token 'late' has id 17, and the model has rows for 17");
	assert_int_equal(match_pair("<none>", "late", 17, &m, &err), TOK_EARG);
	assert_string_equal(err.message, "the new vocabulary has no token '<none>'");
	assert_int_equal(match_pair("<late>", "<none>", 17, &m, &err), TOK_EARG);
	assert_string_equal(err.message, "the old vocabulary has no token '<none>'");
}

/* Two vocabularies of 260,000: time that grows faster than their size would show. */
static void large_vocabularies(void **state)
{
	(void)state;
	enum { COUNT = CHECKED ? 20000 : 260000, ROOM = 16 };
	char *text = malloc(2 * (size_t)COUNT * ROOM);
	struct tok_span *bytes = malloc(2 * (size_t)COUNT * sizeof *bytes);
	uint8_t *kinds = malloc(COUNT);
	assert_true(text && bytes && kinds);
	memset(kinds, HYPER_TOKEN_TEXT, COUNT);
	struct hyper_vocab both[2];
	for (size_t v = 0; v < 2; v++) {
		for (size_t id = 0; id < COUNT; id++) {
			char *at = text + (v * COUNT + id) * ROOM;
			snprintf(at, ROOM, "%zu", v ? 3 * id : 2 * (COUNT - id));
			bytes[v * COUNT + id] = tok_span_of(at);
		}
		both[v] = (struct hyper_vocab){ bytes + v * COUNT, kinds, COUNT, { 0 }, NULL };
	}
	struct hyper_match_options options = { .source_rows = SIZE_MAX };
	struct hyper_matches m;
	assert_true(hyper_match_classes("exact,space,case", &options.classes));
	assert_int_equal(hyper_match(&both[0], &both[1], &options, &m, NULL), TOK_OK);
	size_t found = 0;
	for (size_t id = 0; id < COUNT; id++) {
		const bool shared = id % 2 == 0 && 3 * id <= 2 * (size_t)COUNT && id > 0;
		found += shared;
		assert_int_equal(m.source[id], shared ? (tok_id)(COUNT - 3 * id / 2) : TOK_NO_ID);
	}
	assert_int_equal(m.counts[HYPER_MATCH_EXACT], found);
	hyper_matches_release(&m);
	free(text);
	free(bytes);
	free(kinds);
}

/* ---- digits ---------------------------------------------------------------------------- */

#define ADDED "\"model\":{\"type\":\"BPE\",\"vocab\":{"
#define DIGITS                                                                                     \
	"\"0\":0,\"1\":1,\"2\":2,\"3\":3,\"4\":4,\"5\":5,\"6\":6,\"7\":7,\"\\u0120\":8,"           \
	"\"12\":9,\"123\":10,\"42\":11,\"45\":12,\"456\":13,\"23\":14,\"234\":15,\"34\":16,"       \
	"\"345\":17,\"56\":18,\"567\":19"
#define MERGES                                                                                     \
	"},\"merges\":[[\"1\",\"2\"],[\"12\",\"3\"],[\"4\",\"2\"],[\"2\",\"3\"],[\"23\",\"4\"],["  \
	"\"3\",\"4\"]"                                                                             \
	",[\"34\",\"5\"],[\"4\",\"5\"],[\"45\",\"6\"],[\"5\",\"6\"],[\"56\",\"7\"]]}"
#define SPLIT(REGEX)                                                                               \
	"{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\","        \
	"\"pattern\":{\"Regex\":\"" REGEX "\"},\"behavior\":\"Isolated\",\"invert\":false},"       \
	"{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":false,"               \
	"\"use_regex\":false}]}," ADDED DIGITS MERGES "}"

static void digits(void **state)
{
	(void)state;
	static const struct {
		const char *json;
		enum hyper_digits wanted;
	} rows[] = {
		{ SPLIT("\\\\p{N}"), HYPER_DIGITS_SINGLE },
		{ SPLIT("\\\\p{N}{1,3}"), HYPER_DIGITS_LEFT },
		{ SPLIT("\\\\p{N}{1,3}(?=(\\\\p{N}{3})*(\\\\P{N}|$))"), HYPER_DIGITS_RIGHT },
		{ SPLIT("\\\\p{N}{1,2}"), HYPER_DIGITS_FREE },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_tokenizer *tokenizer = toy_new(rows[i].json);
		struct tok_error err = { 0 };
		enum hyper_digits found;
		if (hyper_digits_of(tokenizer, &found, &err) != TOK_OK)
			fail_msg("row %zu: %s", i, err.message);
		assert_string_equal(hyper_digits_name(found), hyper_digits_name(rows[i].wanted));
		tok_tokenizer_free(tokenizer);
	}
	struct tok_tokenizer *bytes;
	enum hyper_digits found;
	assert_int_equal(tok_tokenizer_bytes(&bytes, NULL), TOK_OK);
	assert_int_equal(hyper_digits_of(bytes, &found, NULL), TOK_OK);
	assert_int_equal(found, HYPER_DIGITS_SINGLE);
	tok_tokenizer_free(bytes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class), cmocka_unit_test(classes_that_are_not_asked_for),
		cmocka_unit_test(pairs),       cmocka_unit_test(large_vocabularies),
		cmocka_unit_test(digits),
	};
	return cmocka_run_group_tests(tests, begin, NULL);
}
