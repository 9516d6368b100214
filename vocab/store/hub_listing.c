/* What the hub says of a revision: the commit, which of its files are the tokenizer, the licence.
 */
#include <ctype.h>

#include "tok/text/json.h"
#include "vocab/store/hub_internal.h"

enum { NAME_MAX_COUNT = 255, LICENCE_MAX = 64 };

static bool has_only(struct tok_span text, const char *more)
{
	for (size_t i = 0; i < text.count; i++)
		if (!isalnum(text.bytes[i]) && (!text.bytes[i] || !strchr(more, text.bytes[i])))
			return false;
	return true;
}

static struct tok_span text_of(const struct tok_json *value)
{
	return value && value->kind == TOK_JSON_STRING ? tok_json_text(value)
						       : (struct tok_span){ 0 };
}

static const char *copy_text(struct tok_arena *arena, struct tok_span text)
{
	char *copy = tok_arena_array(arena, text.count + 1, 1);
	if (copy)
		memcpy(copy, text.bytes, text.count);
	return copy;
}

/* ---- files -------------------------------------------------------------------------------- */

/* Files of the repository's own folder, whose names mean nothing to a path, a URL or a terminal:
 * no others are ever asked for. */
static bool read_name(const struct tok_json *sibling, char name[NAME_MAX_COUNT + 1])
{
	const struct tok_span text = text_of(tok_json_get(sibling, "rfilename"));
	if (text.count == 0 || text.count > NAME_MAX_COUNT || text.bytes[0] == '.' ||
	    !has_only(text, "._-"))
		return false;
	memcpy(name, text.bytes, text.count);
	name[text.count] = '\0';
	return true;
}

static bool has_name(const struct tok_json *siblings, const char *name)
{
	char other[NAME_MAX_COUNT + 1];
	const struct tok_json *item = siblings + 1;
	for (size_t i = 0; i < siblings->count; i++, item = tok_json_next(item))
		if (read_name(item, other) && strcmp(other, name) == 0)
			return true;
	return false;
}

/* "": there is none. */
static void choose(const struct tok_json *siblings, char best[NAME_MAX_COUNT + 1])
{
	char name[NAME_MAX_COUNT + 1];
	size_t best_rate = SIZE_MAX;
	const struct tok_json *item = siblings + 1;
	best[0] = '\0';
	for (size_t i = 0; i < siblings->count; i++, item = tok_json_next(item)) {
		if (!read_name(item, name))
			continue;
		const size_t rate = vocab_source_rate(name);
		if (rate > best_rate || rate == SIZE_MAX ||
		    (rate == best_rate && strcmp(name, best) >= 0))
			continue;
		best_rate = rate;
		strcpy(best, name);
	}
}

static enum tok_status read_files(const struct tok_json *siblings, struct tok_arena *arena,
				  struct hub_listing *out, struct tok_error *err)
{
	char best[NAME_MAX_COUNT + 1];
	const char *others[2];
	choose(siblings, best);
	if (!best[0])
		return tok_fail(
		    err, TOK_EFORMAT,
		    "there is no tokenizer among its files: none of " VOCAB_SOURCE_NAMES);
	out->names[0] = copy_text(arena, tok_span_of(best));
	out->count = 1;
	if (!out->names[0])
		return tok_fail_memory(err);
	if (!vocab_source_is_half(best, others))
		return TOK_OK;
	const bool first = has_name(siblings, others[0]);
	if (!first && !has_name(siblings, others[1]))
		return tok_fail(err, TOK_EFORMAT,
				"%s is half of a tokenizer: there is no '%s' and no '%s'", best,
				others[0], others[1]);
	out->names[out->count++] = others[!first];
	return TOK_OK;
}

/* ---- what else is said ---------------------------------------------------------------------- */

/* cardData.license, a word or a list of them, or else the tag "license:WORD". */
static struct tok_span find_licence(const struct tok_json *root)
{
	static const char mark[] = "license:";
	const struct tok_json *card = tok_json_get(root, "cardData");
	const struct tok_json *said = card ? tok_json_get(card, "license") : NULL;
	if (said && said->kind == TOK_JSON_ARRAY && said->count > 0)
		said++;
	if (text_of(said).count)
		return text_of(said);
	const struct tok_json *tags = tok_json_get(root, "tags");
	const struct tok_json *tag = tags ? tags + 1 : NULL;
	for (size_t i = 0; tags && tags->kind == TOK_JSON_ARRAY && i < tags->count; i++) {
		const struct tok_span text = text_of(tag);
		if (tok_span_starts(text, tok_span_of(mark)))
			return tok_span_slice(text, sizeof mark - 1, text.count);
		tag = tok_json_next(tag);
	}
	return (struct tok_span){ 0 };
}

/* What could do something to a terminal is not noted. */
static enum tok_status read_licence(const struct tok_json *root, struct tok_arena *arena,
				    struct hub_listing *out, struct tok_error *err)
{
	const struct tok_span text = find_licence(root);
	if (text.count == 0 || text.count > LICENCE_MAX || !has_only(text, "._-+ "))
		return TOK_OK;
	out->licence = copy_text(arena, text);
	return out->licence ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status read_commit(const struct tok_json *root, struct tok_arena *arena,
				   struct hub_listing *out, struct tok_error *err)
{
	const struct tok_span text = text_of(tok_json_get(root, "sha"));
	bool good = text.count == HUB_COMMIT_COUNT;
	for (size_t i = 0; good && i < text.count; i++)
		good = isxdigit(text.bytes[i]);
	if (!good)
		return tok_fail(err, TOK_EFORMAT, "'sha' must be a commit of %d hexadecimal digits",
				HUB_COMMIT_COUNT);
	out->commit = copy_text(arena, text);
	return out->commit ? TOK_OK : tok_fail_memory(err);
}

enum tok_status hub_listing_read(struct tok_span json, struct tok_arena *arena,
				 struct hub_listing *out, struct tok_error *err)
{
	struct tok_json_document doc = { 0 };
	*out = (struct hub_listing){ 0 };
	enum tok_status status = tok_json_read(&doc, json, err);
	if (status == TOK_OK)
		status = read_commit(doc.values, arena, out, err);
	if (status == TOK_OK) {
		const struct tok_json *siblings = tok_json_get(doc.values, "siblings");
		status = siblings && siblings->kind == TOK_JSON_ARRAY
			     ? read_files(siblings, arena, out, err)
			     : tok_fail(err, TOK_EFORMAT, "'siblings' must be a list of files");
	}
	if (status == TOK_OK)
		status = read_licence(doc.values, arena, out, err);
	tok_json_release(&doc);
	return status;
}
