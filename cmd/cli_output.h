/*
 * cli_output.h - where results go: standard output, or -o FILE.
 *
 *	struct cli_output out;
 *	status = cli_output_open(&out, path, &err);   // NULL: standard output
 *	status = cli_output_add(&out, bytes, count, &err);
 *	status = cli_output_commit(&out, &err);       // or cli_output_abandon(&out)
 *
 * A regular FILE is written beside its place and takes it in one step when
 * everything is safely on the disk: until then, and for ever if the program is
 * killed or the disk is full, what was there stays.  A device or a pipe is
 * written directly.
 */
#ifndef CMD_CLI_OUTPUT_H
#define CMD_CLI_OUTPUT_H

#include "tok/base/buffer.h"

struct cli_output {
	const char *name; /* for messages */
	int fd;
	char *target;     /* resolved name that the file will take; NULL: written directly */
	char *temporary;  /* name it has until then; NULL: it has none */
	uint64_t written; /* bytes that went to fd */
	uint64_t storing; /* of them; the system was asked to store what is before this */
	int64_t start;    /* where fd stood at first; -1: it cannot be gone back to */
	bool interactive; /* somebody watches: each line goes out at once */
	struct tok_buffer buffer;
};

TOK_MUST_USE enum tok_status cli_output_open(struct cli_output *out, const char *path,
					     struct tok_error *err);
TOK_MUST_USE enum tok_status cli_output_add(struct cli_output *out, const void *bytes, size_t count,
					    struct tok_error *err);

/* Write over `count` bytes at `at`, counted from where our output began; only
 * where out->start >= 0. */
TOK_MUST_USE enum tok_status cli_output_patch(struct cli_output *out, uint64_t at,
					      const void *bytes, size_t count,
					      struct tok_error *err);

/* Read back what was written, of a regular file that was named. */
TOK_MUST_USE enum tok_status cli_output_read(struct cli_output *out, uint64_t at, void *bytes,
					     size_t count, struct tok_error *err);

/* Everything out and on the disk, not yet in its place. */
TOK_MUST_USE enum tok_status cli_output_sync(struct cli_output *out, struct tok_error *err);

/* The name that a file has until it takes its place, for whoever must write it by name
 * and leave cli_output_add alone; NULL in *name where it is no regular file. */
TOK_MUST_USE enum tok_status cli_output_name(struct cli_output *out, const char **name,
					     struct tok_error *err);

/* Bytes so far. */
static inline uint64_t cli_output_size(const struct cli_output *out)
{
	return out->written + out->buffer.count;
}

/* Everything out, on the disk and in its place; releases `out` either way. */
TOK_MUST_USE enum tok_status cli_output_commit(struct cli_output *out, struct tok_error *err);

/* Give the result up; what was at FILE stays. */
void cli_output_abandon(struct cli_output *out);

#endif
