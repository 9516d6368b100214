/*
 * audit_db_file.c - one run is one transaction.
 *
 * The journal is SQLite's rollback journal, not a WAL: a file is written now and then, in one go,
 * and is otherwise copied, mailed and kept on file servers, where a WAL does not work and its two
 * other files get lost.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cmd/audit_db_internal.h"
#include "cmd/audit_db_schema.h"
#include "cmd/cli_put.h"

enum { WAIT_SECONDS = 10 };

/* Where a table has a column for the run, that is ?1. */
static const struct row {
	const char *types, *sql;
	bool has_run;
} rows[AUDIT_DB_ROWS] = {
	[AUDIT_DB_TOKENIZER] = { "tti",
				 "INSERT INTO tokenizers(hash, name, entries) VALUES(?, ?, ?)"
				 " ON CONFLICT DO UPDATE SET hash = excluded.hash RETURNING id",
				 false },
	[AUDIT_DB_LANGUAGE] = { "ttii",
				"INSERT INTO languages(hash, name, aligned, abridged)"
				" VALUES(?, ?, ?, ?)"
				" ON CONFLICT DO UPDATE SET hash = excluded.hash RETURNING id",
				false },
	/* Who is named twice has the same numbers twice. */
	[AUDIT_DB_CELL] = { "iitd", "INSERT OR IGNORE INTO cells VALUES(?, ?, ?, ?, ?)", true },
	[AUDIT_DB_TOTAL] = { "itd", "INSERT OR IGNORE INTO totals VALUES(?, ?, ?, ?)", true },
	[AUDIT_DB_PAIR] = { "iitd", "INSERT OR IGNORE INTO pairs VALUES(?, ?, ?, ?, ?)", true },
	[AUDIT_DB_MORPHOLOGY] = { "itttd",
				  "INSERT OR IGNORE INTO morphology VALUES(?, ?, ?, ?, ?, ?)",
				  true },
	[AUDIT_DB_FINDING] = { "iiiittb",
			       "INSERT INTO findings VALUES(?, ?, nullif(?, 0), nullif(?, -1), ?, "
			       "?,"
			       " ?, ?)",
			       true },
};

/* ---- what went wrong ------------------------------------------------------------------- */

static enum tok_status refuse(const struct audit_db *db, struct tok_error *err)
{
	const int code = sqlite3_errcode(db->file) & 0xFF;
	switch (code) {
	case SQLITE_NOMEM:
		return tok_fail_memory(err);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return tok_fail(err, TOK_EIO,
				"'%s' is in use by another program for %d seconds now", db->name,
				WAIT_SECONDS);
	case SQLITE_NOTADB:
		return tok_fail(err, TOK_EFORMAT, "'%s' is no SQLite database", db->name);
	case SQLITE_CORRUPT:
		return tok_fail(err, TOK_EFORMAT, "'%s' is damaged: %s", db->name,
				sqlite3_errmsg(db->file));
	default:
		return tok_fail(err, TOK_EIO, "cannot write '%s': %s", db->name,
				sqlite3_errmsg(db->file));
	}
}

static enum tok_status run_sql(const struct audit_db *db, const char *sql, struct tok_error *err)
{
	return sqlite3_exec(db->file, sql, NULL, NULL, NULL) == SQLITE_OK ? TOK_OK
									  : refuse(db, err);
}

static enum tok_status ask_number(const struct audit_db *db, const char *sql, int64_t *out,
				  struct tok_error *err)
{
	sqlite3_stmt *statement = NULL;
	const bool ok = sqlite3_prepare_v2(db->file, sql, -1, &statement, NULL) == SQLITE_OK &&
			sqlite3_step(statement) == SQLITE_ROW;
	const enum tok_status status = ok ? TOK_OK : refuse(db, err);
	if (ok)
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return status;
}

/* ---- tables ---------------------------------------------------------------------------- */

