/*
 * What is learned from: the words, cut where a character is that will be unknown.
 */
#include <stdlib.h>

#include "tok/text/utf8.h"
#include "vocab/train/unigram_internal.h"

#define SYMBOLS_MAX ((uint64_t)1 << 53)
enum { CODES = TOK_BAD_BYTE + 256, WATCH_EVERY = 1 << 14 };

struct reading {
	struct unigram_runs *runs;
	const struct vocab_unigram_options *options;
	uint64_t *uses; /* of each character */
	uint8_t *known; /* characters that are pieces */
	bool cut;       /* runs are not the words */
	struct tok_error *err;
};

static struct tok_char char_at(const struct reading *r, struct tok_span text, size_t at)
{
	return r->runs->bytes ? (struct tok_char){ text.bytes[at], 1 } : tok_utf8_at(text, at);
}

static bool add_run(struct unigram_runs *runs, size_t begin, size_t length, uint64_t count)
{
	if (!tok_grow(&runs->items, &runs->capacity, runs->count + 1, sizeof *runs->items))
		return false;
	runs->items[runs->count++] =
	    (struct unigram_run){ count, (uint32_t)begin, (uint32_t)length };
	return true;
}

/* ---- reading ------------------------------------------------------------------- */

static enum tok_status add_word(struct reading *r, struct vocab_word word)
{
	struct unigram_runs *runs = r->runs;
	if (word.text.count == 0)
		return TOK_OK;
	if (word.text.count > UINT32_MAX - runs->text.count)
		return tok_fail(r->err, TOK_ELIMIT,
				"there are more than 4 GiB of distinct words: leave out rare ones");
	size_t characters = 0;
	for (size_t at = 0; at < word.text.count; characters++) {
		const struct tok_char here = char_at(r, word.text, at);
		r->uses[here.code] += word.count;
		at += here.length;
	}
	if (word.count > (SYMBOLS_MAX - runs->symbols) / characters)
		return tok_fail(r->err, TOK_ELIMIT,
				"the words are more than 2^53 characters in all");
	runs->symbols += word.count * characters;
	r->cut |= word.text.count > UNIGRAM_RUN_MAX;
	if (!add_run(runs, runs->text.count, word.text.count, word.count) ||
	    !tok_buffer_add(&runs->text, word.text.bytes, word.text.count))
		return tok_fail_memory(r->err);
	return TOK_OK;
}

static enum tok_status read_words(struct reading *r, struct vocab_word_stream *words,
				  struct vocab_train_control *control)
{
	struct vocab_word word;
	enum tok_status status;
	size_t done = 0;
	while ((status = vocab_words_next(words, &word, r->err)) == TOK_OK && word.text.bytes) {
		status = add_word(r, word);
		if (status != TOK_OK)
			return status;
		if (++done % WATCH_EVERY == 0 && control->progress)
			control->progress(control->context, "words", done, 0);
	}
	return status;
}

/* ---- characters ------------------------------------------------------------------ */

struct letter {
	uint32_t code;
	uint64_t uses;
};

static int by_use(const void *a, const void *b)
{
	const struct letter *x = a, *y = b;
	if (x->uses != y->uses)
		return x->uses < y->uses ? 1 : -1;
	return (x->code > y->code) - (x->code < y->code);
}

static struct tok_span spell(const struct reading *r, uint32_t code, uint8_t out[4])
{
	out[0] = (uint8_t)code;
	return (struct tok_span){ out, r->runs->bytes ? 1 : tok_utf8_put(code, out) };
}

static bool is_allowed(const struct reading *r, uint32_t code)
{
	uint8_t text[4];
	return !r->options->allows ||
	       r->options->allows(r->options->allows_context, spell(r, code, text));
}

static bool add_character(struct reading *r, const struct letter *letter)
{
	struct unigram_runs *runs = r->runs;
	uint8_t bytes[4];
	const struct tok_span text = spell(r, letter->code, bytes);
	runs->characters[runs->character_count++] =
	    (struct unigram_run){ letter->uses, (uint32_t)runs->text.count, (uint32_t)text.count };
	r->known[letter->code] = 1;
	return tok_buffer_add(&runs->text, text.bytes, text.count);
}

