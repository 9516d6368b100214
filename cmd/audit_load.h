/*
 * audit_load.h - texts as threads take them: lines and words of one language, or of several small
 * ones.
 *
 *	struct audit_load load = { 0 };
 *	status = audit_reader_new(options, texts, language, memory_bytes, &reader, &err);
 *	while (!audit_reader_ended(reader)) {
 *		audit_load_clear(&load);
 *		status = audit_reader_next(reader, &load, &err);	// one part more
 *	}
 *	audit_reader_free(reader);
 *
 * A language is its lines, and behind them its distinct words.  A reader is of one thread at a
 * time, and of one pass: it can read a pipe.  It holds what cli_input.h holds, and of words at
 * most the memory that it is given; a load holds AUDIT_LOAD_BYTES and a line.
 */
#ifndef CMD_AUDIT_LOAD_H
#define CMD_AUDIT_LOAD_H

#include "cmd/audit_internal.h"

#define AUDIT_LOAD_BYTES ((size_t)1 << 20)

/* What a load has of a language. */
struct audit_part {
	size_t language;
	size_t line, line_count; /* in the load's lines */
	size_t begin;            /* of its first line, in the load's bytes */
	size_t word, word_count; /* in the load's words; there are some behind the last line only */
	uint64_t lines_before, words_before; /* of the language, in earlier parts */
	bool alone;                          /* the language has no other part */
};

/* Of a line, in the text's files as they are; of a declaration, which is one line, the first. */
struct audit_place {
	size_t path;   /* of the language's */
	uint64_t line; /* from 1, empty ones too */
};

/* "line 3", and of which file where the language has several; to be freed, NULL if memory is out.
 */
char *audit_place_name(const struct audit_text *text, struct audit_place place);

/* Zeroed at first. */
struct audit_load {
	struct tok_buffer bytes; /* of lines, a newline behind each */
	size_t *ends;            /* of each line */
	struct audit_place *places;
	size_t line_count, end_capacity, place_capacity;
	struct vocab_audit_word_list words;
	struct audit_part *parts;
	size_t part_count, part_capacity;
};

bool audit_load_is_full(const struct audit_load *load);
void audit_load_clear(struct audit_load *load);
void audit_load_release(struct audit_load *load);

struct audit_reader;

/* Borrows `texts`, of which the language's front, facts and hash are filled in. */
TOK_MUST_USE enum tok_status audit_reader_new(const struct audit_options *options,
					      struct audit_texts *texts, size_t language,
					      size_t memory_bytes, struct audit_reader **out,
					      struct tok_error *err);
void audit_reader_free(struct audit_reader *reader); /* NULL is fine */

/* As much as the load has room for, in one part more.  Whatever it has is of no use after a
 * failure. */
TOK_MUST_USE enum tok_status audit_reader_next(struct audit_reader *reader, struct audit_load *load,
					       struct tok_error *err);
/* All is read; facts and hash are known. */
bool audit_reader_ended(const struct audit_reader *reader);

#endif
