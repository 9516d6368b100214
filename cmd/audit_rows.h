/*
 * audit_rows.h - the embeddings of a model, and which tokens they say little training of.
 *
 *	struct audit_rows rows;
 *	status = audit_rows_open("model.safetensors", NULL, &rows, &err);
 *	status = audit_rows_suspect(&rows, &health, &err);
 *	use(rows.found.suspects, rows.found.suspect_count);
 *	audit_rows_close(&rows);
 *
 * A file of numpy's (.npy: two dimensions, F16, F32 or F64, little-endian, in C's order), or what
 * hypernet/tensor/folder.h opens: safetensors, GGUF, a folder.
 */
#ifndef CMD_AUDIT_ROWS_H
#define CMD_AUDIT_ROWS_H

#include <stdio.h>

#include "hypernet/tensor/folder.h"
#include "vocab/audit/health.h"
#include "vocab/audit/undertrained.h"

/* What part of the tokens are suspects by each of the two numbers. */
#define AUDIT_SUSPECT_PART 0.02

struct audit_rows {
	const char *path, *tensor; /* tensor: its name, NULL of a .npy file; borrowed */
	size_t count, width;
	struct vocab_suspects found; /* once they have been looked for */

	/* private */
	FILE *file; /* .npy, its numbers from `data` on */
	long long data;
	enum hyper_dtype dtype;
	struct hyper_folder *folder;
	const struct hyper_tensor *matrix;
	struct vocab_undertrained *measures;
};

/* `tensor`: which one, NULL: the input embeddings.  TOK_EIO, TOK_EFORMAT, TOK_EARG (no such
 * tensor, or one for a .npy file), TOK_ENOMEM; messages name the file. */
TOK_MUST_USE enum tok_status audit_rows_open(const char *path, const char *tensor,
					     struct audit_rows *out, struct tok_error *err);
void audit_rows_close(struct audit_rows *rows);

/* Compares tokens with the rows of those that `health` knows to be unused, and with rows that no
 * token has. */
TOK_MUST_USE enum tok_status audit_rows_suspect(struct audit_rows *rows,
						const struct vocab_health *health,
						struct tok_error *err);

#endif
