/*
 * vocab.h - a vocabulary as transplanting sees it: for every id the bytes that it stands for.
 *
 * A plain view; whoever reads the tokenizer's file fills it (cmd/transplant_vocab.h).  Spellings
 * are gone: "Ġa" of one file and "▁a" of another are both the bytes of " a", and <0x0A> is the
 * byte 10.
 */
#ifndef HYPER_TRANSPLANT_VOCAB_H
#define HYPER_TRANSPLANT_VOCAB_H

#include "tok/base/span.h"
#include "tok/base/status.h"
#include "tok/pipe/tokenizer.h"

enum hyper_token_kind {
	HYPER_TOKEN_NONE, /* no token has this id: a hole, or padding behind the last one */
	HYPER_TOKEN_TEXT,
	HYPER_TOKEN_BYTE,   /* stands for a byte where no text does: <0x0A> */
	HYPER_TOKEN_SPECIAL /* .bytes is its name */
};

/* What a special token is for, by its place in configurations and templates. */
enum hyper_role {
	HYPER_ROLE_BOS,
	HYPER_ROLE_EOS,
	HYPER_ROLE_PAD,
	HYPER_ROLE_UNK,
	HYPER_ROLE_SEP,
	HYPER_ROLE_CLS,
	HYPER_ROLE_MASK,
	HYPER_ROLE_COUNT
};

struct hyper_vocab {
	const struct tok_span *bytes;          /* `count` of each */
	const uint8_t *kinds;                  /* enum hyper_token_kind */
	size_t count;                          /* one more than the largest id */
	tok_id roles[HYPER_ROLE_COUNT];        /* TOK_NO_ID where no token has the role */
	const struct tok_tokenizer *tokenizer; /* that has it; borrowed */
};

/* "bos", "eos", ... */
TOK_API const char *hyper_role_name(enum hyper_role role);

#endif
