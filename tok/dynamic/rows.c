#include "tok/dynamic/rows.h"

#include <stdlib.h>
#include <xxhash.h>

#include "tok/base/buffer.h"

#define NONE UINT32_MAX

struct entry {
	struct tok_span text; /* a copy of our own; .bytes NULL: the slot is free */
	uint64_t hash;
	uint64_t number; /* rows made before it */
	uint64_t call;   /* the last one that needed it */
	uint32_t newer, older;
};

/* From a text to a number: open addressing, a power of two at least twice its keys. */
struct table {
	uint32_t *cells;
	size_t mask;
};

struct tok_rows {
	size_t capacity, width;
	float *floats;
	struct entry *entries; /* by slot */
	struct table table;
	uint32_t *free_slots; /* a stack */
	size_t free_count;
	uint32_t newest, oldest;
	uint64_t calls, hits, made;

	/* Of one call: texts that are to be made, where their rows are made, and of every
	 * text its slot, or its number among those to be made, behind all slots. */
	struct entry *fresh;
	float *staged;
	float **staged_rows;
	struct tok_span *asked;
	size_t *found;
	uint32_t *cells;
	size_t fresh_capacity, staged_capacity, staged_rows_capacity, asked_capacity,
	    found_capacity, cell_capacity;
};

static size_t power_for(size_t keys)
{
	size_t cells = 4;
	while (cells < 2 * keys)
		cells *= 2;
	return cells;
}

enum tok_status tok_rows_new(size_t capacity, size_t width, struct tok_rows **out,
			     struct tok_error *err)
{
	if (capacity == 0 || width == 0)
		return tok_fail(err, TOK_EARG, "a cache of %zu rows of %zu floats holds nothing",
				capacity, width);
	if (capacity > TOK_ROWS_MAX || width > SIZE_MAX / sizeof(float) / capacity)
		return tok_fail(err, TOK_ELIMIT,
				"a cache of %zu rows of %zu floats is too large: at most %zu rows "
				"are taken",
				capacity, width, TOK_ROWS_MAX);
	struct tok_rows *r = calloc(1, sizeof *r);
	if (!r)
		return tok_fail_memory(err);
	const size_t cells = power_for(capacity);
	r->capacity = r->free_count = capacity;
	r->width = width;
	r->newest = r->oldest = NONE;
	r->table.mask = cells - 1;
	r->floats = malloc(capacity * width * sizeof *r->floats);
	r->entries = calloc(capacity, sizeof *r->entries);
	r->free_slots = malloc(capacity * sizeof *r->free_slots);
	r->table.cells = malloc(cells * sizeof *r->table.cells);
	if (!r->floats || !r->entries || !r->free_slots || !r->table.cells) {
		tok_rows_free(r);
		return tok_fail_memory(err);
	}
	memset(r->table.cells, 0xFF, cells * sizeof *r->table.cells);
	for (size_t i = 0; i < capacity; i++)
		r->free_slots[i] = (uint32_t)(capacity - 1 - i);
	*out = r;
	return TOK_OK;
}

/* free() takes no pointer to const. */
static void free_text(struct tok_span text)
{
	void *bytes;
	memcpy(&bytes, &text.bytes, sizeof bytes);
	free(bytes);
}

void tok_rows_free(struct tok_rows *r)
{
	if (!r)
		return;
	for (size_t i = 0; r->entries && i < r->capacity; i++)
		free_text(r->entries[i].text);
	free(r->floats);
	free(r->entries);
	free(r->free_slots);
	free(r->table.cells);
	free(r->fresh);
	free(r->staged);
	free(r->staged_rows);
	free(r->asked);
	free(r->found);
	free(r->cells);
	free(r);
}

/* ---- the table ------------------------------------------------------------------- */

