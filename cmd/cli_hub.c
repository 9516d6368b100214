#include "cmd/cli_hub.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "cmd/cli_progress.h"
#include "cmd/cli_store.h"
#include "cmd/cli_variable.h"

/* `rest`, "/...", in the folder that the hub's programs keep things in; "": there is none. */
static enum tok_status find_in_home(const char *rest, char **out, struct tok_error *err)
{
	char tail[64];
	const char *home = cli_variable("HF_HOME");
	const char *xdg = cli_variable("XDG_CACHE_HOME");
	const char *user = cli_variable("HOME");
	if (home)
		return cli_join(home, rest, out, err);
	snprintf(tail, sizeof tail, "%s/huggingface%s", xdg ? "" : "/.cache", rest);
	if (!xdg && !user)
		return cli_join("", "", out, err);
	return cli_join(xdg ? xdg : user, tail, out, err);
}

/* ---- the cache ------------------------------------------------------------------------------ */

static enum tok_status find_cache(char **out, struct tok_error *err)
{
	const char *own = cli_variable("HF_HUB_CACHE");
	return own ? cli_join(own, "", out, err) : find_in_home("/hub", out, err);
}

/* "CACHE/models--ORG--MODEL"; NULL if memory is out. */
static char *name_folder(const char *cache, const char *model)
{
	const size_t count = strlen(model), room = strlen(cache) + count + 16;
	char *path = malloc(room);
	if (!path)
		return NULL;
	const char *slash = strchr(model, '/');
	const size_t first = slash ? (size_t)(slash - model) : count;
	snprintf(path, room, "%s/models--%.*s%s%s", cache, (int)first, model, slash ? "--" : "",
		 slash ? slash + 1 : "");
	return path;
}

/* The commit that refs/`revision` names, or `revision` itself. */
static enum tok_status find_commit(const char *folder, const char *revision,
				   char commit[VOCAB_HUB_REVISION_MAX + 1], struct tok_error *err)
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
	snprintf(commit, VOCAB_HUB_REVISION_MAX + 1, "%s", revision);
	if (!file)
		return TOK_OK;
	char line[VOCAB_HUB_REVISION_MAX + 1];
	if (fgets(line, sizeof line, file)) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (line[0] && line[strspn(line, "0123456789abcdefABCDEF")] == '\0')
			snprintf(commit, VOCAB_HUB_REVISION_MAX + 1, "%s", line);
	}
	fclose(file);
	return TOK_OK;
}

static enum tok_status find_snapshot(const char *folder, const char *revision, char **out,
				     struct tok_error *err)
{
	char commit[VOCAB_HUB_REVISION_MAX + 1], *tail;
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
	struct vocab_hub_model model;
	char *cache;
	*out = NULL;
	if (!vocab_hub_parse(name, &model))
		return TOK_OK;
	enum tok_status status = find_cache(&cache, err);
	if (status != TOK_OK)
		return status;
	char *folder = *cache ? name_folder(cache, model.name) : NULL;
	if (folder && access(folder, R_OK) == 0)
		status = find_snapshot(folder, model.revision, out, err);
	else if (*cache && !folder)
		status = tok_fail_memory(err);
	free(folder);
	free(cache);
	return status;
}

/* ---- downloading ---------------------------------------------------------------------------- */

bool cli_hub_is_offline(void)
{
	static const char *const words[] = { "1", "true", "yes", "on" };
	const char *value = cli_variable("HF_HUB_OFFLINE");
	for (size_t i = 0; value && i < sizeof words / sizeof words[0]; i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	return false;
}

/* Without the blanks around it; NULL where nothing else is there, free() it. */
static enum tok_status trim(const char *text, char **out, struct tok_error *err)
{
	static const char blanks[] = " \t\r\n";
	text += strspn(text, blanks);
	size_t count = strlen(text);
	while (count > 0 && strchr(blanks, text[count - 1]))
		count--;
	*out = count ? strndup(text, count) : NULL;
	return count && !*out ? tok_fail_memory(err) : TOK_OK;
}

static enum tok_status read_token_file(const char *path, char **out, struct tok_error *err)
{
	char text[2048];
	FILE *file = fopen(path, "re");
	*out = NULL;
	if (!file && (errno == ENOENT || errno == ENOTDIR))
		return TOK_OK;
	if (!file)
		return tok_fail(err, TOK_EIO, "%s: cannot be read: %s", path, strerror(errno));
	const size_t count = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[count] = '\0';
	return trim(text, out, err);
}

/* NULL: there is none. */
static enum tok_status find_token(char **out, struct tok_error *err)
{
	char *path;
	const char *own = cli_variable("HF_TOKEN");
	*out = NULL;
	enum tok_status status = own ? trim(own, out, err) : TOK_OK;
	if (status != TOK_OK || *out)
		return status;
	status = find_in_home("/token", &path, err);
	if (status != TOK_OK)
		return status;
	if (*path)
		status = read_token_file(path, out, err);
	free(path);
	return status;
}

static enum tok_status find_patience(unsigned *out, struct tok_error *err)
{
	const char *name = "HF_HUB_DOWNLOAD_TIMEOUT", *value = cli_variable(name);
	const size_t count = value ? strlen(value) : 0;
	*out = 0;
	if (!value)
		return TOK_OK;
	if (count > 5 || strspn(value, "0123456789") < count || atoi(value) == 0)
		return tok_fail(err, TOK_EARG, "%s must be seconds, 1 to 99999, not '%s'", name,
				value);
	*out = (unsigned)atoi(value);
	return TOK_OK;
}

/* Bytes of all files that came: not those that were there from an earlier time. */
struct watch {
	struct cli_progress progress;
	struct cli_done done;
	size_t place;
	uint64_t had, before; /* of this file, from then; of files before it */
};

static void watch(void *data, size_t place, uint64_t have, uint64_t size)
{
	struct watch *w = data;
	if (place != w->place) {
		w->before = w->done.bytes;
		w->place = place;
		w->had = have;
	}
	if (have < w->had) /* it begins anew */
		w->had = have;
	w->done.bytes = w->done.bytes_read = w->before + have - w->had;
	w->progress.total = size ? w->before + size - w->had : 0;
	cli_progress_show(&w->progress, &w->done);
}

enum tok_status cli_hub_fetch(const struct vocab_hub_model *model, int progress,
			      struct vocab_hub_tokenizer *out, struct tok_error *err)
{
	const char *endpoint = cli_variable("HF_ENDPOINT");
	const char *certificates = cli_variable("CURL_CA_BUNDLE");
	struct watch watched = { .progress = cli_progress_begin(progress, 0), .place = SIZE_MAX };
	struct vocab_hub hub = {
		.endpoint = endpoint ? endpoint : "https://huggingface.co",
		.certificates = certificates ? certificates : cli_variable("SSL_CERT_FILE"),
		.tell = watch,
		.data = &watched,
	};
	char *token = NULL, *store = NULL, *folder = NULL;
	enum tok_status status = find_patience(&hub.stall_s, err);
	if (status == TOK_OK)
		status = find_token(&token, err);
	if (status == TOK_OK)
		status = cli_store_folder(&store, err);
	if (status == TOK_OK)
		status = cli_join(store, "/downloads", &folder, err);
	if (status == TOK_OK) {
		hub.token = token;
		hub.folder = folder;
		watched.progress.unit = NULL;
		status = vocab_hub_fetch(&hub, model, out, err);
		cli_progress_end(&watched.progress, &watched.done);
	}
	free(folder);
	free(store);
	free(token);
	return status;
}
