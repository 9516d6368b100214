/* Tokenizers written as GGUF pairs: read again they are the same, what the format cannot say is
 * refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"
#include "tests/unit/pipeline.h"
#include "tests/unit/spec_text.h"
#include "tests/unit/tensor_files.h"
#include "tok/text/gguf.h"
#include "vocab/format/gguf_write.h"
#include "vocab/format/read.h"
#include "vocab/format/write.h"

static void read_bytes(struct tok_span file, const char *pattern, struct tok_spec *out,
		       const char *name)
{
	const struct vocab_read_options options = { .pattern = pattern };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(file, &options, out, &err) != TOK_OK)
		fail_msg("%s: %s", name, err.message);
}

/* As a file without tensors. */
static void read_pairs(const struct tok_buffer *pairs, uint64_t count, struct tok_spec *out,
		       const char *name)
{
	struct tok_buffer file = tensor_gguf(0, count);
	tensor_put(&file, pairs->bytes, pairs->count);
	read_bytes(tok_buffer_span(&file), NULL, out, name);
	tok_buffer_release(&file);
}

static void write_pairs(const struct tok_spec *spec, const char *pre, struct tok_buffer *out,
			uint64_t *count, const char *name)
{
	struct vocab_gguf_options options = vocab_gguf_defaults();
	struct tok_error err = { 0 };
	options.pre = pre;
	if (vocab_gguf_write(spec, &options, out, count, &err) != TOK_OK)
		fail_msg("%s: %s", name, err.message);
}

/* ---- there and back ----------------------------------------------------------------------------
 */

static struct tok_buffer describe(const struct tok_spec *spec)
{
	struct tok_buffer out = { 0 };
	say_pipeline(&out, spec);
	say_model(&out, &spec->model);
	say_tokens(&out, spec);
	return out;
}

/* What a file of gguf's own package says is said again. */
static void files_are_written_as_they_were_read(void **state)
{
	(void)state;
	static const char *const names[] = { "bert.gguf", "gpt2.gguf", "llama.gguf", "t5.gguf" };
	for (size_t i = 0; i < 4; i++) {
		struct tok_span file = fixture_read("gguf", names[i]);
		struct tok_spec spec = { 0 }, again = { 0 };
		struct tok_buffer pairs = { 0 };
		uint64_t count;
		read_bytes(file, NULL, &spec, names[i]);
		write_pairs(&spec, NULL, &pairs, &count, names[i]);
		read_pairs(&pairs, count, &again, names[i]);
		struct tok_buffer a = describe(&spec), b = describe(&again);
		if (!tok_span_equal(tok_buffer_span(&a), tok_buffer_span(&b)))
			fail_msg("%s:\n%.*s\n%.*s", names[i], (int)a.count, (char *)a.bytes,
				 (int)b.count, (char *)b.bytes);
		for (size_t e = 0; e < spec.model.entry_count; e++)
			assert_true(spec.model.entries[e].score == again.model.entries[e].score);
		tok_buffer_release(&a);
		tok_buffer_release(&b);
		tok_buffer_release(&pairs);
		tok_spec_release(&spec);
		tok_spec_release(&again);
		free((void *)(uintptr_t)file.bytes);
	}
}

static const char *const texts[] = {
	"",
	" ",
	"Hello, world",
	"  two  spaces and\ttabs\n\nlines \r\n",
	"\u4F60\u597D na\u00EFve \U0001F469\u200D\U0001F680",
	"12345678 x_y->z [SEP] <s></s><unk>",
	"I'm WE'LL don't <|endoftext|> end ",
};

static void same_ids(struct pipeline *a, struct pipeline *b, const char *name)
{
	for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
		for (int k = 0; k < 4; k++) {
			const struct tok_encode_options options = {
				.special_text = k & 1 ? TOK_SPECIAL_MATCH : TOK_SPECIAL_ORDINARY,
				.add_special = k & 2
			};
			struct tok_encoding x, y;
			assert_int_equal(
			    tok_encode(a->encoder, tok_span_of(texts[t]), &options, &x, NULL),
			    TOK_OK);
			assert_int_equal(
			    tok_encode(b->encoder, tok_span_of(texts[t]), &options, &y, NULL),
			    TOK_OK);
			if (x.count != y.count ||
			    (x.count && memcmp(x.ids, y.ids, x.count * sizeof *x.ids) != 0))
				fail_msg("%s: '%s' (%d) has other ids", name, texts[t], k);
		}
	}
}

