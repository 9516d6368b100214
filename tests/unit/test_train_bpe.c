/*
 * The BPE trainer against the definition: in each step count all pairs of all words
 * anew, take the best, join it everywhere.  (Against Hugging Face's trainer:
 * conformance.training.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/heap.h"
#include "vocab/train/bpe.h"

/* ---- words ------------------------------------------------------------------ */

enum { WORDS_MAX = 64, LENGTH_MAX = 24, SIZE = 600 };

struct corpus {
	struct vocab_word_stream stream;
	struct vocab_word words[WORDS_MAX];
	uint8_t texts[WORDS_MAX][LENGTH_MAX];
	size_t count, next;
};

static enum tok_status corpus_next(struct vocab_word_stream *self, struct vocab_word *out,
				   struct tok_error *err)
{
	struct corpus *c = (struct corpus *)self;
	(void)err;
	*out = c->next < c->count ? c->words[c->next++] : (struct vocab_word){ 0 };
	return TOK_OK;
}

static uint32_t random_below(uint64_t *state, uint32_t limit)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % limit;
}

static void add_word(struct corpus *c, const char *text, uint64_t times)
{
	const size_t count = strlen(text);
	memcpy(c->texts[c->count], text, count);
	c->words[c->count] = (struct vocab_word){ { c->texts[c->count], count }, times };
	c->count++;
}

/* Few letters, so that there are ties, runs and tokens reached in two ways. */
static void fill_corpus(struct corpus *c, uint64_t seed)
{
	uint64_t state = seed;
	const uint32_t letters = 2 + random_below(&state, 6);
	*c = (struct corpus){ .stream.next = corpus_next };
	const size_t words = 1 + random_below(&state, WORDS_MAX - 1);
	for (size_t i = 0; i < words; i++) {
		char text[LENGTH_MAX] = { 0 };
		const size_t count = 1 + random_below(&state, LENGTH_MAX - 2);
		for (size_t k = 0; k < count; k++)
			text[k] = (char)('a' + random_below(&state, letters));
		add_word(c, text, 1 + random_below(&state, 5));
	}
}

/* ---- the definition ----------------------------------------------------------- */

struct piece {
	uint8_t bytes[LENGTH_MAX];
	size_t count;
};

struct plain {
	struct piece rows[WORDS_MAX][LENGTH_MAX];
	size_t lengths[WORDS_MAX];
	uint64_t weights[WORDS_MAX];
	size_t count;
};

static struct piece join_pieces(const struct piece *a, const struct piece *b)
{
	struct piece joined = *a;
	memcpy(joined.bytes + a->count, b->bytes, b->count);
	joined.count += b->count;
	return joined;
}

static bool is_same(const struct piece *a, const struct piece *b)
{
	return a->count == b->count && memcmp(a->bytes, b->bytes, a->count) == 0;
}

static void begin_plain(struct plain *plain, const struct corpus *c)
{
	plain->count = c->count;
	for (size_t i = 0; i < c->count; i++) {
		plain->weights[i] = c->words[i].count;
		plain->lengths[i] = c->words[i].text.count;
		for (size_t k = 0; k < plain->lengths[i]; k++)
			plain->rows[i][k] = (struct piece){ { c->texts[i][k] }, 1 };
	}
}

static uint64_t count_of(const struct plain *plain, const struct piece *a, const struct piece *b)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < plain->count; i++)
		for (size_t k = 0; k + 1 < plain->lengths[i]; k++)
			if (is_same(&plain->rows[i][k], a) && is_same(&plain->rows[i][k + 1], b))
				sum += plain->weights[i];
	return sum;
}

static void join_everywhere(struct plain *plain, const struct piece *a, const struct piece *b)
{
	const struct piece joined = join_pieces(a, b);
	for (size_t i = 0; i < plain->count; i++) {
		size_t to = 0;
		struct piece *row = plain->rows[i];
		for (size_t k = 0; k < plain->lengths[i]; k++) {
			const bool found = k + 1 < plain->lengths[i] && is_same(&row[k], a) &&
					   is_same(&row[k + 1], b);
			row[to++] = found ? joined : row[k];
			k += found;
		}
		plain->lengths[i] = to;
	}
}

