#include "tok/model/bpe_internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

struct tok_memo_slot *tok_memo_slot(struct tok_memo_slot *slots, struct tok_span text)
{
	return &slots[XXH3_64bits(text.bytes, text.count) % TOK_MEMO_SLOTS];
}
