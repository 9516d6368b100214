/*
 * audit_measures.h - the numbers of an audit by name: what JSON, database and --baseline call them.
 *
 *	for (const struct audit_measure *m = audit_cell_measures; m->name; m++)
 *		put(m->name, audit_measure_value(m, &report->cells[i]));
 *
 * Names are never changed: files of earlier audits have them.
 */
#ifndef CMD_AUDIT_MEASURES_H
#define CMD_AUDIT_MEASURES_H

#include <stdbool.h>
#include <stddef.h>

struct audit_measure {
	const char *name;
	size_t offset; /* in what it is of */
	bool whole;    /* a uint64_t; else a double */
	int better;    /* 1: more is better; -1: less is; 0: neither can be said */
	/* Worse by no more than this share of the earlier number is no news; of numbers that are
	 * themselves shares, by no more than this.  INFINITY: nothing is. */
	double tolerance;
	bool share; /* between 0 and 1 */
};

/* Of struct audit_cell, audit_tokenizer, vocab_audit_similarity and vocab_morphology; each ends
 * with a name of NULL. */
extern const struct audit_measure audit_cell_measures[];
extern const struct audit_measure audit_tokenizer_measures[];
extern const struct audit_measure audit_pair_measures[];
extern const struct audit_measure audit_morphology_measures[];

/* NAN: undefined. */
double audit_measure_value(const struct audit_measure *measure, const void *of);

#endif
