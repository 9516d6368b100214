/*
 * bpe_internal.h - the parts of the BPE trainer.
 *
 *	words      every word as a row of symbols, rewritten in place     bpe_words.c
 *	tokens     the text of each symbol                                bpe_tokens.c
 *	symbols    from the text of a word to its first symbols           bpe_symbols.c,
 *	                                                                  bpe_characters.c
 *	pairs      how often two symbols stand side by side               bpe_pairs.c
 *	postings   in which words a pair stands                           bpe_postings.c
 *	queue      which pair is next                                     bpe_queue.c
 *	window     pairs, postings and queue made from the words          bpe_window.c
 *	join       one pair made one symbol everywhere                    bpe_join.c
 *
 * A symbol is a token's place among all: those of the base, the first, the new.
 */
#ifndef VOCAB_TRAIN_BPE_INTERNAL_H
#define VOCAB_TRAIN_BPE_INTERNAL_H

#include "tok/base/buffer.h"
#include "vocab/train/bpe.h"

/* ---- words ---------------------------------------------------------------- */

/* Ends a row; and stands for a character that is never joined. */
#define BPE_END     UINT32_MAX
#define BPE_BARRIER (UINT32_MAX - 1)

/* Rows one behind the other, so that all there is of a word is found in one place. */
struct bpe_words {
	uint8_t *rows;
	size_t bytes, capacity;
	bool wide; /* symbols are uint32_t, else uint16_t */
};

/* Symbols follow, ended by BPE_END; a row becomes shorter, but keeps its place. */
struct bpe_row {
	uint64_t count; /* how often the word occurs */
	uint32_t units; /* that the row takes in all */
};
enum { BPE_ROW_UNIT = 8, BPE_ROW_HEAD = 12 };
#define BPE_NARROW_SYMBOLS ((size_t)UINT16_MAX - 1) /* below it a row need not be wide */

/* A word is known by the unit that its row begins with.  Words of one symbol are not
 * kept: they hold no pair. */
TOK_MUST_USE enum tok_status bpe_words_add(struct bpe_words *words, const uint32_t *symbols,
					   size_t count, uint64_t weight, struct tok_error *err);
void bpe_words_release(struct bpe_words *words);

static inline struct bpe_row *bpe_row(const struct bpe_words *words, uint32_t word)
{
	return (struct bpe_row *)(void *)(words->rows + (size_t)word * BPE_ROW_UNIT);
}

static inline void *bpe_row_symbols(struct bpe_row *row)
{
	return (uint8_t *)row + BPE_ROW_HEAD;
}

/* One more than the last word; words lie apart by the units of each. */
static inline uint32_t bpe_words_end(const struct bpe_words *words)
{
	return (uint32_t)(words->bytes / BPE_ROW_UNIT);
}

static inline uint32_t bpe_symbol(const void *symbols, bool wide, size_t at)
{
	if (wide)
		return ((const uint32_t *)symbols)[at];
	const uint16_t narrow = ((const uint16_t *)symbols)[at];
	return narrow >= BPE_NARROW_SYMBOLS ? narrow | 0xFFFF0000u : narrow;
}

static inline void bpe_symbol_set(void *symbols, bool wide, size_t at, uint32_t symbol)
{
	if (wide)
		((uint32_t *)symbols)[at] = symbol;
	else
		((uint16_t *)symbols)[at] = (uint16_t)symbol;
}

/* ---- tokens --------------------------------------------------------------- */

struct bpe_token {
	uint64_t begin;  /* of its text in `text` */
	uint32_t length; /* bytes */
	uint32_t units;  /* first symbols */
};

/* Those of the base first. */
struct bpe_tokens {
	size_t base_count;
	struct tok_buffer text;
	struct bpe_token *items;
	size_t count, capacity;
	uint32_t *slots; /* of a table by text: symbol + 1, or 0 */
	size_t mask;
};

void bpe_tokens_release(struct bpe_tokens *tokens);
struct tok_span bpe_token_text(const struct bpe_tokens *tokens, uint32_t symbol);
/* The symbol with this text, or BPE_END. */
uint32_t bpe_tokens_find(const struct bpe_tokens *tokens, struct tok_span text);
/* A new symbol, whose text no other one has. */
TOK_MUST_USE bool bpe_tokens_add(struct bpe_tokens *tokens, struct tok_span text, uint32_t units);

/* The id of a symbol. */
static inline tok_id bpe_token_id(const struct bpe_tokens *tokens,
				  const struct vocab_bpe_options *options, uint32_t symbol)
{
	return symbol < tokens->base_count
		   ? options->base->entries[symbol].id
		   : options->first_id + (symbol - (uint32_t)tokens->base_count);
}

