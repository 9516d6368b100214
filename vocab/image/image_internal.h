/*
 * image_internal.h - the file around a block of tables.
 */
#ifndef VOCAB_IMAGE_IMAGE_INTERNAL_H
#define VOCAB_IMAGE_IMAGE_INTERNAL_H

#include "tok/base/span.h"
#include "tok/base/status.h"

/* Raised whenever tables, or what makes them, change: it is all that images named by
 * -t are told by.  Those in the cache are of one build besides (build_id.cmake). */
enum { IMAGE_VERSION = 2 };

struct image_hash {
	uint64_t low, high;
};

/* The first bytes of the file; the block follows.  Numbers are those of the
 * machine that wrote them, which `order` tells. */
struct image_header {
	uint8_t magic[8];
	uint32_t version, order;
	uint64_t block_bytes;
	uint64_t block_checksum;  /* XXH3, 64 bit */
	struct image_hash source; /* XXH3, 128 bit, of what it was made from */
	uint64_t zeros[9];
	uint64_t header_checksum; /* of all before it */
};

/* Is this a file of our kind, in whatever state? */
bool image_is_one(struct tok_span file);

struct image_header image_header_for(struct tok_span block, struct image_hash source);

/* The block of a whole image.  TOK_EFORMAT says what is wrong with it. */
TOK_MUST_USE enum tok_status image_check(struct tok_span file, struct tok_span *block,
					 struct image_hash *source, struct tok_error *err);

/* Write header and block beside `path` and let the file take that name; `lasting`:
 * not before the disk has it.  Two writers do no harm: the last one stays. */
TOK_MUST_USE enum tok_status image_write(const char *path, const struct image_header *header,
					 struct tok_span block, bool lasting,
					 struct tok_error *err);

#endif
