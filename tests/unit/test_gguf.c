/* test_gguf.c - tokenizers inside GGUF files: ids as llama.cpp gives them, and
 * files that are damaged or lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"
#include "tests/unit/pipeline.h"
#include "vocab/format/format_internal.h"

struct gguf_row {
	const char *file, *pre, *text;
	size_t count;
	bool add_special;
	const char *ids;
};

#include "tests/unit/gguf_table.inc"

enum { ROWS = sizeof gguf_rows / sizeof gguf_rows[0] };

/* ---- changing a file ------------------------------------------------------------ */

static uint8_t *find(struct tok_span file, const char *key)
{
	uint8_t *at = memmem(file.bytes, file.count, key, strlen(key));
	assert_non_null(at);
	return at;
}

static void put_u64(uint8_t *at, uint64_t value)
{
	for (size_t i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* The file with another value of the string `key`; takes the bytes. */
static struct tok_span replace_string(struct tok_span file, const char *key, const char *value)
{
	const size_t at = (size_t)(find(file, key) - file.bytes) + strlen(key) + 4;
	uint64_t old = 0;
	for (size_t i = 8; i > 0; i--)
		old = old << 8 | file.bytes[at + i - 1];
	const size_t tail = at + 8 + (size_t)old, count = strlen(value);
	uint8_t *bytes = malloc(file.count + count);
	assert_non_null(bytes);
	memcpy(bytes, file.bytes, at);
	put_u64(bytes + at, count);
	memcpy(bytes + at + 8, value, count);
	memcpy(bytes + at + 8 + count, file.bytes + tail, file.count - tail);
	free((void *)(uintptr_t)file.bytes);
	return (struct tok_span){ bytes, at + 8 + count + file.count - tail };
}

static struct tok_span read_file(const char *name, const char *pre)
{
	char file[64];
	snprintf(file, sizeof file, "%s.gguf", name);
	const struct tok_span bytes = fixture_read("gguf", file);
	return *pre ? replace_string(bytes, "tokenizer.ggml.pre", pre) : bytes;
}

/* ---- ids ------------------------------------------------------------------------- */

static void check_row(struct pipeline *p, const struct gguf_row *row)
{
	const struct tok_encode_options options = { .add_special = row->add_special };
	struct tok_encoding r;
	struct tok_error err = { 0 };
	char ids[4096] = "";
	size_t used = 0;
	if (tok_encode(p->encoder, (struct tok_span){ (const uint8_t *)row->text, row->count },
		       &options, &r, &err) != TOK_OK)
		fail_msg("%s: %s", row->text, err.message);
	for (size_t i = 0; i < r.count; i++)
		used +=
		    (size_t)snprintf(ids + used, sizeof ids - used, "%s%u", i ? " " : "", r.ids[i]);
	if (strcmp(ids, row->ids) != 0)
		fail_msg("%s %s: '%s' must be %s, not %s", row->file, row->pre, row->text, row->ids,
			 ids);
}

static void ids_are_those_of_llama_cpp(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS;) {
		const struct gguf_row *first = &gguf_rows[i];
		const struct tok_span file = read_file(first->file, first->pre);
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		if (vocab_read_bytes(file, NULL, &spec, &err) != TOK_OK)
			fail_msg("%s %s: %s", first->file, first->pre, err.message);
		free((void *)(uintptr_t)file.bytes);
		struct pipeline p = pipeline_new(&spec);
		for (; i < ROWS && strcmp(gguf_rows[i].file, first->file) == 0 &&
		       strcmp(gguf_rows[i].pre, first->pre) == 0;
		     i++)
			check_row(&p, &gguf_rows[i]);
		pipeline_release(&p);
	}
}

/* ---- files that lie ---------------------------------------------------------------- */

/* Takes the bytes. */
static void refuse(struct tok_span file, const char *why)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	const enum tok_status status = vocab_read_bytes(file, NULL, &spec, &err);
	if (status == TOK_OK || !strstr(err.message, why))
		fail_msg("wanted '%s', not '%s'", why, err.message);
	assert_null(spec.arena.head);
	free((void *)(uintptr_t)file.bytes);
}

