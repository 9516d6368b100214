/*
 * read.h - from a tokenizer file, whatever its kind, to a struct tok_spec.
 *
 *	struct tok_spec spec = { 0 };
 *	status = vocab_read_path("models/llama-3", NULL, &spec, &err);
 *
 * The kind is found in the content, not the name:
 *
 *	tokenizer.json  an object with "model" (Hugging Face tokenizers 0.23)
 *	tekken          an object with "config" and "vocab" (Mistral's tekken.json)
 *	ranks in JSON   tiktoken's and Claude's {"pat_str", "bpe_ranks", ...}
 *	vocab+merges    an object of name to id; merges.txt beside it
 *	tiktoken        lines of base64, space, rank
 *	sentencepiece   a protobuf ModelProto
 *	vocab.txt       lines of WordPiece (BERT)
 *	gguf            magic "GGUF": the tokenizer inside
 *	a folder        the first of these that it holds
 *
 * These are the words that struct tok_spec has for them in `format` (names.h).
 * On failure nothing is left to release.  Messages say what is wrong, where
 * (line, byte or JSON path) and what would be right.
 */
#ifndef VOCAB_FORMAT_READ_H
#define VOCAB_FORMAT_READ_H

#include "tok/pipe/spec.h"
#include "vocab/format/names.h"

struct vocab_read_options {
	/* .tiktoken only: a name (gpt2, r50k, p50k, p50k_edit, cl100k, o200k,
	 * o200k_harmony) or a regular expression; NULL: told by the ranks.  TOK_EARG
	 * where it is empty, or the file is of another kind. */
	const char *pattern;
};

/* What a file system says of a regular file when it is opened, before its bytes are
 * looked at: who writes to it changes this, if the clock has moved on.  Zeros for a
 * pipe. */
struct vocab_file_stamp {
	uint64_t device, inode, bytes;
	int64_t written_ns, changed_ns; /* since 1970: mtime and ctime */
};

struct stat;
TOK_API struct vocab_file_stamp vocab_file_stamp_of(const struct stat *info);

/* The bytes a tokenizer is read from: one file, or vocab.json and merges.txt. */
struct vocab_source {
	const char *path;         /* of the first */
	const char *other_path;   /* of the second, NULL where there is one only */
	struct tok_span files[2]; /* mapped where they are regular files */
	struct vocab_file_stamp stamps[2];
	size_t count;
	void *held; /* private */
};

/* The file that is opened for `path`, the first where there are two: itself, or the best
 * of a folder.  The caller frees it.  `stamp`: what it is now; zeros where it is no
 * regular file, or none. */
TOK_API TOK_MUST_USE enum tok_status vocab_source_find(const char *path, char **out,
						       struct vocab_file_stamp *stamp,
						       struct tok_error *err);

/* Open the file or folder at `path`.  What comes out must be closed. */
TOK_API TOK_MUST_USE enum tok_status vocab_source_open(const char *path, struct vocab_source *out,
						       struct tok_error *err);
TOK_API void vocab_source_close(struct vocab_source *source);

/* What is looked for in a folder, for people. */
#define VOCAB_SOURCE_NAMES                                                                         \
	"tokenizer.json, tekken.json, *.model, vocab.json, encoder.json, vocab.txt, *.tiktoken "   \
	"and *.gguf"

/* Of the files in a folder that with the lowest number is taken, of equals the first by name;
 * SIZE_MAX is never taken. */
TOK_API size_t vocab_source_rate(const char *name);

/* Is this the first of two files?  Then what the second may be called, the better first. */
TOK_API bool vocab_source_is_half(const char *name, const char *other[2]);

TOK_API TOK_MUST_USE enum tok_status vocab_read_source(const struct vocab_source *source,
						       const struct vocab_read_options *options,
						       struct tok_spec *out, struct tok_error *err);

/* Read the file or folder at `path`. */
TOK_API TOK_MUST_USE enum tok_status vocab_read_path(const char *path,
						     const struct vocab_read_options *options,
						     struct tok_spec *out, struct tok_error *err);

/* Read one file's bytes.  vocab.json+merges.txt needs a path. */
TOK_API TOK_MUST_USE enum tok_status vocab_read_bytes(struct tok_span file,
						      const struct vocab_read_options *options,
						      struct tok_spec *out, struct tok_error *err);

#endif
