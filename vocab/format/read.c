#include "vocab/format/read.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vocab/format/detect_internal.h"
#include "vocab/format/format_internal.h"

enum { PATH_BYTES = 4096, FIRST_READ = 1 << 16 };
static const size_t most_bytes = (size_t)UINT32_MAX;

/* ---- files ---------------------------------------------------------------- */

/* Everything up to the end, from a file or a pipe. */
static enum tok_status read_all(int fd, size_t expected, struct tok_buffer *out,
				struct tok_error *err)
{
	for (;;) {
		const size_t want = out->count < expected ? expected - out->count + 1 : FIRST_READ;
		if (out->count > most_bytes)
			return tok_fail(err, TOK_ELIMIT, "a tokenizer file has at most 4 GiB");
		if (!tok_buffer_reserve(out, want))
			return tok_fail_memory(err);
		const ssize_t got = read(fd, out->bytes + out->count, out->capacity - out->count);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return tok_fail(err, TOK_EIO, "cannot read: %s", strerror(errno));
		if (got == 0)
			return TOK_OK;
		out->count += (size_t)got;
	}
}

static enum tok_status read_file(const char *path, struct tok_buffer *out, struct tok_error *err)
{
	struct stat info;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return tok_fail(err, TOK_EIO, "cannot open: %s", strerror(errno));
	enum tok_status status = TOK_OK;
	if (fstat(fd, &info) != 0)
		status = tok_fail(err, TOK_EIO, "cannot read: %s", strerror(errno));
	else if (info.st_size > 0 && (uintmax_t)info.st_size > most_bytes)
		status = tok_fail(err, TOK_ELIMIT, "a tokenizer file has at most 4 GiB");
	else
		status = read_all(fd, info.st_size > 0 ? (size_t)info.st_size : 0, out, err);
	close(fd);
	return status;
}

/* ---- one file's bytes ----------------------------------------------------- */

static enum tok_status read_kind(enum vocab_kind kind, struct tok_span file,
				 const struct vocab_read_options *options, struct tok_spec *out,
				 struct tok_error *err)
{
	switch (kind) {
	case VOCAB_HF:
		return vocab_read_hf(file, out, err);
	case VOCAB_TEKKEN:
		return vocab_read_tekken(file, out, err);
	case VOCAB_PACKED_RANKS:
		return vocab_read_packed_ranks(file, out, err);
	case VOCAB_TIKTOKEN:
		return vocab_read_tiktoken(file, options ? options->pattern : NULL, out, err);
	case VOCAB_SENTENCEPIECE:
		return vocab_read_sentencepiece(file, out, err);
	case VOCAB_WORDPIECE:
		return vocab_read_wordpiece(file, out, err);
	case VOCAB_GGUF:
		return vocab_read_gguf(file, out, err);
	case VOCAB_JSON_VOCAB:
		return tok_fail(err, TOK_EFORMAT,
				"this is a vocab.json, which needs its merges.txt: give the path "
				"of the file with merges.txt beside it, or of their folder");
	case VOCAB_UNKNOWN:
		break;
	}
	return tok_fail(
	    err, TOK_EFORMAT,
	    "not a tokenizer: tok reads tokenizer.json, tekken.json, .tiktoken ranks, "
	    "SentencePiece .model, vocab.json with merges.txt, BERT's vocab.txt and GGUF");
}

enum tok_status vocab_read_bytes(struct tok_span file, const struct vocab_read_options *options,
				 struct tok_spec *out, struct tok_error *err)
{
	*out = (struct tok_spec){ 0 };
	if (file.count == 0)
		return tok_fail(err, TOK_EFORMAT, "the file is empty");
	const enum tok_status status = read_kind(vocab_detect(file), file, options, out, err);
	if (status != TOK_OK)
		tok_spec_release(out);
	return status;
}

/* ---- vocab.json and merges.txt -------------------------------------------- */

