/*
 * test_health.c - categories and defects of tokens, on vocabularies made to have them.
 *
 *	test_health PATH...    the laws alone, on real tokenizers
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"
#include "tests/unit/health_toys.h"
#include "tok/base/buffer.h"
#include "tok/pipe/decoder.h"
#include "tok/pipe/encoder.h"
#include "vocab/audit/health.h"

static struct vocab_health check(const struct tok_tokenizer *t, size_t threads, size_t rows)
{
	const struct vocab_health_options options = { .threads = threads, .rows = rows };
	struct vocab_health h = { 0 };
	struct tok_error err = { 0 };
	if (vocab_health_check(t, &options, &h, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return h;
}

/* ---- laws -------------------------------------------------------------------------------- */

static bool has(struct tok_encoder *e, struct tok_span text, bool special, tok_id id, size_t *count)
{
	const struct tok_encode_options options = { .special_text = special
									? TOK_SPECIAL_MATCH
									: TOK_SPECIAL_ORDINARY };
	struct tok_encoding r;
	struct tok_error err = { 0 };
	assert_int_equal(tok_encode(e, text, &options, &r, &err), TOK_OK);
	*count = r.count;
	for (size_t i = 0; i < r.count; i++)
		if (r.ids[i] == id)
			return true;
	return false;
}

static void assert_comes_back(struct tok_encoder *e, struct tok_decoder *d, tok_id id, bool special)
{
	struct tok_span text;
	struct tok_error err = { 0 };
	size_t count;
	assert_int_equal(tok_decode(d, &id, 1, false, &text, &err), TOK_OK);
	assert_true(has(e, text, special, id, &count) && count == 1);
}

static void assert_same(const struct vocab_health *a, const struct vocab_health *b)
{
	assert_int_equal(a->finding_count, b->finding_count);
	for (size_t i = 0; i < a->finding_count; i++) {
		const struct vocab_health_finding *x = &a->findings[i], *y = &b->findings[i];
		assert_true(x->id == y->id && x->run == y->run && x->category == y->category &&
			    x->defects == y->defects && tok_span_equal(x->witness, y->witness));
	}
	assert_memory_equal(a->category_of, b->category_of, a->size);
	assert_memory_equal(a->lengths, b->lengths, sizeof a->lengths);
	assert_int_equal(a->dead_merge_count, b->dead_merge_count);
}

/* What is said to come back does, every witness has its token, counts are those of the ids, and
 * threads change nothing. */
static void assert_laws(const struct tok_tokenizer *t)
{
	struct vocab_health h = check(t, 1, 0), many = check(t, 3, 0);
	struct tok_encoder *e = tok_encoder_new(t);
	struct tok_decoder *d = tok_decoder_new(t);
	size_t counts[VOCAB_HEALTH_CATEGORIES] = { 0 }, all = 0, count;
	assert_same(&h, &many);
	for (tok_id id = 0; id < h.size; id++) {
		counts[h.category_of[id]]++;
		if (h.category_of[id] == VOCAB_HEALTH_OK ||
		    h.category_of[id] == VOCAB_HEALTH_OK_SPECIAL)
			assert_comes_back(e, d, id, h.category_of[id] == VOCAB_HEALTH_OK_SPECIAL);
	}
	assert_memory_equal(counts, h.categories, sizeof counts);
	for (size_t i = 0; i < h.finding_count; i++) {
		const struct vocab_health_finding *f = &h.findings[i];
		assert_int_equal(f->category, h.category_of[f->id]);
		assert_int_equal(f->witness.bytes != NULL,
				 f->category == VOCAB_HEALTH_PARTIAL ||
				     f->category == VOCAB_HEALTH_CONTEXT_ONLY);
		assert_true(!f->witness.bytes || has(e, f->witness, false, f->id, &count));
		assert_true(f->run == 1 || f->category == VOCAB_HEALTH_HOLE);
	}
	for (size_t i = 0; i < VOCAB_HEALTH_CATEGORIES; i++)
		all += h.categories[i];
	assert_int_equal(all, h.size);
	tok_decoder_free(d);
	tok_encoder_free(e);
	vocab_health_release(&h);
	vocab_health_release(&many);
}

/* ---- toys ---------------------------------------------------------------------------------- */

