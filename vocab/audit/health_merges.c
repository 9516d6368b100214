/*
 * health_merges.c - which tokens BPE's merges make, and which merges happen.
 *
 * Nothing has crossed the ends of a token when it comes to be, so inside it the same merges have
 * happened that happen on its own text: a merge that is not the last one there happens nowhere.
 */
#include "vocab/audit/health_internal.h"

#include <stdlib.h>

#include "tok/base/hash.h"
#include "tok/text/utf8.h"

/* ---- merges that never happen ----------------------------------------------------------- */

static int by_rank(const void *a, const void *b)
{
	const struct vocab_health_merge *x = a, *y = b;
	return (x->rank > y->rank) - (x->rank < y->rank);
}

/* The left part leaves no choice of the right one. */
static bool happens(const struct tok_merge *last, const struct tok_merge *merge)
{
	return last[merge->result].left == merge->left;
}

static enum tok_status find_dead(const struct tok_model *model, const struct tok_merge *last,
				 struct vocab_health *health, struct tok_error *err)
{
	struct tok_arena room = { 0 };
	const size_t count = tok_model_merges(model, NULL, NULL);
	struct tok_merge *merges = tok_arena_array(&room, count, sizeof *merges);
	uint32_t *ranks = tok_arena_array(&room, count, sizeof *ranks);
	size_t dead = 0;
	if (!merges || !ranks) {
		tok_arena_release(&room);
		return tok_fail_memory(err);
	}
	tok_model_merges(model, merges, ranks);
	for (size_t i = 0; i < count; i++)
		dead += !happens(last, &merges[i]);
	struct vocab_health_merge *out = tok_arena_array(&health->arena, dead, sizeof *out);
	dead = 0;
	for (size_t i = 0; out && i < count; i++)
		if (!happens(last, &merges[i]))
			out[dead++] =
			    (struct vocab_health_merge){ ranks[i], merges[i].left, merges[i].right,
							 merges[i].result };
	tok_arena_release(&room);
	if (!out)
		return tok_fail_memory(err);
	qsort(out, dead, sizeof *out, by_rank);
	health->dead_merges = out;
	health->dead_merge_count = dead;
	health->merge_count = count;
	return TOK_OK;
}

/* ---- tokens that no merges make --------------------------------------------------------- */

static size_t count_units(const struct health_facts *f, struct tok_span text)
{
	const struct vocab_spelling *s = &f->spelling;
	if (s->prefix.count && tok_span_starts(text, s->prefix))
		text = tok_span_slice(text, s->prefix.count, text.count);
	const size_t units = f->spec->raw_vocabulary ? text.count : tok_utf8_count(text);
	const size_t suffix = s->suffix.count ? tok_utf8_count(s->suffix) : 0;
	const bool ends =
	    suffix && text.count >= s->suffix.count &&
	    tok_span_equal(tok_span_slice(text, text.count - s->suffix.count, text.count),
			   s->suffix);
	return ends ? units - suffix : units;
}

/* A token, or one unit, which SentencePiece merges though it is none. */
static bool is_part(const struct health_facts *f, const struct tok_strings *all,
		    struct tok_span text)
{
	return tok_strings_find(all, text) != TOK_NO_ID ||
	       (f->spec->model.as.bpe.order == TOK_BPE_SCORES &&
		tok_utf8_at(text, 0).length == text.count);
}

static bool is_orphan(const struct health_facts *f, const struct tok_strings *all,
		      struct tok_span text)
{
	/* With a mark of what goes on, parts are not written as they are joined. */
	if (f->spelling.prefix.count || text.count > VOCAB_HEALTH_PROBE_MAX)
		return false;
	for (size_t at = 1; at < text.count; at++)
		if (is_part(f, all, tok_span_slice(text, 0, at)) &&
		    is_part(f, all, tok_span_slice(text, at, text.count)))
			return false;
	return true;
}

/* Those of more than one unit that their merges do not make; how many there are. */
static size_t mark_unmade(const struct health_facts *f, const struct tok_merge *last,
			  uint32_t *defects)
{
	struct tok_vocab_entry entry;
	size_t unmade = 0;
	for (tok_id id = 0; id < f->tokens->count; id++) {
		if (last[id].result != TOK_NO_ID || f->tokens->kinds[id] != VOCAB_TOKEN_TEXT ||
		    f->added[id] || !tok_tokenizer_entry(f->tokenizer, id, &entry) ||
		    entry.type != TOK_PIECE_NORMAL || count_units(f, entry.text) < 2)
			continue;
		defects[id] |= 1u << VOCAB_HEALTH_NO_MERGES;
		unmade++;
	}
	return unmade;
}

/* Which of them no two tokens make up. */
static enum tok_status mark_orphans(const struct health_facts *f, uint32_t *defects,
				    struct tok_error *err)
{
	struct tok_arena room = { 0 };
	struct tok_strings all;
	struct tok_vocab_entry entry;
	const size_t count = f->tokens->count;
	if (!tok_strings_init(&all, &room, count)) {
		tok_arena_release(&room);
		return tok_fail_memory(err);
	}
	for (tok_id id = 0; id < count; id++)
		if (tok_tokenizer_entry(f->tokenizer, id, &entry) && entry.text.count)
			tok_strings_add(&all, entry.text, id);
	for (tok_id id = 0; id < count; id++)
		if (defects[id] >> VOCAB_HEALTH_NO_MERGES & 1 &&
		    tok_tokenizer_entry(f->tokenizer, id, &entry) && is_orphan(f, &all, entry.text))
			defects[id] |= 1u << VOCAB_HEALTH_ORPHAN;
	tok_arena_release(&room);
	return TOK_OK;
}

enum tok_status health_find_merges(const struct health_facts *facts, struct vocab_health *health,
				   uint32_t *defects, struct tok_error *err)
{
	const struct tok_model *model = tok_tokenizer_model(facts->tokenizer);
	struct tok_arena room = { 0 };
	if (facts->spec->model.kind != TOK_MODEL_BPE)
		return TOK_OK;
	struct tok_merge *last = tok_arena_array(&room, facts->tokens->count, sizeof *last);
	enum tok_status status = last
				     ? tok_model_last_merges(model, last, facts->tokens->count, err)
				     : tok_fail_memory(err);
	if (status == TOK_OK && mark_unmade(facts, last, defects) > 0)
		status = mark_orphans(facts, defects, err);
	if (status == TOK_OK && facts->spec->model.as.bpe.order == TOK_BPE_MERGES)
		status = find_dead(model, last, health, err);
	tok_arena_release(&room);
	return status;
}
