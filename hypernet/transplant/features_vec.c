/* features_vec.c - vectors of a text file. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "hypernet/transplant/features.h"
#include "hypernet/transplant/features_internal.h"
#include "tok/text/normalize.h"
#include "tok/text/utf8.h"

enum { WIDEST = 1 << 20 };

struct reader {
	const char *path;
	FILE *file;
	char *line; /* of getline, without what ends it */
	size_t room, count;
	size_t number; /* of the line, from 1 */
	char *spelt;   /* a token's bytes, where it is written in another way */
	size_t spelt_room;
	bool in_alphabet; /* tokens are written in the byte-level alphabet */
};

static void reader_release(struct reader *r)
{
	if (r->file)
		fclose(r->file);
	free(r->line);
	free(r->spelt);
}

/* The next line; *ended where there is none. */
static enum tok_status next_line(struct reader *r, bool *ended, struct tok_error *err)
{
	errno = 0;
	const ssize_t got = getline(&r->line, &r->room, r->file);
	*ended = got < 0;
	if (got < 0 && feof(r->file) && !ferror(r->file))
		return TOK_OK;
	if (got < 0 && errno == ENOMEM)
		return tok_fail_memory(err);
	if (got < 0)
		return tok_fail(err, TOK_EIO, "cannot read '%s': %s", r->path, strerror(errno));
	r->number++;
	r->count = (size_t)got;
	while (r->count && strchr("\n\r ", r->line[r->count - 1]) && r->line[r->count - 1])
		r->count--;
	r->line[r->count] = 0;
	return TOK_OK;
}

static size_t count_fields(const char *line, size_t count)
{
	size_t fields = 0;
	for (size_t i = 0; i < count; i++)
		fields += line[i] != ' ' && (i == 0 || line[i - 1] == ' ');
	return fields;
}

/* A whole number that ends with `end`. */
static bool read_whole(const char **at, char end, size_t *out)
{
	char *stop;
	errno = 0;
	if (!isdigit((unsigned char)**at))
		return false;
	*out = strtoull(*at, &stop, 10);
	if (errno || *stop != end)
		return false;
	*at = stop + 1;
	return true;
}

/* The first line is "count width", or a token's own. */
static bool read_head(const struct reader *r, size_t *lines, size_t *width)
{
	const char *at = r->line;
	return count_fields(r->line, r->count) == 2 && read_whole(&at, ' ', lines) &&
	       read_whole(&at, 0, width);
}

/* Where the last `width` fields of the line begin; SIZE_MAX if it has no token before them. */
static size_t find_numbers(const struct reader *r, size_t width)
{
	size_t at = r->count;
	for (size_t i = 0; i < width; i++) {
		while (at && r->line[at - 1] == ' ')
			at--;
		while (at && r->line[at - 1] != ' ')
			at--;
	}
	return at ? at : SIZE_MAX;
}

static enum tok_status read_numbers(const struct reader *r, size_t begin, size_t width, float *out,
				    struct tok_error *err)
{
	const char *at = r->line + begin;
	for (size_t i = 0; i < width; i++) {
		char *stop;
		const float number = strtof(at, &stop);
		if (stop == at || (*stop != ' ' && *stop != 0) || !isfinite(number))
			return tok_fail(err, TOK_EFORMAT,
					"line %zu: number %zu of its vector is none", r->number,
					i + 1);
		out[i] = number;
		at = stop;
	}
	if (at != r->line + r->count)
		return tok_fail(err, TOK_EFORMAT, "line %zu holds a NUL byte among its numbers",
				r->number);
	return TOK_OK;
}

static enum tok_status make_room(struct reader *r, size_t count, struct tok_error *err)
{
	if (count <= r->spelt_room)
		return TOK_OK;
	char *more = realloc(r->spelt, count);
	if (!more)
		return tok_fail_memory(err);
	r->spelt = more;
	r->spelt_room = count;
	return TOK_OK;
}

static uint32_t find_spelt(const struct reader *r, const struct hyper_spellings *spellings,
			   size_t count)
{
	return tok_strings_find(&spellings->table,
				(struct tok_span){ (const uint8_t *)r->spelt, count });
}

/* Which spelling a token of the file is: as it stands, or with its mark as a space. */
static enum tok_status find_plain(struct reader *r, const struct hyper_spellings *spellings,
				  size_t count, uint32_t *out, struct tok_error *err)
{
	static const char *const marks[] = { "\xE2\x96\x81", "\xC4\xA0" };
	const struct tok_span token = { (const uint8_t *)r->line, count };
	*out = tok_strings_find(&spellings->table, token);
	for (size_t i = 0; i < 2 && *out == TOK_NO_ID; i++) {
		const size_t mark = strlen(marks[i]);
		if (!tok_span_starts(token, tok_span_of(marks[i])))
			continue;
		const enum tok_status status = make_room(r, count, err);
		if (status != TOK_OK)
			return status;
		r->spelt[0] = ' ';
		memcpy(r->spelt + 1, r->line + mark, count - mark);
		*out = find_spelt(r, spellings, count - mark + 1);
	}
	return TOK_OK;
}

/* The same of a token in the byte-level alphabet; TOK_NO_ID too where a character is not in it. */
static enum tok_status find_alphabet(struct reader *r, const struct hyper_spellings *spellings,
				     size_t count, uint32_t *out, struct tok_error *err)
{
	const struct tok_span token = { (const uint8_t *)r->line, count };
	size_t made = 0;
	*out = TOK_NO_ID;
	const enum tok_status status = make_room(r, count, err);
	for (size_t at = 0; at < count && status == TOK_OK;) {
		const struct tok_char c = tok_utf8_at(token, at);
		const int byte = tok_char_to_byte(c.code);
		if (byte < 0)
			return TOK_OK;
		r->spelt[made++] = (char)byte;
		at += c.length;
	}
	if (status == TOK_OK)
		*out = find_spelt(r, spellings, made);
	return status;
}

