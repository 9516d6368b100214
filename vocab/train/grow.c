#include "vocab/train/grow.h"

#include <stdlib.h>

#include "tok/pipe/tokenizer.h"
#include "vocab/train/base.h"
#include "vocab/train/bpe_internal.h"
#include "vocab/train/parts.h"
#include "vocab/train/renumber.h"

/* Each learns at least one token or is the last; with so many something is wrong with the
 * vocabulary, and what there is will do. */
enum { ROUNDS_MAX = 64 };

struct growing {
	struct tok_spec *spec;
	const struct vocab_grow_options *options;
	struct vocab_train_control *control;
	struct vocab_grown grown;
	struct vocab_base base;
	struct bpe_tokens refused; /* texts that were dropped */
};

static bool allows(void *context, struct tok_span joined)
{
	struct growing *g = context;
	const struct vocab_grow_options *asked = g->options;
	return vocab_base_allows(&g->base, joined) &&
	       bpe_tokens_find(&g->refused, joined) == BPE_END &&
	       (!asked->allows || asked->allows(asked->allows_context, joined));
}

/* ---- what text becomes -------------------------------------------------------- */

/* Where ids go: what merging makes of its own text moves up, the rest goes. */
static enum tok_status map_ids(struct growing *g, const struct vocab_base *grown, tok_id *map,
			       size_t *dropped, struct tok_error *err)
{
	struct vocab_parts parts;
	enum tok_status status = vocab_parts_of(grown, &parts, err);
	if (status != TOK_OK)
		return status;
	for (tok_id id = 0; id < grown->next_id; id++)
		map[id] = id;
	tok_id next = g->grown.first_id;
	for (size_t i = 0; status == TOK_OK && i < grown->model.entry_count; i++) {
		const struct tok_vocab_entry *entry = &grown->model.entries[i];
		if (entry->id < g->grown.first_id)
			continue;
		const bool made = parts.made[entry->id];
		map[entry->id] = made ? next++ : TOK_NO_ID;
		*dropped += !made;
		if (!made && !bpe_tokens_add(&g->refused, entry->text, 1))
			status = tok_fail_memory(err);
	}
	vocab_parts_release(&parts);
	return status;
}

/* Drop the new tokens that text cannot become. */
static enum tok_status drop_unreached(struct growing *g, size_t *dropped, struct tok_error *err)
{
	struct vocab_base grown;
	*dropped = 0;
	enum tok_status status = vocab_base_model(g->spec, &grown, err);
	if (status != TOK_OK)
		return status;
	tok_id *map = malloc(((size_t)grown.next_id + 1) * sizeof *map);
	status = map ? map_ids(g, &grown, map, dropped, err) : tok_fail_memory(err);
	if (status == TOK_OK && *dropped)
		status = vocab_renumber(g->spec, map, grown.next_id, err);
	free(map);
	vocab_base_release(&grown);
	return status;
}

/* ---- the whole ----------------------------------------------------------------- */

static enum tok_status learn(struct growing *g, struct vocab_words_kept *words,
			     struct vocab_learned *learned, struct tok_error *err)
{
	const struct vocab_grow_options *asked = g->options;
	struct vocab_word_stream *stream = NULL;
	struct vocab_bpe_options options = {
		.vocab_size = (size_t)g->grown.first_id + asked->count,
		.tie = asked->tie,
		.min_frequency = asked->min_frequency,
		.max_token_length = asked->max_token_length,
		.memory_bytes = asked->memory_bytes,
		.spill_folder = asked->spill_folder,
	};
	vocab_base_set(&g->base, &options);
	options.allows = allows;
	options.allows_context = g;
	const enum tok_status status = vocab_words_again(words, &stream, err);
	return status == TOK_OK ? vocab_train_bpe(stream, &options, g->control, learned, err)
				: status;
}

/* False in *go_on: there is nothing more to be had. */
static enum tok_status grow_once(struct growing *g, struct vocab_words_kept *words, bool *go_on,
				 struct tok_error *err)
{
	struct vocab_learned learned = { 0 };
	size_t dropped = 0;
	enum tok_status status = vocab_base_of(g->spec, &g->base, err);
	if (status != TOK_OK)
		return status;
	status = learn(g, words, &learned, err);
	if (status == TOK_OK)
		status = vocab_base_extend(g->spec, &learned, err);
	if (status == TOK_OK)
		status = drop_unreached(g, &dropped, err);
	*go_on = dropped > 0 && !g->control->stopped;
	g->grown.count += learned.entry_count - dropped;
	g->grown.dropped += dropped;
	vocab_learned_release(&learned);
	vocab_base_release(&g->base);
	return status;
}

enum tok_status vocab_grow(struct tok_spec *spec, struct vocab_words_kept *words,
			   const struct vocab_grow_options *options,
			   struct vocab_train_control *control, struct vocab_grown *out,
			   struct tok_error *err)
{
	struct growing g = { .spec = spec, .options = options, .control = control };
	enum tok_status status = TOK_OK;
	bool go_on = true;
	g.grown.first_id = vocab_next_id(spec);
	if (options->count > (size_t)TOK_ID_MAX + 1 - g.grown.first_id)
		return tok_fail(err, TOK_ELIMIT, "a vocabulary has at most %u tokens",
				TOK_ID_MAX + 1);
	for (size_t round = 0; status == TOK_OK && go_on && round < ROUNDS_MAX; round++)
		status = grow_once(&g, words, &go_on, err);
	bpe_tokens_release(&g.refused);
	if (status == TOK_OK)
		*out = g.grown;
	return status;
}
