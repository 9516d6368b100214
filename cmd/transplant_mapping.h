/*
 * transplant_mapping.h - mapping.safetensors: the recipes of a run and, in its metadata, how the
 * run was asked, so that apply does the same to another checkpoint.
 *
 *	status = transplant_mapping_write(&c, &choice, &recipes, "OUT/mapping.safetensors", &err);
 *
 *	struct transplant_mapping m = { 0 };
 *	status = transplant_mapping_open(&m, "DONE", &err);
 *	status = transplant_mapping_options(&m, &asked, &options, &err);
 *	(the case is opened with those options)
 *	status = transplant_mapping_recipes(&m, &c, &choice, &recipes, &err);
 *	transplant_mapping_close(&m);
 *
 * Metadata: the hashes of both tokenizers (source, target), in_method and out_method, tie, dtype,
 * match, chat_template, pre, seed, the ids of rows that are sums of pieces where the method had no
 * answer (in_pieces, out_pieces: "3 7-9"), and options, the text of transplant.json's.
 */
#ifndef CMD_TRANSPLANT_MAPPING_H
#define CMD_TRANSPLANT_MAPPING_H

#include "cmd/transplant_recipes.h"

struct transplant_mapping {
	char *path;
	struct hyper_tensors *file;
};

/* TOK_EARG where rows were given that belong to one model. */
TOK_MUST_USE enum tok_status transplant_mapping_write(const struct transplant_case *c,
						      const struct transplant_choice *choice,
						      const struct transplant_recipes *recipes,
						      const char *path, struct tok_error *err);

/* Of the folder that run made; TOK_EARG where it has none. */
TOK_MUST_USE enum tok_status transplant_mapping_open(struct transplant_mapping *out,
						     const char *done, struct tok_error *err);
void transplant_mapping_close(struct transplant_mapping *mapping);

/* `asked`, with what the run was asked for; they live as long as the mapping.  TOK_EARG where
 * `asked` says otherwise, naming the option. */
TOK_MUST_USE enum tok_status transplant_mapping_options(const struct transplant_mapping *mapping,
							const struct transplant_options *asked,
							struct transplant_options *out,
							struct tok_error *err);

/* The recipes, and who says how each row came to be; classes of c->matches become those by which
 * rows were copied.  TOK_EARG if either tokenizer of the case is not that of the run.  What
 * `out->options` is lives as long as the mapping. */
TOK_MUST_USE enum tok_status transplant_mapping_recipes(const struct transplant_mapping *mapping,
							struct transplant_case *c,
							const struct transplant_choice *choice,
							struct transplant_recipes *out,
							struct tok_error *err);

#endif
