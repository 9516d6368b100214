/*
 * Words and their counts: what is written is read back, what is damaged is refused,
 * merging has its laws, and however words were counted the same file comes out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tok/base/buffer.h"
#include "vocab/train/words_count.h"
#include "vocab/train/words_file.h"
#include "vocab/train/words_merge.h"

static const char recipe[] = "{\"a\":\"recipe\"}";

/* ---- streams of our own --------------------------------------------------- */

/* Words in a row, in order. */
struct list {
	struct vocab_word_stream stream;
	const struct vocab_word *words;
	size_t count, next;
};

static enum tok_status list_next(struct vocab_word_stream *self, struct vocab_word *out,
				 struct tok_error *err)
{
	struct list *list = (struct list *)self;
	(void)err;
	*out = list->next < list->count ? list->words[list->next++] : (struct vocab_word){ 0 };
	return TOK_OK;
}

static struct list make_list(const struct vocab_word *words, size_t count)
{
	struct list list = { .words = words, .count = count };
	list.stream.recipe = tok_span_of(recipe);
	list.stream.next = list_next;
	list.stream.totals.documents = count;
	list.stream.totals.bytes = 3 * count;
	list.stream.totals.distinct = count;
	for (size_t i = 0; i < count; i++)
		list.stream.totals.words += words[i].count;
	return list;
}

static struct vocab_word make_word(const void *bytes, size_t count, uint64_t times)
{
	return (struct vocab_word){ { bytes, count }, times };
}

/* ---- files in memory ------------------------------------------------------ */

static int make_file(struct tok_span bytes)
{
	const int fd = memfd_create("words", 0);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.bytes, bytes.count), bytes.count);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static struct tok_buffer read_file(int fd)
{
	struct tok_buffer bytes = { 0 };
	const size_t size = (size_t)lseek(fd, 0, SEEK_END);
	assert_true(tok_buffer_reserve(&bytes, size));
	assert_int_equal(pread(fd, bytes.bytes, size, 0), size);
	bytes.count = size;
	return bytes;
}

static struct tok_buffer write_words(struct vocab_word_stream *stream)
{
	struct tok_error err = { 0 };
	const int fd = memfd_create("words", 0);
	if (vocab_words_write(stream, fd, &err) != TOK_OK)
		fail_msg("%s", err.message);
	struct tok_buffer bytes = read_file(fd);
	close(fd);
	return bytes;
}

/* Reads all; TOK_OK and how many words there were, or what was wrong. */
static enum tok_status read_words(struct tok_span bytes, size_t *count, struct tok_error *err)
{
	const int fd = make_file(bytes);
	struct vocab_words_file *file = NULL;
	struct vocab_word word = { 0 };
	*count = 0;
	enum tok_status status = vocab_words_open(fd, &file, err);
	while (status == TOK_OK) {
		status = vocab_words_next(vocab_words_stream(file), &word, err);
		if (status != TOK_OK || !word.text.bytes)
			break;
		++*count;
	}
	vocab_words_close(file);
	close(fd);
	return status;
}

/* ---- the file ------------------------------------------------------------- */

static void what_is_written_is_read(void **state)
{
	(void)state;
	static uint8_t large[200000];
	const struct vocab_word words[] = {
		make_word("\0", 1, 7),
		make_word("\0\0", 2, 1),
		make_word("a", 1, UINT64_MAX / 2),
		make_word("a\0", 2, 1),
		make_word("ab", 2, 1ULL << 32),
		make_word("abc", 3, 127),
		make_word("b", 1, 128),
		make_word(large, sizeof large, 5),
		make_word("z", 1, 1),
		make_word("\xFF\xFE", 2, 2),
	};
	struct tok_error err = { 0 };
	memset(large, 'b', sizeof large);
	const size_t count = sizeof words / sizeof *words;
	struct list list = make_list(words, count);
	struct tok_buffer bytes = write_words(&list.stream);
	const int fd = make_file(tok_buffer_span(&bytes));
	struct vocab_words_file *file;
	struct vocab_word word;
	assert_int_equal(vocab_words_open(fd, &file, &err), TOK_OK);
	struct vocab_word_stream *stream = vocab_words_stream(file);
	assert_true(tok_span_equal(stream->recipe, tok_span_of(recipe)));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(vocab_words_next(stream, &word, &err), TOK_OK);
		assert_true(tok_span_equal(word.text, words[i].text));
		assert_true(word.count == words[i].count);
	}
	assert_int_equal(vocab_words_next(stream, &word, &err), TOK_OK);
	assert_null(word.text.bytes);
	assert_memory_equal(&stream->totals, &list.stream.totals, sizeof stream->totals);
	vocab_words_close(file);
	close(fd);
	tok_buffer_release(&bytes);
}

