/*
 * transplant_write.h - a transplanted model onto the disk, with its report.
 */
#ifndef CMD_TRANSPLANT_WRITE_H
#define CMD_TRANSPLANT_WRITE_H

#include "cmd/transplant_recipes.h"
#include "cmd/transplant_usage.h"

/* The new folder at c->options->output, with transplant.json, mapping.tsv, transplant.html and, if
 * all rows are sums, mapping.safetensors, by which `tok transplant apply` does the same to another
 * checkpoint.  `usage` may be NULL.  Told on standard error. */
TOK_MUST_USE enum tok_status transplant_write(struct transplant_case *c,
					      const struct transplant_choice *choice,
					      struct transplant_recipes *recipes,
					      const struct transplant_usage *usage,
					      struct tok_error *err);

#endif
