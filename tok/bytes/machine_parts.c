/* machine_parts.c - rows that are what shorter contexts say and a few ids more.  A row is nothing
 * but its parts and their scales.  Small parts are gone through where the model has them; others
 * are brought into the order of ranks once, and kept for a while. */
#include <math.h>
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

enum {
	PART_SMALL = 48, /* ids */
	FIRSTS_BYTES = 256 * sizeof(double)
};

static struct tok_part **bucket_of(struct tok_core *core, const tok_id *key)
{
	return &core->part_buckets[((uintptr_t)key >> 2) * 0x9E3779B1u / 64 % PART_BUCKETS];
}

static void free_part(struct tok_part *part)
{
	tok_sums_release(&part->sums);
	free(part->ranks);
	free(part);
}

/* Those that nobody uses, and that were last used before then. */
static void forget_parts(struct tok_core *core, uint64_t before)
{
	for (size_t i = 0; i < PART_BUCKETS; i++) {
		struct tok_part **at = &core->part_buckets[i];
		while (*at) {
			struct tok_part *part = *at;
			if (part->users > 0 || part->used >= before) {
				at = &part->next;
				continue;
			}
			*at = part->next;
			core->part_bytes -= part->bytes;
			free_part(part);
		}
	}
}

/* What was not used since this was done last, or, where that is not enough, all. */
static void make_room(struct tok_core *core)
{
	if (core->part_bytes <= core->part_budget)
		return;
	forget_parts(core, core->parts_swept);
	if (core->part_bytes > core->part_budget / 2)
		forget_parts(core, UINT64_MAX);
	core->parts_swept = core->clock;
}

void tok_parts_free(struct tok_core *core)
{
	forget_parts(core, UINT64_MAX);
	tok_sums_release(&core->base_sums);
}

/* ---- a part by rank --------------------------------------------------------------- */

struct ranked {
	uint32_t rank;
	double add;
};

