/* machine_heads.c - contexts.  With a model of finite order a head is its last ids and nothing
 * else, and with a window what is in it, so that memory does not grow with the text; otherwise it
 * is a link to the one before, and those before it that have no other successor become one with it:
 * four bytes a token. */
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"
#include "tok/bytes/window.h"

/* ---- what heads are ---------------------------------------------------------------- */

static uint64_t hash_ids(const tok_id *ids, size_t count, uint64_t hash)
{
	for (size_t i = 0; i < count; i++)
		hash = tok_mix(hash, ids[i]);
	return hash;
}

static uint64_t finish_key(uint64_t hash, const struct tok_state *state)
{
	return state ? tok_mix(hash, state->hash) : hash;
}

static struct tok_head *make_head(size_t tail_count, struct tok_state *state)
{
	struct tok_head *head = malloc(sizeof *head + tail_count * sizeof *head->tail);
	if (!head)
		return NULL;
	*head = (struct tok_head){ .refs = 1,
				   .state = tok_state_hold(state),
				   .tail_count = tail_count };
	return head;
}

struct tok_head *tok_head_first(struct tok_core *core)
{
	const struct tok_lm_info *info = core->lm->info;
	const size_t count =
	    core->finite && info->start_count > core->tail ? core->tail : info->start_count;
	struct tok_state *state = NULL;
	if (core->validity) {
		const struct tok_valid_state valid = tok_validity_start(core->validity);
		state = tok_state_find(core, &valid);
		if (!state)
			return NULL;
	}
	struct tok_head *head = make_head(count, state);
	tok_state_release(core, state);
	if (!head)
		return NULL;
	if (count)
		memcpy(head->tail, info->start + info->start_count - count,
		       count * sizeof *head->tail);
	head->count = info->start_count;
	head->key = finish_key(hash_ids(head->tail, count, count), state);
	return head;
}

/* ---- a head and one id more ---------------------------------------------------------- */

/* Ids of the next head's tail: those in front of a window stay, and all others but the last one are
 * the end of this one's. */
static size_t next_tail(const struct tok_core *core, const struct tok_head *parent)
{
	const size_t count = parent->tail_count + 1;
	if (!core->finite)
		return 1;
	if (core->lm->info->window > 0)
		return count - tok_lm_cut(core->lm->info, count);
	return count < core->tail ? count : core->tail;
}

static void write_tail(const struct tok_core *core, const struct tok_head *parent, tok_id id,
		       struct tok_head *out)
{
	const struct tok_lm_info *info = core->lm->info;
	const size_t front = info->window > 0 ? info->start_count : 0, count = out->tail_count,
		     back = count > front ? count - front - 1 : 0;
	if (count == 0)
		return;
	memcpy(out->tail, parent->tail, front * sizeof *out->tail);
	memcpy(out->tail + front, parent->tail + parent->tail_count - back,
	       back * sizeof *out->tail);
	out->tail[count - 1] = id;
}

struct tok_head *tok_head_next(struct tok_core *core, struct tok_head *parent, tok_id id,
			       struct tok_state *state)
{
	const size_t tail = next_tail(core, parent);
	struct tok_head *head = make_head(tail, state);
	if (!head)
		return NULL;
	head->count = parent->count + 1;
	write_tail(core, parent, id, head);
	if (!core->finite)
		head->parent = tok_head_hold(parent);
	head->key = finish_key(
	    core->finite ? hash_ids(head->tail, tail, tail) : tok_mix(parent->key, id), state);
	return head;
}

struct tok_head *tok_head_hold(struct tok_head *head)
{
	head->refs++;
	return head;
}

void tok_head_release(struct tok_core *core, struct tok_head *head)
{
	while (head && --head->refs == 0) {
		struct tok_head *parent = head->parent;
		tok_head_drop_row(core, head);
		tok_state_release(core, head->state);
		tok_buffer_release(&head->older);
		free(head);
		head = parent;
	}
}

/* ---- all ids of a head ------------------------------------------------------------------ */

static struct tok_span tail_bytes(const struct tok_head *head)
{
	return (struct tok_span){ (const uint8_t *)(const void *)head->tail,
				  head->tail_count * sizeof *head->tail };
}

/* The parent, which nobody else has, becomes part of the head: its ids come first. */
static bool absorb_parent(struct tok_core *core, struct tok_head *head)
{
	struct tok_head *parent = head->parent;
	const struct tok_span tail = tail_bytes(parent), own = tok_buffer_span(&head->older);
	if (!tok_buffer_reserve(&parent->older, tail.count + own.count + 1))
		return false;
	if (!tok_buffer_add(&parent->older, tail.bytes, tail.count) ||
	    !tok_buffer_add(&parent->older, own.bytes, own.count))
		return false;
	tok_buffer_release(&head->older);
	head->older = parent->older;
	parent->older = (struct tok_buffer){ 0 };
	head->parent = parent->parent ? tok_head_hold(parent->parent) : NULL;
	tok_head_release(core, parent);
	return true;
}

