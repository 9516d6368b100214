/*
 * health.c - all tokens, by threads, and what was found of them in the order of their ids.
 *
 * Parts are ranges of ids; threads take the next one that nobody has.  Each keeps its witnesses in
 * an arena of its own, so what comes out does not depend on who did what.
 */
#include "vocab/audit/health_internal.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "tok/base/threads.h"

enum { PART_IDS = 4096 };

struct witness {
	tok_id id;
	struct tok_span text;
};

struct part {
	struct tok_arena arena;
	struct witness *witnesses;
	size_t count, capacity;
};

/* What threads share: each id belongs to one part, and each part to one thread. */
struct check {
	const struct health_facts *facts;
	struct vocab_health *health;
	uint8_t *categories;
	uint32_t *defects; /* written by the first thread alone */
	struct part *parts;
	size_t part_count;
	atomic_size_t next;
	atomic_int status; /* enum tok_status; the first failure */
};

/* ---- the work of a thread --------------------------------------------------------------- */

static bool keep_witness(struct part *part, tok_id id, struct tok_span text)
{
	if (!tok_grow(&part->witnesses, &part->capacity, part->count + 1, sizeof *part->witnesses))
		return false;
	struct witness *w = &part->witnesses[part->count];
	*w = (struct witness){ id, tok_arena_copy(&part->arena, text) };
	part->count += w->text.bytes != NULL;
	return w->text.bytes != NULL;
}

static enum tok_status probe_id(struct check *c, struct part *part, struct health_prober *p,
				tok_id id)
{
	enum vocab_health_category category = VOCAB_HEALTH_HOLE;
	bool witnessed = false;
	enum tok_status status = TOK_OK;
	if (c->facts->tokens->kinds[id] != VOCAB_TOKEN_NONE)
		status = health_probe(p, id, &category, &witnessed, NULL);
	c->categories[id] = (uint8_t)category;
	if (status == TOK_OK && witnessed && category != VOCAB_HEALTH_INSIDE &&
	    !keep_witness(part, id, tok_buffer_span(&p->text)))
		status = TOK_ENOMEM;
	return status;
}

static enum tok_status probe_parts(struct check *c, struct health_prober *p)
{
	enum tok_status status = TOK_OK;
	for (size_t n; status == TOK_OK && (n = atomic_fetch_add(&c->next, 1)) < c->part_count;) {
		const size_t end = (n + 1) * PART_IDS, size = c->facts->tokens->count;
		for (size_t id = n * PART_IDS; status == TOK_OK && id < end && id < size; id++)
			status = probe_id(c, &c->parts[n], p, (tok_id)id);
	}
	return status;
}

/* What is no matter of ranges. */
static enum tok_status look_at_all(struct check *c, struct health_prober *p)
{
	enum tok_status status = health_find_surfaces(c->facts, c->health, c->defects, NULL);
	if (status == TOK_OK)
		status = health_find_merges(c->facts, c->health, c->defects, NULL);
	return status == TOK_OK ? health_probe_bytes(p, c->health->byte_returns, NULL) : status;
}

static void work(void *shared, size_t index)
{
	struct check *c = shared;
	struct health_prober p;
	int none = TOK_OK;
	enum tok_status status = health_prober_init(&p, c->facts, NULL);
	if (status == TOK_OK) {
		if (index == 0)
			status = look_at_all(c, &p);
		if (status == TOK_OK)
			status = probe_parts(c, &p);
		health_prober_release(&p);
	}
	if (status != TOK_OK)
		atomic_compare_exchange_strong(&c->status, &none, (int)status);
}

/* ---- what was found ------------------------------------------------------------------------ */

static bool is_finding(const struct check *c, size_t id)
{
	return c->defects[id] ||
	       vocab_health_category_level(c->categories[id]) != VOCAB_HEALTH_FINE;
}

static bool goes_on(const struct check *c, size_t id)
{
	return id > 0 && c->categories[id] == VOCAB_HEALTH_HOLE &&
	       c->categories[id - 1] == VOCAB_HEALTH_HOLE && c->defects[id] == c->defects[id - 1];
}

static void count_id(struct vocab_health *h, const struct check *c, size_t id)
{
	h->tokens += c->categories[id] != VOCAB_HEALTH_HOLE;
	h->categories[c->categories[id]]++;
	for (unsigned i = 0; i < VOCAB_HEALTH_DEFECTS; i++)
		h->defects[i] += c->defects[id] >> i & 1;
	h->finding_count += is_finding(c, id) && !goes_on(c, id);
}

static struct tok_span witness_of(const struct part *part, size_t *at, tok_id id)
{
	if (*at < part->count && part->witnesses[*at].id == id)
		return part->witnesses[(*at)++].text;
	return (struct tok_span){ NULL, 0 };
}

