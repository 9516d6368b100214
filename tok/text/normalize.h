/*
 * normalize.h - the normalisers of tokenizer.json and of SentencePiece.
 *
 * A specification is a list of steps; a normaliser is the list compiled, never
 * written afterwards and shared by threads.  Semantics and alignments are those
 * of Hugging Face tokenizers 0.23 (src/normalizers, src/tokenizer/normalizer.rs),
 * for TOK_NORM_SENTENCEPIECE those of SentencePiece 0.2 (src/normalizer.cc).
 * Unicode normalisation is that of Unicode 9.0, as in the reference.
 *
 * After TOK_NORM_SENTENCEPIECE the hull of the origins of bytes [b, e) is what
 * SentencePiece calls the surface of the piece: from where byte b was made to
 * where byte e was made, so that spaces left out belong to what is before them
 * and of a character of several bytes only the last is not empty.  A byte that
 * is not UTF-8 becomes U+FFFD there; all other kinds let it pass unchanged.
 */
#ifndef TOK_TEXT_NORMALIZE_H
#define TOK_TEXT_NORMALIZE_H

#include "tok/text/bytemap.h"
#include "tok/text/regex.h"
#include "tok/text/text.h"

enum tok_norm_kind {
	TOK_NORM_NFC,
	TOK_NORM_NFD,
	TOK_NORM_NFKC,
	TOK_NORM_NFKD,
	TOK_NORM_NMT,
	TOK_NORM_LOWERCASE,
	TOK_NORM_STRIP,
	TOK_NORM_STRIP_ACCENTS,
	TOK_NORM_PREPEND,
	TOK_NORM_REPLACE,
	TOK_NORM_BERT,
	TOK_NORM_PRECOMPILED,
	TOK_NORM_BYTE_LEVEL,
	TOK_NORM_SENTENCEPIECE
};

struct tok_norm_step {
	enum tok_norm_kind kind;
	union {
		struct {
			bool left, right;
		} strip;
		struct tok_span prepend;
		struct {
			struct tok_span pattern, content;
			enum tok_regex_dialect dialect;
		} replace;
		struct {
			bool clean_text, handle_chinese_chars, lowercase;
			bool strip_accents; /* null in the file: the value of lowercase */
		} bert;
		struct tok_span precompiled; /* the charsmap: u32le trie bytes, trie, strings */
		struct {
			struct tok_span charsmap; /* may be empty: identity */
			bool add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces;
			bool whitespace_as_suffix;
			const struct tok_span *protected_pieces; /* user-defined: taken as is */
			size_t protected_count;
		} sentencepiece;
	} as;
};

struct tok_normalizer;
struct tok_norm_scratch; /* one per thread */

/* Copies what it needs; the steps may go.  A count of 0 gives the identity. */
TOK_API TOK_MUST_USE enum tok_status tok_normalizer_new(const struct tok_norm_step *steps,
							size_t count, struct tok_normalizer **out,
							struct tok_error *err);
TOK_API void tok_normalizer_free(struct tok_normalizer *normalizer);
TOK_API size_t tok_normalizer_step_count(const struct tok_normalizer *normalizer);

TOK_API struct tok_norm_scratch *tok_norm_scratch_new(void); /* NULL if memory is out */
TOK_API void tok_norm_scratch_free(struct tok_norm_scratch *scratch);

/* Would `text` surely come out as it went in?  A quick look, made for texts that
 * do; false says nothing. */
TOK_API bool tok_normalizer_keeps(const struct tok_normalizer *normalizer, struct tok_span text);

/* Where normalising the parts, the second one marked as tok_text.continues, is
 * normalising the whole. */
struct tok_norm_cut {
	bool words;  /* before a space between an ASCII letter or digit and a letter; both
		      * then stay ASCII letters or digits */
	bool lines;  /* behind a newline between characters of which tok_norm_line_ends() and
		      * tok_norm_line_begins() are true, and they stay what they are asked for */
	bool chars;  /* between any two characters that are no spaces, which stay as they are */
	bool fronts; /* the beginning of a text that does not continue is treated specially */
	uint32_t space, newline; /* what a space and a newline become */
};
TOK_API struct tok_norm_cut tok_normalizer_cut(const struct tok_normalizer *normalizer);
TOK_API bool tok_norm_line_ends(uint32_t code);
TOK_API bool tok_norm_line_begins(uint32_t code);

/* Normalise `text` in place. */
TOK_API TOK_MUST_USE enum tok_status tok_normalize(const struct tok_normalizer *normalizer,
						   struct tok_norm_scratch *scratch,
						   struct tok_text *text, struct tok_error *err);

/* The byte-level alphabet of GPT-2: every byte as one printable character. */
TOK_API uint32_t tok_byte_to_char(uint8_t byte);
TOK_API int tok_char_to_byte(uint32_t code); /* -1: not in the alphabet */
/* `bytes` in it, behind what `out` holds.  False: memory is out. */
TOK_API TOK_MUST_USE bool tok_put_alphabet(struct tok_buffer *out, struct tok_span bytes);
TOK_API struct tok_bytemap tok_bytemap_alphabet(void);

#endif
