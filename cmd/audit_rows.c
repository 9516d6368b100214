#include "cmd/audit_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cli_npy.h"

enum { NPY_HEADER_MAX = 1 << 16, BLOCK_BYTES = 1 << 22 };

/* ---- .npy ---------------------------------------------------------------------------------- */

static const char npy_magic[] = "\x93NUMPY";

static bool parse_dtype(const char *value, enum hyper_dtype *out)
{
	static const struct {
		const char *name;
		enum hyper_dtype dtype;
	} types[] = { { "'<f2'", HYPER_F16 }, { "'<f4'", HYPER_F32 }, { "'<f8'", HYPER_F64 } };
	for (size_t i = 0; value && i < sizeof types / sizeof *types; i++) {
		if (strncmp(value, types[i].name, strlen(types[i].name)) == 0) {
			*out = types[i].dtype;
			return true;
		}
	}
	return false;
}

/* "(12, 34)", both above 0. */
static bool parse_shape(const char *value, size_t *rows, size_t *width)
{
	size_t *const out[] = { rows, width };
	if (!value || *value++ != '(')
		return false;
	for (size_t i = 0; i < 2; i++) {
		char *end;
		value += strspn(value, " ");
		if (*value < '0' || *value > '9')
			return false;
		errno = 0;
		const unsigned long long n = strtoull(value, &end, 10);
		if (errno || n == 0 || n > (size_t)1 << 40)
			return false;
		*out[i] = (size_t)n;
		value = end + strspn(end, " ");
		if (i == 0 && *value++ != ',')
			return false;
	}
	return *value == ')';
}

static bool parse_header(struct audit_rows *r, const char *header)
{
	const char *order = cli_npy_value(header, "'fortran_order'");
	return parse_dtype(cli_npy_value(header, "'descr'"), &r->dtype) && order &&
	       strncmp(order, "False", 5) == 0 &&
	       parse_shape(cli_npy_value(header, "'shape'"), &r->count, &r->width);
}

/* Are all its numbers there? */
static bool is_whole(struct audit_rows *r)
{
	size_t numbers, bytes;
	const bool fits = !__builtin_mul_overflow(r->count, r->width, &numbers) &&
			  hyper_dtype_size(r->dtype, numbers, &bytes);
	if (!fits || fseeko(r->file, 0, SEEK_END) != 0)
		return false;
	const long long end = ftello(r->file);
	return end >= r->data && (unsigned long long)(end - r->data) >= bytes;
}

static enum tok_status open_npy(struct audit_rows *r, struct tok_error *err)
{
	uint8_t lead[12];
	char *header = NULL;
	size_t count = 0, from = 10;
	bool sound = fread(lead, 1, sizeof lead, r->file) == sizeof lead;
	if (sound && lead[6] == 1) {
		count = lead[8] | (size_t)lead[9] << 8;
	} else if (sound && (lead[6] == 2 || lead[6] == 3)) {
		from = 12;
		count = lead[8] | (size_t)lead[9] << 8 | (size_t)lead[10] << 16 |
			(size_t)lead[11] << 24;
	}
	sound = sound && count > 0 && count <= NPY_HEADER_MAX &&
		fseeko(r->file, (off_t)from, SEEK_SET) == 0;
	if (sound) {
		header = calloc(count + 1, 1);
		if (!header)
			return tok_fail_memory(err);
		r->data = (long long)(from + count);
		sound = fread(header, 1, count, r->file) == count && parse_header(r, header) &&
			is_whole(r);
	}
	free(header);
	return sound ? TOK_OK
		     : tok_fail(err, TOK_EFORMAT,
				"'%s': must be a whole .npy file of two dimensions, of '<f2', "
				"'<f4' or '<f8', not in Fortran's order",
				r->path);
}

static enum tok_status read_npy(const struct audit_rows *r, size_t first, size_t count,
				uint8_t *bytes, float *out, struct tok_error *err)
{
	const size_t row = r->width * hyper_dtype_bytes(r->dtype);
	if (fseeko(r->file, (off_t)(r->data + (long long)(first * row)), SEEK_SET) != 0 ||
	    fread(bytes, row, count, r->file) != count)
		return tok_fail(err, TOK_EIO, "cannot read '%s'", r->path);
	hyper_to_f32(r->dtype, bytes, count * r->width, out);
	return TOK_OK;
}

/* ---- models ---------------------------------------------------------------------------------- */

