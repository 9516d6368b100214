/*
 * tokens.h - which bytes each id of a language model adds to a text, and the trie of them.
 *
 *	status = tok_byte_tokens_new(tokenizer, lm->info, &tokens, &err);
 *	status = tok_byte_tokens_masses(tokens, row, masses, &err);   // double[node_count]
 *	node = tok_byte_tokens_child(tokens, node, 'a');              // or 0: none
 *	tok_byte_tokens_free(tokens);
 *
 * The machine sums over rows of tokens, so a token must add the same bytes wherever it
 * stands inside a text.  Where a tokenizer's decoder does something else (WordPiece, cleaning
 * up, CTC) TOK_EARG says so by name.  SentencePiece's mark is a space; byte pieces are
 * their bytes; a space that the decoder takes away from the front of a text (dummy prefix)
 * is told by .forced_front: the machine pushes it first and hides it.
 *
 * Kinds of ids:
 *	text     adds at least one byte
 *	end      one of info->eos: together they are one symbol
 *	nontext  special and control tokens, tokens that add nothing, ids of the row that the
 *	         tokenizer does not have; never in the trie, their mass is reported
 *
 * Ids that add the same bytes all stay.  Nodes are numbered level by level, so that a parent
 * comes before its children, the children of a node follow each other, and so do all nodes of a
 * subtree that are equally deep: masses are one sweep backwards.  Immutable; shared by
 * threads; borrows nothing.
 */
#ifndef TOK_BYTES_TOKENS_H
#define TOK_BYTES_TOKENS_H

#include "tok/bytes/model.h"
#include "tok/pipe/tokenizer.h"

enum tok_byte_kind { TOK_BYTE_TEXT, TOK_BYTE_END, TOK_BYTE_NONTEXT };

struct tok_byte_tokens;

TOK_API TOK_MUST_USE enum tok_status tok_byte_tokens_new(const struct tok_tokenizer *tokenizer,
							 const struct tok_lm_info *info,
							 struct tok_byte_tokens **out,
							 struct tok_error *err);

/* The same of texts in memory, one an id: what is no text has kind END or NONTEXT, and so has
 * whoever is said to be text and is empty.  The texts are copied. */
TOK_API TOK_MUST_USE enum tok_status tok_byte_tokens_of(const struct tok_span *texts,
							const enum tok_byte_kind *kinds,
							size_t count, struct tok_span forced_front,
							struct tok_byte_tokens **out,
							struct tok_error *err);
TOK_API void tok_byte_tokens_free(struct tok_byte_tokens *tokens);

/* Numbers in a row of the model: ids are below this. */
TOK_API size_t tok_byte_tokens_size(const struct tok_byte_tokens *tokens);

TOK_API enum tok_byte_kind tok_byte_tokens_kind(const struct tok_byte_tokens *tokens, tok_id id);
TOK_API struct tok_span tok_byte_tokens_text(const struct tok_byte_tokens *tokens, tok_id id);

/* Bytes that stand in front of every text and are not shown; usually none. */
TOK_API struct tok_span tok_byte_tokens_forced_front(const struct tok_byte_tokens *tokens);

/* ---- the trie; node 0 is the root, and no node's child ---- */

TOK_API uint32_t tok_byte_tokens_node_count(const struct tok_byte_tokens *tokens);
TOK_API uint32_t tok_byte_tokens_child(const struct tok_byte_tokens *tokens, uint32_t node,
				       uint8_t byte);

/* The ids whose bytes end at this node. */
TOK_API size_t tok_byte_tokens_ends(const struct tok_byte_tokens *tokens, uint32_t node,
				    const tok_id **out);

/* One more than the depth of the deepest node: levels that a subtree may have. */
TOK_API uint32_t tok_byte_tokens_levels(const struct tok_byte_tokens *tokens);

/* masses[node]: probability of all text ids that pass through the node; masses[0] is that of all
 * text ids.  `log_p` is a row of natural logarithms.  Sums are of doubles, smallest subtrees
 * first.  Also the mass of the end ids and of nontext. */
struct tok_row_masses {
	double end, nontext;
};
TOK_API void tok_byte_tokens_masses(const struct tok_byte_tokens *tokens, const double *log_p,
				    double *masses, struct tok_row_masses *out);

/* Natural logarithms of the mass of one node, and of one kind that is no text, with all their
 * digits however small they are: all ids are gone through, so this is for what is too small above.
 */
TOK_API double tok_byte_tokens_log_mass(const struct tok_byte_tokens *tokens, const double *log_p,
					uint32_t node);
TOK_API double tok_byte_tokens_log_other(const struct tok_byte_tokens *tokens, const double *log_p,
					 enum tok_byte_kind kind);

/* The same of a row of which only the best ids and the rest are known: bounds.  No id that is
 * not among the best is more probable than the least of them. */
TOK_API void tok_byte_tokens_bounds(const struct tok_byte_tokens *tokens,
				    const struct tok_lm_row *row, double *low, double *high,
				    struct tok_row_masses *low_other,
				    struct tok_row_masses *high_other);

#endif
