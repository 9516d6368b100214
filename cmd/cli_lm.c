#include "cmd/cli_lm.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/cli.h"
#include "cmd/cli_input.h"

enum tok_status cli_lm_read(const char *path, struct tok_buffer *out, struct tok_error *err)
{
	struct cli_input input = { 0 };
	enum tok_status status = cli_input_open(&input, path, CLI_INPUT_EXPANDED, err);
	while (status == TOK_OK && !input.ended) {
		status = cli_input_fill(&input, 0, err);
		const struct tok_span rest = cli_input_rest(&input);
		if (status == TOK_OK && !tok_buffer_add(out, rest.bytes, rest.count))
			status = tok_fail_memory(err);
		cli_input_drop(&input, rest.count);
	}
	cli_input_close(&input);
	cli_input_release(&input);
	return status;
}

void cli_lm_tell(const char *path, const struct vocab_arpa_report *report, bool spread)
{
	if (report->unk > 0 && spread)
		cli_error("'%s': ids that are not listed and share what <unk> has, %.6g: %" PRIu64,
			  path, report->unk, report->missing);
	else if (report->missing)
		cli_error("'%s': ids that are not listed and have probability 0: %" PRIu64, path,
			  report->missing);
	if (report->unk > 0 && !spread)
		cli_error("'%s': <unk> has %.6g, which is left out", path, report->unk);
	if (report->renormalised)
		cli_error("'%s': rows that do not sum to one, by up to %.3g, and were made whole: "
			  "%" PRIu64,
			  path, report->worst, report->renormalised);
}

enum tok_status cli_lm_open(const char *name, const struct tok_tokenizer *tokenizer,
			    const struct vocab_lm_options *options, struct tok_lm **out,
			    struct tok_error *err)
{
	struct vocab_arpa_report report = { 0 };
	struct vocab_lm_options filled = options ? *options : (struct vocab_lm_options){ 0 };
	filled.read = cli_lm_read;
	filled.report = &report;
	const enum tok_status status = vocab_lm_open(name, tokenizer, &filled, out, err);
	if (status == TOK_OK)
		cli_lm_tell(name, &report, false);
	return status;
}

bool cli_lm_is_foreign(const char *name)
{
	static const char *const kinds[] = { "exec:", "llama:", "openai:" };
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strncmp(name, kinds[i], strlen(kinds[i])) == 0)
			return true;
	return false;
}
