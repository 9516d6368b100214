#include "cmd/cli_manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cli_output.h"
#include "cmd/cli_put.h"
#include "tok/text/json.h"
#include "tok/text/json_write.h"

static const char schema[] = "tok.shards.1";

/* A manifest of a million shards is smaller. */
enum { FILE_MAX = 1 << 28 };

/* ---- writing -------------------------------------------------------------- */

static bool add_string(struct tok_buffer *to, const char *key, const char *value)
{
	return cli_put_text(to, key) && tok_json_put_string(to, tok_span_of(value));
}

static bool add_number(struct tok_buffer *to, const char *key, uint64_t value)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%" PRIu64, value);
	return cli_put_text(to, key) && cli_put_text(to, digits);
}

static bool add_entry(struct cli_manifest *m, const struct cli_shard *shard)
{
	struct tok_buffer *to = &m->shards;
	return add_string(to, m->count ? ",\n  {\"file\":" : "\n  {\"file\":", shard->file) &&
	       add_number(to, ",\"tokens\":", shard->tokens) &&
	       add_number(to, ",\"documents\":", shard->documents) &&
	       add_number(to, ",\"bytes\":", shard->bytes) && cli_put_text(to, "}");
}

bool cli_manifest_add(struct cli_manifest *m, const struct cli_shard *shard)
{
	if (!add_entry(m, shard))
		return false;
	m->count++;
	m->tokens += shard->tokens;
	m->documents += shard->documents;
	return true;
}

static bool format(const struct cli_manifest *m, struct tok_buffer *to)
{
	return add_string(to, "{\"schema\":", schema) &&
	       cli_put_text(to, m->complete ? ",\n \"complete\":true" : ",\n \"complete\":false") &&
	       add_string(to, ",\n \"options\":", m->options) &&
	       add_string(to, ",\n \"tokenizer\":", m->tokenizer.text) &&
	       add_string(to, ",\n \"inputs\":", m->inputs.text) &&
	       add_number(to, ",\n \"next\":{\"operand\":", m->place.operand) &&
	       add_number(to, ",\"document\":", m->place.number) &&
	       add_number(to, ",\"byte\":", m->place.bytes) &&
	       add_number(to, "},\n \"tokens\":", m->tokens) &&
	       add_number(to, ",\n \"documents\":", m->documents) &&
	       cli_put_text(to, ",\n \"shards\":[") &&
	       tok_buffer_add(to, m->shards.bytes, m->shards.count) && cli_put_text(to, "]}\n");
}

enum tok_status cli_manifest_write(const struct cli_manifest *m, struct tok_error *err)
{
	struct tok_buffer text = { 0 };
	struct cli_output out = { .fd = -1 };
	enum tok_status status = format(m, &text) ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = cli_output_open(&out, m->path, err);
	if (status == TOK_OK) {
		status = cli_output_add(&out, text.bytes, text.count, err);
		if (status == TOK_OK)
			status = cli_output_commit(&out, err);
		else
			cli_output_abandon(&out);
	}
	tok_buffer_release(&text);
	return status;
}

void cli_manifest_release(struct cli_manifest *m)
{
	tok_buffer_release(&m->shards);
}

/* ---- reading -------------------------------------------------------------- */

static enum tok_status read_text(const char *path, struct tok_buffer *text, bool *there,
				 struct tok_error *err)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	*there = fd >= 0;
	if (fd < 0)
		return errno == ENOENT
			   ? TOK_OK
			   : tok_fail(err, TOK_EIO, "cannot open '%s': %s", path, strerror(errno));
	enum tok_status status = TOK_OK;
	ssize_t n = 1;
	while (n > 0 && status == TOK_OK) {
		if (text->count > FILE_MAX || !tok_buffer_reserve(text, 1 << 16)) {
			status = tok_fail_memory(err);
			break;
		}
		n = read(fd, text->bytes + text->count, 1 << 16);
		if (n < 0)
			status =
			    tok_fail(err, TOK_EIO, "cannot read '%s': %s", path, strerror(errno));
		else
			text->count += (size_t)n;
	}
	close(fd);
	return status;
}

static bool get_number(const struct tok_json *object, const char *key, uint64_t *out)
{
	const struct tok_json *value = tok_json_get(object, key);
	if (!value || value->kind != TOK_JSON_UNSIGNED)
		return false;
	*out = value->as.whole;
	return true;
}

