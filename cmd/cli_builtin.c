#include "cmd/cli_builtin.h"

#include <stdlib.h>
#include <zstd.h>

#include "vocab/format/read.h"
#include "vocab/image/image.h"

/* What cmd/builtin/compile.c has made, the image in a page of its own.  A compiler would take
 * minutes for an array of so many bytes. */
__asm__(".pushsection .rodata\n"
	".balign 4096\n"
	"builtin_image:\n"
	".incbin \"" TOK_BUILTIN_IMAGE "\"\n"
	"builtin_image_end:\n"
	"builtin_packed:\n"
	".incbin \"" TOK_BUILTIN_PACKED "\"\n"
	"builtin_packed_end:\n"
	".byte 0\n"
	".popsection\n");
extern const uint8_t builtin_image[], builtin_image_end[];
extern const uint8_t builtin_packed[], builtin_packed_end[];

enum tok_status cli_builtin_open(struct tok_tokenizer **out, struct tok_error *err)
{
	const struct tok_span image = { builtin_image,
					(size_t)(builtin_image_end - builtin_image) };
	const enum tok_status status = vocab_image_use(image, out, err);
	return status == TOK_OK ? status : tok_fail_in(err, status, "the built-in vocabulary");
}

enum tok_status cli_builtin_read(struct tok_spec *out, struct tok_error *err)
{
	const size_t packed = (size_t)(builtin_packed_end - builtin_packed);
	const unsigned long long room = ZSTD_getFrameContentSize(builtin_packed, packed);
	uint8_t *bytes = malloc((size_t)room);
	if (!bytes)
		return tok_fail_memory(err);
	const size_t count = ZSTD_decompress(bytes, (size_t)room, builtin_packed, packed);
	enum tok_status status =
	    ZSTD_isError(count)
		? tok_fail(err, TOK_EFORMAT, "%s", ZSTD_getErrorName(count))
		: vocab_read_bytes((struct tok_span){ bytes, count }, NULL, out, err);
	free(bytes);
	return status == TOK_OK ? status : tok_fail_in(err, status, "the built-in vocabulary");
}
