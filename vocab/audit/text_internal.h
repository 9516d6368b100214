/*
 * text_internal.h - what the measures of a text are made of.
 *
 * text_corpus.c: lines, and each distinct word once.  text_words.c: where words are.
 * text_tokens.c: what tokens are, as bytes.  text.c: the tokenizer over lines and words, and what
 * its counts say; text_spell.c: words, many at a time.  text_formulas.c: entropies and Gini.
 */
#ifndef VOCAB_AUDIT_TEXT_INTERNAL_H
#define VOCAB_AUDIT_TEXT_INTERNAL_H

#include <unicode/ubrk.h>
#include <unicode/uscript.h>

#include "tok/base/buffer.h"
#include "vocab/audit/text.h"

/* ---- text_words.c --------------------------------------------------------------------- */

/* `spaced`: White_Space stands before the word, and another word of the line before that.  False
 * ends the search. */
typedef bool vocab_audit_word_sink(void *context, struct tok_span word, bool spaced);

/* The words of a line, in order.  *breaks is made when it is first needed, and is the caller's to
 * close.  False: memory is out, or the sink said so. */
TOK_MUST_USE bool vocab_audit_split(enum vocab_audit_words words, struct tok_span line,
				    UBreakIterator **breaks, vocab_audit_word_sink *sink,
				    void *context);

/* ---- text_corpus.c -------------------------------------------------------------------- */

/* The bytes of distinct words lie one behind the other, each behind a space. */
struct vocab_audit_word {
	uint32_t begin, count; /* in word_bytes */
	uint32_t tag;          /* high bits of the hash */
	uint64_t bare, spaced; /* how often it came so */
};

struct vocab_audit_corpus {
	enum vocab_audit_words how;
	struct tok_span *lines;
	size_t line_count, line_capacity;
	uint64_t bytes, characters, multibyte, running_words;
	uint64_t scripts[USCRIPT_CODE_LIMIT]; /* characters */
	struct tok_buffer word_bytes;
	struct vocab_audit_word *words;
	size_t word_count, word_capacity;
	uint32_t *slots; /* numbers of words, plus 1; 0: free */
	size_t slot_count;
	UBreakIterator *breaks;
};

static inline struct tok_span vocab_audit_word_bare(const struct vocab_audit_corpus *corpus,
						    const struct vocab_audit_word *word)
{
	return (struct tok_span){ corpus->word_bytes.bytes + word->begin, word->count };
}

static inline struct tok_span vocab_audit_word_spaced(const struct vocab_audit_corpus *corpus,
						      const struct vocab_audit_word *word)
{
	return (struct tok_span){ corpus->word_bytes.bytes + word->begin - 1,
				  (size_t)word->count + 1 };
}

/* The script that most characters are of; USCRIPT_COMMON if none has one. */
UScriptCode vocab_audit_corpus_script(const struct vocab_audit_corpus *corpus);

/* Of a character; Common and Inherited are no script, nor is what is no code point. */
static inline bool vocab_audit_has_script(uint32_t code, UScriptCode *out)
{
	UErrorCode error = U_ZERO_ERROR;
	*out = uscript_getScript((UChar32)code, &error);
	return U_SUCCESS(error) && *out > USCRIPT_INHERITED && *out < USCRIPT_CODE_LIMIT &&
	       *out != USCRIPT_UNKNOWN;
}

/* ---- text_tokens.c -------------------------------------------------------------------- */

struct vocab_audit_tokens {
	size_t size;       /* one more than the largest id */
	size_t present;    /* ids that a token has */
	tok_id unknown;    /* or TOK_NO_ID */
	uint32_t *lengths; /* bytes of each */
	int16_t *scripts;  /* of the first character that has one; -1: none has */
};

TOK_MUST_USE enum tok_status vocab_audit_tokens_init(struct vocab_audit_tokens *out,
						     const struct tok_tokenizer *tokenizer,
						     struct tok_error *err);
void vocab_audit_tokens_release(struct vocab_audit_tokens *tokens);

/* ---- text_spell.c --------------------------------------------------------------------- */

struct vocab_audit_speller;

/* Borrows all that it is given: the tokenizer, the lengths of its tokens, and an encoder of it.
 * `fronted`: it puts a blank in front of each text. */
TOK_MUST_USE enum tok_status vocab_audit_speller_new(const struct tok_tokenizer *tokenizer,
						     const uint32_t *lengths, bool fronted,
						     struct tok_encoder *encoder,
						     struct vocab_audit_speller **out,
						     struct tok_error *err);
void vocab_audit_speller_free(struct vocab_audit_speller *speller);

struct vocab_audit_spelling {
	size_t tokens;
	bool apart; /* the first one is only the blank that was put in front */
};

/* Each of the words, encoded by itself.  The encoder's last encoding is gone. */
TOK_MUST_USE enum tok_status vocab_audit_spell(struct vocab_audit_speller *speller,
					       const struct tok_span *words, size_t count,
					       struct vocab_audit_spelling *out,
					       struct tok_error *err);

#endif
