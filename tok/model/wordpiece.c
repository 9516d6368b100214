/* Greedy longest match, as Hugging Face's models/wordpiece does it. */
#include "tok/model/model_internal.h"
#include "tok/model/trie_internal.h"
#include "tok/text/utf8.h"

struct tok_wordpiece {
	struct tok_trie trie;
	bool continues;         /* some token begins with the prefix */
	uint32_t continue_root; /* where a match behind the first begins */
	size_t max_chars;
};

enum tok_status tok_wordpiece_build(struct tok_model *model, const struct tok_model_spec *spec,
				    struct tok_error *err)
{
	struct tok_wordpiece *w = tok_arena_array(&model->arena, 1, sizeof *w);
	if (!w)
		return tok_fail_memory(err);
	model->wordpiece = w;
	w->max_chars = spec->as.wordpiece.max_chars;

	const enum tok_status status =
	    tok_lexicon_trie(&model->lexicon, &model->arena, TOK_TYPES_OF_TEXT, &w->trie, err);
	if (status != TOK_OK)
		return status;

	const struct tok_span prefix = spec->as.wordpiece.prefix;
	w->continues = true;
	w->continue_root = TOK_TRIE_ROOT;
	for (size_t i = 0; i < prefix.count && w->continues; i++) {
		w->continue_root = tok_trie_child(&w->trie, w->continue_root, prefix.bytes[i]);
		w->continues = w->continue_root != 0;
	}
	return TOK_OK;
}

/* The longest token at `at`; its end comes back in *end. */
static uint32_t match_longest(const struct tok_trie *trie, uint32_t node, struct tok_span text,
			      uint32_t at, uint32_t limit, uint32_t *end)
{
	uint32_t best = TOK_NO_ID;
	for (uint32_t i = at; i < limit; i++) {
		node = tok_trie_child(trie, node, text.bytes[i]);
		if (node == 0)
			break;
		if (tok_trie_value(trie, node) != TOK_NO_ID) {
			best = tok_trie_value(trie, node);
			*end = i + 1;
		}
	}
	return best;
}

/* Words of more than max_chars characters are not looked at.  Counting stops
 * there, so that a long word costs no more than the limit. */
static bool is_too_long(struct tok_span word, size_t max_chars)
{
	size_t count = 0;
	for (size_t at = 0; at < word.count; count++) {
		if (count == max_chars)
			return true;
		at += tok_utf8_at(word, at).length;
	}
	return false;
}

enum tok_status tok_wordpiece_encode(const struct tok_model *model, struct tok_span text,
				     struct tok_range piece, struct tok_tokens *out,
				     struct tok_error *err)
{
	const struct tok_wordpiece *w = model->wordpiece;
	const size_t before = out->count;
	bool known = !is_too_long(tok_span_slice(text, piece.begin, piece.end), w->max_chars);
	for (uint32_t at = piece.begin; known && at < piece.end;) {
		const bool first = at == piece.begin;
		uint32_t end = at;
		const uint32_t place =
		    first || w->continues
			? match_longest(&w->trie, first ? TOK_TRIE_ROOT : w->continue_root, text,
					at, piece.end, &end)
			: TOK_NO_ID;
		if (place == TOK_NO_ID)
			known = false;
		else if (!tok_tokens_add(out, model->lexicon.ids[place],
					 (struct tok_range){ at, end }))
			return tok_fail_memory(err);
		at = end;
	}
	if (known)
		return TOK_OK;

	out->count = before;
	if (model->lexicon.unk == TOK_NO_ID)
		return tok_fail(err, TOK_ETEXT,
				"bytes %u to %u cannot be spelled with this vocabulary, which has "
				"no unknown token",
				piece.begin, piece.end);
	return tok_tokens_add(out, model->lexicon.unk, piece) ? TOK_OK : tok_fail_memory(err);
}