static enum tok_status find_spelling(struct reader *r, const struct hyper_spellings *spellings,
				     size_t count, uint32_t *out, struct tok_error *err)
{
	*out = TOK_NO_ID;
	const enum tok_status status =
	    r->in_alphabet ? find_alphabet(r, spellings, count, out, err) : TOK_OK;
	/* Special tokens stand as they are in either. */
	return status == TOK_OK && *out == TOK_NO_ID ? find_plain(r, spellings, count, out, err)
						     : status;
}

static bool is_ascii(const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

/* Is the file written in the byte-level alphabet?  A character of U+00A1 to U+00FF means one thing
 * in it and another outside, so that no line can tell: it is the writing in which more tokens are
 * found.  The file is read to its end. */
static enum tok_status find_writing(struct reader *r, const struct hyper_spellings *spellings,
				    size_t width, struct tok_error *err)
{
	size_t plain = 0, alphabet = 0;
	enum tok_status status = TOK_OK;
	for (bool ended = false; status == TOK_OK && !ended; status = next_line(r, &ended, err)) {
		const size_t begin = find_numbers(r, width);
		uint32_t found;
		if (begin == SIZE_MAX || is_ascii(r->line, begin - 1))
			continue;
		status = find_plain(r, spellings, begin - 1, &found, err);
		plain += status == TOK_OK && found != TOK_NO_ID;
		if (status == TOK_OK)
			status = find_alphabet(r, spellings, begin - 1, &found, err);
		alphabet += status == TOK_OK && found != TOK_NO_ID;
		if (status != TOK_OK)
			break;
	}
	r->in_alphabet = alphabet > plain;
	return status;
}

/* To the first line again. */
static enum tok_status go_back(struct reader *r, struct tok_error *err)
{
	bool ended;
	if (fseek(r->file, 0, SEEK_SET) != 0)
		return tok_fail(err, TOK_EIO,
				"cannot read '%s' a second time, which takes a file: %s", r->path,
				strerror(errno));
	r->number = 0;
	return next_line(r, &ended, err);
}

static enum tok_status take_line(struct reader *r, const struct hyper_spellings *spellings,
				 uint8_t *have, struct hyper_features *out, struct tok_error *err)
{
	const size_t begin = find_numbers(r, out->width);
	uint32_t spelling;
	if (begin == SIZE_MAX)
		return tok_fail(err, TOK_EFORMAT, "line %zu: a token and %zu numbers were expected",
				r->number, out->width);
	/* One space parts them: others belong to the token. */
	const enum tok_status status = find_spelling(r, spellings, begin - 1, &spelling, err);
	if (status != TOK_OK || spelling == TOK_NO_ID || have[spelling])
		return status;
	have[spelling] = 1;
	return read_numbers(r, begin, out->width, hyper_features_of(out, spellings, spelling), err);
}

static enum tok_status read_all(struct reader *r, const struct hyper_vocab *source,
				const struct hyper_vocab *target,
				const struct hyper_spellings *spellings, uint8_t *have,
				struct hyper_features *out, struct tok_error *err)
{
	size_t width = 0, promised = 0;
	bool ended;
	enum tok_status status = next_line(r, &ended, err);
	if (status != TOK_OK)
		return status;
	const bool head = !ended && read_head(r, &promised, &width);
	if (!ended && !head)
		width = count_fields(r->line, r->count) - 1;
	if (ended || width == 0 || width > WIDEST)
		return tok_fail(err, TOK_EFORMAT,
				"line 1: expected a token and its numbers, or how many lines and "
				"numbers there are");
	status = hyper_features_new(source, target, width, out, err);
	if (status == TOK_OK)
		status = find_writing(r, spellings, width, err);
	if (status == TOK_OK)
		status = go_back(r, err);
	if (status == TOK_OK && !head)
		status = take_line(r, spellings, have, out, err);
	while (status == TOK_OK && (status = next_line(r, &ended, err)) == TOK_OK && !ended)
		if (r->count)
			status = take_line(r, spellings, have, out, err);
	if (status == TOK_OK && head && r->number < promised + 1)
		return tok_fail(err, TOK_EFORMAT, "it has %zu of the %zu vectors that it promises",
				r->number - 1, promised);
	return status;
}

enum tok_status hyper_features_vec(const struct hyper_vocab *source,
				   const struct hyper_vocab *target, const char *path,
				   struct hyper_features *out, struct tok_error *err)
{
	struct hyper_spellings spellings = { 0 };
	struct hyper_features made = { 0 };
	struct reader reader = { .path = path };
	uint8_t *have = NULL;
	enum tok_status status = hyper_spellings_new(source, target, &spellings, err);
	if (status != TOK_OK)
		return status;
	have = calloc(spellings.count + 1, 1);
	if (!have) {
		status = tok_fail_memory(err);
		goto done;
	}
	reader.file = fopen(path, "rb");
	if (!reader.file) {
		status = tok_fail(err, TOK_EIO, "cannot open '%s': %s", path, strerror(errno));
		goto done;
	}
	status = read_all(&reader, source, target, &spellings, have, &made, err);
	if (status == TOK_OK) {
		hyper_features_spread(&made, &spellings);
		status = hyper_features_finish(source, target, 1, &made, err);
	}
	if (status == TOK_EFORMAT)
		status = tok_fail_in(err, status, "%s", path);
	if (status == TOK_OK)
		*out = made;
	else
		hyper_features_release(&made);
done:
	reader_release(&reader);
	free(have);
	hyper_spellings_release(&spellings);
	return status;
}
