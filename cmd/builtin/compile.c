/* compile.c - while tok is built: VOCABULARY NAME IMAGE, the image that cli_builtin.c lays into
 * the program. */
#include <stdio.h>

#include "vocab/format/read.h"
#include "vocab/image/image.h"

int main(int argc, char **argv)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (argc != 4)
		return 2;
	enum tok_status status = vocab_read_path(argv[1], NULL, &spec, &err);
	if (status == TOK_OK) {
		spec.format = tok_span_of(argv[2]);
		status = vocab_image_write(&spec, argv[3], &err);
	}
	tok_spec_release(&spec);
	if (status != TOK_OK)
		fprintf(stderr, "%s: %s\n", argv[1], err.message);
	return status == TOK_OK ? 0 : 2;
}
