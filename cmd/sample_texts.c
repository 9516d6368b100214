/* sample_texts.c - documents one by one, for what is told of each: each is whole in
 * memory. */
#include <inttypes.h>

#include "cmd/cli_json.h"
#include "cmd/sample_internal.h"

struct walk {
	const struct sample_texts *texts;
	struct cli_source source;
	struct tok_json_document json;
	sample_taker *take;
	void *context;
	uint64_t number;          /* of those taken, over all operands */
	uint64_t line;            /* of the operand, the current one's */
	size_t operand, given_up; /* operands before `given_up` are not wanted any more */
	bool trouble, ended;
};

static void enter_operand(struct walk *w, size_t operand)
{
	if (operand != w->operand)
		w->line = 0;
	w->operand = operand;
}

static void refuse(struct walk *w, size_t operand, bool of_document, struct tok_error *err)
{
	enter_operand(w, operand);
	if (of_document)
		tok_fail_in(err, err->status, "'%s': %s %" PRIu64,
			    w->texts->files->items[operand].path,
			    w->texts->split->jsonl ? "line" : "document", w->line + 1);
	cli_error("%s", err->message);
	w->trouble = true;
	w->given_up = operand + 1;
	cli_source_stop(&w->source, operand + 1);
}

/* As in other tools a document that was refused has no number: what is drawn of others does
 * not depend on it. */
static void take_document(struct walk *w, size_t operand, struct tok_span text)
{
	const struct cli_split *split = w->texts->split;
	struct tok_error err = { 0 };
	enum tok_status status = cli_documents_check(split, &w->source.cut, text, &err);
	enter_operand(w, operand);
	if (status == TOK_OK && split->jsonl)
		status = cli_json_text(&w->json, text, split->jsonl, &text, &err);
	if (status == TOK_OK)
		status = w->take(w->context, text, w->number, &err);
	if (status == TOK_ENOMEM || status == TOK_EIO) {
		cli_error("%s", err.message);
		w->trouble = w->ended = true;
		cli_source_stop(&w->source, CLI_SOURCE_ALL);
	} else if (status != TOK_OK) {
		refuse(w, operand, true, &err);
	} else {
		w->number++;
		w->line++;
	}
}

static bool is_wanted(const struct walk *w, size_t operand)
{
	return !w->ended && operand >= w->given_up;
}

static void take_work(struct walk *w, struct cli_work *work)
{
	for (size_t i = 0; i < work->region_count; i++) {
		const struct cli_region *region = &work->regions[i];
		struct tok_span rest = cli_work_text(work, i);
		if (!region->several) {
			if (is_wanted(w, region->operand))
				take_document(w, region->operand, rest);
			continue;
		}
		while (rest.count && is_wanted(w, region->operand))
			take_document(w, region->operand, cli_split_next(w->texts->split, &rest));
	}
	if (work->error.status != TOK_OK && is_wanted(w, work->error_operand))
		refuse(w, work->error_operand, work->error.status == TOK_ELIMIT, &work->error);
}

enum cli_exit sample_each_text(const struct sample_texts *texts, sample_taker *take, void *context,
			       bool *whole)
{
	struct walk w = { .texts = texts,
			  .take = take,
			  .context = context,
			  .source = {
			      .files = texts->files, .split = texts->split, .raw = texts->raw } };
	struct cli_work work = { 0 };
	cli_source_begin(&w.source);
	while (!w.ended && cli_source_read(&w.source, &work))
		take_work(&w, &work);
	cli_source_end(&w.source);
	cli_work_release(&work);
	tok_json_release(&w.json);
	*whole = !w.ended;
	return w.trouble ? CLI_TROUBLE : CLI_OK;
}
