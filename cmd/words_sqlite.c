/*
 * words_sqlite.c - counts as a database: words(word, count), totals, recipe.
 *
 * The file is not there under its name before it is whole (cli_output), so that
 * SQLite needs no journal and waits for no disk.  Words come in the order of the key,
 * which is the order of their bytes: each page is written once.
 */
#include <inttypes.h>
#include <sqlite3.h>

#include "cmd/words_internal.h"

static const char schema[] =
    "PRAGMA journal_mode = OFF;"
    "PRAGMA synchronous = OFF;"
    "CREATE TABLE words(word BLOB PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE totals(documents INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " words INTEGER NOT NULL, different INTEGER NOT NULL);"
    "CREATE TABLE recipe(json TEXT NOT NULL);"
    "BEGIN;";

static enum tok_status refuse(sqlite3 *db, const struct cli_output *out, struct tok_error *err)
{
	return tok_fail(err, TOK_EIO, "cannot write '%s': %s", out->name, sqlite3_errmsg(db));
}

static enum tok_status run(sqlite3 *db, const char *sql, const struct cli_output *out,
			   struct tok_error *err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? TOK_OK : refuse(db, out, err);
}

static enum tok_status bind_number(sqlite3 *db, sqlite3_stmt *statement, int place, uint64_t number,
				   const struct cli_output *out, struct tok_error *err)
{
	if (number > INT64_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"%" PRIu64 " is more than a number of SQLite can be: use another "
				"format",
				number);
	return sqlite3_bind_int64(statement, place, (sqlite3_int64)number) == SQLITE_OK
		   ? TOK_OK
		   : refuse(db, out, err);
}

static enum tok_status step(sqlite3 *db, sqlite3_stmt *statement, const struct cli_output *out,
			    struct tok_error *err)
{
	if (sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK)
		return TOK_OK;
	return refuse(db, out, err);
}

static enum tok_status insert_words(sqlite3 *db, struct vocab_word_stream *stream,
				    const struct cli_output *out, struct tok_error *err)
{
	sqlite3_stmt *insert = NULL;
	struct vocab_word word;
	enum tok_status status = TOK_OK;
	if (sqlite3_prepare_v2(db, "INSERT INTO words VALUES(?, ?)", -1, &insert, NULL) !=
	    SQLITE_OK)
		return refuse(db, out, err);
	while (status == TOK_OK) {
		status = vocab_words_next(stream, &word, err);
		if (status != TOK_OK || !word.text.bytes)
			break;
		if (sqlite3_bind_blob64(insert, 1, word.text.bytes, word.text.count,
					SQLITE_STATIC) != SQLITE_OK)
			status = refuse(db, out, err);
		if (status == TOK_OK)
			status = bind_number(db, insert, 2, word.count, out, err);
		if (status == TOK_OK)
			status = step(db, insert, out, err);
	}
	sqlite3_finalize(insert);
	return status;
}

static enum tok_status insert_totals(sqlite3 *db, const struct vocab_word_stream *stream,
				     const struct cli_output *out, struct tok_error *err)
{
	const struct vocab_word_totals *totals = &stream->totals;
	const uint64_t numbers[] = { totals->documents, totals->bytes, totals->words,
				     totals->distinct };
	sqlite3_stmt *insert = NULL;
	enum tok_status status = TOK_OK;
	if (sqlite3_prepare_v2(db, "INSERT INTO totals VALUES(?, ?, ?, ?)", -1, &insert, NULL) !=
	    SQLITE_OK)
		return refuse(db, out, err);
	for (int i = 0; i < 4 && status == TOK_OK; i++)
		status = bind_number(db, insert, i + 1, numbers[i], out, err);
	if (status == TOK_OK)
		status = step(db, insert, out, err);
	sqlite3_finalize(insert);
	return status;
}

static enum tok_status insert_recipe(sqlite3 *db, struct tok_span recipe,
				     const struct cli_output *out, struct tok_error *err)
{
	sqlite3_stmt *insert = NULL;
	enum tok_status status = TOK_OK;
	if (sqlite3_prepare_v2(db, "INSERT INTO recipe VALUES(?)", -1, &insert, NULL) !=
		SQLITE_OK ||
	    sqlite3_bind_text64(insert, 1, (const char *)recipe.bytes, recipe.count, SQLITE_STATIC,
				SQLITE_UTF8) != SQLITE_OK)
		status = refuse(db, out, err);
	if (status == TOK_OK)
		status = step(db, insert, out, err);
	sqlite3_finalize(insert);
	return status;
}

enum tok_status words_write_sqlite(struct vocab_word_stream *stream, struct cli_output *out,
				   struct tok_error *err)
{
	const char *name = NULL;
	sqlite3 *db = NULL;
	enum tok_status status = cli_output_name(out, &name, err);
	if (status == TOK_OK && !name)
		status = tok_fail(err, TOK_EARG, "a database must be a regular file: use --output");
	if (status != TOK_OK)
		return status;
	if (sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		status = refuse(db, out, err);
	if (status == TOK_OK)
		status = run(db, schema, out, err);
	if (status == TOK_OK)
		status = insert_words(db, stream, out, err);
	if (status == TOK_OK)
		status = insert_totals(db, stream, out, err);
	if (status == TOK_OK)
		status = insert_recipe(db, stream->recipe, out, err);
	if (status == TOK_OK)
		status = run(db, "COMMIT", out, err);
	if (sqlite3_close(db) != SQLITE_OK && status == TOK_OK)
		status = tok_fail(err, TOK_EIO, "cannot close '%s'", out->name);
	return status;
}
