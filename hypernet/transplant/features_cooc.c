/*
 * features_cooc.c - which tokens stand near each other in a text.
 *
 * Rows and columns are spellings, so that a token that both vocabularies have is one of them, and
 * ties the others of both into one space.  Counts are whole numbers, window's least common multiple
 * over the distance each; no hash table: a row goes through the places of its spelling.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "hypernet/transplant/each_internal.h"
#include "hypernet/transplant/features.h"
#include "hypernet/transplant/features_internal.h"
#include "tok/base/buffer.h"
#include "tok/pipe/batch.h"

enum {
	WIDEST_WINDOW = 10,
	AT_ONCE = 16 << 20 /* bytes of text that are encoded together */
};

static const uint32_t no_word = UINT32_MAX; /* between documents, and of what has no row */

/* Spellings of a text, one behind the other, documents parted by no_word. */
struct stream {
	uint32_t *words;
	size_t count, room;
};

struct cooc {
	const struct hyper_spellings *spellings;
	const struct hyper_cooc_options *options;
	struct stream stream;
	uint64_t *times; /* of each spelling: in the half that has it more often */
	/* Those that have a row, numbered anew. */
	uint32_t *rows;   /* of a spelling; no_word: none */
	uint32_t *kept;   /* spelling of a row */
	uint64_t *begins; /* of a row's places; one more than there are rows */
	uint32_t *places; /* in the stream */
	uint64_t *sums;   /* of a row's counts */
	uint64_t total;
	uint64_t shares[WIDEST_WINDOW + 1]; /* what a neighbour at a distance counts */
	struct hyper_sparse matrix;
	/* Of each thread, a row's length each. */
	uint64_t **counts;
	uint32_t **touched;
	size_t threads;
	_Atomic uint64_t taken; /* bytes */
};

static void cooc_release(struct cooc *c)
{
	free(c->stream.words);
	free(c->times);
	free(c->rows);
	free(c->kept);
	free(c->begins);
	free(c->places);
	free(c->sums);
	for (size_t t = 0; t < c->threads; t++) {
		if (c->counts)
			free(c->counts[t]);
		if (c->touched)
			free(c->touched[t]);
	}
	free(c->counts);
	free(c->touched);
	hyper_sparse_release(&c->matrix);
}

static enum tok_status take_memory(struct cooc *c, uint64_t bytes, struct tok_error *err)
{
	const uint64_t taken = atomic_fetch_add(&c->taken, bytes) + bytes;
	if (c->options->memory && taken > c->options->memory)
		return tok_fail(err, TOK_ELIMIT,
				"counting which tokens are neighbours needs more than the %zu "
				"bytes it may take: less text or more memory",
				c->options->memory);
	return TOK_OK;
}

/* ---- texts to spellings ----------------------------------------------------------- */

static enum tok_status stream_room(struct cooc *c, size_t more, struct tok_error *err)
{
	struct stream *s = &c->stream;
	if (s->count + more > UINT32_MAX)
		return tok_fail(err, TOK_ELIMIT, "a text of more than %u tokens cannot be counted",
				UINT32_MAX);
	if (s->count + more <= s->room)
		return TOK_OK;
	const size_t room = (s->count + more) + (s->count + more) / 2;
	const enum tok_status status = take_memory(c, (room - s->room) * sizeof *s->words, err);
	uint32_t *words = status == TOK_OK ? realloc(s->words, room * sizeof *words) : NULL;
	if (status != TOK_OK)
		return status;
	if (!words)
		return tok_fail_memory(err);
	s->words = words;
	s->room = room;
	return TOK_OK;
}

static enum tok_status add_ids(struct cooc *c, const struct tok_batch_ids *ids, size_t vocab_count,
			       const uint32_t *places, uint64_t *times, struct tok_error *err)
{
	struct stream *s = &c->stream;
	const enum tok_status status =
	    stream_room(c, ids->offsets[ids->count] + ids->count + 1, err);
	if (status != TOK_OK)
		return status;
	for (size_t t = 0; t < ids->count; t++) {
		s->words[s->count++] = no_word;
		for (size_t i = ids->offsets[t]; i < ids->offsets[t + 1]; i++) {
			const uint32_t word =
			    ids->ids[i] < vocab_count ? places[ids->ids[i]] : no_word;
			s->words[s->count++] = word;
			if (word != no_word)
				times[word]++;
		}
	}
	s->words[s->count] = no_word; /* behind the last one */
	return TOK_OK;
}