/* A small file, and what must not be read as one. */
static struct tok_buffer make_small(void)
{
	const struct vocab_word words[] = { make_word("ab", 2, 3), make_word("abc", 3, 300),
					    make_word("b", 1, 1) };
	struct list list = make_list(words, 3);
	return write_words(&list.stream);
}

static void what_ends_early_is_refused(void **state)
{
	(void)state;
	struct tok_buffer bytes = make_small();
	for (size_t length = 0; length < bytes.count; length++) {
		struct tok_error err = { 0 };
		size_t count;
		if (read_words((struct tok_span){ bytes.bytes, length }, &count, &err) !=
		    TOK_EFORMAT)
			fail_msg("%zu of %zu bytes are taken", length, bytes.count);
		assert_true(err.message[0] != '\0');
	}
	tok_buffer_release(&bytes);
}

static void what_follows_is_refused(void **state)
{
	(void)state;
	struct tok_buffer bytes = make_small();
	struct tok_error err = { 0 };
	size_t count;
	assert_true(tok_buffer_add(&bytes, "x", 1));
	assert_int_equal(read_words(tok_buffer_span(&bytes), &count, &err), TOK_EFORMAT);
	tok_buffer_release(&bytes);
}

static void each_flipped_bit_is_refused(void **state)
{
	(void)state;
	struct tok_buffer bytes = make_small();
	for (size_t bit = 0; bit < 8 * bytes.count; bit++) {
		struct tok_error err = { 0 };
		size_t count;
		bytes.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (read_words(tok_buffer_span(&bytes), &count, &err) != TOK_EFORMAT)
			fail_msg("bit %zu of byte %zu makes no difference", bit % 8, bit / 8);
		bytes.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	tok_buffer_release(&bytes);
}

/* ---- counting ------------------------------------------------------------- */

struct chance {
	uint64_t state;
};

static uint32_t draw(struct chance *chance, uint32_t below)
{
	chance->state =
	    chance->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((chance->state >> 33) % below);
}

/* Words of every length, many alike, with NULs and bytes beyond UTF-8. */
static size_t make_text_word(struct chance *chance, uint8_t *out)
{
	static const uint8_t letters[] = { 0, 'a', 'b', 0xFF };
	const size_t length = 1 + (draw(chance, 8) ? draw(chance, 5) : draw(chance, 40));
	for (size_t i = 0; i < length; i++)
		out[i] = i < 14 && length > 12 ? 'a' : letters[draw(chance, 4)];
	return length;
}

enum { WORDS = 20000, MANY_WORDS = 150000, LONGEST = 48 };

/* Counts `total` words in `counter_count` counters; free the result. */
static struct tok_buffer count_words(uint64_t seed, size_t total, size_t counter_count,
				     size_t memory, bool varied)
{
	const struct vocab_counter_options options = { memory, "/tmp" };
	struct vocab_counter *counters[4];
	struct vocab_counted *counted;
	struct chance chance = { seed };
	struct tok_error err = { 0 };
	for (size_t i = 0; i < counter_count; i++)
		assert_int_equal(vocab_counter_new(&options, &counters[i], &err), TOK_OK);
	for (size_t done = 0; done < total;) {
		uint8_t text[100 * LONGEST];
		struct tok_range words[100];
		struct tok_span span = { text, 0 };
		const size_t some = total - done < 100 ? total - done : 100;
		for (size_t i = 0; i < some; i++) {
			const size_t begin = span.count;
			span.count += make_text_word(&chance, text + begin);
			for (int k = 0; varied && k < 3; k++)
				text[span.count++] = (uint8_t)draw(&chance, 256);
			words[i] = (struct tok_range){ (uint32_t)begin, (uint32_t)span.count };
		}
		struct vocab_counter *counter = counters[done / 100 % counter_count];
		assert_int_equal(vocab_counter_add(counter, span, words, some, &err), TOK_OK);
		vocab_counter_add_text(counter, 1, span.count);
		done += some;
	}
	if (vocab_counted_new(counters, counter_count, tok_span_of(recipe), &counted, &err) !=
	    TOK_OK)
		fail_msg("%s", err.message);
	struct tok_buffer bytes = write_words(vocab_counted_stream(counted));
	vocab_counted_free(counted);
	for (size_t i = 0; i < counter_count; i++)
		vocab_counter_free(counters[i]);
	return bytes;
}

static int compare_words(const void *a, const void *b)
{
	const struct tok_span *x = a, *y = b;
	const size_t common = x->count < y->count ? x->count : y->count;
	const int order = memcmp(x->bytes, y->bytes, common);
	return order ? order : (x->count > y->count) - (x->count < y->count);
}

/* Against sorting all of them. */
static void counts_are_those_of_a_list(void **state)
{
	(void)state;
	struct chance chance = { 3 };
	uint8_t *text = malloc((size_t)WORDS * LONGEST);
	struct tok_span *all = malloc(WORDS * sizeof *all);
	struct vocab_word *words = malloc(WORDS * sizeof *words);
	assert_true(text && all && words);
	size_t at = 0, distinct = 0;
	for (size_t i = 0; i < WORDS; i++) {
		all[i] = (struct tok_span){ text + at, make_text_word(&chance, text + at) };
		at += all[i].count;
	}
	qsort(all, WORDS, sizeof *all, compare_words);
	for (size_t i = 0; i < WORDS; i++)
		if (distinct && tok_span_equal(words[distinct - 1].text, all[i]))
			words[distinct - 1].count++;
		else
			words[distinct++] = (struct vocab_word){ all[i], 1 };
	struct list list = make_list(words, distinct);
	list.stream.totals.documents = WORDS / 100;
	list.stream.totals.bytes = at;
	struct tok_buffer wanted = write_words(&list.stream);
	struct tok_buffer got = count_words(3, WORDS, 1, 0, false);
	assert_true(tok_span_equal(tok_buffer_span(&got), tok_buffer_span(&wanted)));
	tok_buffer_release(&got);
	tok_buffer_release(&wanted);
	free(words);
	free(all);
	free(text);
}

static void counters_and_runs_change_nothing(void **state)
{
	(void)state;
	struct tok_buffer wanted = count_words(5, MANY_WORDS, 1, 0, true);
	for (size_t counters = 1; counters <= 4; counters++)
		for (size_t memory = 0; memory < 2; memory++) {
			struct tok_buffer got = count_words(5, MANY_WORDS, counters, memory, true);
			if (!tok_span_equal(tok_buffer_span(&got), tok_buffer_span(&wanted)))
				fail_msg("%zu counters, memory %zu: other bytes", counters, memory);
			tok_buffer_release(&got);
		}
	tok_buffer_release(&wanted);
}

/* So many runs that runs of them are made. */
static void runs_of_runs_change_nothing(void **state)
{
	enum { TOTAL = 1 << 21 };
	(void)state;
	const struct vocab_counter_options options = { 1, "/tmp" };
	struct vocab_counter *counter;
	struct vocab_counted *counted;
	struct vocab_word word;
	struct tok_error err = { 0 };
	assert_int_equal(vocab_counter_new(&options, &counter, &err), TOK_OK);
	for (uint32_t i = 0; i < TOTAL; i += 64) {
		uint32_t text[64];
		struct tok_range words[64];
		for (uint32_t k = 0; k < 64; k++) { /* each half of them twice, mixed */
			text[k] = (i + k) * 0x9E3779B1U % (TOTAL / 2);
			words[k] = (struct tok_range){ 4 * k, 4 * k + 4 };
		}
		const struct tok_span span = { (const uint8_t *)text, sizeof text };
		assert_int_equal(vocab_counter_add(counter, span, words, 64, &err), TOK_OK);
	}
	assert_int_equal(vocab_counted_new(&counter, 1, tok_span_of(recipe), &counted, &err),
			 TOK_OK);
	struct vocab_word_stream *stream = vocab_counted_stream(counted);
	do {
		assert_int_equal(vocab_words_next(stream, &word, &err), TOK_OK);
		assert_true(!word.text.bytes || word.count == 2);
	} while (word.text.bytes);
	assert_int_equal(stream->totals.distinct, TOTAL / 2);
	vocab_counted_free(counted);
	vocab_counter_free(counter);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
	(void)state;
	const struct vocab_counter_options options = { 1, "/nowhere/at/all" };
	struct vocab_counter *counter;
	struct tok_error err = { 0 };
	enum tok_status status = vocab_counter_new(&options, &counter, &err);
	for (uint32_t i = 0; i < 200000 && status == TOK_OK; i++) {
		const struct tok_range word = { 0, sizeof i };
		const struct tok_span text = { (const uint8_t *)&i, sizeof i };
		status = vocab_counter_add(counter, text, &word, 1, &err);
	}
	assert_int_equal(status, TOK_EIO);
	assert_non_null(strstr(err.message, "/nowhere/at/all"));
	vocab_counter_free(counter);
}

/* ---- merging -------------------------------------------------------------- */

/* Merges files of words; free the result. */
static struct tok_buffer merge(const struct tok_buffer *files, const size_t *order, size_t count)
{
	struct vocab_words_file *open[8];
	struct vocab_word_stream *streams[8];
	int fds[8];
	struct vocab_words_merge *merged;
	struct tok_error err = { 0 };
	for (size_t i = 0; i < count; i++) {
		fds[i] = make_file(tok_buffer_span(&files[order[i]]));
		assert_int_equal(vocab_words_open(fds[i], &open[i], &err), TOK_OK);
		streams[i] = vocab_words_stream(open[i]);
	}
	assert_int_equal(vocab_words_merge_new(streams, count, &merged, &err), TOK_OK);
	struct tok_buffer bytes = write_words(vocab_words_merge_stream(merged));
	vocab_words_merge_free(merged);
	for (size_t i = 0; i < count; i++) {
		vocab_words_close(open[i]);
		close(fds[i]);
	}
	return bytes;
}

static void merging_has_its_laws(void **state)
{
	(void)state;
	struct tok_buffer files[8] = { 0 };
	for (size_t i = 0; i < 4; i++)
		files[i] = count_words(100 + i, 3000 * i, 1, 0, i == 2); /* the first is empty */
	struct tok_buffer whole = merge(files, (const size_t[]){ 0, 1, 2, 3 }, 4);
	struct tok_buffer turned = merge(files, (const size_t[]){ 3, 1, 0, 2 }, 4);
	files[4] = merge(files, (const size_t[]){ 2, 1 }, 2);
	files[5] = merge(files, (const size_t[]){ 0 }, 1);
	files[6] = merge(files, (const size_t[]){ 3, 5 }, 2);
	struct tok_buffer grouped = merge(files, (const size_t[]){ 6, 4 }, 2);
	assert_true(tok_span_equal(tok_buffer_span(&whole), tok_buffer_span(&turned)));
	assert_true(tok_span_equal(tok_buffer_span(&whole), tok_buffer_span(&grouped)));
	assert_true(tok_span_equal(tok_buffer_span(&files[0]), tok_buffer_span(&files[5])));
	tok_buffer_release(&whole);
	tok_buffer_release(&turned);
	tok_buffer_release(&grouped);
	for (size_t i = 0; i < 8; i++)
		tok_buffer_release(&files[i]);
}

static void sums_have_sixty_four_bits(void **state)
{
	(void)state;
	struct vocab_word word = make_word("aaaa", 4, 1);
	struct tok_error err = { 0 };
	for (int doubling = 0; doubling < 64; doubling++) {
		struct list lists[] = { make_list(&word, 1), make_list(&word, 1) };
		struct vocab_word_stream *streams[] = { &lists[0].stream, &lists[1].stream };
		struct vocab_words_merge *merged;
		struct vocab_word sum;
		assert_int_equal(vocab_words_merge_new(streams, 2, &merged, &err), TOK_OK);
		const enum tok_status status =
		    vocab_words_next(vocab_words_merge_stream(merged), &sum, &err);
		if (doubling == 63) {
			assert_int_equal(status, TOK_ELIMIT);
		} else {
			assert_int_equal(status, TOK_OK);
			assert_true(sum.count == 2 * word.count);
			word.count = sum.count;
		}
		vocab_words_merge_free(merged);
	}
}

static void other_recipes_are_refused(void **state)
{
	(void)state;
	struct list lists[] = { make_list(NULL, 0), make_list(NULL, 0) };
	struct vocab_word_stream *streams[] = { &lists[0].stream, &lists[1].stream };
	struct vocab_words_merge *merged;
	struct tok_error err = { 0 };
	lists[1].stream.recipe = tok_span_of("{}");
	assert_int_equal(vocab_words_merge_new(streams, 2, &merged, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "number 2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_ends_early_is_refused),
		cmocka_unit_test(what_follows_is_refused),
		cmocka_unit_test(each_flipped_bit_is_refused),
		cmocka_unit_test(counts_are_those_of_a_list),
		cmocka_unit_test(counters_and_runs_change_nothing),
		cmocka_unit_test(runs_of_runs_change_nothing),
		cmocka_unit_test(a_folder_that_is_not_there_is_told),
		cmocka_unit_test(merging_has_its_laws),
		cmocka_unit_test(sums_have_sixty_four_bits),
		cmocka_unit_test(other_recipes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
