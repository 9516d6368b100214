/*
 * tok_encode_words gives what the model would be asked for.  Where a text is cut by
 * tok_tokenizer_cut_words, the words of the parts are those of the whole; what is an
 * added token is in no word; and recipes make the words of what they were made from.
 *
 *	test_encode_words [FILE...]
 *
 * FILEs are tokenizers to ask instead of the fixtures and the ones made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/many.h"
#include "tok/base/buffer.h"
#include "vocab/train/recipe.h"

static struct many all;

/* Words, each with its length in front. */
struct list {
	struct tok_buffer bytes;
	size_t count;
};

static bool collect(void *context, struct tok_span text, const struct tok_range *words,
		    size_t count)
{
	struct list *list = context;
	for (size_t i = 0; i < count; i++) {
		const uint32_t length = words[i].end - words[i].begin;
		assert_true(words[i].begin < words[i].end && words[i].end <= text.count);
		if (!tok_buffer_add(&list->bytes, &length, sizeof length) ||
		    !tok_buffer_add(&list->bytes, text.bytes + words[i].begin, length))
			return false;
	}
	list->count += count;
	return true;
}

/* Appends; false where the text is refused. */
static bool list_words(struct tok_encoder *e, struct tok_span text, bool match, bool continues,
		       struct list *to)
{
	const struct tok_encode_options how = {
		.special_text = match ? TOK_SPECIAL_MATCH : TOK_SPECIAL_ORDINARY,
		.continues = continues,
	};
	struct tok_error err = { 0 };
	return tok_encode_words(e, text, &how, collect, to, &err) == TOK_OK;
}

static bool same(const struct list *a, const struct list *b)
{
	return a->count == b->count &&
	       tok_span_equal(tok_buffer_span(&a->bytes), tok_buffer_span(&b->bytes));
}

static void release(struct list *list)
{
	tok_buffer_release(&list->bytes);
	*list = (struct list){ 0 };
}

/* ---- cuts ----------------------------------------------------------------- */

static void check_cut(const char *name, struct tok_encoder *e, struct tok_span text, size_t at,
		      bool match)
{
	struct list whole = { 0 }, parts = { 0 };
	if (list_words(e, text, match, false, &whole)) {
		const bool well =
		    list_words(e, tok_span_slice(text, 0, at), match, false, &parts) &&
		    list_words(e, tok_span_slice(text, at, text.count), match, true, &parts);
		if (!well || !same(&whole, &parts)) {
			for (size_t i = 0; i < text.count; i++)
				print_error("%s%02x", i == at ? "|" : "", text.bytes[i]);
			fail_msg("%s cut at %zu: %zu words, not %zu", name, at, parts.count,
				 whole.count);
		}
	}
	release(&whole);
	release(&parts);
}

static void cuts_change_no_word(void **state)
{
	enum { ROUNDS = 300, BYTES = 120 };
	(void)state;
	size_t places = 0;
	for (size_t t = 0; t < all.count; t++) {
		struct tok_encoder *e = tok_encoder_new(all.tokenizers[t]);
		uint64_t seed = t;
		assert_non_null(e);
		for (int round = 0; round < ROUNDS; round++) {
			uint8_t bytes[BYTES];
			const struct tok_span text = { bytes, many_text(&seed, bytes, BYTES) };
			const bool match = round % 2 == 0;
			for (size_t count = 1, last = 0; count <= text.count; count++) {
				const struct tok_span head = tok_span_slice(text, 0, count);
				const size_t at =
				    tok_tokenizer_cut_words(all.tokenizers[t], head, match);
				if (at > 0 && at != last && at < text.count) {
					check_cut(all.names[t], e, text, at, match);
					places++;
				}
				last = at;
			}
		}
		tok_encoder_free(e);
	}
	print_message("%zu places\n", places);
	assert_true(places > 100);
}

/* Bytes that never join may be cut anywhere as ids, and nowhere as words. */
static void a_word_of_lone_bytes_is_not_cut(void **state)
{
	(void)state;
	struct tok_tokenizer *bytes;
	struct tok_error err = { 0 };
	assert_int_equal(tok_tokenizer_bytes(&bytes, &err), TOK_OK);
	assert_int_equal(tok_tokenizer_cut(bytes, tok_span_of("a b"), true), 3);
	assert_int_equal(tok_tokenizer_cut_words(bytes, tok_span_of("a b"), true), 0);
	tok_tokenizer_free(bytes);
}

/* ---- recipes -------------------------------------------------------------- */

