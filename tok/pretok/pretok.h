/*
 * pretok.h - pre-tokenizers: cut a normalised text into pieces.
 *
 * Semantics are those of Hugging Face tokenizers 0.23 (src/pre_tokenizers).
 * A pre-tokenizer is a list of steps, each applied to every piece that the one
 * before left; compiled once, immutable, shared by threads.  Some steps change
 * the text (Metaspace, ByteLevel), so the text goes in and comes out.
 */
#ifndef TOK_PRETOK_PRETOK_H
#define TOK_PRETOK_PRETOK_H

#include "tok/text/regex.h"
#include "tok/text/text.h"

enum tok_pretok_kind {
	TOK_PRETOK_SPLIT,
	TOK_PRETOK_BYTE_LEVEL,
	TOK_PRETOK_WHITESPACE,
	TOK_PRETOK_WHITESPACE_SPLIT,
	TOK_PRETOK_BERT,
	TOK_PRETOK_METASPACE,
	TOK_PRETOK_PUNCTUATION,
	TOK_PRETOK_DIGITS,
	TOK_PRETOK_CHAR_DELIMITER,
	TOK_PRETOK_UNICODE_SCRIPTS,
	TOK_PRETOK_FIXED_LENGTH,
	TOK_PRETOK_SENTENCEPIECE_WORDS /* SplitIntoWords of SentencePiece, word models */
};

enum tok_behavior {
	TOK_REMOVED,
	TOK_ISOLATED,
	TOK_MERGED_WITH_PREVIOUS,
	TOK_MERGED_WITH_NEXT,
	TOK_CONTIGUOUS
};

enum tok_prepend { TOK_PREPEND_ALWAYS, TOK_PREPEND_FIRST, TOK_PREPEND_NEVER };

struct tok_pretok_step {
	enum tok_pretok_kind kind;
	union {
		struct {
			struct tok_span pattern;
			enum tok_regex_dialect dialect;
			enum tok_behavior behavior;
			bool invert;
		} split;
		struct {
			bool add_prefix_space, use_regex;
			bool raw; /* leave the bytes as they are: the model knows bytes.
				   * Set by the tokenizer on a last step, not by readers. */
		} byte_level;
		struct {
			uint32_t replacement;
			enum tok_prepend prepend;
			bool split;
		} metaspace;
		enum tok_behavior punctuation;
		bool individual_digits;
		uint32_t delimiter;
		uint32_t fixed_length;
		bool whitespace_as_suffix;
	} as;
};

/* Pieces of one text, in order. */
struct tok_pieces {
	struct tok_range *ranges;
	size_t count, capacity;
};

TOK_API TOK_MUST_USE bool tok_pieces_add(struct tok_pieces *pieces, size_t begin, size_t end);
TOK_API void tok_pieces_release(struct tok_pieces *pieces);

struct tok_pretokenizer;
struct tok_pretok_scratch; /* one per thread */

/* Copies what it needs.  A count of 0 leaves the text as one piece. */
TOK_API TOK_MUST_USE enum tok_status tok_pretokenizer_new(const struct tok_pretok_step *steps,
							  size_t count,
							  struct tok_pretokenizer **out,
							  struct tok_error *err);
TOK_API void tok_pretokenizer_free(struct tok_pretokenizer *pretokenizer);

TOK_API struct tok_pretok_scratch *tok_pretok_scratch_new(void); /* NULL if memory is out */
TOK_API void tok_pretok_scratch_free(struct tok_pretok_scratch *scratch);

/* Cut `text` into `out` (cleared first).  `starts_document` says that the text
 * begins at byte 0 of the original document.  Empty pieces never come out. */
TOK_API TOK_MUST_USE enum tok_status tok_pretokenize(const struct tok_pretokenizer *pretokenizer,
						     struct tok_pretok_scratch *scratch,
						     struct tok_text *text, bool starts_document,
						     struct tok_pieces *out, struct tok_error *err);

/* Does a piece always end between an ASCII letter or digit and a space that an
 * ASCII letter follows, and is the text from that space on always cut the same
 * way, whatever stands in front of it? */
TOK_API bool tok_pretokenizer_breaks_words(const struct tok_pretokenizer *pretokenizer);

/* Does a piece always end behind a single `newline` (a newline, or the space that
 * it has become) between a character that tok_norm_line_ends() and one that
 * tok_norm_line_begins(), and is the text from there on, marked as
 * tok_text.continues, always cut the same way? */
TOK_API bool tok_pretokenizer_breaks_lines(const struct tok_pretokenizer *pretokenizer,
					   uint32_t newline);

/* Must the caller track origins even if it wants no offsets?  (Metaspace with
 * TOK_PREPEND_FIRST asks where in the document a piece began.) */
TOK_API bool tok_pretokenizer_needs_origin(const struct tok_pretokenizer *pretokenizer);

#endif
