/* fuzz_csv.c - any bytes as rows of CSV: reading ends, and fields lie in the text. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/audit_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *text = malloc(size ? size : 1);
	struct audit_csv csv = { text, size, 0, 1 };
	struct audit_csv_row row;
	struct tok_error err = { 0 };
	enum tok_status status;
	size_t fields = 0;
	assert(text);
	if (size)
		memcpy(text, data, size);
	while ((status = audit_csv_next(&csv, &row, &err)) == TOK_OK && row.count) {
		fields += row.count;
		assert(fields <= size + 1);
		for (size_t i = 0; i < row.count; i++)
			assert(row.fields[i].bytes >= text &&
			       row.fields[i].bytes + row.fields[i].count <= text + size);
	}
	assert(status == TOK_OK || err.message[0]);
	free(text);
	return 0;
}
