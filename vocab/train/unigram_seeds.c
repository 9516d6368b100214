/*
 * The pieces to begin with.
 *
 * A seed is a substring, of two characters or more, that occurs now and then and has no
 * longer one that occurs whenever it does.  All suffixes of runs are sorted, no
 * further than a piece can reach; the seeds are then the places where neighbours part
 * (the inner nodes of a suffix tree) and the ends of runs.
 *
 * Suffixes are put into buckets by their first two bytes, which no seed leaves, and
 * each bucket is sorted and walked through by itself.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tok/base/threads.h"
#include "vocab/train/unigram_internal.h"

enum { BUCKETS = 1 << 16, DEFAULT_SEEDS = 1000000, DEFAULT_LENGTH = 16, KEEP_LEAST = 1 << 16 };

/* Uses that a seed has at least; and one that ends with its word, always, for where these
 * are rarer EM settles on whole words of the text that it learns from. */
enum { BRANCH_LEAST = 2, END_LEAST = 5 };

/* Of the run, from `offset` on, `length` bytes: as much as decides. */
struct suffix {
	uint32_t run;
	uint16_t offset, length;
};

struct sorted {
	uint64_t key; /* the first bytes, the first of them the highest */
	struct suffix suffix;
	const uint8_t *text;
};

/* A substring of the suffixes from some place on to the one in turn. */
struct node {
	uint32_t depth;
	bool parts; /* different characters follow it, or one and an end */
	uint64_t weight;
};

struct seed {
	uint64_t score;
	uint32_t begin, length;
};

struct seeder {
	struct sorted *sorted; /* of the bucket in turn */
	size_t sorted_capacity;
	struct node *nodes;
	size_t node_count, node_capacity;
	struct seed *seeds;
	size_t count, capacity;
	bool full;
};

struct seeding {
	const struct unigram_runs *runs;
	struct vocab_train_control *control;
	size_t longest, most; /* characters, seeds */
	struct suffix *suffixes;
	size_t *starts; /* of buckets */
	atomic_size_t next;
	struct seeder *seeders;
	size_t threads;
};

/* ---- buckets ---------------------------------------------------------------------- */

typedef void each_suffix(struct seeding *s, const uint8_t *text, struct suffix suffix);

static void count_suffix(struct seeding *s, const uint8_t *text, struct suffix suffix)
{
	(void)suffix;
	s->starts[(text[0] << 8 | text[1]) + 1]++;
}

static void place_suffix(struct seeding *s, const uint8_t *text, struct suffix suffix)
{
	s->suffixes[s->starts[text[0] << 8 | text[1]]++] = suffix;
}

/* Those of two characters or more; and one character more than a piece may have. */
static void each_of_run(struct seeding *s, uint32_t run, each_suffix *visit)
{
	const struct unigram_run *r = &s->runs->items[run];
	const uint8_t *text = s->runs->text.bytes + r->begin;
	const bool bytes = s->runs->bytes;
	uint32_t end = 0, characters = 0;
	for (uint32_t at = 0; at < r->length; characters--) {
		while (end < r->length && characters <= s->longest) {
			end += unigram_step(text[end], bytes);
			characters++;
		}
		if (characters < 2)
			return;
		visit(s, text + at, (struct suffix){ run, (uint16_t)at, (uint16_t)(end - at) });
		at += unigram_step(text[at], bytes);
	}
}

static enum tok_status fill_buckets(struct seeding *s, struct tok_error *err)
{
	s->starts = calloc(BUCKETS + 1, sizeof *s->starts);
	if (!s->starts)
		return tok_fail_memory(err);
	for (size_t i = 0; i < s->runs->count; i++)
		each_of_run(s, (uint32_t)i, count_suffix);
	for (size_t i = 1; i <= BUCKETS; i++)
		s->starts[i] += s->starts[i - 1];
	s->suffixes = malloc((s->starts[BUCKETS] + 1) * sizeof *s->suffixes);
	if (!s->suffixes)
		return tok_fail_memory(err);
	for (size_t i = 0; i < s->runs->count; i++)
		each_of_run(s, (uint32_t)i, place_suffix);
	return TOK_OK; /* and starts[i] is now where bucket i ends */
}

/* ---- order ------------------------------------------------------------------------ */

static uint64_t load_key(const uint8_t *text, size_t length)
{
	uint64_t key = 0;
	for (size_t i = 0; i < 8; i++)
		key = key << 8 | (i < length ? text[i] : 0);
	return key;
}

static int by_text(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	const size_t n = x->suffix.length < y->suffix.length ? x->suffix.length : y->suffix.length;
	const int order = n > 8 ? memcmp(x->text + 8, y->text + 8, n - 8) : 0;
	return order ? order : (int)x->suffix.length - (int)y->suffix.length;
}

