/* test_read.c - which kind of file it is, and files and folders as they lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fixture.h"
#include "tests/unit/pipeline.h"
#include "vocab/format/detect_internal.h"
#include "vocab/format/format_internal.h"

/* ---- kinds by content -------------------------------------------------------- */

static void kinds_are_told_by_content(void **state)
{
	static const struct {
		const char *text;
		enum file_kind kind;
	} rows[] = {
		{ "GGUF", FILE_GGUF },
		{ "{\"version\":\"1.0\",\"model\":{\"type\":\"BPE\"}}", FILE_HF },
		{ " \n{ \"model\" : {", FILE_HF },
		{ "{\"added_tokens\":[{\"model\":{}}],\"model\":{}}", FILE_HF },
		{ "{\"config\":{\"pattern\":\"\"},\"vocab\":[]}", FILE_TEKKEN },
		{ "{\"vocab\":[],\"config\":{}}", FILE_TEKKEN },
		{ "{\"pat_str\":\"\",\"bpe_ranks\":\"\"}", FILE_PACKED_RANKS },
		{ "{\"special_tokens\":{\"model\":1},\"bpe_ranks\":\"!\"}", FILE_PACKED_RANKS },
		/* Tokens may be called anything. */
		{ "{\"model\":0,\"config\":1,\"vocab\":2,\"bpe_ranks\":3}", FILE_VOCAB_JSON },
		{ "{\"a\\\"b\":0,\"}\":1", FILE_VOCAB_JSON },
		{ "{\"a\":\"b\"}", FILE_JSON },
		{ "{}", FILE_JSON },
		{ "{\"model\":\"llama\"}", FILE_JSON },
		{ "{", FILE_JSON },
		{ "{\"\\", FILE_JSON },
		{ "{\"a\":[\"\\", FILE_JSON },
		{ "{\"a\":}}}}", FILE_JSON },
		{ "#version: 0.2\na b\n", FILE_MERGES },
		{ "IQ== 0\nIg== 1\n", FILE_TIKTOKEN },
		{ "\n\nIQ== 12", FILE_TIKTOKEN },
		{ "IQ= 0\n", FILE_UNKNOWN },
		{ "IQ== 0x\n", FILE_UNKNOWN },
		{ "IQ==\n", FILE_UNKNOWN },
		{ "\x0A\x03\x0A\x01"
		  "a",
		  FILE_SENTENCEPIECE },
		{ "\x0A\x03\x0A\x01", FILE_UNKNOWN },
		{ "\x0A\x03\x12\x01"
		  "a",
		  FILE_UNKNOWN },
		{ "[PAD]\n[UNK]\nthe\n", FILE_WORDPIECE },
		{ "a\r\n[CLS]\r\n", FILE_WORDPIECE },
		{ "\n[UNK]", FILE_WORDPIECE },
		{ "x[UNK]\n[UNK]x\n", FILE_UNKNOWN },
		{ "Dear all,\n", FILE_UNKNOWN },
		{ " ", FILE_UNKNOWN },
		{ "", FILE_UNKNOWN },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		/* Memory of exactly the size, so that a byte too far is seen. */
		const size_t count = strlen(rows[i].text);
		uint8_t *bytes = malloc(count ? count : 1);
		assert_non_null(bytes);
		memcpy(bytes, rows[i].text, count);
		const enum file_kind kind = vocab_file_detect((struct tok_span){ bytes, count });
		free(bytes);
		if (kind != rows[i].kind)
			fail_msg("'%s' is of kind %d, not %d", rows[i].text, rows[i].kind, kind);
	}
}

static void what_is_no_tokenizer_is_said(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "Dear all,\n", "this is no tokenizer: it should be a tokenizer.json" },
		{ "{\"a\":\"b\"}", "this JSON is no tokenizer" },
		{ "{\"a\":\"b\"", "line 1" },
		{ "{\"a\":0}", "needs the merges.txt" },
		{ "#version: 0.2\n", "needs the vocab.json" },
		{ "[CLS]\nthe\n", "there is no token [UNK]" },
		{ "[UNK]\nthe\nthe\n", "lines 2 and 3 are both 'the'" },
		{ "[UNK]\nth\xE9\n", "line 2" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		if (vocab_read_bytes(tok_span_of(rows[i].text), NULL, &spec, &err) == TOK_OK ||
		    !strstr(err.message, rows[i].why))
			fail_msg("wanted '%s', not '%s'", rows[i].why, err.message);
		assert_null(spec.arena.head);
	}
}

/* ---- vocab.txt ------------------------------------------------------------------ */

static void lines_are_word_pieces(void **state)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(vocab_read_bytes(tok_span_of("[UNK]\n[CLS]\r\n[SEP]\nun\n##do\n##ne"),
					  NULL, &spec, &err),
			 TOK_OK);
	assert_true(spec.normalizers[0].as.bert.lowercase);
	assert_int_equal(spec.added_count, 3);
	assert_int_equal(spec.post_count, 1);
	struct pipeline p = pipeline_new(&spec);
	pipeline_check(&p, "vocab.txt", tok_span_of("UNDONE undo x"), "3 4 5 3 4 0",
		       tok_span_of("undone undo [UNK]"));
	pipeline_release(&p);

	/* One upper-case letter outside brackets, and case is kept. */
	assert_int_equal(vocab_read_bytes(tok_span_of("[UNK]\nU\n"), NULL, &spec, &err), TOK_OK);
	assert_false(spec.normalizers[0].as.bert.lowercase);
	assert_false(spec.normalizers[0].as.bert.strip_accents);
	tok_spec_release(&spec);
}

/* ---- files and folders ------------------------------------------------------------- */

struct folder {
	char path[64];
};

