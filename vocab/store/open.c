/* The folder and the database in it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tok/text/json.h"
#include "vocab/store/store_internal.h"

enum { BUSY_MS = 10000, RETRY_MS = 5 };

/* `content` has each file once, `digest` its SHA-256; `place` is which of a source's files it is.
 * Numbers of
 * `statistics` are those of enum vocab_statistic, in its order. */
static const struct {
	int since; /* version */
	const char *sql;
} tables[] = {
	{ 1, "CREATE TABLE vocabulary(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	     " model TEXT NOT NULL, ids INTEGER NOT NULL, pattern TEXT, origin TEXT NOT NULL,"
	     " licence TEXT, added INTEGER NOT NULL) STRICT" },
	{ 1, "CREATE TABLE content(hash BLOB PRIMARY KEY, bytes INTEGER NOT NULL, zstd BLOB NOT "
	     "NULL) STRICT" },
	{ 1, "CREATE TABLE file(vocabulary INTEGER NOT NULL REFERENCES vocabulary ON DELETE "
	     "CASCADE, place INTEGER NOT NULL, name TEXT NOT NULL, hash BLOB NOT NULL REFERENCES "
	     "content, PRIMARY KEY(vocabulary, place)) STRICT, WITHOUT ROWID" },
	{ 2, "CREATE TABLE statistics(vocabulary INTEGER PRIMARY KEY REFERENCES vocabulary ON "
	     "DELETE CASCADE, tokens INTEGER NOT NULL, text_tokens INTEGER NOT NULL, byte_tokens "
	     "INTEGER NOT NULL, special_tokens INTEGER NOT NULL, added_tokens INTEGER NOT NULL, "
	     "merges INTEGER NOT NULL, text_bytes INTEGER NOT NULL, longest_bytes INTEGER NOT "
	     "NULL, bytes_alone INTEGER NOT NULL, bytes_returned INTEGER NOT NULL, byte_level "
	     "INTEGER NOT NULL, byte_fallback INTEGER NOT NULL, unknown TEXT, normalizer TEXT, "
	     "pre_tokenizer TEXT, mean_bytes REAL AS (CAST(text_bytes AS REAL) / text_tokens)) "
	     "STRICT" },
	{ 2, "CREATE TABLE script(vocabulary INTEGER NOT NULL REFERENCES statistics ON DELETE "
	     "CASCADE, name TEXT NOT NULL, tokens INTEGER NOT NULL, PRIMARY KEY(vocabulary, name))"
	     " STRICT, WITHOUT ROWID" },
	{ 2, "CREATE TABLE digest(hash BLOB PRIMARY KEY, sha256 BLOB NOT NULL) STRICT, WITHOUT "
	     "ROWID" },
	{ 1, "CREATE INDEX file_hash ON file(hash)" },
};
enum { TABLES = sizeof tables / sizeof *tables };

/* ---- paths ------------------------------------------------------------------------------ */

/* NULL if memory is out; `name` may be NULL. */
static char *join(const char *folder, const char *name)
{
	const size_t room = strlen(folder) + (name ? strlen(name) : 0) + 2;
	char *path = malloc(room);
	if (path)
		snprintf(path, room, "%s%s%s", folder, name ? "/" : "", name ? name : "");
	return path;
}

bool store_make_folders(const char *folder)
{
	char *path = join(folder, "");
	if (!path)
		return false;
	for (char *at = path + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		mkdir(path, 0700);
		*at = '/';
	}
	free(path);
	return true;
}

/* ---- versions --------------------------------------------------------------------------- */

/* Within a transaction: what is asked for has to be of one moment. */
static enum tok_status check_version_now(const struct vocab_store *store, int64_t *version,
					 struct tok_error *err)
{
	int64_t application = 0;
	enum tok_status status =
	    store_ask(store, "PRAGMA application_id", NULL, 0, &application, err);
	if (status == TOK_OK)
		status = store_ask(store, "PRAGMA user_version", NULL, 0, version, err);
	if (status != TOK_OK)
		return status;
	if (*version > STORE_VERSION && application == STORE_APPLICATION)
		return tok_fail(err, TOK_EFORMAT,
				"%s: the store is of version %lld and this tok knows %d: use a "
				"newer tok",
				store->path, (long long)*version, STORE_VERSION);
	if (application == STORE_APPLICATION && *version >= 1)
		return TOK_OK;
	int64_t found = 1;
	status = store_ask(store, "SELECT count(*) FROM sqlite_schema", NULL, 0, &found, err);
	if (status == TOK_OK && (found > 0 || application || *version))
		status =
		    tok_fail(err, TOK_EFORMAT, "%s: this database is no store of vocabularies%s",
			     store->path, store->images ? ": move it away" : "");
	return status;
}

static enum tok_status check_version(struct vocab_store *store, struct tok_error *err)
{
	int64_t version = 0;
	enum tok_status status = store_run(store, "BEGIN", err);
	if (status != TOK_OK)
		return status;
	status = store_finish(store, check_version_now(store, &version, err), err);
	store->version = (int)version;
	return status;
}

