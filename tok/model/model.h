/*
 * model.h - from a piece of text to ids: BPE, Unigram, WordPiece, WordLevel.
 *
 * A specification (plain data, borrowed while tok_model_new runs) is compiled
 * into flat tables that never change and are shared by threads.  Each thread
 * encodes with a scratch of its own; after it has seen its longest piece,
 * encoding allocates nothing.
 *
 * Sources: Hugging Face tokenizers 0.23 (src/models), SentencePiece 0.2
 * (src/bpe_model.cc, unigram_model.cc, word_model.cc, char_model.cc),
 * tiktoken (src/lib.rs).
 */
#ifndef TOK_MODEL_MODEL_H
#define TOK_MODEL_MODEL_H

#include "tok/base/cpu.h"
#include "tok/base/image.h"

enum tok_model_kind { TOK_MODEL_BPE, TOK_MODEL_UNIGRAM, TOK_MODEL_WORDPIECE, TOK_MODEL_WORDLEVEL };

/* What a piece is for; only SentencePiece files say anything but NORMAL. */
enum tok_piece_type {
	TOK_PIECE_NORMAL,
	TOK_PIECE_UNKNOWN,
	TOK_PIECE_CONTROL,      /* never matched in text */
	TOK_PIECE_USER_DEFINED, /* taken whole wherever it stands */
	TOK_PIECE_UNUSED,       /* may be built on the way, is taken apart again at the end */
	TOK_PIECE_BYTE          /* reached by byte fallback only */
};

struct tok_vocab_entry {
	struct tok_span text; /* the bytes that the model matches */
	tok_id id;
	enum tok_piece_type type;
	double score; /* Unigram: log probability.  SentencePiece BPE: minus the rank */
};

/* Vocabularies of this many entries are compiled on two or three threads, if there are
 * processors for them. */
enum { TOK_THREADED_ENTRIES = 1 << 15 };

/* How BPE knows which neighbours to join, and in which order. */
enum tok_bpe_order {
	TOK_BPE_MERGES, /* an explicit list of pairs; the place in it is the rank */
	TOK_BPE_RANKS,  /* any pair whose joined bytes are a token; its id is the rank (tiktoken) */
	TOK_BPE_SCORES /* any pair whose joined text is a piece; highest score first (SentencePiece)
			*/
};

struct tok_merge {
	tok_id left, right, result;
};

struct tok_model_spec {
	enum tok_model_kind kind;
	const struct tok_vocab_entry *entries;
	size_t entry_count;

	tok_id unk; /* TOK_NO_ID: none */
	bool byte_fallback;
	tok_id byte_ids[256]; /* ids of <0x00>..<0xFF>, TOK_NO_ID where missing */

	union {
		struct {
			enum tok_bpe_order order;
			const struct tok_merge *merges; /* TOK_BPE_MERGES only */
			size_t merge_count;
			bool raw_bytes;     /* first symbols are bytes, not characters */
			bool ignore_merges; /* a piece that is a token is that token */
			bool fuse_unk;
			/* unk is TOK_NO_ID because no entry has the name that the file gives it:
			 * unknown text fails with TOK_ETEXT; otherwise it vanishes. */
			bool unk_missing;
			struct tok_span prefix, suffix; /* continuing_subword_, end_of_word_ */
			double dropout; /* kept for files: encoding is never random here */
		} bpe;
		struct {
			bool
			    single_precision; /* SentencePiece adds scores as float, HF as double */
			bool fuse_unk;
		} unigram;
		struct {
			struct tok_span prefix; /* "##" */
			size_t max_chars;       /* longer words are unknown */
		} wordpiece;
	} as;
};

/* Tokens of one piece or document.  `ranges` (begin, end in the bytes of the
 * text that was encoded) is kept only when `ranged`. */
struct tok_tokens {
	tok_id *ids;
	struct tok_range *ranges;
	size_t count;
	size_t capacity, range_capacity;
	bool ranged;
};

TOK_API TOK_MUST_USE bool tok_tokens_add(struct tok_tokens *tokens, tok_id id,
					 struct tok_range range);
TOK_API void tok_tokens_release(struct tok_tokens *tokens);

struct tok_model;
struct tok_model_scratch; /* one per thread */

/* Fails with TOK_EFORMAT on contradictions that the reader could not see
 * (duplicate text, a merge of tokens that do not exist, a missing unk). */
TOK_API TOK_MUST_USE enum tok_status tok_model_new(const struct tok_model_spec *spec,
						   struct tok_model **out, struct tok_error *err);
TOK_API void tok_model_free(struct tok_model *model);

