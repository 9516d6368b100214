/* Rows that are told in parts give what whole rows give, whatever is valid. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_toys.h"
#include "tok/bytes/machine_internal.h"

/* p = .25 / n + .35 of what the last id is followed by + .4 of what the last two are; where those
 * were not seen, their share is spread.  Behind what was not seen nothing longer was. */
enum { CONTEXTS = PLAIN_IDS * (PLAIN_IDS + 1) };

struct part {
	tok_id ids[PLAIN_IDS];
	double add[PLAIN_IDS];
	size_t count;
};

struct mixed {
	struct plain_lm plain; /* the first */
	double base[PLAIN_IDS];
	bool all_seen;
	struct part *parts[2][CONTEXTS];
};

static const double scales[] = { .35, .4 };

static size_t context_of(const tok_id *ids, size_t count, size_t seen)
{
	size_t context = 0;
	for (size_t i = count < seen ? 0 : count - seen; i < count; i++)
		context = context * PLAIN_IDS + ids[i] + 1;
	return context;
}

/* The last `seen` ids; those that there are, where they are fewer, were seen. */
static bool is_seen(const struct mixed *m, const tok_id *ids, size_t count, size_t seen)
{
	if (count < seen || m->all_seen)
		return true;
	const size_t context = context_of(ids, count, seen);
	if (seen == 2 && !is_seen(m, ids, count - 1, 1))
		return false;
	return plain_weight(m->plain.seed + 77 * seen, (tok_id)context) > 4;
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
	*out = (struct tok_lm_parts){ .base = m->base, .scale = .25, .spare = 2 };
	for (size_t i = 0; i < 2; i++) {
		if (!is_seen(m, request->ids, request->count, i + 1)) {
			out->scale += scales[i];
			continue;
		}
		const struct part *part =
		    part_of(m, i, context_of(request->ids, request->count, i + 1));
		out->parts[out->count++] =
		    (struct tok_lm_part){ part->ids, part->add, part->count, scales[i] };
		out->spare = request->count <= i ? 0 : 1 - i;
	}
	m->plain.asked++;
	return TOK_OK;
}