static struct piece piece_of(struct tok_span text)
{
	struct piece piece = { .count = text.count };
	assert_true(text.count < LENGTH_MAX);
	memcpy(piece.bytes, text.bytes, text.count);
	return piece;
}

static int compare(const struct piece *a, const struct piece *b)
{
	const size_t least = a->count < b->count ? a->count : b->count;
	const int order = memcmp(a->bytes, b->bytes, least);
	return order ? order : (a->count > b->count) - (a->count < b->count);
}

/* Where ids do not tell: is (a, b) before (c, d) among equals? */
static bool is_before(enum vocab_tie tie, const struct piece *a, const struct piece *b,
		      const struct piece *c, const struct piece *d)
{
	if (tie == VOCAB_TIE_BYTES) {
		const int order = compare(a, c);
		return order ? order > 0 : compare(b, d) > 0;
	}
	const struct piece first = join_pieces(a, b), second = join_pieces(c, d);
	if (first.count != second.count)
		return first.count < second.count;
	const int order = compare(&first, &second);
	return order ? order < 0 : a->count < c->count;
}

static tok_id id_of(const struct vocab_learned *learned, const struct piece *piece)
{
	for (size_t i = 0; i < learned->entry_count; i++)
		if (learned->entries[i].text.count == piece->count &&
		    memcmp(learned->entries[i].text.bytes, piece->bytes, piece->count) == 0)
			return learned->entries[i].id;
	return TOK_NO_ID;
}

/* Is no pair better than this one? */
static void check_best(const struct plain *plain, const struct vocab_learned *learned,
		       enum vocab_tie tie, const struct piece *a, const struct piece *b)
{
	const uint64_t count = count_of(plain, a, b);
	for (size_t i = 0; i < plain->count; i++)
		for (size_t k = 0; k + 1 < plain->lengths[i]; k++) {
			const struct piece *c = &plain->rows[i][k], *d = c + 1;
			const uint64_t other = count_of(plain, c, d);
			assert_true(other <= count);
			if (other < count || (is_same(a, c) && is_same(b, d)))
				continue;
			if (tie == VOCAB_TIE_HF || tie == VOCAB_TIE_RAW) {
				const tok_id left = id_of(learned, a), its = id_of(learned, c);
				assert_true(left < its ||
					    (left == its && id_of(learned, b) < id_of(learned, d)));
			} else {
				assert_true(is_before(tie, a, b, c, d));
			}
		}
}

/* Every merge is the best there is at its time, and says its count; when they end no
 * pair is left.  Up to a token that was there already: of what comes then HF has a
 * notion of its own. */
static void check_merges(const struct corpus *c, const struct vocab_learned *learned,
			 const struct vocab_bpe_options *options)
{
	static struct plain plain;
	begin_plain(&plain, c);
	tok_id next = options->first_id + 256;
	for (size_t i = 0; i < learned->merge_count; i++) {
		const struct tok_merge *merge = &learned->merges[i];
		const struct tok_vocab_entry *entries = learned->entries;
		const tok_id first = options->first_id;
		const struct piece a = piece_of(entries[merge->left - first].text);
		const struct piece b = piece_of(entries[merge->right - first].text);
		check_best(&plain, learned, options->tie, &a, &b);
		assert_int_equal(learned->merge_counts[i], count_of(&plain, &a, &b));
		if (merge->result != next++)
			return;
		join_everywhere(&plain, &a, &b);
	}
	for (size_t i = 0; i < plain.count; i++)
		assert_true(plain.lengths[i] <= 1 || learned->merge_count == SIZE - 256);
}

