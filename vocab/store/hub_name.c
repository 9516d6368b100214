/* Names of models, as a hub has them, and what came of fetching one. */
#include <ctype.h>
#include <stdio.h>

#include "vocab/store/hub.h"

static bool is_one_of(char c, const char *more)
{
	return isalnum((unsigned char)c) || (c && strchr(more, c));
}

/* One or two parts. */
static bool is_model(const char *name, size_t count)
{
	size_t slashes = 0, begin = 0;
	for (size_t i = 0; i <= count; i++) {
		if (i < count && name[i] != '/') {
			if (!is_one_of(name[i], "._-"))
				return false;
			continue;
		}
		if (strspn(name + begin, ".") >= i - begin)
			return false;
		slashes += i < count;
		begin = i + 1;
	}
	return slashes <= 1;
}

/* Names of branches may have slashes, and no "..". */
static bool is_revision(const char *name)
{
	if (!*name || *name == '/' || strlen(name) > VOCAB_HUB_REVISION_MAX || strstr(name, ".."))
		return false;
	for (; *name; name++)
		if (!is_one_of(*name, "._-/"))
			return false;
	return true;
}

bool vocab_hub_parse(const char *text, struct vocab_hub_model *out)
{
	const char *at = strchr(text, '@');
	const size_t count = at ? (size_t)(at - text) : strlen(text);
	const char *revision = at ? at + 1 : "main";
	if (count > VOCAB_STORE_NAME_MAX || !is_model(text, count) || !is_revision(revision))
		return false;
	snprintf(out->name, sizeof out->name, "%.*s", (int)count, text);
	snprintf(out->revision, sizeof out->revision, "%s", revision);
	return true;
}

void vocab_hub_release(struct vocab_hub_tokenizer *tokenizer)
{
	tok_arena_release(&tokenizer->arena);
	*tokenizer = (struct vocab_hub_tokenizer){ 0 };
}
