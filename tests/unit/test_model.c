/* Ids and ranges of small models, compared with what the reference programs
 * answer (model_table.inc); and specifications that contradict themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/model_cases.h"

enum { ANSWER_MAX = 4096 };

/* Tokens as the table writes them. */
static void print_tokens(const struct tok_tokens *tokens, size_t from, uint32_t base, char *out)
{
	uint32_t at = 0;
	*out = '\0';
	for (size_t i = from; i < tokens->count; i++) {
		const uint32_t begin = tokens->ranges[i].begin - base;
		const uint32_t end = tokens->ranges[i].end - base;
		if (i > from)
			*out++ = ' ';
		out += begin == at ? sprintf(out, "%u+%d", tokens->ids[i], (int)(end - at))
				   : sprintf(out, "%u@%u-%u", tokens->ids[i], begin, end);
		at = end;
	}
}

static size_t check_row(const struct model_case *c, const struct tok_model *model,
			struct tok_model_scratch *scratch, struct tok_tokens *tokens,
			const struct row *row)
{
	/* Stands inside a longer text, behind tokens that must stay. */
	struct tok_buffer text = { 0 };
	assert_true(tok_buffer_add(&text, "ab", 2));
	assert_true(tok_buffer_add(&text, row->text.bytes, row->text.count));
	assert_true(tok_buffer_add(&text, "ab", 2));
	const struct tok_range piece = { 2, 2 + (uint32_t)row->text.count };
	const size_t before = tokens->count;
	struct tok_error err = { 0 };
	const enum tok_status status =
	    tok_model_encode(model, scratch, tok_buffer_span(&text), piece, tokens, &err);
	tok_buffer_release(&text);

	char found[ANSWER_MAX] = "fails";
	if (status == TOK_OK)
		print_tokens(tokens, before, 2, found);
	else if (status != TOK_ETEXT || tokens->count != before || !err.message[0])
		strcpy(found, "fails in a wrong way");
	if (strcmp(found, row->tokens ? row->tokens : "fails") == 0)
		return 0;
	print_error("%s: '%.*s'\n  expected %s\n  found    %s\n", c->name, (int)row->text.count,
		    (const char *)row->text.bytes, row->tokens ? row->tokens : "fails", found);
	return 1;
}

/* All rows with one scratch for all models; twice, so that what a scratch
 * remembers answers too. */
static size_t check_case(const struct model_case *c, const struct tok_model_spec *spec,
			 struct tok_model_scratch *scratch)
{
	struct tok_model *model = NULL;
	struct tok_error err = { 0 };
	if (tok_model_new(spec, &model, &err) != TOK_OK) {
		print_error("%s: %s\n", c->name, err.message);
		return 1;
	}
	struct tok_tokens tokens = { .ranged = true };
	size_t wrong = 0;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < c->row_count; i++)
			wrong += check_row(c, model, scratch, &tokens, &c->rows[i]);
	}
	tok_tokens_release(&tokens);
	tok_model_free(model);
	return wrong;
}

static void test_matches_references(void **state)
{
	(void)state;
	struct fixture *f = calloc(1, sizeof *f);
	struct tok_model_scratch *scratch = tok_model_scratch_new();
	size_t wrong = 0, rows = 0;
	for (size_t i = 0; i < COUNT(model_cases); i++) {
		fill_fixture(f, &model_cases[i]);
		wrong += check_case(&model_cases[i], &f->spec, scratch);
		rows += model_cases[i].row_count;
		memset(f, 0, sizeof *f);
	}
	tok_model_scratch_free(scratch);
	free(f);
	print_message("%zu rows of %zu models\n", rows, COUNT(model_cases));
	assert_int_equal(wrong, 0);
}

static bool is_ascii(const struct model_case *c)
{
	for (size_t i = 0; i < c->spec.entry_count; i++) {
		for (size_t k = 0; k < c->spec.entries[i].text.count; k++) {
			if (c->spec.entries[i].text.bytes[k] >= 0x80)
				return false;
		}
	}
	for (size_t i = 0; i < c->row_count; i++) {
		for (size_t k = 0; k < c->rows[i].text.count; k++) {
			if (c->rows[i].text.bytes[k] >= 0x80)
				return false;
		}
	}
	return true;
}

/* In ASCII a byte is a character, so merges over bytes must answer the same. */
static void test_raw_bytes_equal_characters(void **state)
{
	(void)state;
	struct fixture *f = calloc(1, sizeof *f);
	struct tok_model_scratch *scratch = tok_model_scratch_new();
	size_t wrong = 0, cases = 0;
	for (size_t i = 0; i < COUNT(model_cases); i++) {
		const struct model_case *c = &model_cases[i];
		if (c->spec.kind != TOK_MODEL_BPE || c->spec.as.bpe.order != TOK_BPE_MERGES ||
		    !is_ascii(c))
			continue;
		fill_fixture(f, c);
		f->spec.as.bpe.raw_bytes = true;
		wrong += check_case(c, &f->spec, scratch);
		memset(f, 0, sizeof *f);
		cases++;
	}
	tok_model_scratch_free(scratch);
	free(f);
	assert_true(cases > 3);
	assert_int_equal(wrong, 0);
}

static void test_contradictions_are_refused(void **state)
{
	(void)state;
	static char affix[300];
	memset(affix, 'x', sizeof affix - 1);
	struct tok_vocab_entry entries[] = {
		{ tok_span_of("a"), 0, TOK_PIECE_NORMAL, 0 },
		{ tok_span_of("b"), 1, TOK_PIECE_NORMAL, 0 },
		{ tok_span_of("ab"), 2, TOK_PIECE_NORMAL, 0 },
	};
	struct tok_merge merge = { 0, 1, 2 };
	const struct tok_model_spec good = {
		.kind = TOK_MODEL_BPE,
		.entries = entries,
		.entry_count = 3,
		.unk = TOK_NO_ID,
		.as.bpe = { .order = TOK_BPE_MERGES, .merges = &merge, .merge_count = 1 },
	};
	for (int what = 0; what < 8; what++) {
		struct tok_model_spec spec = good;
		entries[2] = (struct tok_vocab_entry){ tok_span_of("ab"), 2, TOK_PIECE_NORMAL, 0 };
		merge = (struct tok_merge){ 0, 1, 2 };
		enum tok_status expected = TOK_EFORMAT;
		switch (what) {
		case 0:
			expected = TOK_OK;
			break;
		case 1:
			entries[2].text = tok_span_of("a");
			break;
		case 2:
			entries[2].id = 1;
			break;
		case 3:
			merge.left = 9;
			break;
		case 4:
			merge.result = 9;
			break;
		case 5:
			spec.unk = 9;
			break;
		case 6:
			spec.as.bpe.prefix = tok_span_of(affix);
			expected = TOK_ELIMIT;
			break;
		case 7:
			entries[2].id = TOK_NO_ID;
			expected = TOK_ELIMIT;
			break;
		}
		struct tok_model *model = NULL;
		struct tok_error err = { 0 };
		assert_int_equal(tok_model_new(&spec, &model, &err), expected);
		assert_true((model != NULL) == (expected == TOK_OK));
		assert_true((err.message[0] != '\0') == (expected != TOK_OK));
		tok_model_free(model);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches_references),
		cmocka_unit_test(test_raw_bytes_equal_characters),
		cmocka_unit_test(test_contradictions_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
