/*
 * test_train_unigram.c - the parts of the Unigram trainer against all segmentations and
 * all substrings, counted one by one; and what a run promises, whatever it learns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "vocab/train/finish_sentencepiece.h"
#include "vocab/train/recipe.h"
#include "vocab/train/unigram_internal.h"

/* ---- words in memory ------------------------------------------------------------- */

enum { WORDS_MAX = 40, LETTERS_MAX = 9 };

struct corpus {
	struct vocab_word_stream stream;
	char words[WORDS_MAX][40];
	uint64_t counts[WORDS_MAX];
	size_t count, at;
};

static enum tok_status next_word(struct vocab_word_stream *self, struct vocab_word *out,
				 struct tok_error *err)
{
	struct corpus *c = (struct corpus *)self;
	(void)err;
	*out = (struct vocab_word){ 0 };
	if (c->at < c->count) {
		*out = (struct vocab_word){ tok_span_of(c->words[c->at]), c->counts[c->at] };
		c->at++;
	}
	return TOK_OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Few letters, one of them of two bytes, so that there is much in common. */
static void make_corpus(struct corpus *c, unsigned seed)
{
	static const char *const letters[] = { "a", "b", "c", "\u00e9", "\u5b57" };
	srand(seed);
	*c = (struct corpus){ .stream.next = next_word };
	const int kinds = 1 + rand() % 5;
	char drawn[WORDS_MAX][40] = { 0 };
	for (size_t i = 0; i < WORDS_MAX; i++)
		for (int n = 1 + rand() % LETTERS_MAX; n > 0; n--)
			strcat(drawn[i], letters[rand() % kinds]);
	qsort(drawn, WORDS_MAX, sizeof drawn[0], by_text);
	for (size_t i = 0; i < WORDS_MAX; i++) {
		if (i > 0 && strcmp(drawn[i], drawn[i - 1]) == 0)
			continue;
		strcpy(c->words[c->count], drawn[i]);
		c->counts[c->count++] = 1 + (uint64_t)rand() % 5;
	}
}

/* ---- a model to try parts on --------------------------------------------------------- */

struct trial {
	struct corpus corpus;
	struct unigram_runs runs;
	struct vocab_unigram_options options;
	struct vocab_train_control control;
	struct unigram_model model;
	struct tok_error err;
};

static void begin_trial(struct trial *t, unsigned seed, size_t seeds)
{
	*t = (struct trial){ .options = { .vocab_size = 100, .seed_size = seeds },
			     .control.threads = 1 + seed % 3 };
	make_corpus(&t->corpus, seed);
	t->model = (struct unigram_model){
		.runs = &t->runs, .options = &t->options, .control = &t->control, .err = &t->err
	};
	assert_int_equal(
	    unigram_runs_read(&t->runs, &t->corpus.stream, &t->options, &t->control, &t->err),
	    TOK_OK);
	assert_int_equal(
	    unigram_seeds(&t->runs, &t->options, &t->control, &t->model.pieces, &t->err), TOK_OK);
	assert_int_equal(unigram_trie_build(&t->model.trie, &t->runs, &t->model.pieces, &t->err),
			 TOK_OK);
}

static void end_trial(struct trial *t)
{
	free(t->model.pieces.items);
	unigram_trie_release(&t->model.trie);
	unigram_runs_release(&t->runs);
}

/* ---- every segmentation -------------------------------------------------------------- */

struct path {
	uint32_t pieces[64];
	size_t count;
	double score;
};

struct paths {
	struct path *items;
	size_t count, capacity;
};

static void list_paths(const struct trial *t, struct tok_span rest, struct path *so_far,
		       struct paths *out)
{
	if (rest.count == 0) {
		assert_true(
		    tok_grow(&out->items, &out->capacity, out->count + 1, sizeof *out->items));
		out->items[out->count++] = *so_far;
		return;
	}
	for (size_t i = 0; i < t->model.pieces.count; i++) {
		const struct unigram_piece *piece = &t->model.pieces.items[i];
		if (!isfinite(piece->score) ||
		    !tok_span_starts(rest, unigram_text(&t->runs, piece)))
			continue;
		so_far->pieces[so_far->count++] = (uint32_t)i;
		so_far->score += piece->score;
		list_paths(t, tok_span_slice(rest, piece->length, rest.count), so_far, out);
		so_far->score -= piece->score;
		so_far->count--;
	}
}

static struct tok_span run_text(const struct trial *t, size_t i)
{
	return (struct tok_span){ t->runs.text.bytes + t->runs.items[i].begin,
				  t->runs.items[i].length };
}

static void count_expected(const struct trial *t, double *expected)
{
	for (size_t i = 0; i < t->runs.count; i++) {
		struct paths paths = { 0 };
		struct path empty = { 0 };
		double sum = 0;
		list_paths(t, run_text(t, i), &empty, &paths);
		for (size_t p = 0; p < paths.count; p++)
			sum += exp(paths.items[p].score);
		for (size_t p = 0; p < paths.count; p++)
			for (size_t k = 0; k < paths.items[p].count; k++)
				expected[paths.items[p].pieces[k]] +=
				    (double)t->runs.items[i].count * exp(paths.items[p].score) /
				    sum;
		free(paths.items);
	}
}

static void expects_what_all_segmentations_do(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 40; seed++) {
		struct trial t;
		begin_trial(&t, seed, 20);
		uint64_t sums[64];
		double expected[64] = { 0 };
		bool stopped = true;
		assert_true(t.model.pieces.count < 64);
		/* Scores of no order, and a piece that died. */
		for (size_t i = 0; i < t.model.pieces.count; i++)
			t.model.pieces.items[i].score = -(double)(rand() % 400) / 100;
		for (size_t i = 0; i < t.model.pieces.count; i++)
			if (t.model.pieces.items[i].length > 3 && i % 5 == 0)
				t.model.pieces.items[i].score = -INFINITY;
		count_expected(&t, expected);
		assert_int_equal(unigram_expect(&t.model, sums, &stopped), TOK_OK);
		assert_false(stopped);
		for (size_t i = 0; i < t.model.pieces.count; i++) {
			const double sum = ldexp((double)sums[i], -(int)t.model.shift);
			if (fabs(sum - expected[i]) > 1e-5 * (1 + expected[i]))
				fail_msg("seed %u, piece %zu: %f, not %f", seed, i, sum,
					 expected[i]);
		}
		end_trial(&t);
	}
}

