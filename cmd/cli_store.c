#include "cmd/cli_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cli_variable.h"

/* "": there is to be none; free() it. */
static enum tok_status find_folder(char **out, struct tok_error *err)
{
	const char *own = cli_variable("TOK_STORE");
	if (own)
		return cli_join(strcmp(own, "off") == 0 ? "" : own, "", out, err);
	const char *xdg = cli_variable("XDG_DATA_HOME");
	if (xdg && xdg[0] == '/')
		return cli_join(xdg, "/tok", out, err);
	const char *home = cli_variable("HOME");
	return home ? cli_join(home, "/.local/share/tok", out, err) : cli_join("", "", out, err);
}

enum tok_status cli_store_open(enum vocab_store_mode mode, struct vocab_store **out,
			       struct tok_error *err)
{
	char *folder;
	enum tok_status status = find_folder(&folder, err);
	if (status != TOK_OK)
		return status;
	if (*folder)
		status = vocab_store_open(folder, mode, out, err);
	else
		status =
		    tok_fail(err, TOK_EARG, "there is no folder for a store: set TOK_STORE to one");
	free(folder);
	return status;
}

/* *out is NULL where `name` cannot be in a store, or there is none. */
static enum tok_status open_for(const char *name, struct vocab_store **out, struct tok_error *err)
{
	struct tok_error ignored;
	char *folder;
	*out = NULL;
	if (access(name, F_OK) == 0 || vocab_store_check_name(name, &ignored) != TOK_OK)
		return TOK_OK;
	enum tok_status status = find_folder(&folder, err);
	if (status != TOK_OK)
		return status;
	if (*folder)
		status = vocab_store_open(folder, VOCAB_STORE_READ, out, err);
	free(folder);
	return status;
}

enum tok_status cli_store_load(const char *name, bool *found, struct tok_tokenizer **out,
			       struct tok_error *err)
{
	struct vocab_store *store;
	*found = false;
	enum tok_status status = open_for(name, &store, err);
	if (store)
		status = vocab_store_load(store, name, found, out, err);
	vocab_store_close(store);
	return status;
}

enum tok_status cli_store_spec(const char *name, bool *found, struct tok_spec *out,
			       struct tok_error *err)
{
	struct vocab_store *store;
	struct vocab_store_list list = { 0 };
	struct vocab_store_source source;
	enum tok_status status = open_for(name, &store, err);
	if (store)
		status = vocab_store_find(store, name, &list, err);
	*found = list.count > 0;
	vocab_store_list_release(&list);
	if (status == TOK_OK && *found) {
		status = vocab_store_read(store, name, &source, err);
		if (status == TOK_OK) {
			status = vocab_read_source(&source.source, &source.options, out, err);
			vocab_store_source_release(&source);
		}
	}
	vocab_store_close(store);
	return status;
}
