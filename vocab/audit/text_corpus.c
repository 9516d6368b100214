/* text_corpus.c - the lines of a language, and each of its words once. */
#include <stdlib.h>

#include "tok/base/hash.h"
#include "tok/text/utf8.h"
#include "vocab/audit/text_internal.h"

enum { FIRST_SLOTS = 1024 };

enum tok_status vocab_audit_corpus_new(enum vocab_audit_words words,
				       struct vocab_audit_corpus **out, struct tok_error *err)
{
	struct vocab_audit_corpus *corpus = calloc(1, sizeof *corpus);
	if (!corpus)
		return tok_fail_memory(err);
	corpus->how = words;
	*out = corpus;
	return TOK_OK;
}

void vocab_audit_corpus_free(struct vocab_audit_corpus *corpus)
{
	if (!corpus)
		return;
	if (corpus->breaks)
		ubrk_close(corpus->breaks);
	tok_buffer_release(&corpus->word_bytes);
	free(corpus->lines);
	free(corpus->words);
	free(corpus->slots);
	free(corpus);
}

/* ---- distinct words -------------------------------------------------------------------- */

/* Open addressing at a load of at most one half. */
static bool grow_slots(struct vocab_audit_corpus *c)
{
	const size_t count = c->slot_count ? 2 * c->slot_count : FIRST_SLOTS;
	uint32_t *slots = calloc(count, sizeof *slots);
	if (!slots)
		return false;
	for (size_t i = 0; i < c->word_count; i++) {
		const struct tok_span word = vocab_audit_word_bare(c, &c->words[i]);
		size_t slot = tok_strings_hash(word) & (count - 1);
		while (slots[slot])
			slot = (slot + 1) & (count - 1);
		slots[slot] = (uint32_t)i + 1;
	}
	free(c->slots);
	c->slots = slots;
	c->slot_count = count;
	return true;
}

static bool add_word(struct vocab_audit_corpus *c, struct tok_span word, uint32_t tag,
		     struct vocab_audit_word **out)
{
	if (word.count >= UINT32_MAX - c->word_bytes.count ||
	    !tok_grow(&c->words, &c->word_capacity, c->word_count + 1, sizeof *c->words) ||
	    !tok_buffer_add_byte(&c->word_bytes, ' ') ||
	    !tok_buffer_add(&c->word_bytes, word.bytes, word.count))
		return false;
	*out = &c->words[c->word_count++];
	**out = (struct vocab_audit_word){
		.begin = (uint32_t)(c->word_bytes.count - word.count),
		.count = (uint32_t)word.count,
		.tag = tag,
	};
	return true;
}

static bool count_word(void *context, struct tok_span word, bool spaced)
{
	struct vocab_audit_corpus *c = context;
	struct vocab_audit_word *found = NULL;
	if (2 * c->word_count >= c->slot_count && !grow_slots(c))
		return false;
	const uint64_t hash = tok_strings_hash(word);
	const uint32_t tag = (uint32_t)(hash >> 32);
	size_t slot = hash & (c->slot_count - 1);
	for (; c->slots[slot]; slot = (slot + 1) & (c->slot_count - 1)) {
		found = &c->words[c->slots[slot] - 1];
		if (found->tag == tag && tok_span_equal(vocab_audit_word_bare(c, found), word))
			break;
	}
	if (!c->slots[slot]) {
		if (!add_word(c, word, tag, &found))
			return false;
		c->slots[slot] = (uint32_t)c->word_count;
	}
	found->bare += !spaced;
	found->spaced += spaced;
	c->running_words++;
	return true;
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

UScriptCode vocab_audit_corpus_script(const struct vocab_audit_corpus *corpus)
{
	int most = USCRIPT_COMMON;
	for (int i = 0; i < USCRIPT_CODE_LIMIT; i++)
		if (corpus->scripts[i] > corpus->scripts[most])
			most = i;
	return (UScriptCode)most;
}

/* ---- lines ------------------------------------------------------------------------------- */

enum tok_status vocab_audit_corpus_line(struct vocab_audit_corpus *corpus, struct tok_span line,
					struct tok_error *err)
{
	if (line.count > TOK_DOCUMENT_MAX)
		return tok_fail(err, TOK_ELIMIT, "a line of %zu bytes; %zu can be encoded",
				line.count, TOK_DOCUMENT_MAX);
	if (!tok_grow(&corpus->lines, &corpus->line_capacity, corpus->line_count + 1,
		      sizeof *corpus->lines))
		return tok_fail_memory(err);
	if (!vocab_audit_split(corpus->how, line, &corpus->breaks, count_word, corpus)) {
		if (corpus->word_bytes.count + line.count >= UINT32_MAX)
			return tok_fail(err, TOK_ELIMIT, "distinct words of more than 4 GiB");
		return tok_fail_memory(err);
	}
	count_characters(corpus, line);
	corpus->lines[corpus->line_count++] = line;
	corpus->bytes += line.count;
	return TOK_OK;
}

void vocab_audit_corpus_facts(const struct vocab_audit_corpus *corpus,
			      struct vocab_audit_facts *out)
{
	const UScriptCode script = vocab_audit_corpus_script(corpus);
	uint64_t all = 0;
	for (int i = 0; i < USCRIPT_CODE_LIMIT; i++)
		all += corpus->scripts[i];
	*out = (struct vocab_audit_facts){
		.lines = corpus->line_count,
		.bytes = corpus->bytes,
		.characters = corpus->characters,
		.multibyte = corpus->multibyte,
		.words = corpus->running_words,
		.distinct_words = corpus->word_count,
		.script = uscript_getShortName(script),
		.script_share = (double)corpus->scripts[script] / (double)all, /* 0 / 0: NAN */
	};
}