/* Bytes that two suffixes share, whole characters only. */
static uint32_t shared(const struct seeding *s, const struct sorted *a, const struct sorted *b)
{
	const uint32_t n =
	    a->suffix.length < b->suffix.length ? a->suffix.length : b->suffix.length;
	uint32_t i = 0;
	while (i < n && a->text[i] == b->text[i])
		i++;
	while (!s->runs->bytes && i > 0 && i < b->suffix.length && (b->text[i] & 0xC0) == 0x80)
		i--;
	return i;
}

static int by_score(const void *a, const void *b, void *context)
{
	const struct seed *x = a, *y = b;
	const uint8_t *text = context;
	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	const uint32_t n = x->length < y->length ? x->length : y->length;
	const int order = memcmp(text + x->begin, text + y->begin, n);
	return order ? order : (int)x->length - (int)y->length;
}

/* ---- seeds ------------------------------------------------------------------------- */

static void keep_best(const struct seeding *s, struct seed *seeds, size_t *count)
{
	if (*count <= s->most)
		return;
	qsort_r(seeds, *count, sizeof *seeds, by_score, s->runs->text.bytes);
	*count = s->most;
}

/* A node that is left behind: `text` begins with it. */
static void add_seed(const struct seeding *s, struct seeder *own, struct node node,
		     const uint8_t *text)
{
	uint32_t characters = 0;
	for (uint32_t at = 0; at < node.depth; characters++)
		at += unigram_step(text[at], s->runs->bytes);
	if (characters < 2 || characters > s->longest ||
	    node.weight < (node.parts ? BRANCH_LEAST : END_LEAST))
		return;
	if (own->count >= 2 * s->most && own->count >= KEEP_LEAST)
		keep_best(s, own->seeds, &own->count);
	if (!tok_grow(&own->seeds, &own->capacity, own->count + 1, sizeof *own->seeds)) {
		own->full = true;
		return;
	}
	own->seeds[own->count++] =
	    (struct seed){ node.weight * characters, (uint32_t)(text - s->runs->text.bytes),
			   node.depth };
}

static void join_node(struct node *node, uint64_t weight)
{
	node->weight += weight;
	node->parts = true;
}

/* Leave all nodes below `depth`, and be at one of that depth. */
static void leave_nodes(const struct seeding *s, struct seeder *own, uint32_t depth,
			const uint8_t *text)
{
	while (own->node_count && own->nodes[own->node_count - 1].depth > depth) {
		const struct node node = own->nodes[--own->node_count];
		add_seed(s, own, node, text);
		if (own->node_count && own->nodes[own->node_count - 1].depth >= depth)
			join_node(&own->nodes[own->node_count - 1], node.weight);
		else
			own->nodes[own->node_count++] = (struct node){ depth, false, node.weight };
	}
}

static void walk_bucket(const struct seeding *s, struct seeder *own, size_t count)
{
	own->node_count = 0;
	for (size_t i = 0; i < count && !own->full; i++) {
		const struct sorted *here = &own->sorted[i];
		const uint64_t weight = s->runs->items[here->suffix.run].count;
		if (i > 0)
			leave_nodes(s, own, shared(s, here - 1, here), here[-1].text);
		if (!tok_grow(&own->nodes, &own->node_capacity, own->node_count + 2,
			      sizeof *own->nodes)) {
			own->full = true;
			return;
		}
		if (own->node_count && own->nodes[own->node_count - 1].depth == here->suffix.length)
			own->nodes[own->node_count - 1].weight += weight;
		else
			own->nodes[own->node_count++] =
			    (struct node){ here->suffix.length, false, weight };
	}
	if (count)
		leave_nodes(s, own, 0, own->sorted[count - 1].text);
}

static void take_bucket(const struct seeding *s, struct seeder *own, size_t bucket)
{
	const size_t begin = bucket ? s->starts[bucket - 1] : 0;
	const size_t count = s->starts[bucket] - begin;
	if (count == 0)
		return;
	if (!tok_grow(&own->sorted, &own->sorted_capacity, count, sizeof *own->sorted)) {
		own->full = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct suffix suffix = s->suffixes[begin + i];
		const uint8_t *text =
		    s->runs->text.bytes + s->runs->items[suffix.run].begin + suffix.offset;
		own->sorted[i] = (struct sorted){ load_key(text, suffix.length), suffix, text };
	}
	qsort(own->sorted, count, sizeof *own->sorted, by_text);
	walk_bucket(s, own, count);
}

