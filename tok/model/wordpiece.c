/* Greedy longest match, as Hugging Face's models/wordpiece does it.  What a word
 * becomes depends on nothing around it, so short words are remembered. */
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tok/model/model_internal.h"
#include "tok/model/words_internal.h"
#include "tok/text/utf8.h"

enum { WORDS_AHEAD = 32 };

struct tok_wordpiece {
	struct tok_trie trie;
	bool continues;         /* some token begins with the prefix */
	uint32_t continue_root; /* where a match behind the first begins */
	size_t max_chars;
	uint64_t fingerprint; /* of all that decides what a word becomes */
};

struct tok_wordpiece_scratch {
	struct tok_words words;
};

struct tok_wordpiece_scratch *tok_wordpiece_scratch_new(void)
{
	struct tok_wordpiece_scratch *scratch = calloc(1, sizeof *scratch);
	if (scratch && !tok_words_init(&scratch->words)) {
		free(scratch);
		return NULL;
	}
	return scratch;
}

void tok_wordpiece_scratch_free(struct tok_wordpiece_scratch *scratch)
{
	if (!scratch)
		return;
	tok_words_release(&scratch->words);
	free(scratch);
}

enum tok_status tok_wordpiece_build(struct tok_model *model, const struct tok_model_spec *spec,
				    struct tok_error *err)
{
	struct tok_wordpiece *w = tok_arena_array(&model->arena, 1, sizeof *w);
	if (!w)
		return tok_fail_memory(err);
	model->wordpiece = w;
	w->max_chars = spec->as.wordpiece.max_chars;
	const struct tok_span prefix = spec->as.wordpiece.prefix;
	const uint64_t facts[] = { model->lexicon.fingerprint, spec->unk, w->max_chars,
				   XXH3_64bits(prefix.bytes, prefix.count) };
	w->fingerprint = XXH3_64bits(facts, sizeof facts);

	const enum tok_status status = tok_lexicon_trie(&model->lexicon, &model->arena,
							TOK_TYPES_OF_TEXT, &w->trie, NULL, err);
	if (status != TOK_OK)
		return status;

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
	if (word.count <= max_chars)
		return false;
	for (size_t at = 0; at < word.count; count++) {
		if (count == max_chars)
			return true;
		at += tok_utf8_at(word, at).length;
	}
	return false;
}

/* Where the tokens of a word go: out, and into `kept` unless that is NULL. */
struct spelling {
	struct tok_tokens *out;
	struct tok_word_slot *kept; /* of its count tokens the first few are there */
	uint32_t begin;             /* of the word */
};

static bool add_token(struct spelling *s, tok_id id, struct tok_range range)
{
	struct tok_word_slot *kept = s->kept;
	if (kept && kept->count < TOK_WORD_TOKENS) {
		kept->tokens[kept->count] = id;
		kept->of.ends[kept->count] = (uint8_t)(range.end - s->begin);
	}
	if (kept)
		kept->count++;
	return tok_tokens_add(s->out, id, range);
}

/* *known: the word can be spelled. */
static enum tok_status spell_word(const struct tok_model *model, struct tok_span text,
				  struct tok_range word, struct spelling *spelling, bool *known,
				  struct tok_error *err)
{
	const struct tok_wordpiece *w = model->wordpiece;
	uint32_t root = TOK_TRIE_ROOT;
	*known = !is_too_long(tok_span_slice(text, word.begin, word.end), w->max_chars);
	for (uint32_t at = word.begin, end; *known && at < word.end; at = end) {
		uint32_t place = TOK_NO_ID;
		end = at;
		if (at == word.begin || w->continues)
			place = match_longest(&w->trie, root, text, at, word.end, &end);
		*known = place != TOK_NO_ID;
		if (*known &&
		    !add_token(spelling, model->lexicon.ids[place], (struct tok_range){ at, end }))
			return tok_fail_memory(err);
		root = w->continue_root;
	}
	return TOK_OK;
}

static enum tok_status encode_word(const struct tok_model *model, struct tok_span text,
				   struct tok_range word, struct spelling *spelling,
				   struct tok_error *err)
{
	const size_t before = spelling->out->count;
	bool known;
	const enum tok_status status = spell_word(model, text, word, spelling, &known, err);
	if (status != TOK_OK || known)
		return status;

