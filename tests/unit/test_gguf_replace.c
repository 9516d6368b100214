/* A model's pairs with those of another tokenizer: each keeps its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/tensor_files.h"
#include "tok/text/gguf.h"
#include "vocab/format/gguf_write.h"

/* ---- pairs of a model
 * ------------------------------------------------------------------------------ */

static void put_string_pair(struct tok_buffer *to, const char *key, const char *value)
{
	tensor_put_text(to, key);
	tensor_put_number(to, TOK_GGUF_STRING, 4);
	tensor_put_text(to, value);
}

static void put_tokens(struct tok_buffer *to, size_t count, const char *const *names, bool scored)
{
	tensor_put_text(to, "tokenizer.ggml.tokens");
	tensor_put_number(to, TOK_GGUF_ARRAY, 4);
	tensor_put_number(to, TOK_GGUF_STRING, 4);
	tensor_put_number(to, count, 8);
	for (size_t i = 0; i < count; i++)
		tensor_put_text(to, names[i]);
	tensor_put_text(to, scored ? "tokenizer.ggml.scores" : "tokenizer.ggml.token_type");
	tensor_put_number(to, TOK_GGUF_ARRAY, 4);
	tensor_put_number(to, scored ? TOK_GGUF_F32 : TOK_GGUF_I32, 4);
	tensor_put_number(to, count, 8);
	for (size_t i = 0; i < count; i++)
		tensor_put_number(to, 1, 4);
}

static const char *const names[] = { "a", "b", "c", "[PAD3]", "[PAD4]" };

/* Seven pairs. */
static struct tok_buffer make_model(void)
{
	struct tok_buffer m = { 0 };
	put_string_pair(&m, "general.architecture", "llama");
	put_string_pair(&m, "tokenizer.ggml.model", "gpt2");
	tensor_put_pair(&m, "llama.vocab_size", TOK_GGUF_U32, 3);
	put_tokens(&m, 3, names, false);
	tensor_put_pair(&m, "tokenizer.ggml.token_type_count", TOK_GGUF_U32, 2);
	put_string_pair(&m, "tokenizer.chat_template", "x");
	return m;
}

static void replace(const struct tok_buffer *model, uint64_t count,
		    const struct tok_buffer *tokenizer, uint64_t tokenizer_count, size_t rows,
		    const struct tok_buffer *wanted, uint64_t wanted_count)
{
	struct tok_buffer out = { 0 };
	struct tok_error err = { 0 };
	uint64_t got;
	if (vocab_gguf_replace(tok_buffer_span(model), count, tok_buffer_span(tokenizer),
			       tokenizer_count, rows, &out, &got, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(got, wanted_count);
	assert_int_equal(out.count, wanted->count);
	assert_memory_equal(out.bytes, wanted->bytes, out.count);
	tok_buffer_release(&out);
}

static void pairs_keep_their_places(void **state)
{
	(void)state;
	struct tok_buffer model = make_model(), other = { 0 }, wanted = { 0 };
	replace(&model, 7, &model, 7, 3, &model, 7); /* its own: byte for byte */
	/* Another tokenizer's: with scores, an id and no template; what else its file says is none
	 * of it. */
	put_string_pair(&other, "general.architecture", "gemma");
	tensor_put_pair(&other, "tokenizer.ggml.bos_token_id", TOK_GGUF_U32, 1);
	put_tokens(&other, 3, names, true);
	tensor_put_pair(&other, "tokenizer.ggml.token_type_count", TOK_GGUF_U32, 9);
	put_string_pair(&other, "tokenizer.ggml.model", "llama");
	put_string_pair(&other, "tokenizer.ggml.model", "the second does not count");
	tensor_put_pair(&other, "tokenizer.ggml.bos_token_id", TOK_GGUF_U32, 7);
	put_string_pair(&wanted, "general.architecture", "llama");
	put_string_pair(&wanted, "tokenizer.ggml.model", "llama");
	tensor_put_pair(&wanted, "llama.vocab_size", TOK_GGUF_U32, 5);
	struct tok_buffer lists = { 0 };
	put_tokens(&lists, 5, names, true);
	for (size_t i = 0; i < 2; i++) /* the score of what is padding */
		memcpy(lists.bytes + lists.count - 4 * (i + 1), &(float){ -1000 }, 4);
	const size_t tokens =
	    (size_t)((uint8_t *)memmem(lists.bytes, lists.count, "tokenizer.ggml.scores", 21) -
		     lists.bytes) -
	    8;
	tensor_put(&wanted, lists.bytes, tokens);
	tensor_put_pair(&wanted, "tokenizer.ggml.token_type_count", TOK_GGUF_U32, 2);
	tensor_put_pair(&wanted, "tokenizer.ggml.bos_token_id", TOK_GGUF_U32, 1);
	tensor_put(&wanted, lists.bytes + tokens, lists.count - tokens);
	replace(&model, 7, &other, 8, 5, &wanted, 7);
	/* Types of what is padding: unused. */
	tok_buffer_clear(&lists);
	tok_buffer_clear(&other);
	tok_buffer_clear(&wanted);
	put_tokens(&other, 3, names, false);
	put_tokens(&lists, 5, names, false);
	lists.bytes[lists.count - 4] = lists.bytes[lists.count - 8] = 5;
	put_string_pair(&wanted, "general.x", "y");
	tensor_put(&wanted, lists.bytes, lists.count);
	struct tok_buffer plain = { 0 };
	put_string_pair(&plain, "general.x", "y");
	replace(&plain, 1, &other, 2, 5, &wanted, 3);
	tok_buffer_release(&plain);
	tok_buffer_release(&lists);
	tok_buffer_release(&model);
	tok_buffer_release(&other);
	tok_buffer_release(&wanted);
}

static void damaged_pairs_are_refused(void **state)
{
	(void)state;
	struct tok_buffer model = make_model(), out = { 0 };
	const struct tok_span all = tok_buffer_span(&model);
	struct tok_error err = { 0 };
	uint64_t got;
	for (size_t count = 0; count < all.count; count++) {
		uint8_t *copy = malloc(count + 1);
		memcpy(copy, all.bytes, count);
		const struct tok_span cut = { copy, count };
		assert_int_equal(vocab_gguf_replace(cut, 7, all, 7, 3, &out, &got, NULL),
				 TOK_EFORMAT);
		assert_int_equal(vocab_gguf_replace(all, 7, cut, 7, 3, &out, &got, NULL),
				 TOK_EFORMAT);
		free(copy);
	}
	assert_int_equal(vocab_gguf_replace(all, UINT64_MAX, all, 7, 3, &out, &got, NULL),
			 TOK_EFORMAT);
	assert_int_equal(vocab_gguf_replace(all, 7, all, 7, 2, &out, &got, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "3 tokens have no room in 2 rows"));
	assert_int_equal(vocab_gguf_replace(all, 7, all, 1, 3, &out, &got, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "there is no tokenizer"));
	assert_int_equal(out.count, 0);
	tok_buffer_release(&model);
	tok_buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_keep_their_places),
		cmocka_unit_test(damaged_pairs_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
