/* machine_heads.c - contexts.  With a model of finite order a head is its last ids and nothing
 * else, so that memory does not grow with the text; otherwise it is a link to the one before. */
#include <math.h>
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

double tok_log_add(double a, double b)
{
	const double most = fmax(a, b), least = fmin(a, b);
	return least == -INFINITY ? most : most + log1p(exp(least - most));
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
	return hash ^ (hash >> 29);
}

static uint64_t hash_tail(const struct tok_head *head)
{
	uint64_t hash = head->tail_count;
	for (size_t i = 0; i < head->tail_count; i++)
		hash = mix(hash, head->tail[i]);
	return hash;
}

static struct tok_head *make_head(struct tok_core *core, size_t tail_count)
{
	struct tok_head *head = calloc(1, sizeof *head + tail_count * sizeof *head->tail);
	if (!head)
		return NULL;
	head->refs = 1;
	head->tail_count = tail_count;
	core->cost.heads_made++;
	return head;
}

static void set_valid(struct tok_head *head, const struct tok_valid_state *valid)
{
	head->valid = *valid;
	for (size_t i = 0; i < sizeof valid->words / sizeof valid->words[0]; i++)
		head->key = mix(head->key, valid->words[i]);
}

struct tok_head *tok_head_first(struct tok_core *core)
{
	const struct tok_lm_info *info = core->lm->info;
	const size_t count =
	    core->finite && info->start_count > core->tail ? core->tail : info->start_count;
	struct tok_head *head = make_head(core, count);
	if (!head)
		return NULL;
	if (count)
		memcpy(head->tail, info->start + info->start_count - count,
		       count * sizeof *head->tail);
	head->count = info->start_count;
	head->key = hash_tail(head);
	const struct tok_valid_state none = { { 0 } },
				     valid =
					 core->validity ? tok_validity_start(core->validity) : none;
	set_valid(head, &valid);
	return head;
}

struct tok_head *tok_head_next(struct tok_core *core, struct tok_head *parent, tok_id id,
			       const struct tok_valid_state *valid)
{
	size_t tail = 1;
	if (core->finite)
		tail = parent->tail_count < core->tail ? parent->tail_count + 1 : core->tail;
	struct tok_head *head = make_head(core, tail);
	if (!head)
		return NULL;
	if (tail > 1)
		memcpy(head->tail, parent->tail + parent->tail_count - (tail - 1),
		       (tail - 1) * sizeof *head->tail);
	if (tail > 0)
		head->tail[tail - 1] = id;
	head->count = parent->count + 1;
	head->key = core->finite ? hash_tail(head) : mix(parent->key, id);
	if (!core->finite)
		head->parent = tok_head_hold(parent);
	set_valid(head, valid);
	return head;
}

struct tok_head *tok_head_hold(struct tok_head *head)
{
	head->refs++;
	return head;
}

void tok_head_release(struct tok_head *head)
{
	while (head && --head->refs == 0) {
		struct tok_head *parent = head->parent;
		free(head);
		head = parent;
	}
}

static bool same_tail(const struct tok_head *a, const struct tok_head *b)
{
	return a->tail_count == b->tail_count &&
	       (a->tail_count == 0 ||
		memcmp(a->tail, b->tail, a->tail_count * sizeof *a->tail) == 0);
}

bool tok_head_same(const struct tok_core *core, const struct tok_head *a, const struct tok_head *b)
{
	if (a->key != b->key || memcmp(&a->valid, &b->valid, sizeof a->valid) != 0)
		return false;
	if (core->finite)
		return same_tail(a, b);
	while (a != b && a && b && a->count == b->count && same_tail(a, b)) {
		a = a->parent;
		b = b->parent;
	}
	return a == b;
}

bool tok_head_context(const struct tok_head *head, struct tok_buffer *out)
{
	size_t count = 0;
	for (const struct tok_head *h = head; h; h = h->parent)
		count += h->tail_count;
	const size_t bytes = count * sizeof *head->tail;
	if (!tok_buffer_reserve(out, bytes + 1))
		return false;
	out->count += bytes;
	uint8_t *to = out->bytes + out->count;
	for (const struct tok_head *h = head; h; h = h->parent) {
		const size_t part = h->tail_count * sizeof *h->tail;
		to -= part;
		if (part)
			memcpy(to, h->tail, part);
	}
	return true;
}