	if (model->lexicon.unk == TOK_NO_ID)
		return tok_fail(err, TOK_ETEXT,
				"bytes %u to %u cannot be spelled with this vocabulary, which has "
				"no unknown token",
				word.begin, word.end);
	spelling->out->count = before;
	if (spelling->kept)
		spelling->kept->count = 0;
	return add_token(spelling, model->lexicon.unk, word) ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status recall_word(const struct tok_word_slot *slot, uint32_t begin,
				   struct tok_tokens *out, struct tok_error *err)
{
	if (!tok_tokens_make_room(out, TOK_WORD_TOKENS))
		return tok_fail_memory(err);
	if (!out->ranged) {
		/* There is room for all: a copy of fixed size is the quickest. */
		memcpy(out->ids + out->count, slot->tokens, sizeof slot->tokens);
		out->count += slot->count;
		return TOK_OK;
	}
	for (uint32_t i = 0, at = 0; i < slot->count; at = slot->of.ends[i++])
		tok_tokens_put(out, slot->tokens[i], begin + at, begin + slot->of.ends[i]);
	return TOK_OK;
}

static enum tok_status encode_kept(const struct tok_model *model, struct tok_span text,
				   struct tok_range word, const struct tok_word_key *key,
				   struct tok_word_slot *pair, struct tok_tokens *out,
				   struct tok_error *err)
{
	const struct tok_word_slot *slot = tok_words_find(pair, key);
	if (slot)
		return recall_word(slot, word.begin, out, err);

	struct tok_word_slot made = { .key = *key };
	struct spelling spelling = { .out = out, .kept = &made, .begin = word.begin };
	const enum tok_status status = encode_word(model, text, word, &spelling, err);
	if (status == TOK_OK && made.count <= TOK_WORD_TOKENS)
		tok_words_put(pair, &made);
	return status;
}

/* At most WORDS_AHEAD words, of which the slots are fetched before they are used. */
static enum tok_status encode_some(const struct tok_model *model, struct tok_words *words,
				   struct tok_span text, const struct tok_range *pieces,
				   size_t count, struct tok_tokens *out, struct tok_error *err)
{
	struct tok_word_key keys[WORDS_AHEAD];
	struct tok_word_slot *pairs[WORDS_AHEAD];
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count; i++) {
		const uint32_t length = pieces[i].end - pieces[i].begin;
		pairs[i] = NULL;
		if (length == 0 || length > TOK_WORD_BYTES)
			continue;
		keys[i] = tok_word_key(text, pieces[i].begin, length);
		pairs[i] = tok_words_pair(words, &keys[i]);
		__builtin_prefetch(&pairs[i][0]);
		__builtin_prefetch(&pairs[i][1]);
	}
	for (size_t i = 0; status == TOK_OK && i < count; i++) {
		struct spelling spelling = { .out = out, .begin = pieces[i].begin };
		status = pairs[i]
			     ? encode_kept(model, text, pieces[i], &keys[i], pairs[i], out, err)
			     : encode_word(model, text, pieces[i], &spelling, err);
	}
	return status;
}

enum tok_status tok_wordpiece_encode(const struct tok_model *model,
				     struct tok_wordpiece_scratch *scratch, struct tok_span text,
				     const struct tok_range *pieces, size_t count,
				     struct tok_tokens *out, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	tok_words_claim(&scratch->words, model->wordpiece->fingerprint);
	for (size_t i = 0; status == TOK_OK && i < count; i += WORDS_AHEAD) {
		const size_t some = count - i < WORDS_AHEAD ? count - i : WORDS_AHEAD;
		status = encode_some(model, &scratch->words, text, pieces + i, some, out, err);
	}
	return status;
}

/* ---- image ---------------------------------------------------------------------- */

enum { FACTS = TOK_IMAGE_TAG('w', 'f', 'c', 't'), TRIE = TOK_IMAGE_TAG('w', 't', 'r', 'i') };

struct facts {
	uint64_t fingerprint, max_chars;
	uint32_t continues, continue_root;
};

void tok_wordpiece_save(const struct tok_model *model, struct tok_image_writer *writer)
{
	const struct tok_wordpiece *w = model->wordpiece;
	const struct facts facts = {
		.fingerprint = w->fingerprint,
		.max_chars = w->max_chars,
		.continues = w->continues,
		.continue_root = w->continue_root,
	};
	tok_image_put(writer, FACTS, &facts, sizeof facts);
	tok_trie_save(&w->trie, TRIE, writer);
}

enum tok_status tok_wordpiece_open(struct tok_model *model, const struct tok_image *image,
				   bool *sound, struct tok_error *err)
{
	struct tok_wordpiece *w = tok_arena_array(&model->arena, 1, sizeof *w);
	size_t count;
	if (!w)
		return tok_fail_memory(err);
	model->wordpiece = w;
	const struct facts *facts = tok_image_array(image, FACTS, sizeof *facts, &count);
	*sound = count == 1 && tok_trie_open(&w->trie, image, TRIE, model->lexicon.count) &&
		 w->trie.cells && facts->continue_root < w->trie.count;
	if (!*sound)
		return TOK_OK;
	w->fingerprint = facts->fingerprint;
	w->max_chars = facts->max_chars;
	w->continues = facts->continues != 0;
	w->continue_root = facts->continue_root;
	return TOK_OK;
}
