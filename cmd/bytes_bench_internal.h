/*
 * bytes_bench_internal.h - what the tables of tok bytes bench share.
 *
 * bytes_bench.c has the word and writes tables; bytes_bench_cuts.c makes A and D (places where a
 * prompt could end), bytes_bench_beam.c B, bytes_bench_places.c F (beams and their ends), and
 * bytes_bench_walk.c C and E (a text byte by byte).
 */
#ifndef CMD_BYTES_BENCH_INTERNAL_H
#define CMD_BYTES_BENCH_INTERNAL_H

#include "cmd/bytes_several_internal.h"
#include "tok/base/random.h"
#include "tok/pipe/encoder.h"

enum { BENCH_BEAMS_MOST = 16 };

struct bytes_bench {
	const struct bytes_options *options;
	struct bytes_several models; /* and the text */
	struct tok_encoder *encoders[TOK_MIX_MOST];
	size_t beams[BENCH_BEAMS_MOST], beam_count; /* of --beams */

	/* The table that is being written. */
	char letter;
	const char *const *columns;
	size_t column;
	bool any; /* table yet */
};

/* ---- tables: Markdown, or with --json an object a row ----------------------------- */

/* Columns end with NULL and live as long as the table. */
void bench_table(struct bytes_bench *b, char letter, const char *title, const char *const *columns);

/* The cells of a row from left to right; the last ends the row. */
void bench_text(struct bytes_bench *b, const char *text);
void bench_number(struct bytes_bench *b, double number);
void bench_count(struct bytes_bench *b, uint64_t count);

/* ---- texts ------------------------------------------------------------------------- */

/* The text from the beginning of a line, or 512 bytes before if that is further, to `cut`,
 * which is not 0. */
struct tok_span bench_before(const struct bytes_bench *b, size_t cut);

/* The `i`-th of --random places of the text, the same for all models; not 0.  The text is not
 * empty. */
size_t bench_cut(const struct bytes_bench *b, size_t i);

/* The side's machine with other semantics.  *out is NULL where the tokenizer has no validity, or
 * `all` of this model would need heads without limit. */
TOK_MUST_USE enum tok_status bench_machine(const struct bytes_bench *b, size_t which,
					   enum tok_bytes_semantics semantics, size_t beam,
					   struct tok_machine **out, struct tok_error *err);

/* Is there an `i`-th beam to tell `all` of this model with?  Not where it can be told exactly. */
bool bench_needs_beam(const struct bytes_bench *b, size_t which, size_t i);

/* ---- tables ------------------------------------------------------------------------ */

TOK_MUST_USE enum tok_status bench_bias(struct bytes_bench *b, struct tok_error *err);   /* A */
TOK_MUST_USE enum tok_status bench_beam(struct bytes_bench *b, struct tok_error *err);   /* B */
TOK_MUST_USE enum tok_status bench_cost(struct bytes_bench *b, struct tok_error *err);   /* C */
TOK_MUST_USE enum tok_status bench_cuts(struct bytes_bench *b, struct tok_error *err);   /* D */
TOK_MUST_USE enum tok_status bench_mixes(struct bytes_bench *b, struct tok_error *err);  /* E */
TOK_MUST_USE enum tok_status bench_places(struct bytes_bench *b, struct tok_error *err); /* F */

#endif
