#include "tok/model/bpe_internal.h"

static uint32_t *make_page(struct tok_arena *arena)
{
	uint32_t *page = tok_arena_array(arena, 256, sizeof *page);
	if (page)
		memset(page, 0xFF, 256 * sizeof *page); /* TOK_SYMBOL_NONE */
	return page;
}

bool tok_charmap_init(struct tok_charmap *map, struct tok_arena *arena)
{
	map->empty = make_page(arena);
	for (size_t i = 0; i < TOK_CHARMAP_PAGES; i++)
		map->pages[i] = map->empty;
	return map->empty != NULL;
}

bool tok_charmap_set(struct tok_charmap *map, struct tok_arena *arena, uint32_t code,
		     uint32_t symbol)
{
	uint32_t **page = &map->pages[code >> 8];
	if (*page == map->empty) {
		uint32_t *made = make_page(arena);
		if (!made)
			return false;
		*page = made;
	}
	(*page)[code & 0xFF] = symbol;
	return true;
}