static void ids_are_those_of_the_source(void **state)
{
	(void)state;
	static const struct {
		const char *folder, *name;
	} files[] = {
		{ "builtin", "vocabulary.json" }, { "spm", "bpe.model" },
		{ "spm", "bpe_bytes.model" },     { "spm", "bpe_fallback.model" },
		{ "spm", "bpe_plain.model" },     { "spm", "unigram.model" },
		{ "spm", "unigram_bytes.model" },
	};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct tok_span file = fixture_read(files[i].folder, files[i].name);
		struct tok_spec spec = { 0 }, again = { 0 };
		struct tok_buffer pairs = { 0 };
		uint64_t count;
		read_bytes(file, NULL, &spec, files[i].name);
		write_pairs(&spec, NULL, &pairs, &count, files[i].name);
		read_pairs(&pairs, count, &again, files[i].name);
		struct pipeline a = pipeline_new(&spec), b = pipeline_new(&again);
		same_ids(&a, &b, files[i].name);
		pipeline_release(&a);
		pipeline_release(&b);
		tok_buffer_release(&pairs);
		free((void *)(uintptr_t)file.bytes);
	}
}

/* Control tokens that no text becomes are a tokenizer.json's added tokens; others have no place. */
static void control_tokens_go_into_a_tokenizer_json(void **state)
{
	(void)state;
	struct tok_span file = fixture_read("gguf", "gpt2.gguf");
	struct tok_spec spec = { 0 }, again = { 0 };
	struct tok_buffer json = { 0 };
	struct tok_error err = { 0 };
	read_bytes(file, NULL, &spec, "gpt2.gguf");
	if (vocab_write(VOCAB_TOKENIZER_JSON, &spec, &json, &err) != TOK_OK)
		fail_msg("%s", err.message);
	read_bytes(tok_buffer_span(&json), NULL, &again, "json");
	assert_int_equal(again.added_count, spec.added_count);
	assert_true(again.added[0].special && again.added[0].id == spec.added[0].id);
	tok_spec_release(&spec);
	read_bytes(file, NULL, &spec, "gpt2.gguf");
	const tok_id made = spec.model.as.bpe.merges[0].result;
	struct pipeline a = pipeline_new(&spec), b = pipeline_new(&again);
	same_ids(&a, &b, "json");
	pipeline_release(&a);
	pipeline_release(&b);

	read_bytes(file, NULL, &spec, "gpt2.gguf");
	struct tok_vocab_entry *entries =
	    tok_arena_array(&spec.arena, spec.model.entry_count, sizeof *entries);
	memcpy(entries, spec.model.entries, spec.model.entry_count * sizeof *entries);
	entries[made].type = TOK_PIECE_CONTROL;
	spec.model.entries = entries;
	assert_int_equal(vocab_write(VOCAB_TOKENIZER_JSON, &spec, &json, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "of a type that only SentencePiece has"));
	tok_spec_release(&spec);
	tok_buffer_release(&json);
	free((void *)(uintptr_t)file.bytes);
}

/* ---- byte-level BPE by its patterns ------------------------------------------------------------
 */

#define CL100K                                                                                     \
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,3}| "     \
	"?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"
#define SPLIT(pattern)                                                                             \
	"{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" pattern                                    \
	"\"},\"behavior\":\"Isolated\",\"invert\":false}"
#define BYTE_LEVEL(regex)                                                                          \
	"{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_"          \
	"regex\":" regex "}"
#define SEQUENCE(steps) "{\"type\":\"Sequence\",\"pretokenizers\":[" steps "]}"
#define MODEL                                                                                      \
	"{\"type\":\"BPE\",\"ignore_merges\":%s,\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"\u0120\":3}" \
	","                                                                                        \
	"\"merges\":[[\"a\",\"b\"]]}"

struct pattern {
	const char *pretokenizer, *ignore_merges, *normalizer, *pre; /* wanted; or: */
	const char *why;
};

