/*
 * cli_input.h - the bytes of one operand, through a window that grows only as
 * far as its reader leaves bytes in it.
 *
 *	struct cli_input in;
 *	status = cli_input_open(&in, "-", &err);
 *	while (!in.ended && (status = cli_input_fill(&in, 0, &err)) == TOK_OK) {
 *		struct tok_span rest = cli_input_rest(&in);
 *		cli_input_drop(&in, rest.count);
 *	}
 *	cli_input_close(&in);
 */
#ifndef CMD_CLI_INPUT_H
#define CMD_CLI_INPUT_H

#include "tok/base/buffer.h"

struct cli_input {
	const char *name; /* for messages; "-" is standard input */
	int fd;
	struct tok_buffer buffer;
	size_t begin; /* bytes before it are used up */
	bool ended;
};

TOK_MUST_USE enum tok_status cli_input_open(struct cli_input *out, const char *path,
					    struct tok_error *err);
void cli_input_close(struct cli_input *input);

/* Read some more, at least one byte unless that is the end; waits for no more
 * than the system has at hand, and for at most a megabyte or, where `want` is
 * larger, up to `want` bytes in the window. */
TOK_MUST_USE enum tok_status cli_input_fill(struct cli_input *input, size_t want,
					    struct tok_error *err);

static inline struct tok_span cli_input_rest(const struct cli_input *input)
{
	return tok_span_slice(tok_buffer_span(&input->buffer), input->begin, input->buffer.count);
}

static inline void cli_input_drop(struct cli_input *input, size_t count)
{
	input->begin += count;
}

/* Size of a regular file, 0 of anything else: for progress only. */
uint64_t cli_input_size(const char *path);

#endif