static int compare_ranks(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static void add_other(const struct tok_byte_tokens *t, tok_id id, double p, double *end,
		      double *nontext)
{
	*(tok_byte_tokens_kind(t, id) == TOK_BYTE_END ? end : nontext) += p;
}

/* A mapped model may have ids that there are none of. */
static uint32_t rank_of(const struct tok_byte_tokens *t, tok_id id)
{
	return id < t->size ? t->rank_of[id] : UINT32_MAX;
}

/* Those that are text, by rank; sums of the others. */
static enum tok_status sort_part(const struct tok_byte_tokens *t, const struct tok_lm_part *from,
				 struct tok_part *part, struct tok_error *err)
{
	struct ranked *ranked = calloc(from->count, sizeof *ranked);
	if (!ranked)
		return tok_fail_memory(err);
	for (size_t i = 0; i < from->count; i++) {
		const tok_id id = from->ids[i];
		const uint32_t rank = rank_of(t, id);
		if (rank < t->text_count)
			ranked[part->count++] = (struct ranked){ rank, from->add[i] };
		else
			add_other(t, id, from->add[i], &part->end, &part->nontext);
	}
	qsort(ranked, part->count, sizeof *ranked, compare_ranks);
	part->ranks = calloc(part->count + 1, sizeof *part->ranks);
	const bool room = part->ranks && tok_sums_init(&part->sums, part->count);
	for (size_t i = 0; room && i < part->count; i++) {
		part->ranks[i] = ranked[i].rank;
		part->sums.p[i] = ranked[i].add;
	}
	free(ranked);
	if (!room)
		return tok_fail_memory(err);
	tok_sums_block(&part->sums, part->count);
	part->text = tok_sums_range(&part->sums, (struct tok_range){ 0, (uint32_t)part->count });
	return TOK_OK;
}

static enum tok_status make_part(struct tok_core *core, const struct tok_lm_part *from,
				 struct tok_part **out, struct tok_error *err)
{
	struct tok_part *part = calloc(1, sizeof *part);
	if (!part)
		return tok_fail_memory(err);
	const enum tok_status status = sort_part(core->tokens, from, part, err);
	if (status != TOK_OK) {
		free_part(part);
		return status;
	}
	part->key = from->ids;
	part->memo_id = TOK_NO_ID;
	part->bytes = sizeof *part + part->count * (sizeof *part->ranks + sizeof(double));
	*out = part;
	return TOK_OK;
}

static enum tok_status find_part(struct tok_core *core, const struct tok_lm_part *from,
				 struct tok_part **out, struct tok_error *err)
{
	struct tok_part **bucket = bucket_of(core, from->ids), *part = *bucket;
	while (part && part->key != from->ids)
		part = part->next;
	if (!part) {
		make_room(core);
		const enum tok_status status = make_part(core, from, &part, err);
		if (status != TOK_OK)
			return status;
		part->next = *bucket;
		*bucket = part;
		core->part_bytes += part->bytes;
	}
	part->users++;
	part->used = ++core->clock;
	*out = part;
	return TOK_OK;
}

/* ---- what parts say ------------------------------------------------------------------ */

static size_t find_rank(const struct tok_part *part, size_t low, uint32_t rank)
{
	size_t high = part->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (part->ranks[middle] < rank)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static double sum_part(const struct tok_part *part, const struct tok_mask *mask,
		       struct tok_range ranks)
{
	const size_t from = find_rank(part, 0, ranks.begin);
	if (!mask) {
		const size_t to = find_rank(part, from, ranks.end);
		return tok_sums_range(&part->sums,
				      (struct tok_range){ (uint32_t)from, (uint32_t)to });
	}
	double sum = 0.0;
	for (size_t i = from; i < part->count && part->ranks[i] < ranks.end; i++)
		if (tok_mask_has(mask, part->ranks[i]))
			sum += part->sums.p[i];
	return sum;
}

/* Where this sum is, if it is there. */
static struct tok_memo *find_memo(struct tok_memo *memos, size_t count, const struct tok_mask *mask,
				  struct tok_range ranks, bool *known)
{
	const uint64_t serial = mask ? mask->serial : 0;
	struct tok_memo *memo = &memos[(tok_mix(serial, ranks.begin) >> 20) % count];
	*known = memo->mask == serial && memo->ranks.begin == ranks.begin &&
		 memo->ranks.end == ranks.end;
	memo->mask = serial;
	memo->ranks = ranks;
	return memo;
}

/* Heads with the same last id, and frequent ones again and again, ask the same. */
static double recall_part(struct tok_part *part, const struct tok_mask *mask,
			  struct tok_range ranks)
{
	bool known;
	struct tok_memo *memo = find_memo(part->memos, PART_MEMOS, mask, ranks, &known);
	if (!known)
		memo->sum = sum_part(part, mask, ranks);
	return memo->sum;
}

static double sum_small(const struct tok_byte_tokens *t, const struct tok_lm_part *part,
			const struct tok_mask *mask, struct tok_range ranks)
{
	double sum = 0.0;
	for (size_t i = 0; i < part->count; i++) {
		const uint32_t rank = rank_of(t, part->ids[i]);
		if (rank >= ranks.begin && rank < ranks.end && tok_mask_has(mask, rank))
			sum += part->add[i];
	}
	return sum;
}

/* What is remembered of a mask is of this base. */
static void use_base(struct tok_core *core, struct tok_mask *mask)
{
	if (mask->base == core->base)
		return;
	memset(mask->memos, 0, sizeof mask->memos);
	free(mask->firsts);
	core->mask_bytes -= mask->firsts ? FIRSTS_BYTES : 0;
	mask->bytes -= mask->firsts ? FIRSTS_BYTES : 0;
	mask->firsts = NULL;
	mask->base = core->base;
}

static double sum_base(struct tok_core *core, struct tok_mask *mask, struct tok_range ranks)
{
	if (!mask) {
		if (core->base_range.begin != ranks.begin || core->base_range.end != ranks.end) {
			core->base_range = ranks;
			core->base_range_sum = tok_sums_range(&core->base_sums, ranks);
		}
		return core->base_range_sum;
	}
	use_base(core, mask);
	bool known;
	struct tok_memo *memo = find_memo(mask->memos, MASK_MEMOS, mask, ranks, &known);
	if (!known)
		memo->sum = tok_sums_masked(&core->base_sums, mask, ranks);
	return memo->sum;
}

/* Of the `i`-th part of a row, not scaled. */
static double sum_of_part(struct tok_core *core, const struct tok_row *row, size_t i,
			  const struct tok_mask *mask, struct tok_range ranks)
{
	return row->big[i] ? recall_part(row->big[i], mask, ranks)
			   : sum_small(core->tokens, &row->parts.parts[i], mask, ranks);
}

/* A sum, and what it would be if nothing in it was below 0. */
struct joined {
	double sum, size;
};

static inline void join(struct joined *to, double value)
{
	to->sum += value;
	to->size += fabs(value);
}

static inline struct tok_bounds bound(struct tok_core *core, struct joined joined)
{
	if (tok_has_digits(joined.sum, joined.size))
		return (struct tok_bounds){ joined.sum, joined.sum };
	const double error = tok_error_of(joined.size);
	core->loose = true;
	return (struct tok_bounds){ fmax(0.0, joined.sum - error), fmax(0.0, joined.sum) + error };
}

struct tok_bounds tok_joined_sum(struct tok_core *core, const struct tok_row *row,
				 struct tok_mask *mask, struct tok_range ranks)
{
	struct joined joined = { 0 };
	join(&joined, row->parts.scale * sum_base(core, mask, ranks));
	for (size_t i = 0; i < row->parts.count; i++)
		join(&joined, row->parts.parts[i].scale * sum_of_part(core, row, i, mask, ranks));
	return bound(core, joined);
}

/* Logarithms are the better sum where all of it is small. */
struct tok_bounds tok_joined_log_sum(struct tok_core *core, const struct tok_row *row,
				     struct tok_mask *mask, struct tok_range ranks)
{
	const struct tok_lm_parts *parts = &row->parts;
	struct tok_log_sum sum = tok_log_sum_none();
	tok_log_sum_add_scaled(&sum, parts->scale, parts->log_scale, sum_base(core, mask, ranks));
	for (size_t i = 0; i < parts->count; i++)
		tok_log_sum_add_scaled(&sum, parts->parts[i].scale, parts->parts[i].log_scale,
				       sum_of_part(core, row, i, mask, ranks));
	if (!tok_is_small(exp(sum.most))) {
		const struct tok_bounds plain = tok_joined_sum(core, row, mask, ranks);
		return (struct tok_bounds){ log(plain.low), log(plain.high) };
	}
	const struct tok_bounds bounds = tok_log_sum_bounds(&sum);
	core->loose |= bounds.low < bounds.high;
	return bounds;
}

/* ---- by first byte -------------------------------------------------------------------- */

static void sum_firsts(const struct tok_core *core, const struct tok_mask *mask, double out[256])
{
	const struct tok_byte_tokens *t = core->tokens;
	for (uint32_t child = t->first[0]; child < t->first[1]; child++)
		out[child - t->first[0]] =
		    mask ? tok_sums_masked(&core->base_sums, mask, tok_node_ranks(t, child))
			 : tok_sums_range(&core->base_sums, tok_node_ranks(t, child));
}

/* Of the base; in `room` where they are not kept. */
static const double *base_firsts(struct tok_core *core, struct tok_mask *mask, double room[256])
{
	if (!mask)
		return core->base_firsts;
	use_base(core, mask);
	if (mask->firsts)
		return mask->firsts;
	mask->firsts = malloc(FIRSTS_BYTES);
	core->mask_bytes += mask->firsts ? FIRSTS_BYTES : 0;
	mask->bytes += mask->firsts ? FIRSTS_BYTES : 0;
	double *out = mask->firsts ? mask->firsts : room;
	sum_firsts(core, mask, out);
	return out;
}

static void add_big_firsts(const struct tok_byte_tokens *t, const struct tok_part *part,
			   const struct tok_mask *mask, double scale, struct joined out[256])
{
	uint32_t child = t->first[0];
	for (size_t i = 0; i < part->count; i++) {
		while (part->ranks[i] >= tok_node_ranks(t, child).end)
			child++;
		if (tok_mask_has(mask, part->ranks[i]))
			join(&out[child - t->first[0]], scale * part->sums.p[i]);
	}
}

static void add_small_firsts(const struct tok_byte_tokens *t, const struct tok_lm_part *part,
			     const struct tok_mask *mask, struct joined out[256])
{
	for (size_t i = 0; i < part->count; i++) {
		const tok_id id = part->ids[i];
		const uint32_t rank = rank_of(t, id);
		if (rank < t->text_count && tok_mask_has(mask, rank))
			join(&out[t->roots[t->texts[id].bytes[0]] - t->first[0]],
			     part->scale * part->add[i]);
	}
}

void tok_joined_firsts(struct tok_core *core, const struct tok_row *row, struct tok_mask *mask,
		       struct tok_bounds out[256])
{
	const struct tok_byte_tokens *t = core->tokens;
	const size_t count = t->first[1] - t->first[0];
	double room[256];
	struct joined joined[256];
	const double *base = base_firsts(core, mask, room);
	for (size_t i = 0; i < count; i++) {
		const double p = row->parts.scale * base[i];
		joined[i] = (struct joined){ p, p };
	}
	for (size_t i = 0; i < row->parts.count; i++) {
		const struct tok_lm_part *part = &row->parts.parts[i];
		if (row->big[i])
			add_big_firsts(t, row->big[i], mask, part->scale, joined);
		else
			add_small_firsts(t, part, mask, joined);
	}
	for (size_t i = 0; i < count; i++)
		out[i] = bound(core, joined[i]);
}

/* ---- an id ------------------------------------------------------------------------------ */

static double recall_add(struct tok_part *big, const struct tok_lm_part *part, tok_id id)
{
	if (big->memo_id != id) {
		big->memo_id = id;
		big->memo_add = tok_lm_part_add(part, id);
	}
	return big->memo_add;
}

struct tok_bounds tok_joined_p(struct tok_core *core, const struct tok_row *row, tok_id id)
{
	struct joined joined = { 0 };
	join(&joined, row->parts.scale * row->parts.base[id]);
	for (size_t i = 0; i < row->parts.count; i++) {
		const struct tok_lm_part *part = &row->parts.parts[i];
		join(&joined, part->scale * (row->big[i] ? recall_add(row->big[i], part, id)
							 : tok_lm_part_add(part, id)));
	}
	return bound(core, joined);
}

/* ---- rows --------------------------------------------------------------------------- */

/* What all rows have in common. */
static enum tok_status set_base(struct tok_core *core, const double *base, struct tok_error *err)
{
	const struct tok_byte_tokens *t = core->tokens;
	if (!core->base_sums.p && !tok_sums_init(&core->base_sums, t->text_count)) {
		tok_sums_release(&core->base_sums);
		return tok_fail_memory(err);
	}
	for (uint32_t rank = 0; rank < t->text_count; rank++)
		core->base_sums.p[rank] = base[t->by_rank[rank]];
	core->base_least = tok_least(base, t->size);
	tok_sums_block(&core->base_sums, t->text_count);
	core->base_text = tok_sums_range(&core->base_sums, tok_node_ranks(t, 0));
	sum_firsts(core, NULL, core->base_firsts);
	core->base_other = (struct tok_row_masses){ 0 };
	for (size_t i = 0; i < t->other_count; i++)
		add_other(t, t->others[i], base[t->others[i]], &core->base_other.end,
			  &core->base_other.nontext);
	core->base_range = (struct tok_range){ 0, 0 };
	core->base_range_sum = 0.0;
	core->base = base;
	return TOK_OK;
}

void tok_row_leave_parts(struct tok_row *row)
{
	for (size_t i = 0; i < TOK_LM_PARTS_MAX; i++) {
		if (row->big[i])
			row->big[i]->users--;
		row->big[i] = NULL;
	}
}

struct masses {
	double text;
	struct joined end, nontext;
};

/* Its sums into those of the row. */
static enum tok_status take_part(struct tok_core *core, struct tok_row *row, size_t i,
				 struct masses *to, struct tok_error *err)
{
	const struct tok_byte_tokens *t = core->tokens;
	const struct tok_lm_part *part = &row->parts.parts[i];
	double own = 0.0, end = 0.0, nontext = 0.0;
	if (part->count > PART_SMALL) {
		const enum tok_status status = find_part(core, part, &row->big[i], err);
		if (status != TOK_OK)
			return status;
		own = row->big[i]->text;
		end = row->big[i]->end;
		nontext = row->big[i]->nontext;
	} else {
		for (size_t k = 0; k < part->count; k++) {
			if (rank_of(t, part->ids[k]) < t->text_count)
				own += part->add[k];
			else
				add_other(t, part->ids[k], part->add[k], &end, &nontext);
		}
	}
	to->text += part->scale * own;
	join(&to->end, part->scale * end);
	join(&to->nontext, part->scale * nontext);
	return TOK_OK;
}

enum tok_status tok_row_join(struct tok_core *core, struct tok_row *row,
			     const struct tok_lm_request *request, double *sum,
			     struct tok_error *err)
{
	struct tok_lm_parts *parts = &row->parts;
	enum tok_status status = core->lm->parts(core->lm, request, parts, err);
	if (status == TOK_OK && core->base != parts->base)
		status = set_base(core, parts->base, err);
	if (status != TOK_OK)
		return status;
	struct masses masses = { .text = parts->scale * core->base_text };
	row->hiding = TOK_HIDING_UNKNOWN;
	join(&masses.end, core->base_other.end * parts->scale);
	join(&masses.nontext, core->base_other.nontext * parts->scale);
	for (size_t i = 0; status == TOK_OK && i < parts->count; i++)
		status = take_part(core, row, i, &masses, err);
	if (status != TOK_OK)
		return status;
	const struct tok_bounds end = bound(core, masses.end),
				nontext = bound(core, masses.nontext);
	row->other_low = (struct tok_row_masses){ end.low, nontext.low };
	row->other_high = (struct tok_row_masses){ end.high, nontext.high };
	*sum = masses.text + end.low + nontext.low;
	return TOK_OK;
}