/* ---- symbols -------------------------------------------------------------- */

/* Read all words, make the first tokens. */
enum tok_status bpe_load(struct vocab_word_stream *stream, const struct vocab_bpe_options *options,
			 struct vocab_train_control *control, struct bpe_tokens *tokens,
			 struct bpe_words *words, struct tok_error *err);

/* What reading the words needs. */
struct bpe_loader {
	const struct vocab_bpe_options *options;
	struct vocab_train_control *control;
	struct bpe_tokens *tokens;
	struct bpe_words *words;
	uint32_t *row; /* symbols of one word */
	size_t row_capacity;
	uint64_t weight; /* sum of what pairs can count */
};

TOK_MUST_USE bool bpe_loader_reserve(struct bpe_loader *loader, size_t count);

/* Gives the first symbols of a word: loader->row, *count of them. */
typedef enum tok_status bpe_symbols_of(struct bpe_loader *loader, void *context,
				       struct vocab_word word, size_t *count,
				       struct tok_error *err);
enum tok_status bpe_load_words(struct bpe_loader *loader, struct vocab_word_stream *stream,
			       bpe_symbols_of *symbols, void *context, struct tok_error *err);

/* bpe_load where first symbols are characters (bpe_characters.c). */
enum tok_status bpe_load_characters(struct bpe_loader *loader, struct vocab_word_stream *stream,
				    struct tok_error *err);

/* ---- pairs ---------------------------------------------------------------- */

static inline uint64_t bpe_pair(uint32_t left, uint32_t right)
{
	return (uint64_t)left << 32 | right;
}
#define BPE_NO_PAIR UINT64_MAX

struct bpe_pair_slot {
	uint64_t pair; /* BPE_NO_PAIR: free */
	int64_t count;
};

struct bpe_pairs {
	struct bpe_pair_slot *slots;
	size_t mask; /* slots - 1 */
	size_t count;
};

TOK_MUST_USE bool bpe_pairs_init(struct bpe_pairs *pairs, size_t expected);
void bpe_pairs_release(struct bpe_pairs *pairs);

static inline size_t bpe_pair_hash(uint64_t pair)
{
	const uint64_t mixed = (pair ^ pair >> 29) * 0x9E3779B97F4A7C15u;
	return (size_t)(mixed ^ mixed >> 32);
}

/* The pair's slot, or NULL. */
static inline struct bpe_pair_slot *bpe_pairs_find(const struct bpe_pairs *pairs, uint64_t pair)
{
	for (size_t at = bpe_pair_hash(pair) & pairs->mask;; at = (at + 1) & pairs->mask) {
		struct bpe_pair_slot *slot = &pairs->slots[at];
		if (slot->pair == pair)
			return slot;
		if (slot->pair == BPE_NO_PAIR)
			return NULL;
	}
}

/* The same, made with a count of 0 where it is missing; NULL if memory is out. */
TOK_MUST_USE struct bpe_pair_slot *bpe_pairs_get(struct bpe_pairs *pairs, uint64_t pair);

/* Forget the pairs that occur less than `floor` times. */
TOK_MUST_USE bool bpe_pairs_purge(struct bpe_pairs *pairs, int64_t floor);

/* ---- postings ------------------------------------------------------------- */

/* Rising numbers of words, as differences in 7-bit groups; written once, read once.
 * In memory, or in a file without a name. */
struct bpe_postings {
	struct tok_buffer bytes; /* not yet in the file */
	int file;                /* -1: none, all is in `bytes` */
	uint64_t filed;          /* bytes in the file */
	struct tok_buffer read;  /* what was read last from there */
};

/* `folder` NULL: in memory. */
enum tok_status bpe_postings_init(struct bpe_postings *postings, const char *folder,
				  struct tok_error *err);
void bpe_postings_release(struct bpe_postings *postings);
void bpe_postings_clear(struct bpe_postings *postings);

static inline uint64_t bpe_postings_end(const struct bpe_postings *postings)
{
	return postings->filed + postings->bytes.count;
}

/* Room for a list of `bytes` that the caller fills in before the next call. */
TOK_MUST_USE uint8_t *bpe_postings_room(struct bpe_postings *postings, size_t bytes);
/* To the file, if there is one and enough has come together. */
enum tok_status bpe_postings_settle(struct bpe_postings *postings, struct tok_error *err);

