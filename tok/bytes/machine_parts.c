/* machine_parts.c - rows that are what shorter contexts say and a few ids more.  Each part is
 * summed over the trie once, along the paths of its ids, and kept for a while; a row is then
 * nothing but its parts and their scales. */
#include <math.h>
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

enum { PART_BYTES = 64 << 20 }; /* of parts that are kept, those of live heads apart */

static struct tok_part **bucket_of(struct tok_core *core, const tok_id *key)
{
	return &core->part_buckets[((uintptr_t)key >> 2) * 0x9E3779B1u / 64 % PART_BUCKETS];
}

static void free_part(struct tok_part *part)
{
	free(part->nodes);
	free(part->ends);
	free(part->below);
	free(part);
}

/* Those that nobody uses and that were not used since `before`. */
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

void tok_parts_free(struct tok_core *core)
{
	forget_parts(core, UINT64_MAX);
	free(core->base_ends);
	free(core->base_below);
	free(core->sum_ends);
	free(core->sum_below);
}

/* ---- summing a part --------------------------------------------------------------- */

static int compare_nodes(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* Nodes of the texts of these ids, each once. */
static enum tok_status find_nodes(const struct tok_byte_tokens *t, const struct tok_lm_part *from,
				  struct tok_part *part, struct tok_error *err)
{
	size_t room = 1, count = 0, kept = 0;
	for (size_t i = 0; i < from->count; i++)
		room += tok_byte_tokens_text(t, from->ids[i]).count + 1;
	part->nodes = calloc(room, sizeof *part->nodes);
	if (!part->nodes)
		return tok_fail_memory(err);
	for (size_t i = 0; i < from->count; i++) {
		const struct tok_span text = tok_byte_tokens_text(t, from->ids[i]);
		uint32_t node = 0;
		for (size_t at = 0; text.count > 0 && at <= text.count; at++) {
			part->nodes[count++] = node;
			if (at < text.count)
				node = tok_byte_tokens_child(t, node, text.bytes[at]);
		}
	}
	if (count)
		qsort(part->nodes, count, sizeof *part->nodes, compare_nodes);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || part->nodes[i] != part->nodes[i - 1])
			part->nodes[kept++] = part->nodes[i];
	part->count = kept;
	return TOK_OK;
}

static void add_other(const struct tok_byte_tokens *t, tok_id id, double p, double *end,
		      double *nontext)
{
	*(tok_byte_tokens_kind(t, id) == TOK_BYTE_END ? end : nontext) += p;
}

/* Into the sums by node, which are 0, and from there into the part. */
static void sum_part(struct tok_core *core, const struct tok_lm_part *from, struct tok_part *part)
{
	const struct tok_byte_tokens *t = core->tokens;
	for (size_t i = 0; i < from->count; i++) {
		const struct tok_span text = tok_byte_tokens_text(t, from->ids[i]);
		uint32_t node = 0;
		if (text.count == 0) {
			add_other(t, from->ids[i], from->add[i], &part->end, &part->nontext);
			continue;
		}
		for (size_t at = 0; at < text.count; at++) {
			core->sum_below[node] += from->add[i];
			node = tok_byte_tokens_child(t, node, text.bytes[at]);
		}
		core->sum_ends[node] += from->add[i];
	}
	for (size_t i = 0; i < part->count; i++) {
		part->ends[i] = core->sum_ends[part->nodes[i]];
		part->below[i] = core->sum_below[part->nodes[i]];
		core->sum_ends[part->nodes[i]] = core->sum_below[part->nodes[i]] = 0.0;
	}
}

