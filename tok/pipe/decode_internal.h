/*
 * decode_internal.h - decoding as a chain of steps over a list of strings.
 */
#ifndef TOK_PIPE_DECODE_INTERNAL_H
#define TOK_PIPE_DECODE_INTERNAL_H

#include "tok/pipe/decoder.h"
#include "tok/pipe/tokenizer_internal.h"

/* Strings one behind the other: item i is bytes [ends[i-1], ends[i]). */
struct tok_strings_list {
	struct tok_buffer bytes;
	size_t *ends;
	size_t count, capacity;
};

struct tok_span tok_list_at(const struct tok_strings_list *list, size_t i);

/* Append bytes to the item under construction; tok_list_close ends it. */
TOK_MUST_USE bool tok_list_put(struct tok_strings_list *list, struct tok_span text);
TOK_MUST_USE bool tok_list_close(struct tok_strings_list *list);
void tok_list_clear(struct tok_strings_list *list);
void tok_list_release(struct tok_strings_list *list);

struct tok_decoder {
	const struct tok_tokenizer *tokenizer;
	struct tok_regex_scratch *regex;
	struct tok_strings_list list, next;
	struct tok_buffer scratch;
	struct tok_buffer text; /* what the last call returned */
};

/* One step: d->list to d->next.  `regex` is the step's own, or NULL. */
TOK_MUST_USE enum tok_status tok_decode_step(struct tok_decoder *d,
					     const struct tok_decode_step *step,
					     const struct tok_regex *regex, struct tok_error *err);

/* SentencePiece's Decode from the ids themselves, into d->text. */
TOK_MUST_USE bool tok_decode_sentencepiece(struct tok_decoder *d,
					   const struct tok_decode_step *step, const tok_id *ids,
					   size_t count, bool skip_special);

/* The byte that "<0x0A>" stands for, or -1. */
int tok_byte_of_name(struct tok_span name);

#endif
