/*
 * words_count.c - a table a counter, and runs of what did not fit.
 *
 * Runs lie one behind the other in a file of their level.  When a level has FAN_IN of
 * them they are merged into one of the next level, and its file is emptied: however
 * long a count goes on, few descriptors are open and few runs are left to be merged.
 */
#include "vocab/train/words_count.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "tok/base/buffer.h"
#include "vocab/train/spill.h"
#include "vocab/train/words_file_internal.h"
#include "vocab/train/words_merge.h"
#include "vocab/train/words_table_internal.h"

enum { FAN_IN = 32, LEVELS = 8 };

/* Below this a table is not worth a run. */
#define LEAST_BYTES ((size_t)1 << 20)

struct level {
	int fd; /* -1: no file yet */
	size_t runs;
	uint64_t ends[FAN_IN]; /* in the file */
};

struct vocab_counter {
	struct words_table table;
	struct vocab_word_totals totals; /* documents and bytes */
	size_t memory_bytes;
	const char *folder;
	struct level levels[LEVELS];
};

enum tok_status vocab_counter_new(const struct vocab_counter_options *options,
				  struct vocab_counter **out, struct tok_error *err)
{
	struct vocab_counter *c = calloc(1, sizeof *c);
	if (!c)
		return tok_fail_memory(err);
	c->folder = options->spill_folder;
	c->memory_bytes = options->memory_bytes;
	if (c->memory_bytes && c->memory_bytes < LEAST_BYTES)
		c->memory_bytes = LEAST_BYTES;
	for (size_t i = 0; i < LEVELS; i++)
		c->levels[i].fd = -1;
	*out = c;
	return TOK_OK;
}

void vocab_counter_free(struct vocab_counter *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < LEVELS; i++)
		if (c->levels[i].fd >= 0)
			close(c->levels[i].fd);
	words_table_release(&c->table);
	free(c);
}

/* ---- runs as streams ------------------------------------------------------ */

/* Streams, and the files behind some of them. */
struct sources {
	struct vocab_word_stream **streams;
	struct vocab_words_file **files; /* as many; NULL where there is none */
	size_t count, stream_capacity, file_capacity;
};

static bool add_source(struct sources *s, struct vocab_word_stream *stream,
		       struct vocab_words_file *file)
{
	if (!tok_grow(&s->streams, &s->stream_capacity, s->count + 1, sizeof(*s->streams)) ||
	    !tok_grow(&s->files, &s->file_capacity, s->count + 1, sizeof(*s->files)))
		return false;
	s->streams[s->count] = stream;
	s->files[s->count++] = file;
	return true;
}

static void release_sources(struct sources *s)
{
	for (size_t i = 0; i < s->count; i++)
		vocab_words_close(s->files[i]);
	free((void *)s->streams);
	free((void *)s->files);
	*s = (struct sources){ 0 };
}

static enum tok_status add_runs(struct sources *sources, const struct level *level,
				struct tok_span recipe, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < level->runs && status == TOK_OK; i++) {
		struct vocab_words_file *file = NULL;
		status = words_open_stretch(level->fd, i ? level->ends[i - 1] : 0, level->ends[i],
					    &file, err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "temporary file");
		vocab_words_stream(file)->recipe = recipe;
		if (!add_source(sources, vocab_words_stream(file), file)) {
			vocab_words_close(file);
			return tok_fail_memory(err);
		}
	}
	return status;
}

/* ---- from memory to runs -------------------------------------------------- */

static enum tok_status write_run(struct vocab_counter *c, struct level *level,
				 struct vocab_word_stream *stream, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (level->fd < 0)
		status = vocab_spill_open(c->folder, &level->fd, err);
	if (status == TOK_OK) {
		status = vocab_words_write(stream, level->fd, err);
		if (status == TOK_EIO)
			tok_fail_in(err, status, "temporary file in '%s'", c->folder);
	}
	if (status != TOK_OK)
		return status;
	level->ends[level->runs++] = (uint64_t)lseek(level->fd, 0, SEEK_CUR);
	return TOK_OK;
}

static enum tok_status empty_level(struct level *level, struct tok_error *err)
{
	level->runs = 0;
	if (ftruncate(level->fd, 0) == 0 && lseek(level->fd, 0, SEEK_SET) == 0)
		return TOK_OK;
	return tok_fail(err, TOK_EIO, "cannot empty a temporary file: %s", strerror(errno));
}

/* All runs of a level as one of the next. */
static enum tok_status merge_level(struct vocab_counter *c, size_t at, struct tok_error *err)
{
	struct sources sources = { 0 };
	struct vocab_words_merge *merge = NULL;
	enum tok_status status = add_runs(&sources, &c->levels[at], (struct tok_span){ 0 }, err);
	if (status == TOK_OK)
		status = vocab_words_merge_new(sources.streams, sources.count, &merge, err);
	if (status == TOK_OK)
		status = write_run(c, &c->levels[at + 1], vocab_words_merge_stream(merge), err);
	if (status == TOK_OK)
		status = empty_level(&c->levels[at], err);
	vocab_words_merge_free(merge);
	release_sources(&sources);
	return status;
}

