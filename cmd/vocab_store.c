/* vocab_store.c - tok vocab add, rename, rm, path, verify, export, import: the store of
 * vocabularies.  What tells of it is in vocab_list.c. */
#include <stdlib.h>

#include "cmd/cli_load.h"
#include "cmd/cli_store.h"
#include "cmd/vocab_internal.h"

/* Names that -t knows already are never looked for in a store. */
static enum cli_exit check_name(const char *name)
{
	struct tok_error err = { 0 };
	if (strcmp(name, CLI_BUILTIN_NAME) == 0 || strcmp(name, "bytes") == 0)
		return cli_usage("'%s' is built in: take another name", name);
	return vocab_store_check_name(name, &err) == TOK_OK ? CLI_OK : cli_usage("%s", err.message);
}

/* The store, or NULL and said why. */
static struct vocab_store *open_store(enum vocab_store_mode mode)
{
	struct vocab_store *store = NULL;
	struct tok_error err = { 0 };
	if (cli_store_open(mode, &store, &err) != TOK_OK)
		cli_error("%s", err.message);
	else if (!store)
		cli_error("there is no store yet: tok vocab add makes one");
	return store;
}

/* What came of a change of `store`, which is closed. */
static enum cli_exit end(struct vocab_store *store, enum tok_status status,
			 const struct tok_error *err)
{
	vocab_store_close(store);
	return status == TOK_OK ? CLI_OK : cli_error("%s", err->message);
}

static enum tok_status open_source(const char *name, struct vocab_source *out,
				   struct tok_error *err)
{
	char *path;
	enum tok_status status = cli_load_path(name, &path, err);
	if (status != TOK_OK)
		return status;
	status = vocab_source_open(path, out, err);
	free(path);
	return status;
}

enum cli_exit cli_vocab_add(const void *options, int argc, char **argv)
{
	const struct vocab_options *opts = options;
	struct vocab_store_about about = { .pattern = opts->words.pattern,
					   .origin = opts->origin,
					   .licence = opts->licence,
					   .replace = opts->replace };
	struct tok_error err = { 0 };
	struct vocab_source source;
	if (argc != 2)
		return cli_usage("add takes a name and a tokenizer, not %d operands", argc);
	if (check_name(argv[0]) != CLI_OK)
		return CLI_TROUBLE;
	if (open_source(argv[1], &source, &err) != TOK_OK)
		return cli_error("%s", err.message);
	/* What is noted has to say where it is from any folder. */
	char *whole = opts->origin ? NULL : realpath(source.path, NULL);
	if (whole)
		about.origin = whole;
	struct vocab_store *store = open_store(VOCAB_STORE_WRITE);
	enum cli_exit result = CLI_TROUBLE;
	if (store)
		result = end(store, vocab_store_add(store, argv[0], &source, &about, &err), &err);
	vocab_source_close(&source);
	free(whole);
	return result;
}

enum cli_exit cli_vocab_rename(const void *options, int argc, char **argv)
{
	struct tok_error err = { 0 };
	(void)options;
	if (argc != 2)
		return cli_usage("rename takes the old name and the new one, not %d operands",
				 argc);
	if (check_name(argv[1]) != CLI_OK)
		return CLI_TROUBLE;
	struct vocab_store *store = open_store(VOCAB_STORE_CHANGE);
	if (!store)
		return CLI_TROUBLE;
	return end(store, vocab_store_rename(store, argv[0], argv[1], &err), &err);
}

/* One that is not there does not stop the others. */
enum cli_exit cli_vocab_rm(const void *options, int argc, char **argv)
{
	enum cli_exit result = CLI_OK;
	(void)options;
	if (argc < 1)
		return cli_usage("rm takes the names of what is to go");
	struct vocab_store *store = open_store(VOCAB_STORE_CHANGE);
	if (!store)
		return CLI_TROUBLE;
	for (int i = 0; i < argc; i++) {
		struct tok_error err = { 0 };
		if (vocab_store_remove(store, argv[i], &err) != TOK_OK)
			result = cli_error("%s", err.message);
	}
	vocab_store_close(store);
	return result;
}

enum cli_exit cli_vocab_path(const void *options, int argc, char **argv)
{
	struct tok_error err = { 0 };
	char *path = NULL;
	(void)options;
	if (argc != 1)
		return cli_usage("path takes one name, not %d", argc);
	struct vocab_store *store = open_store(VOCAB_STORE_READ);
	if (!store)
		return CLI_TROUBLE;
	const enum tok_status status = vocab_store_path(store, argv[0], &path, &err);
	if (status == TOK_OK)
		puts(path);
	free(path);
	return end(store, status, &err);
}

/* ---- the store as a whole ------------------------------------------------------------------ */

struct verified {
	size_t sound, unsound;
};

static void tell(void *data, const char *name, const char *trouble)
{
	struct verified *verified = data;
	if (trouble && name)
		printf("%s: %s\n", name, trouble);
	else if (trouble)
		printf("the database: %s\n", trouble);
	verified->unsound += trouble != NULL;
	verified->sound += name && !trouble;
}

/* Exit status 1 says that something is not sound. */
enum cli_exit cli_vocab_verify(const void *options, int argc, char **argv)
{
	struct verified verified = { 0 };
	struct tok_error err = { 0 };
	(void)options;
	(void)argv;
	if (argc != 0)
		return cli_usage("verify takes no operands: it looks at all of the store");
	struct vocab_store *store = open_store(VOCAB_STORE_READ);
	if (!store)
		return CLI_TROUBLE;
	const enum cli_exit result =
	    end(store, vocab_store_verify(store, tell, &verified, &err), &err);
	if (result != CLI_OK)
		return result;
	printf("%zu sound, %zu not\n", verified.sound, verified.unsound);
	return verified.unsound ? CLI_NO : CLI_OK;
}

enum cli_exit cli_vocab_export(const void *options, int argc, char **argv)
{
	struct tok_error err = { 0 };
	(void)options;
	if (argc != 1)
		return cli_usage("export takes one file to write to, not %d", argc);
	struct vocab_store *store = open_store(VOCAB_STORE_READ);
	if (!store)
		return CLI_TROUBLE;
	return end(store, vocab_store_export(store, argv[0], &err), &err);
}

enum cli_exit cli_vocab_import(const void *options, int argc, char **argv)
{
	struct tok_error err = { 0 };
	size_t added = 0;
	(void)options;
	if (argc != 1)
		return cli_usage("import takes one file that export wrote, not %d", argc);
	struct vocab_store *store = open_store(VOCAB_STORE_WRITE);
	if (!store)
		return CLI_TROUBLE;
	const enum cli_exit result =
	    end(store, vocab_store_import(store, argv[0], &added, &err), &err);
	if (result == CLI_OK)
		printf("%zu added\n", added);
	return result;
}
