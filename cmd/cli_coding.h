/*
 * cli_coding.h - documents of all operands to ids in a file, by many threads and in order:
 * what tok encode, split and sample share.
 *
 *	static const struct cli_coder coder = { .begin = begin, .end = end, .encode = encode };
 *	struct cli_coding run = { .coder = &coder, .context = &mine, .shape = &shape, ... };
 *	status = cli_dataset_begin(&run.dataset, &err);
 *	run.progress = cli_progress_begin(when, bytes);
 *	well = cli_coding_run(&run);
 *	cli_progress_end(&run.progress, &run.done);
 *	if (!run.output_lost)
 *		status = cli_dataset_finish(&run.dataset, &end, &err);
 *
 * A coder makes ids of one document, or of a part of one where the source cuts documents.
 * What it makes may depend on the number of the document and on nothing that other
 * documents left behind: it may be asked again for what is not written at once, and for
 * what is never written.
 */
#ifndef CMD_CLI_CODING_H
#define CMD_CLI_CODING_H

#include "cmd/cli_dataset.h"
#include "cmd/cli_progress.h"
#include "cmd/cli_source.h"

/* What is to become ids. */
struct cli_piece {
	struct tok_span text; /* with --jsonl the string at the field; ids: see cli_source.h */
	bool continues;       /* its document began before it */
	uint64_t before;      /* bytes of the document before it */
	uint64_t document;    /* its number over all operands, from 0; if source.numbered */
	uint64_t copy;        /* from 0 */
	bool again;           /* the text is that of the thread's last call */
};

/* What is counted beside ids, of a document and of a run: the coder says what. */
enum { CLI_TALLIES = 3 };
struct cli_tally {
	uint64_t counts[CLI_TALLIES];
};

struct cli_made {
	struct tok_encoding encoding; /* lives until the thread's next call */
	struct cli_tally tally;       /* of a coder that tallies */
};

struct cli_coder {
	/* What a thread has of its own; NULL: memory is out. */
	void *(*begin)(void *context);
	void (*end)(void *thread);
	enum tok_status (*encode)(void *thread, const struct cli_piece *piece, struct cli_made *out,
				  struct tok_error *err);
	bool tallies; /* it fills in .tally */
};

/* One run.  The caller fills in the first part; the source cuts documents only where the
 * coder takes parts, and not where there are copies. */
struct cli_coding {
	const struct cli_coder *coder;
	void *context; /* given to coder->begin */
	const struct cli_shape *shape;
	uint64_t copies;             /* of each document, one behind the other */
	uint64_t max_tokens, budget; /* ids of a document, and in all; UINT64_MAX: no limit */
	uint64_t threads;            /* as asked for */
	struct cli_source source;
	struct cli_dataset dataset;
	struct cli_progress progress;

	struct cli_coding_item *items; /* one a slot of the pool */
	struct cli_place place;        /* up to where documents are written */
	uint64_t documents;            /* written to their end, copies counted once */
	_Atomic uint64_t skipped;      /* documents that were numbered and not written */
	struct cli_tally tally;        /* of all that was written */
	struct cli_done done;
	bool output_lost; /* and said so */
	bool trouble;     /* an operand was bad, and said so */
};

/* Everything from the source to the writer; false: something went wrong, and was
 * said. */
bool cli_coding_run(struct cli_coding *run);

#endif