static const struct pattern patterns[] = {
	{ BYTE_LEVEL("true"), "false", "null", "gpt-2", NULL },
	{ SEQUENCE(SPLIT(CL100K) "," BYTE_LEVEL("false")), "true", "null", "llama-bpe", NULL },
	{ SEQUENCE(SPLIT(CL100K) "," BYTE_LEVEL("false")), "false", "null", "dbrx", NULL },
	{ SEQUENCE(SPLIT(CL100K) "," BYTE_LEVEL("false")), "false", "{\"type\":\"NFC\"}", "dbrx",
	  NULL },
	{ SEQUENCE("{\"type\":\"Digits\",\"individual_digits\":true}," BYTE_LEVEL("true")), "false",
	  "null", "starcoder", NULL },
	{ SEQUENCE("{\"type\":\"Digits\",\"individual_digits\":false}," BYTE_LEVEL("true")),
	  "false", "null", NULL, "pre_tokenizer: llama.cpp has no name" },
	{ SEQUENCE(SPLIT("a+") "," BYTE_LEVEL("false")), "false", "null", NULL,
	  "pre_tokenizer: llama.cpp has no name that is known here for the patterns that split "
	  "text" },
	{ SEQUENCE(SPLIT(CL100K) "," BYTE_LEVEL("true")), "false", "null", NULL,
	  "pre_tokenizer: llama.cpp has no name" },
	{ BYTE_LEVEL("true"), "true", "null", NULL, "pre_tokenizer: llama.cpp has no name" },
	{ BYTE_LEVEL("true"), "false", "{\"type\":\"Lowercase\"}", NULL, "normalizer: " },
	{ "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":"
	  "true}",
	  "false", "null", NULL, "puts no space in front" },
	{ "{\"type\":\"Whitespace\"}", "false", "null", NULL, "model: " },
};

static struct tok_buffer make_json(const struct pattern *p, const char *added, const char *post)
{
	char model[256], *text;
	struct tok_buffer out = { 0 };
	snprintf(model, sizeof model, MODEL, p->ignore_merges);
	if (asprintf(
		&text,
		"{\"version\":\"1.0\",\"added_tokens\":%s,\"normalizer\":%s,\"pre_tokenizer\":%s,"
		"\"post_processor\":%s,\"decoder\":" BYTE_LEVEL("true") ",\"model\":%s}",
		added, p->normalizer, p->pretokenizer, post, model) < 0)
		abort();
	tensor_put(&out, text, strlen(text));
	free(text);
	return out;
}

/* The value of a string, or nothing. */
static struct tok_span find_text(const struct tok_buffer *pairs, uint64_t count, const char *key)
{
	struct tok_gguf file = { .rest = { .bytes = tok_buffer_span(pairs) }, .pairs = count };
	struct tok_gguf_pair pair;
	for (uint64_t i = 0; i < count; i++) {
		assert_int_equal(tok_gguf_next(&file, &pair, NULL), TOK_OK);
		if (tok_span_equal(pair.key, tok_span_of(key)))
			return pair.value.bytes;
	}
	return (struct tok_span){ 0 };
}

