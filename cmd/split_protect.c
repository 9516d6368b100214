/* split_protect.c - tokens that are not to be split, one a line. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cli_documents.h"
#include "cmd/cli_eod.h"
#include "cmd/split_internal.h"

struct list {
	tok_id *ids;
	size_t count, capacity;
	uint64_t line;
};

static enum tok_status add_token(struct list *list, const struct tok_tokenizer *tokenizer,
				 struct tok_span name, struct tok_error *err)
{
	list->line++;
	if (name.count == 0)
		return TOK_OK;
	const tok_id id = cli_token_find(tokenizer, name);
	if (id == TOK_NO_ID)
		return tok_fail(err, TOK_EARG,
				"line %" PRIu64 ": this tokenizer has no token '%.*s'", list->line,
				name.count < 60 ? (int)name.count : 60, (const char *)name.bytes);
	if (!tok_grow(&list->ids, &list->capacity, list->count + 1, sizeof *list->ids))
		return tok_fail_memory(err);
	list->ids[list->count++] = id;
	return TOK_OK;
}

/* Lines of a part: several, or one. */
static enum tok_status add_part(struct list *list, const struct tok_tokenizer *tokenizer,
				const struct cli_split *by_lines, const struct cli_part *part,
				struct tok_error *err)
{
	struct tok_span rest = part->text;
	enum tok_status status = TOK_OK;
	if (!part->several)
		return add_token(list, tokenizer, rest, err);
	while (rest.count && status == TOK_OK)
		status = add_token(list, tokenizer, cli_split_next(by_lines, &rest), err);
	return status;
}

enum tok_status split_read_protected(const char *path, const struct tok_tokenizer *tokenizer,
				     tok_id **ids, size_t *count, struct tok_error *err)
{
	/* No token is longer than this. */
	static const struct cli_split by_lines = { .lines = true, .limit_bytes = 1 << 20 };
	static const struct cli_cut nowhere = { 0 };
	struct cli_documents documents = { 0 };
	struct cli_part part = { 0 };
	struct list list = { 0 };
	enum tok_status status =
	    cli_documents_open(&documents, path, CLI_INPUT_RAW, &by_lines, &nowhere, err);
	if (status != TOK_OK)
		return status;
	do {
		status = cli_documents_next(&documents, &part, err);
		if (status == TOK_OK && part.text.bytes)
			status = add_part(&list, tokenizer, &by_lines, &part, err);
	} while (status == TOK_OK && part.text.bytes);
	cli_documents_close(&documents);
	cli_documents_release(&documents);
	if (status != TOK_OK) {
		free(list.ids);
		return tok_fail_in(err, status, "'%s'", path);
	}
	*ids = list.ids;
	*count = list.count;
	return TOK_OK;
}