/* From a version, 0 where there is nothing yet, to this one.  What a table has that is new is not
 * computed here, as others would wait: it is found missing where it is wanted.  Of several that
 * come at once one makes the tables. */
static enum tok_status make_tables(struct vocab_store *store, struct tok_error *err)
{
	int64_t version = 0;
	char versions[96];
	snprintf(versions, sizeof versions, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		 STORE_APPLICATION, STORE_VERSION);
	enum tok_status status = store_run(store, "BEGIN IMMEDIATE", err);
	if (status != TOK_OK)
		return status;
	status = check_version_now(store, &version, err);
	for (size_t i = 0; i < TABLES && status == TOK_OK; i++)
		if (tables[i].since > version)
			status = store_run(store, tables[i].sql, err);
	if (status == TOK_OK && version < STORE_VERSION)
		status = store_run(store, versions, err);
	status = store_finish(store, status, err);
	if (status == TOK_OK)
		store->version = STORE_VERSION;
	return status;
}

/* ---- opening ------------------------------------------------------------------------------ */

/* Of a file from elsewhere, whose pages may lead to each other without end: less than
 * a second, and more than a hundred thousand vocabularies need. */
enum { STEPS = 1 << 20, STEPS_MAX = 16 };

static int count_steps(void *data)
{
	struct vocab_store *store = data;
	return ++store->steps > STEPS_MAX;
}

/* What a file says in its tables is not to be trusted more than its bytes. */
void store_defend(struct vocab_store *store)
{
	sqlite3_busy_timeout(store->db, BUSY_MS);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	if (store->images)
		return;
	const size_t packed = VOCAB_STORE_FILE_MAX + VOCAB_STORE_FILE_MAX / 128;
	sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, (int)packed);
	sqlite3_progress_handler(store->db, STEPS, count_steps, store);
}

/* The tables of its version themselves, and not views that are called so. */
static enum tok_status check_tables(const struct vocab_store *store, struct tok_error *err)
{
	int64_t found = 1;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < TABLES && status == TOK_OK && found; i++) {
		const struct store_value sql = STORE_TEXT_OF(tables[i].sql);
		if (tables[i].since <= store->version)
			status =
			    store_ask(store,
				      "SELECT count(*) FROM sqlite_schema WHERE type IN ('table', "
				      "'index') AND sql = ?",
				      &sql, 1, &found, err);
	}
	if (status != TOK_OK || found)
		return status;
	return tok_fail(err, TOK_EFORMAT, "%s: its tables are not those of a store", store->path);
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* SQLite waits for nobody where a lock that it has is to become a greater one, as here: two that
 * did would wait for each other. */
static enum tok_status make_log(const struct vocab_store *store, struct tok_error *err)
{
	static const char sql[] = "PRAGMA journal_mode = WAL";
	const int64_t end = now_ms() + BUSY_MS;
	int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	while (code == SQLITE_BUSY && now_ms() < end) {
		sqlite3_sleep(RETRY_MS);
		code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	}
	return code == SQLITE_OK ? TOK_OK : store_fail(store, err);
}

/* store->version stays 0 where there are no tables, and are to be none. */
static enum tok_status open_to_write(struct vocab_store *store, bool make, struct tok_error *err)
{
	const int flags =
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (make ? SQLITE_OPEN_CREATE : 0);
	if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK)
		return store_fail(store, err);
	store_defend(store);
	enum tok_status status = check_version(store, err);
	const bool none = store->version == 0;
	/* What rm frees is given back: to be said before there is a first page. */
	if (status == TOK_OK && none && make)
		status = store_run(store, "PRAGMA auto_vacuum = INCREMENTAL", err);
	if (status == TOK_OK && none && make)
		status = make_log(store, err);
	/* A vocabulary that was added stays after a power cut. */
	if (status == TOK_OK)
		status = store_run(store, "PRAGMA synchronous = FULL", err);
	if (status == TOK_OK && store->version < STORE_VERSION && (make || !none))
		status = make_tables(store, err);
	return status;
}