static void test_every_merge_is_the_best(void **state)
{
	(void)state;
	static struct corpus corpus;
	for (uint64_t seed = 0; seed < 150; seed++) {
		fill_corpus(&corpus, seed);
		const struct vocab_bpe_options options = {
			.vocab_size = SIZE + 3,
			.first_id = 3,
			.tie = (enum vocab_tie)(seed % 4),
			.bytes = true,
		};
		struct vocab_train_control control = { .threads = 1 };
		struct vocab_learned learned;
		struct tok_error err = { 0 };
		assert_int_equal(
		    vocab_train_bpe(&corpus.stream, &options, &control, &learned, &err), TOK_OK);
		check_merges(&corpus, &learned, &options);
		vocab_learned_release(&learned);
	}
}

/* ---- one thing each ------------------------------------------------------------- */

static enum tok_status learn(struct corpus *c, const struct vocab_bpe_options *options,
			     struct vocab_learned *out, struct tok_error *err)
{
	struct vocab_train_control control = { .threads = 1 };
	c->next = 0;
	return vocab_train_bpe(&c->stream, options, &control, out, err);
}

static void check_entry(const struct vocab_learned *learned, size_t at, const char *text)
{
	assert_true(at < learned->entry_count);
	const struct tok_span span = learned->entries[at].text;
	assert_int_equal(span.count, strlen(text));
	assert_memory_equal(span.bytes, text, span.count);
}

static void test_counts_have_64_bits(void **state)
{
	(void)state;
	struct corpus corpus = { .stream.next = corpus_next };
	struct vocab_learned learned;
	struct tok_error err = { 0 };
	const struct vocab_bpe_options options = { .vocab_size = 257, .bytes = true };
	add_word(&corpus, "ab", (UINT64_C(1) << 32) + 5);
	add_word(&corpus, "cd", UINT64_C(1) << 32);
	assert_int_equal(learn(&corpus, &options, &learned, &err), TOK_OK);
	check_entry(&learned, 256, "ab");
	assert_int_equal(learned.merge_counts[0], (UINT64_C(1) << 32) + 5);
	vocab_learned_release(&learned);
	corpus.words[0].count = UINT64_C(1) << 62;
	assert_int_equal(learn(&corpus, &options, &learned, &err), TOK_ELIMIT);
}

static void test_prefix_and_suffix(void **state)
{
	(void)state;
	struct corpus corpus = { .stream.next = corpus_next };
	struct vocab_learned learned;
	struct tok_error err = { 0 };
	struct vocab_bpe_options options = { .vocab_size = 100, .prefix = tok_span_of("##") };
	add_word(&corpus, "aba", 3);
	assert_int_equal(learn(&corpus, &options, &learned, &err), TOK_OK);
	const char *const pieces[] = { "a", "b", "##a", "##b", "##ba", "aba" };
	for (size_t i = 0; i < 4; i++)
		check_entry(&learned, i, pieces[i]);
	check_entry(&learned, 4, "ab"); /* (a, ##b) has the lesser left id */
	check_entry(&learned, 5, "aba");
	vocab_learned_release(&learned);
	options.prefix = (struct tok_span){ NULL, 0 };
	options.suffix = tok_span_of("</w>");
	assert_int_equal(learn(&corpus, &options, &learned, &err), TOK_OK);
	check_entry(&learned, 2, "a</w>");
	vocab_learned_release(&learned);
}

static void test_limited_alphabet(void **state)
{
	(void)state;
	struct corpus corpus = { .stream.next = corpus_next };
	struct vocab_learned learned;
	struct tok_error err = { 0 };
	const uint32_t wanted[] = { 'z' };
	const struct vocab_bpe_options options = {
		.vocab_size = 100, .limit_alphabet = 3, .alphabet = wanted, .alphabet_count = 1
	};
	add_word(&corpus, "axb", 1); /* x is left out: a and b do not become neighbours */
	add_word(&corpus, "a", 9);
	add_word(&corpus, "b", 9);
	assert_int_equal(learn(&corpus, &options, &learned, &err), TOK_OK);
	assert_int_equal(learned.entry_count, 3);
	check_entry(&learned, 0, "a");
	check_entry(&learned, 1, "b");
	check_entry(&learned, 2, "z");
	assert_int_equal(learned.merge_count, 0);
	vocab_learned_release(&learned);
}

