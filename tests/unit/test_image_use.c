/* test_image_use.c - an image that lies in memory is used as it lies there, or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tok/base/image.h"
#include "tok/pipe/encoder.h"
#include "vocab/format/read.h"
#include "vocab/image/image.h"

static const char merges[] = "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},"
			     "\"merges\":[\"a b\"]}}";

/* As a program would have it: at a multiple of 64.  free() it. */
static uint8_t *make_image(size_t *size)
{
	char path[] = "/tmp/test_image_use.XXXXXX";
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct stat info;
	void *bytes = NULL;
	const int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(vocab_read_bytes(tok_span_of(merges), NULL, &spec, &err), TOK_OK);
	assert_int_equal(vocab_image_write(&spec, path, &err), TOK_OK);
	tok_spec_release(&spec);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &info), 0);
	*size = (size_t)info.st_size;
	assert_int_equal(posix_memalign(&bytes, TOK_IMAGE_ALIGN, *size), 0);
	assert_int_equal(fread(bytes, 1, *size, file), *size);
	fclose(file);
	unlink(path);
	return bytes;
}

static void it_encodes(void **state)
{
	size_t size;
	uint8_t *bytes = make_image(&size);
	struct tok_tokenizer *tokenizer;
	struct tok_error err = { 0 };
	const struct tok_encode_options options = { 0 };
	struct tok_encoding got;
	(void)state;
	assert_int_equal(vocab_image_use((struct tok_span){ bytes, size }, &tokenizer, &err),
			 TOK_OK);
	struct tok_encoder *encoder = tok_encoder_new(tokenizer);
	assert_non_null(encoder);
	assert_int_equal(tok_encode(encoder, tok_span_of("abba"), &options, &got, &err), TOK_OK);
	assert_int_equal(got.count, 3);
	assert_int_equal(got.ids[0], 2);
	assert_int_equal(got.ids[1], 1);
	assert_int_equal(got.ids[2], 0);
	tok_encoder_free(encoder);
	/* Whose memory it is, frees it: the tokenizer does not. */
	tok_tokenizer_free(tokenizer);
	free(bytes);
}

static void what_is_no_image_is_refused(void **state)
{
	static const size_t damaged[] = { 0, 8, 12, 16, 120 };
	size_t size;
	uint8_t *bytes = make_image(&size);
	struct tok_tokenizer *tokenizer;
	struct tok_error err = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
		bytes[damaged[i]] ^= 1;
		if (vocab_image_use((struct tok_span){ bytes, size }, &tokenizer, &err) !=
		    TOK_EFORMAT)
			fail_msg("byte %zu is not looked at", damaged[i]);
		bytes[damaged[i]] ^= 1;
	}
	for (size_t count = 0; count < size; count += 1 + count / 8)
		if (vocab_image_use((struct tok_span){ bytes, count }, &tokenizer, &err) !=
		    TOK_EFORMAT)
			fail_msg("%zu bytes of it are enough", count);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_encodes),
		cmocka_unit_test(what_is_no_image_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