static void counts_the_best_segmentations(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 40; seed++) {
		struct trial t;
		begin_trial(&t, seed, 20);
		uint64_t counts[64];
		double likelihood = 0, best = 0;
		bool stopped;
		/* No two segmentations have the same score. */
		for (size_t i = 0; i < t.model.pieces.count; i++)
			t.model.pieces.items[i].score = -1 - (double)(rand() % 100000) / 30000;
		assert_int_equal(unigram_best(&t.model, counts, &stopped), TOK_OK);
		for (size_t i = 0; i < t.model.pieces.count; i++)
			likelihood += (double)counts[i] * t.model.pieces.items[i].score;
		for (size_t i = 0; i < t.runs.count; i++) {
			struct paths paths = { 0 };
			struct path empty = { 0 };
			double most = -INFINITY;
			list_paths(&t, run_text(&t, i), &empty, &paths);
			for (size_t p = 0; p < paths.count; p++)
				most = fmax(most, paths.items[p].score);
			best += (double)t.runs.items[i].count * most;
			free(paths.items);
		}
		if (fabs(best - likelihood) > 1e-4 * fabs(best))
			fail_msg("seed %u: %f, not %f", seed, likelihood, best);
		end_trial(&t);
	}
}

/* A run of thousands of characters: its sums leave the range of a double many times. */
static void long_runs_add_up(void **state)
{
	(void)state;
	struct trial t = { .options = { .vocab_size = 100 }, .control.threads = 1 };
	struct unigram_run run = { .count = 3, .length = UNIGRAM_RUN_MAX };
	struct unigram_piece pieces[] = { { 0, 1, -20 }, { 0, 2, -41 }, { 0, 3, -65 } };
	uint64_t sums[3];
	bool stopped;
	for (size_t i = 0; i < UNIGRAM_RUN_MAX; i++)
		assert_true(tok_buffer_add_byte(&t.runs.text, 'a'));
	t.runs.items = &run;
	t.runs.count = 1;
	t.runs.symbols = 3 * UNIGRAM_RUN_MAX;
	t.model = (struct unigram_model){ .runs = &t.runs,
					  .options = &t.options,
					  .control = &t.control,
					  .pieces = { pieces, 3, 3, 3 },
					  .err = &t.err };
	assert_int_equal(unigram_trie_build(&t.model.trie, &t.runs, &t.model.pieces, &t.err),
			 TOK_OK);
	assert_int_equal(unigram_expect(&t.model, sums, &stopped), TOK_OK);
	double characters = 0;
	for (size_t i = 0; i < 3; i++)
		characters += (double)(i + 1) * ldexp((double)sums[i], -(int)t.model.shift);
	assert_true(fabs(characters - 3 * UNIGRAM_RUN_MAX) < 1e-2);
	/* p(aa) / p(a)^2 is 1/e: far from an end, x = p + p^2/e + p^3/e^5 in units of p(a). */
	assert_true(sums[0] > sums[1] && sums[1] > sums[2] && sums[2] > 0);
	unigram_trie_release(&t.model.trie);
	tok_buffer_release(&t.runs.text);
}

