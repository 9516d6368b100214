/*
 * bytes_sample_internal.h - what the files of tok bytes sample share: bytes_sample.c says what is
 * to be drawn and tells it, bytes_sample_draw.c draws.
 */
#ifndef CMD_BYTES_SAMPLE_INTERNAL_H
#define CMD_BYTES_SAMPLE_INTERNAL_H

#include "cmd/bytes_rules_internal.h"

/* What is the same for all samples. */
struct bytes_law {
	const struct bytes_options *options;
	struct tok_machine *machine; /* behind the prompt */
	struct bytes_rules rules;
	bool echo; /* bytes go to standard output as they are drawn */
};

enum bytes_end {
	BYTES_ENDED,  /* the model ended the text */
	BYTES_STOP,   /* --stop-hex was drawn */
	BYTES_LENGTH, /* it is as long as it may be */
	BYTES_DEAD    /* nothing was possible */
};

struct bytes_drawn {
	struct tok_buffer bytes;
	enum bytes_end end;
	/* Of the bytes behind the prompt, and of the end if it was drawn; .log_p NAN: not known. */
	struct tok_text_p text;
	double special, leak; /* the most that was left out at a byte */
	struct bytes_ruled ruled;
	struct tok_machine_windows windows; /* the most */
};

/* Draw sample number `index`; *out is zeroed or was drawn into before. */
TOK_MUST_USE enum tok_status bytes_draw(const struct bytes_law *law, uint64_t index,
					struct bytes_drawn *out, struct tok_error *err);
void bytes_drawn_release(struct bytes_drawn *drawn);

#endif
