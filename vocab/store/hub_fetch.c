/* From the name of a model to the files of its tokenizer. */
#include <inttypes.h>
#include <stdio.h>

#include "vocab/store/hub_internal.h"

/* "/ORG/MODEL/resolve/COMMIT/FILE", and "/api/models/ORG/MODEL/revision/REVISION", whose slashes
 * take three bytes each. */
enum { PATH_ROOM = VOCAB_STORE_NAME_MAX + 3 * VOCAB_HUB_REVISION_MAX + 320 };

struct fetch {
	const struct vocab_hub *hub;
	const struct vocab_hub_model *model;
	struct hub_http *http;
	struct hub_listing listing;
	struct vocab_hub_tokenizer *out;
	struct hub_part parts[2];
	struct hub_checksum checksums[2]; /* of the files that came */
};

/* What a server that says no means. */
static enum tok_status judge(const struct fetch *f, long code, struct tok_error *err)
{
	const char *name = f->model->name;
	const struct hub_shown_url endpoint = hub_url_show(f->hub->endpoint);
	if (code == 200 || code == 206)
		return TOK_OK;
	if (code == 401 && !f->hub->token)
		return tok_fail(err, TOK_EARG,
				"there is no such model for everybody: if the name is right, it "
				"needs a token (HF_TOKEN), and access may have to be asked for on "
				"the model's page, %s/%s",
				endpoint.text, name);
	if (code == 401 || code == 403)
		return tok_fail(
		    err, TOK_EARG, "%s: access has to be asked for on the model's page, %s/%s",
		    f->hub->token ? "this token is not enough" : "it needs a token (HF_TOKEN)",
		    endpoint.text, name);
	if (code == 404)
		return tok_fail(err, TOK_EARG, "%s has no such model, or it has no revision '%s'",
				endpoint.text, f->model->revision);
	return tok_fail(err, TOK_EIO, "%s says %ld", endpoint.text, code);
}

/* ---- the list of files --------------------------------------------------------------------- */

static enum tok_status put_in_memory(void *data, uint64_t at, struct tok_span bytes,
				     struct tok_error *err)
{
	struct tok_buffer *buffer = data;
	if (at == 0)
		tok_buffer_clear(buffer);
	return tok_buffer_add(buffer, bytes.bytes, bytes.count) ? TOK_OK : tok_fail_memory(err);
}

static void make_revision_path(const struct vocab_hub_model *model, char path[PATH_ROOM])
{
	int count = snprintf(path, PATH_ROOM, "/api/models/%s/revision/", model->name);
	for (const char *at = model->revision; *at; at++)
		count += snprintf(path + count, PATH_ROOM - (size_t)count,
				  *at == '/' ? "%%2F" : "%c", *at);
}

static enum tok_status read_listing(struct fetch *f, struct tok_error *err)
{
	char path[PATH_ROOM];
	struct tok_buffer json = { 0 };
	struct hub_answer answer;
	struct hub_sink sink = { .put = put_in_memory, .data = &json, .limit = HUB_LISTING_MAX };
	make_revision_path(f->model, path);
	enum tok_status status = hub_http_ask(f->http, path, &sink, &answer, err);
	if (status == TOK_OK)
		status = judge(f, answer.code, err);
	if (status == TOK_OK)
		status = hub_listing_read(tok_buffer_span(&json), &f->out->arena, &f->listing, err);
	tok_buffer_release(&json);
	return status;
}

/* ---- a file --------------------------------------------------------------------------------- */

struct wanted {
	char path[PATH_ROOM];
	struct hub_checksum checksum;
	bool sized;
	uint64_t size; /* the most that it may have, if not sized */
};

static enum tok_status ask_for_file(struct fetch *f, const char *name, struct wanted *out,
				    struct tok_error *err)
{
	struct hub_answer answer;
	snprintf(out->path, sizeof out->path, "/%s/resolve/%s/%s", f->model->name,
		 f->listing.commit, name);
	enum tok_status status = hub_http_ask(f->http, out->path, NULL, &answer, err);
	if (status == TOK_OK && !answer.linked)
		status = judge(f, answer.code, err);
	if (status != TOK_OK)
		return status;
	if (!hub_checksum_read(answer.etag, &out->checksum))
		return tok_fail(err, TOK_EFORMAT, "%s: the server tells no checksum of it", name);
	out->sized = answer.linked_sized || (answer.sized && answer.code == 200);
	out->size = answer.linked_sized ? answer.linked_size : answer.size;
	if (!out->sized)
		out->size = VOCAB_STORE_FILE_MAX;
	if (out->size > VOCAB_STORE_FILE_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"%s: it has %" PRIu64
				" bytes, and a file of a store at most %zu MB",
				name, out->size, VOCAB_STORE_FILE_MAX >> 20);
	return TOK_OK;
}

/* A file as it comes. */
struct coming {
	const struct fetch *f;
	const struct wanted *wanted;
	struct hub_part *part;
};

static void tell(const struct coming *c, uint64_t have)
{
	const struct vocab_hub *hub = c->f->hub;
	if (hub->tell)
		hub->tell(hub->data, (size_t)(c->part - c->f->parts), have,
			  c->wanted->sized ? c->wanted->size : 0);
}

static enum tok_status put_in_part(void *data, uint64_t at, struct tok_span bytes,
				   struct tok_error *err)
{
	const struct coming *c = data;
	const enum tok_status status = hub_part_put(c->part, at, bytes, err);
	if (status == TOK_OK)
		tell(c, at + bytes.count);
	return status;
}

