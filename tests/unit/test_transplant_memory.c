/*
 * test_transplant_memory.c - the n-th allocation fails, for every n, while vocabularies are read
 * and matched, tokens are spelt, and rows are made and kept: TOK_ENOMEM comes back and nothing is
 * left.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "hypernet/transplant/fill.h"
#include "hypernet/transplant/recipe.h"
#include "hypernet/transplant/subword.h"
#include "tests/unit/heap.h"
#include "tests/unit/sample_toys.h"
#include "tests/unit/tensor_files.h"
#include "vocab/convert/token_bytes.h"

static const char json[] =
    "{\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\\u2581\"},"
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"vocab\":{\"<unk>\":0,\"\\u2581\":1,"
    "\"a\":2,\"b\":3,\"ab\":4},\"merges\":[[\"a\",\"b\"]]}}";

enum { WIDTH = 6, OLD = 5, NEW = 4 };

static struct hyper_vocab source, target;
static float old[OLD * WIDTH];
static const struct hyper_rows_view rows = { .floats = old, .count = OLD, .width = WIDTH };
static const tok_id wanted[NEW] = { 0, 1, 2, 3 };
static const struct hyper_kernel *kernel;
static char *path;

static enum tok_status read_tokens(struct tok_error *err)
{
	struct vocab_token_bytes tokens = { 0 };
	const enum tok_status status = vocab_token_bytes(source.tokenizer, &tokens, err);
	vocab_token_bytes_release(&tokens);
	return status;
}

static enum tok_status match(struct tok_error *err)
{
	struct hyper_match_options options = { .source_rows = SIZE_MAX };
	struct hyper_matches matches = { 0 };
	if (!hyper_match_classes(HYPER_MATCH_WORDS, &options.classes))
		return TOK_EARG;
	const enum tok_status status = hyper_match(&source, &target, &options, &matches, err);
	hyper_matches_release(&matches);
	return status;
}

static enum tok_status cut_digits(struct tok_error *err)
{
	enum hyper_digits digits;
	return hyper_digits_of(source.tokenizer, &digits, err);
}

static enum tok_status spell(struct hyper_pieces *pieces, struct tok_error *err)
{
	return hyper_pieces_make(&source, &target, wanted, NEW, SIZE_MAX, 1, pieces, err);
}

static enum tok_status sum(struct tok_error *err)
{
	struct hyper_pieces pieces = { 0 };
	struct hyper_weights weights = { 0 };
	float out[NEW * WIDTH];
	enum tok_status status = spell(&pieces, err);
	const struct hyper_subword_job job = { &source, &target, wanted, &pieces, &rows };
	if (status == TOK_OK)
		status = hyper_subword(&job, HYPER_SUBWORD_SCRIPT, &weights, err);
	if (status == TOK_OK)
		status = hyper_weights_apply(&weights, &rows, 0, NEW, out, 1, err);
	hyper_weights_release(&weights);
	hyper_pieces_release(&pieces);
	return status;
}

static enum tok_status fill(struct tok_error *err)
{
	struct hyper_filler *filler = NULL;
	const enum tok_status status =
	    hyper_filler_new(&rows, HYPER_FILL_HEWITT, 1, kernel, 1, &filler, err);
	hyper_filler_free(filler);
	return status;
}

/* One sum of three, then two rows given, one after the other. */
static enum tok_status cook(struct hyper_recipe *recipe, struct hyper_weights *weights,
			    float **floats, struct tok_error *err)
{
	tok_id sources[NEW] = { 1, TOK_NO_ID, TOK_NO_ID, TOK_NO_ID };
	uint8_t classes[NEW] = { 0 };
	const struct hyper_matches matches = { sources, classes, NEW, { 0 }, 0, 0, 0 };
	size_t left;
	enum tok_status status = hyper_recipe_new(&matches, NEW, recipe, err);
	for (size_t i = 0; i < 2 && status == TOK_OK; i++) {
		status = hyper_weights_add(weights, wanted, old, 3, err);
		if (status == TOK_OK)
			status = hyper_recipe_sum(recipe, &wanted[1], 1, weights, &left, err);
	}
	for (size_t i = 2; i < 4 && floats && status == TOK_OK; i++) {
		*floats = calloc(WIDTH, sizeof **floats);
		status = *floats ? TOK_OK : tok_fail_memory(err);
		if (status == TOK_OK)
			status = hyper_recipe_give(recipe, &wanted[i], 1, floats, WIDTH, err);
	}
	return status;
}

