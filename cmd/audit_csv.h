/*
 * audit_csv.h - rows of a CSV file (RFC 4180), where they lie.
 *
 *	struct audit_csv csv = { .text = bytes, .count = n, .line = 1 };
 *	status = audit_csv_next(&csv, &row, &err);	// row.count 0: no more
 *
 * Fields are spans of the text, in which those with quotes are changed: it must not be read twice.
 * Lines end with LF or CR LF, the last one perhaps not; empty ones are passed over; a byte order
 *mark in front is no part of a field.
 */
#ifndef CMD_AUDIT_CSV_H
#define CMD_AUDIT_CSV_H

#include "tok/base/span.h"
#include "tok/base/status.h"

enum { AUDIT_CSV_FIELDS = 64 };

struct audit_csv {
	uint8_t *text;
	size_t count, at;
	size_t line; /* where the next row begins, from 1 */
};

struct audit_csv_row {
	struct tok_span fields[AUDIT_CSV_FIELDS];
	size_t count, line;
};

/* TOK_EFORMAT, naming the line: quotes that do not end, or something behind them. */
TOK_MUST_USE enum tok_status audit_csv_next(struct audit_csv *csv, struct audit_csv_row *row,
					    struct tok_error *err);

#endif
