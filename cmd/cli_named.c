#include "cmd/cli_named.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cli_builtin.h"
#include "cmd/cli_hub.h"
#include "cmd/cli_store.h"
#include "cmd/cli_variable.h"

static const struct {
	const char *name;
	enum cli_named_kind kind;
} known[] = {
	{ CLI_BUILTIN_NAME, CLI_NAMED_BUILTIN },
	{ "bytes", CLI_NAMED_BYTES },
};
enum { KNOWN = sizeof known / sizeof *known };

static size_t find_known(const char *name)
{
	size_t i = 0;
	while (i < KNOWN && strcmp(name, known[i].name) != 0)
		i++;
	return i;
}

bool cli_named_is_taken(const char *name)
{
	return find_known(name) < KNOWN;
}

bool cli_named_is_built_in(enum cli_named_kind kind)
{
	return kind == CLI_NAMED_BUILTIN || kind == CLI_NAMED_BYTES;
}

/* ---- finding -------------------------------------------------------------------------------- */

enum tok_status cli_named_of_path(const char *path, char **out, struct tok_error *err)
{
	const bool is_name =
	    cli_named_is_taken(path) || (path[0] != '/' && access(path, F_OK) != 0);
	return cli_join(is_name ? "./" : "", path, out, err);
}

static bool may_be_a_name(const char *name)
{
	struct tok_error ignored;
	struct vocab_hub_model model;
	return vocab_store_check_name(name, &ignored) == TOK_OK || vocab_hub_parse(name, &model);
}

static enum tok_status find_kept(struct cli_named *named, struct tok_error *err)
{
	enum tok_status status = cli_store_find(named->name, &named->store, err);
	if (status == TOK_OK && named->store)
		named->kind = CLI_NAMED_STORE;
	else if (status == TOK_OK)
		status = cli_hub_find(named->name, &named->path, err);
	named->of_hub = status == TOK_OK && named->path;
	return status;
}

enum tok_status cli_named_find(const char *name, struct cli_named *out, struct tok_error *err)
{
	const size_t built_in = find_known(name);
	enum tok_status status = TOK_OK;
	*out = (struct cli_named){ .name = name, .kind = CLI_NAMED_PATH };
	if (built_in < KNOWN) {
		out->kind = known[built_in].kind;
		return TOK_OK;
	}
	const bool there = access(name, F_OK) == 0;
	/* What cannot be looked at may be there, and opening it says why not; but in a folder that
	 * cannot be entered a name is a name too. */
	const bool missing = !there && (errno == ENOENT || errno == ENOTDIR);
	if (!there)
		status = find_kept(out, err);
	if (status != TOK_OK || out->store || out->path)
		return status;
	if (missing && may_be_a_name(name))
		return tok_fail(err, TOK_EIO,
				"%s: there is no such file or folder, and neither the store ('tok "
				"vocab list') nor the hub's cache has that name",
				name);
	return cli_join(name, "", &out->path, err);
}

void cli_named_release(struct cli_named *named)
{
	vocab_store_close(named->store);
	free(named->path);
	*named = (struct cli_named){ 0 };
}

/* ---- its files ------------------------------------------------------------------------------ */

enum tok_status cli_named_check_pattern(const struct cli_named *named, const char *pattern,
					struct tok_error *err)
{
	if (!pattern || named->kind == CLI_NAMED_PATH)
		return TOK_OK;
	if (named->kind != CLI_NAMED_STORE)
		return tok_fail(err, TOK_EARG,
				"--pattern is for a .tiktoken file: name it with -t");
	return tok_fail(err, TOK_EARG,
			"a vocabulary of the store has the pattern that it was added with: leave "
			"--pattern out");
}

static enum tok_status open_kept(const struct cli_named *named, struct cli_named_files *out,
				 struct tok_error *err)
{
	const enum tok_status status = vocab_store_read(named->store, named->name, &out->kept, err);
	if (status != TOK_OK)
		return status;
	out->source = out->kept.source;
	out->options = out->kept.options;
	out->origin = out->kept.origin;
	out->licence = out->kept.licence;
	out->file_name = out->kept.file_name;
	return TOK_OK;
}

enum tok_status cli_named_open(const struct cli_named *named, const char *pattern,
			       struct cli_named_files *out, struct tok_error *err)
{
	*out = (struct cli_named_files){ .options.pattern = pattern };
	if (cli_named_is_built_in(named->kind))
		return tok_fail(err, TOK_EARG,
				"'%s' is built in, and lies in no file: it has none to "
				"take",
				named->name);
	const enum tok_status status = cli_named_check_pattern(named, pattern, err);
	if (status != TOK_OK)
		return status;
	return named->kind == CLI_NAMED_STORE ? open_kept(named, out, err)
					      : vocab_source_open(named->path, &out->source, err);
}

void cli_named_close(struct cli_named_files *files)
{
	if (files->kept.source.count)
		vocab_store_source_release(&files->kept);
	else
		vocab_source_close(&files->source);
	*files = (struct cli_named_files){ 0 };
}
