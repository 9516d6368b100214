/* machine_covers.c - rows of tokens that cover the text, most probable first: the most probable
 * beginning of a row is always gone on with first, and no row is more probable than its beginning.
 */
#include <math.h>
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

enum { ROWS_MOST = 2 << 20 };

/* A row of tokens up to one of them. */
struct part {
	struct tok_head *head; /* once it was gone on with */
	uint32_t parent;
	tok_id id;
	size_t at; /* bytes that it has; behind the end it is whole */
	double log_p, log_low, log_high;
};

struct search {
	const struct tok_machine *machine;
	struct tok_core *core;
	struct tok_buffer text;
	struct part *parts;
	size_t count, capacity;
	uint32_t *heap; /* parts to go on with, the most probable in front */
	size_t heap_count, heap_capacity;
	struct tok_buffer ids;
	size_t id_bytes;                        /* that heads keep */
	struct tok_bounds log_text, log_hidden; /* of P: with what is hidden, of what is hidden */
};

/* ---- parts by probability ------------------------------------------------------------ */

static bool is_before(const struct search *s, uint32_t a, uint32_t b)
{
	if (s->parts[a].log_p != s->parts[b].log_p)
		return s->parts[a].log_p > s->parts[b].log_p;
	return a < b;
}

static void sift_up(struct search *s, size_t at)
{
	const uint32_t part = s->heap[at];
	while (at > 0 && is_before(s, part, s->heap[(at - 1) / 2])) {
		s->heap[at] = s->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	s->heap[at] = part;
}

static uint32_t pop(struct search *s)
{
	const uint32_t first = s->heap[0], last = s->heap[--s->heap_count];
	size_t at = 0;
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= s->heap_count)
			break;
		if (child + 1 < s->heap_count && is_before(s, s->heap[child + 1], s->heap[child]))
			child++;
		if (!is_before(s, s->heap[child], last))
			break;
		s->heap[at] = s->heap[child];
		at = child;
	}
	s->heap[at] = last;
	return first;
}

static enum tok_status push(struct search *s, const struct part *part, struct tok_error *err)
{
	if (s->count == ROWS_MOST)
		return tok_fail(err, TOK_ELIMIT, "more than %d rows of tokens had to be looked at",
				ROWS_MOST);
	if (!tok_grow(&s->parts, &s->capacity, s->count + 1, sizeof *s->parts) ||
	    !tok_grow(&s->heap, &s->heap_capacity, s->heap_count + 1, sizeof *s->heap))
		return tok_fail_memory(err);
	s->parts[s->count] = *part;
	s->heap[s->heap_count++] = (uint32_t)s->count++;
	sift_up(s, s->heap_count - 1);
	return TOK_OK;
}

/* ---- going on ------------------------------------------------------------------------- */

/* Between two logarithms, of which one may be that of 0. */
static double middle_of(struct tok_bounds logs)
{
	return logs.low < logs.high ? tok_log_add(logs.low, logs.high) - log(2.0) : logs.low;
}