/* A chain of nodes that fills a block, through the place where its base would be 0. */
static void a_node_with_children_has_a_base(void **state)
{
	(void)state;
	struct unigram_runs runs = { 0 };
	struct unigram_piece piece = { 0, 400, -1 };
	const struct unigram_pieces pieces = { &piece, 1, 1, 400 };
	struct unigram_trie trie = { 0 };
	struct tok_error err = { 0 };
	uint32_t node = 0;
	for (size_t i = 0; i < piece.length; i++)
		assert_true(tok_buffer_add_byte(&runs.text, 'a'));
	assert_int_equal(unigram_trie_build(&trie, &runs, &pieces, &err), TOK_OK);
	for (size_t i = 0; i < piece.length; i++) {
		assert_true(trie.units[node].base != 0);
		node = unigram_child(trie.units, node, 'a');
		assert_true(node != 0);
	}
	assert_int_equal(trie.units[node].piece, 0);
	assert_int_equal(trie.units[node].base, 0);
	unigram_trie_release(&trie);
	tok_buffer_release(&runs.text);
}

/* ---- every substring ------------------------------------------------------------------ */

static uint64_t count_uses(const struct trial *t, struct tok_span text)
{
	uint64_t uses = 0;
	for (size_t i = 0; i < t->runs.count; i++) {
		const struct tok_span run = run_text(t, i);
		for (size_t at = 0; at + text.count <= run.count; at++)
			if (memcmp(run.bytes + at, text.bytes, text.count) == 0)
				uses += t->runs.items[i].count;
	}
	return uses;
}

/* How often it has to occur: never enough where one character always follows. */
static uint64_t uses_wanted(const struct trial *t, struct tok_span text)
{
	for (size_t i = 0; i < t->runs.count; i++) {
		const struct tok_span run = run_text(t, i);
		for (size_t at = 0; at + text.count < run.count; at++) {
			if (memcmp(run.bytes + at, text.bytes, text.count) != 0)
				continue;
			const size_t more = unigram_step(run.bytes[at + text.count], false);
			const struct tok_span longer =
			    tok_span_slice(run, at, at + text.count + more);
			return count_uses(t, longer) == count_uses(t, text) ? UINT64_MAX : 2;
		}
	}
	return 5; /* it ends wherever it occurs */
}

static bool is_piece(const struct trial *t, struct tok_span text)
{
	for (size_t i = 0; i < t->model.pieces.count; i++)
		if (tok_span_equal(unigram_text(&t->runs, &t->model.pieces.items[i]), text))
			return true;
	return false;
}

