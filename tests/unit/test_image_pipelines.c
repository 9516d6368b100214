/*
 * test_image_pipelines.c - a tokenizer from an image is the tokenizer, for every kind
 * of pipeline that a file can ask for.  (Every kind of model: test_image_models.c.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

#include "tests/unit/image_law.h"

#define SPAN(text)                                                                                 \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}

struct row {
	const char *name;
	struct tok_span text, again, tokens;
};
#include "hf_table.inc"

/* What was met: a bit a kind. */
static struct {
	unsigned models, orders, normalizers, pretokenizers, posts, decoders, added;
	unsigned truncations, paddings;
	size_t count;
} met;

static unsigned flag(bool yes, unsigned bit)
{
	return yes ? 1u << bit : 0;
}

static void note(const struct tok_spec *spec)
{
	met.models |= 1u << spec->model.kind;
	if (spec->model.kind == TOK_MODEL_BPE)
		met.orders |= 1u << spec->model.as.bpe.order;
	for (size_t i = 0; i < spec->normalizer_count; i++)
		met.normalizers |= 1u << spec->normalizers[i].kind;
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		met.pretokenizers |= 1u << spec->pretokenizers[i].kind;
	for (size_t i = 0; i < spec->post_count; i++)
		met.posts |= 1u << spec->posts[i].kind;
	for (size_t i = 0; i < spec->decoder_count; i++)
		met.decoders |= 1u << spec->decoders[i].kind;
	for (size_t i = 0; i < spec->added_count; i++) {
		const struct tok_added_token *token = &spec->added[i];
		met.added |= flag(token->single_word, 0) | flag(token->lstrip, 1) |
			     flag(token->rstrip, 2) | flag(token->normalized, 3) |
			     flag(token->special, 4) | flag(!token->normalized, 5);
	}
	if (spec->truncation.enabled)
		met.truncations |= 1u << spec->truncation.left;
	if (spec->padding.enabled)
		met.paddings |= 1u << spec->padding.left;
	met.count++;
}

static void check_all_were_met(void)
{
	assert_int_equal(met.models, (1u << (TOK_MODEL_WORDLEVEL + 1)) - 1);
	assert_int_equal(met.orders, (1u << (TOK_BPE_SCORES + 1)) - 1);
	assert_int_equal(met.normalizers, (1u << (TOK_NORM_SENTENCEPIECE + 1)) - 1);
	assert_int_equal(met.pretokenizers, (1u << (TOK_PRETOK_SENTENCEPIECE_WORDS + 1)) - 1);
	assert_int_equal(met.posts, (1u << (TOK_POST_TRIM_OFFSETS + 1)) - 1);
	assert_int_equal(met.decoders, (1u << (TOK_DECODE_SENTENCEPIECE + 1)) - 1);
	assert_int_equal(met.added, (1u << 6) - 1);
	assert_int_equal(met.truncations, 3);
	assert_int_equal(met.paddings, 3);
	print_message("%zu tokenizers\n", met.count);
}

static void check(const char *name, struct tok_tokenizer *t, int rounds)
{
	note(tok_tokenizer_spec(t));
	law_check(name, t, rounds);
}

/* Every row of the table of tokenizer.json that is a tokenizer. */
static void check_table(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_spec spec = { 0 };
		struct tok_tokenizer *t = NULL;
		struct tok_error err = { 0 };
		if (rows[i].again.count == 0)
			continue;
		if (vocab_read_bytes(rows[i].text, NULL, &spec, &err) == TOK_OK &&
		    tok_tokenizer_new(&spec, &t, &err) == TOK_OK)
			check(rows[i].name, t, 2);
		tok_tokenizer_free(t);
		tok_spec_release(&spec);
	}
}

/* Some seeds are there to be refused. */
static void check_folder(const char *folder)
{
	char *path = fixture_path(folder, "");
	DIR *files = opendir(path);
	assert_non_null(files);
	for (const struct dirent *file; (file = readdir(files)) != NULL;) {
		struct tok_spec spec = { 0 };
		struct tok_tokenizer *t = NULL;
		struct tok_error err = { 0 };
		const struct vocab_read_options options = { .pattern = "gpt2" };
		if (file->d_name[0] == '.')
			continue;
		char *whole = fixture_path(folder, file->d_name);
		if ((vocab_read_path(whole, NULL, &spec, &err) == TOK_OK ||
		     vocab_read_path(whole, &options, &spec, &err) == TOK_OK) &&
		    tok_tokenizer_new(&spec, &t, &err) == TOK_OK)
			check(file->d_name, t, 6);
		else
			tok_spec_release(&spec);
		tok_tokenizer_free(t);
		free(whole);
	}
	closedir(files);
	free(path);
}

/* What no row of the table has: flags that are set, lengths that are not zero. */
static void check_flags(void)
{
	static const struct tok_decode_step steps[] = {
		{ .kind = TOK_DECODE_CTC, .as.ctc = { SPAN("<pad>"), SPAN("|"), .cleanup = true } },
		{ .kind = TOK_DECODE_STRIP, .as.strip = { 'x', 3, 5 } },
		{ .kind = TOK_DECODE_SENTENCEPIECE,
		  .as.sentencepiece = { true, true, true, SPAN("??") } },
	};
	static const struct tok_vocab_entry entries[] = {
		{ SPAN("a"), 0, TOK_PIECE_NORMAL, 0 },
		{ SPAN("|"), 1, TOK_PIECE_NORMAL, 0 },
		{ SPAN("n't"), 2, TOK_PIECE_NORMAL, 0 },
	};
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct tok_spec spec = {
			.model = { .kind = TOK_MODEL_WORDLEVEL,
				   .entries = entries,
				   .entry_count = sizeof entries / sizeof entries[0],
				   .unk = 0 },
			.decoders = &steps[i],
			.decoder_count = 1,
			.has_decoder = true,
		};
		struct tok_tokenizer *t = NULL;
		struct tok_error err = { 0 };
		if (tok_tokenizer_new(&spec, &t, &err) != TOK_OK)
			fail_msg("%s", err.message);
		check("flags", t, 4);
		tok_tokenizer_free(t);
	}
}

/* Hugging Face's form of the character map that a SentencePiece model carries. */
static void check_precompiled(void)
{
	char *path = fixture_path("spm", "unigram.model");
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *t = NULL;
	struct tok_error err = { 0 };
	if (vocab_read_path(path, NULL, &spec, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(spec.normalizers[0].kind, TOK_NORM_SENTENCEPIECE);
	const struct tok_norm_step step = {
		.kind = TOK_NORM_PRECOMPILED,
		.as.precompiled = spec.normalizers[0].as.sentencepiece.charsmap,
	};
	assert_true(step.as.precompiled.count > 0);
	spec.normalizers = &step;
	if (tok_tokenizer_new(&spec, &t, &err) != TOK_OK)
		fail_msg("%s", err.message);
	check("precompiled", t, 12);
	tok_tokenizer_free(t);
	free(path);
}

static void every_pipeline_is_itself(void **state)
{
	(void)state;
	struct many many = many_new();
	for (size_t i = 0; i < many.count; i++)
		check(many.names[i], many.tokenizers[i], 12);
	many_release(&many);
	check_folder("spm");
	check_folder("gguf");
	check_folder("fuzz/any");
	check_table();
	check_flags();
	check_precompiled();
	check_all_were_met();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_pipeline_is_itself) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
