#include "tok/model/bpe_internal.h"

#include <stdlib.h>

enum { PAGE = 256 };

static bool add_page(struct tok_charmap *map)
{
	const size_t count = (map->page_count + 1) * (size_t)PAGE;
	if (!tok_grow(&map->building, &map->capacity, count, sizeof *map->building))
		return false;
	memset(map->building + map->page_count * PAGE, 0xFF, PAGE * sizeof *map->building);
	map->page_count++;
	map->symbols = map->building;
	return true;
}

bool tok_charmap_init(struct tok_charmap *map, struct tok_arena *arena)
{
	*map = (struct tok_charmap){ 0 };
	map->pages = tok_arena_array(arena, TOK_CHARMAP_PAGES, sizeof *map->pages);
	return map->pages && add_page(map); /* page 0: nothing */
}

bool tok_charmap_set(struct tok_charmap *map, uint32_t code, uint32_t symbol)
{
	uint16_t *page = &map->pages[code >> 8];
	if (*page == 0) {
		if (!add_page(map))
			return false;
		*page = (uint16_t)(map->page_count - 1);
	}
	map->building[(size_t)*page * PAGE + (code & 0xFF)] = symbol;
	return true;
}

bool tok_charmap_freeze(struct tok_charmap *map, struct tok_arena *arena)
{
	const size_t count = map->page_count * (size_t)PAGE;
	uint32_t *kept = tok_arena_array(arena, count, sizeof *kept);
	if (!kept)
		return false;
	memcpy(kept, map->building, count * sizeof *kept);
	tok_charmap_discard(map);
	map->symbols = kept;
	return true;
}

void tok_charmap_discard(struct tok_charmap *map)
{
	free(map->building);
	map->building = NULL;
	map->symbols = NULL;
	map->capacity = 0;
}
