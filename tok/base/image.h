/*
 * image.h - tables as named sections of one block that can be mapped anywhere.
 *
 *	struct tok_image_writer w = { 0 };
 *	tok_image_put(&w, TOK_IMAGE_TAG('i', 'd', 's', ' '), ids, count * sizeof *ids);
 *	if (!tok_image_finish(&w, &block)) ...          // block belongs to w
 *	tok_image_writer_release(&w);
 *
 *	struct tok_image image;
 *	status = tok_image_open(block, &image, &err);
 *	ids = tok_image_array(&image, TOK_IMAGE_TAG('i', 'd', 's', ' '), sizeof *ids, &count);
 *
 * Numbers are those of the machine that wrote them; sections begin at multiples
 * of 64 bytes.  What is in a section is the business of whoever put it there; that
 * each lies inside the block is checked when the image is opened.  A section that
 * begins as another one does and is no longer lies in it and takes no room.
 */
#ifndef TOK_BASE_IMAGE_H
#define TOK_BASE_IMAGE_H

#include "tok/base/buffer.h"

enum { TOK_IMAGE_SECTIONS = 62, TOK_IMAGE_ALIGN = 64 };

#define TOK_IMAGE_TAG(a, b, c, d)                                                                  \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

struct tok_image_section {
	uint64_t tag, at, count; /* bytes [at, at + count) of the block */
};

struct tok_image_writer {
	struct tok_buffer block;
	bool failed; /* memory is out, or there are too many sections */
};

/* A tag is given once.  Failure shows in tok_image_finish. */
TOK_API void tok_image_put(struct tok_image_writer *writer, uint32_t tag, const void *bytes,
			   size_t count);
TOK_API TOK_MUST_USE bool tok_image_finish(const struct tok_image_writer *writer,
					   struct tok_span *block);
TOK_API void tok_image_writer_release(struct tok_image_writer *writer);

struct tok_image {
	struct tok_span block;
	const struct tok_image_section *sections;
	size_t count;
	/* We wrote it ourselves and it is as we wrote it: who opens its tables need not
	 * look at each number.  False unless the caller says so. */
	bool trusted;
};

/* `block` must begin at a multiple of 64 and outlive the image. */
TOK_API TOK_MUST_USE enum tok_status tok_image_open(struct tok_span block, struct tok_image *out,
						    struct tok_error *err);

/* The elements of a section, `size` bytes each: never NULL, *count 0 where there
 * is none.  They are read only, though the pointer does not say so: tables that
 * are built once have the same type built and mapped. */
TOK_API void *tok_image_array(const struct tok_image *image, uint32_t tag, size_t size,
			      size_t *count);

#endif
