#include "vocab/train/use.h"

#include <stdlib.h>

enum { TELL_EVERY = 4096 }; /* words */

struct counting {
	struct tok_model *model;
	struct tok_model_scratch *scratch;
	struct tok_tokens tokens;
	struct vocab_use use;
};

static enum tok_status count_word(struct counting *c, const struct vocab_word *word,
				  struct tok_error *err)
{
	struct vocab_use *use = &c->use;
	uint64_t bytes, tokens;
	if (word->text.count > UINT32_MAX)
		return tok_fail(err, TOK_ELIMIT, "a word of %zu bytes is too long",
				word->text.count);
	c->tokens.count = 0;
	const struct tok_range all = { 0, (uint32_t)word->text.count };
	const enum tok_status status =
	    tok_model_encode(c->model, c->scratch, word->text, all, &c->tokens, err);
	if (status != TOK_OK && status != TOK_ETEXT)
		return status;
	if (__builtin_mul_overflow(word->count, (uint64_t)word->text.count, &bytes) ||
	    __builtin_add_overflow(use->bytes, bytes, &use->bytes) ||
	    __builtin_mul_overflow(word->count, (uint64_t)c->tokens.count, &tokens) ||
	    __builtin_add_overflow(use->tokens, tokens, &use->tokens))
		return tok_fail(err, TOK_ELIMIT, "the text has more than 2^64 bytes");
	for (size_t i = 0; i < c->tokens.count; i++)
		if (c->tokens.ids[i] < use->id_count)
			use->counts[c->tokens.ids[i]] += word->count;
	return TOK_OK;
}

static enum tok_status count_words(struct counting *c, struct vocab_word_stream *words,
				   struct vocab_train_control *control, struct tok_error *err)
{
	struct vocab_word word;
	enum tok_status status;
	uint64_t read = 0;
	while ((status = vocab_words_next(words, &word, err)) == TOK_OK && word.text.bytes) {
		if (read++ % TELL_EVERY == 0 && control->progress)
			control->progress(control->context, "words", read - 1, 0);
		status = count_word(c, &word, err);
		if (status != TOK_OK)
			break;
	}
	return status;
}

static size_t count_ids(const struct tok_model_spec *model)
{
	size_t count = 1;
	for (size_t i = 0; i < model->entry_count; i++)
		if (model->entries[i].id >= count)
			count = (size_t)model->entries[i].id + 1;
	return count;
}

enum tok_status vocab_use_count(const struct tok_model_spec *model, struct vocab_word_stream *words,
				struct vocab_train_control *control, struct vocab_use *out,
				struct tok_error *err)
{
	struct counting c = { .scratch = tok_model_scratch_new() };
	c.use.id_count = count_ids(model);
	c.use.counts = calloc(c.use.id_count, sizeof *c.use.counts);
	enum tok_status status = TOK_OK;
	if (!c.scratch || !c.use.counts)
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = tok_model_new(model, &c.model, err);
	if (status == TOK_OK)
		status = count_words(&c, words, control, err);
	tok_model_free(c.model);
	tok_model_scratch_free(c.scratch);
	tok_tokens_release(&c.tokens);
	if (status == TOK_OK)
		*out = c.use;
	else
		vocab_use_release(&c.use);
	return status;
}

void vocab_use_release(struct vocab_use *use)
{
	free(use->counts);
	*use = (struct vocab_use){ 0 };
}
