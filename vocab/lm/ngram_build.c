/*
 * ngram_build.c - from counts to tables.
 *
 * The n-grams of an order and those of the one below are read side by side, as both lie in
 * the order of their symbols: what goes on from an n-gram comes when the n-gram does.
 */
#include "vocab/lm/ngram_build_internal.h"

#include <stdlib.h>

#include "tok/base/buffer.h"

bool ngram_discounts(const uint64_t with_count[4], double discounts[3])
{
	bool usable = true;
	const double first = (double)with_count[0], second = (double)with_count[1];
	const double share = first / (first + 2 * second);
	for (size_t i = 0; i < 4; i++)
		usable = usable && with_count[i] > 0;
	for (size_t i = 0; i < 3 && usable; i++) {
		const double count = (double)(i + 1);
		discounts[i] =
		    count - (count + 1) * share * (double)with_count[i + 1] / (double)with_count[i];
		usable = discounts[i] >= 0 && discounts[i] <= count;
	}
	for (size_t i = 0; i < 3 && !usable; i++)
		discounts[i] = .5 * (double)(i + 1);
	return !usable;
}

/* ---- tables ----------------------------------------------------------------------- */

enum tok_status ngram_build_open(struct ngram_build *b, const char *folder, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (unsigned i = 0; i < b->header.order; i++)
		for (enum ngram_part part = 0; part < NGRAM_PARTS && status == TOK_OK; part++)
			status = ngram_spool_init(&b->tables[i][part], folder, err);
	return status;
}

void ngram_build_release(struct ngram_build *b)
{
	for (unsigned i = 0; i < VOCAB_NGRAM_ORDER_MAX; i++) {
		ngram_spool_release(&b->orders[i].counted);
		for (enum ngram_part part = 0; part < NGRAM_PARTS; part++)
			ngram_spool_release(&b->tables[i][part]);
	}
}

static enum tok_status put_double(struct ngram_build *b, unsigned level, enum ngram_part part,
				  double value, struct tok_error *err)
{
	return ngram_spool_add(&b->tables[level][part], &value, sizeof value, err);
}

static enum tok_status put_whole(struct ngram_build *b, unsigned level, enum ngram_part part,
				 uint64_t value, struct tok_error *err)
{
	return ngram_spool_add(&b->tables[level][part], &value, sizeof value, err);
}

static enum tok_status put_symbol(struct ngram_build *b, unsigned level, uint32_t symbol,
				  struct tok_error *err)
{
	return ngram_spool_add(&b->tables[level][NGRAM_IDS], &symbol, sizeof symbol, err);
}

enum tok_status ngram_build_write(struct ngram_build *b, const char *path, struct tok_error *err)
{
	struct tok_span tables[VOCAB_NGRAM_ORDER_MAX][NGRAM_PARTS] = { 0 };
	enum tok_status status = TOK_OK;
	for (unsigned i = 0; i < b->header.order; i++)
		for (enum ngram_part part = 0; part < NGRAM_PARTS && status == TOK_OK; part++)
			status = ngram_spool_map(&b->tables[i][part], &tables[i][part], err);
	return status == TOK_OK ? ngram_file_write(path, &b->header, tables, err) : status;
}

/* ---- what goes on from one context -------------------------------------------------- */

struct group {
	struct ngram_counted *items;
	size_t count, room;
	uint64_t total;      /* of their counts */
	uint64_t of_kind[3]; /* how many have the count 1, 2, more */
};

static size_t kind_of(uint64_t count)
{
	return count < 3 ? (size_t)count - 1 : 2;
}

static bool add_to_group(struct group *group, const struct ngram_counted *item)
{
	if (!tok_grow(&group->items, &group->room, group->count + 1, sizeof *group->items))
		return false;
	group->items[group->count++] = *item;
	group->total += item->count;
	group->of_kind[kind_of(item->count)]++;
	return true;
}

static void empty_group(struct group *group)
{
	group->count = 0;
	group->total = 0;
	memset(group->of_kind, 0, sizeof group->of_kind);
}

static double weigh(const struct group *group, const double discounts[3], uint64_t count)
{
	return ((double)count - discounts[kind_of(count)]) / (double)group->total;
}

/* What the group leaves to the lower order; all where nothing was seen. */
static double left_by(const struct group *group, const double discounts[3])
{
	double sum = 0;
	for (size_t i = 0; i < 3; i++)
		sum += discounts[i] * (double)group->of_kind[i];
	return group->total ? sum / (double)group->total : 1;
}

/* ---- order 1: a node a symbol -------------------------------------------------------- */

static enum tok_status add_unigram(struct ngram_build *b, double add, uint64_t count,
				   struct tok_error *err)
{
	enum tok_status status = put_double(b, 0, NGRAM_ADD, add, err);
	if (status == TOK_OK && (b->header.flags & NGRAM_HAS_COUNTS))
		status = put_whole(b, 0, NGRAM_COUNTS, count, err);
	return status;
}

static enum tok_status read_group(struct ngram_reader *reader, struct group *group,
				  struct tok_error *err)
{
	struct ngram_counted item;
	bool there = true;
	enum tok_status status = TOK_OK;
	while (status == TOK_OK && there) {
		status = ngram_reader_next(reader, &item, &there, err);
		if (status == TOK_OK && there && !add_to_group(group, &item))
			status = tok_fail_memory(err);
	}
	return status;
}

