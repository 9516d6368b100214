/* command.c - a command as people write it, into words, without a shell. */
#include "vocab/lm/process_internal.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Copy one word to `to`, which moves on; NULL where a quote does not end. */
static const char *copy_word(const char *at, char **to)
{
	char quote = 0;
	for (; *at && (quote || !is_blank(*at)); at++) {
		if (quote ? *at == quote : *at == '\'' || *at == '"')
			quote = quote ? 0 : *at;
		else if (*at == '\\' && quote != '\'' && at[1])
			*(*to)++ = *++at;
		else
			*(*to)++ = *at;
	}
	*(*to)++ = 0;
	return quote ? NULL : at;
}

enum tok_status lm_command_split(const char *command, struct tok_arena *arena, char ***argv,
				 struct tok_error *err)
{
	/* Each word has a character of the command, and each end one that was a blank. */
	const size_t length = strlen(command);
	char **words = tok_arena_array(arena, length / 2 + 2, sizeof *words);
	char *text = tok_arena_array(arena, length + 1, 1);
	if (!words || !text)
		return tok_fail_memory(err);

	size_t count = 0;
	for (const char *at = command; *at;) {
		if (is_blank(*at)) {
			at++;
			continue;
		}
		words[count++] = text;
		at = copy_word(at, &text);
		if (!at)
			return tok_fail(err, TOK_EARG, "a quote in this command has no end: '%s'",
					command);
	}
	if (count == 0)
		return tok_fail(err, TOK_EARG, "there is no command");
	*argv = words;
	return TOK_OK;
}
