/*
 * cli_manifest.h - the list of the shards of a run, PREFIX.json, from which a run
 * that was ended early goes on: see tok-formats(5).
 *
 *	struct cli_manifest m = { .path = "out.json", .options = "...", .inputs = hash };
 *	status = cli_manifest_read(&m, &there, &err);
 *	ok = cli_manifest_add(&m, &shard);
 *	m.place = where;
 *	status = cli_manifest_write(&m, &err);
 *	cli_manifest_release(&m);
 */
#ifndef CMD_CLI_MANIFEST_H
#define CMD_CLI_MANIFEST_H

#include "cmd/cli_hash.h"
#include "tok/base/buffer.h"

/* Where in the operands a document ended. */
struct cli_place {
	uint64_t operand; /* its place among the files */
	uint64_t number;  /* documents of it */
	uint64_t bytes;   /* of it, after expansion */
};

struct cli_shard {
	const char *file; /* without the folder */
	uint64_t tokens, documents, bytes;
};

struct cli_manifest {
	const char *path;           /* borrowed */
	const char *options;        /* borrowed: those that make a difference, for people */
	struct cli_hash tokenizer;  /* of the run */
	struct cli_hash inputs;     /* likewise */
	struct cli_place place;     /* behind the last shard */
	uint64_t tokens, documents; /* in all shards */
	uint64_t count;             /* of shards */
	bool complete;              /* nothing is to follow */
	struct tok_buffer shards;   /* private: the list as JSON */
};

/* What an earlier run left, if *there.  Fails where that run was another one: its
 * options, tokenizer or inputs were not these, or its shards are not as they were. */
TOK_MUST_USE enum tok_status cli_manifest_read(struct cli_manifest *manifest, bool *there,
					       struct tok_error *err);

/* One shard more; false if memory is out. */
TOK_MUST_USE bool cli_manifest_add(struct cli_manifest *manifest, const struct cli_shard *shard);
TOK_MUST_USE enum tok_status cli_manifest_write(const struct cli_manifest *manifest,
						struct tok_error *err);
void cli_manifest_release(struct cli_manifest *manifest);

#endif
