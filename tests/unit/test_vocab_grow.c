/*
 * test_vocab_grow.c - vocabularies that are there already: what their tokens are made of,
 * other ids for them, more of them, fewer of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vocab/format/read.h"
#include "vocab/train/grow.h"
#include "vocab/train/parts.h"
#include "vocab/train/prune.h"
#include "vocab/train/recipe.h"
#include "vocab/train/renumber.h"

/* ---- vocabularies and words as text -------------------------------------------------- */

struct vocabulary {
	enum tok_bpe_order order;
	const char *tokens; /* ids from 0; scores fall from 0 */
	const char *merges; /* "a+b ab+c" */
};

static struct tok_span take_name(const char **at)
{
	*at += strspn(*at, " +");
	const size_t length = strcspn(*at, " +");
	const struct tok_span name = { (const uint8_t *)*at, length };
	*at += length;
	return name;
}

static tok_id find_token(const struct tok_spec *spec, struct tok_span text)
{
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (tok_span_equal(spec->model.entries[i].text, text))
			return spec->model.entries[i].id;
	return TOK_NO_ID;
}

static struct tok_spec make_spec(const struct vocabulary *v)
{
	struct tok_spec spec = { .raw_vocabulary = true };
	struct tok_vocab_entry *entries = tok_arena_array(&spec.arena, 64, sizeof *entries);
	struct tok_merge *merges = tok_arena_array(&spec.arena, 64, sizeof *merges);
	const char *at = v->tokens;
	size_t count = 0;
	for (struct tok_span name = take_name(&at); name.count; name = take_name(&at)) {
		entries[count] = (struct tok_vocab_entry){ .text = name, .id = (tok_id)count };
		entries[count].score = -(double)count;
		count++;
	}
	spec.model = (struct tok_model_spec){
		.kind = TOK_MODEL_BPE, .entries = entries, .entry_count = count, .unk = TOK_NO_ID
	};
	spec.model.as.bpe.order = v->order;
	spec.model.as.bpe.raw_bytes = true;
	spec.model.as.bpe.merges = merges;
	for (size_t i = 0; i < 256; i++)
		spec.model.byte_ids[i] = TOK_NO_ID;
	at = v->merges ? v->merges : "";
	count = 0;
	for (struct tok_span left = take_name(&at); left.count; left = take_name(&at)) {
		const struct tok_span right = take_name(&at);
		const struct tok_span both = { left.bytes, left.count + 1 + right.count };
		char joined[16];
		snprintf(joined, sizeof joined, "%.*s%.*s", (int)left.count,
			 (const char *)left.bytes, (int)right.count, (const char *)right.bytes);
		assert_true(both.count < sizeof joined);
		merges[count++] =
		    (struct tok_merge){ find_token(&spec, left), find_token(&spec, right),
					find_token(&spec, tok_span_of(joined)) };
	}
	spec.model.as.bpe.merge_count = count;
	return spec;
}

/* Words in the order of their bytes, each with its count: "ab 3 abc 5". */
struct text_stream {
	struct vocab_word_stream stream;
	const char *at;
};

static enum tok_status next_word(struct vocab_word_stream *self, struct vocab_word *out,
				 struct tok_error *err)
{
	struct text_stream *text = (struct text_stream *)self;
	(void)err;
	const struct tok_span word = take_name(&text->at);
	*out = (struct vocab_word){ word.count ? word : (struct tok_span){ NULL, 0 }, 0 };
	if (word.count) {
		out->count = strtoull((const char *)take_name(&text->at).bytes, NULL, 10);
		self->totals.words += out->count;
		self->totals.distinct++;
	}
	return TOK_OK;
}