static double mixed_p(const struct plain_lm *lm, const tok_id *ids, size_t count, tok_id id)
{
	struct mixed *m = (struct mixed *)(uintptr_t)lm;
	double p = .25 * m->base[id];
	for (size_t i = 0; i < 2; i++) {
		if (!is_seen(m, ids, count, i + 1)) {
			p += scales[i] * m->base[id];
			continue;
		}
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

/* Two machines that are to say the same. */
struct twins {
	struct mixed *models[2];
	struct tok_machine *machines[2]; /* whole rows, rows in parts */
};

static void twins_make(struct twins *twins, uint64_t seed, const struct tok_byte_tokens *tokens,
		       const struct tok_validity *validity,
		       const struct tok_machine_options *options)
{
	struct tok_error err = { 0 };
	for (size_t i = 0; i < 2; i++) {
		twins->models[i] = mixed_new(seed, tok_byte_tokens_size(tokens), i == 1);
		twins->models[i]->all_seen = options->beam > 0; /* of different heads, others die */
		assert_int_equal(tok_machine_new(tokens, validity,
						 plain_use(&twins->models[i]->plain), options,
						 &twins->machines[i], &err),
				 TOK_OK);
	}
}

static void twins_release(struct twins *twins)
{
	for (size_t i = 0; i < 2; i++) {
		tok_machine_free(twins->machines[i]);
		mixed_free(twins->models[i]);
	}
}

static void assert_twins(struct twins *twins)
{
	const struct tok_next_bytes x = next_of(twins->machines[0]),
				    y = next_of(twins->machines[1]);
	struct tok_text_p text = { 0 };
	struct tok_error err = { 0 };
	assert_int_equal(tok_machine_log_p(twins->machines[1], &text, &err), TOK_OK);
	assert_near(text.log_p, x.log_p, 1e-12, "P");
	assert_near(text.high, x.log_p_high, 1e-12, "P");
	for (size_t k = 0; k < 256; k++) {
		assert_near(y.joint[k], x.joint[k], 1e-12, "byte");
		assert_near(y.low[k], x.low[k], 1e-12, "low");
		assert_near(y.high[k], x.high[k], 1e-12, "high");
	}
	assert_near(y.end, x.end, 1e-12, "end");
	assert_near(y.special, x.special, 1e-12, "special");
	assert_near(y.leak, x.leak, 1e-12, "leak");
}

static void assert_shares(struct tok_machine *m)
{
	struct tok_error err = { 0 };
	double shares = 0.0;
	size_t total;
	assert_int_equal(tok_machine_covers(m, add_share, &shares, &total, &err), TOK_OK);
	assert_near(shares, 1.0, 1e-12, "shares");
}

static uint64_t cost_of(const struct twins *twins, size_t i)
{
	return tok_machine_cost(twins->machines[i]).heads_made;
}

static void compare_twins(const struct tok_byte_tokens *tokens, uint64_t seeds)
{
	const struct tok_validity validity = { .trie = tokens };
	size_t merged = 0; /* heads became one because not all of their ids mattered */
	for (uint64_t seed = 0; seed < seeds; seed++) {
		const struct tok_machine_options options = {
			.semantics = (enum tok_bytes_semantics)(seed % 3),
			.beam = seed % 4 == 3 ? 4 : 0
		};
		struct tok_random random = tok_random_of(seed, 9);
		struct twins twins;
		twins_make(&twins, seed, tokens, &validity, &options);
		if (seed % 2) /* nothing is kept that is not needed */
			twins.machines[1]->core->part_budget =
			    twins.machines[1]->core->mask_budget = 0;
		for (size_t i = 0; i < 30; i++) {
			const char byte[] = { (char)('a' + tok_random_below(&random, 3)), '\0' };
			push_text(twins.machines[0], byte);
			push_text(twins.machines[1], byte);
			assert_twins(&twins);
			if (i == 4 && options.beam == 0)
				assert_shares(twins.machines[1]);
		}
		merged += cost_of(&twins, 0) > cost_of(&twins, 1);
		twins_release(&twins);
	}
	assert_true(merged > seeds / 10);
}

static struct tok_byte_tokens *tokens_of(const struct plain_vocab *v)
{
	struct tok_byte_tokens *tokens = NULL;
	struct tok_error err = { 0 };
	assert_int_equal(
	    tok_byte_tokens_of(v->texts, v->kinds, v->count, tok_span_of(""), &tokens, &err),
	    TOK_OK);
	return tokens;
}

static void parts_are_rows(void **state)
{
	(void)state;
	static const char *const texts[] = { "a", "b", "c", "ab", "abc", "ca", "aaa", "bc", "b" };
	struct plain_vocab v = toy_vocab(texts, 9);
	plain_add(&v, tok_span_of("a"), TOK_BYTE_NONTEXT);
	struct tok_byte_tokens *tokens = tokens_of(&v);
	compare_twins(tokens, 100);
	tok_byte_tokens_free(tokens);
}

/* Of more ids than are gone through one by one. */
static void great_parts_are_rows(void **state)
{
	(void)state;
	enum { LETTERS = 3, TEXTS = LETTERS + 9 + 27 + 20 };
	char room[TEXTS][5] = { { 0 } };
	const char *texts[TEXTS];
	for (size_t i = 0; i < TEXTS; i++) {
		const size_t length = i < 3 ? 1 : i < 12 ? 2 : i < 39 ? 3 : 4;
		size_t rest = i < 3 ? i : i < 12 ? i - 3 : i < 39 ? i - 12 : 4 * (i - 39);
		for (size_t k = 0; k < length; k++, rest /= LETTERS)
			room[i][k] = (char)('a' + rest % LETTERS);
		texts[i] = room[i];
	}
	struct plain_vocab v = toy_vocab(texts, TEXTS);
	plain_add(&v, tok_span_of("a"), TOK_BYTE_NONTEXT);
	struct tok_byte_tokens *tokens = tokens_of(&v);
	compare_twins(tokens, 40);
	tok_byte_tokens_free(tokens);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_rows),
		cmocka_unit_test(great_parts_are_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
