#include "cmd/cli_ids.h"

#include <stdlib.h>

#include "cmd/cli_npy.h"

enum { HEADER_MAX = 1 << 16 };

static enum tok_status refuse(const struct cli_ids *r, const char *what, struct tok_error *err)
{
	return tok_fail(err, TOK_EFORMAT, "'%s': %s", r->lines.input.name, what);
}

static enum tok_status fill_to(struct cli_ids *r, size_t count, struct tok_error *err)
{
	struct cli_input *in = &r->lines.input;
	while (cli_input_rest(in).count < count) {
		const enum tok_status status = cli_input_fill(in, count, err);
		if (status != TOK_OK)
			return status;
		if (in->ended)
			return refuse(r, "this is not an npy file: its header is cut short", err);
	}
	return TOK_OK;
}

static bool parse_type(struct cli_ids *r, const char *header)
{
	static const struct {
		const char *name;
		size_t width;
		bool is_signed;
	} types[] = { { "'|u1'", 1, false }, { "'<u2'", 2, false }, { "'<u4'", 4, false },
		      { "'<u8'", 8, false }, { "'|i1'", 1, true },  { "'<i2'", 2, true },
		      { "'<i4'", 4, true },  { "'<i8'", 8, true } };
	const char *value = cli_npy_value(header, "'descr'");
	for (size_t i = 0; value && i < sizeof types / sizeof types[0]; i++) {
		if (strncmp(value, types[i].name, strlen(types[i].name)) == 0) {
			r->width = types[i].width;
			r->is_signed = types[i].is_signed;
			return true;
		}
	}
	return false;
}

/* "(12,)" and nothing else. */
static bool parse_shape(struct cli_ids *r, const char *header)
{
	const char *value = cli_npy_value(header, "'shape'");
	if (!value || value[0] != '(' || value[1] < '0' || value[1] > '9')
		return false;
	char *end;
	const unsigned long long count = strtoull(value + 1, &end, 10);
	end += strspn(end, " ");
	if (*end++ != ',')
		return false;
	end += strspn(end, " ");
	if (*end != ')' || count >= UINT64_MAX / 8)
		return false;
	r->promised = count;
	return true;
}

enum tok_status cli_ids_npy_header(struct cli_ids *r, struct tok_error *err)
{
	enum tok_status status = fill_to(r, 12, err);
	if (status != TOK_OK)
		return status;
	const uint8_t *b = cli_input_rest(&r->lines.input).bytes;
	if (memcmp(b, "\x93NUMPY", 6) != 0)
		return refuse(r, "this is not an npy file: it does not begin with \\x93NUMPY", err);
	if (b[6] < 1 || b[6] > 3)
		return refuse(r, "this is not an npy file of version 1, 2 or 3", err);

	const size_t fixed = b[6] == 1 ? 10 : 12;
	size_t length = (size_t)b[8] | (size_t)b[9] << 8;
	if (fixed == 12)
		length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
	if (length > HEADER_MAX)
		return refuse(r, "the header of this npy file is larger than 64 KiB", err);
	status = fill_to(r, fixed + length, err);
	if (status != TOK_OK)
		return status;

	char *header = malloc(length + 1);
	if (!header)
		return tok_fail_memory(err);
	memcpy(header, cli_input_rest(&r->lines.input).bytes + fixed, length);
	header[length] = '\0';
	if (!parse_type(r, header))
		status = refuse(r, "the array must hold little-endian whole numbers, such as '<u4'",
				err);
	else if (!parse_shape(r, header))
		status = refuse(r, "the array must have one dimension, as in 'shape': (12,)", err);
	free(header);
	cli_input_drop(&r->lines.input, fixed + length);
	return status;
}