/* "10 split; 21 partial crossing <a\xC3\x80>": all findings. */
static void say(const struct vocab_health *h, struct tok_buffer *out)
{
	char text[64];
	for (size_t i = 0; i < h->finding_count; i++) {
		const struct vocab_health_finding *f = &h->findings[i];
		snprintf(text, sizeof text, "%s%u", i ? "; " : "", f->id);
		assert_true(tok_buffer_add(out, text, strlen(text)));
		if (f->run > 1) {
			snprintf(text, sizeof text, "+%u", f->run);
			assert_true(tok_buffer_add(out, text, strlen(text)));
		}
		snprintf(text, sizeof text, " %s", vocab_health_category_name(f->category));
		assert_true(tok_buffer_add(out, text, strlen(text)));
		for (unsigned k = 0; k < VOCAB_HEALTH_DEFECTS; k++) {
			snprintf(text, sizeof text, " %s", vocab_health_defect_name(k));
			assert_true(!(f->defects >> k & 1) ||
				    tok_buffer_add(out, text, strlen(text)));
		}
		assert_true(!f->witness.bytes ||
			    (tok_buffer_add(out, " <", 2) &&
			     tok_buffer_add(out, f->witness.bytes, f->witness.count) &&
			     tok_buffer_add(out, ">", 1)));
	}
	assert_true(tok_buffer_add_byte(out, 0));
}

static void assert_findings(const struct vocab_health *h, const char *want)
{
	struct tok_buffer out = { 0 };
	say(h, &out);
	assert_string_equal((const char *)out.bytes, want);
	tok_buffer_release(&out);
}

