#include "tok/base/image.h"

/* A block begins with its directory. */
struct directory {
	uint64_t count, zero;
	struct tok_image_section sections[TOK_IMAGE_SECTIONS];
};

static bool start_block(struct tok_image_writer *writer)
{
	const struct directory empty = { 0 };
	return writer->block.count > 0 || tok_buffer_add(&writer->block, &empty, sizeof empty);
}

static bool align_block(struct tok_buffer *block)
{
	static const uint8_t zeros[TOK_IMAGE_ALIGN];
	const size_t over = block->count % TOK_IMAGE_ALIGN;
	return over == 0 || tok_buffer_add(block, zeros, TOK_IMAGE_ALIGN - over);
}

/* A section that these bytes begin; NULL if there is none. */
static const struct tok_image_section *find_same(const struct tok_buffer *block,
						 const struct directory *directory,
						 const void *bytes, size_t count)
{
	for (size_t i = 0; count > 0 && i < directory->count; i++) {
		const struct tok_image_section *section = &directory->sections[i];
		if (section->count >= count &&
		    memcmp(block->bytes + section->at, bytes, count) == 0)
			return section;
	}
	return NULL;
}

void tok_image_put(struct tok_image_writer *writer, uint32_t tag, const void *bytes, size_t count)
{
	struct directory directory;
	if (writer->failed || !start_block(writer) || !align_block(&writer->block)) {
		writer->failed = true;
		return;
	}
	memcpy(&directory, writer->block.bytes, sizeof directory);
	writer->failed = directory.count == TOK_IMAGE_SECTIONS;
	if (writer->failed)
		return;
	const struct tok_image_section *same = find_same(&writer->block, &directory, bytes, count);
	const uint64_t at = same ? same->at : writer->block.count;
	directory.sections[directory.count++] = (struct tok_image_section){ tag, at, count };
	writer->failed = !same && !tok_buffer_add(&writer->block, bytes, count);
	memcpy(writer->block.bytes, &directory, sizeof directory);
}

bool tok_image_finish(const struct tok_image_writer *writer, struct tok_span *block)
{
	*block = tok_buffer_span(&writer->block);
	return !writer->failed && block->count > 0;
}

void tok_image_writer_release(struct tok_image_writer *writer)
{
	tok_buffer_release(&writer->block);
	*writer = (struct tok_image_writer){ 0 };
}

enum tok_status tok_image_open(struct tok_span block, struct tok_image *out, struct tok_error *err)
{
	const struct directory *directory = (const void *)block.bytes;
	if (block.count < sizeof *directory || directory->count > TOK_IMAGE_SECTIONS)
		return tok_fail(err, TOK_EFORMAT, "the image has no directory");
	for (size_t i = 0; i < directory->count; i++) {
		const struct tok_image_section *section = &directory->sections[i];
		if (section->at > block.count || section->count > block.count - section->at ||
		    section->at % TOK_IMAGE_ALIGN)
			return tok_fail(err, TOK_EFORMAT,
					"section %zu of the image lies outside of it", i);
	}
	*out = (struct tok_image){ block, directory->sections, (size_t)directory->count, false };
	return TOK_OK;
}

void *tok_image_array(const struct tok_image *image, uint32_t tag, size_t size, size_t *count)
{
	uintptr_t at = (uintptr_t)image->block.bytes;
	*count = 0;
	for (size_t i = 0; i < image->count; i++) {
		if (image->sections[i].tag != tag)
			continue;
		at += image->sections[i].at;
		*count = (size_t)image->sections[i].count / size;
		break;
	}
	return (void *)at;
}