static enum tok_status open_model(struct audit_rows *r, const char *tensor, struct tok_error *err)
{
	struct hyper_embeddings e = { 0 };
	enum tok_status status = hyper_folder_open(r->path, &r->folder, err);
	if (status == TOK_OK)
		status = hyper_folder_embeddings(r->folder, tensor, NULL, &e, err);
	if (status != TOK_OK)
		return status;
	if (!hyper_dtype_is_readable(e.input->dtype))
		return tok_fail(err, TOK_EARG, "'%s': tensor '%s' is of %s, which cannot be read",
				r->path, e.input->name, hyper_dtype_name(e.input->dtype));
	r->matrix = e.input;
	r->tensor = e.input->name;
	r->count = e.input->shape[0];
	r->width = hyper_tensor_width(e.input);
	return TOK_OK;
}

/* A folder is none; what cannot be opened is told by who opens models. */
static bool is_npy(struct audit_rows *r)
{
	char lead[sizeof npy_magic - 1];
	r->file = fopen(r->path, "rb");
	if (r->file && fread(lead, 1, sizeof lead, r->file) == sizeof lead &&
	    memcmp(lead, npy_magic, sizeof lead) == 0 && fseeko(r->file, 0, SEEK_SET) == 0)
		return true;
	if (r->file)
		fclose(r->file);
	r->file = NULL;
	return false;
}

enum tok_status audit_rows_open(const char *path, const char *tensor, struct audit_rows *out,
				struct tok_error *err)
{
	struct audit_rows r = { .path = path };
	enum tok_status status;
	if (!is_npy(&r))
		status = open_model(&r, tensor, err);
	else if (tensor)
		status =
		    tok_fail(err, TOK_EARG, "'%s': a .npy file has no tensors with names", path);
	else
		status = open_npy(&r, err);
	if (status == TOK_OK)
		*out = r;
	else
		audit_rows_close(&r);
	return status;
}

void audit_rows_close(struct audit_rows *rows)
{
	if (rows->file)
		fclose(rows->file);
	hyper_folder_close(rows->folder);
	vocab_undertrained_free(rows->measures);
	*rows = (struct audit_rows){ 0 };
}

/* ---- suspects ----------------------------------------------------------------------------------
 */

static enum vocab_row_kind kind_of(const struct vocab_health *health, size_t row)
{
	if (row >= health->size || vocab_health_is_unused(health->category_of[row]))
		return VOCAB_ROW_UNUSED;
	return health->category_of[row] == VOCAB_HEALTH_OK_SPECIAL ||
		       health->category_of[row] == VOCAB_HEALTH_CONTROL
		   ? VOCAB_ROW_OTHER
		   : VOCAB_ROW_TOKEN;
}

/* All rows through one of the two passes. */
static enum tok_status pass(struct audit_rows *r,
			    void (*take)(struct vocab_undertrained *u, size_t first, size_t count,
					 const float *rows),
			    uint8_t *bytes, float *floats, size_t block, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t first = 0; status == TOK_OK && first < r->count; first += block) {
		const size_t count = r->count - first < block ? r->count - first : block;
		status = r->matrix ? hyper_tensor_rows(r->matrix, first, count, floats, err)
				   : read_npy(r, first, count, bytes, floats, err);
		if (status == TOK_OK)
			take(r->measures, first, count, floats);
		if (r->matrix)
			hyper_tensor_forget(r->matrix, first, count);
	}
	return status;
}

enum tok_status audit_rows_suspect(struct audit_rows *rows, const struct vocab_health *health,
				   struct tok_error *err)
{
	const size_t row = rows->width * sizeof(double);
	const size_t block = row < BLOCK_BYTES ? BLOCK_BYTES / row : 1;
	uint8_t *kinds = calloc(rows->count, 1), *bytes = malloc(block * row);
	float *floats = malloc(block * rows->width * sizeof *floats);
	enum tok_status status = TOK_OK;
	if (!kinds || !bytes || !floats)
		status = tok_fail_memory(err);
	for (size_t i = 0; status == TOK_OK && i < rows->count; i++)
		kinds[i] = (uint8_t)kind_of(health, i);
	if (status == TOK_OK)
		status =
		    vocab_undertrained_new(rows->count, rows->width, kinds, &rows->measures, err);
	if (status == TOK_OK)
		status = pass(rows, vocab_undertrained_measure, bytes, floats, block, err);
	if (status == TOK_OK) {
		vocab_undertrained_turn(rows->measures);
		status = pass(rows, vocab_undertrained_compare, bytes, floats, block, err);
	}
	if (status == TOK_OK)
		status = vocab_undertrained_finish(rows->measures, AUDIT_SUSPECT_PART, &rows->found,
						   err);
	free(floats);
	free(bytes);
	free(kinds);
	return status;
}