/* A string's bytes; .bytes NULL if there is none. */
static struct tok_span get_string(const struct tok_json *object, const char *key)
{
	const struct tok_json *value = tok_json_get(object, key);
	if (!value || value->kind != TOK_JSON_STRING)
		return (struct tok_span){ NULL, 0 };
	return tok_json_text(value);
}

static bool is_string(const struct tok_json *object, const char *key, const char *wanted)
{
	const struct tok_span text = get_string(object, key);
	return text.bytes && tok_span_equal(text, tok_span_of(wanted));
}

/* A shard's file lies beside the manifest and is as long as it was. */
static bool is_there(const struct cli_manifest *m, const struct cli_shard *shard)
{
	struct stat st;
	const char *slash = strrchr(m->path, '/');
	const int folder = slash ? (int)(slash - m->path) + 1 : 0;
	const size_t room = (size_t)folder + strlen(shard->file) + 1;
	char *path = malloc(room);
	if (!path)
		return false;
	snprintf(path, room, "%.*s%s", folder, m->path, shard->file);
	const bool same = stat(path, &st) == 0 && (uint64_t)st.st_size == shard->bytes;
	free(path);
	return same;
}

static enum tok_status refuse(const struct cli_manifest *m, const char *what, struct tok_error *err)
{
	return tok_fail(err, TOK_EARG, "cannot resume: %s: remove '%s' to begin anew", what,
			m->path);
}

static enum tok_status read_shard(struct cli_manifest *m, const struct tok_json *item,
				  struct tok_error *err)
{
	struct cli_shard shard;
	const struct tok_span name = get_string(item, "file");
	char file[512];
	if (!name.bytes || name.count >= sizeof file ||
	    !get_number(item, "tokens", &shard.tokens) ||
	    !get_number(item, "documents", &shard.documents) ||
	    !get_number(item, "bytes", &shard.bytes))
		return refuse(m, "its list of shards cannot be read", err);
	memcpy(file, name.bytes, name.count);
	file[name.count] = '\0';
	shard.file = file;
	if (!is_there(m, &shard)) {
		char what[600];
		snprintf(what, sizeof what, "the shard '%s' is not as it was", file);
		return refuse(m, what, err);
	}
	return cli_manifest_add(m, &shard) ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status take(struct cli_manifest *m, const struct tok_json *root,
			    struct tok_error *err)
{
	const struct tok_json *next = tok_json_get(root, "next");
	const struct tok_json *shards = tok_json_get(root, "shards");
	const struct tok_json *complete = tok_json_get(root, "complete");
	if (!is_string(root, "schema", schema) || !next || !shards || !complete ||
	    shards->kind != TOK_JSON_ARRAY || !get_number(next, "operand", &m->place.operand) ||
	    !get_number(next, "document", &m->place.number) ||
	    !get_number(next, "byte", &m->place.bytes))
		return refuse(m, "this is not a list of shards", err);
	if (!is_string(root, "options", m->options))
		return refuse(m, "the options are not those of the earlier run", err);
	if (!is_string(root, "tokenizer", m->tokenizer.text))
		return refuse(m, "the tokenizer is not that of the earlier run", err);
	if (!is_string(root, "inputs", m->inputs.text))
		return refuse(m,
			      "the input files, their sizes or their times are not those of "
			      "the earlier run",
			      err);
	m->complete = complete->kind == TOK_JSON_TRUE;
	enum tok_status status = TOK_OK;
	const struct tok_json *item = shards + 1;
	for (size_t i = 0; i < shards->count && status == TOK_OK; i++, item = tok_json_next(item))
		status = read_shard(m, item, err);
	return status;
}

enum tok_status cli_manifest_read(struct cli_manifest *m, bool *there, struct tok_error *err)
{
	struct tok_buffer text = { 0 };
	struct tok_json_document doc = { 0 };
	enum tok_status status = read_text(m->path, &text, there, err);
	if (status == TOK_OK && *there) {
		status = tok_json_read(&doc, tok_buffer_span(&text), err);
		if (status != TOK_OK)
			status = tok_fail_in(err, status, "'%s'", m->path);
		else
			status = take(m, doc.values, err);
	}
	tok_json_release(&doc);
	tok_buffer_release(&text);
	return status;
}