static bool refuse_ab(void *context, struct tok_span joined)
{
	(void)context;
	return !(joined.count == 2 && memcmp(joined.bytes, "ab", 2) == 0);
}

static void test_refused_pairs_are_passed_over(void **state)
{
	(void)state;
	struct corpus corpus = { .stream.next = corpus_next };
	struct vocab_learned learned;
	struct tok_error err = { 0 };
	const struct vocab_bpe_options options = { .vocab_size = 300,
						   .bytes = true,
						   .allows = refuse_ab };
	add_word(&corpus, "abc", 2);
	assert_int_equal(learn(&corpus, &options, &learned, &err), TOK_OK);
	check_entry(&learned, 256, "bc");
	check_entry(&learned, 257, "abc");
	vocab_learned_release(&learned);
}

static void test_stopped_it_has_what_it_has(void **state)
{
	(void)state;
	static struct corpus corpus;
	fill_corpus(&corpus, 7);
	struct vocab_train_control control = { .stop = true, .threads = 1 };
	const struct vocab_bpe_options options = { .vocab_size = 400, .bytes = true };
	struct vocab_learned learned;
	struct tok_error err = { 0 };
	assert_int_equal(vocab_train_bpe(&corpus.stream, &options, &control, &learned, &err),
			 TOK_OK);
	assert_true(control.stopped);
	assert_true(learned.entry_count >= 256 && learned.entry_count < 400);
	vocab_learned_release(&learned);
}

static void test_nothing_to_learn(void **state)
{
	(void)state;
	struct corpus corpus = { .stream.next = corpus_next };
	struct vocab_learned learned;
	struct tok_error err = { 0 };
	const struct vocab_bpe_options bytes = { .vocab_size = 300, .bytes = true };
	const struct vocab_bpe_options characters = { .vocab_size = 300 };
	assert_int_equal(learn(&corpus, &bytes, &learned, &err), TOK_OK);
	assert_int_equal(learned.entry_count, 256);
	vocab_learned_release(&learned);
	assert_int_equal(learn(&corpus, &characters, &learned, &err), TOK_OK);
	assert_int_equal(learned.entry_count, 0);
	vocab_learned_release(&learned);
}

/* Each allocation fails once; nothing is lost, and the sentence is told. */
static void check_allocations(struct corpus *corpus, const struct vocab_bpe_options *options)
{
	for (size_t n = 1;; n++) {
		struct vocab_learned learned;
		struct tok_error err = { 0 };
		const long live = heap.live;
		heap.asked = 0;
		heap.fails_at = n;
		const enum tok_status status = learn(corpus, options, &learned, &err);
		heap.fails_at = 0;
		if (status == TOK_OK) {
			vocab_learned_release(&learned);
			assert_int_equal(heap.live, live);
			assert_true(n > 5);
			return;
		}
		assert_int_equal(status, TOK_ENOMEM);
		assert_int_equal(heap.live, live);
	}
}

static void test_each_allocation_may_fail(void **state)
{
	(void)state;
	static struct corpus corpus;
	fill_corpus(&corpus, 3);
	const struct vocab_bpe_options bytes = { .vocab_size = 300, .bytes = true };
	const struct vocab_bpe_options characters = { .vocab_size = 300,
						      .prefix = tok_span_of("##") };
	check_allocations(&corpus, &bytes);
	check_allocations(&corpus, &characters);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_merge_is_the_best),
		cmocka_unit_test(test_counts_have_64_bits),
		cmocka_unit_test(test_prefix_and_suffix),
		cmocka_unit_test(test_limited_alphabet),
		cmocka_unit_test(test_refused_pairs_are_passed_over),
		cmocka_unit_test(test_stopped_it_has_what_it_has),
		cmocka_unit_test(test_nothing_to_learn),
		cmocka_unit_test(test_each_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
