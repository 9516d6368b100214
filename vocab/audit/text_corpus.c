/*
 * text_corpus.c - what is known of the lines of a language, and each of its words once.
 *
 * Words that stand behind a space and those that do not are counted each for itself, by the
 * counters that training has: in memory, and what does not fit in sorted runs on disk.  Both come
 * back in the order of their bytes, so that what came both ways comes together.
 */
#include <stdlib.h>

#include "tok/text/utf8.h"
#include "vocab/audit/text_internal.h"
#include "vocab/train/words_count.h"

enum { BATCH = 64 };

enum { BARE, SPACED, KINDS };

struct kind {
	struct vocab_counter *counter;
	struct vocab_counted *counted; /* once words are given */
	struct vocab_word next;        /* .text.bytes NULL: there are no more */
};

struct vocab_audit_corpus {
	enum vocab_audit_words how;
	uint64_t lines, bytes, characters, multibyte, words, distinct_words;
	uint64_t scripts[USCRIPT_CODE_LIMIT]; /* characters */
	UBreakIterator *breaks;
	struct kind kinds[KINDS];
};

enum tok_status vocab_audit_corpus_new(const struct vocab_audit_corpus_options *options,
				       struct vocab_audit_corpus **out, struct tok_error *err)
{
	const struct vocab_counter_options counting = { (options->memory_bytes + KINDS - 1) / KINDS,
							options->spill_folder };
	struct vocab_audit_corpus *corpus = calloc(1, sizeof *corpus);
	enum tok_status status = corpus ? TOK_OK : tok_fail_memory(err);
	for (size_t i = 0; i < KINDS && status == TOK_OK; i++)
		status = vocab_counter_new(&counting, &corpus->kinds[i].counter, err);
	if (status != TOK_OK) {
		vocab_audit_corpus_free(corpus);
		return status;
	}
	corpus->how = options->words;
	*out = corpus;
	return TOK_OK;
}

void vocab_audit_corpus_free(struct vocab_audit_corpus *corpus)
{
	if (!corpus)
		return;
	if (corpus->breaks)
		ubrk_close(corpus->breaks);
	for (size_t i = 0; i < KINDS; i++) {
		vocab_counted_free(corpus->kinds[i].counted);
		vocab_counter_free(corpus->kinds[i].counter);
	}
	free(corpus);
}

/* ---- words of a line --------------------------------------------------------------------- */

struct finding {
	struct vocab_audit_corpus *corpus;
	struct tok_span line;
	struct tok_range words[KINDS][BATCH];
	size_t count[KINDS];
	enum tok_status status;
	struct tok_error *err;
};

static bool count_found(struct finding *f, size_t kind)
{
	f->status = vocab_counter_add(f->corpus->kinds[kind].counter, f->line, f->words[kind],
				      f->count[kind], f->err);
	f->count[kind] = 0;
	return f->status == TOK_OK;
}

static bool find_word(void *context, struct tok_span word, bool spaced)
{
	struct finding *f = context;
	const uint32_t begin = (uint32_t)(word.bytes - f->line.bytes);
	const size_t kind = spaced ? SPACED : BARE;
	f->words[kind][f->count[kind]++] =
	    (struct tok_range){ begin, begin + (uint32_t)word.count };
	f->corpus->words++;
	return f->count[kind] < BATCH || count_found(f, kind);
}

static enum tok_status find_words(struct vocab_audit_corpus *corpus, struct tok_span line,
				  struct tok_error *err)
{
	struct finding f;
	f.corpus = corpus;
	f.line = line;
	f.count[BARE] = f.count[SPACED] = 0;
	f.status = TOK_OK;
	f.err = err;
	const bool found = vocab_audit_split(corpus->how, line, &corpus->breaks, find_word, &f);
	if (!found && f.status == TOK_OK)
		return tok_fail_memory(err);
	for (size_t i = 0; i < KINDS && f.status == TOK_OK; i++)
		(void)!count_found(&f, i);
	return f.status;
}

/* ---- characters ------------------------------------------------------------------------ */

static void count_characters(struct vocab_audit_corpus *c, struct tok_span line)
{
	uint64_t latin = 0;
	for (size_t at = 0; at < line.count;) {
		const uint8_t byte = line.bytes[at];
		c->characters++;
		if (byte < 0x80) {
			latin += (uint8_t)((byte | 0x20) - 'a') < 26;
			at++;
			continue;
		}
		const struct tok_char character = tok_utf8_at(line, at);
		UScriptCode script;
		c->multibyte += character.length > 1;
		if (vocab_audit_has_script(character.code, &script))
			c->scripts[script]++;
		at += character.length;
	}
	c->scripts[USCRIPT_LATIN] += latin;
}