/* With locks, as everybody does. */
static int open_shared(struct vocab_store *store)
{
	const int code = sqlite3_open_v2(store->path, &store->db,
					 SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (code != SQLITE_OK)
		return code;
	store_defend(store);
	return sqlite3_exec(store->db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
}

/* A database in WAL mode is read through a file beside it, which who may not write there cannot
 * make: it is there while others have the database open. */
static enum tok_status open_to_read(struct vocab_store *store, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	bool again = true;
	for (int tries = 0; again && tries < STORE_TRIES; tries++) {
		if (tries)
			sqlite3_sleep(RETRY_MS);
		sqlite3_close(store->db);
		store->db = NULL;
		store->frozen = false;
		const int code = open_shared(store);
		if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY)
			return code == SQLITE_OK ? TOK_OK : store_fail(store, err);
		status = store_freeze(store, &again, err);
	}
	return status;
}

/* store->version 0: it was made, and its maker killed before it had tables. */
static enum tok_status open_version(struct vocab_store *store, struct tok_error *err)
{
	enum tok_status status;
	struct tok_error changed;
	do {
		status = open_to_read(store, err);
		if (status == TOK_OK)
			status = check_version(store, err);
	} while (status != TOK_OK && store_check_frozen(store, &changed) != TOK_OK &&
		 ++store->repeats < STORE_TRIES);
	return status;
}

bool store_must_repeat(struct vocab_store *store, enum tok_status *status, struct tok_error *err)
{
	struct tok_error changed;
	if (store_check_frozen(store, &changed) == TOK_OK)
		return false;
	*status = ++store->repeats < STORE_TRIES ? open_version(store, err)
						 : store_check_frozen(store, err);
	return *status == TOK_OK;
}

/* Of a store whose paths are set: to be closed on failure. */
static enum tok_status open_paths(struct vocab_store *store, enum vocab_store_mode mode,
				  bool *empty, struct tok_error *err)
{
	const enum tok_status status = mode == VOCAB_STORE_READ
					   ? open_version(store, err)
					   : open_to_write(store, mode == VOCAB_STORE_WRITE, err);
	*empty = store->version == 0;
	/* From here on: where it cannot even be opened nothing can tell what of it is sound. */
	store->advises = store->images != NULL;
	return status;
}

enum tok_status vocab_store_open(const char *folder, enum vocab_store_mode mode,
				 struct vocab_store **out, struct tok_error *err)
{
	struct vocab_store *store = calloc(1, sizeof *store);
	bool none = false;
	*out = NULL;
	if (!store)
		return tok_fail_memory(err);
	store->path = join(folder, "store.db");
	store->images = join(folder, "images");
	enum tok_status status = store->path && store->images &&
					 (mode != VOCAB_STORE_WRITE || store_make_folders(folder))
				     ? TOK_OK
				     : tok_fail_memory(err);
	if (status == TOK_OK && mode != VOCAB_STORE_WRITE)
		none = access(store->path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
	if (status == TOK_OK && !none)
		status = open_paths(store, mode, &none, err);
	if (status == TOK_OK && !none)
		*out = store;
	else
		vocab_store_close(store);
	return status;
}

/* SQLite would wait for a pipe without end, and say little of what is not there. */
static enum tok_status check_file(const char *path, struct tok_error *err)
{
	struct stat info;
	if (stat(path, &info) != 0)
		return tok_fail(err, TOK_EIO, "cannot open '%s': %s", path, strerror(errno));
	return S_ISREG(info.st_mode)
		   ? TOK_OK
		   : tok_fail(err, TOK_EARG, "'%s' is no file: a store is one that export wrote",
			      path);
}

enum tok_status store_open_file(const char *path, struct vocab_store **out, struct tok_error *err)
{
	struct vocab_store *store = calloc(1, sizeof *store);
	bool empty = false;
	*out = NULL;
	if (!store)
		return tok_fail_memory(err);
	store->path = join(path, NULL);
	enum tok_status status = store->path ? check_file(path, err) : tok_fail_memory(err);
	if (status == TOK_OK)
		status = open_paths(store, VOCAB_STORE_READ, &empty, err);
	if (status == TOK_OK && empty)
		status = tok_fail(err, TOK_EFORMAT, "%s: this is no store of vocabularies", path);
	if (status == TOK_OK)
		status = check_tables(store, err);
	if (status == TOK_OK)
		*out = store;
	else
		vocab_store_close(store);
	return status;
}

void vocab_store_close(struct vocab_store *store)
{
	if (!store)
		return;
	sqlite3_close(store->db);
	free(store->path);
	free(store->images);
	free(store);
}

/* ---- names ---------------------------------------------------------------------------------- */

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Between slashes: something, and not only dots. */
static bool is_good_part(const char *part, size_t count)
{
	return count > 0 && strspn(part, ".") < count;
}

enum tok_status vocab_store_check_name(const char *name, struct tok_error *err)
{
	const size_t count = strlen(name);
	bool good = count > 0 && count <= VOCAB_STORE_NAME_MAX && is_alphanumeric(name[0]);
	for (size_t i = 0; i < count && good; i++)
		good = is_alphanumeric(name[i]) || strchr("._-/", name[i]);
	for (const char *at = name; good && at;) {
		const char *slash = strchr(at, '/');
		good = is_good_part(at, slash ? (size_t)(slash - at) : strlen(at));
		at = slash ? slash + 1 : NULL;
	}
	if (good)
		return TOK_OK;
	return tok_fail(err, TOK_EARG,
			"'%s' is no name for a vocabulary: take up to %d letters, digits, dots, "
			"dashes and underscores, parts divided by /",
			tok_show(tok_span_of(name)).text, VOCAB_STORE_NAME_MAX);
}
