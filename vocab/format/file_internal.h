/*
 * file_internal.h - the bytes of a file, mapped or read.
 */
#ifndef VOCAB_FORMAT_FILE_INTERNAL_H
#define VOCAB_FORMAT_FILE_INTERNAL_H

#include "tok/base/buffer.h"
#include "vocab/format/read.h"

struct file_bytes {
	struct tok_span span;
	void *map; /* NULL: the bytes are in the buffer */
	struct vocab_file_stamp stamp;
	struct tok_buffer buffer;
};

/* Open `path`: a regular file, or a pipe, which is read to its end.  Fails with
 * TOK_EIO, not naming the file, or with TOK_ELIMIT at 4 GiB; a GGUF file may be
 * larger, since only its beginning is looked at. */
TOK_MUST_USE enum tok_status vocab_file_open(const char *path, struct file_bytes *out,
					     struct tok_error *err);

/* What is at `path` now, as its stamp. */
struct vocab_file_stamp vocab_file_look(const char *path);
void vocab_file_close(struct file_bytes *file);

#endif