/* Whether the file is ours, or of nobody yet, and how many steps were done to it. */
static enum tok_status find_version(const struct audit_db *db, int64_t *out, struct tok_error *err)
{
	int64_t application = 0, version = 0, things = 0;
	enum tok_status status = ask_number(db, "PRAGMA application_id", &application, err);
	if (status == TOK_OK)
		status = ask_number(db, "PRAGMA user_version", &version, err);
	if (status == TOK_OK)
		status = ask_number(db, "SELECT count(*) FROM sqlite_master", &things, err);
	if (status != TOK_OK)
		return status;
	if (application != AUDIT_DB_APPLICATION && (application || version || things))
		return tok_fail(err, TOK_EFORMAT,
				"'%s' is a database of another program: name a new file", db->name);
	if (version > audit_db_version)
		return tok_fail(err, TOK_EFORMAT,
				"'%s' was made by a newer tok: its tables are of version %" PRId64
				", not %d",
				db->name, version, audit_db_version);
	*out = version;
	return TOK_OK;
}

/* Done while nobody else writes. */
static enum tok_status bring_up_to_date(const struct audit_db *db, struct tok_error *err)
{
	int64_t version = 0;
	char pragmas[128];
	enum tok_status status = find_version(db, &version, err);
	if (status != TOK_OK || version == audit_db_version)
		return status;
	for (int64_t i = version; i < audit_db_version && status == TOK_OK; i++)
		status = run_sql(db, audit_db_steps[i], err);
	snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 AUDIT_DB_APPLICATION, audit_db_version);
	return status == TOK_OK ? run_sql(db, pragmas, err) : status;
}

/* ---- rows ------------------------------------------------------------------------------ */

static int bind_one(sqlite3_stmt *statement, int place, char type, va_list *values)
{
	if (type == 'i')
		return sqlite3_bind_int64(statement, place, va_arg(*values, int64_t));
	if (type == 'b') {
		const struct tok_span span = va_arg(*values, struct tok_span);
		return sqlite3_bind_blob64(statement, place, span.bytes, span.count, SQLITE_STATIC);
	}
	if (type == 'd') { /* SQLite makes NULL of NAN */
		const double number = va_arg(*values, double);
		return sqlite3_bind_double(statement, place, isinf(number) ? NAN : number);
	}
	return sqlite3_bind_text(statement, place, va_arg(*values, const char *), -1,
				 SQLITE_STATIC);
}

/* Fills a statement, makes it where it is asked for first. */
static enum tok_status prepare(struct audit_db *db, enum audit_db_row row, va_list *values,
			       struct tok_error *err)
{
	const struct row *r = &rows[row];
	sqlite3_stmt **statement = &db->inserts[row];
	int place = 1;
	if (!*statement && sqlite3_prepare_v2(db->file, r->sql, -1, statement, NULL) != SQLITE_OK)
		return refuse(db, err);
	if (r->has_run && sqlite3_bind_int64(*statement, place++, db->run) != SQLITE_OK)
		return refuse(db, err);
	for (const char *type = r->types; *type; type++)
		if (bind_one(*statement, place++, *type, values) != SQLITE_OK)
			return refuse(db, err);
	return TOK_OK;
}

enum tok_status audit_db_put(struct audit_db *db, enum audit_db_row row, struct tok_error *err, ...)
{
	va_list values;
	va_start(values, err);
	const enum tok_status status = prepare(db, row, &values, err);
	va_end(values);
	if (status != TOK_OK)
		return status;
	return sqlite3_step(db->inserts[row]) == SQLITE_DONE &&
		       sqlite3_reset(db->inserts[row]) == SQLITE_OK
		   ? TOK_OK
		   : refuse(db, err);
}

enum tok_status audit_db_find(struct audit_db *db, enum audit_db_row row, int64_t *id,
			      struct tok_error *err, ...)
{
	va_list values;
	va_start(values, err);
	enum tok_status status = prepare(db, row, &values, err);
	va_end(values);
	if (status != TOK_OK)
		return status;
	sqlite3_stmt *statement = db->inserts[row];
	if (sqlite3_step(statement) != SQLITE_ROW)
		return refuse(db, err);
	*id = sqlite3_column_int64(statement, 0);
	return sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK
		   ? TOK_OK
		   : refuse(db, err);
}

