/*
 * items.h - questions about the characters of words, with their answers.
 *
 *	struct vocab_items_options o = { .suite = VOCAB_SUITE_CHARBENCH, .per_bucket = 6250, ... };
 *	status = vocab_items_make(words, count, &o, sink, context, &err);
 *
 * Reproducible: the same words, options and seed give the same items, on any machine, with any
 * number of threads.  Suites:
 *
 *	charbench  4 tasks, words of each length apart (arXiv 2508.02591): distinct characters, how
 *		   often one comes, where it comes first and last (from 0)
 *	cute       14 tasks on characters and words (EMNLP 2024), those that need no embeddings
 *	langgame   6 kinds of choice among four words (arXiv 2506.01687)
 *	addition   two numbers, the sum's digits reversed (the same)
 *	scramble   cycled, anagrams, insertions, reversed (GPT-3's appendix)
 *
 * A unit of a word is a code point, a grapheme or a byte.
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

struct vocab_items_options {
	enum vocab_suite suite;
	enum vocab_unit unit;
	size_t shortest, longest; /* units of a word; charbench: 4 to 10 */
	size_t per_bucket; /* charbench: items of each task and length; others: of each task */
	uint64_t seed;
	const char *tasks; /* names, separated by commas; NULL: all of the suite */
};

struct vocab_item {
	uint64_t id;
	const char *suite, *task;
	struct tok_span word, character, question,
	    answer;     /* character: empty where there is none */
	bool is_number; /* the answer */
	size_t length;  /* of the word, in units */
};

typedef enum tok_status vocab_item_sink(void *context, const struct vocab_item *item,
					struct tok_error *err);

/* `words` may hold duplicates and words that do not fit: they are left out.  TOK_EARG where too few
 * are left, saying how many of which length there are and are needed. */
TOK_API TOK_MUST_USE enum tok_status vocab_items_make(const struct tok_span *words, size_t count,
						      const struct vocab_items_options *options,
						      vocab_item_sink *sink, void *context,
						      struct tok_error *err);

/* ---- what models say ---------------------------------------------------------------- */

enum vocab_parser {
	VOCAB_PARSE_STRICT, /* the whole answer, blanks around it apart: the paper's */
	VOCAB_PARSE_LAST,   /* the last whole number */
	VOCAB_PARSE_FIRST,
	VOCAB_PARSE_QUOTED, /* what is between the first quotes behind the last "Answer:" (CUTE) */
	VOCAB_PARSE_TAG     /* between <answer> and </answer> */
};
#define VOCAB_PARSER_WORDS "strict|last-int|first-int|quoted|tag"

/* What a model meant by `output`, a part of it; false where it said nothing of the kind. */
TOK_API TOK_MUST_USE bool vocab_parse(enum vocab_parser parser, struct tok_span output,
				      bool is_number, struct tok_span *answer);

#endif
