/*
 * status.h - how every function in this project reports failure.
 *
 * A function that can fail returns enum tok_status; TOK_OK is zero.  Where a
 * person needs more than the code to mend the trouble, the function takes a
 * struct tok_error as its last parameter and fills in one sentence: what was
 * wrong and what would be right, lower case, no full stop, names in quotes.
 * Inner code says what (tok_fail); outer code says where (tok_fail_in).
 * The library never prints and never exits.
 */
#ifndef TOK_BASE_STATUS_H
#define TOK_BASE_STATUS_H

#if defined(__GNUC__) || defined(__clang__)
#define TOK_MUST_USE          __attribute__((warn_unused_result))
#define TOK_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define TOK_MUST_USE
#define TOK_PRINTF(fmt, args)
#endif

/* Marks what the shared library exports; everything else is hidden. */
#if defined(__GNUC__) || defined(__clang__)
#define TOK_API __attribute__((visibility("default")))
#else
#define TOK_API
#endif

enum tok_status {
	TOK_OK = 0,
	TOK_ENOMEM,  /* an allocation failed; nothing was changed */
	TOK_EIO,     /* the operating system refused; the message names the file */
	TOK_EFORMAT, /* the input is not a valid file of its kind */
	TOK_ELIMIT,  /* valid, but larger than this build accepts */
	TOK_EARG,    /* the caller asked for something that does not exist */
	TOK_ETEXT    /* this text cannot be encoded as asked (special-token text, no id) */
};

/* Lives on the caller's stack; needs no freeing.  Zero-initialise it. */
struct tok_error {
	enum tok_status status;
	char message[512];
};

/* Record a sentence and return `status`, so that `return tok_fail(...)` reads
 * as one thought.  `err` may be NULL: the status is still returned. */
TOK_API enum tok_status tok_fail(struct tok_error *err, enum tok_status status, const char *fmt,
				 ...) TOK_PRINTF(3, 4);

/* Put where it happened in front of the sentence ("gpt2.json: ...") and
 * return the status recorded before.  With `err` NULL returns `status`. */
TOK_API enum tok_status tok_fail_in(struct tok_error *err, enum tok_status status, const char *fmt,
				    ...) TOK_PRINTF(3, 4);

/* The one sentence for "out of memory", so that no caller words it anew. */
TOK_API enum tok_status tok_fail_memory(struct tok_error *err);

#endif
