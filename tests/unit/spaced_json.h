/* spaced_json.h - a small tokenizer.json of a BPE between characters, spaces as U+2581. */
#ifndef TESTS_UNIT_SPACED_JSON_H
#define TESTS_UNIT_SPACED_JSON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tok/base/buffer.h"

#define SPACED_REPLACE                                                                             \
	"{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\u2581\"}"
#define SPACED_PREPEND                                                                             \
	"{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"\u2581\"},"   \
	"" SPACED_REPLACE "]}"
#define SPACED_ADDED(id, content, special)                                                         \
	"{\"id\":" #id ",\"content\":\"" content "\",\"single_word\":false,\"lstrip\":false,"      \
	"\"rstrip\":false,\"normalized\":false,\"special\":" #special "}"
#define SPACED_UNK "\"unk_token\":\"<unk>\","

struct spaced {
	const char *normalizer, *pretokenizer, *model;
	const char *vocab, *merges, *added; /* more of them, each with a comma in front */
	int missing;                        /* a byte without a token; -1: none */
};

/* <unk> <s> </s>, 256 bytes, and from 259 on in this order _ a b c ab _a abc _ab __ cba.
 * The merge of _a and b never happens: a and b come first. */
static inline struct tok_buffer spaced_json(const struct spaced *s)
{
	static const char added[] = SPACED_ADDED(0, "<unk>", true) "," SPACED_ADDED(
	    1, "<s>", true) "," SPACED_ADDED(2, "</s>", true);
	static const char vocab[] =
	    "\"\u2581\":259,\"a\":260,\"b\":261,\"c\":262,\"ab\":263,\"\u2581a\":264,\"abc\":265,"
	    "\"\u2581ab\":266,\"\u2581\u2581\":267,\"cba\":268";
	static const char merges[] =
	    "[\"a\",\"b\"],[\"\u2581\",\"a\"],[\"\u2581a\",\"b\"],[\"ab\",\"c\"],"
	    "[\"\u2581\",\"ab\"],[\"\u2581\",\"\u2581\"]";
	struct tok_buffer out = { 0 };
	char bytes[256 * 16] = "", *text;
	size_t at = 0;
	for (int i = 0; i < 256; i++)
		if (i != s->missing)
			at += (size_t)snprintf(bytes + at, sizeof bytes - at, "\"<0x%02X>\":%d,",
					       (unsigned)i, 3 + i);
	if (asprintf(&text,
		     "{\"version\":\"1.0\",\"added_tokens\":[%s%s],\"normalizer\":%s,"
		     "\"pre_tokenizer\":%s,\"post_processor\":null,\"decoder\":null,\"model\":{"
		     "\"type\":\"BPE\",\"fuse_unk\":true,\"byte_fallback\":true,%s\"vocab\":{"
		     "\"<unk>\":0,\"<s>\":1,\"</s>\":2,%s%s%s},\"merges\":[%s%s]}}",
		     added, s->added, s->normalizer, s->pretokenizer, s->model, bytes, vocab,
		     s->vocab, merges, s->merges) < 0)
		abort();
	if (!tok_buffer_add(&out, text, strlen(text)))
		abort();
	free(text);
	return out;
}

#endif