static enum tok_status read_texts(struct cooc *c, const struct hyper_vocab *vocab,
				  const uint32_t *places, const struct tok_span *texts,
				  size_t count, struct tok_error *err)
{
	const struct tok_encode_options plain = { 0 };
	uint64_t *times = calloc(c->spellings->count + 1, sizeof *times);
	struct tok_batch *batch = tok_batch_new(vocab->tokenizer, c->threads);
	enum tok_status status = batch && times ? TOK_OK : tok_fail_memory(err);
	for (size_t begin = 0; begin < count && status == TOK_OK;) {
		size_t end = begin, bytes = 0;
		while (end < count && (end == begin || bytes + texts[end].count <= AT_ONCE))
			bytes += texts[end++].count;
		struct tok_batch_ids ids;
		status = tok_batch_encode(batch, texts + begin, end - begin, &plain, &ids, err);
		if (status == TOK_OK)
			status = add_ids(c, &ids, vocab->count, places, times, err);
		begin = end;
	}
	for (size_t w = 0; w < c->spellings->count && status == TOK_OK; w++)
		if (times[w] > c->times[w])
			c->times[w] = times[w];
	tok_batch_free(batch);
	free(times);
	return status;
}

/* ---- rows ------------------------------------------------------------------------- */

/* Which spellings have a row; the stream then holds rows. */
static enum tok_status choose_rows(struct cooc *c, struct tok_error *err)
{
	const size_t spellings = c->spellings->count;
	c->rows = malloc((spellings + 1) * sizeof *c->rows);
	c->kept = malloc((spellings + 1) * sizeof *c->kept);
	if (!c->rows || !c->kept)
		return tok_fail_memory(err);
	for (size_t w = 0; w < spellings; w++) {
		c->rows[w] = no_word;
		if (c->times[w] && c->times[w] >= c->options->minimum) {
			c->rows[w] = (uint32_t)c->matrix.count;
			c->kept[c->matrix.count++] = (uint32_t)w;
		}
	}
	for (size_t i = 0; i < c->stream.count; i++)
		if (c->stream.words[i] != no_word && c->rows[c->stream.words[i]] != no_word)
			c->stream.words[i] = c->rows[c->stream.words[i]];
		else if (c->stream.words[i] != no_word)
			c->stream.words[i] = no_word - 1; /* a place, but nobody's */
	return TOK_OK;
}

/* The places of each row, in order. */
static enum tok_status find_places(struct cooc *c, struct tok_error *err)
{
	const size_t rows = c->matrix.count;
	const enum tok_status status = take_memory(c, c->stream.count * sizeof *c->places, err);
	if (status != TOK_OK)
		return status;
	c->begins = calloc(rows + 2, sizeof *c->begins);
	c->sums = calloc(rows + 1, sizeof *c->sums);
	c->places = malloc((c->stream.count + 1) * sizeof *c->places);
	if (!c->begins || !c->sums || !c->places)
		return tok_fail_memory(err);
	for (size_t i = 0; i < c->stream.count; i++)
		if (c->stream.words[i] < rows)
			c->begins[c->stream.words[i] + 2]++;
	for (size_t r = 0; r < rows; r++)
		c->begins[r + 2] += c->begins[r + 1];
	for (size_t i = 0; i < c->stream.count; i++)
		if (c->stream.words[i] < rows)
			c->places[c->begins[c->stream.words[i] + 1]++] = (uint32_t)i;
	return TOK_OK;
}

/* What stands near one place, on one side: rows, and what each counts. */
static size_t look(const struct cooc *c, size_t at, int step, uint32_t *rows, uint64_t *shares)
{
	size_t count = 0;
	for (size_t d = 1; d <= c->options->window; d++) {
		at = step > 0 ? at + 1 : at - 1;
		const uint32_t row = c->stream.words[at];
		if (row == no_word)
			break;
		if (row < c->matrix.count) {
			rows[count] = row;
			shares[count++] = c->shares[d];
		}
	}
	return count;
}

