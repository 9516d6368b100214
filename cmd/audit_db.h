/*
 * audit_db.h - what audit_vocab.c adds to the file of --db; a report of texts goes by
 * audit_db_add (audit_internal.h).
 */
#ifndef CMD_AUDIT_DB_H
#define CMD_AUDIT_DB_H

#include "cmd/audit_internal.h"
#include "vocab/audit/health.h"
#include "vocab/audit/undertrained.h"

struct audit_db_health {
	const char *name; /* as given with -t */
	struct cli_hash hash;
	size_t vocabulary; /* entries */
	const struct vocab_health *health;
	const struct vocab_suspects *suspects; /* or NULL */
};

/* Adds them as one run; all of it or nothing. */
TOK_MUST_USE enum tok_status audit_db_add_health(const struct audit_options *options,
						 const struct audit_db_health *items, size_t count,
						 struct tok_error *err);

#endif