/* The cell that holds `text`, or the free one where it would be. */
static size_t cell_of(struct table table, const struct entry *entries, struct tok_span text,
		      uint64_t hash)
{
	size_t cell = (size_t)hash & table.mask;
	for (; table.cells[cell] != NONE; cell = (cell + 1) & table.mask) {
		const struct entry *entry = &entries[table.cells[cell]];
		if (entry->hash == hash && tok_span_equal(entry->text, text))
			break;
	}
	return cell;
}

/* Empty a cell, and move up what would not be found behind the gap. */
static void drop_cell(struct table table, const struct entry *entries, size_t gap)
{
	size_t cell = gap;
	for (;;) {
		cell = (cell + 1) & table.mask;
		if (table.cells[cell] == NONE)
			break;
		const size_t home = (size_t)entries[table.cells[cell]].hash & table.mask;
		if (((cell - home) & table.mask) >= ((cell - gap) & table.mask)) {
			table.cells[gap] = table.cells[cell];
			gap = cell;
		}
	}
	table.cells[gap] = NONE;
}

/* ---- by age ------------------------------------------------------------------------ */

static void unlink_slot(struct tok_rows *r, uint32_t slot)
{
	const struct entry *entry = &r->entries[slot];
	*(entry->newer == NONE ? &r->newest : &r->entries[entry->newer].older) = entry->older;
	*(entry->older == NONE ? &r->oldest : &r->entries[entry->older].newer) = entry->newer;
}

static void make_newest(struct tok_rows *r, uint32_t slot)
{
	struct entry *entry = &r->entries[slot];
	entry->newer = NONE;
	entry->older = r->newest;
	*(r->newest == NONE ? &r->oldest : &r->entries[r->newest].newer) = slot;
	r->newest = slot;
}

/* Give up `count` of those that this call does not need, the oldest first. */
static void evict(struct tok_rows *r, size_t count)
{
	for (uint32_t slot = r->oldest; count > 0;) {
		struct entry *entry = &r->entries[slot];
		const uint32_t next = entry->newer;
		if (entry->call != r->calls) {
			drop_cell(r->table, r->entries,
				  cell_of(r->table, r->entries, entry->text, entry->hash));
			unlink_slot(r, slot);
			free_text(entry->text);
			entry->text = (struct tok_span){ NULL, 0 };
			r->free_slots[r->free_count++] = slot;
			count--;
		}
		slot = next;
	}
}

/* ---- one call ------------------------------------------------------------------------ */

static bool reserve(struct tok_rows *r, size_t count)
{
	return tok_grow(&r->found, &r->found_capacity, count, sizeof *r->found) &&
	       tok_grow(&r->fresh, &r->fresh_capacity, count, sizeof *r->fresh) &&
	       tok_grow(&r->cells, &r->cell_capacity, power_for(count), sizeof *r->cells);
}

/* Tell those that are there from those to be made, of which *fresh is the number; r->found
 * of these begins at r->capacity.  Returns how many different texts were there. */
static size_t look_up(struct tok_rows *r, const struct tok_span *texts, size_t count, size_t *fresh)
{
	const struct table news = { r->cells, power_for(count) - 1 };
	size_t known = 0;
	*fresh = 0;
	memset(r->cells, 0xFF, (news.mask + 1) * sizeof *r->cells);
	for (size_t i = 0; i < count; i++) {
		const uint64_t hash = XXH3_64bits(texts[i].bytes, texts[i].count);
		const uint32_t slot = r->table.cells[cell_of(r->table, r->entries, texts[i], hash)];
		if (slot != NONE) {
			known += r->entries[slot].call != r->calls;
			r->entries[slot].call = r->calls;
			r->found[i] = slot;
			continue;
		}
		const size_t cell = cell_of(news, r->fresh, texts[i], hash);
		if (news.cells[cell] == NONE) {
			r->fresh[*fresh] = (struct entry){ .text = texts[i], .hash = hash };
			news.cells[cell] = (uint32_t)(*fresh)++;
		}
		r->found[i] = r->capacity + news.cells[cell];
	}
	return known;
}