static size_t look_around(const struct cooc *c, size_t at, uint32_t *rows, uint64_t *shares)
{
	const size_t before = look(c, at, -1, rows, shares);
	return before + look(c, at, 1, rows + before, shares + before);
}

static enum tok_status sum_some(void *shared, size_t block, size_t thread, struct tok_error *err)
{
	struct cooc *c = shared;
	uint32_t rows[2 * WIDEST_WINDOW];
	uint64_t shares[2 * WIDEST_WINDOW];
	(void)thread;
	(void)err;
	for (size_t r = block * HYPER_SPARSE_ROWS;
	     r < c->matrix.count && r < (block + 1) * HYPER_SPARSE_ROWS; r++)
		for (uint64_t i = c->begins[r]; i < c->begins[r + 1]; i++) {
			const size_t found = look_around(c, c->places[i], rows, shares);
			for (size_t j = 0; j < found; j++)
				c->sums[r] += shares[j];
		}
	return TOK_OK;
}

/* The counts of row r, by columns that were met, in the order that they were met in. */
static size_t count_row(const struct cooc *c, size_t r, uint64_t *counts, uint32_t *touched)
{
	uint32_t rows[2 * WIDEST_WINDOW];
	uint64_t shares[2 * WIDEST_WINDOW];
	size_t met = 0;
	for (uint64_t i = c->begins[r]; i < c->begins[r + 1]; i++) {
		const size_t found = look_around(c, c->places[i], rows, shares);
		for (size_t j = 0; j < found; j++) {
			if (counts[rows[j]] == 0)
				touched[met++] = rows[j];
			counts[rows[j]] += shares[j];
		}
	}
	return met;
}

/* One block of the matrix being made. */
struct growing {
	struct hyper_sparse_block *block;
	size_t count, room;
};

static enum tok_status grow(struct cooc *c, struct growing *g, size_t more, struct tok_error *err)
{
	if (g->count + more <= g->room)
		return TOK_OK;
	const size_t room = g->count + more + g->count / 2;
	const enum tok_status status = take_memory(
	    c, (room - g->room) * (sizeof *g->block->columns + sizeof *g->block->values), err);
	if (status != TOK_OK)
		return status;
	uint32_t *columns = realloc(g->block->columns, room * sizeof *columns);
	if (columns)
		g->block->columns = columns;
	float *values = realloc(g->block->values, room * sizeof *values);
	if (values)
		g->block->values = values;
	if (!columns || !values)
		return tok_fail_memory(err);
	g->room = room;
	return TOK_OK;
}

/* log(count total / (sum of the row, sum of the column)), where that is positive. */
static void put_row(struct cooc *c, size_t r, uint64_t *counts, const uint32_t *touched, size_t met,
		    struct growing *g)
{
	for (size_t i = 0; i < met; i++) {
		const uint32_t u = touched[i];
		const double pmi = log((double)counts[u] * (double)c->total /
				       ((double)c->sums[r] * (double)c->sums[u]));
		counts[u] = 0;
		if (pmi > 0) {
			g->block->columns[g->count] = u;
			g->block->values[g->count++] = (float)pmi;
		}
	}
}

static enum tok_status fill_some(void *shared, size_t block, size_t thread, struct tok_error *err)
{
	struct cooc *c = shared;
	const size_t first = block * HYPER_SPARSE_ROWS;
	struct growing g = { .block = &c->matrix.blocks[block] };
	enum tok_status status = TOK_OK;
	g.block->ends = calloc(HYPER_SPARSE_ROWS, sizeof *g.block->ends);
	if (!g.block->ends)
		return tok_fail_memory(err);
	for (size_t r = first; r < c->matrix.count && r < first + HYPER_SPARSE_ROWS; r++) {
		const size_t met = count_row(c, r, c->counts[thread], c->touched[thread]);
		if ((status = grow(c, &g, met, err)) != TOK_OK)
			return status;
		put_row(c, r, c->counts[thread], c->touched[thread], met, &g);
		g.block->ends[r - first] = g.count;
	}
	return status;
}

