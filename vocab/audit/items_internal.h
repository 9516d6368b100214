/*
 * items_internal.h - what the suites share.
 *
 * items.c chooses; items_words.c knows the words; then a file a suite.  A task makes one item of
 * one word: it puts question, answer and character where the maker has room for them, and
 * items_give hands the item over.  What goes out of memory on the way is remembered and said then.
 */
#ifndef VOCAB_AUDIT_ITEMS_INTERNAL_H
#define VOCAB_AUDIT_ITEMS_INTERNAL_H

#include "tok/base/arena.h"
#include "tok/base/buffer.h"
#include "tok/base/random.h"
#include "vocab/audit/items.h"

struct items_word {
	struct tok_span text;
	uint64_t key; /* by it words are shuffled: the text's hash with the seed */
	uint32_t length;
};

struct items;

/* False where `word` does not do for the task. */
typedef bool items_make(struct items *m, const struct items_word *word, struct tok_random *random);

struct items_task {
	const char *name;
	items_make *make;
	bool extra; /* only made where it is asked for by name */
};

struct items_orth_entry {
	uint64_t hash;
	uint32_t word;
};

struct items {
	struct vocab_items_options options; /* without zeros */
	const struct items_task *tasks;     /* of the suite */
	size_t task_count, task;            /* task: the one that is made */
	bool chosen[32];                    /* of the tasks */
	size_t chosen_count;

	struct tok_arena arena;
	struct items_word *words; /* by length, then by key */
	size_t word_count;
	size_t starts[VOCAB_WORD_UNITS + 2]; /* of the words of each length, and of the next */

	struct items_orth_entry *orth; /* items_orth.c */
	size_t orth_count;

	struct tok_buffer word, character, question, answer;
	size_t length;
	bool is_number;
	bool failed; /* memory is out */
	uint64_t next_id;
	vocab_item_sink *sink;
	void *context;
};

/* A row of units or of words. */
struct items_row {
	struct tok_span at[VOCAB_WORD_UNITS];
	size_t count;
};

extern const struct items_task items_charbench_tasks[], items_cute_tasks[], items_langgame_tasks[],
    items_scramble_tasks[];

enum tok_status items_charbench(struct items *m, struct tok_error *err);
enum tok_status items_addition(struct items *m, struct tok_error *err);
enum tok_status items_langgame(struct items *m, struct tok_error *err);

/* items_words.c */
TOK_MUST_USE enum tok_status items_words_add(struct items *m, const struct tok_span *words,
					     size_t count, struct tok_error *err);
void items_units(const struct items *m, struct tok_span word, struct items_row *out);
const struct items_word *items_any(const struct items *m, struct tok_random *random);
/* One unit of any word. */
struct tok_span items_any_unit(const struct items *m, struct tok_random *random);
bool items_row_has(const struct items_row *row, struct tok_span unit);

/* items_orth.c */
bool items_orth(struct items *m, const struct items_word *word, struct tok_random *random);

/* items.c */
void items_add(struct items *m, struct tok_buffer *to, struct tok_span text);
void items_add_row(struct items *m, struct tok_buffer *to, const struct items_row *row,
		   const char *separator);
/* The question: %1, %2 ... are the texts in `parts`. */
void items_ask(struct items *m, const char *format, const struct tok_span *parts);
struct tok_random items_random(const struct items *m, size_t task, uint64_t number);
void items_clear(struct items *m);
TOK_MUST_USE enum tok_status items_give(struct items *m, const char *task, struct tok_error *err);

#endif
