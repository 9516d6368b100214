/*
 * lattice_internal.h - the segmentations of a piece as paths from place to place: the
 * tables, the edges that leave a place, and what the methods do with them.
 *
 * An edge is a token that may stand there, or a symbol that no token is: the unknown
 * edge.  With `unigram` it is there wherever no token of one symbol is, as in the model,
 * and has the model's score.  Uniform sampling gives it a weight so small that only
 * segmentations with the fewest unknown symbols are left.  A word of a WordPiece or
 * WordLevel vocabulary that cannot be spelled is unknown as a whole.
 *
 * Sums run from the end of the text, draws from its beginning.
 */
#ifndef TOK_SAMPLE_LATTICE_INTERNAL_H
#define TOK_SAMPLE_LATTICE_INTERNAL_H

#include "tok/model/trie.h"
#include "tok/sample/dropout_internal.h"
#include "tok/sample/sampler.h"
#include "tok/sample/scaled_internal.h"
#include "tok/sample/surfaces.h"
#include "tok/text/utf8.h"

/* ---- lattice.c: the tables -------------------------------------------------- */

#define TOK_LATTICE_UNKNOWN UINT32_MAX /* the token of an unknown edge */

struct tok_lattice_token {
	tok_id id;
	uint32_t next;   /* another that spells the same, or TOK_NO_ID */
	uint32_t places; /* TOK_PLACE_* */
};

struct tok_lattice {
	struct tok_arena arena;
	struct tok_trie trie; /* to the first of the tokens that spell a text */
	const struct tok_lattice_token *tokens;
	const double *scores;             /* of tokens; unigram only, else NULL */
	const struct tok_scaled *weights; /* e^(alpha x score); NULL: all are 1 */
	double unknown_score;
	struct tok_scaled unknown_weight;
	uint32_t fan;     /* at most so many edges leave a place */
	bool are_bytes;   /* symbols are bytes, not characters */
	bool plain;       /* all tokens may stand anywhere, no two spell the same */
	bool whole_words; /* what cannot be spelled is unknown as a whole */

	enum tok_sample_method method;
	double p; /* of dropping */

	/* How unknown symbols are written. */
	enum tok_model_kind kind;
	size_t max_chars; /* longer words are unknown; 0: no limit */
	tok_id unk, byte_ids[256];
	bool spells_bytes, fuses, vanishes, sentencepiece;
};

TOK_MUST_USE enum tok_status tok_lattice_new(const struct tok_tokenizer *tokenizer,
					     const struct tok_sample_options *options,
					     struct tok_lattice **out, struct tok_error *err);
void tok_lattice_free(struct tok_lattice *lattice);

/* ---- a piece, and the edges that leave its places --------------------------- */

struct tok_lattice_piece {
	struct tok_span text; /* ends with the piece */
	uint32_t begin;
	bool closed; /* too long to be looked at: unknown */
};

struct tok_edge {
	uint32_t end;
	uint32_t token; /* or TOK_LATTICE_UNKNOWN */
};

struct tok_edges {
	struct tok_edge *items;
	size_t count, capacity;
};

/* What a thread needs; places count from the beginning of a stretch or text. */
struct tok_lattice_scratch {
	struct tok_edges edges;
	struct tok_scaled *sums; /* over the ways from a place to the end */
	size_t sum_capacity;
	double *best; /* score of the best way */
	size_t best_capacity;
	struct tok_scaled *shares; /* of edges */
	size_t share_capacity;
	struct tok_tally *tallies; /* lattice_exact.c */
	size_t tally_capacity;
	struct tok_measured *measured; /* lattice_measure.c */
	size_t measured_capacity;
	struct tok_tokens written;
	struct tok_edges path;
	struct tok_agenda *agenda;
};

struct tok_lattice_scratch *tok_lattice_scratch_new(void); /* NULL if memory is out */
void tok_lattice_scratch_free(struct tok_lattice_scratch *scratch);

struct tok_lattice_piece tok_lattice_piece_of(const struct tok_lattice *lattice,
					      struct tok_span text, struct tok_range piece);

/* Bytes of the symbol at `at`. */
static inline uint32_t tok_lattice_symbol(const struct tok_lattice *lattice, struct tok_span text,
					  uint32_t at)
{
	if (lattice->are_bytes || text.bytes[at] < 0x80)
		return 1;
	const uint32_t length = tok_utf8_length(text.bytes + at, text.count - at);
	return length ? length : 1;
}

/* Append the edges that leave `at`, which is between symbols: rising in length, the
 * unknown one last.  False if memory is out. */
TOK_MUST_USE bool tok_lattice_edges(const struct tok_lattice *lattice,
				    const struct tok_lattice_piece *piece, uint32_t at,
				    struct tok_edges *out);

/* Append the tokens of a path from `at`. */
TOK_MUST_USE enum tok_status tok_lattice_write(const struct tok_lattice *lattice,
					       struct tok_span text, uint32_t at,
					       const struct tok_edge *path, size_t count,
					       struct tok_tokens *out, struct tok_error *err);

