/*
 * First symbols that are characters.  The alphabet is known when all words have been
 * read, so they are read with provisional symbols, in the order of their appearance,
 * which are then put in order.
 */
#include <stdlib.h>

#include "tok/text/utf8.h"
#include "vocab/train/bpe_internal.h"

/* A character and where in a word it stands, if that changes its text. */
enum { INSIDE = 1u << 22, LAST = 1u << 23, CODE_MASK = INSIDE - 1 };

struct form {
	uint32_t key;
	uint64_t count;
	struct tok_span text; /* in `arena` */
	uint32_t symbol;
};

struct letter {
	uint32_t code;
	bool wanted;
	uint64_t count;
};

struct characters {
	struct bpe_pairs places; /* of forms, by key */
	struct form *forms;
	size_t count, capacity;
	struct letter *letters;
	size_t letter_count, letter_capacity;
	struct tok_arena arena;
};

static void release(struct characters *c)
{
	bpe_pairs_release(&c->places);
	free(c->forms);
	free(c->letters);
	tok_arena_release(&c->arena);
}

/* ---- reading ------------------------------------------------------------------- */

static bool add_form(struct characters *c, uint32_t key, uint64_t weight, uint32_t *place)
{
	const size_t known = c->places.count;
	struct bpe_pair_slot *slot = bpe_pairs_get(&c->places, key);
	if (!slot)
		return false;
	if (c->places.count > known) {
		if (!tok_grow(&c->forms, &c->capacity, c->count + 1, sizeof *c->forms))
			return false;
		slot->count = (int64_t)c->count;
		c->forms[c->count++] = (struct form){ .key = key };
	}
	*place = (uint32_t)slot->count;
	c->forms[*place].count += weight;
	return true;
}