static struct tok_tokenizer *make_recipe(struct tok_spec *spec, struct tok_buffer *recipe)
{
	struct tok_tokenizer *made = NULL;
	struct tok_error err = { 0 };
	if (vocab_recipe_finish(spec, recipe, &err) != TOK_OK ||
	    vocab_recipe_open(tok_buffer_span(recipe), &made, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(spec);
	return made;
}

/* Words as a person would write them, a bar between two. */
static void check_family(enum vocab_family family, const char *special, const char *text,
			 const char *wanted)
{
	struct tok_spec spec = { 0 };
	struct tok_buffer recipe = { 0 }, shown = { 0 };
	struct tok_error err = { 0 };
	struct list list = { 0 };
	assert_int_equal(vocab_recipe_family(family, &spec, &err), TOK_OK);
	if (special)
		assert_int_equal(vocab_recipe_add_special(&spec, tok_span_of(special), &err),
				 TOK_OK);
	struct tok_tokenizer *made = make_recipe(&spec, &recipe);
	struct tok_encoder *e = tok_encoder_new(made);
	assert_true(list_words(e, tok_span_of(text), true, false, &list));
	for (size_t at = 0; at < list.bytes.count;) {
		uint32_t length;
		memcpy(&length, list.bytes.bytes + at, sizeof length);
		assert_true(tok_buffer_add(&shown, "|", at > 0) &&
			    tok_buffer_add(&shown, list.bytes.bytes + at + sizeof length, length));
		at += sizeof length + length;
	}
	if (!tok_span_equal(tok_buffer_span(&shown), tok_span_of(wanted)))
		fail_msg("family %d: '%.*s', not '%s'", family, (int)shown.count, shown.bytes,
			 wanted);
	release(&list);
	tok_encoder_free(e);
	tok_tokenizer_free(made);
	tok_buffer_release(&recipe);
	tok_buffer_release(&shown);
}

static void families_make_their_words(void **state)
{
	(void)state;
	check_family(VOCAB_FAMILY_GPT2, NULL, "It's  a\xC3\xA9 1234", "It|'s| | a\xC3\xA9| 1234");
	check_family(VOCAB_FAMILY_CL100K, NULL, "It's  a 1234", "It|'s| | a| |123|4");
	check_family(VOCAB_FAMILY_QWEN2, NULL, "It's 12", "It|'s| |1|2");
	check_family(VOCAB_FAMILY_O200K, NULL, "It's HelloWorld", "It's| Hello|World");
	check_family(VOCAB_FAMILY_TEKKEN, NULL, "HelloWorld 12", "Hello|World| |1|2");
	check_family(VOCAB_FAMILY_DEEPSEEK3, NULL, "a \xE4\xBD\xA0 1234",
		     "a| |\xE4\xBD\xA0| |123|4");
	check_family(VOCAB_FAMILY_WHITESPACE, NULL, "It's  a", "It's|a");
	check_family(VOCAB_FAMILY_WORDS, NULL, "It's  a", "It|'|s|a");
	check_family(VOCAB_FAMILY_BERT, NULL, "\xC3\x89t's  A", "et|'|s|a");
	check_family(VOCAB_FAMILY_METASPACE, NULL, "It's  a",
		     "\xE2\x96\x81It's|\xE2\x96\x81|\xE2\x96\x81"
		     "a");
	check_family(VOCAB_FAMILY_NONE, NULL, "It's  a", "It's  a");
	check_family(VOCAB_FAMILY_O200K, "<|x|>", "a<|x|>b<|x|><|x|> <|x", "a|b| <||x");
	check_family(VOCAB_FAMILY_GPT2, "\n\n", "a\n\n\nb", "a|\n|b");
	check_family(VOCAB_FAMILY_METASPACE, "<s>", "a<s>",
		     "\xE2\x96\x81"
		     "a");
}

/* The recipe of a tokenizer gives its words, also through the model's own tables. */
static void recipes_are_like_their_tokenizer(void **state)
{
	static const char *const files[][2] = { { "gguf", "gpt2.gguf" },
						{ "gguf", "bert.gguf" },
						{ "fuzz/hf", "sequences.json" } };
	enum { ROUNDS = 100, BYTES = 300 };
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char *path = fixture_path(files[i][0], files[i][1]);
		struct tok_spec spec = { 0 }, again = { 0 };
		struct tok_buffer recipe = { 0 };
		struct tok_tokenizer *own;
		struct tok_error err = { 0 };
		uint64_t seed = i;
		assert_int_equal(vocab_read_path(path, NULL, &spec, &err), TOK_OK);
		assert_int_equal(vocab_read_path(path, NULL, &again, &err), TOK_OK);
		if (vocab_recipe_like(&spec, &err) != TOK_OK)
			fail_msg("%s: %s", path, err.message);
		assert_int_equal(tok_tokenizer_new(&again, &own, &err), TOK_OK);
		struct tok_tokenizer *made = make_recipe(&spec, &recipe);
		struct tok_encoder *a = tok_encoder_new(own), *b = tok_encoder_new(made);
		for (int round = 0; round < ROUNDS; round++) {
			uint8_t bytes[BYTES];
			struct list x = { 0 }, y = { 0 };
			const struct tok_span text = { bytes, many_text(&seed, bytes, BYTES) };
			assert_true(list_words(a, text, true, false, &x));
			assert_true(list_words(b, text, true, false, &y));
			if (!same(&x, &y))
				fail_msg("%s: other words of '%.*s'", path, (int)text.count,
					 text.bytes);
			release(&x);
			release(&y);
		}
		tok_encoder_free(a);
		tok_encoder_free(b);
		tok_tokenizer_free(own);
		tok_tokenizer_free(made);
		tok_spec_release(&again);
		tok_buffer_release(&recipe);
		free(path);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_change_no_word),
		cmocka_unit_test(a_word_of_lone_bytes_is_not_cut),
		cmocka_unit_test(families_make_their_words),
		cmocka_unit_test(recipes_are_like_their_tokenizer),
	};
	all = argc > 1 ? many_of_files(argv + 1, argc - 1) : many_new();
	const int result = cmocka_run_group_tests(tests, NULL, NULL);
	many_release(&all);
	return result;
}