/* Those that were asked for by name, or are used, and what they make of all text. */
static struct letter *list_letters(struct reading *r, size_t *count, uint64_t *total)
{
	const struct vocab_unigram_options *options = r->options;
	struct letter *letters = malloc(CODES * sizeof *letters);
	if (!letters)
		return NULL;
	for (size_t i = 0; i < options->required_count; i++)
		r->known[options->required[i]] = 1;
	if (r->runs->bytes)
		memset(r->known, 1, 256);
	for (uint32_t code = 0; code < TOK_BAD_BYTE; code++) {
		if ((r->uses[code] || r->known[code]) && is_allowed(r, code)) {
			letters[(*count)++] = (struct letter){ code, r->uses[code] };
			*total += r->uses[code];
		} else {
			r->known[code] = 0;
			r->cut |= r->uses[code] > 0;
		}
	}
	qsort(letters, *count, sizeof *letters, by_use);
	return letters;
}

static enum tok_status choose_characters(struct reading *r)
{
	struct unigram_runs *runs = r->runs;
	const double coverage = r->options->coverage > 0 ? r->options->coverage : 1;
	size_t count = 0;
	uint64_t total = 0, covered = 0;
	struct letter *letters = list_letters(r, &count, &total);
	runs->characters = calloc(count + 1, sizeof *runs->characters);
	bool ok = letters && runs->characters && runs->text.count <= UINT32_MAX - 4 * count;
	for (size_t i = 0; ok && i < count; i++) {
		if (coverage >= 1 || (double)covered < coverage * (double)total ||
		    r->known[letters[i].code])
			ok = add_character(r, &letters[i]);
		else
			r->cut = true;
		covered += letters[i].uses;
	}
	for (uint32_t code = TOK_BAD_BYTE; code < CODES; code++)
		r->cut |= r->uses[code] > 0;
	free(letters);
	return ok ? TOK_OK : tok_fail_memory(r->err);
}

/* ---- runs ------------------------------------------------------------------------ */

static bool cut_word(struct reading *r, const struct unigram_run *word)
{
	const struct tok_span text = { r->runs->text.bytes, word->begin + word->length };
	size_t begin = word->begin, at = begin;
	while (at < text.count) {
		const struct tok_char here = char_at(r, text, at);
		const bool known = r->known[here.code];
		if (!known || at + here.length - begin > UNIGRAM_RUN_MAX) {
			if (at > begin && !add_run(r->runs, begin, at - begin, word->count))
				return false;
			begin = known ? at : at + here.length;
		}
		at += here.length;
	}
	return at == begin || add_run(r->runs, begin, at - begin, word->count);
}

static bool cut_words(struct reading *r)
{
	struct unigram_runs *runs = r->runs;
	struct unigram_run *words = runs->items;
	const size_t count = runs->count;
	bool ok = true;
	runs->items = NULL;
	runs->count = runs->capacity = 0;
	for (size_t i = 0; ok && i < count; i++)
		ok = cut_word(r, &words[i]);
	free(words);
	return ok;
}

enum tok_status unigram_runs_read(struct unigram_runs *runs, struct vocab_word_stream *words,
				  const struct vocab_unigram_options *options,
				  struct vocab_train_control *control, struct tok_error *err)
{
	struct reading r = { .runs = runs,
			     .options = options,
			     .uses = calloc(CODES, sizeof *r.uses),
			     .known = calloc(CODES, sizeof *r.known),
			     .err = err };
	runs->bytes = options->bytes;
	enum tok_status status = r.uses && r.known ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = read_words(&r, words, control);
	if (status == TOK_OK)
		status = choose_characters(&r);
	if (status == TOK_OK && r.cut && !cut_words(&r))
		status = tok_fail_memory(err);
	free(r.uses);
	free(r.known);
	return status;
}

void unigram_runs_release(struct unigram_runs *runs)
{
	tok_buffer_release(&runs->text);
	free(runs->items);
	free(runs->characters);
	*runs = (struct unigram_runs){ 0 };
}