static enum tok_status list_findings(struct vocab_health *h, const struct check *c,
				     struct tok_error *err)
{
	const size_t size = c->facts->tokens->count;
	for (size_t id = 0; id < size; id++)
		count_id(h, c, id);
	struct vocab_health_finding *out =
	    tok_arena_array(&h->arena, h->finding_count, sizeof *out);
	if (!out)
		return tok_fail_memory(err);
	size_t n = 0, at = 0;
	for (size_t id = 0; id < size; id++) {
		if (id % PART_IDS == 0)
			at = 0;
		const struct tok_span witness =
		    witness_of(&c->parts[id / PART_IDS], &at, (tok_id)id);
		if (!is_finding(c, id))
			continue;
		if (goes_on(c, id))
			out[n - 1].run++;
		else
			out[n++] = (struct vocab_health_finding){ (tok_id)id, 1, c->categories[id],
								  c->defects[id], witness };
	}
	h->findings = out;
	return TOK_OK;
}

static void mark_beyond(struct check *c, size_t rows)
{
	for (size_t id = rows; rows && id < c->facts->tokens->count; id++)
		if (c->categories[id] != VOCAB_HEALTH_HOLE)
			c->defects[id] |= 1u << VOCAB_HEALTH_BEYOND;
}

static bool claims_bytes(const struct tok_tokenizer *tokenizer)
{
	return tok_tokenizer_takes_bytes(tokenizer) ||
	       tok_tokenizer_spec(tokenizer)->model.byte_fallback;
}

static enum tok_status finish(struct check *c, const struct vocab_health_options *options,
			      struct tok_error *err)
{
	struct vocab_health *h = c->health;
	h->size = c->facts->tokens->count;
	h->category_of = c->categories;
	h->claims_bytes = claims_bytes(c->facts->tokenizer);
	for (unsigned i = 0; i < 256; i++)
		h->bytes_missing += health_is_in_utf8((uint8_t)i) && !h->byte_returns[i];
	mark_beyond(c, options->rows);
	const enum tok_status status = list_findings(h, c, err);
	for (size_t i = 0; i < c->part_count; i++)
		tok_arena_take(&h->arena, &c->parts[i].arena);
	return status;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static const uint8_t *mark_added(const struct tok_spec *spec, struct tok_arena *arena, size_t count)
{
	uint8_t *added = tok_arena_array(arena, count, 1);
	for (size_t i = 0; added && i < spec->added_count; i++)
		if (spec->added[i].id < count)
			added[spec->added[i].id] = 1;
	return added;
}

static enum tok_status run(struct check *c, const struct vocab_health_options *options,
			   struct tok_error *err)
{
	const size_t size = c->facts->tokens->count;
	c->part_count = size / PART_IDS + (size % PART_IDS != 0);
	c->categories = tok_arena_array(&c->health->arena, size, 1);
	c->defects = calloc(size + 1, sizeof *c->defects);
	c->parts = calloc(c->part_count + 1, sizeof *c->parts);
	enum tok_status status = TOK_OK;
	if (!c->categories || !c->defects || !c->parts)
		status = tok_fail_memory(err);
	if (status == TOK_OK) {
		/* One more than there are parts: the first looks at all tokens before. */
		const size_t asked = options->threads ? options->threads : 1;
		tok_threads_run(asked <= c->part_count ? asked : c->part_count + 1, work, c);
		status = (enum tok_status)atomic_load(&c->status);
		if (status != TOK_OK)
			status = tok_fail_memory(err);
	}
	if (status == TOK_OK)
		status = finish(c, options, err);
	for (size_t i = 0; c->parts && i < c->part_count; i++) {
		free(c->parts[i].witnesses);
		tok_arena_release(&c->parts[i].arena);
	}
	free(c->parts);
	free(c->defects);
	return status;
}

enum tok_status vocab_health_check(const struct tok_tokenizer *tokenizer,
				   const struct vocab_health_options *options,
				   struct vocab_health *out, struct tok_error *err)
{
	struct vocab_token_bytes tokens = { 0 };
	struct vocab_health health = { 0 };
	struct health_facts facts = { .tokenizer = tokenizer,
				      .spec = tok_tokenizer_spec(tokenizer),
				      .tokens = &tokens };
	struct check c = { .facts = &facts, .health = &health };
	struct tok_arena room = { 0 };
	enum tok_status status = vocab_token_bytes(tokenizer, &tokens, err);
	if (status == TOK_OK)
		status = vocab_spelling_find(facts.spec, &facts.spelling, err);
	if (status == TOK_OK)
		status = tok_normalizer_new(facts.spec->normalizers, facts.spec->normalizer_count,
					    &facts.normalizer, err);
	if (status == TOK_OK) {
		facts.added = mark_added(facts.spec, &room, tokens.count);
		status = facts.added ? health_find_front(&facts, err) : tok_fail_memory(err);
	}
	if (status == TOK_OK)
		status = run(&c, options, err);
	if (status == TOK_OK)
		*out = health;
	else
		vocab_health_release(&health);
	tok_arena_release(&room);
	tok_normalizer_free(facts.normalizer);
	vocab_token_bytes_release(&tokens);
	return status;
}

void vocab_health_release(struct vocab_health *health)
{
	tok_arena_release(&health->arena);
	*health = (struct vocab_health){ 0 };
}