static void work(void *shared_state, size_t index)
{
	struct seeding *s = shared_state;
	struct seeder *own = &s->seeders[index];
	while (!own->full && !atomic_load_explicit(&s->control->stop, memory_order_relaxed)) {
		const size_t bucket = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed);
		if (bucket >= BUCKETS)
			return;
		if (index == 0 && s->control->progress)
			s->control->progress(s->control->context, "seeds", s->starts[bucket],
					     s->starts[BUCKETS - 1]);
		take_bucket(s, own, bucket);
	}
}

/* ---- pieces ------------------------------------------------------------------------- */

/* The best of all threads' seeds, with the first thread. */
static bool join_seeds(struct seeding *s)
{
	struct seeder *all = &s->seeders[0];
	for (size_t i = 1; i < s->threads; i++) {
		const struct seeder *other = &s->seeders[i];
		if (!tok_grow(&all->seeds, &all->capacity, all->count + other->count,
			      sizeof *all->seeds))
			return false;
		if (other->count)
			memcpy(all->seeds + all->count, other->seeds,
			       other->count * sizeof *all->seeds);
		all->count += other->count;
	}
	keep_best(s, all->seeds, &all->count);
	return true;
}

static int by_bytes(const void *a, const void *b, void *context)
{
	const struct unigram_piece *x = a, *y = b;
	const uint8_t *text = context;
	const uint32_t n = x->length < y->length ? x->length : y->length;
	const int order = memcmp(text + x->begin, text + y->begin, n);
	return order ? order : (int)x->length - (int)y->length;
}

static void score_pieces(struct unigram_pieces *pieces)
{
	double sum = 1e-9; /* of nothing too */
	for (size_t i = 0; i < pieces->count; i++)
		sum += pieces->items[i].score;
	for (size_t i = 0; i < pieces->count; i++) {
		struct unigram_piece *piece = &pieces->items[i];
		/* A character that was asked for and does not occur. */
		const double uses = piece->score > 0 ? piece->score : 0.5;
		piece->score = log(uses / sum);
		if (piece->length > pieces->longest)
			pieces->longest = piece->length;
	}
}

static enum tok_status make_pieces(const struct seeding *s,
				   const struct vocab_unigram_options *options,
				   struct unigram_pieces *out, struct tok_error *err)
{
	const struct unigram_runs *runs = s->runs;
	const struct seed *seeds = s->seeders[0].seeds;
	const size_t count = s->seeders[0].count;
	out->items = calloc(runs->character_count + count + 1, sizeof *out->items);
	if (!out->items)
		return tok_fail_memory(err);
	for (size_t i = 0; i < runs->character_count; i++) {
		const struct unigram_run *character = &runs->characters[i];
		out->items[out->count++] =
		    (struct unigram_piece){ character->begin, character->length,
					    (double)character->count };
	}
	for (size_t i = 0; i < count; i++) {
		const struct unigram_piece piece = { seeds[i].begin, seeds[i].length,
						     (double)seeds[i].score };
		if (!options->allows ||
		    options->allows(options->allows_context, unigram_text(runs, &piece)))
			out->items[out->count++] = piece;
	}
	out->living = out->count;
	qsort_r(out->items, out->count, sizeof *out->items, by_bytes, runs->text.bytes);
	score_pieces(out);
	return TOK_OK;
}

static void release(struct seeding *s)
{
	for (size_t i = 0; s->seeders && i < s->threads; i++) {
		free(s->seeders[i].sorted);
		free(s->seeders[i].nodes);
		free(s->seeders[i].seeds);
	}
	free(s->seeders);
	free(s->suffixes);
	free(s->starts);
}

enum tok_status unigram_seeds(const struct unigram_runs *runs,
			      const struct vocab_unigram_options *options,
			      struct vocab_train_control *control, struct unigram_pieces *out,
			      struct tok_error *err)
{
	struct seeding s = {
		.runs = runs,
		.control = control,
		.longest = options->max_piece_length ? options->max_piece_length : DEFAULT_LENGTH,
		.most = options->seed_size ? options->seed_size : DEFAULT_SEEDS,
		.threads = control->threads,
		.seeders = calloc(control->threads, sizeof *s.seeders),
	};
	enum tok_status status = s.seeders ? fill_buckets(&s, err) : tok_fail_memory(err);
	if (status == TOK_OK) {
		tok_threads_run(s.threads, work, &s);
		for (size_t i = 0; i < s.threads; i++)
			if (s.seeders[i].full && status == TOK_OK)
				status = tok_fail_memory(err);
	}
	if (status == TOK_OK)
		status = join_seeds(&s) ? make_pieces(&s, options, out, err) : tok_fail_memory(err);
	release(&s);
	return status;
}