static size_t count_characters(struct tok_span text)
{
	size_t n = 0;
	for (size_t at = 0; at < text.count; at += unigram_step(text.bytes[at], false))
		n++;
	return n;
}

static void seeds_are_the_substrings_that_end_somewhere(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 40; seed++) {
		struct trial t;
		begin_trial(&t, seed, 0);
		for (size_t i = 0; i < t.runs.count; i++) {
			const struct tok_span run = run_text(&t, i);
			for (size_t a = 0; a < run.count; a += unigram_step(run.bytes[a], false)) {
				for (size_t b = a; b < run.count;) {
					b += unigram_step(run.bytes[b], false);
					const struct tok_span text = tok_span_slice(run, a, b);
					const bool want =
					    count_characters(text) == 1 ||
					    count_uses(&t, text) >= uses_wanted(&t, text);
					if (is_piece(&t, text) != want)
						fail_msg("seed %u: '%.*s'", seed, (int)text.count,
							 text.bytes);
				}
			}
		}
		end_trial(&t);
	}
}

/* The few seeds that are kept have the highest products of uses and characters. */
static void few_seeds_are_the_best(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 20; seed++) {
		struct trial all, few;
		begin_trial(&all, seed, 0);
		begin_trial(&few, seed, 7);
		uint64_t least = UINT64_MAX;
		size_t better = 0, longer = 0;
		for (size_t i = 0; i < few.model.pieces.count; i++) {
			const struct tok_span text =
			    unigram_text(&few.runs, &few.model.pieces.items[i]);
			const uint64_t score = count_uses(&few, text) * count_characters(text);
			if (count_characters(text) > 1 && ++longer && score < least)
				least = score;
		}
		for (size_t i = 0; i < all.model.pieces.count; i++) {
			const struct tok_span text =
			    unigram_text(&all.runs, &all.model.pieces.items[i]);
			better += count_characters(text) > 1 &&
				  count_uses(&all, text) * count_characters(text) > least;
		}
		assert_true(longer <= 7 && better < 7);
		end_trial(&all);
		end_trial(&few);
	}
}

/* ---- a whole run --------------------------------------------------------------------- */

static enum tok_status learn(struct corpus *corpus, const struct vocab_unigram_options *options,
			     size_t threads, bool stop, struct vocab_learned *out,
			     struct tok_error *err)
{
	struct vocab_train_control control = { .threads = threads };
	atomic_store(&control.stop, stop);
	corpus->at = 0;
	const enum tok_status status =
	    vocab_train_unigram(&corpus->stream, options, &control, out, err);
	assert_int_equal(status == TOK_OK && control.stopped, status == TOK_OK && stop);
	return status;
}

static void check_learned(const struct corpus *corpus, const struct vocab_learned *learned,
			  size_t room)
{
	assert_true(learned->entry_count <= room);
	for (size_t i = 0; i < learned->entry_count; i++) {
		assert_int_equal(learned->entries[i].id, 5 + i);
		assert_true(isfinite(learned->entries[i].score));
		assert_true(i == 0 || learned->entries[i].score <= learned->entries[i - 1].score);
	}
	for (size_t w = 0; w < corpus->count; w++) {
		const struct tok_span word = tok_span_of(corpus->words[w]);
		for (size_t at = 0; at < word.count; at += unigram_step(word.bytes[at], false)) {
			const struct tok_span letter =
			    tok_span_slice(word, at, at + unigram_step(word.bytes[at], false));
			size_t found = 0;
			for (size_t i = 0; i < learned->entry_count; i++)
				found += tok_span_equal(learned->entries[i].text, letter);
			assert_int_equal(found, 1);
		}
	}
}