/* The bytes that are missing behind `have`; *have: those that are there then. */
static enum tok_status get_rest(struct fetch *f, const struct wanted *wanted, struct hub_part *part,
				uint64_t *have, struct tok_error *err)
{
	struct hub_answer answer;
	struct coming coming = { .f = f, .wanted = wanted, .part = part };
	struct hub_sink sink = { .put = put_in_part,
				 .data = &coming,
				 .have = *have,
				 .limit = wanted->size,
				 .resumes = true };
	tell(&coming, *have);
	enum tok_status status = hub_http_ask(f->http, wanted->path, &sink, &answer, err);
	if (status == TOK_OK)
		status = judge(f, answer.code, err);
	*have = sink.have;
	return status;
}

static enum tok_status check(const struct wanted *wanted, const char *name, struct tok_span file,
			     struct tok_error *err)
{
	if (wanted->sized && file.count != wanted->size)
		return tok_fail(err, TOK_EFORMAT, "%s: %zu bytes came, and it should have %" PRIu64,
				name, file.count, wanted->size);
	if (!hub_checksum_holds(&wanted->checksum, file))
		return tok_fail(err, TOK_EFORMAT,
				"%s: what came has not the checksum that the server tells, %s",
				name, wanted->checksum.hex);
	return TOK_OK;
}

/* From byte `have` on.  What is wrong is not kept; what was cut is. */
static enum tok_status complete(struct fetch *f, const struct wanted *wanted, const char *name,
				struct hub_part *part, uint64_t have, struct tok_span *out,
				struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (!wanted->sized || have < wanted->size)
		status = get_rest(f, wanted, part, &have, err);
	if (status == TOK_OK)
		status = hub_part_read(part, (size_t)have, &f->out->arena, out, err);
	return status == TOK_OK ? check(wanted, name, *out, err) : status;
}

static enum tok_status download(struct fetch *f, const struct wanted *wanted, size_t place,
				struct tok_error *err)
{
	const char *name = f->listing.names[place];
	struct hub_part *part = &f->parts[place];
	struct tok_span *file = &f->out->source.files[place];
	uint64_t have;
	enum tok_status status =
	    hub_part_open(f->hub->folder, wanted->checksum.hex, part, &have, err);
	if (status != TOK_OK)
		return status;
	if (have > wanted->size)
		have = 0;
	status = complete(f, wanted, name, part, have, file, err);
	/* What was there before may have been damaged. */
	if (status == TOK_EFORMAT && have > 0)
		status = complete(f, wanted, name, part, 0, file, err);
	return status;
}

/* The place of an earlier file with this checksum, or `place`. */
static size_t find_same(const struct fetch *f, const struct hub_checksum *checksum, size_t place)
{
	size_t i = 0;
	while (i < place && strcmp(f->checksums[i].hex, checksum->hex) != 0)
		i++;
	return i;
}

/* One that is as an earlier one is that: its part would be waited for, which we ourselves hold. */
static enum tok_status fetch_file(struct fetch *f, size_t place, struct tok_error *err)
{
	struct tok_span *files = f->out->source.files;
	struct wanted wanted;
	const enum tok_status status = ask_for_file(f, f->listing.names[place], &wanted, err);
	if (status != TOK_OK)
		return status;
	f->checksums[place] = wanted.checksum;
	const size_t same = find_same(f, &wanted.checksum, place);
	if (same == place)
		return download(f, &wanted, place, err);
	files[place] = files[same];
	return check(&wanted, f->listing.names[place], files[place], err);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static enum tok_status fetch_files(struct fetch *f, struct tok_error *err)
{
	static const char form[] = "hf:%s@%s";
	struct vocab_source *source = &f->out->source;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < f->listing.count && status == TOK_OK; i++)
		status = fetch_file(f, i, err);
	const size_t room = sizeof form + strlen(f->model->name) + HUB_COMMIT_COUNT;
	char *origin = tok_arena_array(&f->out->arena, room, 1);
	if (status != TOK_OK || !origin)
		return status != TOK_OK ? status : tok_fail_memory(err);
	snprintf(origin, room, form, f->model->name, f->listing.commit);
	f->out->origin = origin;
	f->out->licence = f->listing.licence;
	source->path = f->listing.names[0];
	source->other_path = f->listing.names[1];
	source->count = f->listing.count;
	return TOK_OK;
}

enum tok_status vocab_hub_fetch(const struct vocab_hub *hub, const struct vocab_hub_model *model,
				struct vocab_hub_tokenizer *out, struct tok_error *err)
{
	struct fetch f = {
		.hub = hub, .model = model, .out = out, .parts = { { .fd = -1 }, { .fd = -1 } }
	};
	*out = (struct vocab_hub_tokenizer){ 0 };
	enum tok_status status = hub_http_new(hub, &f.http, err);
	if (status == TOK_OK)
		status = read_listing(&f, err);
	if (status == TOK_OK)
		status = fetch_files(&f, err);
	/* What was cut is worth something to the next one; what is wrong is not. */
	const bool kept = status != TOK_OK && status != TOK_EFORMAT && status != TOK_ELIMIT;
	for (size_t i = 0; i < 2; i++)
		hub_part_close(&f.parts[i], kept);
	hub_http_free(f.http);
	if (status == TOK_OK)
		return TOK_OK;
	vocab_hub_release(out);
	return tok_fail_in(err, status, "hf:%s", model->name);
}
