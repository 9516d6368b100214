/* train_texts.c - texts once more, for measuring. */
#include "cmd/cli_json.h"
#include "cmd/train_internal.h"

struct reading {
	const struct train_texts *texts;
	struct tok_json_document json;
	size_t file;
	uint64_t read; /* of the file */
	bool enough;
};

static enum tok_status use(struct reading *r, struct tok_span text, bool first,
			   struct tok_error *err)
{
	const struct train_texts *texts = r->texts;
	enum tok_status status = TOK_OK;
	r->read += text.count;
	if (texts->split->jsonl)
		status = cli_json_text(&r->json, text, texts->split->jsonl, &text, err);
	if (status != TOK_OK)
		return status == TOK_ENOMEM ? status : TOK_OK;
	return texts->use(texts->context, r->file, text, first, &r->enough, err);
}

static enum tok_status use_part(struct reading *r, const struct cli_part *part,
				struct tok_error *err)
{
	struct tok_span rest = part->text;
	enum tok_status status = TOK_OK;
	if (!part->several)
		return use(r, rest, part->first, err);
	while (status == TOK_OK && rest.count && !r->enough && r->read < r->texts->bytes)
		status = use(r, cli_split_next(r->texts->split, &rest), true, err);
	return status;
}

static enum tok_status read_file(struct reading *r, struct tok_error *err)
{
	const struct train_texts *texts = r->texts;
	struct cli_documents documents = { 0 };
	struct cli_part part;
	r->read = 0;
	enum tok_status status = cli_documents_open(&documents, texts->files->items[r->file].path,
						    texts->raw ? CLI_INPUT_RAW : CLI_INPUT_EXPANDED,
						    texts->split, &texts->cut, err);
	while (status == TOK_OK && !r->enough && r->read < texts->bytes) {
		status = cli_documents_next(&documents, &part, err);
		if (status != TOK_OK || !part.text.bytes)
			break;
		status = use_part(r, &part, err);
	}
	cli_documents_close(&documents);
	cli_documents_release(&documents);
	return status;
}

enum tok_status train_each_text(const struct train_texts *texts, struct tok_error *err)
{
	struct reading r = { .texts = texts };
	enum tok_status status = TOK_OK;
	for (; status == TOK_OK && r.file < texts->files->count && !r.enough; r.file++)
		status = read_file(&r, err);
	tok_json_release(&r.json);
	return status;
}
