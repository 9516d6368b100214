/* charbench_lines.c - files by lines. */
#include "cmd/charbench_internal.h"

enum tok_status charbench_lines_open(struct charbench_lines *lines, const char *path,
				     struct tok_error *err)
{
	static const char mark[] = "\xEF\xBB\xBF";
	*lines = (struct charbench_lines){ .name = path };
	enum tok_status status = cli_input_open(&lines->input, path, CLI_INPUT_EXPANDED, err);
	if (status != TOK_OK)
		return status;
	while (!lines->input.ended && status == TOK_OK)
		status = cli_input_fill(&lines->input, 0, err);
	cli_input_close(&lines->input);
	if (status == TOK_OK && tok_span_starts(cli_input_rest(&lines->input), tok_span_of(mark)))
		cli_input_drop(&lines->input, sizeof mark - 1);
	return status;
}

bool charbench_lines_next(struct charbench_lines *lines, struct tok_span *line)
{
	const struct tok_span rest = cli_input_rest(&lines->input);
	if (rest.count == 0)
		return false;
	const uint8_t *end = memchr(rest.bytes, '\n', rest.count);
	size_t count = end ? (size_t)(end - rest.bytes) : rest.count;
	cli_input_drop(&lines->input, end ? count + 1 : count);
	lines->number++;
	if (count > 0 && rest.bytes[count - 1] == '\r')
		count--;
	*line = tok_span_slice(rest, 0, count);
	return true;
}

void charbench_lines_release(struct charbench_lines *lines)
{
	cli_input_release(&lines->input);
}
