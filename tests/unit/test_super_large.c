/* A SuperBPE tokenizer.json of 200,000 merges, as Hugging Face tokenizers 0.23 saves one: it is
 * written again byte for byte, and its superwords are one token.  What time it takes is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "tests/unit/checked.h"
#include "tests/unit/pipeline.h"
#include "tok/text/utf8.h"
#include "vocab/format/read.h"
#include "vocab/format/write.h"

/* Bytes; two letters; two of these, a word; a space and a word; a word and one of those. */
enum {
	LETTERS = 26,
	PAIRS = LETTERS * LETTERS,
	WORDS = CHECKED ? 9000 : 99000,
	SPACED = CHECKED ? 5000 : 50000,
	SUPERS = (CHECKED ? 20000 : 200000) - PAIRS - WORDS - SPACED,
	FIRST_WORD = 256 + PAIRS,
	FIRST_SPACED = FIRST_WORD + WORDS,
	FIRST_SUPER = FIRST_SPACED + SPACED,
	TOKENS = FIRST_SUPER + SUPERS,
};

struct token {
	char text[16]; /* as the file has it */
};

static const char head[] =
    "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n"
    "  \"added_tokens\": [],\n  \"normalizer\": null,\n  \"pre_tokenizer\": {\n"
    "    \"type\": \"Sequence\",\n    \"pretokenizers\": [\n      {\n"
    "        \"type\": \"Split\",\n        \"pattern\": {\n          \"Regex\": "
    "\"\\\\p{N}{1,3}| ?[^\\\\s\\\\p{L}\\\\p{N}]{2,}[\\\\r\\\\n/]*| +(?!\\\\S)\"\n        },\n"
    "        \"behavior\": \"Isolated\",\n        \"invert\": false\n      },\n      {\n"
    "        \"type\": \"ByteLevel\",\n        \"add_prefix_space\": false,\n"
    "        \"trim_offsets\": true,\n        \"use_regex\": false\n      }\n    ]\n  },\n"
    "  \"post_processor\": null,\n  \"decoder\": {\n    \"type\": \"ByteLevel\",\n"
    "    \"add_prefix_space\": true,\n    \"trim_offsets\": true,\n    \"use_regex\": true\n  },\n"
    "  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": null,\n"
    "    \"continuing_subword_prefix\": null,\n    \"end_of_word_suffix\": null,\n"
    "    \"fuse_unk\": false,\n    \"byte_fallback\": false,\n    \"ignore_merges\": false,\n"
    "    \"vocab\": {\n";

/* ---- the file ---------------------------------------------------------------------------- */

/* Of a superword the second part. */
static unsigned second(unsigned word)
{
	return word * 7919 % SPACED;
}

/* Two tokens that `id` is made of. */
static void parts_of(unsigned id, unsigned *left, unsigned *right)
{
	if (id < FIRST_WORD) {
		*left = 'a' + (id - 256) / LETTERS;
		*right = 'a' + (id - 256) % LETTERS;
	} else if (id < FIRST_SPACED) {
		*left = 256 + (id - FIRST_WORD) / PAIRS;
		*right = 256 + (id - FIRST_WORD) % PAIRS;
	} else if (id < FIRST_SUPER) {
		*left = ' ';
		*right = FIRST_WORD + id - FIRST_SPACED;
	} else {
		*left = FIRST_WORD + id - FIRST_SUPER;
		*right = FIRST_SPACED + second(id - FIRST_SUPER);
	}
}

static void name_byte(struct token *token, unsigned byte)
{
	uint8_t bytes[8] = { 0 };
	tok_utf8_put(tok_byte_to_char((uint8_t)byte), bytes);
	snprintf(token->text, sizeof token->text, "%s%s", byte == '"' || byte == '\\' ? "\\" : "",
		 (char *)bytes);
}

static struct token *name_tokens(void)
{
	struct token *tokens = calloc(TOKENS, sizeof *tokens);
	assert_non_null(tokens);
	for (unsigned id = 0; id < TOKENS; id++) {
		unsigned left, right;
		if (id < 256) {
			name_byte(&tokens[id], id);
			continue;
		}
		parts_of(id, &left, &right);
		strcpy(tokens[id].text, tokens[left].text);
		strcat(tokens[id].text, tokens[right].text);
	}
	return tokens;
}

