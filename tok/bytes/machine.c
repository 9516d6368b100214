#include "tok/bytes/machine.h"

#include <math.h>
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

enum {
	MOST_HEADS = 4096,
	MOST_FINITE_HEADS = 1 << 16, /* there they do not multiply */
	HISTORY = 4096,
	BLOCK = 16, /* bytes between looks at whether P is 0 */
	ROWS_LEAST = 8,
	ROWS_MOST = 256,
	ROWS_IN_PARTS = 1 << 14, /* small ones */
	ROWS_BYTES = 64 << 20,   /* for rows that nobody uses at the moment */
	PART_BYTES = 64 << 20,
	MASK_BYTES = 64 << 20,
	HISTORY_BYTES = 256 << 20,
	COVER_BYTES = 256 << 20
};

/* ---- what machines share ------------------------------------------------------------ */

static void core_release(struct tok_core *core)
{
	if (!core || --core->refs > 0)
		return;
	tok_row_store_free(core);
	tok_parts_free(core);
	tok_masks_free(core);
	tok_valid_shared_free(core->shared);
	free(core->bits);
	tok_buffer_release(&core->contexts);
	free(core->best);
	free(core->below);
	free(core->heads);
	free(core->places);
	free(core->slots);
	free(core);
}

static size_t budget_rows(const struct tok_core *core)
{
	if (core->in_parts)
		return ROWS_IN_PARTS;
	const struct tok_lm_info *info = core->lm->info;
	const size_t row = info->top ? info->top * sizeof(struct tok_known)
				     : 2 * (info->size + 1) * sizeof(double),
		     count = ROWS_BYTES / row;
	return count < ROWS_LEAST ? ROWS_LEAST : count > ROWS_MOST ? ROWS_MOST : count;
}

static bool make_scratch(struct tok_core *core)
{
	const struct tok_lm_info *info = core->lm->info;
	const size_t batch = info->batch ? info->batch : 1;
	if (info->top == 0)
		return true;
	if (batch > SIZE_MAX / info->top)
		return false;
	core->best = calloc(batch * info->top, sizeof *core->best);
	return core->best != NULL;
}

static enum tok_status check_options(const struct tok_byte_tokens *tokens,
				     const struct tok_validity *validity, const struct tok_lm *lm,
				     const struct tok_machine_options *options,
				     struct tok_error *err)
{
	if (tokens->size != lm->info->size)
		return tok_fail(err, TOK_EARG, "rows of the model have %zu numbers, not %zu",
				lm->info->size, tokens->size);
	if (options->semantics != TOK_BYTES_ALL && !validity)
		return tok_fail(err, TOK_EARG,
				"what is valid is not known of this tokenizer: only 'all' is");
	if (options->semantics == TOK_BYTES_VALID_RENORM && lm->info->top)
		return tok_fail(err, TOK_EARG,
				"'valid-renorm' needs whole rows, of which this model tells %zu "
				"numbers",
				lm->info->top);
	if (lm->info->window > 0 && lm->info->window - lm->info->stride < lm->info->start_count)
		return tok_fail(err, TOK_EARG,
				"a window of %zu tokens has no room for %zu behind the %zu before "
				"every text",
				lm->info->window, lm->info->stride, lm->info->start_count);
	if (!(options->prune >= 0.0 && options->prune < 1.0))
		return tok_fail(err, TOK_EARG, "a share of %g: it is at least 0 and below 1",
				options->prune);
	return TOK_OK;
}

static struct tok_core *core_new(const struct tok_byte_tokens *tokens,
				 const struct tok_validity *validity, struct tok_lm *lm,
				 const struct tok_machine_options *options)
{
	struct tok_core *core = calloc(1, sizeof *core);
	if (!core)
		return NULL;
	core->refs = 1;
	core->tokens = tokens;
	core->validity = options->semantics == TOK_BYTES_ALL ? NULL : validity;
	core->lm = lm;
	core->options = *options;
	if (core->options.max_heads == 0)
		core->options.max_heads =
		    lm->info->markov_order > 0 ? MOST_FINITE_HEADS : MOST_HEADS;
	if (core->options.history == 0)
		core->options.history = HISTORY;
	if (core->options.history > SIZE_MAX / 4)
		core->options.history = SIZE_MAX / 4;
	core->finite = lm->info->markov_order > 0 || lm->info->window > 0;
	core->tail = lm->info->markov_order > 0 ? lm->info->markov_order - 1
		     : lm->info->window > 0     ? lm->info->window
						: 1;
	core->in_parts = lm->parts != NULL;
	core->loose = lm->info->top > 0;
	core->row_budget = budget_rows(core);
	core->part_budget = PART_BYTES;
	core->mask_budget = MASK_BYTES;
	core->history_budget = HISTORY_BYTES;
	core->cover_budget = COVER_BYTES;
	if (make_scratch(core))
		return core;
	core_release(core);
	return NULL;
}