static void free_copies(struct tok_rows *r, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free_text(r->fresh[i].text);
}

/* From here on the texts are copies that are ours. */
static bool copy_texts(struct tok_rows *r, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct tok_span text = r->fresh[i].text;
		uint8_t *copy = malloc(text.count ? text.count : 1);
		if (!copy) {
			free_copies(r, i);
			return false;
		}
		if (text.count)
			memcpy(copy, text.bytes, text.count);
		r->fresh[i].text.bytes = copy;
	}
	return true;
}

/* Rows are made apart from the others: those that will be given up are still needed if
 * the maker fails. */
static enum tok_status make(struct tok_rows *r, size_t count, tok_rows_maker *maker, void *context,
			    struct tok_error *err)
{
	if (count == 0)
		return TOK_OK;
	if (!tok_grow(&r->staged, &r->staged_capacity, count, r->width * sizeof *r->staged) ||
	    !tok_grow(&r->staged_rows, &r->staged_rows_capacity, count, sizeof *r->staged_rows) ||
	    !tok_grow(&r->asked, &r->asked_capacity, count, sizeof *r->asked) ||
	    !copy_texts(r, count))
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		r->asked[i] = r->fresh[i].text;
		r->staged_rows[i] = r->staged + i * r->width;
	}
	const enum tok_status status = maker(context, r->asked, count, r->staged_rows, err);
	if (status != TOK_OK)
		free_copies(r, count);
	return status;
}

static void put(struct tok_rows *r, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint32_t slot = r->free_slots[--r->free_count];
		struct entry *entry = &r->entries[slot];
		*entry = r->fresh[i];
		entry->call = r->calls;
		entry->number = r->made + i;
		memcpy(r->floats + slot * r->width, r->staged + i * r->width,
		       r->width * sizeof *r->floats);
		r->table.cells[cell_of(r->table, r->entries, entry->text, entry->hash)] = slot;
		make_newest(r, slot);
		r->fresh[i].newer = slot; /* for whoever asked for it */
	}
}

enum tok_status tok_rows_get(struct tok_rows *r, const struct tok_span *texts, size_t count,
			     tok_rows_maker *maker, void *context, size_t *slots,
			     struct tok_error *err)
{
	size_t fresh;
	if (count > TOK_ROWS_MAX)
		return tok_fail(err, TOK_ELIMIT, "rows of %zu texts at once: at most %zu are taken",
				count, TOK_ROWS_MAX);
	if (!reserve(r, count))
		return tok_fail_memory(err);
	r->calls++;
	const size_t known = look_up(r, texts, count, &fresh);
	if (known + fresh > r->capacity)
		return tok_fail(err, TOK_ELIMIT,
				"rows of %zu different texts at once: the cache holds %zu",
				known + fresh, r->capacity);
	const enum tok_status status = make(r, fresh, maker, context, err);
	if (status != TOK_OK)
		return status;
	if (fresh > r->free_count)
		evict(r, fresh - r->free_count);
	put(r, fresh);
	for (size_t i = 0; i < count; i++) {
		if (r->found[i] >= r->capacity) {
			slots[i] = r->fresh[r->found[i] - r->capacity].newer;
			continue;
		}
		slots[i] = r->found[i];
		unlink_slot(r, (uint32_t)slots[i]);
		make_newest(r, (uint32_t)slots[i]);
	}
	r->hits += known;
	r->made += fresh;
	return TOK_OK;
}

const float *tok_rows_at(const struct tok_rows *r, size_t slot)
{
	return r->floats + slot * r->width;
}

uint64_t tok_rows_number(const struct tok_rows *r, size_t slot)
{
	return r->entries[slot].number;
}

uint64_t tok_rows_hits(const struct tok_rows *r)
{
	return r->hits;
}

uint64_t tok_rows_made(const struct tok_rows *r)
{
	return r->made;
}
