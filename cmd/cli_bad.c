#include "cmd/cli_bad.h"

#include <inttypes.h>

/* Documents of one operand that are told one by one. */
enum { TOLD_MAX = 10 };

static void say(struct cli_bad *bad, const char *message)
{
	bad->trouble = true;
	if (bad->quiet)
		return;
	if (bad->progress)
		cli_progress_clear(bad->progress);
	cli_error("%s", message);
}

void cli_bad_enter(struct cli_bad *bad, size_t operand)
{
	if (operand == bad->operand)
		return;
	bad->operand = operand;
	bad->documents = bad->told = 0;
}

static void add_place(const struct cli_bad *bad, uint64_t ahead, struct tok_error *err)
{
	const struct cli_split *split = bad->split;
	tok_fail_in(err, err->status, "'%s': %s %" PRIu64, bad->files->items[bad->operand].path,
		    split->jsonl || split->lines ? "line" : "document", bad->documents + ahead);
}

void cli_bad_document(struct cli_bad *bad, uint64_t ahead, uint64_t more, struct tok_error err)
{
	if (bad->told++ > TOLD_MAX)
		return;
	if (bad->told > TOLD_MAX) {
		say(bad, "further bad documents of this file are not told");
		return;
	}
	add_place(bad, ahead, &err);
	if (more > 0) {
		char text[64];
		snprintf(text, sizeof text, "; %" PRIu64 " more near it", more);
		strncat(err.message, text, sizeof err.message - strlen(err.message) - 1);
	}
	say(bad, err.message);
}

void cli_bad_end(struct cli_bad *bad, size_t operand, struct tok_error err)
{
	cli_bad_enter(bad, operand);
	if (err.status == TOK_ELIMIT)
		add_place(bad, 1, &err);
	say(bad, err.message);
}