/* ---- machines ------------------------------------------------------------------------- */

static void keep_front(struct tok_machine *m, struct tok_front *front)
{
	m->kept[m->count++] = front;
	m->kept_bytes += front->bytes;
}

static void forget_oldest(struct tok_machine *m, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		m->kept_bytes -= m->kept[i]->bytes;
		tok_front_release(m->core, m->kept[i]);
	}
	m->count -= count;
	memmove(m->kept, m->kept + count, m->count * sizeof(m->kept[0]));
}

/* How many of the oldest have so much that a quarter of what they may have becomes free.  A block
 * of bytes is gone back over whatever it has. */
static size_t count_heavy(const struct tok_machine *m)
{
	const size_t most = m->core->history_budget - m->core->history_budget / 4;
	size_t bytes = m->kept_bytes, count = 0;
	while (bytes > most && count + BLOCK + 1 < m->count)
		bytes -= m->kept[count++]->bytes;
	return count;
}

/* Make room first, so that nothing fails behind it; the oldest fronts may be forgotten. */
static bool reserve_front(struct tok_machine *m)
{
	const size_t history = m->core->options.history + BLOCK;
	if (m->count >= history + history / 8 + BLOCK)
		forget_oldest(m, m->count - history);
	if (m->kept_bytes > m->core->history_budget)
		forget_oldest(m, count_heavy(m));
	return tok_grow(&m->kept, &m->capacity, m->count + 1, sizeof(m->kept[0]));
}

static struct tok_machine *machine_of(struct tok_core *core)
{
	struct tok_machine *m = calloc(1, sizeof *m);
	if (m) {
		m->core = core;
		core->refs++;
	}
	return m;
}

static enum tok_status begin(struct tok_machine *m, struct tok_error *err)
{
	if (!reserve_front(m))
		return tok_fail_memory(err);
	struct tok_front *front = tok_front_new(1);
	if (!front)
		return tok_fail_memory(err);
	struct tok_head *head = tok_head_first(m->core);
	if (!head) {
		tok_front_release(m->core, front);
		return tok_fail_memory(err);
	}
	const struct tok_bounds all = { 1.0, 1.0 };
	front->count = 1;
	front->dropped = -INFINITY;
	front->places[0] = (struct tok_place){ .head = head, .ways = 1, .weight = all };
	front->bytes = sizeof *front + sizeof front->places[0] + tok_head_bytes(head);
	keep_front(m, front);
	return TOK_OK;
}

/* What stands in front of every text; what comes then is told as if it were not there. */
static enum tok_status push_hidden(struct tok_machine *m, struct tok_error *err)
{
	const struct tok_span hidden = tok_byte_tokens_forced_front(m->core->tokens);
	if (hidden.count == 0)
		return TOK_OK;
	struct tok_bounds mass;
	enum tok_status status = tok_machine_push(m, hidden, err);
	if (status != TOK_OK)
		return tok_fail_in(err, status, "what stands in front of every text");
	struct tok_front *front = tok_machine_front(m);
	status = tok_front_mass(m->core, front, &mass, err);
	if (status != TOK_OK)
		return status;
	m->hidden = hidden.count;
	m->hidden_low = tok_front_log_p(front).low;
	m->hidden_high = tok_front_log_p(front).high;
	if (!m->core->loose && front->dropped == -INFINITY)
		m->hidden_high = m->hidden_low;
	return TOK_OK;
}

enum tok_status tok_machine_new(const struct tok_byte_tokens *tokens,
				const struct tok_validity *validity, struct tok_lm *lm,
				const struct tok_machine_options *options, struct tok_machine **out,
				struct tok_error *err)
{
	enum tok_status status = check_options(tokens, validity, lm, options, err);
	if (status != TOK_OK)
		return status;
	struct tok_core *core = core_new(tokens, validity, lm, options);
	if (!core)
		return tok_fail_memory(err);
	struct tok_machine *m = machine_of(core);
	core_release(core); /* the machine's own, from here on */
	if (!m)
		return tok_fail_memory(err);
	if (core->validity)
		status = tok_valid_shared_new(validity, tokens, &core->shared, err);
	if (status == TOK_OK)
		status = begin(m, err);
	if (status == TOK_OK)
		status = push_hidden(m, err);
	if (status != TOK_OK) {
		tok_machine_free(m);
		return status;
	}
	*out = m;
	return TOK_OK;
}

void tok_machine_free(struct tok_machine *m)
{
	if (!m)
		return;
	if (m->count)
		tok_front_leave(m->core, tok_machine_front(m), NULL);
	for (size_t i = 0; i < m->count; i++)
		tok_front_release(m->core, m->kept[i]);
	free(m->kept);
	core_release(m->core);
	free(m);
}