/* ---- runs ------------------------------------------------------------------------------ */

/* What SQLite takes for a database in memory. */
static enum tok_status check_name(const char *name, struct tok_error *err)
{
	return name[0] == '\0' || name[0] == ':'
		   ? tok_fail(err, TOK_EARG, "'%s' is no name for a database", name)
		   : TOK_OK;
}

static enum tok_status open_file(struct audit_db *db, struct tok_error *err)
{
	const enum tok_status status = check_name(db->name, err);
	if (status != TOK_OK)
		return status;
	if (sqlite3_open_v2(db->name, &db->file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
			    NULL) != SQLITE_OK)
		return db->file ? refuse(db, err) : tok_fail_memory(err);
	sqlite3_busy_timeout(db->file, WAIT_SECONDS * 1000);
	return run_sql(db, "PRAGMA foreign_keys = ON; BEGIN IMMEDIATE", err);
}

static enum tok_status add_run(struct audit_db *db, const char *kind, const char *options,
			       struct tok_error *err)
{
	sqlite3_stmt *insert = NULL;
	char text[sizeof "2026-01-02T03:04:05Z"];
	const time_t now = time(NULL);
	struct tm utc;
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	const bool ok =
	    sqlite3_prepare_v2(db->file,
			       "INSERT INTO runs(time, version, kind, options) VALUES(?, ?, ?, ?)",
			       -1, &insert, NULL) == SQLITE_OK &&
	    sqlite3_bind_text(insert, 1, text, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_bind_text(insert, 2, TOK_VERSION, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_bind_text(insert, 3, kind, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_bind_text(insert, 4, options, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_step(insert) == SQLITE_DONE;
	const enum tok_status status = ok ? TOK_OK : refuse(db, err);
	db->run = sqlite3_last_insert_rowid(db->file);
	sqlite3_finalize(insert);
	return status;
}

enum tok_status audit_db_begin(struct audit_db *db, const struct audit_options *options,
			       const char *kind, struct tok_error *err)
{
	struct tok_buffer text = { 0 };
	struct cli_put put = { .out = &text };
	db->name = options->db;
	audit_put_options(&put, options);
	if (!put.lost)
		put.lost = !tok_buffer_add_byte(&text, '\0');
	enum tok_status status = put.lost ? tok_fail_memory(err) : open_file(db, err);
	if (status == TOK_OK)
		status = bring_up_to_date(db, err);
	if (status == TOK_OK)
		status = add_run(db, kind, (const char *)text.bytes, err);
	tok_buffer_release(&text);
	return status;
}

/* A file that is not there is not made by asking: its folder is looked at. */
static enum tok_status check_folder(const char *path, struct tok_error *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!folder)
		return tok_fail_memory(err);
	const int trouble = access(folder, W_OK | X_OK) == 0 ? 0 : errno;
	free(folder);
	return trouble ? tok_fail(err, TOK_EIO, "cannot write '%s': %s", path, strerror(trouble))
		       : TOK_OK;
}

enum tok_status audit_db_check(const char *path, struct tok_error *err)
{
	struct audit_db db = { .name = path };
	int64_t version;
	enum tok_status status = check_name(path, err);
	if (status != TOK_OK || access(path, F_OK) != 0)
		return status == TOK_OK ? check_folder(path, err) : status;
	status = open_file(&db, err);
	if (status == TOK_OK)
		status = find_version(&db, &version, err);
	sqlite3_close(db.file);
	return status;
}

/* What is not committed when a file is closed was never there. */
enum tok_status audit_db_end(struct audit_db *db, enum tok_status status, struct tok_error *err)
{
	for (size_t i = 0; i < AUDIT_DB_ROWS; i++)
		sqlite3_finalize(db->inserts[i]);
	if (status == TOK_OK)
		status = run_sql(db, "COMMIT", err);
	if (sqlite3_close(db->file) != SQLITE_OK && status == TOK_OK)
		status = tok_fail(err, TOK_EIO, "cannot close '%s'", db->name);
	*db = (struct audit_db){ 0 };
	return status;
}