static int make_folder(void **state)
{
	struct folder *f = malloc(sizeof *f);
	strcpy(f->path, "/tmp/tok-test-XXXXXX");
	*state = f;
	return mkdtemp(f->path) ? 0 : -1;
}

static const char *const written[] = { "tokenizer.json", "x.model",    "vocab.json", "merges.txt",
				       "encoder.json",   "vocab.bpe",  "vocab.txt",  "b.tiktoken",
				       "a.tiktoken",     "notes.text", "empty",      "pipe" };

static char *path_in(const struct folder *f, const char *name)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/%s", f->path, name);
	return path;
}

static int remove_folder(void **state)
{
	struct folder *f = *state;
	for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
		unlink(path_in(f, written[i]));
	rmdir(path_in(f, "sub.model"));
	const int result = rmdir(f->path);
	free(f);
	return result;
}

static void write_file(const struct folder *f, const char *name, const char *text)
{
	FILE *file = fopen(path_in(f, name), "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void read_format(const char *path, const char *format)
{
	const bool split_is_told = strcmp(format, "tiktoken") != 0;
	const struct vocab_read_options options = { .pattern = split_is_told ? NULL : "gpt2" };
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_path(path, &options, &spec, &err) != TOK_OK)
		fail_msg("%s: %s", path, err.message);
	if (!tok_span_equal(spec.format, tok_span_of(format)))
		fail_msg("%s must be %s, not %.*s", path, format, (int)spec.format.count,
			 spec.format.bytes);
	tok_spec_release(&spec);
}

static void refuse_path(const char *path, enum tok_status status, const char *why)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	assert_int_equal(vocab_read_path(path, NULL, &spec, &err), status);
	if (strncmp(err.message, path, strlen(path)) != 0 || !strstr(err.message, why))
		fail_msg("wanted '%s: ... %s', not '%s'", path, why, err.message);
	assert_null(spec.arena.head);
}

static void folders_give_their_best_file(void **state)
{
	const struct folder *f = *state;
	char folder[80];
	snprintf(folder, sizeof folder, "%s/", f->path);
	refuse_path(f->path, TOK_EFORMAT, "this folder holds no tokenizer: none of tokenizer.json");
	write_file(f, "notes.text", "Dear all,");
	assert_int_equal(mkdir(path_in(f, "sub.model"), 0700), 0);
	refuse_path(f->path, TOK_EFORMAT, "this folder holds no tokenizer");

	write_file(f, "b.tiktoken", "YQ== 0\n");
	read_format(f->path, "tiktoken");
	write_file(f, "a.tiktoken", "broken");
	refuse_path(path_in(f, "a.tiktoken"), TOK_EFORMAT, "this is no tokenizer");
	write_file(f, "vocab.txt", "[UNK]\n");
	read_format(folder, "vocab.txt");
	write_file(f, "vocab.json", "{\"a\":0,\"b\":1,\"ab\":2}");
	refuse_path(path_in(f, "vocab.json"), TOK_EFORMAT,
		    "'merges.txt' or 'vocab.bpe' must lie beside it");
	write_file(f, "merges.txt", "#version: 0.2\na b\n");
	read_format(f->path, "vocab+merges");
	read_format(path_in(f, "merges.txt"), "vocab+merges");
	write_file(f, "tokenizer.json",
		   "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0},\"unk_token\":\"a\"},"
		   "\"added_tokens\":[]}");
	read_format(f->path, "tokenizer.json");
}

static void gpt2s_own_names_keep_together(void **state)
{
	const struct folder *f = *state;
	write_file(f, "encoder.json", "{\"a\":0,\"b\":1,\"ab\":2}");
	write_file(f, "merges.txt", "x y\n"); /* of another vocabulary */
	write_file(f, "vocab.bpe", "#version: 0.2\na b\n");
	read_format(path_in(f, "encoder.json"), "vocab+merges");
	read_format(path_in(f, "vocab.bpe"), "vocab+merges");
	read_format(f->path, "vocab+merges");
	unlink(path_in(f, "encoder.json"));
	refuse_path(path_in(f, "vocab.bpe"), TOK_EFORMAT,
		    "'encoder.json' or 'vocab.json' must lie beside it");
}

static void files_that_cannot_be_read_are_named(void **state)
{
	const struct folder *f = *state;
	refuse_path(path_in(f, "missing"), TOK_EIO, "No such file");
	write_file(f, "empty", "");
	refuse_path(path_in(f, "empty"), TOK_EFORMAT, "the file is empty");
	write_file(f, "vocab.txt", "[UNK]\nthe\nthe\n");
	refuse_path(path_in(f, "vocab.txt"), TOK_EFORMAT, "lines 2 and 3 are both 'the'");
	if (geteuid() != 0) { /* root may read anything */
		assert_int_equal(chmod(path_in(f, "vocab.txt"), 0), 0);
		refuse_path(path_in(f, "vocab.txt"), TOK_EIO, "Permission denied");
	}
}

static void pipes_are_read_to_the_end(void **state)
{
	int ends[2];
	char path[32];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	const char text[] = "[UNK]\nthe\n";
	assert_int_equal(write(ends[1], text, sizeof text - 1), sizeof text - 1);
	close(ends[1]);
	snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	read_format(path, "vocab.txt");
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_told_by_content),
		cmocka_unit_test(what_is_no_tokenizer_is_said),
		cmocka_unit_test(lines_are_word_pieces),
		cmocka_unit_test_setup_teardown(folders_give_their_best_file, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(gpt2s_own_names_keep_together, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(files_that_cannot_be_read_are_named, make_folder,
						remove_folder),
		cmocka_unit_test(pipes_are_read_to_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
