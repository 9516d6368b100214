/* train_texts.c - texts once more, for measuring. */
#include "cmd/cli_json.h"
#include "cmd/train_internal.h"

struct reading {
	const struct train_texts *texts;
	struct vocab_json_document json;
	size_t file;
	uint64_t read; /* of the file */
	bool enough;
};

static void use(struct reading *r, struct tok_span text, bool first)
{
	const struct cli_split *split = r->texts->split;
	struct tok_error err;
	r->read += text.count;
	if (split->jsonl && cli_json_text(&r->json, text, split->jsonl, &text, &err) != TOK_OK)
		return;
	r->enough = !r->texts->use(r->texts->context, r->file, text, first);
}

static void use_part(struct reading *r, const struct cli_part *part)
{
	struct tok_span rest = part->text;
	if (!part->several) {
		use(r, rest, part->first);
		return;
	}
	while (rest.count && !r->enough && r->read < r->texts->bytes)
		use(r, cli_split_next(r->texts->split, &rest), true);
}

static void read_file(struct reading *r)
{
	const struct train_texts *texts = r->texts;
	struct cli_documents documents = { 0 };
	struct cli_part part;
	struct tok_error err;
	r->read = 0;
	if (cli_documents_open(&documents, texts->files->items[r->file].path,
			       texts->raw ? CLI_INPUT_RAW : CLI_INPUT_EXPANDED, texts->split,
			       &texts->cut, &err) != TOK_OK)
		return;
	while (!r->enough && r->read < texts->bytes &&
	       cli_documents_next(&documents, &part, &err) == TOK_OK && part.text.bytes)
		use_part(r, &part);
	cli_documents_close(&documents);
	cli_documents_release(&documents);
}

void train_each_text(const struct train_texts *texts)
{
	struct reading r = { .texts = texts };
	for (; r.file < texts->files->count && !r.enough; r.file++)
		read_file(&r);
	vocab_json_release(&r.json);
}
