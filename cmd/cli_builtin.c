#include "cmd/cli_builtin.h"

#include "vocab/image/image.h"

/* The image that cmd/builtin/compile.c has made, in a page of its own.  A compiler would take
 * minutes for an array of so many bytes. */
__asm__(".pushsection .rodata\n"
	".balign 4096\n"
	"builtin_image:\n"
	".incbin \"" TOK_BUILTIN_IMAGE "\"\n"
	"builtin_image_end:\n"
	".byte 0\n"
	".popsection\n");
extern const uint8_t builtin_image[], builtin_image_end[];

enum tok_status cli_builtin_open(struct tok_tokenizer **out, struct tok_error *err)
{
	const struct tok_span image = { builtin_image,
					(size_t)(builtin_image_end - builtin_image) };
	const enum tok_status status = vocab_image_use(image, out, err);
	return status == TOK_OK ? status : tok_fail_in(err, status, "the built-in vocabulary");
}
