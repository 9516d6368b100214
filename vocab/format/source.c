/* From a path to the file, or the two files, of a tokenizer. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "vocab/format/detect_internal.h"
#include "vocab/format/file_internal.h"
#include "vocab/format/read.h"

/* ---- vocab.json and merges.txt ---------------------------------------------------- */

static bool is_there(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

/* `count` bytes of `path`, then `between` and `name`; the caller frees it.  NULL
 * if memory is out. */
static char *join_path(const char *path, size_t count, const char *between, const char *name)
{
	const size_t room = count + strlen(between) + strlen(name) + 1;
	char *joined = malloc(room);
	if (joined)
		snprintf(joined, room, "%.*s%s%s", (int)count, path, between, name);
	return joined;
}

/* `path` with its last part replaced. */
static char *make_sibling(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	return join_path(path, slash ? (size_t)(slash - path) + 1 : 0, "", name);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Everybody's names and GPT-2's own; files with GPT-2's names keep together. */
static const char *const vocabs[] = { "vocab.json", "encoder.json" };
static const char *const merges[] = { "merges.txt", "vocab.bpe" };

bool vocab_source_is_half(const char *name, const char *other[2])
{
	const size_t first = strcmp(name, vocabs[1]) == 0;
	other[0] = merges[first];
	other[1] = merges[first ^ 1];
	return strcmp(name, vocabs[first]) == 0;
}

static enum tok_status find_other_half(const char *path, bool has_vocab, char **out,
				       struct tok_error *err)
{
	const char *const *ours = has_vocab ? vocabs : merges;
	const char *const *theirs = has_vocab ? merges : vocabs;
	const size_t first = strcmp(last_part(path), ours[1]) == 0;

	for (size_t i = 0; i < 2; i++) {
		char *other = make_sibling(path, theirs[i ^ first]);
		if (!other)
			return tok_fail_memory(err);
		if (is_there(other)) {
			*out = other;
			return TOK_OK;
		}
		free(other);
	}
	return tok_fail(err, TOK_EFORMAT,
			"this is half of a tokenizer: '%s' or '%s' must lie beside it",
			theirs[first], theirs[!first]);
}

/* ---- paths ------------------------------------------------------------------------ */

/* What is behind a source. */
struct held_files {
	struct file_bytes files[2];
	char *path, *other_path;
};

static void add_file(struct vocab_source *source, const struct file_bytes *file)
{
	source->files[source->count] = file->span;
	source->stamps[source->count++] = file->stamp;
}

static enum tok_status open_other_half(struct vocab_source *source, struct held_files *held,
				       bool has_vocab, struct tok_error *err)
{
	enum tok_status status = find_other_half(held->path, has_vocab, &held->other_path, err);
	if (status != TOK_OK)
		return status;
	status = vocab_file_open(held->other_path, &held->files[1], err);
	if (status != TOK_OK)
		return tok_fail_in(err, status, "'%s'", last_part(held->other_path));
	source->other_path = held->other_path;
	add_file(source, &held->files[1]);
	return TOK_OK;
}

static enum tok_status open_files(struct vocab_source *source, struct held_files *held,
				  struct tok_error *err)
{
	enum tok_status status = vocab_file_open(held->path, &held->files[0], err);
	if (status == TOK_OK) {
		add_file(source, &held->files[0]);
		const enum file_kind kind = vocab_file_detect(source->files[0]);
		if (kind == FILE_VOCAB_JSON || kind == FILE_MERGES)
			status = open_other_half(source, held, kind == FILE_VOCAB_JSON, err);
	}
	return status == TOK_OK ? status : tok_fail_in(err, status, "%s", held->path);
}

/* What a folder may hold, best first.  "*" stands for anything. */
static const char *const folder_names[] = {
	"tokenizer.json",
	"tekken.json",
	"tokenizer.model",
	"spiece.model",
	"sentencepiece.bpe.model",
	"*.model",
	"vocab.json",
	"encoder.json",
	"vocab.txt",
	"*.tiktoken",
	"*.gguf",
};
enum { FOLDER_NAMES = sizeof folder_names / sizeof folder_names[0] };

static bool name_matches(const char *name, const char *pattern)
{
	if (*pattern != '*')
		return strcmp(name, pattern) == 0;
	const size_t count = strlen(name), tail = strlen(pattern + 1);
	return name[0] != '.' && count > tail && strcmp(name + count - tail, pattern + 1) == 0;
}

size_t vocab_source_rate(const char *name)
{
	size_t rate = 0;
	while (rate < FOLDER_NAMES && !name_matches(name, folder_names[rate]))
		rate++;
	return rate < FOLDER_NAMES ? rate : SIZE_MAX;
}

/* The path of the best file in `folder`, of equals the first by name; NULL if
 * there is none or memory is out, *room tells. */
static char *choose_file(DIR *folder, const char *path, bool *room)
{
	char *best = NULL;
	size_t best_rate = SIZE_MAX;
	const struct dirent *entry;
	*room = true;
	while (*room && (entry = readdir(folder)) != NULL) {
		const size_t rate = vocab_source_rate(entry->d_name);
		char *found = NULL;
		if (rate > best_rate || rate == SIZE_MAX ||
		    (best && rate == best_rate && strcmp(entry->d_name, last_part(best)) > 0))
			continue;
		found = join_path(path, strlen(path), "/", entry->d_name);
		*room = found != NULL;
		if (found && is_there(found)) {
			free(best);
			best = found;
			best_rate = rate;
		} else {
			free(found);
		}
	}
	return best;
}

/* The path of the tokenizer in the folder; the caller frees it. */
static enum tok_status find_in_folder(const char *path, char **out, struct tok_error *err)
{
	bool room;
	DIR *folder = opendir(path);
	if (!folder)
		return tok_fail(err, TOK_EIO, "%s: cannot be opened: %s", path, strerror(errno));
	*out = choose_file(folder, path, &room);
	closedir(folder);
	if (!room)
		return tok_fail_memory(err);
	if (!*out)
		return tok_fail(err, TOK_EFORMAT,
				"%s: this folder holds no tokenizer: none of " VOCAB_SOURCE_NAMES,
				path);
	return TOK_OK;
}

static enum tok_status find_file(const char *path, char **out, struct tok_error *err)
{
	struct stat info;
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return find_in_folder(path, out, err);
	*out = strdup(path);
	return *out ? TOK_OK : tok_fail_memory(err);
}

enum tok_status vocab_source_find(const char *path, char **out, struct vocab_file_stamp *stamp,
				  struct tok_error *err)
{
	const enum tok_status status = find_file(path, out, err);
	if (status == TOK_OK)
		*stamp = vocab_file_look(*out);
	return status;
}

enum tok_status vocab_source_open(const char *path, struct vocab_source *out, struct tok_error *err)
{
	struct held_files *held = calloc(1, sizeof *held);
	if (!held)
		return tok_fail_memory(err);
	*out = (struct vocab_source){ .held = held };
	enum tok_status status = find_file(path, &held->path, err);
	if (status == TOK_OK) {
		out->path = held->path;
		status = open_files(out, held, err);
	}
	if (status != TOK_OK)
		vocab_source_close(out);
	return status;
}

void vocab_source_close(struct vocab_source *source)
{
	struct held_files *held = source->held;
	if (!held)
		return;
	vocab_file_close(&held->files[0]);
	vocab_file_close(&held->files[1]);
	free(held->path);
	free(held->other_path);
	free(held);
	*source = (struct vocab_source){ 0 };
}
