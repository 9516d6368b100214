/*
 * test_neighbours.c - tokens that may not stand behind one are those that tok_model_adjoins
 * refuses, in models whose merges come in any order, also in one that no training gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tok/base/random.h"
#include "tok/model/neighbours.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/format/read.h"

enum { TOKENS = 40, MERGES = 30, LONGEST = 7, ROOM = 1 << 13 };

struct toy {
	char texts[TOKENS][LONGEST + 1];
	size_t count;
	size_t merges[MERGES][2];
	size_t merge_count;
};

static size_t find(const struct toy *toy, const char *text)
{
	size_t i = 0;
	while (i < toy->count && strcmp(toy->texts[i], text) != 0)
		i++;
	return i;
}

static void draw_toy(struct toy *toy, struct tok_random *random)
{
	*toy = (struct toy){ .texts = { "a", "b", "c" }, .count = 3 };
	for (size_t tries = 0; tries < MERGES; tries++) {
		const size_t left = tok_random_below(random, toy->count),
			     right = tok_random_below(random, toy->count);
		char text[2 * LONGEST + 1];
		snprintf(text, sizeof text, "%s%s", toy->texts[left], toy->texts[right]);
		if (strlen(text) > LONGEST || toy->count == TOKENS)
			continue;
		bool known = false;
		for (size_t i = 0; i < toy->merge_count; i++)
			known |= toy->merges[i][0] == left && toy->merges[i][1] == right;
		if (known)
			continue;
		toy->merges[toy->merge_count][0] = left;
		toy->merges[toy->merge_count++][1] = right;
		if (find(toy, text) == toy->count)
			strcpy(toy->texts[toy->count++], text);
	}
}

/* Some merges change places. */
static void shuffle(struct toy *toy, struct tok_random *random, size_t times)
{
	for (size_t i = 0; i < times && toy->merge_count > 0; i++) {
		size_t *a = toy->merges[tok_random_below(random, toy->merge_count)],
		       *b = toy->merges[tok_random_below(random, toy->merge_count)], kept[2];
		memcpy(kept, a, sizeof kept);
		memcpy(a, b, sizeof kept);
		memcpy(b, kept, sizeof kept);
	}
}

static struct tok_tokenizer *make(const struct toy *toy)
{
	char json[ROOM];
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_error err = { 0 };
	size_t n = (size_t)sprintf(json, "{\"model\":{\"type\":\"BPE\",\"vocab\":{");
	for (size_t i = 0; i < toy->count; i++)
		n += (size_t)sprintf(json + n, "%s\"%s\":%zu", i ? "," : "", toy->texts[i], i);
	n += (size_t)sprintf(json + n, "},\"merges\":[");
	for (size_t i = 0; i < toy->merge_count; i++)
		n += (size_t)sprintf(json + n, "%s[\"%s\",\"%s\"]", i ? "," : "",
				     toy->texts[toy->merges[i][0]], toy->texts[toy->merges[i][1]]);
	sprintf(json + n, "]}}");
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	return tokenizer;
}

struct told {
	const tok_id *ids;
	bool refused[TOKENS];
};

static void tell(void *context, struct tok_range refused)
{
	struct told *told = context;
	for (uint32_t i = refused.begin; i < refused.end; i++)
		told->refused[told->ids[i]] = true;
}

/* Returns how many pairs were refused. */
static size_t compare(const struct tok_model *model, const struct tok_neighbours *n)
{
	struct tok_model_scratch *scratch = tok_model_scratch_new();
	struct told told;
	struct tok_error err = { 0 };
	const size_t count = tok_neighbours_ids(n, &told.ids);
	size_t refused = 0;
	for (size_t i = 0; i < count; i++) {
		memset(told.refused, 0, sizeof told.refused);
		assert_true(tok_neighbours_refused(n, told.ids[i], tell, &told));
		for (size_t k = 0; k < count; k++) {
			bool adjoins;
			assert_int_equal(tok_model_adjoins(model, scratch, told.ids[i], told.ids[k],
							   &adjoins, &err),
					 TOK_OK);
			assert_int_equal(told.refused[told.ids[k]], !adjoins);
			refused += !adjoins;
		}
	}
	tok_model_scratch_free(scratch);
	return refused;
}

static void refused_are_those_that_do_not_adjoin(void **state)
{
	(void)state;
	size_t refused = 0, compared = 0;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct tok_random random = tok_random_of(seed, 4);
		struct tok_neighbours *n = NULL;
		struct tok_error err = { 0 };
		struct toy toy;
		draw_toy(&toy, &random);
		shuffle(&toy, &random, seed % 4 * 3);
		struct tok_tokenizer *tokenizer = make(&toy);
		const struct tok_model *model = tok_tokenizer_model(tokenizer);
		assert_int_equal(tok_neighbours_new(model, &n, &err), TOK_OK);
		if (n) {
			refused += compare(model, n);
			compared++;
		}
		tok_neighbours_free(n);
		tok_tokenizer_free(tokenizer);
	}
	assert_true(compared > 100 && refused > 1000);
}

static void other_models_tell_nothing(void **state)
{
	(void)state;
	static const char words[] = "{\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"?\","
				    "\"continuing_subword_prefix\":\"\","
				    "\"max_input_chars_per_word\":100,\"vocab\":{\"?\":0}}}";
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_neighbours *n = NULL;
	struct tok_error err = { 0 };
	assert_int_equal(vocab_read_bytes(tok_span_of(words), NULL, &spec, &err), TOK_OK);
	assert_int_equal(tok_tokenizer_new(&spec, &tokenizer, &err), TOK_OK);
	tok_spec_release(&spec);
	assert_int_equal(tok_neighbours_new(tok_tokenizer_model(tokenizer), &n, &err), TOK_OK);
	assert_null(n);
	tok_neighbours_free(n);
	tok_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_are_those_that_do_not_adjoin),
		cmocka_unit_test(other_models_tell_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
