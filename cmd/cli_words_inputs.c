#include "cmd/cli_words_inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cli_words.h"
#include "vocab/train/spill.h"
#include "vocab/train/words_file.h"
#include "vocab/train/words_merge.h"

/*
 * So many are open at once; where there are more, groups of them are merged into files
 * that vanish with the program, and those into further ones, until few enough are left.
 * Merging is associative: nobody can tell.
 */
enum { GROUP = 64 };

struct input {
	int fd;
	struct vocab_words_file *file;
};

/* Streams that are merged into one. */
struct group {
	struct input inputs[GROUP];
	struct vocab_word_stream *streams[GROUP];
	size_t count;
	struct vocab_words_merge *merge;
};

struct cli_words_inputs {
	struct group group; /* the last one */
	int *spilled;       /* descriptors of merged groups; -1: used up */
	size_t spilled_count, spilled_capacity;
};

static void close_group(struct group *g)
{
	vocab_words_merge_free(g->merge);
	for (size_t i = 0; i < g->count; i++) {
		vocab_words_close(g->inputs[i].file);
		if (g->inputs[i].fd > STDIN_FILENO)
			close(g->inputs[i].fd);
	}
	*g = (struct group){ 0 };
}

/* Takes the descriptor. */
static enum tok_status add_descriptor(struct group *g, int fd, const char *name,
				      struct tok_error *err)
{
	struct vocab_words_file *file = NULL;
	const enum tok_status status = vocab_words_open(fd, &file, err);
	g->inputs[g->count] = (struct input){ fd, file };
	if (status == TOK_OK) {
		g->streams[g->count] = vocab_words_stream(file);
		g->streams[g->count]->name = name;
	}
	g->count++;
	return status == TOK_OK ? status : tok_fail_in(err, status, "'%s'", name);
}

static enum tok_status add_path(struct group *g, const char *path, struct tok_error *err)
{
	int fd = STDIN_FILENO;
	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return tok_fail(err, TOK_EIO, "cannot open '%s': %s", path, strerror(errno));
	return add_descriptor(g, fd, path, err);
}

static enum tok_status merge_group(struct group *g, struct vocab_word_stream **stream,
				   struct tok_error *err)
{
	const enum tok_status status = vocab_words_merge_new(g->streams, g->count, &g->merge, err);
	if (status == TOK_OK)
		*stream = vocab_words_merge_stream(g->merge);
	return status;
}

/* The group becomes a file among the others. */
static enum tok_status spill_group(struct cli_words_inputs *in, struct tok_error *err)
{
	struct vocab_word_stream *stream = NULL;
	const char *folder = cli_spill_folder();
	int fd = -1;
	enum tok_status status = merge_group(&in->group, &stream, err);
	if (status == TOK_OK)
		status = vocab_spill_open(folder, &fd, err);
	if (status != TOK_OK)
		return status;
	status = vocab_words_write(stream, fd, err);
	if (status == TOK_EIO)
		tok_fail_in(err, status, "temporary file in '%s'", folder);
	if (status == TOK_OK && lseek(fd, 0, SEEK_SET) != 0)
		status =
		    tok_fail(err, TOK_EIO, "cannot read a temporary file: %s", strerror(errno));
	if (status == TOK_OK && !tok_grow(&in->spilled, &in->spilled_capacity,
					  in->spilled_count + 1, sizeof *in->spilled))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		in->spilled[in->spilled_count++] = fd;
	else
		close(fd);
	close_group(&in->group);
	return status;
}

/* Files that were spilled from `begin` on, at most a group of them. */
static enum tok_status add_spilled(struct cli_words_inputs *in, size_t begin, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = begin; i < in->spilled_count && i < begin + GROUP && status == TOK_OK;
	     i++) {
		const int fd = in->spilled[i];
		in->spilled[i] = -1;
		status = add_descriptor(&in->group, fd, "temporary file", err);
	}
	return status;
}

static enum tok_status open_all(struct cli_words_inputs *in, const struct cli_files *files,
				struct vocab_word_stream **stream, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < files->count && status == TOK_OK; i++) {
		if (in->group.count == GROUP)
			status = spill_group(in, err);
		if (status == TOK_OK)
			status = add_path(&in->group, files->items[i].path, err);
	}
	if (status == TOK_OK && in->spilled_count)
		status = spill_group(in, err);
	size_t begin = 0; /* spilled files before it are used up */
	while (status == TOK_OK && in->spilled_count - begin > GROUP) {
		status = add_spilled(in, begin, err);
		begin += GROUP;
		if (status == TOK_OK)
			status = spill_group(in, err);
	}
	if (status == TOK_OK && in->spilled_count)
		status = add_spilled(in, begin, err);
	return status == TOK_OK ? merge_group(&in->group, stream, err) : status;
}

enum tok_status cli_words_inputs_open(const struct cli_files *files, struct cli_words_inputs **out,
				      struct vocab_word_stream **stream, struct tok_error *err)
{
	struct cli_words_inputs *in = calloc(1, sizeof *in);
	if (!in)
		return tok_fail_memory(err);
	const enum tok_status status = open_all(in, files, stream, err);
	if (status == TOK_OK)
		*out = in;
	else
		cli_words_inputs_close(in);
	return status;
}

void cli_words_inputs_close(struct cli_words_inputs *in)
{
	if (!in)
		return;
	close_group(&in->group);
	for (size_t i = 0; i < in->spilled_count; i++)
		if (in->spilled[i] >= 0)
			close(in->spilled[i]);
	free(in->spilled);
	free(in);
}
