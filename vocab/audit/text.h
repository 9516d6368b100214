/*
 * text.h - what a tokenizer makes of a text, as numbers.
 *
 *	status = vocab_audit_corpus_new(VOCAB_AUDIT_WORDS_WHITESPACE, &corpus, &err);
 *	status = vocab_audit_corpus_line(corpus, line, &err);	// each line is encoded by itself
 *
 *	struct vocab_audit_counts counts = { 0 };
 *	status = vocab_audit_text_new(tokenizer, &audit, &err);
 *	status = vocab_audit_text_run(audit, corpus, 0, 1, &counts, &err);
 *	vocab_audit_text_measure(audit, corpus, &counts, &measures);
 *
 * A corpus is the lines of one language; its words are looked for once, for all tokenizers, and
 * each distinct one is encoded once.  It does not change while tokenizers run over it, and threads
 * share it; an audit is of one thread.  Encoding is without special tokens.  Ratios are ratios of
 * sums; what has no denominator is NAN here and null in JSON.  Which measure answers which
 * question, and how each is misused: tok-audit(7).
 *
 * Sources: Petrov et al. 2023 (premium), Rust et al. 2021 (fertility, continued words), Zouhar et
 * al. 2023 (Renyi efficiency), Foroutan et al. 2025 (Gini).
 */
#ifndef VOCAB_AUDIT_TEXT_H
#define VOCAB_AUDIT_TEXT_H

#include "tok/pipe/encoder.h"

/* ---- a language, before any tokenizer -------------------------------------------------- */

enum vocab_audit_words {
	VOCAB_AUDIT_WORDS_WHITESPACE, /* what stands between White_Space */
	VOCAB_AUDIT_WORDS_UAX29,      /* ICU's words, with its dictionaries; not what is between */
	VOCAB_AUDIT_WORDS_CODEPOINT   /* each character that is not White_Space */
};
#define VOCAB_AUDIT_WORDS_WORDS "whitespace|uax29|codepoint"

struct vocab_audit_corpus;

TOK_API TOK_MUST_USE enum tok_status vocab_audit_corpus_new(enum vocab_audit_words words,
							    struct vocab_audit_corpus **out,
							    struct tok_error *err);
TOK_API void vocab_audit_corpus_free(struct vocab_audit_corpus *corpus);

/* One more line, which is borrowed.  TOK_ELIMIT where distinct words have 4 GiB or more. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_corpus_line(struct vocab_audit_corpus *corpus,
							     struct tok_span line,
							     struct tok_error *err);

/* Bytes that are not UTF-8 are a character each. */
struct vocab_audit_facts {
	uint64_t lines, bytes, characters;
	uint64_t multibyte; /* characters of two bytes or more */
	uint64_t words, distinct_words;
	const char *script;  /* that most characters are of: "Latn"; "Zyyy" where none has one */
	double script_share; /* of characters that have a script */
};
TOK_API void vocab_audit_corpus_facts(const struct vocab_audit_corpus *corpus,
				      struct vocab_audit_facts *out);

/* ---- what a tokenizer makes of it ------------------------------------------------------- */

/* Sums: those of the parts of a corpus, added together, are those of the whole.  Zeroed at first.
 */
struct vocab_audit_counts {
	uint64_t *ids; /* of each id how often it came in lines; `size` numbers */
	size_t size;
	uint64_t tokens;     /* of lines */
	uint64_t kept_lines; /* that decode to themselves */
	uint64_t split;      /* multi-byte characters in two tokens or more */
	uint64_t word_tokens, continued_words, single_words, single_types;
	size_t refused; /* line that the tokenizer refused, from 1; words are behind all lines */
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

/* Part `part` (from 0) of `parts` is added to `counts`, of which only .refused is of use if it
 * fails: with TOK_ETEXT, and where it is, if the tokenizer refuses a text. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_text_run(struct vocab_audit_text *audit,
							  const struct vocab_audit_corpus *corpus,
							  size_t part, size_t parts,
							  struct vocab_audit_counts *counts,
							  struct tok_error *err);

/* `counts` of the whole corpus. */
TOK_API void vocab_audit_text_measure(struct vocab_audit_text *audit,
				      const struct vocab_audit_corpus *corpus,
				      const struct vocab_audit_counts *counts,
				      struct vocab_audit_measures *out);

/* ---- formulas ----------------------------------------------------------------------------- */

/* Renyi's entropy of counts in bits (Shannon's for alpha = 1), and what it is of `types` equal
 * ones: efficiency = entropy / log2(types).  NAN where there is none: nothing was counted. */
TOK_API double vocab_audit_renyi(const uint64_t *counts, size_t n, double alpha);

/* Gini of costs, 0 where all are equal: sum of |ci - cj| / (2 n^2 mean); NAN of none and where all
 * are 0.  Sorts a copy. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_gini(const double *costs, size_t n, double *out,
						      struct tok_error *err);

#endif
