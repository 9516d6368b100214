/* charbench_segments.c - what a tokenizer makes of words, where the model saw them. */
#include <stdlib.h>

#include "cmd/charbench_internal.h"
#include "tok/base/threads.h"

/* A word inside a text, and where tokens part it. */
struct placed {
	struct tok_span text;
	size_t begin, end; /* of the word */
	uint32_t *cuts;    /* in bytes of the word */
	size_t cut_count, cut_capacity;
	size_t tokens;
	struct tok_range target; /* of the word; the token asked for */
	bool found;
};

struct segmenting {
	struct tok_encoder *encoder;
	struct tok_buffer spaced;
	struct placed placed[CHARBENCH_CONTEXTS];
};

/* ---- where the word is ------------------------------------------------------------ */

static bool is_quote(uint8_t byte)
{
	return byte == '\'' || byte == '"';
}

/* The last place between quotes, which is where questions of all suites have it; else the last
 * one of all.  Places do not overlap, so that time is linear. */
static bool find_word(const struct charbench_item *item, struct placed *p)
{
	const struct tok_span prompt = item->prompt, word = item->word;
	bool found = false, in_quotes = false;
	size_t at = 0;
	p->text = prompt;
	while (word.count > 0 && at < prompt.count) {
		const uint8_t *hit =
		    memmem(prompt.bytes + at, prompt.count - at, word.bytes, word.count);
		if (!hit)
			break;
		const size_t begin = (size_t)(hit - prompt.bytes);
		at = begin + word.count;
		const bool quoted = begin > 0 && at < prompt.count && is_quote(hit[-1]) &&
				    hit[-1] == prompt.bytes[at];
		if (in_quotes && !quoted)
			continue;
		p->begin = begin;
		p->end = at;
		in_quotes = quoted;
		found = true;
	}
	return found;
}

static enum tok_status place(struct segmenting *s, const struct charbench_item *item,
			     enum charbench_context context, struct tok_error *err)
{
	struct placed *p = &s->placed[context];
	p->begin = context == CHARBENCH_SPACE;
	p->end = p->begin + item->word.count;
	p->found = true;
	p->text = item->word;
	if (context == CHARBENCH_PROMPT)
		p->found = find_word(item, p);
	if (context != CHARBENCH_SPACE)
		return TOK_OK;
	tok_buffer_clear(&s->spaced);
	if (!tok_buffer_add(&s->spaced, " ", 1) ||
	    !tok_buffer_add(&s->spaced, item->word.bytes, item->word.count))
		return tok_fail_memory(err);
	p->text = tok_buffer_span(&s->spaced);
	return TOK_OK;
}

/* ---- how it is cut ------------------------------------------------------------------ */

/* The token at byte `target` of the word, too. */
static enum tok_status cut(struct segmenting *s, struct placed *p, size_t target,
			   struct tok_error *err)
{
	const struct tok_encode_options how = { .special_text = TOK_SPECIAL_ORDINARY,
						.offsets = true };
	struct tok_encoding encoded;
	p->cut_count = p->tokens = 0;
	p->target = (struct tok_range){ 0, 0 };
	if (!p->found)
		return TOK_OK;
	const enum tok_status status = tok_encode(s->encoder, p->text, &how, &encoded, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < encoded.count; i++) {
		const struct tok_range r = encoded.ranges[i];
		if (r.begin >= p->end || r.end <= p->begin || r.begin == r.end)
			continue;
		const size_t begin = r.begin > p->begin ? r.begin - p->begin : 0,
			     end = (r.end < p->end ? r.end : p->end) - p->begin;
		p->tokens++;
		if (begin <= target && target < end)
			p->target = (struct tok_range){ (uint32_t)begin, (uint32_t)end };
		if (!tok_grow(&p->cuts, &p->cut_capacity, p->cut_count + 1, sizeof *p->cuts))
			return tok_fail_memory(err);
		p->cuts[p->cut_count++] = (uint32_t)begin;
	}
	return TOK_OK;
}

static bool is_same(const struct placed *a, const struct placed *b)
{
	return a->cut_count == b->cut_count &&
	       (a->cut_count == 0 || memcmp(a->cuts, b->cuts, a->cut_count * sizeof *a->cuts) == 0);
}

/* ---- items --------------------------------------------------------------------------- */

