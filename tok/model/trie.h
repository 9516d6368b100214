/*
 * trie.h - a trie over bytes as a double array of eight-byte cells.
 *
 *	enum tok_status s = tok_trie_build(&trie, &arena, texts, values, count, NULL, &err);
 *	uint32_t node = TOK_TRIE_ROOT;
 *	while (i < text.count && (node = tok_trie_child(&trie, node, text.bytes[i++])))
 *		value = tok_trie_value(&trie, node);
 *
 * A node is the number of its cell.  A cell holds
 *
 *	bits 0-7    the byte that leads to it
 *	bits 8-39   base: the child for `byte` is cell base ^ byte, if that cell is
 *	            labelled `byte`
 *	bits 40-63  the value of the text that ends here, or TOK_TRIE_NO_VALUE
 *
 * No two nodes share a base and a free cell has a label that no base of its
 * block can ask for (a block is 256 cells), so that one comparison decides.
 * Nodes without children have base 0, whose block matches nothing.
 *
 * Source of the idea: J. Aoe, "An efficient digital search algorithm by using a
 * double-array structure" (1989); the XOR form is S. Yata's (darts-clone).
 */
#ifndef TOK_MODEL_TRIE_H
#define TOK_MODEL_TRIE_H

#include "tok/base/arena.h"
#include "tok/base/image.h"

enum { TOK_TRIE_ROOT = 0, TOK_TRIE_NO_VALUE = 0xFFFFFF, TOK_TRIE_BLOCK = 256 };

struct tok_trie {
	const uint64_t *cells;
	size_t count; /* of the cells: a multiple of TOK_TRIE_BLOCK */
};

/* From texts to values below TOK_TRIE_NO_VALUE; of equal texts the last one
 * wins.  `above`, unless NULL, gets for each value that is found in the trie the value of
 * the longest shorter text that begins its own, or TOK_NO_ID.  Fails with TOK_ENOMEM or
 * TOK_ELIMIT. */
TOK_API TOK_MUST_USE enum tok_status tok_trie_build(struct tok_trie *trie, struct tok_arena *arena,
						    const struct tok_span *texts,
						    const uint32_t *values, size_t count,
						    uint32_t *above, struct tok_error *err);

/* To and from an image; false if some base or value leads outside.  An image
 * without the section gives a trie without cells. */
TOK_API void tok_trie_save(const struct tok_trie *trie, uint32_t tag,
			   struct tok_image_writer *writer);
TOK_API TOK_MUST_USE bool tok_trie_open(struct tok_trie *trie, const struct tok_image *image,
					uint32_t tag, size_t value_limit);

/* The child, or 0. */
static inline uint32_t tok_trie_child(const struct tok_trie *trie, uint32_t node, uint8_t byte)
{
	const uint32_t at = (uint32_t)(trie->cells[node] >> 8) ^ byte;
	return (trie->cells[at] & 0xFF) == byte ? at : 0;
}

/* The value, or TOK_NO_ID. */
static inline uint32_t tok_trie_value(const struct tok_trie *trie, uint32_t node)
{
	const uint32_t value = (uint32_t)(trie->cells[node] >> 40);
	return value == TOK_TRIE_NO_VALUE ? TOK_NO_ID : value;
}

#endif