static void patterns_have_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		const struct pattern *p = &patterns[i];
		struct tok_buffer json = make_json(p, "[]", "null"), pairs = { 0 }, usual = { 0 };
		struct vocab_gguf_options options = vocab_gguf_defaults();
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		uint64_t count = 0;
		read_bytes(tok_buffer_span(&json), NULL, &spec, p->pretokenizer);
		const enum tok_status status =
		    vocab_gguf_write(&spec, &options, &pairs, &count, &err);
		if (p->pre)
			assert_true(tok_span_equal(find_text(&pairs, count, "tokenizer.ggml.pre"),
						   tok_span_of(p->pre)));
		else if (status != TOK_EARG || !strstr(err.message, p->why) || pairs.count)
			fail_msg("%zu: %s", i, err.message);
		if (i == 0) /* nothing is put around a text */
			assert_int_equal(
			    *find_text(&pairs, count, "tokenizer.ggml.add_bos_token").bytes, 0);
		if (i == 1) { /* of several that split so, and of one that does not */
			options.usual_pre = tok_span_of("falcon3");
			assert_int_equal(vocab_gguf_write(&spec, &options, &usual, &count, NULL),
					 TOK_OK);
			assert_true(tok_span_equal(find_text(&usual, count, "tokenizer.ggml.pre"),
						   tok_span_of("falcon3")));
			tok_buffer_clear(&usual);
			options.usual_pre = tok_span_of("qwen2");
			assert_int_equal(vocab_gguf_write(&spec, &options, &usual, &count, NULL),
					 TOK_OK);
			assert_true(tok_span_equal(find_text(&usual, count, "tokenizer.ggml.pre"),
						   tok_span_of("llama-bpe")));
		}
		if (i == 6) {
			options.pre = "some-new";
			assert_int_equal(vocab_gguf_write(&spec, &options, &pairs, &count, NULL),
					 TOK_OK);
			assert_true(tok_span_equal(find_text(&pairs, count, "tokenizer.ggml.pre"),
						   tok_span_of("some-new")));
		}
		tok_spec_release(&spec);
		tok_buffer_release(&json);
		tok_buffer_release(&pairs);
		tok_buffer_release(&usual);
	}
}

/* Added tokens of both kinds, the template. */
static void what_is_around_the_model_is_told(void **state)
{
	(void)state;
	static const char post[] = "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":"
				   "{\"id\":\"<s>\",\"type_id\":0}},"
				   "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":[],"
				   "\"special_tokens\":{\"<s>\":{\"id\":"
				   "\"<s>\",\"ids\":[4],\"tokens\":[\"<s>\"]}}}";
	static const char added[] =
	    "[{\"id\":4,\"content\":\"<s>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":"
	    "false,"
	    "\"normalized\":false,\"special\":true},{\"id\":5,\"content\":\"<tool>\",\"single_"
	    "word\":false,"
	    "\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":false}]";
	struct tok_buffer json = make_json(&patterns[0], added, post), pairs = { 0 };
	struct vocab_gguf_options options = vocab_gguf_defaults();
	struct tok_spec spec = { 0 }, again = { 0 };
	uint64_t count;
	read_bytes(tok_buffer_span(&json), NULL, &spec, "added");
	options.ids[VOCAB_GGUF_PAD] = 5;
	options.ids[VOCAB_GGUF_EOS] = 99; /* no token: not said */
	options.chat_template = tok_span_of("{{ x }}");
	assert_int_equal(vocab_gguf_write(&spec, &options, &pairs, &count, NULL), TOK_OK);
	read_pairs(&pairs, count, &again, "added");
	const struct tok_vocab_entry *entries = again.model.entries;
	assert_int_equal(again.model.entry_count, 6);
	assert_true(tok_span_equal(entries[5].text, tok_span_of("<tool>")));
	assert_int_equal(again.added_count, 2);
	assert_true(again.added[1].id == 5 && !again.added[1].special);
	assert_true(again.added[0].id == 4 && again.added[0].special);
	assert_int_equal(again.post_count, 1);
	assert_int_equal(again.posts->items[0].id, 4);
	assert_true(tok_span_equal(find_text(&pairs, count, "tokenizer.chat_template"),
				   options.chat_template));
	assert_int_equal(*find_text(&pairs, count, "tokenizer.ggml.padding_token_id").bytes, 5);
	assert_int_equal(*find_text(&pairs, count, "tokenizer.ggml.bos_token_id").bytes, 4);
	assert_null(find_text(&pairs, count, "tokenizer.ggml.eos_token_id").bytes);
	assert_int_equal(*find_text(&pairs, count, "tokenizer.ggml.add_bos_token").bytes, 1);
	assert_int_equal(*find_text(&pairs, count, "tokenizer.ggml.add_eos_token").bytes, 0);
	tok_spec_release(&spec);
	tok_spec_release(&again);
	tok_buffer_release(&json);
	tok_buffer_release(&pairs);
}