static void a_run_keeps_its_promises(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 60; seed++) {
		struct corpus corpus;
		struct vocab_learned learned, again;
		struct tok_error err = { 0 };
		const struct vocab_unigram_options options = { .vocab_size = 12 + seed % 20,
							       .first_id = 5 };
		make_corpus(&corpus, seed);
		assert_int_equal(learn(&corpus, &options, 1, seed % 4 == 3, &learned, &err),
				 TOK_OK);
		check_learned(&corpus, &learned, options.vocab_size - 5);
		assert_int_equal(learn(&corpus, &options, 7, seed % 4 == 3, &again, &err), TOK_OK);
		for (size_t i = 0; i < learned.entry_count && seed % 4 != 3; i++) {
			assert_true(tok_span_equal(learned.entries[i].text, again.entries[i].text));
			assert_true(learned.entries[i].score == again.entries[i].score);
		}
		vocab_learned_release(&learned);
		vocab_learned_release(&again);
	}
}

static struct corpus words_of(const char *const *words, const uint64_t *counts, size_t count)
{
	struct corpus c = { .stream.next = next_word, .count = count };
	for (size_t i = 0; i < count; i++) {
		strcpy(c.words[i], words[i]);
		c.counts[i] = counts[i];
	}
	return c;
}

static bool has_text(const struct vocab_learned *learned, const char *text)
{
	for (size_t i = 0; i < learned->entry_count; i++)
		if (tok_span_equal(learned->entries[i].text, tok_span_of(text)))
			return true;
	return false;
}

/* "ab" is all that there is to learn; a character in a thousand is not covered; bytes that
 * are no character are not learned. */
static void learns_from_what_is_covered(void **state)
{
	static const char *const words[] = { "ab", "abab", "ab\u5b57ab", "a\xff\xff" };
	static const uint64_t counts[] = { 1000, 100, 2, 50 };
	struct corpus corpus = words_of(words, counts, 4);
	const uint32_t required[] = { 'x' };
	struct vocab_learned learned;
	struct tok_error err = { 0 };
	struct vocab_unigram_options options = {
		.vocab_size = 9, .first_id = 5, .required = required, .required_count = 1
	};
	(void)state;
	assert_int_equal(learn(&corpus, &options, 1, false, &learned, &err), TOK_OK);
	assert_true(has_text(&learned, "a") && has_text(&learned, "b") && has_text(&learned, "x"));
	assert_true(has_text(&learned, "\u5b57"));
	assert_int_equal(learned.entry_count, 4);
	vocab_learned_release(&learned);

	options.coverage = 0.999;
	options.vocab_size = 50;
	assert_int_equal(learn(&corpus, &options, 1, false, &learned, &err), TOK_OK);
	assert_true(has_text(&learned, "ab") && has_text(&learned, "x"));
	for (size_t i = 0; i < learned.entry_count; i++)
		for (size_t at = 0; at < learned.entries[i].text.count; at++)
			assert_true(learned.entries[i].text.bytes[at] < 0x80);
	vocab_learned_release(&learned);

	options.bytes = true;
	options.vocab_size = 5 + 256 + 1;
	assert_int_equal(learn(&corpus, &options, 1, false, &learned, &err), TOK_OK);
	assert_int_equal(learned.entry_count, 257);
	assert_true(has_text(&learned, "ab") && has_text(&learned, "\xff"));
	vocab_learned_release(&learned);
}

static bool is_no_b(void *context, struct tok_span text)
{
	(void)context;
	return !memchr(text.bytes, 'b', text.count);
}

static bool is_short(void *context, struct tok_span text)
{
	(void)context;
	return text.count < 3;
}

static void learns_what_is_allowed(void **state)
{
	static const char *const words[] = { "aaba", "baaab" };
	static const uint64_t counts[] = { 10, 10 };
	struct corpus corpus = words_of(words, counts, 2);
	struct vocab_learned learned;
	struct tok_error err = { 0 };
	struct vocab_unigram_options options = { .vocab_size = 9,
						 .first_id = 5,
						 .allows = is_no_b };
	(void)state;
	assert_int_equal(learn(&corpus, &options, 1, false, &learned, &err), TOK_OK);
	assert_true(learned.entry_count >= 2 && has_text(&learned, "a"));
	for (size_t i = 0; i < learned.entry_count; i++)
		assert_true(is_no_b(NULL, learned.entries[i].text));
	vocab_learned_release(&learned);

	options.allows = is_short;
	assert_int_equal(learn(&corpus, &options, 1, false, &learned, &err), TOK_OK);
	assert_true(learned.entry_count > 2);
	for (size_t i = 0; i < learned.entry_count; i++)
		assert_true(is_short(NULL, learned.entries[i].text));
	vocab_learned_release(&learned);
}

