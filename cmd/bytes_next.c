/* bytes_next.c - tok bytes next: what may come behind a text. */
#include "cmd/bytes_internal.h"

enum cli_exit bytes_next(const void *options, int argc, char **argv)
{
	const struct bytes_options *o = options;
	struct tok_next_bytes next;
	struct tok_error err = { 0 };
	struct bytes_prompt prompt;
	enum cli_exit result = bytes_prompt_open(o, argc, argv, 1, &prompt);
	if (result != CLI_OK)
		return result;
	const enum tok_status status = tok_machine_next(prompt.machine, &next, &err);
	if (status == TOK_OK) {
		bytes_prompt_put("next", &prompt);
		bytes_put_next(&next, (size_t)o->top);
		bytes_put_cost(prompt.machine);
		puts("}");
	} else {
		result = bytes_trouble(NULL, status, &err);
	}
	bytes_prompt_close(&prompt);
	return result;
}
