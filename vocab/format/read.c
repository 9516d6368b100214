#include "vocab/format/read.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "vocab/format/detect_internal.h"
#include "vocab/format/file_internal.h"
#include "vocab/format/format_internal.h"
#include "vocab/format/json.h"

#define KINDS                                                                                      \
	"tokenizer.json, tekken.json, vocab.json with merges.txt, .tiktoken, a SentencePiece "     \
	".model, vocab.txt or GGUF"

/* ---- one file's bytes --------------------------------------------------------- */

static enum tok_status refuse_json(struct tok_span file, struct tok_error *err)
{
	struct vocab_json_document doc = { 0 };
	const enum tok_status status = vocab_json_read(&doc, file, err);
	vocab_json_release(&doc);
	if (status != TOK_OK)
		return status;
	return tok_fail(
	    err, TOK_EFORMAT,
	    "this JSON is no tokenizer: a tokenizer.json has a \"model\", a tekken.json "
	    "a \"config\" and a \"vocab\", a vocab.json names and ids");
}

static enum tok_status read_kind(struct tok_span file, enum file_kind kind,
				 const struct vocab_read_options *options, struct tok_spec *out,
				 struct tok_error *err)
{
	switch (kind) {
	case FILE_HF:
		return vocab_read_hf(file, out, err);
	case FILE_TEKKEN:
		return vocab_read_tekken(file, out, err);
	case FILE_PACKED_RANKS:
		return vocab_read_packed_ranks(file, out, err);
	case FILE_TIKTOKEN:
		return vocab_read_tiktoken(file, options ? options->pattern : NULL, out, err);
	case FILE_SENTENCEPIECE:
		return vocab_read_sentencepiece(file, out, err);
	case FILE_WORDPIECE:
		return vocab_read_wordpiece(file, out, err);
	case FILE_GGUF:
		return vocab_read_gguf(file, out, err);
	case FILE_JSON:
		return refuse_json(file, err);
	case FILE_VOCAB_JSON:
		return tok_fail(err, TOK_EFORMAT,
				"a vocab.json needs the merges.txt that lies beside it");
	case FILE_MERGES:
		return tok_fail(err, TOK_EFORMAT,
				"a merges.txt needs the vocab.json that lies beside it");
	case FILE_UNKNOWN:
		break;
	}
	return tok_fail(err, TOK_EFORMAT, "this is no tokenizer: it should be a " KINDS);
}

static enum tok_status finish(enum tok_status status, struct tok_spec *made, struct tok_spec *out)
{
	if (status == TOK_OK)
		*out = *made;
	else
		tok_spec_release(made);
	return status;
}

enum tok_status vocab_read_bytes(struct tok_span file, const struct vocab_read_options *options,
				 struct tok_spec *out, struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	const enum tok_status status =
	    read_kind(file, vocab_file_detect(file), options, &spec, err);
	return finish(status, &spec, out);
}

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

/* GPT-2's own names and everybody else's; files with GPT-2's names keep together. */
static enum tok_status find_other_half(const char *path, bool has_vocab, char **out,
				       struct tok_error *err)
{
	static const char *const vocabs[] = { "vocab.json", "encoder.json" };
	static const char *const merges[] = { "merges.txt", "vocab.bpe" };
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

static enum tok_status read_halves(const char *path, struct tok_span file, bool has_vocab,
				   struct tok_spec *out, struct tok_error *err)
{
	struct file_bytes other = { 0 };
	char *other_path = NULL;
	enum tok_status status = find_other_half(path, has_vocab, &other_path, err);
	if (status != TOK_OK)
		return status;
	status = vocab_file_open(other_path, &other, err);
	if (status != TOK_OK)
		tok_fail_in(err, status, "'%s'", last_part(other_path));
	else if (has_vocab)
		status = vocab_read_vocab_merges(file, other.span, out, err);
	else
		status = vocab_read_vocab_merges(other.span, file, out, err);
	vocab_file_close(&other);
	free(other_path);
	return status;
}

/* ---- paths ------------------------------------------------------------------------ */

static enum tok_status read_file(const char *path, const struct vocab_read_options *options,
				 struct tok_spec *out, struct tok_error *err)
{
	struct file_bytes file;
	struct tok_spec spec = { 0 };
	enum tok_status status = vocab_file_open(path, &file, err);
	if (status == TOK_OK) {
		const enum file_kind kind = vocab_file_detect(file.span);
		if (kind == FILE_VOCAB_JSON || kind == FILE_MERGES)
			status = read_halves(path, file.span, kind == FILE_VOCAB_JSON, &spec, err);
		else
			status = read_kind(file.span, kind, options, &spec, err);
		vocab_file_close(&file);
	}
	if (status != TOK_OK)
		tok_fail_in(err, status, "%s", path);
	return finish(status, &spec, out);
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

static size_t rate_name(const char *name)
{
	size_t rate = 0;
	while (rate < FOLDER_NAMES && !name_matches(name, folder_names[rate]))
		rate++;
	return rate;
}

/* The path of the best file in `folder`, of equals the first by name; NULL if
 * there is none or memory is out, *room tells. */
static char *choose_file(DIR *folder, const char *path, bool *room)
{
	char *best = NULL;
	size_t best_rate = FOLDER_NAMES;
	const struct dirent *entry;
	*room = true;
	while (*room && (entry = readdir(folder)) != NULL) {
		const size_t rate = rate_name(entry->d_name);
		char *found = NULL;
		if (rate > best_rate || rate == FOLDER_NAMES ||
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

static enum tok_status read_folder(const char *path, const struct vocab_read_options *options,
				   struct tok_spec *out, struct tok_error *err)
{
	bool room;
	enum tok_status status;
	DIR *folder = opendir(path);
	if (!folder)
		return tok_fail(err, TOK_EIO, "%s: cannot be opened: %s", path, strerror(errno));
	char *file = choose_file(folder, path, &room);
	closedir(folder);
	if (!room)
		status = tok_fail_memory(err);
	else if (!file)
		status = tok_fail(err, TOK_EFORMAT,
				  "%s: this folder holds no tokenizer: none of tokenizer.json, "
				  "tekken.json, *.model, vocab.json, encoder.json, vocab.txt, "
				  "*.tiktoken and *.gguf",
				  path);
	else
		status = read_file(file, options, out, err);
	free(file);
	return status;
}

enum tok_status vocab_read_path(const char *path, const struct vocab_read_options *options,
				struct tok_spec *out, struct tok_error *err)
{
	struct stat info;
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return read_folder(path, options, out, err);
	return read_file(path, options, out, err);
}
