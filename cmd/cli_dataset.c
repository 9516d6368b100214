#include "cmd/cli_dataset.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cli.h"
#include "cmd/cli_interrupt.h"

/* What a file of a format is called behind its number. */
static const char *find_extension(enum cli_format format)
{
	switch (format) {
	case CLI_FORMAT_TEXT:
		return "txt";
	case CLI_FORMAT_JSONL:
		return "jsonl";
	case CLI_FORMAT_U16:
		return "u16";
	case CLI_FORMAT_U32:
		return "u32";
	case CLI_FORMAT_NPY:
		return "npy";
	case CLI_FORMAT_MEGATRON:
		break;
	}
	return "bin";
}

/* PATH.extension, with the shard's number between where there are shards. */
static char *make_name(const struct cli_dataset *d, bool numbered, const char *extension)
{
	const size_t room = strlen(d->path) + 48;
	char *name = malloc(room);
	if (name && numbered)
		snprintf(name, room, "%s-%05" PRIu64 ".%s", d->path, d->manifest.count, extension);
	else if (name)
		snprintf(name, room, "%s.%s", d->path, extension);
	return name;
}

/* What an end by a signal will mean. */
static void tell_interrupt(const struct cli_dataset *d)
{
	if (d->shard_tokens)
		cli_interrupt_say("tok %s: interrupted: %" PRIu64
				  " shards are complete; --resume goes on behind them",
				  cli_tool_running(), d->manifest.count);
	else if (d->path && d->out.target)
		cli_interrupt_say("tok %s: interrupted: '%s' is as it was", cli_tool_running(),
				  d->out.name);
}

enum tok_status cli_dataset_begin(struct cli_dataset *d, struct tok_error *err)
{
	d->out = d->index = (struct cli_output){ .fd = -1 };
	if (!d->shard_tokens)
		return cli_dataset_open(d, err);
	d->manifest_path = make_name(d, false, "json");
	d->manifest.path = d->manifest_path;
	return d->manifest_path ? TOK_OK : tok_fail_memory(err);
}

enum tok_status cli_dataset_resume(struct cli_dataset *d, bool resume, struct tok_error *err)
{
	bool there = false;
	enum tok_status status = TOK_OK;
	if (resume)
		status = cli_manifest_read(&d->manifest, &there, err);
	else if (access(d->manifest.path, F_OK) == 0)
		status = tok_fail(err, TOK_EARG,
				  "'%s' tells of shards of an earlier run: --resume goes on behind "
				  "them; remove it to begin anew",
				  d->manifest.path);
	if (status != TOK_OK)
		return status;
	d->written = d->manifest.tokens;
	tell_interrupt(d);
	return there ? TOK_OK : cli_manifest_write(&d->manifest, err);
}

static enum tok_status open_output(struct cli_dataset *d, struct tok_error *err)
{
	const bool paired = d->shape->format == CLI_FORMAT_MEGATRON;
	const bool numbered = d->shard_tokens > 0;
	if (!paired && !numbered)
		return cli_output_open(&d->out, d->path, err);
	d->name = make_name(d, numbered, find_extension(d->shape->format));
	d->index_name = paired ? make_name(d, numbered, "idx") : NULL;
	if (!d->name || (paired && !d->index_name))
		return tok_fail_memory(err);
	enum tok_status status = cli_output_open(&d->out, d->name, err);
	if (status == TOK_OK && paired)
		status = cli_output_open(&d->index, d->index_name, err);
	if (status == TOK_OK && paired && !d->index.target)
		status = tok_fail(err, TOK_EARG, "'%s' must be a regular file", d->index_name);
	return status;
}

enum tok_status cli_dataset_open(struct cli_dataset *d, struct tok_error *err)
{
	if (d->is_open)
		return TOK_OK;
	const enum tok_status status = open_output(d, err);
	if (status != TOK_OK)
		return status;
	d->is_open = true;
	d->writer = (struct cli_writer){
		.shape = d->shape,
		.out = &d->out,
		.index = { .out = &d->index },
	};
	tell_interrupt(d);
	return cli_writer_begin(&d->writer, err);
}

/* Both files, or neither: a reader takes the index for a sign that there is a pair,
 * so an old one goes first and the new one comes last. */
static enum tok_status commit_pair(struct cli_dataset *d, struct tok_error *err)
{
	enum tok_status status = cli_output_sync(&d->out, err);
	if (status == TOK_OK)
		status = cli_output_sync(&d->index, err);
	if (status != TOK_OK)
		return status;
	cli_interrupt_hold(); /* the long part is done */
	if (unlink(d->index.target) != 0 && errno != ENOENT)
		status = tok_fail(err, TOK_EIO, "cannot replace '%s': %s", d->index_name,
				  strerror(errno));
	if (status == TOK_OK)
		status = cli_output_commit(&d->out, err);
	if (status == TOK_OK)
		status = cli_output_commit(&d->index, err);
	cli_interrupt_release();
	return status;
}

static void forget_files(struct cli_dataset *d)
{
	cli_writer_release(&d->writer);
	cli_output_abandon(&d->out);
	cli_output_abandon(&d->index);
	free(d->name);
	free(d->index_name);
	d->name = d->index_name = NULL;
	d->writer.total = d->writer.documents = 0;
	d->is_open = false;
}

/* The files under way take their places; *bytes: the length of the first. */
static enum tok_status commit_files(struct cli_dataset *d, uint64_t *bytes, struct tok_error *err)
{
	enum tok_status status = cli_writer_finish(&d->writer, err);
	if (status != TOK_OK)
		return status;
	*bytes = cli_output_size(&d->out);
	return d->index_name ? commit_pair(d, err) : cli_output_commit(&d->out, err);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

enum tok_status cli_dataset_close(struct cli_dataset *d, const struct cli_place *place,
				  struct tok_error *err)
{
	struct cli_shard shard = { .file = base_name(d->name),
				   .tokens = d->writer.total,
				   .documents = d->writer.documents };
	enum tok_status status = commit_files(d, &shard.bytes, err);
	if (status != TOK_OK)
		return status;
	if (!cli_manifest_add(&d->manifest, &shard))
		return tok_fail_memory(err);
	d->manifest.place = *place;
	d->written += shard.tokens;
	forget_files(d);
	status = cli_manifest_write(&d->manifest, err);
	tell_interrupt(d);
	return status;
}

enum tok_status cli_dataset_finish(struct cli_dataset *d, const struct cli_place *place,
				   struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	uint64_t bytes;
	if (!d->shard_tokens) {
		status = commit_files(d, &bytes, err);
		if (status == TOK_OK && d->path)
			cli_interrupt_say("tok %s: interrupted after '%s' was complete",
					  cli_tool_running(), d->path);
		return status;
	}
	if (d->is_open)
		status = cli_dataset_close(d, place, err);
	if (status != TOK_OK)
		return status;
	d->manifest.place = *place;
	d->manifest.complete = true;
	return cli_manifest_write(&d->manifest, err);
}

void cli_dataset_release(struct cli_dataset *d)
{
	forget_files(d);
	cli_manifest_release(&d->manifest);
	free(d->manifest_path);
	d->manifest_path = NULL;
}