enum tok_status vocab_audit_corpus_line(struct vocab_audit_corpus *corpus, struct tok_span line,
					struct tok_error *err)
{
	if (line.count > TOK_DOCUMENT_MAX)
		return tok_fail(err, TOK_ELIMIT, "a line of %zu bytes; %zu can be encoded",
				line.count, TOK_DOCUMENT_MAX);
	const enum tok_status status = find_words(corpus, line, err);
	if (status != TOK_OK)
		return status;
	count_characters(corpus, line);
	corpus->lines++;
	corpus->bytes += line.count;
	return TOK_OK;
}

/* ---- distinct words -------------------------------------------------------------------- */

static enum tok_status advance(struct kind *kind, struct tok_error *err)
{
	return vocab_words_next(vocab_counted_stream(kind->counted), &kind->next, err);
}

static enum tok_status begin_words(struct vocab_audit_corpus *corpus, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < KINDS && status == TOK_OK; i++) {
		struct kind *kind = &corpus->kinds[i];
		status = vocab_counted_new(&kind->counter, 1, (struct tok_span){ 0 },
					   &kind->counted, err);
		if (status == TOK_OK)
			status = advance(kind, err);
	}
	return status;
}

/* Which comes first; what has ended comes last. */
static int compare(struct tok_span a, struct tok_span b)
{
	if (!a.bytes || !b.bytes)
		return (b.bytes != NULL) - (a.bytes != NULL);
	const int order = memcmp(a.bytes, b.bytes, a.count < b.count ? a.count : b.count);
	return order ? order : (a.count > b.count) - (a.count < b.count);
}

static bool add_word(struct vocab_audit_word_list *list, struct tok_span word, uint64_t bare,
		     uint64_t spaced)
{
	if (!tok_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items) ||
	    !tok_buffer_add_byte(&list->bytes, ' ') ||
	    !tok_buffer_add(&list->bytes, word.bytes, word.count))
		return false;
	list->items[list->count++] = (struct vocab_audit_word){
		.begin = list->bytes.count - word.count,
		.count = word.count,
		.bare = bare,
		.spaced = spaced,
	};
	return true;
}

enum tok_status vocab_audit_corpus_words(struct vocab_audit_corpus *corpus, size_t bytes,
					 struct vocab_audit_word_list *list, bool *ended,
					 struct tok_error *err)
{
	struct kind *bare = &corpus->kinds[BARE], *spaced = &corpus->kinds[SPACED];
	enum tok_status status = spaced->counted ? TOK_OK : begin_words(corpus, err);
	while (status == TOK_OK && (bare->next.text.bytes || spaced->next.text.bytes) &&
	       list->bytes.count < bytes) {
		const int order = compare(bare->next.text, spaced->next.text);
		const struct tok_span word = order <= 0 ? bare->next.text : spaced->next.text;
		if (!add_word(list, word, order <= 0 ? bare->next.count : 0,
			      order >= 0 ? spaced->next.count : 0))
			return tok_fail_memory(err);
		corpus->distinct_words++;
		if (order <= 0)
			status = advance(bare, err);
		if (status == TOK_OK && order >= 0)
			status = advance(spaced, err);
	}
	*ended = !bare->next.text.bytes && !spaced->next.text.bytes;
	return status;
}

void vocab_audit_word_list_clear(struct vocab_audit_word_list *list)
{
	list->count = 0;
	tok_buffer_clear(&list->bytes);
}

void vocab_audit_word_list_release(struct vocab_audit_word_list *list)
{
	tok_buffer_release(&list->bytes);
	free(list->items);
	*list = (struct vocab_audit_word_list){ 0 };
}

/* ---- facts ------------------------------------------------------------------------------- */

/* The script that most characters are of; USCRIPT_COMMON if none has one. */
static UScriptCode find_script(const struct vocab_audit_corpus *corpus)
{
	int most = USCRIPT_COMMON;
	for (int i = 0; i < USCRIPT_CODE_LIMIT; i++)
		if (corpus->scripts[i] > corpus->scripts[most])
			most = i;
	return (UScriptCode)most;
}

void vocab_audit_corpus_facts(const struct vocab_audit_corpus *corpus,
			      struct vocab_audit_facts *out)
{
	const UScriptCode script = find_script(corpus);
	uint64_t all = 0;
	for (int i = 0; i < USCRIPT_CODE_LIMIT; i++)
		all += corpus->scripts[i];
	*out = (struct vocab_audit_facts){
		.lines = corpus->lines,
		.bytes = corpus->bytes,
		.characters = corpus->characters,
		.multibyte = corpus->multibyte,
		.words = corpus->words,
		.distinct_words = corpus->distinct_words,
		.script = uscript_getShortName(script),
		.script_code = script,
		.script_share = (double)corpus->scripts[script] / (double)all, /* 0 / 0: NAN */
	};
}