static enum tok_status make_rows(struct tok_error *err)
{
	struct hyper_recipe recipe = { 0 };
	struct hyper_weights weights = { 0 };
	float out[NEW * WIDTH], *floats = NULL;
	enum tok_status status = cook(&recipe, &weights, &floats, err);
	if (status == TOK_OK)
		status = hyper_recipe_rows(&recipe, &rows, 0, NEW, out, 1, err);
	free(floats);
	hyper_weights_release(&weights);
	hyper_recipe_release(&recipe);
	return status;
}

static enum tok_status keep(struct tok_error *err)
{
	struct hyper_recipe recipe = { 0 }, read[2] = { 0 };
	struct hyper_weights weights = { 0 };
	enum tok_status status = cook(&recipe, &weights, NULL, err);
	if (status == TOK_OK)
		status = hyper_recipe_write(&recipe, NULL, NULL, 0, path, err);
	if (status == TOK_OK)
		status = hyper_recipe_read(path, OLD, &read[0], &read[1], err);
	hyper_weights_release(&weights);
	hyper_recipe_release(&recipe);
	hyper_recipe_release(&read[0]);
	hyper_recipe_release(&read[1]);
	return status;
}

static void try(enum tok_status (*run)(struct tok_error *), size_t n)
{
	struct tok_error err = { 0 };
	heap.live = 0;
	heap.asked = 0;
	heap.fails_at = n;
	const enum tok_status status = run(&err);
	heap.fails_at = 0;
	if (status != (n ? TOK_ENOMEM : TOK_OK))
		fail_msg("allocation %zu: %d %s", n, status, err.message);
	if (heap.live > 0)
		fail_msg("allocation %zu: %ld blocks are left", n, heap.live);
}

static void every_allocation_may_fail(void **state)
{
	static enum tok_status (*const runs[])(struct tok_error *) = {
		read_tokens, match, cut_digits, sum, fill, make_rows, keep,
	};
	(void)state;
	for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
		try(runs[i], 0);
		const size_t total = heap.asked;
		assert_true(total > 0);
		for (size_t n = 1; n <= total; n++)
			try(runs[i], n);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};
	static struct tok_span new[NEW];
	static uint8_t kinds[NEW];
	static char folder[32];
	struct vocab_token_bytes tokens;
	static const char *const texts[NEW] = { "ab", " ba", "B", "\xFFz" };
	for (size_t id = 0; id < NEW; id++) {
		new[id] = tok_span_of(texts[id]);
		kinds[id] = HYPER_TOKEN_TEXT;
	}
	for (size_t i = 0; i < OLD * WIDTH; i++)
		old[i] = (float)(i * i % 17) / 4;
	struct tok_tokenizer *tokenizer = toy_new(json);
	if (vocab_token_bytes(tokenizer, &tokens, NULL) != TOK_OK ||
	    hyper_kernel_choose(NULL, &kernel, NULL) != TOK_OK)
		abort();
	source = (struct hyper_vocab){ tokens.bytes, tokens.kinds, OLD, { 0 }, tokenizer };
	target = (struct hyper_vocab){ new, kinds, NEW, { 0 }, tokenizer };
	tensor_folder_make(folder);
	path = tensor_path(folder, "map.safetensors");
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	tensor_folder_remove(folder);
	free(path);
	vocab_token_bytes_release(&tokens);
	tok_tokenizer_free(tokenizer);
	return failed;
}