static void versions_are_told_apart(void **state)
{
	static const struct {
		uint8_t version[4];
		const char *why;
	} rows[] = {
		{ { 1, 0, 0, 0 }, "version 1 of GGUF is not read" },
		{ { 4, 0, 0, 0 }, "version 4 of GGUF is not read" },
		{ { 0, 0, 0, 3 }, "big-endian" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct tok_span file = read_file("bert", "");
		memcpy((uint8_t *)(uintptr_t)file.bytes + 4, rows[i].version, 4);
		refuse(file, rows[i].why);
	}
}

static void unknown_names_are_refused(void **state)
{
	(void)state;
	refuse(read_file("gpt2", "gpt-9"), "the pre-tokenizer 'gpt-9' is not known");
	refuse(replace_string(read_file("bert", ""), "tokenizer.ggml.model", "rwkv"),
	       "'rwkv' is not supported: gpt2, llama, t5 and bert are");
}

static void counts_beyond_the_file_are_refused(void **state)
{
	static const char *const keys[] = { "tokenizer.ggml.tokens", "tokenizer.ggml.token_type",
					    "tokenizer.ggml.merges" };
	static const uint64_t counts[] = { UINT64_MAX, UINT32_MAX, (uint64_t)1 << 62, 100000 };
	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		for (size_t j = 0; j < sizeof counts / sizeof counts[0]; j++) {
			const struct tok_span file = read_file("gpt2", "");
			put_u64(find(file, keys[i]) + strlen(keys[i]) + 8, counts[j]);
			refuse(file, "the file ends within its metadata");
		}
	struct tok_span file = read_file("gpt2", "");
	put_u64((uint8_t *)(uintptr_t)file.bytes + 16, UINT64_MAX); /* keys */
	refuse(file, "the file ends within its metadata");
}

static void wrong_types_are_refused(void **state)
{
	struct tok_span file = read_file("gpt2", "");
	(void)state;
	find(file, "tokenizer.ggml.bos_token_id")[strlen("tokenizer.ggml.bos_token_id")] = 6;
	refuse(file, "'tokenizer.ggml.bos_token_id' must be a whole number");

	file = read_file("gpt2", "");
	find(file, "tokenizer.ggml.add_bos_token")[strlen("tokenizer.ggml.add_bos_token")] = 0;
	refuse(file, "'tokenizer.ggml.add_bos_token' must be true or false");

	file = read_file("gpt2", "");
	find(file, "tokenizer.ggml.tokens")[strlen("tokenizer.ggml.tokens") + 4] = 9;
	refuse(file, "an array of type 9 is not supported");

	file = read_file("gpt2", "");
	memcpy(find(file, "tokenizer.ggml.merges"), "tokenizer.ggml.mergez", 21);
	refuse(file, "'tokenizer.ggml.merges' is missing");

	file = read_file("gpt2", "");
	memcpy(find(file, "tokenizer.ggml.eos_token_id"), "tokenizer.ggml.bos_token_id", 27);
	refuse(file, "'tokenizer.ggml.bos_token_id' is there twice");
}

static void json_inside_is_what_counts(void **state)
{
	static const char json[] =
	    "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":7},\"unk_token\":\"a\"},"
	    "\"added_tokens\":[]}";
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_span file = read_file("gpt2", "");
	(void)state;
	uint8_t *at = find(file, "tokenizer.ggml.pre");
	const size_t before = (size_t)(at - file.bytes) - 8;
	const char key[] = "tokenizer.huggingface.json";
	const size_t room = file.count + sizeof key + sizeof json + 64;
	uint8_t *bytes = calloc(room, 1);
	assert_non_null(bytes);
	memcpy(bytes, file.bytes, before);
	size_t used = before;
	put_u64(bytes + used, sizeof key - 1);
	memcpy(bytes + used + 8, key, sizeof key - 1);
	used += 8 + sizeof key - 1;
	bytes[used] = 8;
	put_u64(bytes + used + 4, sizeof json - 1);
	memcpy(bytes + used + 12, json, sizeof json - 1);
	used += 12 + sizeof json - 1;
	memcpy(bytes + used, file.bytes + before, file.count - before);
	bytes[16]++;
	if (vocab_read_bytes((struct tok_span){ bytes, used + file.count - before }, NULL, &spec,
			     &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(spec.model.kind, TOK_MODEL_WORDLEVEL);
	assert_int_equal(spec.model.entries[0].id, 7);
	tok_spec_release(&spec);
	free(bytes);
	free((void *)(uintptr_t)file.bytes);
}

/* ---- damage --------------------------------------------------------------------------- */

static void try_bytes(const uint8_t *bytes, size_t count)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	uint8_t *exact = malloc(count ? count : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, count);
	if (vocab_read_gguf((struct tok_span){ exact, count }, &spec, &err) == TOK_OK)
		pipeline_try(&spec);
	else
		assert_true(err.message[0] != '\0');
	tok_spec_release(&spec);
	free(exact);
}

static void damaged_files_do_no_harm(void **state)
{
	static const char *const names[] = { "bert", "t5", "gpt2", "llama" };
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct tok_span file = read_file(names[i], "");
		uint8_t *bytes = (uint8_t *)(uintptr_t)file.bytes;
		const size_t step = file.count < 2000 ? 1 : 3;
		for (size_t at = 0; at < file.count; at += step)
			try_bytes(bytes, at);
		for (size_t at = 0; at < file.count; at += step) {
			const uint8_t old = bytes[at];
			bytes[at] ^= (uint8_t)(at % 2 ? 0xFF : 0x01);
			try_bytes(bytes, file.count);
			bytes[at] = old;
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_those_of_llama_cpp),
		cmocka_unit_test(versions_are_told_apart),
		cmocka_unit_test(unknown_names_are_refused),
		cmocka_unit_test(counts_beyond_the_file_are_refused),
		cmocka_unit_test(wrong_types_are_refused),
		cmocka_unit_test(json_inside_is_what_counts),
		cmocka_unit_test(damaged_files_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