/* Append a list; `words` may repeat a number, which is kept once. */
enum tok_status bpe_postings_put(struct bpe_postings *postings, const uint32_t *words, size_t count,
				 struct tok_error *err);

/* The bytes of a list, until the next call of any function here. */
enum tok_status bpe_postings_get(struct bpe_postings *postings, uint64_t begin, uint64_t bytes,
				 struct tok_span *out, struct tok_error *err);

static inline size_t bpe_varint_bytes(uint32_t value)
{
	size_t bytes = 1;
	while (value >>= 7)
		bytes++;
	return bytes;
}

static inline uint8_t *bpe_varint_put(uint8_t *to, uint32_t value)
{
	for (; value >= 0x80; value >>= 7)
		*to++ = (uint8_t)(value | 0x80);
	*to++ = (uint8_t)value;
	return to;
}

static inline const uint8_t *bpe_varint_get(const uint8_t *from, uint32_t *out)
{
	uint32_t value = *from & 0x7F;
	for (unsigned shift = 7; *from++ & 0x80; shift += 7)
		value |= (uint32_t)(*from & 0x7F) << shift;
	*out = value;
	return from;
}

/* ---- queue ---------------------------------------------------------------- */

/* A pair that waits to be joined in some words.  It is taken when no other has a
 * higher count; if its count is not what it was, it goes back with the new one. */
struct bpe_entry {
	uint64_t pair;
	int64_t count; /* when it was put into the queue */
	uint64_t begin;
	uint64_t bytes; /* of its postings */
};

struct bpe_queue_item {
	int64_t count;
	uint32_t entry;
};

struct bpe_queue {
	const struct bpe_tokens *tokens; /* texts, for ties */
	enum vocab_tie tie;
	struct bpe_entry *entries;
	size_t entry_count, entry_capacity;
	struct bpe_queue_item *heap;
	size_t count, capacity;
};

void bpe_queue_release(struct bpe_queue *queue);
void bpe_queue_clear(struct bpe_queue *queue);
/* A new entry, waiting. */
TOK_MUST_USE bool bpe_queue_add(struct bpe_queue *queue, struct bpe_entry entry);
/* An entry that was popped goes back with another count. */
void bpe_queue_return(struct bpe_queue *queue, uint32_t entry, int64_t count);
/* The best entry, taken out; false if there is none. */
bool bpe_queue_pop(struct bpe_queue *queue, uint32_t *entry);

/* ---- window --------------------------------------------------------------- */

/* The pairs that count at least `floor`: all that can be best before the best has
 * sunk below it; then the window is made anew from the words.  What is left out
 * needs no memory, and is most of all pairs. */
struct bpe_window {
	struct bpe_pairs pairs;
	struct bpe_postings postings;
	struct bpe_queue queue;
	int64_t floor;
	size_t limit; /* more pairs than this are cut to half of it */
	size_t parts; /* of all pairs, counted one after the other */
};

enum tok_status bpe_window_make(struct bpe_window *window, const struct bpe_words *words,
				const struct bpe_tokens *tokens,
				const struct vocab_bpe_options *options, struct tok_error *err);
/* Cut it if it is over its limit. */
enum tok_status bpe_window_shrink(struct bpe_window *window, struct tok_error *err);
void bpe_window_release(struct bpe_window *window);

/* Is a token of so many first symbols too long? */
static inline bool bpe_too_long(const struct vocab_bpe_options *options, uint64_t units)
{
	return options->max_token_length && units > options->max_token_length;
}

/* ---- join ----------------------------------------------------------------- */

struct bpe_event {
	uint32_t neighbour, word;
};

/* What stood beside the pair on one side, in the words of one step. */
struct bpe_side {
	uint64_t *weights; /* by symbol: how often it stood there */
	uint32_t *lists;   /* by symbol: events of it, then where its list ends */
	uint32_t *touched; /* symbols */
	size_t touched_count;
	struct bpe_event *events;
	size_t event_count, event_capacity;
	bool full; /* memory ran out */
};

struct bpe_join {
	struct bpe_side left, right;
	size_t capacity; /* symbols that the arrays have room for */
	uint32_t *words; /* of the postings, some at a time */
	uint32_t *sorted;
	size_t sorted_capacity;
};

void bpe_join_release(struct bpe_join *join);

/* Join the pair of an entry everywhere into `result`, adding new pairs to the window. */
enum tok_status bpe_join_pair(struct bpe_join *join, struct bpe_words *words,
			      struct bpe_window *window, const struct bpe_tokens *tokens,
			      const struct vocab_bpe_options *options, uint32_t entry,
			      uint32_t result, struct tok_error *err);

#endif
