/*
 * decode_internal.h - decoding as a chain of steps over a list of strings, and
 * token by token where that is the same.
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

enum tok_decode_way {
	TOK_DECODE_BY_BYTES,  /* the names' decodes, joined */
	TOK_DECODE_BY_TYPES,  /* as SentencePiece does it */
	TOK_DECODE_BY_PIECES, /* steps that see one token at a time */
	TOK_DECODE_BY_LIST    /* any steps */
};

/* What an id reads as behind others. */
struct tok_decode_piece {
	uint8_t bytes[15];
	uint8_t filled; /* 0: not known yet; else one more than the length */
};
enum { TOK_DECODE_LONG = 255 }; /* .filled: the bytes say where in long_pieces it is */

/* Where a document stands whose ids come in parts. */
struct tok_decode_place {
	bool begun;    /* what is special about the beginning is over */
	bool at_start; /* by types: see tok_decode_typed */
	uint64_t ids;  /* that were decoded */
};

/* The same of one Strip step: characters taken from the front, SIZE_MAX: all that are
 * to be; characters at the end that are held back. */
struct tok_decode_ends {
	size_t front, held;
};

struct tok_decoder {
	const struct tok_tokenizer *tokenizer;
	enum tok_decode_way way;
	size_t joined; /* by pieces: steps until there is one string; the others strip it */
	struct tok_regex_scratch *regex;
	struct tok_strings_list list, next;
	struct tok_buffer scratch;
	struct tok_buffer text; /* what the last call returned, before it is stripped */

	struct tok_decode_piece *pieces[2]; /* by id; [1]: special tokens are left out */
	struct tok_buffer piece;
	size_t front; /* by pieces: the length of what an empty string becomes */
	bool front_known;
	struct tok_buffer long_pieces; /* size_t count, bytes */

	struct tok_decode_place place;
	struct tok_decode_ends *ends; /* one a step behind d->joined; NULL before the first part */
};

/* Decode into d->text.  The first does all steps, by any way but those of bytes and
 * types; the other does those up to d->joined, by any way but the list, and goes on
 * from d->place. */
TOK_MUST_USE enum tok_status tok_decode_whole(struct tok_decoder *d, const tok_id *ids,
					      size_t count, bool skip_special,
					      struct tok_error *err);
TOK_MUST_USE enum tok_status tok_decode_pieces(struct tok_decoder *d, const tok_id *ids,
					       size_t count, bool skip_special,
					       struct tok_error *err);

/* ids[at] is `id`, which no token has; `at` counts from d->place. */
TOK_MUST_USE enum tok_status tok_decode_refuse(const struct tok_decoder *d, tok_id id, size_t at,
					       struct tok_error *err);

/* The first `count` steps on d->list; the strings are then joined into `out`. */
TOK_MUST_USE enum tok_status tok_decode_steps(struct tok_decoder *d, size_t count,
					      struct tok_buffer *out, struct tok_error *err);

/* One step: d->list to d->next.  `regex` is the step's own, or NULL. */
TOK_MUST_USE enum tok_status tok_decode_step(struct tok_decoder *d,
					     const struct tok_decode_step *step,
					     const struct tok_regex *regex, struct tok_error *err);

/* A Strip step on one string. */
struct tok_span tok_decode_strip(struct tok_span token, const struct tok_decode_step *step);

/* Append what SentencePiece makes of one id.  *at_start: nothing was written yet,
 * but for spaces that were taken away; true for the first.  False if memory is out. */
TOK_MUST_USE bool tok_decode_typed(const struct tok_decoder *d, tok_id id, bool skip_special,
				   bool *at_start, struct tok_buffer *out);

/* The byte that "<0x0A>" stands for, or -1. */
int tok_byte_of_name(struct tok_span name);

#endif