static void bytes(void **state)
{
	struct tok_tokenizer *t = toy_open(toy_bytes, NULL);
	(void)state;
	assert_laws(t);
	struct vocab_health h = check(t, 1, 28);
	assert_findings(
	    &h, "4 partial <\xC3\x80>; 5 partial <\xF1\x80\x90\xA9>; 10 split; "
		"12 partial <\xCC\x80>; 13 ok mark-first; 14 partial <\xF1\x80\x90\x81>; "
		"15 normalized; 16 unreachable no-merges; 17 unreachable no-merges orphan; "
		"18 hole; 19 split; 20 unreachable no-merges orphan long; "
		"21 partial crossing <a\xC3\x80>; 22 partial-dead; 23 hole; 24 ok duplicate; "
		"26+4 hole; 30 ok beyond; 31 special-dead no-merges orphan beyond");
	assert_int_equal(h.size, 32);
	assert_int_equal(h.tokens, 26);
	assert_int_equal(h.merge_count, 9);
	assert_int_equal(h.dead_merge_count, 1);
	assert_int_equal(h.dead_merges[0].rank, 8);
	assert_true(h.dead_merges[0].left == 0 && h.dead_merges[0].right == 9 &&
		    h.dead_merges[0].result == 8);
	/* Without a token for it, a byte does not come back. */
	assert_true(h.byte_returns['a'] && h.byte_returns['\n'] && !h.byte_returns['z']);
	assert_true(h.byte_alone['a'] && h.byte_alone[0xC0] && !h.byte_alone['z']);
	assert_int_equal(h.bytes_alone, 12);
	assert_true(h.claims_bytes);
	assert_int_equal(vocab_health_verdict(&h), VOCAB_HEALTH_FAIL);
	assert_int_equal(h.lengths[65], 1);
	assert_int_equal(h.lengths[3], 4); /* abc, bca, cca, <x> */
	assert_int_equal(h.blanks, 3);
	assert_int_equal(h.longest_blank, 1);
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

static void strip(void **state)
{
	struct tok_tokenizer *t = toy_open(toy_strip, NULL);
	(void)state;
	assert_laws(t);
	struct vocab_health h = check(t, 1, 0);
	assert_findings(&h, "0 context-only <\xC2\xAB 0>; 2 context-only <\xC2\xAB a>");
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

static void unknown(void **state)
{
	struct tok_tokenizer *t = toy_open(toy_unknown, NULL);
	(void)state;
	struct vocab_health h = check(t, 1, 0);
	assert_findings(&h, "1 failed no-merges orphan");
	assert_int_equal(vocab_health_verdict(&h), VOCAB_HEALTH_UNVERIFIABLE);
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

/* "c" is nowhere to be seen; an added token that is an entry is that entry. */
static void shared(void **state)
{
	struct tok_tokenizer *t = toy_open(toy_shared, NULL);
	(void)state;
	assert_laws(t);
	struct vocab_health h = check(t, 1, 0);
	assert_findings(&h, "1 hole; 3 ok-special shared");
	assert_int_equal(vocab_health_verdict(&h), VOCAB_HEALTH_WARN);
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

static void wordpiece(void **state)
{
	struct tok_tokenizer *t = toy_open(toy_wordpiece, NULL);
	(void)state;
	assert_laws(t);
	struct vocab_health h = check(t, 1, 0);
	assert_findings(&h, "4 split; 6 special-dead; 7 normalized; 9 normalized mark-first");
	assert_int_equal(h.categories[VOCAB_HEALTH_INSIDE], 1);
	assert_int_equal(h.categories[VOCAB_HEALTH_OK_SPECIAL], 2);
	assert_false(h.claims_bytes);
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

static void unigram(void **state)
{
	struct tok_tokenizer *t = toy_open(toy_unigram, NULL);
	(void)state;
	assert_laws(t);
	struct vocab_health h = check(t, 1, 0);
	assert_findings(&h, "6 unreachable; 7 split");
	assert_int_equal(h.categories[VOCAB_HEALTH_CONTROL], 1);
	assert_int_equal(h.categories[VOCAB_HEALTH_INSIDE], 4);
	assert_string_equal(h.scripts[0].name, "Latn");
	assert_int_equal(h.scripts[0].tokens, 6);
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

static void ranks(void **state)
{
	struct tok_tokenizer *t = toy_open(toy_ranks, "[a-z]+");
	(void)state;
	assert_laws(t);
	struct vocab_health h = check(t, 1, 0);
	/* A piece that is a token is that token, whatever merges make of it. */
	assert_findings(&h, "5 ok no-merges orphan; 6+2 hole");
	assert_int_equal(h.merge_count, 0);
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

static void parts_of_ids(void **state)
{
	struct tok_tokenizer *t = toy_open(toy_far, "[\\s\\S]+");
	(void)state;
	assert_laws(t);
	struct vocab_health h = check(t, 2, 0);
	assert_findings(&h, "0 partial <\xC3\xA9>; 1+4999 hole; 5000 partial <\xC3\xA9>");
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

static void twice(void **state)
{
	struct tok_tokenizer *t = toy_open(toy_twice, NULL);
	(void)state;
	assert_laws(t);
	struct vocab_health h = check(t, 1, 0);
	assert_findings(&h, "0 context-only <xx>");
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

static void dropped(void **state)
{
	struct tok_tokenizer *t = toy_open(toy_dropped, NULL);
	(void)state;
	struct vocab_health h = check(t, 1, 0);
	assert_findings(&h, "1 split; 2 normalized");
	vocab_health_release(&h);
	tok_tokenizer_free(t);
	t = toy_open(toy_digits, NULL);
	assert_laws(t);
	h = check(t, 1, 0);
	assert_findings(&h, "2 split");
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

static void bare(void **state)
{
	struct tok_tokenizer *t = toy_open(toy_bare, NULL);
	(void)state;
	struct vocab_health h = check(t, 1, 0);
	assert_findings(&h, "");
	assert_int_equal(h.category_of[0], VOCAB_HEALTH_INSIDE);
	assert_int_equal(h.category_of[1], VOCAB_HEALTH_INSIDE);
	assert_int_equal(h.category_of[2], VOCAB_HEALTH_OK);
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

static void suffix(void **state)
{
	struct tok_tokenizer *t = toy_open(toy_suffix, NULL);
	(void)state;
	assert_laws(t);
	struct vocab_health h = check(t, 1, 0);
	assert_findings(&h, "6 unreachable no-merges");
	assert_int_equal(h.categories[VOCAB_HEALTH_INSIDE], 3);
	assert_int_equal(h.categories[VOCAB_HEALTH_OK], 3);
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

static void fallback(void **state)
{
	char *text = toy_fallback_make();
	struct tok_tokenizer *t = toy_open(text, NULL);
	(void)state;
	assert_laws(t);
	struct vocab_health h = check(t, 1, 0);
	static const struct {
		tok_id id;
		enum vocab_health_category category;
	} rows[] = { { ' ', VOCAB_HEALTH_BYTE_SPARE },    { 'A', VOCAB_HEALTH_BYTE_SPARE },
		     { 'B', VOCAB_HEALTH_INSIDE },        { 0, VOCAB_HEALTH_INSIDE },
		     { 0x80, VOCAB_HEALTH_PARTIAL },      { 0xC0, VOCAB_HEALTH_PARTIAL_DEAD },
		     { 0xFF, VOCAB_HEALTH_PARTIAL_DEAD }, { 256, VOCAB_HEALTH_INSIDE },
		     { 257, VOCAB_HEALTH_INSIDE },        { 258, VOCAB_HEALTH_OK },
		     { 259, VOCAB_HEALTH_OK_SPECIAL },    { 260, VOCAB_HEALTH_OK_SPECIAL },
		     { 261, VOCAB_HEALTH_INSIDE } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(h.category_of[rows[i].id], rows[i].category);
	assert_int_equal(h.categories[VOCAB_HEALTH_BYTE_SPARE], 2);
	assert_int_equal(h.categories[VOCAB_HEALTH_PARTIAL_DEAD], 13);
	assert_int_equal(h.categories[VOCAB_HEALTH_PARTIAL], 115);
	assert_int_equal(h.bytes_missing, 0);
	assert_int_equal(vocab_health_verdict(&h), VOCAB_HEALTH_NOTE);
	for (unsigned i = 0; i < VOCAB_HEALTH_DEFECTS; i++)
		assert_int_equal(h.defects[i], 0);
	vocab_health_release(&h);
	tok_tokenizer_free(t);
	free(text);
}

/* ---- whole files ------------------------------------------------------------------------- */

static struct tok_tokenizer *open_file(const char *path)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *t = NULL;
	struct tok_error err = { 0 };
	if (vocab_read_path(path, NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &t, &err) != TOK_OK)
		fail_msg("%s: %s", path, err.message);
	tok_spec_release(&spec);
	return t;
}

static void assert_laws_of(const char *path)
{
	struct tok_tokenizer *t = open_file(path);
	assert_laws(t);
	tok_tokenizer_free(t);
}

static void files(void **state)
{
	static const char *const names[][2] = {
		{ "spm", "bpe.model" },
		{ "spm", "bpe_bytes.model" },
		{ "spm", "bpe_fallback.model" },
		{ "spm", "char.model" },
		{ "spm", "unigram.model" },
		{ "spm", "unigram_bytes.model" },
		{ "spm", "unigram_suffix.model" },
		{ "spm", "word.model" },
		{ "gguf", "bert.gguf" },
		{ "gguf", "t5.gguf" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *path = fixture_path(names[i][0], names[i][1]);
		assert_laws_of(path);
		free(path);
	}
}

/* SentencePiece's normaliser takes no single bytes: they are tried in characters. */
static void bytes_in_characters(void **state)
{
	char *path = fixture_path("spm", "bpe_bytes.model");
	struct tok_tokenizer *t = open_file(path);
	(void)state;
	struct vocab_health h = check(t, 1, 0);
	assert_true(h.claims_bytes);
	assert_int_equal(h.bytes_missing, 0);
	assert_true(h.byte_returns[0xC3] && h.byte_returns[0xA9] && !h.byte_returns[0xFF]);
	vocab_health_release(&h);
	tok_tokenizer_free(t);
	free(path);
}

static void nothing_but_bytes(void **state)
{
	struct tok_tokenizer *t;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(tok_tokenizer_bytes(&t, &err), TOK_OK);
	struct vocab_health h = check(t, 2, 0);
	assert_int_equal(h.categories[VOCAB_HEALTH_OK], 128);
	assert_int_equal(h.categories[VOCAB_HEALTH_PARTIAL], 115);
	assert_int_equal(h.categories[VOCAB_HEALTH_PARTIAL_DEAD], 13);
	assert_int_equal(h.bytes_alone, 256);
	assert_int_equal(h.bytes_missing, 0);
	assert_int_equal(h.digits[1], 10);
	vocab_health_release(&h);
	tok_tokenizer_free(t);
}

static void names_are_all_there(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VOCAB_HEALTH_CATEGORIES; i++)
		assert_true(vocab_health_category_name(i) && vocab_health_category_text(i));
	for (unsigned i = 0; i < VOCAB_HEALTH_DEFECTS; i++)
		assert_true(vocab_health_defect_name(i) && vocab_health_defect_text(i));
	assert_string_equal(vocab_health_level_name(VOCAB_HEALTH_FAIL), "fail");
	assert_int_equal(vocab_health_category_level(VOCAB_HEALTH_NORMALIZED), VOCAB_HEALTH_FAIL);
	const struct vocab_health_finding f = { .category = VOCAB_HEALTH_OK,
						.defects = 1u << VOCAB_HEALTH_LONG |
							   1u << VOCAB_HEALTH_DUPLICATE };
	assert_int_equal(vocab_health_finding_level(&f), VOCAB_HEALTH_WARN);
	assert_true(vocab_health_is_unused(VOCAB_HEALTH_PARTIAL_DEAD) &&
		    !vocab_health_is_unused(VOCAB_HEALTH_PARTIAL));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),
		cmocka_unit_test(strip),
		cmocka_unit_test(unknown),
		cmocka_unit_test(shared),
		cmocka_unit_test(wordpiece),
		cmocka_unit_test(unigram),
		cmocka_unit_test(ranks),
		cmocka_unit_test(parts_of_ids),
		cmocka_unit_test(twice),
		cmocka_unit_test(suffix),
		cmocka_unit_test(bare),
		cmocka_unit_test(dropped),
		cmocka_unit_test(fallback),
		cmocka_unit_test(files),
		cmocka_unit_test(bytes_in_characters),
		cmocka_unit_test(nothing_but_bytes),
		cmocka_unit_test(names_are_all_there),
	};
	for (int i = 1; i < argc; i++)
		assert_laws_of(argv[i]);
	return argc > 1 ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