static enum tok_status fill_matrix(struct cooc *c, struct tok_error *err)
{
	const size_t rows = c->matrix.count;
	const size_t blocks = (rows + HYPER_SPARSE_ROWS - 1) / HYPER_SPARSE_ROWS;
	c->counts = calloc(c->threads, sizeof *c->counts);
	c->touched = calloc(c->threads, sizeof *c->touched);
	c->matrix.blocks = calloc(blocks + 1, sizeof *c->matrix.blocks);
	if (!c->counts || !c->touched || !c->matrix.blocks)
		return tok_fail_memory(err);
	for (size_t t = 0; t < c->threads; t++) {
		c->counts[t] = calloc(rows + 1, sizeof **c->counts);
		c->touched[t] = malloc((rows + 1) * sizeof **c->touched);
		if (!c->counts[t] || !c->touched[t])
			return tok_fail_memory(err);
	}
	enum tok_status status = hyper_each(c->threads, blocks, sum_some, c, err);
	for (size_t r = 0; r < rows; r++)
		c->total += c->sums[r];
	if (status == TOK_OK)
		status = hyper_each(c->threads, blocks, fill_some, c, err);
	return status;
}

/* ---- all of it -------------------------------------------------------------------- */

static uint64_t common_multiple(size_t window)
{
	uint64_t all = 1;
	for (uint64_t d = 2; d <= window; d++) {
		uint64_t a = all, b = d;
		while (b) {
			const uint64_t rest = a % b;
			a = b;
			b = rest;
		}
		all = all / a * d;
	}
	return all;
}

static enum tok_status count_neighbours(struct cooc *c, const struct hyper_vocab *source,
					const struct hyper_vocab *target,
					const struct tok_span *texts, size_t count,
					struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	const uint64_t whole = common_multiple(c->options->window);
	for (size_t d = 1; d <= c->options->window; d++)
		c->shares[d] = whole / d;
	c->times = calloc(c->spellings->count + 1, sizeof *c->times);
	if (!c->times)
		return tok_fail_memory(err);
	status = read_texts(c, source, c->spellings->places, texts, count, err);
	if (status == TOK_OK)
		status =
		    read_texts(c, target, c->spellings->places + source->count, texts, count, err);
	if (status == TOK_OK)
		status = choose_rows(c, err);
	if (status == TOK_OK)
		status = find_places(c, err);
	if (status == TOK_OK)
		status = fill_matrix(c, err);
	return status;
}

static void put_features(const struct cooc *c, const float *rows, struct hyper_features *out)
{
	for (size_t r = 0; r < c->matrix.count; r++)
		memcpy(hyper_features_of(out, c->spellings, c->kept[r]), rows + r * out->width,
		       out->width * sizeof *rows);
	hyper_features_spread(out, c->spellings);
}

enum tok_status hyper_features_cooc(const struct hyper_vocab *source,
				    const struct hyper_vocab *target, const struct tok_span *texts,
				    size_t count, const struct hyper_cooc_options *options,
				    const struct hyper_kernel *kernel, size_t threads,
				    struct hyper_features *out, struct tok_error *err)
{
	if (options->window == 0 || options->window > WIDEST_WINDOW)
		return tok_fail(err, TOK_EARG, "a window is 1 to %d tokens wide, not %zu",
				WIDEST_WINDOW, options->window);
	struct hyper_spellings spellings = { 0 };
	struct hyper_features made = { 0 };
	struct cooc cooc = { .spellings = &spellings, .options = options, .threads = threads };
	float *rows = NULL;
	enum tok_status status = hyper_spellings_new(source, target, &spellings, err);
	if (status == TOK_OK)
		status = hyper_features_new(source, target, options->width, &made, err);
	if (status == TOK_OK)
		status = count_neighbours(&cooc, source, target, texts, count, err);
	if (status == TOK_OK && cooc.matrix.count) {
		rows = malloc(cooc.matrix.count * options->width * sizeof *rows);
		status = rows ? hyper_sparse_directions(&cooc.matrix, options->width, options->seed,
							kernel, threads, rows, err)
			      : tok_fail_memory(err);
	}
	if (status == TOK_OK) {
		put_features(&cooc, rows, &made);
		status = hyper_features_finish(source, target, threads, &made, err);
	}
	free(rows);
	cooc_release(&cooc);
	hyper_spellings_release(&spellings);
	if (status == TOK_OK)
		*out = made;
	else
		hyper_features_release(&made);
	return status;
}
