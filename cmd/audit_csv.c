#include "cmd/audit_csv.h"

static bool is_end_of_line(const struct audit_csv *csv)
{
	if (csv->at == csv->count)
		return true;
	const uint8_t *p = csv->text + csv->at;
	return p[0] == '\n' || (p[0] == '\r' && (csv->at + 1 == csv->count || p[1] == '\n'));
}

static void end_line(struct audit_csv *csv)
{
	if (csv->at < csv->count && csv->text[csv->at] == '\r')
		csv->at++;
	if (csv->at < csv->count)
		csv->at++;
	csv->line++;
}

/* Behind its first quote; what it holds moves together where two quotes are one. */
static enum tok_status take_quoted(struct audit_csv *csv, size_t begun, struct tok_span *out,
				   struct tok_error *err)
{
	const size_t begin = csv->at;
	size_t end = begin;
	for (; csv->at < csv->count; csv->at++) {
		const uint8_t byte = csv->text[csv->at];
		const bool is_quote = byte == '"';
		if (is_quote && (csv->at + 1 == csv->count || csv->text[csv->at + 1] != '"')) {
			csv->at++;
			*out = (struct tok_span){ csv->text + begin, end - begin };
			if (is_end_of_line(csv) || csv->text[csv->at] == ',')
				return TOK_OK;
			return tok_fail(err, TOK_EFORMAT,
					"line %zu: behind a field in quotes there must be a comma "
					"or the end of the line",
					csv->line);
		}
		csv->at += is_quote;
		csv->line += byte == '\n';
		csv->text[end++] = byte;
	}
	return tok_fail(err, TOK_EFORMAT, "line %zu: a field in quotes does not end", begun);
}

static void take_plain(struct audit_csv *csv, struct tok_span *out)
{
	const size_t begin = csv->at;
	while (!is_end_of_line(csv) && csv->text[csv->at] != ',')
		csv->at++;
	*out = (struct tok_span){ csv->text + begin, csv->at - begin };
}

enum tok_status audit_csv_next(struct audit_csv *csv, struct audit_csv_row *row,
			       struct tok_error *err)
{
	const struct tok_span all = { csv->text, csv->count }, mark = tok_span_of("\xEF\xBB\xBF");
	if (csv->at == 0 && tok_span_starts(all, mark))
		csv->at = mark.count;
	while (csv->at < csv->count && is_end_of_line(csv))
		end_line(csv);
	*row = (struct audit_csv_row){ .line = csv->line };
	if (csv->at == csv->count)
		return TOK_OK;
	for (;;) {
		struct tok_span field = { 0 };
		enum tok_status status = TOK_OK;
		if (csv->at < csv->count && csv->text[csv->at] == '"') {
			csv->at++;
			status = take_quoted(csv, row->line, &field, err);
		} else {
			take_plain(csv, &field);
		}
		if (status != TOK_OK)
			return status;
		if (row->count == AUDIT_CSV_FIELDS)
			return tok_fail(err, TOK_ELIMIT, "line %zu: more than %d fields", row->line,
					AUDIT_CSV_FIELDS);
		row->fields[row->count++] = field;
		if (is_end_of_line(csv))
			break;
		csv->at++; /* a comma */
	}
	end_line(csv);
	return TOK_OK;
}
