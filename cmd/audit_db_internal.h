/*
 * audit_db_internal.h - the file of --db, open for one run.
 *
 *	struct audit_db db = { 0 };
 *	status = audit_db_begin(&db, options, "texts", &err);
 *	if (status == TOK_OK)
 *		status = audit_db_put(&db, AUDIT_DB_TOTAL, &err, tokenizer, "gini", 0.3);
 *	status = audit_db_end(&db, status, &err);	// commits, or takes all back
 */
#ifndef CMD_AUDIT_DB_INTERNAL_H
#define CMD_AUDIT_DB_INTERNAL_H

#include <sqlite3.h>

#include "cmd/audit_internal.h"

/* Rows, and what follows `err`: i an int64_t, t a text or NULL, d a double (NAN: NULL), b a struct
 * tok_span (.bytes NULL: NULL).  The run comes first by itself, where a table has one. */
enum audit_db_row {
	AUDIT_DB_TOKENIZER,  /* hash t, name t, entries i; gives its id */
	AUDIT_DB_LANGUAGE,   /* hash t, name t, aligned i, abridged i; gives its id */
	AUDIT_DB_CELL,       /* tokenizer i, language i, measure t, value d */
	AUDIT_DB_TOTAL,      /* tokenizer i, measure t, value d */
	AUDIT_DB_PAIR,       /* tokenizer i, other i, measure t, value d */
	AUDIT_DB_MORPHOLOGY, /* tokenizer i, file t, hash t, measure t, value d */
	AUDIT_DB_FINDING,    /* tokenizer i, language i (0: NULL), token i (-1: NULL), count i,
				finding t, level t, detail b */
	AUDIT_DB_ROWS
};

struct audit_db {
	sqlite3 *file;
	const char *name;
	int64_t run;
	sqlite3_stmt *inserts[AUDIT_DB_ROWS];
};

/* Opens or makes the file, waits until nobody else writes, brings its tables up to date, and adds a
 * run.  Whatever comes of it, audit_db_end is called. */
TOK_MUST_USE enum tok_status audit_db_begin(struct audit_db *db,
					    const struct audit_options *options, const char *kind,
					    struct tok_error *err);
TOK_MUST_USE enum tok_status audit_db_put(struct audit_db *db, enum audit_db_row row,
					  struct tok_error *err, ...);
/* The same of the first two; *id is the row's, new or old. */
TOK_MUST_USE enum tok_status audit_db_find(struct audit_db *db, enum audit_db_row row, int64_t *id,
					   struct tok_error *err, ...);
TOK_MUST_USE enum tok_status audit_db_end(struct audit_db *db, enum tok_status status,
					  struct tok_error *err);

#endif
