/* compile.c - while tok is built: VOCABULARY NAME IMAGE PACKED, the image that cli_builtin.c
 * lays into the program, and the file itself, as Zstandard has it. */
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#include "vocab/format/read.h"
#include "vocab/image/image.h"

enum { LEVEL = 19 };

static bool pack(const char *path, const char *packed)
{
	struct vocab_source source;
	struct tok_error err = { 0 };
	if (vocab_source_open(path, &source, &err) != TOK_OK)
		return false;
	const struct tok_span file = source.files[0];
	const size_t room = ZSTD_compressBound(file.count);
	void *bytes = malloc(room);
	FILE *to = fopen(packed, "wb");
	bool well = bytes && to;
	if (well) {
		const size_t count = ZSTD_compress(bytes, room, file.bytes, file.count, LEVEL);
		well = !ZSTD_isError(count) && fwrite(bytes, 1, count, to) == count;
	}
	well = (!to || fclose(to) == 0) && well;
	free(bytes);
	vocab_source_close(&source);
	return well;
}

int main(int argc, char **argv)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (argc != 5)
		return 2;
	enum tok_status status = vocab_read_path(argv[1], NULL, &spec, &err);
	if (status == TOK_OK) {
		spec.format = tok_span_of(argv[2]);
		status = vocab_image_write(&spec, argv[3], &err);
	}
	tok_spec_release(&spec);
	if (status != TOK_OK)
		fprintf(stderr, "%s: %s\n", argv[1], err.message);
	return status == TOK_OK && pack(argv[1], argv[4]) ? 0 : 2;
}
