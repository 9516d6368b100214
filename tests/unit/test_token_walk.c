/* What is drawn behind a text, byte by byte and token by token, has the distribution that all rows
 * of tokens give. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_toys.h"
#include "tests/unit/checked.h"
#include "tests/unit/deviation.h"
#include "tok/bytes/draw.h"
#include "tok/bytes/token_walk.h"

#define FAR 4.0 /* deviations: a chance of 3e-5 */
enum { DRAWS = CHECKED ? 3000 : 20000, LONGEST = 3, LETTERS = 3, OUTCOMES = 256 };

/* Texts of up to LONGEST letters as numbers: LETTERS + 1 digits, that behind the last letter is an
 * end, unless there is no more room. */
static size_t outcome_of(const uint8_t *bytes, size_t count, uint8_t first)
{
	size_t outcome = 0;
	for (size_t i = 0; i < LONGEST; i++)
		outcome = outcome * (LETTERS + 1) + (i < count ? 1u + bytes[i] - first : 0u);
	return outcome;
}

/* The chances of all outcomes behind `prefix`, by brute force. */
struct law {
	const struct toy_machine *toy;
	enum tok_bytes_semantics semantics;
	uint8_t text[PLAIN_TEXT];
	size_t prefix;
	uint8_t first;
	double whole, chances[OUTCOMES];
};

static void fill_law(struct law *law, size_t more)
{
	const struct tok_span text = { law->text, law->prefix + more };
	const struct plain_sums sums =
	    plain_sum(&law->toy->vocab, &law->toy->lm, law->semantics, text);
	if (more == 0)
		law->whole = sums.p;
	if (sums.p == 0.0)
		return;
	const size_t outcome = outcome_of(law->text + law->prefix, more, law->first);
	law->chances[outcome] = (more == LONGEST ? sums.p : sums.end) / law->whole;
	for (uint8_t c = 0; more < LONGEST && c < LETTERS; c++) {
		law->text[law->prefix + more] = (uint8_t)(law->first + c);
		fill_law(law, more + 1);
	}
}

static void assert_law(const struct law *law, const size_t *drawn, const char *what)
{
	double sum = 0.0;
	for (size_t i = 0; i < OUTCOMES; i++) {
		sum += law->chances[i];
		if (law->chances[i] == 0.0 && drawn[i] > 0)
			fail_msg("%s: outcome %zu is impossible", what, i);
	}
	assert_near(sum, 1.0, 1e-12, "all outcomes");
	const double deviation = toy_deviation(law->chances, drawn, OUTCOMES, DRAWS);
	if (!(deviation < FAR))
		fail_msg("%s: %.1f deviations", what, deviation);
}

/* ---- draws ------------------------------------------------------------------------------ */

static size_t draw_bytes(struct tok_machine *from, struct tok_random *random, uint8_t first)
{
	struct tok_machine *m;
	struct tok_error err = { 0 };
	uint8_t bytes[LONGEST];
	size_t count = 0;
	assert_int_equal(tok_machine_fork(from, &m, &err), TOK_OK);
	while (count < LONGEST) {
		const struct tok_next_bytes next = next_of(m);
		struct tok_draw_law law;
		memcpy(law.p, next.joint, sizeof next.joint);
		law.p[TOK_MIX_END] = next.end;
		memcpy(law.small_logs, next.small_logs, sizeof law.small_logs);
		const size_t symbol = tok_draw(&law, random);
		if (symbol == TOK_MIX_END)
			break;
		bytes[count++] = (uint8_t)symbol;
		const struct tok_span byte = { &bytes[count - 1], 1 };
		assert_int_equal(tok_machine_push(m, byte, &err), TOK_OK);
	}
	tok_machine_free(m);
	return outcome_of(bytes, count, first);
}

static size_t draw_tokens(struct tok_machine *from, struct tok_random *random, uint8_t first)
{
	struct tok_token_walk *walk;
	struct tok_token_step step = { .ended = false };
	struct tok_error err = { 0 };
	uint8_t bytes[LONGEST];
	size_t count = 0;
	assert_int_equal(tok_token_walk_new(from, random, &walk, &err), TOK_OK);
	while (count < LONGEST) {
		if (tok_token_walk_next(walk, random, &step, &err) != TOK_OK)
			fail_msg("%s", err.message);
		assert_true(step.outside == 0.0);
		if (step.ended)
			break;
		assert_true(step.bytes.count > 0);
		for (size_t i = 0; i < step.bytes.count && count < LONGEST; i++)
			bytes[count++] = step.bytes.bytes[i];
	}
	tok_token_walk_free(walk);
	return outcome_of(bytes, count, first);
}

static void check_draws(struct law *law, uint64_t seed)
{
	size_t by_bytes[OUTCOMES] = { 0 }, by_tokens[OUTCOMES] = { 0 };
	memset(law->chances, 0, sizeof law->chances);
	fill_law(law, 0);
	for (uint64_t i = 0; i < DRAWS; i++) {
		struct tok_random a = tok_random_of(seed, 2 * i),
				  b = tok_random_of(seed, 2 * i + 1);
		by_bytes[draw_bytes(law->toy->m, &a, law->first)]++;
		by_tokens[draw_tokens(law->toy->m, &b, law->first)]++;
	}
	assert_law(law, by_bytes, "bytes");
	assert_law(law, by_tokens, "tokens");
}

