/* test_audit_csv.c - rows of CSV, and what is no CSV. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cmd/audit_csv.h"
#include "tok/base/buffer.h"

/* Rows as "a;b/c;d/", in memory of exactly its size; on failure what is told. */
static char *read_all(struct tok_span text)
{
	uint8_t *copy = malloc(text.count ? text.count : 1);
	struct tok_buffer out = { 0 };
	struct tok_error err = { 0 };
	struct audit_csv csv = { copy, text.count, 0, 1 };
	struct audit_csv_row row;
	enum tok_status status;
	assert_non_null(copy);
	if (text.count)
		memcpy(copy, text.bytes, text.count);
	while ((status = audit_csv_next(&csv, &row, &err)) == TOK_OK && row.count) {
		for (size_t i = 0; i < row.count; i++)
			assert_true(tok_buffer_add(&out, ";", i != 0) &&
				    tok_buffer_add(&out, row.fields[i].bytes, row.fields[i].count));
		assert_true(tok_buffer_add(&out, "/", 1));
	}
	if (status != TOK_OK) {
		tok_buffer_clear(&out);
		assert_true(tok_buffer_add(&out, err.message, strlen(err.message)));
	}
	assert_true(tok_buffer_add_byte(&out, '\0'));
	free(copy);
	return (char *)out.bytes;
}

static void rows_are_read(void **state)
{
	static const struct {
		const char *text, *rows;
	} rows[] = {
		{ "", "" },
		{ "\n\r\n\n", "" },
		{ "a,b\nc,d", "a;b/c;d/" },
		{ "a,b\r\nc,d\r\n", "a;b/c;d/" },
		{ "\xEF\xBB\xBF"
		  "a,b\n",
		  "a;b/" },
		{ "a,\n,b\n,", "a;/;b/;/" },
		{ "\"a\",\"b,\"\n\"c\nd\",\"\"\n", "a;b,/c\nd;/" },
		{ "\"a\"\"b\",\"\"\"\",\"\"\"c\"\n", "a\"b;\";\"c/" },
		{ "a\"b,c\rd\n", "a\"b;c\rd/" },
		{ "a\n\nb\n", "a/b/" },
		{ "\"a\"\r", "a/" },
		{ "x,\"a", "line 1: a field in quotes does not end" },
		{ "x\n\n\"a\n\"\"\n", "line 3: a field in quotes does not end" },
		{ "x\r\n\r\n\"a", "line 3: a field in quotes does not end" },
		{ "x\n\"a\nb\"c",
		  "line 3: behind a field in quotes there must be a comma or the end of the line" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *is = read_all(tok_span_of(rows[i].text));
		if (strcmp(is, rows[i].rows) != 0)
			fail_msg("'%s': '%s', not '%s'", rows[i].text, is, rows[i].rows);
		free(is);
	}
}

static void many_fields_are_refused(void **state)
{
	char text[AUDIT_CSV_FIELDS + 1];
	(void)state;
	memset(text, ',', sizeof text);
	char *is = read_all((struct tok_span){ (uint8_t *)text, AUDIT_CSV_FIELDS - 1 });
	assert_int_equal(strlen(is), AUDIT_CSV_FIELDS);
	free(is);
	is = read_all((struct tok_span){ (uint8_t *)text, AUDIT_CSV_FIELDS });
	assert_string_equal(is, "line 1: more than 64 fields");
	free(is);
}

/* Whatever the bytes are, reading ends and stays in its memory. */
static void damaged_files_do_no_harm(void **state)
{
	static const char text[] = "\xEF\xBB\xBF,a,\"b\"\r\n0,\"x\"\"y\",\"\n\"\n\n1,,\n";
	static const char others[] = "\",\r\nx\xFF";
	char changed[sizeof text];
	(void)state;
	for (size_t i = 0; i < sizeof text; i++) {
		free(read_all((struct tok_span){ (const uint8_t *)text, i }));
		for (size_t k = 0; k < sizeof others; k++) {
			memcpy(changed, text, sizeof text);
			changed[i] = others[k];
			free(read_all((struct tok_span){ (uint8_t *)changed, sizeof text - 1 }));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read),
		cmocka_unit_test(many_fields_are_refused),
		cmocka_unit_test(damaged_files_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
