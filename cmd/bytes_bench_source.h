/*
 * bytes_bench_source.h - a source of two letters whose law is known, and a perfect model of the
 * tokens that it is encoded as: what is said of the next letter has a right answer.
 */
#ifndef CMD_BYTES_BENCH_SOURCE_H
#define CMD_BYTES_BENCH_SOURCE_H

#include "cmd/bytes_bench_internal.h"

/* Rows of table A: all contexts of 1 to 10 letters. */
TOK_MUST_USE enum tok_status bench_source(struct bytes_bench *b, struct tok_error *err);

#endif
