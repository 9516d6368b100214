/*
 * text.h - what a tokenizer makes of a text, as numbers.
 *
 *	status = vocab_audit_corpus_new(&options, &corpus, &err);
 *	status = vocab_audit_corpus_line(corpus, line, &err);	// all of them
 *	status = vocab_audit_corpus_words(corpus, SIZE_MAX, &words, &ended, &err);
 *	vocab_audit_corpus_facts(corpus, &facts);
 *
 *	struct vocab_audit_counts counts = { 0 };
 *	status = vocab_audit_text_new(tokenizer, &audit, &err);
 *	status = vocab_audit_run_new(audit, scratch, &run, &err);
 *	status = vocab_audit_run_lines(run, &lines, &counts, &err);
 *	status = vocab_audit_run_words(run, &words, 0, words.count, &counts, &err);
 *	status = vocab_audit_text_measure(audit, &facts, &counts, &measures, &err);
 *
 * A corpus is the lines of one language, each of which is encoded by itself; it keeps none of
 * them, so that a language may be larger than memory.  Its words are looked for once, for all
 * tokenizers, and each distinct one is encoded once, behind the lines.  A corpus is of one thread
 * at a time.  An audit is of a tokenizer and shared by threads, each of which has runs of its own;
 * what runs count is added up.  Encoding is without special tokens.  Ratios are ratios of
 * sums; what has no denominator is NAN here and null in JSON.  Which measure answers which
 * question, and how each is misused: tok-audit(7).
 *
 * Sources: Petrov et al. 2023 (premium), Rust et al. 2021 (fertility, continued words), Zouhar et
 * al. 2023 (Renyi efficiency), Foroutan et al. 2025 (Gini).
 */
#ifndef VOCAB_AUDIT_TEXT_H
#define VOCAB_AUDIT_TEXT_H

#include "tok/base/buffer.h"
#include "tok/pipe/encoder.h"

/* ---- a language, before any tokenizer -------------------------------------------------- */

enum vocab_audit_words {
	VOCAB_AUDIT_WORDS_WHITESPACE, /* what stands between White_Space */
	VOCAB_AUDIT_WORDS_UAX29,      /* ICU's words, with its dictionaries; not what is between */
	VOCAB_AUDIT_WORDS_CODEPOINT   /* each character that is not White_Space */
};
#define VOCAB_AUDIT_WORDS_WORDS "whitespace|uax29|codepoint"

struct vocab_audit_corpus;

struct vocab_audit_corpus_options {
	enum vocab_audit_words words;
	size_t memory_bytes;      /* of distinct words, at least 2 MiB; 0: no limit */
	const char *spill_folder; /* where the others go, to files without a name; borrowed */
};

TOK_API TOK_MUST_USE enum tok_status
vocab_audit_corpus_new(const struct vocab_audit_corpus_options *options,
		       struct vocab_audit_corpus **out, struct tok_error *err);
TOK_API void vocab_audit_corpus_free(struct vocab_audit_corpus *corpus);

/* One more line, of which only the words are kept.  TOK_EIO where they find no room on disk. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_corpus_line(struct vocab_audit_corpus *corpus,
							     struct tok_span line,
							     struct tok_error *err);

/* A word lies behind a space. */
struct vocab_audit_word {
	size_t begin; /* in the bytes of its list */
	size_t count;
	uint64_t bare, spaced; /* how often it came so: spaced is behind White_Space, and behind
				  another word of its line */
};

/* Zeroed at first. */
struct vocab_audit_word_list {
	struct tok_buffer bytes;
	struct vocab_audit_word *items;
	size_t count, capacity;
};
TOK_API void vocab_audit_word_list_clear(struct vocab_audit_word_list *list);
TOK_API void vocab_audit_word_list_release(struct vocab_audit_word_list *list);

/* Behind the last line: distinct words that were not given yet, in the order of their bytes, are
 * added to the list, until it has `bytes` bytes.  *ended: there are no more. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_corpus_words(struct vocab_audit_corpus *corpus,
							      size_t bytes,
							      struct vocab_audit_word_list *list,
							      bool *ended, struct tok_error *err);

/* Bytes that are not UTF-8 are a character each. */
struct vocab_audit_facts {
	uint64_t lines, bytes, characters;
	uint64_t multibyte; /* characters of two bytes or more */
	uint64_t words;
	uint64_t distinct_words; /* that were given */
	const char *script;  /* that most characters are of: "Latn"; "Zyyy" where none has one */
	int script_code;     /* ICU's number of it */
	double script_share; /* of characters that have a script */
};
TOK_API void vocab_audit_corpus_facts(const struct vocab_audit_corpus *corpus,
				      struct vocab_audit_facts *out);

/* ---- what a tokenizer makes of it ------------------------------------------------------- */

/* Sums: those of the parts of a corpus, added together, are those of the whole.  Zeroed at first.
 */