/* Ranks of bytes are the same tokenizer as its merges. */
static void ranks_become_merges(void **state)
{
	(void)state;
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct tok_buffer file = { 0 }, pairs = { 0 };
	struct tok_spec spec = { 0 }, again = { 0 };
	uint64_t count;
	for (unsigned i = 0; i < 256; i++) {
		char line[32];
		snprintf(line, sizeof line, "%c%c== %u\n", digits[i >> 2], digits[(i & 3) << 4], i);
		tensor_put(&file, line, strlen(line));
	}
	tensor_put(&file, "SGU= 256\nbGw= 257\nSGVsbA== 258\n", 31); /* He ll Hell */
	read_bytes(tok_buffer_span(&file), "gpt2", &spec, "ranks");
	write_pairs(&spec, NULL, &pairs, &count, "ranks");
	assert_true(
	    tok_span_equal(find_text(&pairs, count, "tokenizer.ggml.pre"), tok_span_of("gpt-2")));
	read_pairs(&pairs, count, &again, "ranks");
	assert_int_equal(again.model.as.bpe.merge_count, 3);
	/* Between the ranks and <|endoftext|> there is nothing. */
	assert_int_equal(again.model.entry_count, 50257);
	assert_true(tok_span_equal(again.model.entries[300].text, tok_span_of("[PAD300]")));
	struct pipeline a = pipeline_new(&spec), b = pipeline_new(&again);
	same_ids(&a, &b, "ranks");
	pipeline_release(&a);
	pipeline_release(&b);
	tok_buffer_release(&file);
	tok_buffer_release(&pairs);
}

static void what_cannot_be_said_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *name, *why;
	} files[] = {
		{ "word.model", "model: a GGUF file says it only of BPE" },
		{ "unigram_suffix.model", "normalizer: " },
	};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		const struct vocab_gguf_options options = vocab_gguf_defaults();
		struct tok_span file = fixture_read("spm", files[i].name);
		struct tok_buffer pairs = { 0 };
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		uint64_t count;
		read_bytes(file, NULL, &spec, files[i].name);
		assert_int_equal(vocab_gguf_write(&spec, &options, &pairs, &count, &err), TOK_EARG);
		if (!strstr(err.message, files[i].why))
			fail_msg("%s: %s", files[i].name, err.message);
		assert_int_equal(pairs.count, 0);
		tok_buffer_release(&pairs);
		tok_spec_release(&spec);
		free((void *)(uintptr_t)file.bytes);
	}
}

/* llama.cpp takes 102, 0 and 103 for [SEP], [PAD] and [MASK] where a file does not say them. */
static void bert_says_what_its_tokens_are(void **state)
{
	static const struct {
		const char *key;
		int id; /* -1: none */
	} ids[] = {
		{ "tokenizer.ggml.bos_token_id", 2 },
		{ "tokenizer.ggml.seperator_token_id", 3 },
		{ "tokenizer.ggml.padding_token_id", 5 },
		{ "tokenizer.ggml.mask_token_id", 1 },
		{ "tokenizer.ggml.unknown_token_id", 0 },
		{ "tokenizer.ggml.eos_token_id", -1 },
	};
	const struct vocab_gguf_options options = vocab_gguf_defaults();
	struct tok_buffer pairs = { 0 };
	struct tok_spec spec = { 0 };
	uint64_t count;
	(void)state;
	read_bytes(tok_span_of("[UNK]\n[MASK]\n[CLS]\n[SEP]\na\n[PAD]\n##b\n"), NULL, &spec,
		   "vocab.txt");
	assert_int_equal(vocab_gguf_write(&spec, &options, &pairs, &count, NULL), TOK_OK);
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		const struct tok_span value = find_text(&pairs, count, ids[i].key);
		if ((value.bytes ? (int)value.bytes[0] : -1) != ids[i].id)
			fail_msg("%s is not %d", ids[i].key, ids[i].id);
	}
	tok_spec_release(&spec);
	tok_buffer_release(&pairs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_written_as_they_were_read),
		cmocka_unit_test(ids_are_those_of_the_source),
		cmocka_unit_test(control_tokens_go_into_a_tokenizer_json),
		cmocka_unit_test(patterns_have_names),
		cmocka_unit_test(what_is_around_the_model_is_told),
		cmocka_unit_test(bert_says_what_its_tokens_are),
		cmocka_unit_test(ranks_become_merges),
		cmocka_unit_test(what_cannot_be_said_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