static enum tok_status build_unigrams(struct ngram_build *b, struct tok_error *err)
{
	struct group all = { 0 };
	struct ngram_reader reader = { 0 };
	const double *discounts = b->header.discounts[0];
	enum tok_status status =
	    ngram_reader_init(&reader, &b->orders[0].counted, 0, b->orders[0].counted.bytes, err);
	if (status == TOK_OK)
		status = read_group(&reader, &all, err);
	for (uint64_t symbol = 0, at = 0; symbol < b->header.nodes[0] && status == TOK_OK;
	     symbol++) {
		const bool seen = at < all.count && all.items[at].gram.low == symbol;
		const uint64_t count = seen ? all.items[at].count : 0;
		status = add_unigram(b, seen ? weigh(&all, discounts, count) : 0, count, err);
		at += seen;
	}
	b->header.base = left_by(&all, discounts) / (double)(b->header.ids + 1);
	b->header.seen = all.count;
	ngram_reader_release(&reader);
	free(all.items);
	return status;
}

/* ---- the other orders --------------------------------------------------------------- */

/* An order beside the one below. */
struct side_by_side {
	unsigned level; /* of the higher one */
	struct ngram_reader contexts, grams;
	struct ngram_counted next; /* of the grams */
	bool there;
	uint64_t symbol; /* the next context, where that is one */
	struct group group;
	uint64_t written;
};

static enum tok_status next_context(struct ngram_build *b, struct side_by_side *s,
				    struct ngram_gram *out, bool *there, struct tok_error *err)
{
	struct ngram_counted context;
	if (s->level == 1) {
		*there = s->symbol < b->header.nodes[0];
		*out = (struct ngram_gram){ 0, s->symbol++ };
		return TOK_OK;
	}
	const enum tok_status status = ngram_reader_next(&s->contexts, &context, there, err);
	if (status == TOK_OK && *there)
		*out = context.gram;
	return status;
}

static enum tok_status next_gram(struct side_by_side *s, struct tok_error *err)
{
	return ngram_reader_next(&s->grams, &s->next, &s->there, err);
}

static enum tok_status find_group(struct ngram_build *b, struct side_by_side *s,
				  struct ngram_gram context, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	empty_group(&s->group);
	while (status == TOK_OK && s->there &&
	       ngram_is_same(ngram_context(s->next.gram, b->bits), context)) {
		if (!add_to_group(&s->group, &s->next))
			return tok_fail_memory(err);
		status = next_gram(s, err);
	}
	return status;
}

static enum tok_status write_group(struct ngram_build *b, struct side_by_side *s,
				   struct tok_error *err)
{
	const unsigned level = s->level;
	const double *discounts = b->header.discounts[level];
	const struct group *group = &s->group;
	enum tok_status status = put_whole(b, level - 1, NGRAM_FIRST, s->written, err);
	if (status == TOK_OK)
		status = put_double(b, level - 1, NGRAM_GAMMA, left_by(group, discounts), err);
	for (size_t i = 0; i < group->count && status == TOK_OK; i++) {
		const uint64_t count = group->items[i].count;
		status = put_symbol(b, level, ngram_last(group->items[i].gram, b->bits), err);
		if (status == TOK_OK)
			status =
			    put_double(b, level, NGRAM_ADD, weigh(group, discounts, count), err);
		if (status == TOK_OK && (b->header.flags & NGRAM_HAS_COUNTS))
			status = put_whole(b, level, NGRAM_COUNTS, count, err);
	}
	s->written += group->count;
	return status;
}

static enum tok_status build_order(struct ngram_build *b, unsigned level, struct tok_error *err)
{
	struct side_by_side s = { .level = level };
	const struct ngram_spool *below = &b->orders[level - 1].counted;
	const struct ngram_spool *above = &b->orders[level].counted;
	struct ngram_gram context;
	bool there = true;
	enum tok_status status = ngram_reader_init(&s.contexts, below, 0, below->bytes, err);
	if (status == TOK_OK)
		status = ngram_reader_init(&s.grams, above, 0, above->bytes, err);
	if (status == TOK_OK)
		status = next_gram(&s, err);
	while (status == TOK_OK && there) {
		status = next_context(b, &s, &context, &there, err);
		if (status == TOK_OK && there)
			status = find_group(b, &s, context, err);
		if (status == TOK_OK && there)
			status = write_group(b, &s, err);
	}
	if (status == TOK_OK && s.there)
		status = tok_fail(err, TOK_EIO, "a temporary file was changed by somebody else");
	if (status == TOK_OK)
		status = put_whole(b, level - 1, NGRAM_FIRST, s.written, err);
	b->header.nodes[level] = s.written;
	ngram_reader_release(&s.contexts);
	ngram_reader_release(&s.grams);
	free(s.group.items);
	return status;
}

enum tok_status ngram_build_tables(struct ngram_build *b, struct tok_error *err)
{
	for (unsigned i = 0; i < b->header.order; i++)
		if (ngram_discounts(b->orders[i].with_count, b->header.discounts[i]))
			b->header.flags |= (uint32_t)NGRAM_FALLBACK << i;
	enum tok_status status = build_unigrams(b, err);
	for (unsigned level = 1; level < b->header.order && status == TOK_OK; level++)
		status = build_order(b, level, err);
	return status;
}
