/*
 * words_merge.c - a heap of streams by their current words.
 *
 * The stream whose word was handed out last is outside of the heap until the next
 * call: only then it may go on, as the word is its own.
 */
#include "vocab/train/words_merge.h"

#include <stdlib.h>

#include "vocab/train/words_block_internal.h"

struct source {
	struct vocab_word_stream *stream;
	struct vocab_word word; /* its current one */
	uint64_t key;           /* the first bytes of it, as a number that sorts alike */
};

struct vocab_words_merge {
	struct vocab_word_stream stream; /* first: see merge_next */
	struct source *heap;             /* the least word is at 0 */
	size_t count;
	struct source held; /* whose word was handed out; .stream NULL: none */
	uint64_t words, distinct;
	struct vocab_word_stream **streams; /* all of them, for their totals */
	size_t stream_count;
	bool ended;
};

static uint64_t make_key(struct tok_span text)
{
	uint64_t key = 0;
	for (size_t i = 0; i < sizeof key; i++)
		key = key << 8 | (i < text.count ? text.bytes[i] : 0);
	return key;
}

static int compare(const struct source *a, const struct source *b)
{
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return words_compare(a->word.text, b->word.text);
}

static void sift_down(struct vocab_words_merge *m, size_t at)
{
	const struct source moved = m->heap[at];
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= m->count)
			break;
		if (child + 1 < m->count && compare(&m->heap[child + 1], &m->heap[child]) < 0)
			child++;
		if (compare(&moved, &m->heap[child]) <= 0)
			break;
		m->heap[at] = m->heap[child];
		at = child;
	}
	m->heap[at] = moved;
}

static void sift_up(struct vocab_words_merge *m, size_t at)
{
	const struct source moved = m->heap[at];
	for (; at > 0; at = (at - 1) / 2) {
		const struct source *parent = &m->heap[(at - 1) / 2];
		if (compare(parent, &moved) <= 0)
			break;
		m->heap[at] = *parent;
	}
	m->heap[at] = moved;
}

/* The next word of a stream; .word.text.bytes NULL at its end. */
static enum tok_status advance(struct source *source, struct tok_error *err)
{
	const enum tok_status status = vocab_words_next(source->stream, &source->word, err);
	if (status == TOK_OK && source->word.text.bytes)
		source->key = make_key(source->word.text);
	return status;
}

/* The stream at the top of the heap goes on. */
static enum tok_status advance_top(struct vocab_words_merge *m, struct tok_error *err)
{
	const enum tok_status status = advance(&m->heap[0], err);
	if (status != TOK_OK)
		return status;
	if (!m->heap[0].word.text.bytes)
		m->heap[0] = m->heap[--m->count];
	if (m->count)
		sift_down(m, 0);
	return TOK_OK;
}

static void take_top(struct vocab_words_merge *m)
{
	m->held = m->heap[0];
	m->heap[0] = m->heap[--m->count];
	if (m->count)
		sift_down(m, 0);
}

static enum tok_status return_held(struct vocab_words_merge *m, struct tok_error *err)
{
	struct source source = m->held;
	if (!source.stream)
		return TOK_OK;
	m->held.stream = NULL;
	const enum tok_status status = advance(&source, err);
	if (status != TOK_OK || !source.word.text.bytes)
		return status;
	m->heap[m->count++] = source;
	sift_up(m, m->count - 1);
	return TOK_OK;
}

static enum tok_status begin(struct vocab_words_merge *m, struct tok_error *err)
{
	for (size_t i = 0; i < m->stream_count; i++) {
		m->held = (struct source){ .stream = m->streams[i] };
		const enum tok_status status = return_held(m, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

static bool add(uint64_t *sum, uint64_t more)
{
	if (more > UINT64_MAX - *sum)
		return false;
	*sum += more;
	return true;
}

static enum tok_status refuse_sum(struct tok_error *err)
{
	return tok_fail(err, TOK_ELIMIT, "there are more than 2^64 - 1 words, bytes or documents");
}

static enum tok_status add_totals(struct vocab_words_merge *m, struct tok_error *err)
{
	struct vocab_word_totals *totals = &m->stream.totals;
	m->ended = true;
	*totals = (struct vocab_word_totals){ .words = m->words, .distinct = m->distinct };
	for (size_t i = 0; i < m->stream_count; i++)
		if (!add(&totals->documents, m->streams[i]->totals.documents) ||
		    !add(&totals->bytes, m->streams[i]->totals.bytes))
			return refuse_sum(err);
	return TOK_OK;
}

static enum tok_status merge_next(struct vocab_word_stream *self, struct vocab_word *out,
				  struct tok_error *err)
{
	struct vocab_words_merge *m = (struct vocab_words_merge *)self;
	*out = (struct vocab_word){ 0 };
	if (m->ended)
		return TOK_OK;
	enum tok_status status = return_held(m, err);
	if (status != TOK_OK)
		return status;
	if (m->count == 0)
		return add_totals(m, err);
	take_top(m);
	struct vocab_word word = m->held.word;
	while (m->count && compare(&m->heap[0], &m->held) == 0) {
		if (!add(&word.count, m->heap[0].word.count))
			return refuse_sum(err);
		status = advance_top(m, err);
		if (status != TOK_OK)
			return status;
	}
	if (!add(&m->words, word.count))
		return refuse_sum(err);
	m->distinct++;
	*out = word;
	return TOK_OK;
}

/* Of `count` streams all have the recipe of the first. */
static enum tok_status check_recipes(struct vocab_word_stream *const *streams, size_t count,
				     struct tok_error *err)
{
	for (size_t i = 1; i < count; i++) {
		if (tok_span_equal(streams[i]->recipe, streams[0]->recipe))
			continue;
		if (streams[i]->name && streams[0]->name)
			return tok_fail(err, TOK_EARG,
					"'%s' was counted in another way than '%s': words can be "
					"merged where normalizer, splitter and special tokens are "
					"the same",
					streams[i]->name, streams[0]->name);
		return tok_fail(err, TOK_EARG,
				"number %zu was counted in another way than the first: words can "
				"be merged where normalizer, splitter and special tokens are the "
				"same",
				i + 1);
	}
	return TOK_OK;
}

enum tok_status vocab_words_merge_new(struct vocab_word_stream *const *streams, size_t count,
				      struct vocab_words_merge **out, struct tok_error *err)
{
	enum tok_status status = check_recipes(streams, count, err);
	if (status != TOK_OK)
		return status;
	struct vocab_words_merge *m = calloc(1, sizeof *m);
	struct source *heap = calloc(count, sizeof *heap);
	struct vocab_word_stream **kept = malloc(count * sizeof(*kept));
	if (!m || !heap || !kept) {
		free(m);
		free(heap);
		free(kept);
		return tok_fail_memory(err);
	}
	memcpy(kept, streams, count * sizeof(*kept));
	m->stream = (struct vocab_word_stream){ .recipe = streams[0]->recipe, .next = merge_next };
	m->heap = heap;
	m->streams = kept;
	m->stream_count = count;
	status = begin(m, err);
	if (status == TOK_OK)
		*out = m;
	else
		vocab_words_merge_free(m);
	return status;
}

struct vocab_word_stream *vocab_words_merge_stream(struct vocab_words_merge *merge)
{
	return &merge->stream;
}

void vocab_words_merge_free(struct vocab_words_merge *merge)
{
	if (!merge)
		return;
	free(merge->heap);
	free((void *)merge->streams);
	free(merge);
}