/* ---- models -------------------------------------------------------------------------------- */

static const enum tok_bytes_semantics proper[] = { TOK_BYTES_ALL, TOK_BYTES_VALID_RENORM };

static void the_brief_s_model(void **state)
{
	(void)state;
	static const char *const prefixes[] = { "", "A", "AAA", "BA" };
	for (size_t s = 0; s < 2; s++) {
		for (size_t i = 0; i < 4; i++) {
			struct toy_machine toy;
			toy_machine_bigram(&toy,
					   (struct tok_machine_options){ .semantics = proper[s] });
			push_text(toy.m, prefixes[i]);
			struct law law = { &toy, proper[s], .first = 'A' };
			law.prefix = strlen(prefixes[i]);
			memcpy(law.text, prefixes[i], law.prefix);
			check_draws(&law, 10 * s + i);
			toy_machine_release(&toy);
		}
	}
}

static void random_models(void **state)
{
	(void)state;
	static const char *const texts[] = { "a", "b", "c", "ab", "ba", "aa", "abc", "bab", "cab" };
	for (uint64_t seed = 0; seed < 8; seed++) {
		struct toy_machine toy = { .vocab = toy_vocab(texts, 9) };
		toy.lm = plain_random(seed, toy.vocab.count, 1 + (size_t)(seed % 3));
		toy.lm.eos[0] = 9;
		toy.lm.info.eos_count = 1;
		if (seed >= 4)
			toy.lm.info.markov_order = 0;
		toy_machine_make(&toy,
				 (struct tok_machine_options){ .semantics = proper[seed % 2] });
		struct law law = { &toy, proper[seed % 2], .first = 'a', .prefix = 3 };
		memcpy(law.text, seed & 2 ? "aba" : "cab", 3);
		struct tok_error err = { 0 };
		const struct tok_span prefix = { law.text, 3 };
		if (tok_machine_push(toy.m, prefix, &err) == TOK_OK)
			check_draws(&law, seed);
		toy_machine_release(&toy);
	}
}

/* ---- what doubles cannot hold --------------------------------------------------------------- */

/* Logarithms by id, behind nothing or the last id. */
static enum tok_status log_rows(struct tok_lm *base, const struct tok_lm_request *requests,
				size_t count, struct tok_lm_row *out, struct tok_error *err)
{
	const struct plain_lm *lm = (const struct plain_lm *)base;
	(void)err;
	for (size_t i = 0; i < count; i++)
		memcpy(out[i].log_p,
		       lm->rows +
			   (requests[i].count ? requests[i].ids[requests[i].count - 1] + 1 : 0) *
			       lm->info.size,
		       lm->info.size * sizeof *out[i].log_p);
	return TOK_OK;
}

/* Next to nothing begins with a; if it does, it is ab, ac or acy, one, two and one of four.  Behind
 * ab next to all is no text; y and the end are three and one of four of the rest.  */
static void what_is_small_has_its_shares(void **state)
{
	(void)state;
	static const char *const texts[] = { "a", "ab", "ac", "acy", "y" };
	const double no = -INFINITY, little = -900.0, end[] = { no, no, no, no, no, 0, no };
	double rows[8][7] = { { no, little, little + log(2), little, 0, no, no } };
	const double behind_ab[] = { no, no, no, no, little + log(3), little, 0 };
	struct toy_machine toy = { .vocab = toy_vocab(texts, 5) };
	struct tok_error err = { 0 };
	size_t drawn[3] = { 0 }, ended = 0;
	for (size_t i = 1; i < 8; i++)
		memcpy(rows[i], i == 2 ? behind_ab : end, sizeof rows[i]);
	plain_add(&toy.vocab, tok_span_of("<s>"), TOK_BYTE_NONTEXT);
	toy.lm = plain_table(7, rows[0]);
	toy.lm.lm.rows = log_rows;
	toy_machine_make(&toy, (struct tok_machine_options){ 0 });
	push_text(toy.m, "a");
	for (uint64_t i = 0; i < 4000; i++) {
		struct tok_random random = tok_random_of(i, 77);
		struct tok_token_walk *walk;
		struct tok_token_step step;
		assert_int_equal(tok_token_walk_new(toy.m, &random, &walk, &err), TOK_OK);
		if (tok_token_walk_next(walk, &random, &step, &err) != TOK_OK)
			fail_msg("%s", err.message);
		const size_t which = step.bytes.bytes[0] == 'b' ? 0 : step.bytes.count;
		drawn[which]++;
		assert_int_equal(tok_token_walk_next(walk, &random, &step, &err), TOK_OK);
		if (which == 0) {
			assert_near(step.outside, 1.0, 1e-15, "outside");
			ended += step.ended;
		}
		tok_token_walk_free(walk);
	}
	assert_true(drawn[0] > 880 && drawn[0] < 1120);
	assert_true(drawn[1] > 1860 && drawn[1] < 2140);
	assert_true(ended > drawn[0] / 4 - 60 && ended < drawn[0] / 4 + 60);
	toy_machine_release(&toy);
}