struct vocab_audit_counts {
	uint64_t *ids; /* of each id how often it came in lines; `size` numbers */
	tok_id *used;  /* those that are not 0, in no order; used_count */
	size_t size, used_count;
	uint64_t tokens;     /* of lines */
	uint64_t kept_lines; /* that decode to themselves */
	uint64_t split;      /* multi-byte characters in two tokens or more */
	uint64_t word_tokens, continued_words, single_words, single_types;
	size_t refused; /* where a run failed: the line, from 0, or the word's place in its list */
};

TOK_API TOK_MUST_USE enum tok_status vocab_audit_counts_add(struct vocab_audit_counts *into,
							    const struct vocab_audit_counts *more,
							    struct tok_error *err);
TOK_API void vocab_audit_counts_clear(struct vocab_audit_counts *counts); /* keeps its memory */
TOK_API void vocab_audit_counts_release(struct vocab_audit_counts *counts);

struct vocab_audit_measures {
	uint64_t lines, bytes, characters, words, tokens;
	uint64_t unknown; /* tokens */
	uint64_t types;   /* distinct tokens */
	double bytes_per_token, characters_per_token, tokens_per_line;
	double fertility; /* tokens a word: of lines, as they are */
	/* Here words are encoded each by itself, with a space in front where they stand behind
	 * White_Space and are not the first of their line.  Where the tokenizer puts a blank in
	 * front of any text that is the space; of a word without one it is no token. */
	double continued; /* share of words of two tokens or more */
	double single;    /* STRR: share of running words that are one token */
	double
	    single_types;  /* the same of distinct words, with a space in front where one ever is */
	double continuing; /* share of the tokens of words that do not begin one */
	double vocabulary_use;        /* types, as a share of the vocabulary */
	double entropy;               /* bits a token */
	double efficiency;            /* Shannon's, over log2 of the types */
	double renyi_efficiency[3];   /* alpha 2, 2.5, 3; over log2 of the types */
	double vocabulary_efficiency; /* Shannon's, over log2 of the vocabulary */
	double round_trip;            /* share of lines that decode to themselves */
	double split_characters;      /* share of multi-byte characters in two tokens or more */
	/* Tokens with a whole character of the language's script (vocab_audit_facts): their share
	 * of the tokens of the text, and of the vocabulary. */
	double script_tokens, script_vocabulary;
};

struct vocab_audit_text;

/* Borrows the tokenizer. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_text_new(const struct tok_tokenizer *tokenizer,
							  struct vocab_audit_text **out,
							  struct tok_error *err);
TOK_API void vocab_audit_text_free(struct vocab_audit_text *audit);

/* What a thread has for all its runs; what it remembers is of the run that it was last used for,
 * and bounded by what a call is given and some megabytes. */
struct vocab_audit_scratch;
TOK_API struct vocab_audit_scratch *vocab_audit_scratch_new(void); /* NULL if memory is out */
TOK_API void vocab_audit_scratch_free(struct vocab_audit_scratch *scratch);

/* Borrows both. */
struct vocab_audit_run;
TOK_API TOK_MUST_USE enum tok_status vocab_audit_run_new(const struct vocab_audit_text *audit,
							 struct vocab_audit_scratch *scratch,
							 struct vocab_audit_run **out,
							 struct tok_error *err);
TOK_API void vocab_audit_run_free(struct vocab_audit_run *run);

/* Lines that lie one behind the other, a byte behind each that is none of it. */
struct vocab_audit_lines {
	const uint8_t *bytes;
	size_t begin;       /* of the first line */
	const size_t *ends; /* of each */
	size_t count;
};

/* They are added to `counts`, of which only .refused is of use if it fails: with TOK_ETEXT where
 * the tokenizer refuses one. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_run_lines(struct vocab_audit_run *run,
							   const struct vocab_audit_lines *lines,
							   struct vocab_audit_counts *counts,
							   struct tok_error *err);
/* The same of words [begin, end) of the list. */
TOK_API TOK_MUST_USE enum tok_status
vocab_audit_run_words(struct vocab_audit_run *run, const struct vocab_audit_word_list *words,
		      size_t begin, size_t end, struct vocab_audit_counts *counts,
		      struct tok_error *err);

/* `counts` of a whole corpus, of which `facts` are.  TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status
vocab_audit_text_measure(const struct vocab_audit_text *audit,
			 const struct vocab_audit_facts *facts,
			 const struct vocab_audit_counts *counts, struct vocab_audit_measures *out,
			 struct tok_error *err);

/* ---- formulas ----------------------------------------------------------------------------- */

/* Renyi's entropy of counts in bits (Shannon's for alpha = 1), and what it is of `types` equal
 * ones: efficiency = entropy / log2(types).  NAN where there is none: nothing was counted. */
TOK_API double vocab_audit_renyi(const uint64_t *counts, size_t n, double alpha);

/* Gini of costs, 0 where all are equal: sum of |ci - cj| / (2 n^2 mean); NAN of none and where all
 * are 0.  Sorts a copy. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_gini(const double *costs, size_t n, double *out,
						      struct tok_error *err);

#endif