/* Before it is shared: find words with this kernel, which must run here.  Until
 * then it is the best one. */
TOK_API void tok_model_use_kernel(struct tok_model *model, enum tok_kernel kernel);

TOK_API struct tok_model_scratch *tok_model_scratch_new(void); /* NULL if memory is out */
TOK_API void tok_model_scratch_free(struct tok_model_scratch *scratch);

/* Longest stretch in which any two neighbours might join, in bytes: merging one
 * takes some fifty bytes of memory a byte. */
#define TOK_STRETCH_MAX ((size_t)128 << 20)

/* Append the tokens of bytes [piece.begin, piece.end) of `text`.  Ranges count
 * from the start of `text` and lie inside the piece.  An empty piece has no
 * tokens.  Fails with TOK_ETEXT where the reference fails (an unknown token is
 * needed and there is none), TOK_ELIMIT (BPE over TOK_STRETCH_MAX), or TOK_ENOMEM;
 * `out` is then as it was. */
TOK_API TOK_MUST_USE enum tok_status tok_model_encode(const struct tok_model *model,
						      struct tok_model_scratch *scratch,
						      struct tok_span text, struct tok_range piece,
						      struct tok_tokens *out,
						      struct tok_error *err);

/* The same for `count` pieces, one after the other. */
TOK_API TOK_MUST_USE enum tok_status
tok_model_encode_pieces(const struct tok_model *model, struct tok_model_scratch *scratch,
			struct tok_span text, const struct tok_range *pieces, size_t count,
			struct tok_tokens *out, struct tok_error *err);

/* The same for `count` pieces that follow each other: the first begins at `begin`,
 * each ends at one of `ends`, which rise.  Ranges are not wanted. */
TOK_API TOK_MUST_USE enum tok_status
tok_model_encode_run(const struct tok_model *model, struct tok_model_scratch *scratch,
		     struct tok_span text, uint32_t begin, const uint32_t *ends, size_t count,
		     struct tok_tokens *out, struct tok_error *err);

/* The first merge of an explicit list that makes `id`, and its place; false if
 * there is none or the model has no list.  Looks through all of them. */
TOK_API bool tok_model_merge(const struct tok_model *model, tok_id id, struct tok_merge *out,
			     size_t *rank);

/* All merges of an explicit list, in no order, and their places in it; of a pair that is listed
 * twice the one that counts.  Returns how many there are, 0 where the model has no list; with `out`
 * NULL it only counts. */
TOK_API size_t tok_model_merges(const struct tok_model *model, struct tok_merge *out,
				uint32_t *ranks);

/* For every id below `count`: the two that BPE joins last when it makes the token of its
 * text; three times TOK_NO_ID where it does not make it, or of one unit.  TOK_EARG where
 * the model is not BPE. */
TOK_API TOK_MUST_USE enum tok_status tok_model_last_merges(const struct tok_model *model,
							   struct tok_merge *out, size_t count,
							   struct tok_error *err);

/* Is a row of tokens what BPE makes of a piece exactly if each two neighbours are what their
 * text alone is merged to?  (Not where tokens depend on their place in the word or are taken
 * apart again; and ignore_merges is not part of this: a piece that is a token is not merged;
 * nor are user-defined pieces.) */
TOK_API bool tok_model_pairs_decide(const struct tok_model *model);

/* Does it cut user-defined pieces out of a piece before it merges what is between them? */
TOK_API bool tok_model_cuts_pieces(const struct tok_model *model);

/* Of a BPE model: are `left` and `right`, one behind the other, what their text is merged to?
 * `left` TOK_NO_ID: is `right` what its own text is merged to?  Tokens that no text makes
 * never are.  Fails with TOK_ENOMEM only, and not after longer tokens were asked about. */
TOK_API TOK_MUST_USE enum tok_status tok_model_adjoins(const struct tok_model *model,
						       struct tok_model_scratch *scratch,
						       tok_id left, tok_id right, bool *out,
						       struct tok_error *err);

/* Put the tables into an image; failure shows in tok_image_finish. */
TOK_API void tok_model_save(const struct tok_model *model, struct tok_image_writer *writer);

/* A model over the tables of an image, which must outlive it.  Everything that
 * could lead out of a table is looked at: TOK_EFORMAT. */
TOK_API TOK_MUST_USE enum tok_status tok_model_open(const struct tok_image *image,
						    struct tok_model **out, struct tok_error *err);

/* Are the tokens of every text with characters `before` and `code` side by side
 * those of the text up to `before` followed by those of the text from `code` on?
 * False says nothing. */
TOK_API bool tok_model_breaks_before(const struct tok_model *model, uint32_t before, uint32_t code);

#endif
