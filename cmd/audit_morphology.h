/*
 * audit_morphology.h - --morphology: words and their parts from MorphScore's files.
 *
 *	struct audit_morphology_set m = { 0 };
 *	status = audit_morphology_measure("morphscore/data", tokenizers, count, &m, &err);
 *	report.morphology = m.items, report.morphology_count = m.files;
 *	audit_morphology_release(&m);
 *
 * A file is CSV (RFC 4180) with a line of names, among them full_word, pt1 and rest, in any order;
 * a folder is all its files that end in .csv, by name, each for itself.
 */
#ifndef CMD_AUDIT_MORPHOLOGY_H
#define CMD_AUDIT_MORPHOLOGY_H

#include "cmd/cli_hash.h"
#include "vocab/audit/morphology.h"

/* Of a tokenizer and a file. */
struct audit_morphology {
	const char *name;  /* of the file, without .csv and MorphScore's _morph_data: "english" */
	const char *shown; /* the same for terminals: audit_shown */
	struct cli_hash hash; /* of its bytes */
	struct vocab_morphology measures;
};

struct audit_morphology_set {
	struct audit_morphology *items; /* [tokenizer][file] */
	size_t files;
	struct tok_arena arena; /* private */
};

/* Messages name the file and, of a row, its line. */
TOK_MUST_USE enum tok_status
audit_morphology_measure(const char *path, struct tok_tokenizer *const *tokenizers, size_t count,
			 struct audit_morphology_set *out, struct tok_error *err);
void audit_morphology_release(struct audit_morphology_set *set);

#endif
