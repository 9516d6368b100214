/*
 * transplant_internal.h - what the words of tok transplant share: one a file, transplant_WORD.c.
 *
 *	struct transplant_case c = { 0 };
 *	status = transplant_case_open(&c, "MODEL", "TOKENIZER", &options, &err);
 *	status = transplant_make(&c, &c.matches, TRANSPLANT_IN, wanted, count, &made, &err);
 *	transplant_case_close(&c);
 */
#ifndef CMD_TRANSPLANT_INTERNAL_H
#define CMD_TRANSPLANT_INTERNAL_H

#include "cmd/cli_hypernet.h"
#include "cmd/transplant_vocab.h"
#include "hypernet/transplant/apply.h"
#include "hypernet/transplant/features.h"
#include "hypernet/transplant/fill.h"
#include "hypernet/transplant/map.h"
#include "hypernet/transplant/omp.h"
#include "hypernet/transplant/pieces.h"
#include "hypernet/transplant/similar.h"
#include "hypernet/transplant/subword.h"

/* Classes that tokens are matched in where nothing is asked for. */
#define TRANSPLANT_MATCH       "exact,role,byte"
#define TRANSPLANT_SEED        42 /* where none is given, which is: */
#define TRANSPLANT_SEED_UNSET  UINT64_MAX
#define TRANSPLANT_DTYPE_WORDS "f32|f16|bf16|q8_0"

/* Bytes that omp may keep products of shared rows in: those of 31,600 rows. */
#define TRANSPLANT_OMP_MEMORY ((size_t)4000000000)

/* Of a number that was not asked for. */
#define TRANSPLANT_UNSET (-1.0)

enum transplant_preset { TRANSPLANT_TOKENADAPT, TRANSPLANT_MERGEKIT, TRANSPLANT_AS_FOCUS };
#define TRANSPLANT_PRESET_WORDS "tokenadapt|mergekit|focus"

enum transplant_side { TRANSPLANT_IN, TRANSPLANT_OUT, TRANSPLANT_SIDES };

enum transplant_method {
	TRANSPLANT_HYBRID,
	TRANSPLANT_LOCAL,
	TRANSPLANT_GLOBAL,
	TRANSPLANT_SUBWORD, /* mean of pieces: FVT, ReTok */
	TRANSPLANT_SUM,
	TRANSPLANT_LENGTH,
	TRANSPLANT_LINEAR,
	TRANSPLANT_FIRST_LAST,
	TRANSPLANT_EEVE,
	TRANSPLANT_BIL,
	TRANSPLANT_FOCUS,
	TRANSPLANT_WECHSEL,
	TRANSPLANT_CLP,
	TRANSPLANT_KNN,
	TRANSPLANT_OMP,
	TRANSPLANT_PROCRUSTES,
	TRANSPLANT_RIDGE,
	TRANSPLANT_HYPERNET,
	TRANSPLANT_MEAN,
	TRANSPLANT_ZERO,
	TRANSPLANT_RANDOM,
	TRANSPLANT_HEWITT,
	TRANSPLANT_SCALAR, /* N(mean, std) of all numbers: TokenAdapt's last resort */
	TRANSPLANT_METHODS
};

struct transplant_options {
	const char *method, *in_method, *out_method; /* names; "hypernet:FOLDER" */
	int preset;                                  /* enum transplant_preset; -1: none */
	const char *aux;                             /* "ngram:1024+cooc:TEXT" */
	const char *donor;                     /* a model folder with the target's tokenizer */
	double temperature, weight, threshold; /* TRANSPLANT_UNSET: the method's own */
	uint64_t topk, k;                      /* 0: the method's own */
	int knn;                               /* enum hyper_knn; -1: not given */
	bool euclid, normalize_atoms;
	uint64_t screen;
	double ridge;            /* lambda; below 0: the method's own */
	const char *match;       /* HYPER_MATCH_WORDS; NULL: exact,role,byte */
	const char *special_map; /* a file: target<TAB>source a line */
	uint64_t seed, threads;  /* TRANSPLANT_SEED_UNSET: not given */
	struct cli_tensor_names names;
	const char *source_tokenizer; /* where the model's folder has none */
	const char *pattern;          /* of a .tiktoken target */
	const char *pre;              /* tokenizer.ggml.pre of a GGUF file; NULL: by the patterns */
	const char *against;          /* check: the model that it was made of; NULL: none */
	const char *language;         /* of a hypernetwork that asks */

	/* run */
	const char *output, *rows;
	/* enum transplant_chat, hyper_tie, a word of TRANSPLANT_DTYPE_WORDS; -1: not given */
	int chat_template, tie, dtype;
	bool dry_run, json;
	int progress;
	/* plan, lab, extend */
	const char *text;
	/* extend: tokens, one a line; how many to learn from `text` */
	const char *add;
	uint64_t superwords;
	/* eval, lab */
	const char *methods;
	double holdout;
	uint64_t probe, samples, seeds;
	int lab_model; /* enum hyper_lab_kind */
};

/* The same with seed, knn, tie and chat template as they are where they were not given: what words
 * but apply, which asks whether they were, go by. */