/* Which unit of the word the answer is; `count` if none. */
static size_t find_index(const struct charbench_data *data, const struct charbench_item *item,
			 size_t count)
{
	const bool asks = tok_span_starts(data->tasks[item->task], tok_span_of("find_"));
	if (!asks || !item->is_number || item->number < 0 || (uint64_t)item->number >= count)
		return count;
	return (size_t)item->number;
}

static uint32_t units_in(const struct tok_span *units, size_t count, struct tok_range range)
{
	uint32_t found = 0, at = 0;
	for (size_t i = 0; i < count; at += (uint32_t)units[i++].count)
		found += at < range.end && at + units[i].count > range.begin;
	return found;
}

static enum tok_status segment(struct segmenting *s, const struct charbench_data *data,
			       const struct charbench_item *item, enum charbench_context context,
			       struct charbench_segments *out, struct tok_error *err)
{
	struct tok_span units[VOCAB_WORD_UNITS];
	const size_t all = vocab_word_units(item->word, (enum vocab_unit)item->unit, units),
		     count = all < VOCAB_WORD_UNITS ? all : VOCAB_WORD_UNITS,
		     index = find_index(data, item, count);
	const size_t target =
	    index < count ? (size_t)(units[index].bytes - item->word.bytes) : SIZE_MAX;
	for (int i = 0; i < CHARBENCH_CONTEXTS; i++) {
		enum tok_status status = place(s, item, (enum charbench_context)i, err);
		if (status == TOK_OK)
			status = cut(s, &s->placed[i], target, err);
		if (status != TOK_OK)
			return status;
		if (i > 0 && s->placed[i].found) {
			out->compared[i]++;
			out->same[i] += is_same(&s->placed[0], &s->placed[i]);
		}
	}
	const struct placed *seen = &s->placed[context];
	out->items[item - data->items] = (struct charbench_segment){
		.tokens = (uint32_t)seen->tokens,
		.target_units = units_in(units, count, seen->target),
	};
	return TOK_OK;
}

/* ---- all of them, by threads --------------------------------------------------------- */

/* What a thread has of its own: some of the items, and an encoder. */
struct part {
	struct charbench_segments found; /* `items` are those of all */
	struct tok_error err;
};

struct job {
	const struct charbench_data *data;
	const struct tok_tokenizer *tokenizer;
	enum charbench_context context;
	struct part *parts;
	size_t threads;
};

static void segment_part(void *shared, size_t index)
{
	const struct job *j = shared;
	const size_t count = j->data->count, end = count * (index + 1) / j->threads;
	struct part *part = &j->parts[index];
	struct segmenting s = { .encoder = tok_encoder_new(j->tokenizer) };
	enum tok_status status = s.encoder ? TOK_OK : tok_fail_memory(&part->err);
	for (size_t i = count * index / j->threads; i < end && status == TOK_OK; i++)
		status =
		    segment(&s, j->data, &j->data->items[i], j->context, &part->found, &part->err);
	tok_encoder_free(s.encoder);
	tok_buffer_release(&s.spaced);
	for (int i = 0; i < CHARBENCH_CONTEXTS; i++)
		free(s.placed[i].cuts);
}

enum tok_status charbench_segment(const struct charbench_data *data,
				  const struct tok_tokenizer *tokenizer,
				  enum charbench_context context, size_t threads,
				  struct charbench_segments *out, struct tok_error *err)
{
	struct job j = { data, tokenizer, context, calloc(threads, sizeof *j.parts), threads };
	enum tok_status status = TOK_OK;
	*out = (struct charbench_segments){ calloc(data->count, sizeof *out->items), { 0 }, { 0 } };
	if (!j.parts || !out->items) {
		free(j.parts);
		return tok_fail_memory(err);
	}
	for (size_t i = 0; i < threads; i++)
		j.parts[i].found.items = out->items;
	tok_threads_run(threads, segment_part, &j);
	for (size_t i = 0; i < threads && status == TOK_OK; i++) {
		const struct part *part = &j.parts[i];
		for (int k = 0; k < CHARBENCH_CONTEXTS; k++) {
			out->same[k] += part->found.same[k];
			out->compared[k] += part->found.compared[k];
		}
		status = part->err.status;
		if (status != TOK_OK)
			*err = part->err;
	}
	free(j.parts);
	return status;
}

void charbench_segments_release(struct charbench_segments *segments)
{
	free(segments->items);
}
