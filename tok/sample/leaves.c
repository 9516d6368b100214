#include "tok/sample/leaves_internal.h"

#include <stdlib.h>
#include <string.h>

/* Ids are copied eight at a time, past the end of a stretch: so many more lie behind
 * both arrays. */
enum { STEP = 8 };

/* ---- memory -------------------------------------------------------------------------- */

static void *resize(void *array, size_t count, size_t size)
{
	return count <= SIZE_MAX / size ? realloc(array, count * size) : NULL;
}

static bool set_room(struct tok_leaves *leaves, size_t room)
{
	tok_id *ids = resize(leaves->ids, room + STEP, sizeof *ids);
	if (ids)
		leaves->ids = ids;
	uint32_t *next = resize(leaves->next, room, sizeof *next);
	if (next)
		leaves->next = next;
	uint64_t *grown = resize(leaves->grown, room / 64 + 1, sizeof *grown);
	if (grown)
		leaves->grown = grown;
	if (!ids || !next || !grown)
		return false;
	leaves->room = room;
	return true;
}

bool tok_leaves_reserve(struct tok_leaves *leaves, size_t splits)
{
	if (splits <= leaves->room - leaves->count)
		return true;
	if (splits > SIZE_MAX / 2 - leaves->count)
		return false;
	const size_t needed = leaves->count + splits, more = leaves->room + leaves->room / 2;
	return set_room(leaves, needed > more ? needed : more);
}

bool tok_leaves_start(struct tok_leaves *leaves, const tok_id *ids, size_t count)
{
	leaves->count = leaves->roots = 0;
	if (!tok_leaves_reserve(leaves, count + 1))
		return false;
	leaves->count = leaves->roots = count;
	if (count)
		memcpy(leaves->ids, ids, count * sizeof *ids);
	memset(leaves->next, 0, count * sizeof *leaves->next);
	memset(leaves->grown, 0, (count / 64 + 1) * sizeof *leaves->grown);
	return true;
}

void tok_leaves_release(struct tok_leaves *leaves)
{
	free(leaves->ids);
	free(leaves->next);
	free(leaves->grown);
	free(leaves->joined);
	*leaves = (struct tok_leaves){ 0 };
}

/* ---- the sequence -------------------------------------------------------------------- */

/* Up to STEP - 1 more are read and written. */
static tok_id *copy_stretch(tok_id *out, const tok_id *ids, size_t count)
{
	for (size_t i = 0; i < count; i += STEP)
		memcpy(out + i, ids + i, STEP * sizeof *out);
	return out + count;
}

static tok_id *copy_tree(const struct tok_leaves *leaves, tok_id *out, size_t root)
{
	uint32_t leaf = (uint32_t)root;
	do {
		*out++ = leaves->ids[leaf];
		leaf = leaves->next[leaf];
	} while (leaf);
	return out;
}

const tok_id *tok_leaves_join(struct tok_leaves *leaves)
{
	if (leaves->joined_room < leaves->room) {
		tok_id *joined = resize(leaves->joined, leaves->room + STEP, sizeof *joined);
		if (!joined)
			return NULL;
		leaves->joined = joined;
		leaves->joined_room = leaves->room;
	}
	tok_id *out = leaves->joined;
	size_t done = 0;
	for (size_t base = 0; base < leaves->roots; base += 64) {
		uint64_t grown = leaves->grown[base / 64];
		if (leaves->roots - base < 64) /* the bit that is written to only */
			grown &= ((uint64_t)1 << (leaves->roots - base)) - 1;
		for (; grown; grown &= grown - 1) {
			const size_t root = base + (size_t)__builtin_ctzll(grown);
			out = copy_stretch(out, leaves->ids + done, root - done);
			out = copy_tree(leaves, out, root);
			done = root + 1;
		}
	}
	copy_stretch(out, leaves->ids + done, leaves->roots - done);
	return leaves->joined;
}