struct transplant_options transplant_settled(const struct transplant_options *asked);

/* What methods go by, opened once.  A zeroed struct is closed. */
struct transplant_case {
	const struct transplant_options *options;
	const char *path, *target_path; /* of the model, and of the new tokenizer */
	struct hyper_folder *model;
	struct hyper_embeddings embeddings;
	struct transplant_vocab source, target;
	struct hyper_matches matches;
	struct hyper_folder *donor; /* NULL: none */
	struct hyper_embeddings donor_embeddings;
	uint8_t *donor_kinds;           /* transplant_donor_vocab's; NULL: those of the target */
	struct hyper_features features; /* made when a method first asks */
	bool has_features;
	const struct hyper_kernel *kernel;
	size_t threads;
};
TOK_MUST_USE enum tok_status transplant_case_open(struct transplant_case *out, const char *model,
						  const char *target,
						  const struct transplant_options *options,
						  struct tok_error *err);
void transplant_case_close(struct transplant_case *c);

/* c->matches, which is empty, of the vocabularies as they are: opening does it; who changes one
 * does it again. */
TOK_MUST_USE enum tok_status transplant_case_match(struct transplant_case *c,
						   struct tok_error *err);

/* The new vocabulary as the donor has it: an id that stands for another token there, or has no row,
 * is a hole. */
struct hyper_vocab transplant_donor_vocab(const struct transplant_case *c);

/* The matrix of a side: the input's where the model is tied or has no output in its files. */
const struct hyper_tensor *transplant_matrix(const struct transplant_case *c,
					     enum transplant_side side);

/* ---- methods: transplant_methods.c ------------------------------------------------- */

/* Of "NAME" or "hypernet:FOLDER", whose folder is *folder; false at an unknown name. */
TOK_MUST_USE bool transplant_method_find(const char *name, enum transplant_method *out,
					 const char **folder);
const char *transplant_method_name(enum transplant_method method);

/* What a method went by, asked for or its own; 0 of what it has not. */
struct transplant_used {
	double temperature;
	size_t topk, atoms;
};
/* Does the method go by --aux? */
bool transplant_method_compares(const struct transplant_case *c, enum transplant_method method);

/* Does it make sums, or rows as they are? */
bool transplant_method_sums(enum transplant_method method);

/* Does it go by tokens alone, so that its sums are the same on both sides? */
bool transplant_method_is_sideless(const struct transplant_case *c, enum transplant_method method);

/* Rows that omp makes one of, of a donor's that are so wide. */
size_t transplant_atoms(const struct transplant_options *options, size_t width, size_t anchors);

/* What a method made of `count` tokens: sums, or rows as they are; one of the two is empty.  A
 * token that it has no answer for has no entry in the sums, or is not marked in `has`. */
struct transplant_made {
	struct hyper_weights sums;
	float *given; /* count x width; NULL: there are sums */
	uint8_t *has; /* of given: is there a row for the token? */
	size_t width;
	struct transplant_used used;
	struct hyper_omp_report omp;
	double explains; /* of ridge and procrustes */
};
void transplant_made_release(struct transplant_made *made);

/* Rows of the target's tokens `wanted` for one side by `method`, going by `matches`, which need not
 * be those of the case: a held-out token is one that does not match.  Methods that need a donor
 * fail with TOK_EARG where there is none, saying what to give. */
TOK_MUST_USE enum tok_status transplant_make(struct transplant_case *c,
					     const struct hyper_matches *matches,
					     enum transplant_side side,
					     enum transplant_method method, const char *folder,
					     const tok_id *wanted, size_t count,
					     struct transplant_made *out, struct tok_error *err);

/* The same of a hypernetwork alone: transplant_hypernet.c.  `out` has room for the rows. */
TOK_MUST_USE enum tok_status transplant_hypernet(struct transplant_case *c,
						 enum transplant_side side, const char *folder,
						 const tok_id *wanted, size_t count,
						 struct transplant_made *out,
						 struct tok_error *err);

/* Can it be opened, and does it make rows of `width` numbers?  Before there is a model. */
TOK_MUST_USE enum tok_status transplant_hypernet_check(const struct transplant_options *options,
						       const char *folder, size_t width,
						       struct tok_error *err);

/* Are numbers, --aux and --threads such as any word may take?  Says what is wrong. */
enum cli_exit transplant_check_options(const struct transplant_options *options);

/* Can --output be made, or was it left out though something is to be written?  Says what is wrong.
 */
enum cli_exit transplant_check_output(const struct transplant_options *options);

enum cli_exit transplant_plan(const void *options, int argc, char **argv);
enum cli_exit transplant_run(const void *options, int argc, char **argv);
enum cli_exit transplant_explain(const void *options, int argc, char **argv);
enum cli_exit transplant_check(const void *options, int argc, char **argv);
enum cli_exit transplant_eval(const void *options, int argc, char **argv);
enum cli_exit transplant_apply(const void *options, int argc, char **argv);
enum cli_exit transplant_lab(const void *options, int argc, char **argv);
enum cli_exit transplant_extend(const void *options, int argc, char **argv);

#endif
