#include "vocab/train/words_file_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vocab/train/words_block_internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { VERSION = 1, HEAD_BYTES = 16, BLOCK_HEAD_BYTES = 16, TOTALS_BYTES = 32, STEP = 1 << 18 };

static const uint8_t magic[8] = { 't', 'o', 'k', 'w', 'o', 'r', 'd', 's' };

static void store(uint8_t *to, uint64_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t load(const uint8_t *from, size_t bytes)
{
	uint64_t number = 0;
	for (size_t i = 0; i < bytes; i++)
		number |= (uint64_t)from[i] << (8 * i);
	return number;
}

/* ---- writing -------------------------------------------------------------- */

static enum tok_status write_all(int fd, struct tok_span bytes, struct tok_error *err)
{
	while (bytes.count) {
		const ssize_t n = write(fd, bytes.bytes, bytes.count);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tok_fail(err, TOK_EIO, "cannot write words: %s", strerror(errno));
		bytes = tok_span_slice(bytes, (size_t)n, bytes.count);
	}
	return TOK_OK;
}

static enum tok_status write_head(int fd, struct tok_span recipe, struct tok_error *err)
{
	struct tok_buffer head = { 0 };
	uint8_t numbers[8], check[8];
	if (recipe.count > UINT32_MAX)
		return tok_fail(err, TOK_ELIMIT, "a recipe of %zu bytes is too long", recipe.count);
	store(numbers, VERSION, 4);
	store(numbers + 4, recipe.count, 4);
	bool fits = tok_buffer_add(&head, magic, sizeof magic) &&
		    tok_buffer_add(&head, numbers, sizeof numbers) &&
		    tok_buffer_add(&head, recipe.bytes, recipe.count);
	if (fits) {
		store(check, XXH3_64bits(head.bytes, head.count), sizeof check);
		fits = tok_buffer_add(&head, check, sizeof check);
	}
	const enum tok_status status =
	    fits ? write_all(fd, tok_buffer_span(&head), err) : tok_fail_memory(err);
	tok_buffer_release(&head);
	return status;
}

static enum tok_status write_block(int fd, uint32_t records, struct tok_span bytes,
				   struct tok_error *err)
{
	uint8_t head[BLOCK_HEAD_BYTES];
	store(head, records, 4);
	store(head + 4, bytes.count, 4);
	store(head + 8, XXH3_64bits(bytes.bytes, bytes.count), 8);
	const enum tok_status status = write_all(fd, (struct tok_span){ head, sizeof head }, err);
	return status == TOK_OK ? write_all(fd, bytes, err) : status;
}

static enum tok_status write_packed(int fd, struct words_packer *packer, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (packer->records)
		status = write_block(fd, packer->records, tok_buffer_span(&packer->bytes), err);
	words_packer_begin(packer);
	return status;
}

static enum tok_status write_word(int fd, struct words_packer *packer,
				  const struct vocab_word *word, struct tok_error *err)
{
	bool full;
	if (word->text.count > WORDS_LENGTH_MAX)
		return tok_fail(err, TOK_ELIMIT, "a word of %zu bytes is too long: at most %zu",
				word->text.count, WORDS_LENGTH_MAX);
	if (!words_packer_add(packer, word, &full))
		return tok_fail_memory(err);
	if (!full)
		return TOK_OK;
	const enum tok_status status = write_packed(fd, packer, err);
	if (status == TOK_OK && !words_packer_add(packer, word, &full))
		return tok_fail_memory(err);
	return status;
}

static enum tok_status write_totals(int fd, const struct vocab_word_totals *totals,
				    struct tok_error *err)
{
	uint8_t bytes[TOTALS_BYTES];
	store(bytes, totals->documents, 8);
	store(bytes + 8, totals->bytes, 8);
	store(bytes + 16, totals->words, 8);
	store(bytes + 24, totals->distinct, 8);
	return write_block(fd, 0, (struct tok_span){ bytes, sizeof bytes }, err);
}

enum tok_status vocab_words_write(struct vocab_word_stream *stream, int descriptor,
				  struct tok_error *err)
{
	struct words_packer packer = { 0 };
	struct vocab_word word = { 0 };
	enum tok_status status = write_head(descriptor, stream->recipe, err);
	while (status == TOK_OK) {
		status = vocab_words_next(stream, &word, err);
		if (status != TOK_OK || !word.text.bytes)
			break;
		status = write_word(descriptor, &packer, &word, err);
	}
	if (status == TOK_OK)
		status = write_packed(descriptor, &packer, err);
	if (status == TOK_OK)
		status = write_totals(descriptor, &stream->totals, err);
	words_packer_release(&packer);
	return status;
}

/* ---- reading -------------------------------------------------------------- */

struct vocab_words_file {
	struct vocab_word_stream stream; /* first: see read_next */
	int fd;
	bool stretch; /* of a file: [at, end) */
	uint64_t at, end;
	struct tok_buffer head, block;
	struct words_unpacker unpacker;
	uint64_t words, distinct; /* so far */
	bool ended;
};

/* Some bytes; *got is 0 at the end. */
static enum tok_status read_some(struct vocab_words_file *f, uint8_t *to, size_t most, size_t *got,
				 struct tok_error *err)
{
	ssize_t n;
	if (f->stretch && most > f->end - f->at)
		most = (size_t)(f->end - f->at);
	do
		n = f->stretch ? pread(f->fd, to, most, (off_t)f->at) : read(f->fd, to, most);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return tok_fail(err, TOK_EIO, "cannot read words: %s", strerror(errno));
	f->at += (uint64_t)n;
	*got = (size_t)n;
	return TOK_OK;
}

/* Add exactly `count` bytes to `to`; memory grows only with what is really there. */
static enum tok_status read_exactly(struct vocab_words_file *f, struct tok_buffer *to, size_t count,
				    struct tok_error *err)
{
	while (count) {
		size_t got = 0;
		const size_t step = count < STEP ? count : STEP;
		if (!tok_buffer_reserve(to, step))
			return tok_fail_memory(err);
		const enum tok_status status = read_some(f, to->bytes + to->count, step, &got, err);
		if (status != TOK_OK)
			return status;
		if (got == 0)
			return tok_fail(err, TOK_EFORMAT, "the words end early");
		to->count += got;
		count -= got;
	}
	return TOK_OK;
}

static enum tok_status refuse_kind(struct tok_error *err)
{
	return tok_fail(err, TOK_EFORMAT, "this is no file of words, as 'tok words' makes them");
}

static enum tok_status read_head(struct vocab_words_file *f, struct tok_error *err)
{
	struct tok_buffer *head = &f->head;
	enum tok_status status = read_exactly(f, head, HEAD_BYTES, err);
	if (status == TOK_EFORMAT ||
	    (status == TOK_OK && memcmp(head->bytes, magic, sizeof magic) != 0))
		return refuse_kind(err);
	if (status != TOK_OK)
		return status;
	const uint32_t version = (uint32_t)load(head->bytes + 8, 4);
	if (version != VERSION)
		return tok_fail(err, TOK_EFORMAT, "version %u of words, this build reads %d",
				version, VERSION);
	const size_t recipe = (size_t)load(head->bytes + 12, 4);
	status = read_exactly(f, head, recipe + 8, err);
	if (status != TOK_OK)
		return status;
	head->count -= 8;
	if (load(head->bytes + head->count, 8) != XXH3_64bits(head->bytes, head->count))
		return tok_fail(err, TOK_EFORMAT, "the recipe is damaged");
	f->stream.recipe = tok_span_slice(tok_buffer_span(head), HEAD_BYTES, head->count);
	return TOK_OK;
}

static enum tok_status read_block(struct vocab_words_file *f, uint32_t *records,
				  struct tok_error *err)
{
	uint8_t head[BLOCK_HEAD_BYTES];
	tok_buffer_clear(&f->block);
	enum tok_status status = read_exactly(f, &f->block, BLOCK_HEAD_BYTES, err);
	if (status != TOK_OK)
		return status;
	memcpy(head, f->block.bytes, sizeof head);
	tok_buffer_clear(&f->block);
	*records = (uint32_t)load(head, 4);
	status = read_exactly(f, &f->block, (size_t)load(head + 4, 4), err);
	if (status == TOK_OK && load(head + 8, 8) != XXH3_64bits(f->block.bytes, f->block.count))
		return tok_fail(err, TOK_EFORMAT, "a block of words is damaged");
	return status;
}

/* The block that ends the words is in f->block. */
static enum tok_status read_totals(struct vocab_words_file *f, struct tok_error *err)
{
	const uint8_t *bytes = f->block.bytes;
	uint8_t more;
	size_t got;
	if (f->block.count != TOTALS_BYTES)
		return tok_fail(err, TOK_EFORMAT, "the totals are damaged");
	f->stream.totals = (struct vocab_word_totals){
		.documents = load(bytes, 8),
		.bytes = load(bytes + 8, 8),
		.words = load(bytes + 16, 8),
		.distinct = load(bytes + 24, 8),
	};
	if (f->stream.totals.words != f->words || f->stream.totals.distinct != f->distinct)
		return tok_fail(err, TOK_EFORMAT, "the totals are not those of the words");
	const enum tok_status status = read_some(f, &more, 1, &got, err);
	if (status == TOK_OK && got)
		return tok_fail(err, TOK_EFORMAT, "something follows the end of the words");
	f->ended = true;
	return status;
}

static enum tok_status take_word(struct vocab_words_file *f, struct vocab_word *out,
				 struct tok_error *err)
{
	while (f->unpacker.records == 0 && !f->ended) {
		uint32_t records = 0;
		enum tok_status status = read_block(f, &records, err);
		if (status == TOK_OK && records == 0)
			status = read_totals(f, err);
		if (status != TOK_OK)
			return status;
		words_unpacker_begin(&f->unpacker, tok_buffer_span(&f->block), records);
	}
	*out = (struct vocab_word){ 0 };
	if (f->ended)
		return TOK_OK;
	const enum tok_status status = words_unpacker_next(&f->unpacker, out, err);
	if (status != TOK_OK)
		return status;
	if (out->count > UINT64_MAX - f->words)
		return tok_fail(err, TOK_ELIMIT, "there are more than 2^64 - 1 words");
	f->words += out->count;
	f->distinct++;
	return TOK_OK;
}

static enum tok_status in_file(const struct vocab_words_file *f, enum tok_status status,
			       struct tok_error *err)
{
	if (status == TOK_OK || !f->stream.name)
		return status;
	return tok_fail_in(err, status, "'%s'", f->stream.name);
}

static enum tok_status read_next(struct vocab_word_stream *self, struct vocab_word *out,
				 struct tok_error *err)
{
	struct vocab_words_file *f = (struct vocab_words_file *)self;
	return in_file(f, take_word(f, out, err), err);
}

static enum tok_status open_words(const struct vocab_words_file *from,
				  struct vocab_words_file **out, struct tok_error *err)
{
	struct vocab_words_file *f = malloc(sizeof *f);
	if (!f)
		return tok_fail_memory(err);
	*f = *from;
	f->stream.next = read_next;
	const enum tok_status status = read_head(f, err);
	if (status == TOK_OK)
		*out = f;
	else
		vocab_words_close(f);
	return status;
}

enum tok_status vocab_words_open(int descriptor, struct vocab_words_file **out,
				 struct tok_error *err)
{
	const struct vocab_words_file from = { .fd = descriptor };
	return open_words(&from, out, err);
}

enum tok_status words_open_stretch(int descriptor, uint64_t begin, uint64_t end,
				   struct vocab_words_file **out, struct tok_error *err)
{
	const struct vocab_words_file from = {
		.fd = descriptor, .stretch = true, .at = begin, .end = end
	};
	return open_words(&from, out, err);
}

struct vocab_word_stream *vocab_words_stream(struct vocab_words_file *file)
{
	return &file->stream;
}

void vocab_words_close(struct vocab_words_file *file)
{
	if (!file)
		return;
	tok_buffer_release(&file->head);
	tok_buffer_release(&file->block);
	words_unpacker_release(&file->unpacker);
	free(file);
}
