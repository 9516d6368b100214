/*
 * cli_megatron.h - the index beside a file of ids, as Megatron-LM's IndexedDataset
 * and what descends from it read the two.
 *
 * PREFIX.bin is the ids of all documents; PREFIX.idx is, little-endian:
 *
 *	9 bytes  "MMIDIDX\0\0"          8 bytes  version, 1
 *	1 byte   type of an id: 4 int32, 8 uint16
 *	8 bytes  n, the sequences       8 bytes  n + 1
 *	n * 4    ids of each sequence   n * 8    byte at which it begins
 *	(n + 1) * 8  sequence at which each document begins, and n
 *
 * Here a document is one sequence.  Source: megatron-core 0.16, indexed_dataset.py.
 */
#ifndef CMD_CLI_MEGATRON_H
#define CMD_CLI_MEGATRON_H

#include "cmd/cli_output.h"

struct cli_megatron {
	struct cli_output *out; /* borrowed; a regular file */
	size_t width;           /* bytes an id, 2 or 4 */
	uint64_t documents;
};

TOK_MUST_USE enum tok_status cli_megatron_begin(struct cli_megatron *index, struct tok_error *err);

/* One document more.  Fails if it has more ids than the format can say. */
TOK_MUST_USE enum tok_status cli_megatron_add(struct cli_megatron *index, uint64_t ids,
					      struct tok_error *err);
TOK_MUST_USE enum tok_status cli_megatron_finish(struct cli_megatron *index, struct tok_error *err);

#endif
