#include "tok/model/words_internal.h"

#include <sys/mman.h>

#define SLOT_BYTES (((size_t)2 << TOK_WORD_PAIR_BITS) * sizeof(struct tok_word_slot))
/* One large page holds all slots: one translation, and one fault. */
#define LARGE_PAGE ((size_t)2 << 20)

_Static_assert(sizeof(struct tok_word_slot) == 64, "a slot is a cache line");

bool tok_words_init(struct tok_words *words)
{
	void *memory = mmap(NULL, SLOT_BYTES + LARGE_PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*words = (struct tok_words){ 0 };
	if (memory == MAP_FAILED)
		return false;
	words->memory = memory;
	words->slots = (struct tok_word_slot *)(((uintptr_t)memory + LARGE_PAGE - 1) / LARGE_PAGE *
						LARGE_PAGE);
	madvise(words->slots, SLOT_BYTES, MADV_HUGEPAGE);
	return true;
}

void tok_words_release(struct tok_words *words)
{
	if (words->memory)
		munmap(words->memory, SLOT_BYTES + LARGE_PAGE);
	*words = (struct tok_words){ 0 };
}

void tok_words_forget(struct tok_words *words)
{
	memset(words->slots, 0, SLOT_BYTES);
}