static enum tok_status make_part(struct tok_core *core, const struct tok_lm_part *from,
				 struct tok_part **out, struct tok_error *err)
{
	struct tok_part *part = calloc(1, sizeof *part);
	if (!part)
		return tok_fail_memory(err);
	const enum tok_status status = find_nodes(core->tokens, from, part, err);
	if (status != TOK_OK) {
		free_part(part);
		return status;
	}
	part->ends = calloc(part->count + 1, sizeof *part->ends);
	part->below = calloc(part->count + 1, sizeof *part->below);
	if (!part->ends || !part->below) {
		free_part(part);
		return tok_fail_memory(err);
	}
	part->key = from->ids;
	part->bytes = sizeof *part + part->count * (sizeof *part->nodes + 2 * sizeof(double));
	sum_part(core, from, part);
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
		if (core->part_bytes > PART_BYTES)
			forget_parts(core, core->clock - core->clock / 8);
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

/* ---- rows --------------------------------------------------------------------------- */

/* What all rows have in common. */
static enum tok_status sum_base(struct tok_core *core, const double *base, struct tok_error *err)
{
	const struct tok_byte_tokens *t = core->tokens;
	double **const sums[] = { &core->base_ends, &core->base_below, &core->sum_ends,
				  &core->sum_below };
	for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
		if (!*sums[i])
			*sums[i] = calloc(t->nodes, sizeof **sums[i]);
	if (!core->base_ends || !core->base_below || !core->sum_ends || !core->sum_below)
		return tok_fail_memory(err);
	for (uint32_t node = t->nodes; node-- > 0;) {
		core->base_ends[node] = core->base_below[node] = 0.0;
		for (uint32_t i = t->ends_from[node]; i < t->ends_from[node + 1]; i++)
			core->base_ends[node] += base[t->ends[i]];
		for (uint32_t c = t->first[node]; c < t->first[node + 1]; c++)
			core->base_below[node] += core->base_ends[c] + core->base_below[c];
	}
	core->base_other = (struct tok_row_masses){ 0 };
	for (size_t i = 0; i < t->other_count; i++)
		add_other(t, t->others[i], base[t->others[i]], &core->base_other.end,
			  &core->base_other.nontext);
	core->base = base;
	return TOK_OK;
}

void tok_row_leave_parts(struct tok_row *row)
{
	for (size_t i = 0; i < TOK_LM_PARTS_MAX; i++) {
		if (row->sums[i])
			row->sums[i]->users--;
		row->sums[i] = NULL;
	}
}

enum tok_status tok_row_join(struct tok_core *core, struct tok_row *row,
			     const struct tok_lm_request *request, struct tok_error *err)
{
	struct tok_lm_parts *parts = &row->parts;
	enum tok_status status = core->lm->parts(core->lm, request, parts, err);
	if (status == TOK_OK && (core->base != parts->base || !core->sum_below))
		status = sum_base(core, parts->base, err);
	for (size_t i = 0; status == TOK_OK && i < parts->count; i++)
		status = find_part(core, &parts->parts[i], &row->sums[i], err);
	if (status != TOK_OK)
		return status;
	struct tok_row_masses other = { core->base_other.end * parts->scale,
					core->base_other.nontext * parts->scale };
	for (size_t i = 0; i < parts->count; i++) {
		other.end += row->sums[i]->end * parts->parts[i].scale;
		other.nontext += row->sums[i]->nontext * parts->parts[i].scale;
	}
	row->other_low = row->other_high =
	    (struct tok_row_masses){ fmax(other.end, 0.0), fmax(other.nontext, 0.0) };
	const double sum =
	    tok_joined_mass(core, row, 0, false) + row->other_low.end + row->other_low.nontext;
	row->scale = 1.0 / sum;
	row->log_scale = -log(sum);
	return TOK_OK;
}

static double find_add(const struct tok_lm_part *part, tok_id id)
{
	size_t low = 0, high = part->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (part->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < part->count && part->ids[low] == id ? part->add[low] : 0.0;
}

double tok_joined_p(const struct tok_row *row, tok_id id)
{
	double p = row->parts.scale * row->parts.base[id];
	for (size_t i = 0; i < row->parts.count; i++)
		p += row->parts.parts[i].scale * find_add(&row->parts.parts[i], id);
	return fmax(p, 0.0);
}

double tok_joined_mass(const struct tok_core *core, const struct tok_row *row, uint32_t node,
		       bool below_only)
{
	double mass = row->parts.scale *
		      (core->base_below[node] + (below_only ? 0.0 : core->base_ends[node]));
	for (size_t i = 0; i < row->parts.count; i++) {
		const struct tok_part *part = row->sums[i];
		size_t low = 0, high = part->count;
		while (low < high) {
			const size_t middle = low + (high - low) / 2;
			if (part->nodes[middle] < node)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < part->count && part->nodes[low] == node)
			mass += row->parts.parts[i].scale *
				(part->below[low] + (below_only ? 0.0 : part->ends[low]));
	}
	return fmax(mass, 0.0);
}
