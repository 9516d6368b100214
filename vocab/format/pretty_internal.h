/*
 * pretty_internal.h - JSON as serde_json writes it for people: two spaces a level,
 * every item on a line of its own.
 *
 *	struct pretty_writer w = { .out = &file, .err = err };
 *	pretty_open(&w, '{');
 *	pretty_key(&w, "type");
 *	pretty_text(&w, tok_span_of("BPE"));
 *	pretty_close(&w, '}');
 *	return w.status;
 *
 * A writer fails once: after that every call returns at once.
 */
#ifndef VOCAB_FORMAT_PRETTY_INTERNAL_H
#define VOCAB_FORMAT_PRETTY_INTERNAL_H

#include "tok/base/buffer.h"

struct pretty_writer {
	struct tok_buffer *out;
	enum tok_status status;
	struct tok_error *err;
	unsigned depth;       /* containers that are open */
	bool filled, follows; /* private: the open one has an item; a key is waiting */
};

/* '{' or '[', and the same closed. */
void pretty_open(struct pretty_writer *w, char bracket);
void pretty_close(struct pretty_writer *w, char bracket);

/* The key of the member that comes next. */
void pretty_key(struct pretty_writer *w, const char *name);
void pretty_key_text(struct pretty_writer *w, struct tok_span name);

/* Values.  Text that is not UTF-8 fails with TOK_EARG: JSON cannot say it. */
void pretty_text(struct pretty_writer *w, struct tok_span text);
void pretty_null(struct pretty_writer *w);
void pretty_bool(struct pretty_writer *w, bool value);
void pretty_whole(struct pretty_writer *w, uint64_t value);

/* The shortest decimal that is read as `value` again, which is finite. */
void pretty_real(struct pretty_writer *w, double value);

#endif
