/*
 * cli_source.h - all operands as one stream of work for cli_pool.h.
 *
 *	struct cli_source source = { .files = &files, .split = &split, .cut = cut };
 *	cli_source_begin(&source);
 *	while (cli_source_read(&source, &work))
 *		for (size_t i = 0; i < work.region_count; i++)
 *			use(cli_work_text(&work, i));
 *	cli_source_end(&source);
 *
 * One thread reads; a work may be used by another while the next is read.
 *
 * With .ids set the operands hold ids instead of text: then a region is a document of
 * ids, or a part of one, and its text is the ids themselves, in the order of this
 * machine's bytes and aligned: cli_ids_of().
 */
#ifndef CMD_CLI_SOURCE_H
#define CMD_CLI_SOURCE_H

#include <stdatomic.h>

#include "cmd/cli_documents.h"
#include "cmd/cli_files.h"
#include "cmd/cli_id_documents.h"

/* A piece of an operand: see struct cli_part. */
struct cli_region {
	size_t operand;      /* its place among the files */
	size_t begin, count; /* in the work's text */
	bool several, first, last;
	uint64_t bytes;  /* of the operand before it */
	uint64_t end;    /* of the operand up to its end, with what ends a document */
	uint64_t before; /* bytes of the document before it */
	uint64_t base;   /* the same, or characters where a document is cut between them */
	uint64_t number; /* of its first document, over all operands, if they are numbered */
};

/* So many regions end a work: each may be an empty document. */
enum { CLI_WORK_REGIONS = 4096 };

/* A zeroed struct is empty. */
struct cli_work {
	struct tok_buffer text;
	struct cli_region *regions;
	size_t region_count, region_capacity;
	/* Behind the regions: why an operand ends here, TOK_OK if it does not. */
	struct tok_error error;
	size_t error_operand;
	uint64_t bytes, bytes_read; /* of all operands up to here: text, and of the files */
};

static inline struct tok_span cli_work_text(const struct cli_work *work, size_t region)
{
	const struct cli_region *r = &work->regions[region];
	return tok_span_slice(tok_buffer_span(&work->text), r->begin, r->begin + r->count);
}

/* Empty it for the next read; it keeps its memory, unless that is large. */
void cli_work_clear(struct cli_work *work);
void cli_work_release(struct cli_work *work);

struct cli_source {
	const struct cli_files *files; /* borrowed */
	const struct cli_split *split; /* borrowed */
	struct cli_cut cut;
	bool raw;                     /* compressed files are read as they are */
	bool numbered;                /* documents are counted, from 0 over all operands */
	struct cli_id_documents *ids; /* borrowed; its format and limits are set */
	size_t next;                  /* the operand to be opened next */
	uint64_t skip_bytes;          /* of that one */

	int wake; /* ends a wait for bytes; 0: none.  The same as long as there are threads */

	/* Of the thread that reads. */
	bool open;
	struct cli_documents documents; /* of operand next - 1 */
	uint64_t before, base;          /* of the current document: see struct cli_region */
	uint64_t number;                /* of the current document, or of the next one */
	uint64_t bytes, bytes_read;     /* of the operands before */
	atomic_size_t stopped;          /* operands before it are not wanted any more */
};

/* Where bytes are counted from that a message on a region's text tells, if that is not
 * the beginning of its document. */
enum tok_status cli_region_fail(const struct cli_region *region, enum tok_status status,
				struct tok_error *err);

void cli_source_begin(struct cli_source *source);
void cli_source_end(struct cli_source *source);

/* Fill a work, which is empty, with about a part, or with several small documents.
 * False: nothing is left. */
bool cli_source_read(struct cli_source *source, struct cli_work *work);

/* No more of the operands before `operand`: from any thread, also while another
 * one waits in cli_source_read, which then goes on at once. */
void cli_source_stop(struct cli_source *source, size_t operand);
#define CLI_SOURCE_ALL SIZE_MAX

#endif
