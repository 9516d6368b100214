#include "vocab/store/store_internal.h"

enum tok_status store_fail(const struct vocab_store *store, struct tok_error *err)
{
	const int code = sqlite3_errcode(store->db);
	if (code == SQLITE_NOMEM)
		return tok_fail_memory(err);
	if (code == SQLITE_BUSY)
		return tok_fail(err, TOK_EIO, "%s: another process has been writing for 10 s",
				store->path);
	if (code == SQLITE_INTERRUPT)
		return tok_fail(err, TOK_EFORMAT, "%s: its tables have no end", store->path);
	if (code == SQLITE_READONLY)
		return tok_fail(err, TOK_EIO, "%s: cannot be written", store->path);
	/* The second is what a user's quota says. */
	const bool full =
	    code == SQLITE_FULL || sqlite3_extended_errcode(store->db) == SQLITE_IOERR_WRITE;
	if (full && store->images)
		return tok_fail(err, TOK_EIO,
				"%s: %s: to make room, what is in %s may be deleted, it is made "
				"again",
				store->path, sqlite3_errmsg(store->db), store->images);
	if (code != SQLITE_CORRUPT && code != SQLITE_NOTADB)
		return tok_fail(err, TOK_EIO, "%s: %s", store->path, sqlite3_errmsg(store->db));
	/* Of the user's store, which every name is looked for in. */
	return tok_fail(err, TOK_EFORMAT, "%s: %s%s%s", store->path, sqlite3_errmsg(store->db),
			store->advises ? ": 'tok vocab verify' tells what is sound" : "",
			store->images ? "; move the file away to do without it" : "");
}

enum tok_status store_run(const struct vocab_store *store, const char *sql, struct tok_error *err)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? TOK_OK
									   : store_fail(store, err);
}

static int bind(sqlite3_stmt *statement, int place, const struct store_value *value)
{
	switch (value->kind) {
	case STORE_TEXT:
		return sqlite3_bind_text(statement, place, value->text, -1, SQLITE_STATIC);
	case STORE_NUMBER:
		return sqlite3_bind_int64(statement, place, value->number);
	case STORE_BLOB:
		break;
	}
	/* No bytes are still a blob. */
	return sqlite3_bind_blob64(statement, place,
				   value->blob.count ? (const void *)value->blob.bytes : "",
				   value->blob.count, SQLITE_STATIC);
}

enum tok_status store_prepare(const struct vocab_store *store, const char *sql,
			      const struct store_value *values, int count, sqlite3_stmt **out,
			      struct tok_error *err)
{
	*out = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, out, NULL);
	for (int i = 0; i < count && code == SQLITE_OK; i++)
		code = bind(*out, i + 1, &values[i]);
	if (code == SQLITE_OK)
		return TOK_OK;
	const enum tok_status status = store_fail(store, err);
	sqlite3_finalize(*out);
	*out = NULL;
	return status;
}

enum tok_status store_step(const struct vocab_store *store, sqlite3_stmt *statement, bool *row,
			   struct tok_error *err)
{
	const int code = sqlite3_step(statement);
	*row = code == SQLITE_ROW;
	return code == SQLITE_ROW || code == SQLITE_DONE ? TOK_OK : store_fail(store, err);
}

enum tok_status store_do(const struct vocab_store *store, const char *sql,
			 const struct store_value *values, int count, struct tok_error *err)
{
	sqlite3_stmt *statement;
	bool row;
	enum tok_status status = store_prepare(store, sql, values, count, &statement, err);
	if (status == TOK_OK)
		status = store_step(store, statement, &row, err);
	sqlite3_finalize(statement);
	return status;
}

enum tok_status store_ask(const struct vocab_store *store, const char *sql,
			  const struct store_value *values, int count, int64_t *out,
			  struct tok_error *err)
{
	sqlite3_stmt *statement;
	bool row;
	enum tok_status status = store_prepare(store, sql, values, count, &statement, err);
	if (status == TOK_OK)
		status = store_step(store, statement, &row, err);
	if (status == TOK_OK)
		*out = row ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	return status;
}

enum tok_status store_finish(const struct vocab_store *store, enum tok_status status,
			     struct tok_error *err)
{
	if (status == TOK_OK)
		status = store_run(store, "COMMIT", err);
	if (status != TOK_OK)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return status;
}