static struct vocab_words_kept *keep_words(const char *words)
{
	struct text_stream text = { .stream = { .recipe = tok_span_of("{}"), .next = next_word },
				    .at = words };
	struct vocab_words_kept *kept = NULL;
	struct tok_error err = { 0 };
	if (vocab_words_keep(&text.stream, "/tmp", &kept, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return kept;
}

/* The tokens from id `first` on, which follow each other. */
static const char *list_tokens(const struct tok_spec *spec, tok_id first)
{
	static char list[512];
	size_t used = 0;
	tok_id next = first;
	list[0] = 0;
	for (size_t i = 0; i < spec->model.entry_count; i++) {
		const struct tok_vocab_entry *entry = &spec->model.entries[i];
		if (entry->id < first)
			continue;
		assert_int_equal(entry->id, next++);
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", used ? " " : "",
					 (int)entry->text.count, (const char *)entry->text.bytes);
	}
	return list;
}

/* ---- parts ----------------------------------------------------------------------------- */

static void test_parts(void **state)
{
	static const struct {
		const char *name;
		struct vocabulary vocabulary;
		const char *token, *parts;
		bool made;
	} rows[] = {
		{ "the merge that is listed",
		  { TOK_BPE_MERGES, "a b c ab abc", "a+b ab+c" },
		  "abc",
		  "ab c",
		  true },
		{ "of two merges the one that text comes to",
		  { TOK_BPE_MERGES, "a b c ab bc abc", "b+c ab+c a+bc a+b" },
		  "abc",
		  "a bc",
		  true },
		{ "another merge takes its text apart",
		  { TOK_BPE_MERGES, "a b c ab bc abc", "b+c a+b ab+c" },
		  "abc",
		  "a bc",
		  false },
		{ "no merge makes it", { TOK_BPE_MERGES, "a b c abc", "" }, "abc", "a b c", false },
		{ "a first symbol", { TOK_BPE_MERGES, "a b ab", "a+b" }, "a", "", true },
		{ "the lower rank",
		  { TOK_BPE_RANKS, "a b c bc ab abc", NULL },
		  "abc",
		  "a bc",
		  true },
		{ "the higher score",
		  { TOK_BPE_SCORES, "a b c ab bc abc", NULL },
		  "abc",
		  "ab c",
		  true },
		{ "from left to right", { TOK_BPE_RANKS, "a aa aaa", NULL }, "aaa", "aa a", true },
		{ "ranks that nothing comes to",
		  { TOK_BPE_RANKS, "a b c d bc abcd", NULL },
		  "abcd",
		  "a bc d",
		  false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_spec spec = make_spec(&rows[i].vocabulary);
		struct vocab_base base;
		struct vocab_parts parts;
		struct tok_error err = { 0 };
		char list[64] = "";
		size_t used = 0;
		assert_int_equal(vocab_base_model(&spec, &base, &err), TOK_OK);
		assert_int_equal(vocab_parts_of(&base, &parts, &err), TOK_OK);
		const tok_id id = find_token(&spec, tok_span_of(rows[i].token));
		for (size_t k = parts.begins[id]; k < parts.begins[id + 1]; k++) {
			const struct tok_span text = spec.model.entries[parts.items[k]].text;
			used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s",
						 used ? " " : "", (int)text.count,
						 (const char *)text.bytes);
		}
		if (strcmp(list, rows[i].parts) != 0 || parts.made[id] != rows[i].made)
			fail_msg("%s: '%s', %smade", rows[i].name, list,
				 parts.made[id] ? "" : "not ");
		vocab_parts_release(&parts);
		vocab_base_release(&base);
		tok_spec_release(&spec);
	}
}

/* ---- other ids --------------------------------------------------------------------------- */

static const char numbered[] =
    "{\"added_tokens\":[{\"id\":4,\"content\":\"<s>\",\"single_word\":false,"
    "\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}],"
    "\"post_processor\":{\"type\":\"TemplateProcessing\","
    "\"single\":[{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}},"
    "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":[],"
    "\"special_tokens\":{\"<s>\":{\"id\":\"<s>\",\"ids\":[4],\"tokens\":[\"<s>\"]}}},"
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"u\",\"vocab\":{\"u\":0,\"a\":1,\"b\":2,"
    "\"ab\":3},\"merges\":[\"a b\"]}}";

static void read_numbered(struct tok_spec *spec)
{
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(numbered), NULL, spec, &err) != TOK_OK)
		fail_msg("%s", err.message);
}

