/*
 * fuzz_words.c - the reader of counted words on arbitrary bytes.
 *
 * What it accepts is written again, which must be accepted and written as it is: words
 * have one form, but for where a hostile file ends its blocks.  Checksums keep a fuzzer
 * out, so the same bytes are tried with checksums that are mended.
 */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vocab/train/words_file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { HEAD = 16, CHECK = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t load(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void store_check(uint8_t *at, const uint8_t *bytes, size_t count)
{
	const uint64_t check = XXH3_64bits(bytes, count);
	for (int i = 0; i < CHECK; i++)
		at[i] = (uint8_t)(check >> 8 * i);
}

static void mend_checksums(uint8_t *bytes, size_t size)
{
	if (size < HEAD || load(bytes + 12) > size - HEAD || size - HEAD - load(bytes + 12) < CHECK)
		return;
	size_t at = HEAD + load(bytes + 12);
	store_check(bytes + at, bytes, at);
	for (at += CHECK; size - at >= HEAD && load(bytes + at + 4) <= size - at - HEAD;
	     at += HEAD + load(bytes + at + 4))
		store_check(bytes + at + 8, bytes + at + HEAD, load(bytes + at + 4));
}

/* What is read, written again; NULL where it is refused.  Free it. */
static uint8_t *rewrite(const uint8_t *bytes, size_t size, size_t *again)
{
	struct vocab_words_file *file = NULL;
	struct tok_error err = { 0 };
	uint8_t *result = NULL;
	const int in = memfd_create("in", 0), out = memfd_create("out", 0);
	assert(in >= 0 && out >= 0 && write(in, bytes, size) == (ssize_t)size);
	assert(lseek(in, 0, SEEK_SET) == 0);
	enum tok_status status = vocab_words_open(in, &file, &err);
	if (status == TOK_OK)
		status = vocab_words_write(vocab_words_stream(file), out, &err);
	assert(status == TOK_OK || err.message[0]);
	if (status == TOK_OK) {
		*again = (size_t)lseek(out, 0, SEEK_END);
		result = malloc(*again);
		assert(result && pread(out, result, *again, 0) == (ssize_t)*again);
	}
	vocab_words_close(file);
	close(in);
	close(out);
	return result;
}

static void check(const uint8_t *bytes, size_t size)
{
	size_t first_size, second_size;
	uint8_t *first = rewrite(bytes, size, &first_size);
	if (!first)
		return;
	uint8_t *second = rewrite(first, first_size, &second_size);
	assert(second && second_size == first_size && memcmp(first, second, first_size) == 0);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *mended = malloc(size ? size : 1);
	assert(mended);
	if (size)
		memcpy(mended, data, size);
	check(data, size);
	mend_checksums(mended, size);
	check(mended, size);
	free(mended);
	return 0;
}
