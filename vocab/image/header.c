#include <stddef.h>
#include <xxhash.h> /* the library, which uses what vectors the machine has */

#include "vocab/image/image.h"
#include "vocab/image/image_internal.h"

/* As PNG's: not text, and broken by whoever takes it for text. */
static const uint8_t magic[8] = { 0x89, 'T', 'O', 'K', '\r', '\n', 0x1A, '\n' };
enum { ORDER = 0x01020304 };

_Static_assert(sizeof(struct image_header) == 128, "blocks begin at a multiple of 64");

bool vocab_image_is_one(struct tok_span file)
{
	return tok_span_starts(file, (struct tok_span){ magic, sizeof magic });
}

static uint64_t hash_header(const struct image_header *header)
{
	return XXH3_64bits(header, offsetof(struct image_header, header_checksum));
}

struct image_header image_header_for(struct tok_span block, struct vocab_hash source)
{
	struct image_header header = {
		.version = IMAGE_VERSION,
		.order = ORDER,
		.block_bytes = block.count,
		.block_checksum = XXH3_64bits(block.bytes, block.count),
		.source = source,
	};
	memcpy(header.magic, magic, sizeof magic);
	header.header_checksum = hash_header(&header);
	return header;
}

enum tok_status image_check_header(struct tok_span file, struct image_header *out,
				   struct tok_span *block, struct tok_error *err)
{
	struct image_header header;
	if (!vocab_image_is_one(file))
		return tok_fail(err, TOK_EFORMAT, "this is no compiled tokenizer");
	if (file.count < sizeof header)
		return tok_fail(err, TOK_EFORMAT, "the image ends inside its header");
	memcpy(&header, file.bytes, sizeof header);
	if (header.order != ORDER)
		return tok_fail(err, TOK_EFORMAT,
				"the image was written on a machine of another byte order: "
				"compile it here");
	if (header.version != IMAGE_VERSION)
		return tok_fail(err, TOK_EFORMAT,
				"the image is of version %u and this tok reads version %d: "
				"compile it anew",
				header.version, IMAGE_VERSION);
	if (header.header_checksum != hash_header(&header))
		return tok_fail(err, TOK_EFORMAT, "the image's header is damaged");
	if (header.block_bytes != file.count - sizeof header)
		return tok_fail(err, TOK_EFORMAT,
				"the image has %zu bytes behind its header, which says %llu",
				file.count - sizeof header, (unsigned long long)header.block_bytes);
	*block = tok_span_slice(file, sizeof header, file.count);
	*out = header;
	return TOK_OK;
}

enum tok_status image_check_block(const struct image_header *header, struct tok_span block,
				  struct tok_error *err)
{
	if (XXH3_64bits(block.bytes, block.count) != header->block_checksum)
		return tok_fail(err, TOK_EFORMAT, "the image is damaged: its checksum differs");
	return TOK_OK;
}