/* ---- lattice_sum.c: uniform and unigram ------------------------------------- */

/* Fill sums[at - base] for the places [begin, end) of the piece; that of `end` is there.  Those
 * inside symbols are 0; of maxmatch, which has no sums, all others are 1. */
TOK_MUST_USE enum tok_status tok_lattice_sum(const struct tok_lattice *lattice,
					     struct tok_lattice_scratch *scratch,
					     const struct tok_lattice_piece *piece,
					     struct tok_range places, uint32_t base,
					     struct tok_error *err);

static inline struct tok_scaled tok_lattice_weight(const struct tok_lattice *lattice,
						   uint32_t token)
{
	if (token == TOK_LATTICE_UNKNOWN)
		return lattice->unknown_weight;
	return lattice->weights ? lattice->weights[token] : TOK_SCALED_ONE;
}

/* Behind `at` no token lies across the place that comes back. */
TOK_MUST_USE enum tok_status tok_lattice_stretch(const struct tok_lattice *lattice,
						 struct tok_lattice_scratch *scratch,
						 const struct tok_lattice_piece *piece, uint32_t at,
						 uint32_t *end, struct tok_error *err);

/* Append a segmentation that is drawn. */
TOK_MUST_USE enum tok_status tok_lattice_draw(const struct tok_lattice *lattice,
					      struct tok_lattice_scratch *scratch,
					      struct tok_random *random, struct tok_span text,
					      struct tok_range piece, struct tok_tokens *out,
					      struct tok_error *err);

/* ---- lattice_match.c: MaxMatch-dropout -------------------------------------- */

TOK_MUST_USE enum tok_status tok_lattice_match(const struct tok_lattice *lattice,
					       struct tok_lattice_scratch *scratch,
					       struct tok_random *random, struct tok_span text,
					       struct tok_range piece, struct tok_tokens *out,
					       struct tok_error *err);

/* ---- lattice_exact.c: whole distributions ----------------------------------- */

/* More is not listed: 64 MB. */
#define TOK_LISTED_IDS ((size_t)1 << 24)

/* Fill sums[at - places.begin], that of places.end too.  TOK_ELIMIT above TOK_STRETCH_MAX. */
TOK_MUST_USE enum tok_status tok_lattice_fill(const struct tok_lattice *lattice,
					      struct tok_lattice_scratch *scratch,
					      const struct tok_lattice_piece *piece,
					      struct tok_range places, struct tok_error *err);

/* Append the edges that leave `at`, and put their shares at the same places of scratch->shares:
 * 0 are those that are never taken.  scratch->sums are filled. */
TOK_MUST_USE bool tok_lattice_shares(const struct tok_lattice *lattice,
				     struct tok_lattice_scratch *scratch,
				     const struct tok_lattice_piece *piece, uint32_t at,
				     uint32_t base);

/* Give every segmentation of the piece to `sink`, some more than once where unknown tokens hide
 * what they stand for.  TOK_ELIMIT, found out in linear time, where there are more than `limit`,
 * or they have more than TOK_LISTED_IDS tokens. */
TOK_MUST_USE enum tok_status tok_lattice_exact(const struct tok_lattice *lattice,
					       struct tok_lattice_scratch *scratch,
					       struct tok_span text, struct tok_range piece,
					       size_t limit, tok_outcome_sink *sink, void *context,
					       struct tok_error *err);

/* ---- lattice_measure.c ------------------------------------------------------ */

/* Add entropy in nats and expected number of ids of one piece.  TOK_EARG where it takes a list
 * to tell them (sampler.h). */
TOK_MUST_USE enum tok_status tok_lattice_entropy(const struct tok_lattice *lattice,
						 struct tok_lattice_scratch *scratch,
						 struct tok_span text, struct tok_range piece,
						 double *entropy, double *length,
						 struct tok_error *err);

/* ---- lattice_agenda.c: the best, and without replacement --------------------- */

/* Pieces that follow each other in one text. */
struct tok_lattice_text {
	struct tok_span text;
	const uint32_t *ends; /* of the pieces */
	size_t count;
};

struct tok_found {
	double score;           /* of the path: without alpha; unigram only */
	double log_probability; /* under alpha, of all paths */
	double key;             /* what it was chosen by */
	const struct tok_edge *path;
	size_t count;
};

struct tok_founds {
	struct tok_found *items;
	size_t count, capacity;
	size_t edge_count;      /* of all paths */
	struct tok_arena arena; /* of the paths */
};

void tok_founds_release(struct tok_founds *founds);

/* The `count` best paths through a text that is not empty, best first; or, with `random`, drawn
 * without replacement, in the order of their perturbed log probabilities, which are the keys.
 * Release *out whatever comes back. */
TOK_MUST_USE enum tok_status tok_lattice_search(const struct tok_lattice *lattice,
						struct tok_lattice_scratch *scratch,
						const struct tok_lattice_text *text, size_t count,
						struct tok_random *random, struct tok_founds *out,
						struct tok_error *err);
void tok_agenda_free(struct tok_agenda *agenda);

#endif
