/*
 * embed_write.h - where predicted rows go: lines of JSON, an array of numpy, a safetensors file.
 *
 *	struct embed_writer w = { .kind = ..., .dtype = ..., .width = E, .count = n, ... };
 *	status = embed_writer_open(&w, path, &key, &done, &err);  // done: rows of an earlier run
 *	status = embed_writer_put(&w, tokens, &block, &err);      // in order
 *	status = embed_writer_commit(&w, &err);                   // or embed_writer_abandon(&w)
 *
 * Arrays are written as rows come and take their place when all are there.  With `resume` they are
 * kept as FILE.part until then, with a note at the end of how far it is, and of what: the next run
 * with the same key goes on there.
 */
#ifndef CMD_EMBED_WRITE_H
#define CMD_EMBED_WRITE_H

#include "cmd/cli_output.h"
#include "cmd/embed_tokens.h"
#include "hypernet/net/net.h"
#include "hypernet/tensor/write.h"

enum embed_kind { EMBED_NPY, EMBED_SAFETENSORS, EMBED_JSONL };
#define EMBED_KINDS "npy|safetensors|jsonl"

/* Which rows an array of numpy has. */
enum embed_side { EMBED_IN, EMBED_OUT };
#define EMBED_SIDES "in|out"

/* In the order of EMBED_DTYPES. */
#define EMBED_DTYPES "f32|f16|bf16"

/* What a run is, and so what may be gone on with. */
struct embed_key {
	uint64_t words[2];
};

struct embed_writer {
	enum embed_kind kind;
	enum embed_side side;
	enum hyper_dtype dtype;
	size_t width, count; /* of all rows; jsonl asks for neither */
	bool has_out, has_bias, resume;

	struct embed_key key;
	struct hyper_layout layout;
	struct hyper_file *file;
	struct cli_output lines;
	struct tok_buffer room;
	size_t done;  /* rows that are written */
	size_t noted; /* of them, that an end would not lose */
};

TOK_MUST_USE enum tok_status embed_writer_open(struct embed_writer *writer, const char *path,
					       const struct embed_key *key, struct tok_error *err);

/* The rows of tokens[block->first] and those behind it, which are the next. */
TOK_MUST_USE enum tok_status embed_writer_put(struct embed_writer *writer,
					      const struct embed_tokens *tokens,
					      const struct hyper_predicted *block,
					      struct tok_error *err);
TOK_MUST_USE enum tok_status embed_writer_commit(struct embed_writer *writer,
						 struct tok_error *err);
void embed_writer_abandon(struct embed_writer *writer);

/* `"token":"..."` of a line of JSON, and `,"bytes":"c3"` behind it for what is no UTF-8.  False if
 * memory is out. */
TOK_MUST_USE bool embed_put_token(struct tok_buffer *out, struct tok_span bytes);

#endif