/* Part `from` goes on with the valid ids of these ranks. */
static enum tok_status push_ranks(struct search *s, uint32_t from, const struct tok_mask *mask,
				  struct tok_range ranks, struct tok_error *err)
{
	const struct tok_byte_tokens *t = s->core->tokens;
	for (uint32_t rank = ranks.begin; rank < ranks.end; rank++) {
		const struct part *parent = &s->parts[from];
		const tok_id id = t->by_rank[rank];
		if (!tok_mask_has(mask, rank))
			continue;
		const struct tok_bounds logs = tok_row_log_p(s->core, parent->head->row, id);
		const struct part part = {
			.parent = from,
			.id = id,
			.at = parent->at + t->texts[id].count,
			.log_p = parent->log_p + middle_of(logs),
			.log_low = parent->log_low + logs.low,
			.log_high = parent->log_high + logs.high,
		};
		if (part.log_high == -INFINITY)
			continue;
		const enum tok_status status = push(s, &part, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

/* The tokens that end inside of the text, then those that reach over its end. */
static enum tok_status walk_text(struct search *s, uint32_t from, struct tok_error *err)
{
	struct tok_core *core = s->core;
	const struct tok_byte_tokens *t = core->tokens;
	const struct tok_head *head = s->parts[from].head;
	struct tok_mask *mask = NULL;
	uint32_t node = 0;
	enum tok_status status = TOK_OK;
	for (size_t at = s->parts[from].at; status == TOK_OK && at < s->text.count; at++) {
		const bool first = node == 0;
		node = tok_byte_tokens_child(t, node, s->text.bytes[at]);
		if (node == 0)
			break;
		if (first && core->validity) {
			status = tok_mask_find(core, head->state, node, &mask, err);
			if (status != TOK_OK)
				return status;
		}
		const struct tok_range ranks = { t->rank[node], t->rank[node] + t->ending[node] };
		status = push_ranks(s, from, mask, ranks, err);
	}
	if (status == TOK_OK && node != 0)
		status = push_ranks(s, from, mask, tok_node_below(t, node), err);
	tok_mask_release(mask);
	return status;
}

/* The head of a part; NULL if memory is out. */
static struct tok_head *make_head(struct search *s, uint32_t from)
{
	const struct part *part = &s->parts[from];
	struct tok_head *parent = s->parts[part->parent].head;
	struct tok_state *state = NULL;
	if (from == 0)
		return tok_head_first(s->core);
	if (s->core->validity) {
		state = tok_state_next(s->core, parent->state, part->id);
		if (!state)
			return NULL;
	}
	struct tok_head *head = tok_head_next(s->core, parent, part->id, state);
	tok_state_release(s->core, state);
	return head;
}

static enum tok_status go_on(struct search *s, uint32_t from, struct tok_error *err)
{
	struct tok_head *head = make_head(s, from);
	if (!head)
		return tok_fail_memory(err);
	s->parts[from].head = head;
	s->id_bytes += head->tail_count * sizeof(tok_id);
	if (s->id_bytes > s->core->cover_budget)
		return tok_fail(err, TOK_ELIMIT,
				"rows of tokens that were looked at have more than %zu MB of ids",
				s->core->cover_budget >> 20);
	enum tok_status status = tok_row_store_need(s->core, &head, 1, err);
	if (status != TOK_OK)
		return status;
	status = walk_text(s, from, err);
	tok_head_drop_row(s->core, head);
	return status;
}

/* ---- telling ---------------------------------------------------------------------------- */

/* 1 where nothing is known of the text. */
static double share_of(double log_p, double log_text)
{
	return log_p < log_text ? exp(log_p - log_text) : 1.0;
}

static enum tok_status tell(struct search *s, uint32_t whole, tok_cover_sink *sink, void *context,
			    bool *more, struct tok_error *err)
{
	size_t count = 0;
	for (uint32_t i = whole; i != 0; i = s->parts[i].parent)
		count++;
	tok_buffer_clear(&s->ids);
	if (!tok_buffer_reserve(&s->ids, count * sizeof(tok_id) + 1))
		return tok_fail_memory(err);
	tok_id *ids = (tok_id *)(void *)s->ids.bytes;
	size_t left = count;
	for (uint32_t i = whole; i != 0; i = s->parts[i].parent)
		ids[--left] = s->parts[i].id;
	const struct part *part = &s->parts[whole];
	const struct tok_bounds *text = &s->log_text, *hidden = &s->log_hidden;
	const struct tok_cover cover = {
		.ids = ids,
		.count = count,
		.overshoot = part->at - s->text.count,
		.log_p = part->log_p - 0.5 * (hidden->low + hidden->high),
		.log_p_low = part->log_low - hidden->high,
		.log_p_high = part->log_high - hidden->low,
		.share = share_of(part->log_p, text->low),
		.share_low = share_of(part->log_low, text->high),
		.share_high = share_of(part->log_high, text->low),
		.exact = tok_machine_front(s->machine)->dropped == -INFINITY && !s->core->loose &&
			 tok_machine_text_windows(s->machine).count == 1,
	};
	*more = sink(context, &cover);
	return TOK_OK;
}

/* ---- how many there are -------------------------------------------------------------------- */

static size_t count_below(struct tok_core *core, const struct tok_place *place)
{
	const struct tok_byte_tokens *t = core->tokens;
	const struct tok_range below = tok_node_below(t, place->node);
	size_t count = 0;
	for (uint32_t rank = below.begin; rank < below.end; rank++)
		count += tok_mask_has(place->mask, rank) &&
			 tok_row_log_p(core, place->head->row, t->by_rank[rank]).high > -INFINITY;
	return count;
}

/* Needs the rows of all places that are in a token. */
static size_t count_covers(struct tok_core *core, const struct tok_front *front)
{
	size_t total = 0;
	for (size_t i = 0; i < front->count; i++) {
		const struct tok_place *place = &front->places[i];
		const size_t each = place->node == 0 ? 1 : count_below(core, place);
		if (each && place->ways > (SIZE_MAX - total) / each)
			return SIZE_MAX;
		total += each * place->ways;
	}
	return total;
}

/* ---- the search ------------------------------------------------------------------------------ */

static enum tok_status copy_text(const struct tok_machine *m, struct search *s,
				 struct tok_error *err)
{
	const size_t remembered =
	    m->count - 1 < m->core->options.history ? m->count - 1 : m->core->options.history;
	if (m->kept[0]->at != 0 || m->count - 1 > remembered)
		return tok_fail(err, TOK_ELIMIT,
				"the text is longer than the %zu bytes that are remembered",
				remembered);
	for (size_t i = 1; i < m->count; i++)
		if (!tok_buffer_add_byte(&s->text, m->kept[i]->byte))
			return tok_fail_memory(err);
	return TOK_OK;
}

static enum tok_status run(struct search *s, tok_cover_sink *sink, void *context,
			   struct tok_error *err)
{
	const struct part none = { .log_p = 0.0 };
	bool more = true;
	enum tok_status status = push(s, &none, err);
	while (status == TOK_OK && more && s->heap_count > 0) {
		const uint32_t part = pop(s);
		status = s->parts[part].at >= s->text.count
			     ? tell(s, part, sink, context, &more, err)
			     : go_on(s, part, err);
	}
	return status;
}

enum tok_status tok_machine_covers(struct tok_machine *m, tok_cover_sink *sink, void *context,
				   size_t *total, struct tok_error *err)
{
	struct tok_core *core = m->core;
	struct tok_front *front = tok_machine_front(m);
	struct search s = { .machine = m, .core = core };
	struct tok_bounds mass;
	if (core->lm->info->top)
		return tok_fail(err, TOK_EARG,
				"covers need whole rows, of which this model tells "
				"the best %zu numbers",
				core->lm->info->top);
	enum tok_status status = tok_front_mass(core, front, &mass, err);
	if (status == TOK_OK)
		status = tok_front_need(core, front, err);
	if (status == TOK_OK)
		status = copy_text(m, &s, err);
	if (status == TOK_OK) {
		*total = count_covers(core, front);
		s.log_text = tok_front_log_p(front);
		s.log_hidden = (struct tok_bounds){ m->hidden_low, m->hidden_high };
		status = run(&s, sink, context, err);
	}
	for (size_t i = 0; i < s.count; i++)
		if (s.parts[i].head) {
			tok_head_drop_row(core, s.parts[i].head);
			tok_head_release(core, s.parts[i].head);
		}
	tok_buffer_release(&s.ids);
	tok_buffer_release(&s.text);
	free(s.heap);
	free(s.parts);
	return status;
}
