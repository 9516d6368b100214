/*
 * test_image_models.c - a tokenizer from an image is the tokenizer, for every model of
 * model_table.inc, alone and behind a byte-level step, in any order of merges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/image_law.h"
#include "tests/unit/model_cases.h"

/* What was met: a bit a kind. */
static struct {
	unsigned kinds, orders, precisions, types, fallbacks, unknowns, affixes, ignores, fuses;
} met;

static void note(const struct tok_model_spec *spec)
{
	met.kinds |= 1u << spec->kind;
	met.fallbacks |= 1u << spec->byte_fallback;
	for (size_t i = 0; i < spec->entry_count; i++)
		met.types |= 1u << spec->entries[i].type;
	if (spec->kind == TOK_MODEL_UNIGRAM)
		met.precisions |= 1u << spec->as.unigram.single_precision;
	if (spec->kind != TOK_MODEL_BPE)
		return;
	met.orders |= 1u << spec->as.bpe.order;
	met.ignores |= 1u << spec->as.bpe.ignore_merges;
	met.fuses |= 1u << spec->as.bpe.fuse_unk;
	met.unknowns |= 1u << (spec->unk == TOK_NO_ID ? spec->as.bpe.unk_missing : 2);
	met.affixes |= 1u << (!!spec->as.bpe.prefix.count + 2 * !!spec->as.bpe.suffix.count);
}

static void check_all_were_met(void)
{
	assert_int_equal(met.kinds, (1u << (TOK_MODEL_WORDLEVEL + 1)) - 1);
	assert_int_equal(met.types, (1u << (TOK_PIECE_BYTE + 1)) - 1);
	assert_int_equal(met.orders, (1u << (TOK_BPE_SCORES + 1)) - 1);
	assert_int_equal(met.precisions, 3);
	assert_int_equal(met.fallbacks, 3);
	assert_int_equal(met.ignores, 3);
	assert_int_equal(met.fuses, 3);
	assert_int_equal(met.unknowns, 7);
	assert_int_equal(met.affixes, 15);
}

/* NULL where a merge is of characters that are no bytes, but the step makes bytes. */
static struct tok_tokenizer *build(const char *name, const struct tok_model_spec *model,
				   const struct tok_pretok_step *step)
{
	struct tok_spec spec = {
		.format = tok_span_of("a table"),
		.model = *model,
		.sentencepiece = strncmp(name, "sentencepiece", 13) == 0,
		.pretokenizers = step,
		.pretokenizer_count = step != NULL,
	};
	struct tok_tokenizer *t = NULL;
	struct tok_error err = { 0 };
	if (tok_tokenizer_new(&spec, &t, &err) != TOK_OK && !step)
		fail_msg("%s: %s", name, err.message);
	return t;
}

static void check_rows(const struct model_case *c, struct tok_tokenizer *t)
{
	struct tok_span block = law_save(c->name, t);
	struct tok_tokenizer *opened = NULL;
	struct tok_error err = { 0 };
	if (tok_tokenizer_open(block, false, law_unmap, &block, &opened, &err) != TOK_OK)
		fail_msg("%s: %s", c->name, err.message);
	struct law_side a = law_side_new(t), b = law_side_new(opened);
	for (size_t i = 0; i < c->row_count; i++)
		law_same_text(c->name, &a, &b, c->rows[i].text);
	law_side_release(&a);
	law_side_release(&b);
	tok_tokenizer_free(opened);
}

static void every_model_is_itself(void **state)
{
	static const struct tok_pretok_step bytes = { .kind = TOK_PRETOK_BYTE_LEVEL };
	struct fixture *f = calloc(1, sizeof *f);
	(void)state;
	for (size_t i = 0; i < COUNT(model_cases); i++) {
		const struct model_case *c = &model_cases[i];
		for (int step = 0; step < 2; step++) {
			fill_fixture(f, c);
			note(&f->spec);
			struct tok_tokenizer *t = build(c->name, &f->spec, step ? &bytes : NULL);
			if (t) {
				law_check(c->name, t, 4);
				check_rows(c, t);
			}
			tok_tokenizer_free(t);
			memset(f, 0, sizeof *f);
		}
	}
	free(f);
	print_message("%zu models\n", COUNT(model_cases));
	check_all_were_met();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_model_is_itself) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
