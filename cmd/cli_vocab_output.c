#include "cmd/cli_vocab_output.h"

#include <stdio.h>
#include <string.h>

#include "tok/base/replace.h"
#include "vocab/format/write.h"
#include "vocab/image/image.h"

static bool is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

static bool kind_of_name(const char *path, enum cli_vocab_kind *out)
{
	static const struct {
		const char *ending;
		enum cli_vocab_kind kind;
	} endings[] = {
		{ ".json", CLI_VOCAB_JSON },   { ".tiktoken", CLI_VOCAB_TIKTOKEN },
		{ ".model", CLI_VOCAB_MODEL }, { ".txt", CLI_VOCAB_TXT },
		{ ".tok", CLI_VOCAB_TOK },
	};
	const size_t length = strlen(path);
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		const size_t n = strlen(endings[i].ending);
		if (length >= n && strcmp(path + length - n, endings[i].ending) == 0) {
			*out = endings[i].kind;
			return true;
		}
	}
	return false;
}

bool cli_vocab_kind(const char *path, int asked, enum cli_vocab_kind *out)
{
	enum cli_vocab_kind kind = CLI_VOCAB_JSON;
	if (asked >= 0) {
		kind = (enum cli_vocab_kind)asked;
	} else if (!kind_of_name(path, &kind)) {
		cli_usage(
		    "'%s' does not end in .json, .tiktoken, .model, .txt or .tok: say what it "
		    "is to be with --format",
		    path);
		return false;
	}
	if (kind == CLI_VOCAB_TOK && is_stdout(path)) {
		cli_usage("an image is mapped from a file and cannot be written to standard "
			  "output: name one with --output");
		return false;
	}
	*out = kind;
	return true;
}

static enum tok_status write_bytes(const char *path, struct tok_span bytes, struct tok_error *err)
{
	if (!is_stdout(path))
		return tok_file_replace(path, &bytes, 1, true, err);
	fwrite(bytes.bytes, 1, bytes.count, stdout); /* looked at by cli_close_stdout() */
	return TOK_OK;
}

static enum tok_status write_file(enum vocab_file_kind kind, const struct tok_spec *spec,
				  const char *path, struct tok_error *err)
{
	struct tok_buffer file = { 0 };
	enum tok_status status = vocab_write(kind, spec, &file, err);
	if (status == TOK_OK)
		status = write_bytes(path, tok_buffer_span(&file), err);
	else
		tok_fail_in(err, status, "cannot be written so");
	tok_buffer_release(&file);
	return status;
}

enum cli_exit cli_vocab_output(struct tok_spec *spec, enum cli_vocab_kind kind, const char *path)
{
	static const enum vocab_file_kind kinds[] = {
		[CLI_VOCAB_JSON] = VOCAB_TOKENIZER_JSON,
		[CLI_VOCAB_TIKTOKEN] = VOCAB_TIKTOKEN,
		[CLI_VOCAB_MODEL] = VOCAB_SENTENCEPIECE,
		[CLI_VOCAB_TXT] = VOCAB_WORDPIECE_TXT,
	};
	struct tok_error err = { 0 };
	const enum tok_status status = kind == CLI_VOCAB_TOK
					   ? vocab_image_write(spec, path, &err)
					   : write_file(kinds[kind], spec, path, &err);
	return status == TOK_OK ? CLI_OK : cli_error("%s", err.message);
}
