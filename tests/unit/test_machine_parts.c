/* Rows that are told in parts give what whole rows give. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_toys.h"

/* p = .25 / n + .35 of what the last id is followed by + .4 of what the last two are. */
enum { CONTEXTS = PLAIN_IDS * PLAIN_IDS };

struct part {
	tok_id ids[PLAIN_IDS];
	double add[PLAIN_IDS];
	size_t count;
};

struct mixed {
	struct plain_lm plain; /* the first */
	double base[PLAIN_IDS];
	struct part *parts[2][CONTEXTS];
};

static const double scales[] = { .35, .4 };

static size_t context_of(const tok_id *ids, size_t count, size_t seen)
{
	size_t context = 0;
	for (size_t i = count < seen ? 0 : count - seen; i < count; i++)
		context = context * 31 + ids[i] + 1;
	return context;
}

/* Made when it is asked for, and the same from then on. */
static const struct part *part_of(struct mixed *m, size_t which, size_t context)
{
	struct part **part = &m->parts[which][context];
	uint64_t sum = 1;
	if (*part)
		return *part;
	*part = calloc(1, sizeof **part);
	const uint64_t key = m->plain.seed * 7919 + which * 104729 + context;
	for (tok_id id = 0; id < m->plain.info.size; id++)
		sum += plain_weight(key, id);
	for (tok_id id = 0; id < m->plain.info.size; id++) {
		const uint64_t weight = plain_weight(key, id) + (id == 0);
		if (weight == 0)
			continue;
		(*part)->ids[(*part)->count] = id;
		(*part)->add[(*part)->count++] = (double)weight / (double)sum;
	}
	return *part;
}

static enum tok_status mixed_parts(struct tok_lm *lm, const struct tok_lm_request *request,
				   struct tok_lm_parts *out, struct tok_error *err)
{
	struct mixed *m = (struct mixed *)lm;
	(void)err;
	*out = (struct tok_lm_parts){ .base = m->base, .scale = .25, .count = 2 };
	for (size_t i = 0; i < 2; i++) {
		const struct part *part =
		    part_of(m, i, context_of(request->ids, request->count, i + 1));
		out->parts[i] =
		    (struct tok_lm_part){ part->ids, part->add, part->count, scales[i] };
	}
	m->plain.asked++;
	return TOK_OK;
}

static double mixed_p(const struct plain_lm *lm, const tok_id *ids, size_t count, tok_id id)
{
	struct mixed *m = (struct mixed *)(uintptr_t)lm;
	double p = .25 * m->base[id];
	for (size_t i = 0; i < 2; i++) {
		const struct part *part = part_of(m, i, context_of(ids, count, i + 1));
		for (size_t k = 0; k < part->count; k++)
			if (part->ids[k] == id)
				p += scales[i] * part->add[k];
	}
	return p;
}

static struct mixed *mixed_new(uint64_t seed, size_t size, bool in_parts)
{
	struct mixed *m = calloc(1, sizeof *m);
	m->plain = plain_of(size, 3);
	m->plain.seed = seed;
	m->plain.p = mixed_p;
	m->plain.lm.parts = in_parts ? mixed_parts : NULL;
	for (size_t id = 0; id < size; id++)
		m->base[id] = 1.0 / (double)size;
	return m;
}

static void mixed_free(struct mixed *m)
{
	for (size_t which = 0; which < 2; which++)
		for (size_t i = 0; i < CONTEXTS; i++)
			free(m->parts[which][i]);
	free(m);
}

static bool add_share(void *context, const struct tok_cover *cover)
{
	*(double *)context += cover->share;
	return true;
}

static void parts_are_rows(void **state)
{
	(void)state;
	static const char *const texts[] = { "a", "b", "c", "ab", "abc", "ca", "aaa", "bc", "b" };
	struct plain_vocab v = toy_vocab(texts, 9);
	struct tok_byte_tokens *tokens = NULL;
	struct tok_error err = { 0 };
	plain_add(&v, tok_span_of("a"), TOK_BYTE_NONTEXT);
	assert_int_equal(
	    tok_byte_tokens_of(v.texts, v.kinds, v.count, tok_span_of(""), &tokens, &err), TOK_OK);
	for (uint64_t seed = 0; seed < 100; seed++) {
		struct mixed *whole = mixed_new(seed, v.count, false),
			     *parts = mixed_new(seed, v.count, true);
		const struct tok_machine_options options = { .beam = seed % 4 == 3 ? 4 : 0 };
		struct tok_random random = tok_random_of(seed, 9);
		struct tok_machine *a = NULL, *b = NULL;
		assert_int_equal(
		    tok_machine_new(tokens, NULL, plain_use(&whole->plain), &options, &a, &err),
		    TOK_OK);
		assert_int_equal(
		    tok_machine_new(tokens, NULL, plain_use(&parts->plain), &options, &b, &err),
		    TOK_OK);
		for (size_t i = 0; i < 30; i++) {
			const char byte[] = { (char)('a' + tok_random_below(&random, 3)), '\0' };
			push_text(a, byte);
			push_text(b, byte);
			const struct tok_next_bytes x = next_of(a), y = next_of(b);
			struct tok_text_p text = { 0 };
			assert_int_equal(tok_machine_log_p(b, &text, &err), TOK_OK);
			assert_near(text.log_p, x.log_p, 1e-12, "P");
			assert_near(text.high, x.log_p_high, 1e-12, "P");
			for (size_t k = 0; k < 256; k++) {
				assert_near(y.joint[k], x.joint[k], 1e-12, "byte");
				assert_near(y.low[k], x.low[k], 1e-12, "low");
				assert_near(y.high[k], x.high[k], 1e-12, "high");
			}
			assert_near(y.end, x.end, 1e-12, "end");
			assert_near(y.special, x.special, 1e-12, "special");
			if (i == 4 && options.beam == 0) {
				double shares = 0.0;
				size_t total;
				assert_int_equal(
				    tok_machine_covers(b, add_share, &shares, &total, &err),
				    TOK_OK);
				assert_near(shares, 1.0, 1e-12, "shares");
			}
		}
		tok_machine_free(a);
		tok_machine_free(b);
		mixed_free(whole);
		mixed_free(parts);
	}
	tok_byte_tokens_free(tokens);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
