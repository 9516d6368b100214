#include "cmd/cli_hub.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cli_variable.h"

enum { REVISION_MAX = 255 };

static enum tok_status find_cache(char **out, struct tok_error *err)
{
	const char *own = cli_variable("HF_HUB_CACHE");
	if (own)
		return cli_join(own, "", out, err);
	const char *home = cli_variable("HF_HOME");
	if (home)
		return cli_join(home, "/hub", out, err);
	const char *xdg = cli_variable("XDG_CACHE_HOME");
	if (xdg)
		return cli_join(xdg, "/huggingface/hub", out, err);
	const char *user = cli_variable("HOME");
	return user ? cli_join(user, "/.cache/huggingface/hub", out, err)
		    : cli_join("", "", out, err);
}

/* One or two parts of letters, digits, dots, dashes and underscores, none of dots only: nothing
 * that could lead out of the cache. */
static bool is_model(const char *name, size_t count)
{
	size_t slashes = 0, begin = 0;
	for (size_t i = 0; i <= count; i++) {
		if (i < count && name[i] != '/') {
			if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
				return false;
			continue;
		}
		if (strspn(name + begin, ".") >= i - begin)
			return false;
		slashes += i < count;
		begin = i + 1;
	}
	return slashes <= 1;
}

/* Names of branches may have slashes, and no "..". */
static bool is_revision(const char *name)
{
	if (!*name || *name == '/' || strlen(name) > REVISION_MAX || strstr(name, ".."))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-/", *name))
			return false;
	return true;
}

/* "CACHE/models--ORG--MODEL"; NULL if memory is out. */
static char *name_folder(const char *cache, const char *model, size_t count)
{
	const size_t room = strlen(cache) + count + 16;
	char *path = malloc(room);
	if (!path)
		return NULL;
	const char *slash = memchr(model, '/', count);
	const size_t first = slash ? (size_t)(slash - model) : count;
	snprintf(path, room, "%s/models--%.*s%s%.*s", cache, (int)first, model, slash ? "--" : "",
		 (int)(slash ? count - first - 1 : 0), slash ? slash + 1 : "");
	return path;
}

/* The commit that refs/`revision` names, or `revision` itself. */
static enum tok_status find_commit(const char *folder, const char *revision,
				   char commit[REVISION_MAX + 1], struct tok_error *err)
{
	char *tail, *path;
	enum tok_status status = cli_join("/refs/", revision, &tail, err);
	if (status != TOK_OK)
		return status;
	status = cli_join(folder, tail, &path, err);
	free(tail);
	if (status != TOK_OK)
		return status;
	FILE *file = fopen(path, "re");
	free(path);
	snprintf(commit, REVISION_MAX + 1, "%s", revision);
	if (!file)
		return TOK_OK;
	char line[REVISION_MAX + 1];
	if (fgets(line, sizeof line, file)) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (is_revision(line))
			snprintf(commit, REVISION_MAX + 1, "%s", line);
	}
	fclose(file);
	return TOK_OK;
}

static enum tok_status find_snapshot(const char *folder, const char *revision, char **out,
				     struct tok_error *err)
{
	char commit[REVISION_MAX + 1], *tail;
	enum tok_status status = find_commit(folder, revision, commit, err);
	if (status == TOK_OK)
		status = cli_join("/snapshots/", commit, &tail, err);
	if (status != TOK_OK)
		return status;
	status = cli_join(folder, tail, out, err);
	free(tail);
	if (status == TOK_OK && access(*out, R_OK) != 0) {
		free(*out);
		*out = NULL;
	}
	return status;
}

enum tok_status cli_hub_find(const char *name, char **out, struct tok_error *err)
{
	const char *at = strchr(name, '@');
	const size_t count = at ? (size_t)(at - name) : strlen(name);
	const char *revision = at ? at + 1 : "main";
	char *cache;
	*out = NULL;
	if (!is_model(name, count) || !is_revision(revision))
		return TOK_OK;
	enum tok_status status = find_cache(&cache, err);
	if (status != TOK_OK)
		return status;
	char *folder = *cache ? name_folder(cache, name, count) : NULL;
	if (folder && access(folder, R_OK) == 0)
		status = find_snapshot(folder, revision, out, err);
	else if (*cache && !folder)
		status = tok_fail_memory(err);
	free(folder);
	free(cache);
	return status;
}
