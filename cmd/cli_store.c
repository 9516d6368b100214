#include "cmd/cli_store.h"

#include <stdlib.h>

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

enum tok_status cli_store_folder(char **out, struct tok_error *err)
{
	char *folder;
	const enum tok_status status = find_folder(&folder, err);
	if (status != TOK_OK)
		return status;
	if (!*folder) {
		free(folder);
		return tok_fail(err, TOK_EARG,
				"there is no folder for a store: set TOK_STORE to one");
	}
	*out = folder;
	return TOK_OK;
}

enum tok_status cli_store_open(enum vocab_store_mode mode, struct vocab_store **out,
			       struct tok_error *err)
{
	char *folder = NULL;
	enum tok_status status = cli_store_folder(&folder, err);
	if (status != TOK_OK)
		return status;
	status = vocab_store_open(folder, mode, out, err);
	free(folder);
	return status;
}

static enum tok_status has_name(struct vocab_store *store, const char *name, bool *out,
				struct tok_error *err)
{
	struct vocab_store_list list;
	const enum tok_status status = vocab_store_find(store, name, &list, err);
	*out = status == TOK_OK && list.count > 0;
	vocab_store_list_release(&list);
	return status;
}

enum tok_status cli_store_find(const char *name, struct vocab_store **out, struct tok_error *err)
{
	struct tok_error ignored;
	struct vocab_store *store = NULL;
	char *folder;
	bool has = false;
	*out = NULL;
	if (vocab_store_check_name(name, &ignored) != TOK_OK)
		return TOK_OK;
	enum tok_status status = find_folder(&folder, err);
	if (status != TOK_OK)
		return status;
	if (*folder)
		status = vocab_store_open(folder, VOCAB_STORE_READ, &store, err);
	free(folder);
	if (store)
		status = has_name(store, name, &has, err);
	if (has)
		*out = store;
	else
		vocab_store_close(store);
	return status;
}
