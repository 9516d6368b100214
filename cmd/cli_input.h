/*
 * cli_input.h - the bytes of one operand, through a window that grows only as
 * far as its reader leaves bytes in it.
 *
 *	struct cli_input in = { 0 };
 *	status = cli_input_open(&in, "-", CLI_INPUT_EXPANDED, &err);
 *	while (!in.ended && (status = cli_input_fill(&in, 0, &err)) == TOK_OK) {
 *		struct tok_span rest = cli_input_rest(&in);
 *		cli_input_drop(&in, rest.count);
 *	}
 *	cli_input_close(&in);
 *	cli_input_release(&in);
 *
 * After closing, the next operand may be opened: it goes on with the same memory.
 */
#ifndef CMD_CLI_INPUT_H
#define CMD_CLI_INPUT_H

#include "tok/base/buffer.h"

/* Gzip and Zstandard are known by their first bytes. */
enum cli_input_form { CLI_INPUT_RAW, CLI_INPUT_EXPANDED };

struct cli_input {
	const char *name; /* for messages; "-" is standard input */
	int fd;
	int wake; /* a descriptor that ends a wait for bytes once it is readable; 0: none */
	struct tok_buffer buffer;
	size_t begin; /* bytes before it are used up */
	bool ended;
	bool woken; /* the wait was ended: nothing is known of what comes */

	bool undecided;                    /* the first bytes are to be looked at */
	bool waits;                        /* a read may take long: no regular file */
	struct cli_compressed *compressed; /* NULL: bytes are taken as they are */
	struct tok_buffer packed;          /* compressed bytes, used up before packed_begin */
	size_t packed_begin;
	uint64_t bytes_read; /* of the file itself */
};

TOK_MUST_USE enum tok_status cli_input_open(struct cli_input *input, const char *path,
					    enum cli_input_form form, struct tok_error *err);
void cli_input_close(struct cli_input *input);
void cli_input_release(struct cli_input *input);

/* Read some more, at least one byte unless that is the end or the wait was ended;
 * waits for no more than the system has at hand, and for at most 256 KiB or, where
 * `want` is larger, up to `want` bytes in the window. */
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

/* Let `to` have the last `count` bytes that were dropped, no fill between: they are
 * added to what it holds, or, where less is to be copied, the buffers change
 * places.  *at: where in `to` they begin.  False if memory is out. */
TOK_MUST_USE bool cli_input_hand_over(struct cli_input *input, size_t count, struct tok_buffer *to,
				      size_t *at);

#endif
