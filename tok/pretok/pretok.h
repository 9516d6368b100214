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

#include "tok/base/cpu.h"
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
 * begins at byte 0 of the original document.  Empty pieces never come out, and
 * all kernels, of which `kernel` must be one that runs here, give the same. */
TOK_API TOK_MUST_USE enum tok_status tok_pretokenize(const struct tok_pretokenizer *pretokenizer,
						     enum tok_kernel kernel,
						     struct tok_pretok_scratch *scratch,
						     struct tok_text *text, bool starts_document,
						     struct tok_pieces *out, struct tok_error *err);

/*
 * Runs of ends.  Where no step changes a byte and the pieces lie end to end,
 * their ends say all; the patterns for which that holds have scanners that look
 * at 64 bytes at a time:
 *
 *	while (from < text.count) {
 *		count = tok_pretokenizer_ends(p, kernel, text, from, ends, CAPACITY);
 *		... pieces [from, ends[0]), [ends[0], ends[1]) ...
 *		from = ends[count - 1];
 *	}
 */

/* Do the pieces tile the text, with no byte changed?  (One Split by a published
 * pattern, or DeepSeek's three, and behind it no more than a raw ByteLevel that
 * neither adds a space nor splits again.) */
TOK_API bool tok_pretokenizer_tiles(const struct tok_pretokenizer *pretokenizer);

/* For a pre-tokenizer that tiles: the ends of the pieces of text[from..] in
 * order, at most `capacity` of them, which is at least TOK_ENDS_LEAST; room for
 * some hundred is better.  `from` is 0 or an end returned before for the same
 * text, which is shorter than 4 GiB.  Returns how many; the last one is
 * text.count exactly when the text is done; 0 only for from == text.count.
 * Exactly the pieces of tok_pretokenize, whatever the kernel, which must be one
 * that runs here.  Reads nothing outside of the text; ends[] beyond what is
 * returned may have been written to, up to `capacity`. */
#define TOK_ENDS_LEAST 64
TOK_API size_t tok_pretokenizer_ends(const struct tok_pretokenizer *pretokenizer,
				     enum tok_kernel kernel, struct tok_span text, size_t from,
				     uint32_t *ends, size_t capacity);

/* How it finds pieces, for people: "gpt2 (block scanner)", "PCRE2", ... */
TOK_API const char *tok_pretokenizer_path(const struct tok_pretokenizer *pretokenizer);

/* Is that way one that kernels differ in? */
TOK_API bool tok_pretokenizer_uses_kernel(const struct tok_pretokenizer *pretokenizer);

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

/* A published pattern by name - gpt2, cl100k, qwen, o200k, tekken; number3, han_kana and
 * deepseek, which are DeepSeek's three steps; number - in a spelling that Rust's and
 * Oniguruma's dialect read alike; NULL if there is none. */
TOK_API const char *tok_pretok_pattern(const char *name);

/* What cuts every text in Oniguruma's dialect as `rust` does in Rust's; NULL where that
 * is not known. */
TOK_API const char *tok_pretok_oniguruma(struct tok_span rust);

/* Must the caller track origins even if it wants no offsets?  (Metaspace with
 * TOK_PREPEND_FIRST asks where in the document a piece began.) */
TOK_API bool tok_pretokenizer_needs_origin(const struct tok_pretokenizer *pretokenizer);

#endif