/* `path` with its last part replaced. */
static bool beside(const char *path, const char *name, char out[PATH_BYTES])
{
	const char *slash = strrchr(path, '/');
	const int n =
	    snprintf(out, PATH_BYTES, "%.*s%s", slash ? (int)(slash - path + 1) : 0, path, name);
	return n > 0 && n < PATH_BYTES;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* GPT-2 came with encoder.json and vocab.bpe; everyone since says vocab.json
 * and merges.txt. */
static enum tok_status read_pair(const char *path, struct tok_span vocab, struct tok_spec *out,
				 struct tok_error *err)
{
	static const char *const names[] = { "merges.txt", "vocab.bpe" };
	char other[PATH_BYTES];
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!beside(path, names[i], other) || !exists(other))
			continue;
		struct tok_buffer merges = { 0 };
		enum tok_status status = read_file(other, &merges, err);
		if (status == TOK_OK)
			status = vocab_read_vocab_merges(vocab, tok_buffer_span(&merges), out, err);
		tok_buffer_release(&merges);
		return status;
	}
	return tok_fail(err, TOK_EFORMAT,
			"this is a vocab.json, and there is no merges.txt beside it");
}

/* merges.txt alone stands for the vocabulary beside it. */
static bool is_merges(const char *path, char out[PATH_BYTES])
{
	static const char *const pairs[][2] = { { "merges.txt", "vocab.json" },
						{ "vocab.bpe", "encoder.json" } };
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		if (strcmp(name, pairs[i][0]) == 0 && beside(path, pairs[i][1], out) && exists(out))
			return true;
	return false;
}

static enum tok_status read_one(const char *path, const struct vocab_read_options *options,
				struct tok_spec *out, struct tok_error *err)
{
	char vocab[PATH_BYTES];
	struct tok_buffer file = { 0 };
	if (is_merges(path, vocab))
		path = vocab;
	enum tok_status status = read_file(path, &file, err);
	if (status == TOK_OK && vocab_detect(tok_buffer_span(&file)) == VOCAB_JSON_VOCAB) {
		*out = (struct tok_spec){ 0 };
		status = read_pair(path, tok_buffer_span(&file), out, err);
		if (status != TOK_OK)
			tok_spec_release(out);
	} else if (status == TOK_OK) {
		status = vocab_read_bytes(tok_buffer_span(&file), options, out, err);
	}
	tok_buffer_release(&file);
	return status == TOK_OK ? TOK_OK : tok_fail_in(err, status, "%s", path);
}

/* ---- folders -------------------------------------------------------------- */

static int has_suffix(const char *name, const char *suffix)
{
	const size_t a = strlen(name), b = strlen(suffix);
	return a > b && strcmp(name + a - b, suffix) == 0;
}

/* The first file, in the order of names, that ends in `suffix`. */
static bool find_suffix(const char *folder, const char *suffix, char out[PATH_BYTES])
{
	struct dirent **names;
	const int count = scandir(folder, &names, NULL, alphasort);
	bool found = false;
	for (int i = 0; i < count; i++) {
		if (!found && has_suffix(names[i]->d_name, suffix)) {
			const int n = snprintf(out, PATH_BYTES, "%s/%s", folder, names[i]->d_name);
			found = n > 0 && n < PATH_BYTES;
		}
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return found;
}

static enum tok_status read_folder(const char *folder, const struct vocab_read_options *options,
				   struct tok_spec *out, struct tok_error *err)
{
	/* A name as it is, or, after '*', the end of one. */
	static const char *const wanted[] = {
		"tokenizer.json",
		"tekken.json",
		"tokenizer.model",
		"spiece.model",
		"sentencepiece.bpe.model",
		"*.model",
		"vocab.json",
		"encoder.json",
		"vocab.txt",
		"*.tiktoken",
		"*.gguf",
	};
	char path[PATH_BYTES];
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		if (wanted[i][0] == '*') {
			if (find_suffix(folder, wanted[i] + 1, path))
				return read_one(path, options, out, err);
			continue;
		}
		const int n = snprintf(path, sizeof path, "%s/%s", folder, wanted[i]);
		if (n > 0 && n < PATH_BYTES && exists(path))
			return read_one(path, options, out, err);
	}
	return tok_fail(err, TOK_EFORMAT,
			"%s: the folder holds no tokenizer: tok looks for tokenizer.json, "
			"tekken.json, *.model, vocab.json with merges.txt, vocab.txt, *.tiktoken "
			"and *.gguf",
			folder);
}

enum tok_status vocab_read_path(const char *path, const struct vocab_read_options *options,
				struct tok_spec *out, struct tok_error *err)
{
	struct stat info;
	if (stat(path, &info) != 0)
		return tok_fail(err, TOK_EIO, "%s: cannot open: %s", path, strerror(errno));
	return S_ISDIR(info.st_mode) ? read_folder(path, options, out, err)
				     : read_one(path, options, out, err);
}