static void refuses_too_few_tokens(void **state)
{
	static const char *const words[] = { "abc" };
	static const uint64_t counts[] = { 7 };
	struct corpus corpus = words_of(words, counts, 1);
	struct vocab_learned learned;
	struct tok_error err = { 0 };
	(void)state;
	for (size_t size = 1; size < 8; size++) {
		const struct vocab_unigram_options options = { .vocab_size = size, .first_id = 5 };
		assert_int_equal(learn(&corpus, &options, 1, false, &learned, &err), TOK_EARG);
	}
	const struct vocab_unigram_options options = { .vocab_size = 8, .first_id = 5 };
	assert_int_equal(learn(&corpus, &options, 1, false, &learned, &err), TOK_OK);
	assert_int_equal(learned.entry_count, 3);
	vocab_learned_release(&learned);
}

/* ---- recipes that SentencePiece has ------------------------------------------------------ */

static void knows_what_a_model_cannot_say(void **state)
{
	static const struct {
		const char *name;
		enum vocab_family family;
		enum vocab_normalizer normalizer;
		enum vocab_train_model model;
		enum tok_status want;
	} rows[] = {
		{ "metaspace", VOCAB_FAMILY_METASPACE, VOCAB_NORMALIZER_NONE, VOCAB_TRAIN_UNIGRAM,
		  TOK_OK },
		{ "BPE", VOCAB_FAMILY_METASPACE, VOCAB_NORMALIZER_NONE, VOCAB_TRAIN_BPE, TOK_OK },
		{ "WordPiece", VOCAB_FAMILY_METASPACE, VOCAB_NORMALIZER_NONE, VOCAB_TRAIN_WORDPIECE,
		  TOK_EARG },
		{ "NFC", VOCAB_FAMILY_METASPACE, VOCAB_NORMALIZER_NFC, VOCAB_TRAIN_UNIGRAM,
		  TOK_EARG },
		{ "bytes", VOCAB_FAMILY_GPT2, VOCAB_NORMALIZER_NONE, VOCAB_TRAIN_BPE, TOK_EARG },
		{ "no words", VOCAB_FAMILY_NONE, VOCAB_NORMALIZER_NONE, VOCAB_TRAIN_UNIGRAM,
		  TOK_EARG },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		tok_id first_id = 0;
		const struct vocab_finish_options options = { .model = rows[i].model,
							      .byte_fallback = true };
		assert_int_equal(vocab_recipe_family(rows[i].family, &spec, &err), TOK_OK);
		assert_int_equal(vocab_recipe_normalize(&spec, rows[i].normalizer, &err), TOK_OK);
		assert_int_equal(vocab_recipe_add_special(&spec, tok_span_of("</s>"), &err),
				 TOK_OK);
		assert_int_equal(vocab_recipe_add_special(&spec, tok_span_of("<x>"), &err), TOK_OK);
		const enum tok_status status =
		    vocab_finish_sentencepiece_begin(&options, &spec, &first_id, &err);
		if (status != rows[i].want || (status == TOK_OK && first_id != 4 + 256))
			fail_msg("%s: %d, id %u: %s", rows[i].name, status, first_id, err.message);
		tok_spec_release(&spec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expects_what_all_segmentations_do),
		cmocka_unit_test(counts_the_best_segmentations),
		cmocka_unit_test(long_runs_add_up),
		cmocka_unit_test(a_node_with_children_has_a_base),
		cmocka_unit_test(seeds_are_the_substrings_that_end_somewhere),
		cmocka_unit_test(few_seeds_are_the_best),
		cmocka_unit_test(a_run_keeps_its_promises),
		cmocka_unit_test(learns_from_what_is_covered),
		cmocka_unit_test(learns_what_is_allowed),
		cmocka_unit_test(refuses_too_few_tokens),
		cmocka_unit_test(knows_what_a_model_cannot_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
