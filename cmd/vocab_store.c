/* vocab_store.c - tok vocab add, rename, rm, path, verify, export, import: the store of
 * vocabularies.  What tells of it is in vocab_list.c. */
#include <stdlib.h>

#include "cmd/cli_hub.h"
#include "cmd/cli_named.h"
#include "cmd/cli_put.h"
#include "cmd/cli_store.h"
#include "cmd/vocab_internal.h"

/* Names that -t knows already are never looked for in a store. */
static enum cli_exit check_name(const char *name)
{
	struct tok_error err = { 0 };
	if (cli_named_is_taken(name))
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

/* Beside the options, what is known of a source. */
static enum cli_exit add(const struct vocab_options *opts, const char *name,
			 const struct vocab_source *source, const struct vocab_store_about *known)
{
	const struct vocab_store_about about = { .pattern = known->pattern,
						 .origin =
						     opts->origin ? opts->origin : known->origin,
						 .licence =
						     opts->licence ? opts->licence : known->licence,
						 .replace = opts->replace };
	struct tok_error err = { 0 };
	struct vocab_store *store = open_store(VOCAB_STORE_WRITE);
	if (!store)
		return CLI_TROUBLE;
	return end(store, vocab_store_add(store, name, source, &about, &err), &err);
}

static enum tok_status open_files(const char *from, const char *pattern,
				  struct cli_named_files *out, bool *of_store,
				  struct tok_error *err)
{
	struct cli_named named;
	enum tok_status status = cli_named_find(from, &named, err);
	if (status != TOK_OK)
		return status;
	*of_store = named.kind == CLI_NAMED_STORE;
	status = cli_named_open(&named, pattern, out, err);
	cli_named_release(&named);
	return status;
}

static enum cli_exit add_files(const struct vocab_options *opts, const char *name, const char *from)
{
	struct tok_error err = { 0 };
	struct cli_named_files files;
	bool of_store;
	if (open_files(from, opts->words.pattern, &files, &of_store, &err) != TOK_OK)
		return cli_error("%s", err.message);
	/* What is noted has to say where it is from any folder. */
	char *whole = of_store ? NULL : realpath(files.source.path, NULL);
	const struct vocab_store_about known = { .pattern = files.options.pattern,
						 .origin = whole ? whole : files.origin,
						 .licence = files.licence };
	const enum cli_exit result = add(opts, name, &files.source, &known);
	cli_named_close(&files);
	free(whole);
	return result;
}

/* ---- models of a hub ------------------------------------------------------------------------- */

/* Before megabytes come for a name that is taken. */
static enum tok_status check_free(const char *name, struct tok_error *err)
{
	struct vocab_store *store = NULL;
	enum tok_status status = cli_store_open(VOCAB_STORE_READ, &store, err);
	if (status == TOK_OK && store)
		status = vocab_store_check_free(store, name, err);
	vocab_store_close(store);
	return status;
}

/* From the cache, whose folder is called as the commit; `model` is "ORG/MODEL@REVISION". */
static enum cli_exit add_cached(const struct vocab_options *opts, const char *name,
				const char *model, const struct vocab_hub_model *parsed)
{
	struct tok_error err = { 0 };
	struct vocab_source source;
	char *folder = NULL, origin[VOCAB_STORE_NAME_MAX + VOCAB_HUB_REVISION_MAX + 8];
	if (cli_hub_find(model, &folder, &err) != TOK_OK)
		return cli_error("%s", err.message);
	if (!folder)
		return cli_error("hf:%s: the hub's cache has it not, and HF_HUB_OFFLINE is set: "
				 "nothing is downloaded",
				 model);
	snprintf(origin, sizeof origin, "hf:%s@%s", parsed->name, strrchr(folder, '/') + 1);
	const struct vocab_store_about known = { .pattern = opts->words.pattern, .origin = origin };
	enum cli_exit result = CLI_TROUBLE;
	if (vocab_source_open(folder, &source, &err) == TOK_OK) {
		result = add(opts, name, &source, &known);
		vocab_source_close(&source);
	} else {
		cli_error("%s", err.message);
	}
	free(folder);
	return result;
}

static enum cli_exit add_model(const struct vocab_options *opts, const char *name,
			       const char *model, const struct vocab_hub_model *parsed)
{
	struct tok_error err = { 0 };
	struct vocab_hub_tokenizer got;
	if (!opts->replace && check_free(name, &err) != TOK_OK)
		return cli_error("%s", err.message);
	if (cli_hub_is_offline())
		return add_cached(opts, name, model, parsed);
	if (cli_hub_fetch(parsed, opts->words.progress, &got, &err) != TOK_OK)
		return cli_error("%s", err.message);
	const struct vocab_store_about known = { .pattern = opts->words.pattern,
						 .origin = got.origin,
						 .licence = got.licence };
	const enum cli_exit result = add(opts, name, &got.source, &known);
	vocab_hub_release(&got);
	return result;
}

enum cli_exit cli_vocab_add(const void *options, int argc, char **argv)
{
	static const char mark[] = "hf:";
	const char *from = argc > 0 ? argv[argc - 1] : "";
	const bool of_hub = strncmp(from, mark, sizeof mark - 1) == 0;
	const char *model = of_hub ? from + sizeof mark - 1 : "";
	struct vocab_hub_model parsed;
	if (argc != 2 && !(argc == 1 && of_hub))
		return cli_usage("add takes a name and a tokenizer, not %d operands", argc);
	if (of_hub && !vocab_hub_parse(model, &parsed))
		return cli_usage("'%s' is no model: hf: takes ORG/MODEL or ORG/MODEL@REVISION",
				 from);
	const char *name = argc == 2 ? argv[0] : parsed.name;
	if (check_name(name) != CLI_OK)
		return CLI_TROUBLE;
	return of_hub ? add_model(options, name, model, &parsed) : add_files(options, name, from);
}

/* ---- names ------------------------------------------------------------------------------------
 */

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
	bool lost; /* what could not be told */
};

/* Names of a damaged database can be anything. */
static void tell(void *data, const char *name, const char *trouble)
{
	struct verified *verified = data;
	struct tok_buffer text = { 0 };
	struct cli_put p = { .out = &text };
	verified->unsound += trouble != NULL;
	verified->sound += name && !trouble;
	if (!trouble)
		return;
	vocab_put_note(&p, name ? name : "the database");
	cli_put(&p, ": ");
	vocab_put_note(&p, trouble);
	cli_put(&p, "\n");
	verified->lost |= vocab_put_out(&p) != CLI_OK;
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
	if (result != CLI_OK || verified.lost)
		return CLI_TROUBLE;
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
	    end(store, vocab_store_import(store, argv[0], cli_named_is_taken, &added, &err), &err);
	if (result == CLI_OK)
		printf("%zu added\n", added);
	return result;
}
