/*
 * text_internal.h - what the measures of a text are made of.
 *
 * text_corpus.c: lines, and each distinct word once.  text_words.c: where words are.
 * text_tokens.c: what tokens are, as bytes.  text.c: the tokenizer over lines; text_run_words.c:
 * over words; text_pieces.c: what lines and words are made of, each once.  text_measure.c: what
 * counts say; text_formulas.c: entropies and Gini.
 */
#ifndef VOCAB_AUDIT_TEXT_INTERNAL_H
#define VOCAB_AUDIT_TEXT_INTERNAL_H

#include <unicode/ubrk.h>
#include <unicode/uscript.h>

#include "tok/base/buffer.h"
#include "tok/model/model.h"
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

/* ---- scripts ------------------------------------------------------------------------- */

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
	uint32_t entries[USCRIPT_CODE_LIMIT]; /* of each script */
};

TOK_MUST_USE enum tok_status vocab_audit_tokens_init(struct vocab_audit_tokens *out,
						     const struct tok_tokenizer *tokenizer,
						     struct tok_error *err);
void vocab_audit_tokens_release(struct vocab_audit_tokens *tokens);

/* ---- text.c ---------------------------------------------------------------------------- */

struct vocab_audit_text {
	const struct tok_tokenizer *tokenizer;
	struct vocab_audit_tokens tokens;
	size_t front;   /* bytes before a text that its tokens have and it has not */
	bool by_pieces; /* tokens of a text are those of its pieces: text_pieces.c */
};

struct vocab_audit_run {
	const struct vocab_audit_text *text;
	struct vocab_audit_scratch *scratch;
	struct tok_encoder *encoder;
	struct tok_decoder *decoder;
	bool adds_up; /* the text of tokens is that of each, one behind the other */
};

struct vocab_audit_scratch {
	struct vocab_audit_pieces *pieces;
	struct vocab_audit_spellings *spellings;
	const struct vocab_audit_run *owner; /* whose pieces they are */
};

/* The pieces that the scratch knows of this run; none if they were of another one, or too many.
 * `words`: they are for words, which most often have those of the lines before. */
struct vocab_audit_pieces *vocab_audit_run_pieces(struct vocab_audit_run *run, bool words);

extern const struct tok_encode_options vocab_audit_ordinary;

/* `times` more of an id that there is room for. */
static inline void vocab_audit_count(struct vocab_audit_counts *counts, tok_id id, uint64_t times)
{
	if (counts->ids[id] == 0)
		counts->used[counts->used_count++] = id;
	counts->ids[id] += times;
}

/* Multi-byte characters that lie in several tokens, each counted once however often it is cut;
 * `at`, which rises from call to call, is where a token ends. */
struct vocab_audit_splits {
	struct tok_span line;
	size_t last; /* behind the character that was counted last */
	uint64_t count;
};
void vocab_audit_split_inside(struct vocab_audit_splits *splits, size_t at);

static inline void vocab_audit_split_at(struct vocab_audit_splits *splits, size_t at)
{
	if (at < splits->line.count && (splits->line.bytes[at] & 0xC0) == 0x80 &&
	    at >= splits->last)
		vocab_audit_split_inside(splits, at);
}

/* ---- text_run_words.c -------------------------------------------------------------------- */

struct vocab_audit_spellings *vocab_audit_spellings_new(void); /* freed by free() */

/* ---- text_pieces.c --------------------------------------------------------------------- */

struct vocab_audit_piece {
	size_t begin; /* in the bytes of all pieces */
	size_t ids;   /* where its tokens begin */
	uint64_t times;
	uint32_t count, id_count;
	uint32_t split; /* of its characters */
	bool refused;   /* it has no tokens: the tokenizer refuses it */
	bool whole;     /* its tokens decode to it, and their lengths add up to its own */
};

/* A text that was taken: pieces [begin, end) of .numbers. */
struct vocab_audit_taken {
	size_t begin, end;
	bool tiled; /* its pieces are the text; they are cut between characters */
};

struct vocab_audit_pieces {
	struct tok_buffer bytes; /* of all, one behind the other */
	struct vocab_audit_piece *items;
	size_t count, capacity;
	size_t known; /* those before it have their tokens */
	struct vocab_audit_slot *slots;
	size_t slot_count, slot_capacity; /* the first is a power of two, or 0 */
	tok_id *ids;
	size_t id_count, id_capacity;
	/* Texts that were taken. */
	uint32_t *numbers; /* of pieces */
	size_t number_count, number_capacity;
	struct vocab_audit_taken *texts;
	size_t text_count, text_capacity;
	/* Pieces with .times. */
	uint32_t *met;
	size_t met_count, met_capacity;
	/* While tokens are asked for. */
	uint32_t *ends;
	size_t end_capacity;
	struct tok_tokens tokens;
};

/* May it be so? */
bool vocab_audit_pieces_serve(const struct tok_tokenizer *tokenizer);
void vocab_audit_pieces_clear(struct vocab_audit_pieces *pieces);
void vocab_audit_pieces_release(struct vocab_audit_pieces *pieces);

/* One more text.  TOK_ETEXT is no failure of its: then it is not tiled, and has no pieces. */
TOK_MUST_USE enum tok_status vocab_audit_pieces_take(struct vocab_audit_pieces *pieces,
						     struct vocab_audit_run *run,
						     struct tok_span text, struct tok_error *err);
/* So many that they should be settled now. */
bool vocab_audit_pieces_are_many(const struct vocab_audit_pieces *pieces);

/* Each piece that was taken has its tokens now.  Afterwards texts are forgotten by
 * vocab_audit_pieces_forget. */
TOK_MUST_USE enum tok_status vocab_audit_pieces_settle(struct vocab_audit_pieces *pieces,
						       struct vocab_audit_run *run,
						       struct tok_error *err);
void vocab_audit_pieces_forget(struct vocab_audit_pieces *pieces);

/* The text came once more: false, and nothing is done, where its tokens are not known to be
 * those of its pieces. */
TOK_MUST_USE bool vocab_audit_pieces_meet(struct vocab_audit_pieces *pieces,
					  const struct vocab_audit_taken *text);
/* All that was met, into `counts`. */
void vocab_audit_pieces_flush(struct vocab_audit_pieces *pieces, struct vocab_audit_counts *counts);

#endif