static void put(struct tok_buffer *out, const char *text)
{
	assert_true(tok_buffer_add(out, text, strlen(text)));
}

static struct tok_buffer make_file(void)
{
	struct token *tokens = name_tokens();
	struct tok_buffer out = { 0 };
	char line[128];
	put(&out, head);
	for (unsigned id = 0; id < TOKENS; id++) {
		snprintf(line, sizeof line, "      \"%s\": %u%s\n", tokens[id].text, id,
			 id + 1 < TOKENS ? "," : "");
		put(&out, line);
	}
	put(&out, "    },\n    \"merges\": [\n");
	for (unsigned id = 256; id < TOKENS; id++) {
		unsigned left, right;
		parts_of(id, &left, &right);
		snprintf(line, sizeof line, "      [\n        \"%s\",\n        \"%s\"\n      ]%s\n",
			 tokens[left].text, tokens[right].text, id + 1 < TOKENS ? "," : "");
		put(&out, line);
	}
	put(&out, "    ]\n  }\n}");
	free(tokens);
	return out;
}

/* ---- what is made of it --------------------------------------------------------------------- */

/* Of the processor: other tests run beside this one. */
static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Is its first pair joined before the one in its middle?  Then the word is one token. */
static bool is_whole(unsigned word)
{
	const unsigned pair = word / PAIRS;
	return pair / LETTERS < pair % LETTERS;
}

static void spell(unsigned word, char out[5])
{
	const unsigned pairs[] = { word / PAIRS, word % PAIRS };
	for (size_t i = 0; i < 4; i++) {
		const unsigned pair = pairs[i / 2];
		out[i] = (char)('a' + (i % 2 ? pair % LETTERS : pair / LETTERS));
	}
	out[4] = '\0';
}

static void superwords_are_one_token(struct pipeline *p)
{
	size_t asked = 0;
	for (unsigned word = 0; word < SUPERS && asked < 200; word += 7) {
		const struct tok_encode_options options = { 0 };
		struct tok_encoding r;
		struct tok_span back;
		char first[5], next[5], text[16];
		if (!is_whole(word) || !is_whole(second(word)))
			continue;
		spell(word, first);
		spell(second(word), next);
		/* The word behind it is by itself, but not the space. */
		snprintf(text, sizeof text, "%s %s %s", first, next, next);
		const tok_id wanted[] = { FIRST_SUPER + word, FIRST_SPACED + second(word) };
		assert_int_equal(tok_encode(p->encoder, tok_span_of(text), &options, &r, NULL),
				 TOK_OK);
		if (r.count != 2 || memcmp(r.ids, wanted, sizeof wanted) != 0)
			fail_msg("'%s': %zu tokens, the first is %u", text, r.count, r.ids[0]);
		assert_int_equal(tok_decode(p->decoder, r.ids, 2, false, &back, NULL), TOK_OK);
		assert_true(tok_span_equal(back, tok_span_of(text)));
		asked++;
	}
	assert_true(asked > 50);
}

static void a_file_of_many_merges_comes_out_as_it_was(void **state)
{
	(void)state;
	const struct vocab_read_options options = { 0 };
	struct tok_buffer file = make_file(), again = { 0 };
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	const double begin = now();
	if (vocab_read_bytes(tok_buffer_span(&file), &options, &spec, &err) != TOK_OK)
		fail_msg("%s", err.message);
	const double read = now();
	assert_int_equal(vocab_write(VOCAB_TOKENIZER_JSON, &spec, &again, NULL), TOK_OK);
	assert_true(tok_span_equal(tok_buffer_span(&file), tok_buffer_span(&again)));
	const double written = now();
	struct pipeline p = pipeline_new(&spec);
	const double compiled = now();
	print_message("%d merges, %zu bytes: read in %.2f s, compiled in %.2f s, so loaded in %.2f "
		      "s; written in %.2f s\n",
		      TOKENS - 256, file.count, read - begin, compiled - written,
		      read - begin + compiled - written, written - read);
	superwords_are_one_token(&p);
	pipeline_release(&p);
	tok_buffer_release(&file);
	tok_buffer_release(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_of_many_merges_comes_out_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