static enum tok_status char_symbols(struct bpe_loader *loader, void *context,
				    struct vocab_word word, size_t *count, struct tok_error *err)
{
	const struct vocab_bpe_options *options = loader->options;
	struct characters *c = context;
	if (!bpe_loader_reserve(loader, word.text.count))
		return tok_fail_memory(err);
	*count = 0;
	for (size_t at = 0; at < word.text.count;) {
		const struct tok_char here = tok_utf8_at(word.text, at);
		uint32_t key = here.code;
		if (at > 0 && options->prefix.count)
			key |= INSIDE;
		at += here.length;
		if (at == word.text.count && options->suffix.count)
			key |= LAST;
		if (!add_form(c, key, word.count, &loader->row[(*count)++]))
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

/* ---- the alphabet ---------------------------------------------------------------- */

static int by_code(const void *a, const void *b)
{
	const uint32_t x = ((const struct letter *)a)->code, y = ((const struct letter *)b)->code;
	return (x > y) - (x < y);
}

static int by_use(const void *a, const void *b)
{
	const struct letter *x = a, *y = b;
	if (x->wanted != y->wanted)
		return x->wanted ? -1 : 1;
	return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : by_code(a, b);
}

static bool add_letter(struct characters *c, struct letter letter)
{
	if (!tok_grow(&c->letters, &c->letter_capacity, c->letter_count + 1, sizeof *c->letters))
		return false;
	c->letters[c->letter_count++] = letter;
	return true;
}

/* All characters, each once, by code; of which the most used are kept. */
static bool make_alphabet(struct characters *c, const struct vocab_bpe_options *options)
{
	for (size_t i = 0; i < c->count; i++)
		if (!add_letter(c, (struct letter){ c->forms[i].key & CODE_MASK, false,
						    c->forms[i].count }))
			return false;
	for (size_t i = 0; i < options->alphabet_count; i++)
		if (!add_letter(c, (struct letter){ options->alphabet[i], true, 0 }))
			return false;
	if (c->letter_count == 0)
		return true;
	qsort(c->letters, c->letter_count, sizeof *c->letters, by_code);
	size_t kept = 0;
	for (size_t i = 1; i < c->letter_count; i++) {
		struct letter *last = &c->letters[kept];
		if (last->code == c->letters[i].code) {
			last->count += c->letters[i].count;
			last->wanted |= c->letters[i].wanted;
		} else {
			c->letters[++kept] = c->letters[i];
		}
	}
	c->letter_count = kept + 1;
	if (options->limit_alphabet && c->letter_count > options->limit_alphabet) {
		qsort(c->letters, c->letter_count, sizeof *c->letters, by_use);
		c->letter_count = options->limit_alphabet;
		qsort(c->letters, c->letter_count, sizeof *c->letters, by_code);
	}
	return true;
}

static bool is_kept(const struct characters *c, uint32_t code)
{
	const struct letter key = { .code = code };
	return c->letter_count &&
	       bsearch(&key, c->letters, c->letter_count, sizeof key, by_code) != NULL;
}

/* ---- symbols -------------------------------------------------------------------- */

/* A character as text; with what stands around it inside and at the end of words. */
static bool write_form(struct characters *c, struct form *form,
		       const struct vocab_bpe_options *options)
{
	struct tok_buffer text = { 0 };
	uint8_t bytes[4];
	const size_t count = tok_utf8_put(form->key & CODE_MASK, bytes);
	const bool inside = form->key & INSIDE, last = form->key & LAST;
	const bool ok =
	    (!inside || tok_buffer_add(&text, options->prefix.bytes, options->prefix.count)) &&
	    tok_buffer_add(&text, bytes, count) &&
	    (!last || tok_buffer_add(&text, options->suffix.bytes, options->suffix.count));
	if (ok)
		form->text = tok_arena_copy(&c->arena, tok_buffer_span(&text));
	tok_buffer_release(&text);
	return ok && form->text.bytes;
}

static int by_text(const void *a, const void *b)
{
	const struct tok_span x = (*(const struct form *const *)a)->text;
	const struct tok_span y = (*(const struct form *const *)b)->text;
	const int order = memcmp(x.bytes, y.bytes, x.count < y.count ? x.count : y.count);
	return order ? order : (x.count > y.count) - (x.count < y.count);
}

static bool add_token(struct bpe_tokens *tokens, struct tok_span text)
{
	return bpe_tokens_find(tokens, text) != BPE_END || bpe_tokens_add(tokens, text, 1);
}

/* First the alphabet, then, by their bytes, forms that look different. */
static bool make_tokens(struct characters *c, const struct vocab_bpe_options *options,
			struct bpe_tokens *tokens)
{
	struct form **order = tok_arena_array(&c->arena, c->count, sizeof *order);
	size_t count = 0;
	for (size_t i = 0; i < c->letter_count; i++) {
		uint8_t bytes[4];
		const size_t length = tok_utf8_put(c->letters[i].code, bytes);
		if (!add_token(tokens, (struct tok_span){ bytes, length }))
			return false;
	}
	for (size_t i = 0; order && i < c->count; i++) {
		struct form *form = &c->forms[i];
		form->symbol = BPE_BARRIER;
		if (!is_kept(c, form->key & CODE_MASK))
			continue;
		if (!write_form(c, form, options))
			return false;
		order[count++] = form;
	}
	if (!order)
		return false;
	if (count)
		qsort(order, count, sizeof(struct form *), by_text);
	for (size_t i = 0; i < count; i++) {
		if (!add_token(tokens, order[i]->text))
			return false;
		order[i]->symbol = bpe_tokens_find(tokens, order[i]->text);
	}
	return true;
}

static void replace_symbols(struct bpe_words *words, const struct characters *c)
{
	const uint32_t end = bpe_words_end(words);
	for (uint32_t word = 0; word < end; word += bpe_row(words, word)->units) {
		void *row = bpe_row_symbols(bpe_row(words, word));
		uint32_t place;
		for (size_t i = 0; (place = bpe_symbol(row, words->wide, i)) != BPE_END; i++)
			bpe_symbol_set(row, words->wide, i, c->forms[place].symbol);
	}
}

enum tok_status bpe_load_characters(struct bpe_loader *loader, struct vocab_word_stream *stream,
				    struct tok_error *err)
{
	struct characters c = { 0 };
	enum tok_status status = TOK_OK;
	if (!bpe_pairs_init(&c.places, 0))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = bpe_load_words(loader, stream, char_symbols, &c, err);
	if (status == TOK_OK && (!make_alphabet(&c, loader->options) ||
				 !make_tokens(&c, loader->options, loader->tokens)))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		replace_symbols(loader->words, &c);
	release(&c);
	return status;
}