enum tok_status tok_machine_fork(struct tok_machine *m, struct tok_machine **out,
				 struct tok_error *err)
{
	struct tok_machine *fork = machine_of(m->core);
	if (!fork || !tok_grow(&fork->kept, &fork->capacity, m->count, sizeof(fork->kept[0]))) {
		tok_machine_free(fork);
		return tok_fail_memory(err);
	}
	fork->hidden = m->hidden;
	fork->hidden_low = m->hidden_low;
	fork->hidden_high = m->hidden_high;
	for (size_t i = 0; i < m->count; i++)
		fork->kept[i] = tok_front_hold(m->kept[i]);
	fork->count = m->count;
	fork->kept_bytes = m->kept_bytes;
	*out = fork;
	return TOK_OK;
}

size_t tok_machine_length(const struct tok_machine *m)
{
	return tok_machine_front(m)->at - m->hidden;
}

size_t tok_machine_heads(const struct tok_machine *m)
{
	return tok_machine_front(m)->count;
}

/* The most ids that the model is asked behind: of heads that begin at the end so many less. */
static size_t find_longest(const struct tok_front *front, size_t less)
{
	size_t most = 0;
	for (size_t i = 0; i < front->count; i++) {
		const struct tok_place *place = &front->places[i];
		const size_t count = place->head->count;
		const size_t asked = place->node != 0 || count < less ? count : count - less;
		most = asked > most ? asked : most;
	}
	return most;
}

struct tok_machine_windows tok_machine_windows(const struct tok_machine *m)
{
	return tok_head_windows(m->core, find_longest(tok_machine_front(m), 0));
}

struct tok_machine_windows tok_machine_text_windows(const struct tok_machine *m)
{
	return tok_head_windows(m->core, find_longest(tok_machine_front(m), 1));
}

struct tok_machine_cost tok_machine_cost(const struct tok_machine *m)
{
	return m->core->cost;
}

/* ---- back and forth -------------------------------------------------------------------- */

static void take_back(struct tok_machine *m, size_t count)
{
	const size_t left = m->count - count;
	if (count)
		tok_front_leave(m->core, tok_machine_front(m), m->kept[left - 1]);
	while (m->count > left) {
		m->kept_bytes -= m->kept[--m->count]->bytes;
		tok_front_release(m->core, m->kept[m->count]);
	}
}

bool tok_machine_back(struct tok_machine *m, size_t bytes)
{
	const struct tok_front *front = tok_machine_front(m);
	if (bytes > front->at - m->hidden || bytes >= m->count || bytes > m->core->options.history)
		return false;
	take_back(m, bytes);
	return true;
}

static enum tok_status push_byte(struct tok_machine *m, uint8_t byte, struct tok_error *err)
{
	struct tok_front *next = NULL;
	if (!reserve_front(m))
		return tok_fail_memory(err);
	const struct tok_front *front = tok_machine_front(m);
	const enum tok_status status = tok_front_step(m->core, front, byte, &next, err);
	if (status != TOK_OK)
		return status;
	tok_front_leave(m->core, front, next);
	keep_front(m, next);
	return TOK_OK;
}

/* Go back until P is not 0, over `*pushed` bytes at most, which are as many fewer then. */
static enum tok_status leave_zero(struct tok_machine *m, size_t *pushed, struct tok_error *err)
{
	struct tok_bounds mass = { 0 };
	while (*pushed > 0) {
		struct tok_front *front = tok_machine_front(m);
		const enum tok_status status = tok_front_mass(m->core, front, &mass, err);
		if (status != TOK_OK)
			return status;
		if (mass.high > 0.0 || front->dropped > -INFINITY)
			return TOK_OK;
		take_back(m, 1);
		--*pushed;
	}
	return TOK_OK;
}

/* As many as are looked at together. */
static enum tok_status push_block(struct tok_machine *m, struct tok_span bytes,
				  struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	size_t pushed = 0;
	while (status == TOK_OK && pushed < bytes.count) {
		status = push_byte(m, bytes.bytes[pushed], err);
		pushed += status == TOK_OK;
	}
	if (status != TOK_OK && status != TOK_ETEXT)
		return status;
	const enum tok_status looked = leave_zero(m, &pushed, err);
	if (looked != TOK_OK)
		return looked;
	if (pushed == bytes.count)
		return TOK_OK;
	return tok_fail(err, TOK_ETEXT,
			"byte %zu, 0x%02x: no row of tokens of this model goes on with it",
			tok_machine_length(m), bytes.bytes[pushed]);
}

enum tok_status tok_machine_push(struct tok_machine *m, struct tok_span bytes,
				 struct tok_error *err)
{
	for (size_t at = 0; at < bytes.count; at += BLOCK) {
		const size_t end = bytes.count - at < BLOCK ? bytes.count : at + BLOCK;
		const enum tok_status status = push_block(m, tok_span_slice(bytes, at, end), err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}