static void test_renumber(void **state)
{
	const tok_id map[] = { 5, 3, TOK_NO_ID, 1, 0 };
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	(void)state;
	read_numbered(&spec);
	assert_int_equal(vocab_next_id(&spec), 5);
	assert_int_equal(vocab_renumber(&spec, map, 5, &err), TOK_OK);
	assert_int_equal(spec.model.entry_count, 3);
	assert_int_equal(find_token(&spec, tok_span_of("a")), 3);
	assert_int_equal(find_token(&spec, tok_span_of("ab")), 1);
	assert_int_equal(spec.model.as.bpe.merge_count, 0); /* its right half is gone */
	assert_int_equal(spec.model.unk, 5);
	assert_int_equal(spec.added[0].id, 0);
	assert_int_equal(spec.posts[0].items[0].id, 0);
	tok_spec_release(&spec);
}

static void test_renumber_refused(void **state)
{
	static const struct {
		tok_id map[5];
		const char *message;
	} rows[] = {
		{ { TOK_NO_ID, 0, 1, 2, 3 }, "the unknown token cannot be left out" },
		{ { 0, 1, 2, 3, TOK_NO_ID }, "a token of the template cannot be left out" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		read_numbered(&spec);
		assert_int_equal(vocab_renumber(&spec, rows[i].map, 5, &err), TOK_EARG);
		assert_string_equal(err.message, rows[i].message);
		tok_spec_release(&spec);
	}
}

/* ---- more ---------------------------------------------------------------------------------- */

static void test_grow(void **state)
{
	static const struct {
		const char *name;
		struct vocabulary vocabulary;
		const char *words, *fresh;
		size_t dropped;
	} rows[] = {
		{ "merges go on",
		  { TOK_BPE_MERGES, "a b c ab", "a+b" },
		  "abab 3 abc 5",
		  "abc abab",
		  0 },
		{ "ranks go on",
		  { TOK_BPE_RANKS, "a b c ab", NULL },
		  "abab 3 abc 5",
		  "abc abab",
		  0 },
		{ "one that the others take apart is replaced",
		  { TOK_BPE_RANKS, "a b c x z xbc", NULL },
		  "axbcz 9 bc 1",
		  "bc ax bcz axbc",
		  1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_spec spec = make_spec(&rows[i].vocabulary);
		const tok_id first = vocab_next_id(&spec);
		const size_t count = i == 2 ? 4 : 2;
		const struct vocab_grow_options options = { .count = count };
		struct vocab_train_control control = { .threads = 1 };
		struct vocab_words_kept *kept = keep_words(rows[i].words);
		struct vocab_grown grown = { 0 };
		struct tok_error err = { 0 };
		if (vocab_grow(&spec, kept, &options, &control, &grown, &err) != TOK_OK)
			fail_msg("%s: %s", rows[i].name, err.message);
		const char *fresh = list_tokens(&spec, first);
		if (strcmp(fresh, rows[i].fresh) != 0 || grown.count != count ||
		    grown.dropped != rows[i].dropped)
			fail_msg("%s: %zu dropped, '%s'", rows[i].name, grown.dropped, fresh);
		vocab_words_kept_free(kept);
		tok_spec_release(&spec);
	}
}

/* ---- fewer ---------------------------------------------------------------------------------- */

static void test_prune(void **state)
{
	static const struct {
		const char *name;
		struct vocabulary vocabulary;
		const char *words;
		size_t keep;
		const char *left;
	} rows[] = {
		{ "the least used goes",
		  { TOK_BPE_MERGES, "a b c ab bc", "a+b b+c" },
		  "ab 3 bc 5",
		  4,
		  "a b c bc" },
		{ "of equal ones the higher id",
		  { TOK_BPE_MERGES, "a b c ab bc", "a+b b+c" },
		  "ab 3 bc 3",
		  4,
		  "a b c ab" },
		{ "what others are made of stays as long as they",
		  { TOK_BPE_MERGES, "a b c d ab abc cd", "a+b ab+c c+d" },
		  "abc 5 cd 3",
		  6,
		  "a b c d ab abc" },
		{ "its uses are its parts' when it goes",
		  { TOK_BPE_RANKS, "a b c d ab abc cd", NULL },
		  "abc 2 cd 3",
		  5,
		  "a b c d cd" },
		{ "and they count there",
		  { TOK_BPE_RANKS, "a b c d ab abc cd", NULL },
		  "ab 2 abc 2 cd 3",
		  5,
		  "a b c d ab" },
		{ "what text never becomes goes first",
		  { TOK_BPE_RANKS, "a b c d bc abcd ab", NULL },
		  "ab 1 bc 1",
		  6,
		  "a b c d bc ab" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_spec spec = make_spec(&rows[i].vocabulary);
		struct vocab_train_control control = { .threads = 1 };
		struct vocab_words_kept *kept = keep_words(rows[i].words);
		struct vocab_pruned pruned = { 0 };
		struct tok_error err = { 0 };
		if (vocab_prune(&spec, kept, rows[i].keep, &control, &pruned, &err) != TOK_OK)
			fail_msg("%s: %s", rows[i].name, err.message);
		if (strcmp(list_tokens(&spec, 0), rows[i].left) != 0 || pruned.kept != rows[i].keep)
			fail_msg("%s: '%s'", rows[i].name, list_tokens(&spec, 0));
		vocab_pruned_release(&pruned);
		vocab_words_kept_free(kept);
		tok_spec_release(&spec);
	}
}

/* ---- words of another kind ------------------------------------------------------------------ */

static void test_compare(void **state)
{
	static const struct {
		enum vocab_family a, b;
		enum vocab_normalizer normalizer; /* of b */
		const char *special;              /* of b */
		const char *part;
	} rows[] = {
		{ VOCAB_FAMILY_GPT2, VOCAB_FAMILY_GPT2, VOCAB_NORMALIZER_NONE, "<s>", NULL },
		{ VOCAB_FAMILY_GPT2, VOCAB_FAMILY_O200K, VOCAB_NORMALIZER_NONE, NULL,
		  "pre-tokenizer" },
		{ VOCAB_FAMILY_GPT2, VOCAB_FAMILY_O200K, VOCAB_NORMALIZER_NFC, NULL, "normalizer" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_spec a = { 0 }, b = { 0 };
		struct tok_error err = { 0 };
		const char *part = "none";
		assert_int_equal(vocab_recipe_family(rows[i].a, &a, &err), TOK_OK);
		assert_int_equal(vocab_recipe_family(rows[i].b, &b, &err), TOK_OK);
		assert_int_equal(vocab_recipe_normalize(&b, rows[i].normalizer, &err), TOK_OK);
		if (rows[i].special)
			assert_int_equal(
			    vocab_recipe_add_special(&b, tok_span_of(rows[i].special), &err),
			    TOK_OK);
		assert_int_equal(vocab_recipe_compare(&a, &b, &part, &err), TOK_OK);
		if (rows[i].part)
			assert_string_equal(part, rows[i].part);
		else
			assert_null(part);
		tok_spec_release(&a);
		tok_spec_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts), cmocka_unit_test(test_renumber),
		cmocka_unit_test(test_grow),  cmocka_unit_test(test_renumber_refused),
		cmocka_unit_test(test_prune), cmocka_unit_test(test_compare),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
