#include "tok/model/bpe_internal.h"

#include <sys/mman.h>

#define MEMO_BYTES (TOK_MEMO_BUCKETS * TOK_MEMO_WAYS * sizeof(struct tok_memo_entry))
/* Large pages save a fault and a translation a bucket; they begin at multiples
 * of this. */
#define LARGE_PAGE ((size_t)2 << 20)

bool tok_memo_init(struct tok_memo *memo)
{
	/* From the system, not from malloc: pages that no piece falls on cost nothing. */
	void *memory = mmap(NULL, MEMO_BYTES + LARGE_PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*memo = (struct tok_memo){ 0 };
	if (memory == MAP_FAILED)
		return false;
	const uintptr_t begin = ((uintptr_t)memory + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	memo->memory = memory;
	memo->entries = (struct tok_memo_entry *)begin;
	madvise(memo->entries, MEMO_BYTES, MADV_HUGEPAGE);
	return true;
}

void tok_memo_release(struct tok_memo *memo)
{
	if (memo->memory)
		munmap(memo->memory, MEMO_BYTES + LARGE_PAGE);
	*memo = (struct tok_memo){ 0 };
}

void tok_memo_claim(struct tok_memo *memo, uint64_t owner)
{
	if (memo->owner == owner)
		return;
	if (memo->owner != 0)
		memset(memo->entries, 0, MEMO_BYTES);
	memo->owner = owner;
}

void tok_memo_put(struct tok_memo *memo, struct tok_memo_key key, const tok_id *ids, size_t count)
{
	struct tok_memo_entry *entry =
	    &memo->entries[tok_memo_bucket(tok_memo_hash(key)) * TOK_MEMO_WAYS];
	if (entry[1].ids[0] & TOK_MEMO_FOUND)
		entry[0] = entry[1];
	entry[1] = (struct tok_memo_entry){ .key = key };
	memcpy(entry[1].ids, ids, count * sizeof *ids);
	entry[1].ids[0] |= (uint32_t)count << TOK_MEMO_COUNT_SHIFT;
}