/* ---- what is left out, and what is refused ----------------------------------------------------
 */

static void tokens_that_are_no_text(void **state)
{
	(void)state;
	struct toy_machine toy = { .vocab = { .count = 0 } };
	const double rows[] = { .25, .5, .25, .25, .75, 0, 0, 0, 0, 0, 0, 0 };
	struct tok_random random = tok_random_of(1, 1);
	struct tok_error err = { 0 };
	struct tok_token_walk *walk;
	struct tok_token_step step;
	plain_add(&toy.vocab, tok_span_of("A"), TOK_BYTE_TEXT);
	plain_add(&toy.vocab, tok_span_of("<s>"), TOK_BYTE_NONTEXT);
	plain_add(&toy.vocab, tok_span_of(""), TOK_BYTE_END);
	toy.lm = plain_table(3, rows);
	toy.lm.eos[0] = 2;
	toy.lm.info.eos_count = 1;
	toy_machine_make(&toy, (struct tok_machine_options){ .semantics = TOK_BYTES_ALL });
	size_t ended = 0;
	for (size_t i = 0; i < 2000; i++) {
		assert_int_equal(tok_token_walk_new(toy.m, &random, &walk, &err), TOK_OK);
		assert_int_equal(tok_token_walk_next(walk, &random, &step, &err), TOK_OK);
		assert_near(step.outside, 0.5, 1e-15, "outside");
		ended += step.ended;
		if (!step.ended) { /* behind A: A is a quarter, no text is the rest */
			assert_int_equal(tok_token_walk_next(walk, &random, &step, &err), TOK_OK);
			assert_true(step.bytes.count == 1 && !step.ended);
			assert_near(step.outside, 0.75, 1e-15, "outside");
		}
		tok_token_walk_free(walk);
	}
	assert_true(ended > 850 && ended < 1150);
	toy_machine_release(&toy);
}

static void what_is_not_exact_is_refused(void **state)
{
	(void)state;
	struct toy_machine toy;
	struct tok_random random = tok_random_of(1, 1);
	struct tok_error err = { 0 };
	struct tok_token_walk *walk = NULL;
	toy_machine_bigram(&toy, (struct tok_machine_options){ .semantics = TOK_BYTES_VALID });
	assert_int_equal(tok_token_walk_new(toy.m, &random, &walk, &err), TOK_EARG);
	toy_machine_release(&toy);
	static const char *const texts[] = { "A", "B", "AA" };
	struct toy_machine best = { .vocab = toy_vocab(texts, 3), .lm = plain_table(4, toy_rows) };
	best.lm.info.top = 2;
	toy_machine_make(&best, (struct tok_machine_options){ .semantics = TOK_BYTES_ALL });
	assert_int_equal(tok_token_walk_new(best.m, &random, &walk, &err), TOK_EARG);
	assert_null(walk);
	tok_token_walk_free(walk);
	toy_machine_release(&best);
}

/* The model fails, the machine moves on, the walk outlives it. */
static void walks_are_their_own(void **state)
{
	(void)state;
	struct toy_machine toy;
	struct tok_random random = tok_random_of(5, 1);
	struct tok_error err = { 0 };
	struct tok_token_walk *walk;
	struct tok_token_step step = { .ended = false };
	toy_machine_bigram(&toy, (struct tok_machine_options){ .semantics = TOK_BYTES_ALL });
	push_text(toy.m, "AA");
	assert_int_equal(tok_token_walk_new(toy.m, &random, &walk, &err), TOK_OK);
	push_text(toy.m, "BABAB");
	tok_machine_free(toy.m);
	for (size_t i = 0; i < 40 && !step.ended; i++)
		assert_int_equal(tok_token_walk_next(walk, &random, &step, &err), TOK_OK);
	tok_token_walk_free(walk);
	tok_byte_tokens_free(toy.tokens);

	toy_machine_bigram(&toy, (struct tok_machine_options){ .semantics = TOK_BYTES_ALL });
	toy.lm.fails_at = 1;
	assert_int_equal(tok_token_walk_new(toy.m, &random, &walk, &err), TOK_OK);
	assert_int_equal(tok_token_walk_next(walk, &random, &step, &err), TOK_EIO);
	assert_int_equal(tok_token_walk_next(walk, &random, &step, &err), TOK_OK);
	tok_token_walk_free(walk);
	toy_machine_release(&toy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_brief_s_model),
		cmocka_unit_test(random_models),
		cmocka_unit_test(what_is_small_has_its_shares),
		cmocka_unit_test(tokens_that_are_no_text),
		cmocka_unit_test(what_is_not_exact_is_refused),
		cmocka_unit_test(walks_are_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
