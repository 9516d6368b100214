/*
 * items.h - questions about the characters of words, with their answers.
 *
 *	struct vocab_items_options o = { .suite = VOCAB_SUITE_CHARBENCH };
 *	status = vocab_items_make(words, count, &o, sink, context, &err);
 *
 * Reproducible: the same set of words, options and seed give the same items on any machine, in
 * whatever order the words come.  Suites, and what stands for a 0 in the options:
 *
 *	charbench  4 tasks, words of each length apart (arXiv 2508.02591): distinct characters, how
 *		   often one comes, where it comes first and last (from 0).  4 to 10 units, 6250
 *		   words a task and length, none in two tasks
 *	cute       13 tasks on characters and on words in a row (EMNLP 2024; its sem needs
 *		   embeddings).  3 units or more, 1000 items a task.  `orth` has a word of which
 *		   the Levenshtein ratio is .7 or more beside one of .3 or less.  By name only,
 *		   seven with _rand behind theirs: of words of distinct random units, in Latin
 *		   letters consonants
 *	langgame   6 kinds of choice among four words (arXiv 2506.01687).  1 unit or more, 166834
 *		   items a kind.  By name only, contains, starts and ends with _half behind, whose
 *		   parts are at most half of the answer, and with _more, out of that
 *		   distribution: more than half
 *	addition   two numbers, of which the digits of the sum are the answer, last one first (the
 *		   same).  No words; 900000 items are all there are
 *	scramble   5 tasks: cycled, anagrams that keep one or two units at either end, something
 *		   between the units, reversed (GPT-3's appendix).  5 to 13 units, 10000 items a
 *		   task
 *
 * A unit is a code point, a grapheme or a byte; bytes are for charbench only.
 */
#ifndef VOCAB_AUDIT_ITEMS_H
#define VOCAB_AUDIT_ITEMS_H

#include "tok/base/span.h"
#include "tok/base/status.h"

enum vocab_suite {
	VOCAB_SUITE_CHARBENCH,
	VOCAB_SUITE_CUTE,
	VOCAB_SUITE_LANGGAME,
	VOCAB_SUITE_ADDITION,
	VOCAB_SUITE_SCRAMBLE
};
#define VOCAB_SUITE_WORDS "charbench|cute|langgame|addition|scramble"

enum vocab_unit { VOCAB_UNIT_CODEPOINT, VOCAB_UNIT_GRAPHEME, VOCAB_UNIT_BYTE };
#define VOCAB_UNIT_WORDS "codepoint|grapheme|byte"

/* Words of more units, or of more than VOCAB_WORD_BYTES bytes, are left out. */
enum { VOCAB_WORD_UNITS = 64, VOCAB_WORD_BYTES = 255 };

/* How many units `word` has; of them the first VOCAB_WORD_UNITS, as spans of it. */
TOK_API size_t vocab_word_units(struct tok_span word, enum vocab_unit unit,
				struct tok_span units[VOCAB_WORD_UNITS]);

struct vocab_items_options {
	enum vocab_suite suite;
	enum vocab_unit unit;
	size_t shortest, longest; /* units of a word */
	size_t per_bucket; /* charbench: items of each task and length; others: of each task */
	uint64_t seed;
	const char *tasks; /* names, separated by commas; NULL: all but those by name only */
};

struct vocab_item {
	uint64_t id; /* from 0 */
	const char *suite, *task;
	struct tok_span word, character, question, answer; /* character: empty if there is none */
	bool is_number;                                    /* the answer */
	size_t length; /* units of the word; of a row words, of a sum digits */
};

typedef enum tok_status vocab_item_sink(void *context, const struct vocab_item *item,
					struct tok_error *err);

/* `words` may hold duplicates and what is no word: others than letters and marks of valid UTF-8
 * are left out.  TOK_EARG where too few are left, saying how many there are and are needed.  What
 * the sink was given before stays given. */
TOK_API TOK_MUST_USE enum tok_status vocab_items_make(const struct tok_span *words, size_t count,
						      const struct vocab_items_options *options,
						      vocab_item_sink *sink, void *context,
						      struct tok_error *err);

/* The prompt around a question: "{question}" stands for it. */
TOK_API const char *vocab_suite_template(enum vocab_suite suite);

/* ---- what models say ---------------------------------------------------------------- */

enum vocab_parser {
	VOCAB_PARSE_STRICT, /* the whole answer, blanks around it apart: CharBench's */
	VOCAB_PARSE_LAST,   /* the last whole number */
	VOCAB_PARSE_FIRST,
	VOCAB_PARSE_QUOTED, /* between the first double quotes behind the last "Answer:", before
			       "</s>"; of a text blanks are part (CUTE) */
	VOCAB_PARSE_TAG     /* between the last <answer> and the next </answer> */
};
#define VOCAB_PARSER_WORDS "strict|last-int|first-int|quoted|tag"

struct vocab_parsed {
	struct tok_span text; /* a part of the output */
	int64_t number;       /* where a number is wanted */
};

/* What a model meant by `output`; false where it said nothing of the kind.  A whole number has
 * ASCII digits, perhaps a sign in front, and fits. */
TOK_API TOK_MUST_USE bool vocab_parse(enum vocab_parser parser, struct tok_span output,
				      bool is_number, struct vocab_parsed *out);

#endif