static enum tok_status spill(struct vocab_counter *c, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = LEVELS - 1; i-- > 0 && status == TOK_OK;)
		if (c->levels[i].runs == FAN_IN)
			status = merge_level(c, i, err);
	if (status == TOK_OK)
		status = words_table_sort(&c->table, err);
	if (status == TOK_OK)
		status = write_run(c, &c->levels[0], words_table_stream(&c->table), err);
	words_table_clear(&c->table);
	return status;
}

/* ---- counting ------------------------------------------------------------- */

static size_t long_bytes(const struct tok_range *words, size_t count)
{
	size_t sum = 0;
	for (size_t i = 0; i < count; i++)
		if (words[i].end - words[i].begin > WORDS_SHORT_MAX)
			sum += words[i].end - words[i].begin;
	return sum;
}

static bool is_over(const struct vocab_counter *c, const struct tok_range *words, size_t count)
{
	return c->memory_bytes && c->table.short_count + c->table.long_count > 0 &&
	       words_table_bytes_for(&c->table, count, long_bytes(words, count)) > c->memory_bytes;
}

enum tok_status vocab_counter_add(struct vocab_counter *c, struct tok_span text,
				  const struct tok_range *words, size_t count,
				  struct tok_error *err)
{
	while (count) {
		const size_t some = count < WORDS_BATCH ? count : WORDS_BATCH;
		enum tok_status status = TOK_OK;
		if (is_over(c, words, some))
			status = spill(c, err);
		if (status != TOK_OK)
			return status;
		if (!words_table_reserve(&c->table, some) ||
		    !words_table_add(&c->table, text, words, some))
			return tok_fail_memory(err);
		words += some;
		count -= some;
	}
	return TOK_OK;
}

enum tok_status vocab_counter_add_count(struct vocab_counter *c, struct tok_span word,
					uint64_t times, struct tok_error *err)
{
	if (word.count > UINT32_MAX)
		return tok_fail(err, TOK_ELIMIT, "a word of %zu bytes is too long", word.count);
	const struct tok_range all = { 0, (uint32_t)word.count };
	if (is_over(c, &all, 1)) {
		const enum tok_status status = spill(c, err);
		if (status != TOK_OK)
			return status;
	}
	if (!words_table_reserve(&c->table, 1))
		return tok_fail_memory(err);
	return words_table_add_count(&c->table, word, times, err);
}

size_t vocab_counter_size(struct vocab_counter *c)
{
	return words_table_size(&c->table);
}

void vocab_counter_add_text(struct vocab_counter *c, uint64_t documents, uint64_t bytes)
{
	c->totals.documents += documents;
	c->totals.bytes += bytes;
}

enum tok_status vocab_counter_seal(struct vocab_counter *c, struct tok_error *err)
{
	return words_table_sort(&c->table, err);
}

/* ---- the result ----------------------------------------------------------- */

struct vocab_counted {
	struct sources sources;
	struct vocab_words_merge *merge;
};

static enum tok_status add_counter(struct sources *sources, struct vocab_counter *c,
				   struct tok_span recipe, struct tok_error *err)
{
	enum tok_status status = vocab_counter_seal(c, err);
	struct vocab_word_stream *stream = words_table_stream(&c->table);
	c->table.read_once = true;
	if (status != TOK_OK)
		return status;
	stream->recipe = recipe;
	stream->totals.documents = c->totals.documents;
	stream->totals.bytes = c->totals.bytes;
	if (!add_source(sources, stream, NULL))
		return tok_fail_memory(err);
	for (size_t i = 0; i < LEVELS && status == TOK_OK; i++)
		status = add_runs(sources, &c->levels[i], recipe, err);
	return status;
}

enum tok_status vocab_counted_new(struct vocab_counter *const *counters, size_t count,
				  struct tok_span recipe, struct vocab_counted **out,
				  struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	struct vocab_counted *counted = calloc(1, sizeof *counted);
	if (!counted)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = add_counter(&counted->sources, counters[i], recipe, err);
	if (status == TOK_OK)
		status = vocab_words_merge_new(counted->sources.streams, counted->sources.count,
					       &counted->merge, err);
	if (status == TOK_OK)
		*out = counted;
	else
		vocab_counted_free(counted);
	return status;
}

struct vocab_word_stream *vocab_counted_stream(struct vocab_counted *counted)
{
	return vocab_words_merge_stream(counted->merge);
}

void vocab_counted_free(struct vocab_counted *counted)
{
	if (!counted)
		return;
	vocab_words_merge_free(counted->merge);
	release_sources(&counted->sources);
	free(counted);
}
