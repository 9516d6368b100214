/*
 * spec.h - what a tokenizer is, as plain data: the meeting point of every file
 * format and of the compiler in tokenizer.h.
 *
 *	struct tok_spec spec = { 0 };
 *	status = vocab_read(bytes, &spec, &err);        // vocab/format
 *	status = tok_tokenizer_new(&spec, &tok, &err);  // takes what spec holds
 *	tok_spec_release(&spec);
 *
 * Everything pointed to lives in `arena`.
 */
#ifndef TOK_PIPE_SPEC_H
#define TOK_PIPE_SPEC_H

#include "tok/base/arena.h"
#include "tok/model/model.h"
#include "tok/pretok/pretok.h"
#include "tok/text/normalize.h"

struct tok_added_token {
	struct tok_span content;
	tok_id id;
	bool single_word, lstrip, rstrip, normalized, special;
};

/* One item of a template: a special token, or the text's own tokens. */
enum tok_template_kind { TOK_TEMPLATE_TEXT, TOK_TEMPLATE_TOKEN };

struct tok_template_item {
	enum tok_template_kind kind;
	tok_id id;               /* TOK_TEMPLATE_TOKEN */
	struct tok_span content; /* shown by --tokens */
	uint32_t type;           /* Hugging Face's type id; kept for files */
};

/* Post-processing is a list of steps; a template is laid around what the steps
 * before it left. */
enum tok_post_kind { TOK_POST_TEMPLATE, TOK_POST_TRIM_OFFSETS };

struct tok_post_step {
	enum tok_post_kind kind;
	const struct tok_template_item *items; /* TOK_POST_TEMPLATE */
	size_t item_count;
	bool add_prefix_space; /* TOK_POST_TRIM_OFFSETS */
};

enum tok_decode_kind {
	TOK_DECODE_BPE,
	TOK_DECODE_BYTE_LEVEL,
	TOK_DECODE_WORDPIECE,
	TOK_DECODE_METASPACE,
	TOK_DECODE_CTC,
	TOK_DECODE_REPLACE,
	TOK_DECODE_FUSE,
	TOK_DECODE_STRIP,
	TOK_DECODE_BYTE_FALLBACK,
	TOK_DECODE_SENTENCEPIECE /* pieces to text as SentencePiece's Decode does */
};

struct tok_decode_step {
	enum tok_decode_kind kind;
	union {
		struct tok_span bpe_suffix;
		struct {
			struct tok_span prefix;
			bool cleanup;
		} wordpiece;
		struct {
			uint32_t replacement;
			enum tok_prepend prepend;
		} metaspace;
		struct {
			struct tok_span pad, word_delimiter;
			bool cleanup;
		} ctc;
		struct {
			struct tok_span pattern, content;
			enum tok_regex_dialect dialect;
		} replace;
		struct {
			uint32_t content;
			size_t start, stop;
		} strip;
		struct {
			bool add_dummy_prefix, remove_extra_whitespaces, whitespace_as_suffix;
			struct tok_span unk_surface; /* what an unknown id reads as */
		} sentencepiece;
	} as;
};

/* Which of two texts is cut off; kept for files, here there is one. */
enum tok_truncation_strategy {
	TOK_TRUNCATE_LONGEST_FIRST,
	TOK_TRUNCATE_FIRST,
	TOK_TRUNCATE_SECOND
};

/* Only what `encode` does to one sequence under --hf. */
struct tok_truncation {
	bool enabled, left;
	size_t max_length;
	size_t stride; /* what pieces that are cut off have in common; kept for files */
	enum tok_truncation_strategy strategy;
};

/* What may be asked for around one text; more is refused with TOK_ELIMIT. */
#define TOK_PADDING_MAX ((size_t)1 << 24)
enum { TOK_TEXT_COPIES_MAX = 65536 };

struct tok_padding {
	bool enabled, left;
	size_t length, multiple; /* 0: pads to the longest, nothing for one text;
				    at most TOK_PADDING_MAX */
	tok_id id;
	struct tok_span token;
	uint32_t type; /* as in struct tok_template_item */
};

struct tok_spec {
	struct tok_arena arena;
	struct tok_span format; /* "tokenizer.json", "tiktoken", ... for people */

	struct tok_model_spec model; /* entries' text is what the file says */
	/* Entries' text is raw bytes (tiktoken, tekken); otherwise it is text, and
	 * text in the byte-level alphabet where a ByteLevel step makes it so. */
	bool raw_vocabulary;

	const struct tok_norm_step *normalizers;
	size_t normalizer_count;
	const struct tok_pretok_step *pretokenizers;
	size_t pretokenizer_count;
	const struct tok_post_step *posts;
	size_t post_count;
	const struct tok_decode_step *decoders;
	size_t decoder_count;
	bool has_decoder; /* false: tokens are joined by spaces (Hugging Face) */
	const struct tok_added_token *added;
	size_t added_count;
	/* The file is SentencePiece's: unknown runs are one token, extra ids are
	 * written by name, and bos/eos come with --add-special. */
	bool sentencepiece;
	/* What such a file calls these pieces, be they there or not; no bytes: it does not say. */
	struct tok_span bos_name, eos_name, pad_name;

	struct tok_truncation truncation;
	struct tok_padding padding;
};

TOK_API void tok_spec_release(struct tok_spec *spec);

#endif