bool tok_head_context(struct tok_core *core, struct tok_head *head, struct tok_buffer *out)
{
	size_t bytes = 0;
	for (struct tok_head *h = head; h; h = h->parent) {
		while (h->parent && h->parent->refs == 1)
			if (!absorb_parent(core, h))
				return false;
		bytes += h->older.count + tail_bytes(h).count;
	}
	if (!tok_buffer_reserve(out, bytes + 1))
		return false;
	out->count += bytes;
	uint8_t *to = out->bytes + out->count;
	for (const struct tok_head *h = head; h; h = h->parent) {
		const struct tok_span parts[] = { tail_bytes(h), tok_buffer_span(&h->older) };
		for (size_t i = 0; i < 2; i++) {
			to -= parts[i].count;
			if (parts[i].count)
				memcpy(to, parts[i].bytes, parts[i].count);
		}
	}
	return true;
}

struct tok_machine_windows tok_head_windows(const struct tok_core *core, size_t count)
{
	const struct tok_lm_info *info = core->lm->info;
	if (info->window == 0)
		return (struct tok_machine_windows){ .count = 1 };
	return (struct tok_machine_windows){ info->window, info->stride,
					     1 + tok_lm_cut(info, count) / info->stride };
}

/* ---- which heads are the same ------------------------------------------------------------- */

/* Ids of a head from the last one on; `left` of them are still to come from `head` itself. */
struct backwards {
	const struct tok_head *head;
	size_t left;
};

static size_t own_count(const struct tok_head *head)
{
	return head->older.count / sizeof(tok_id) + head->tail_count;
}

static struct backwards back_from(const struct tok_head *head)
{
	struct backwards b = { head, head ? own_count(head) : 0 };
	while (b.head && b.left == 0) {
		b.head = b.head->parent;
		b.left = b.head ? own_count(b.head) : 0;
	}
	return b;
}

static tok_id step_back(struct backwards *b)
{
	const size_t older = b->head->older.count / sizeof(tok_id), at = --b->left;
	const tok_id *ids = (const tok_id *)(const void *)b->head->older.bytes,
		     id = at < older ? ids[at] : b->head->tail[at - older];
	if (b->left == 0)
		*b = back_from(b->head->parent);
	return id;
}

static bool same_ids(const struct tok_head *a, const struct tok_head *b)
{
	struct backwards x = back_from(a), y = back_from(b);
	while (x.head && y.head) {
		if (x.head == y.head && x.left == y.left)
			return true;
		if (step_back(&x) != step_back(&y))
			return false;
	}
	return x.head == y.head;
}

/* Ids at the end of the tail that anything depends on; SIZE_MAX: on all of them, and on how many
 * there are. */
static size_t count_kept(const struct tok_core *core, const struct tok_head *head)
{
	const size_t spare = core->in_parts && head->row ? head->row->parts.spare : 0;
	return spare > 0 && core->tail - spare <= head->tail_count ? core->tail - spare : SIZE_MAX;
}

uint64_t tok_head_future_key(const struct tok_core *core, const struct tok_head *head)
{
	const size_t kept = count_kept(core, head);
	if (kept == SIZE_MAX)
		return head->key;
	return finish_key(hash_ids(head->tail + head->tail_count - kept, kept, ~(uint64_t)kept),
			  head->state);
}

bool tok_head_same_future(const struct tok_core *core, const struct tok_head *a,
			  const struct tok_head *b)
{
	const size_t kept = count_kept(core, a);
	if (kept != count_kept(core, b))
		return false;
	if (kept == SIZE_MAX)
		return tok_head_same(core, a, b);
	return a->state == b->state &&
	       (kept == 0 || memcmp(a->tail + a->tail_count - kept, b->tail + b->tail_count - kept,
				    kept * sizeof *a->tail) == 0);
}

bool tok_head_same(const struct tok_core *core, const struct tok_head *a, const struct tok_head *b)
{
	if (a->key != b->key || a->state != b->state)
		return false;
	if (!core->finite)
		return a->count == b->count && same_ids(a, b);
	return a->tail_count == b->tail_count &&
	       (a->tail_count == 0 ||
		memcmp(a->tail, b->tail, a->tail_count * sizeof *a->tail) == 0);
}
