/*
 * cli_dataset.h - the files that a run makes: one, a pair, or numbered shards with
 * their manifest.
 *
 *	struct cli_dataset d = { .shape = &shape, .path = path, .shard_tokens = n };
 *	status = cli_dataset_begin(&d, &err);
 *	status = cli_dataset_open(&d, &err);   // before the first document of a file
 *	... cli_writer_documents(&d.writer, ...) ...
 *	if (d.writer.total >= cli_dataset_limit(&d))
 *		status = cli_dataset_close(&d, &place, &err);
 *	status = cli_dataset_finish(&d, &place, &err);
 *	cli_dataset_release(&d);               // gives up what is not finished
 *
 * Each file takes its place in one step when it is complete and on the disk.
 */
#ifndef CMD_CLI_DATASET_H
#define CMD_CLI_DATASET_H

#include "cmd/cli_manifest.h"
#include "cmd/cli_writer.h"

struct cli_dataset {
	const struct cli_shape *shape; /* borrowed */
	const char *path;              /* borrowed; NULL: standard output */
	uint64_t shard_tokens;         /* 0: one file, or pair, takes all */

	struct cli_writer writer; /* of the file under way */
	struct cli_output out, index;
	bool is_open;
	char *name, *index_name; /* of the file and of its index, if they are not `path` */
	uint64_t written;        /* ids in the files before */

	char *manifest_path;
	struct cli_manifest manifest; /* the caller sets options and hashes */
};

/* Fails where the path does not suit the format. */
TOK_MUST_USE enum tok_status cli_dataset_begin(struct cli_dataset *dataset, struct tok_error *err);

/* Shards only, after the caller set the manifest's hashes: go on behind the shards
 * of an earlier run.  Without `resume` fails if there are any. */
TOK_MUST_USE enum tok_status cli_dataset_resume(struct cli_dataset *dataset, bool resume,
						struct tok_error *err);

/* Make ready for documents; nothing if that was done. */
TOK_MUST_USE enum tok_status cli_dataset_open(struct cli_dataset *dataset, struct tok_error *err);

/* Ids after which a shard is closed at the end of a document. */
static inline uint64_t cli_dataset_limit(const struct cli_dataset *dataset)
{
	return dataset->shard_tokens ? dataset->shard_tokens : UINT64_MAX;
}

/* Ids in all. */
static inline uint64_t cli_dataset_total(const struct cli_dataset *dataset)
{
	return dataset->written + dataset->writer.total;
}

/* A shard is full: the next document begins at `place`. */
TOK_MUST_USE enum tok_status cli_dataset_close(struct cli_dataset *dataset,
					       const struct cli_place *place,
					       struct tok_error *err);
/* The run is done. */
TOK_MUST_USE enum tok_status cli_dataset_finish(struct cli_dataset *dataset,
						const struct cli_place *place,
						struct tok_error *err);
void cli_dataset_release(struct cli_dataset *dataset);

#endif
