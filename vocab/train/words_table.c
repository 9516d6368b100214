#include "vocab/train/words_table_internal.h"

#include <endian.h>
#include <stdlib.h>

#include "vocab/train/words_block_internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { FIRST_SLOTS = 1 << 12, CHUNK_BYTES = 1 << 18 };

struct words_chunk {
	struct words_chunk *next;
	size_t used, capacity;
	uint8_t bytes[];
};

/* ---- slots ---------------------------------------------------------------- */

/* As many words as so many slots hold, 13 in 16. */
static size_t load_of(size_t slots)
{
	return slots / 16 * 13;
}

static size_t slots_for(size_t slots, size_t words)
{
	if (slots == 0)
		slots = FIRST_SLOTS;
	while (load_of(slots) < words)
		slots += slots / 2;
	return slots;
}

/* Rises with the hash, so that a table is moved into a larger one from end to end. */
static size_t home_of(uint64_t hash, size_t slots)
{
	return (size_t)(((hash >> 32) * (uint64_t)slots) >> 32);
}

size_t words_table_bytes_for(const struct words_table *t, size_t count, size_t bytes)
{
	const size_t shorts = slots_for(t->short_slots, t->short_count + t->pending_count + count);
	const size_t longs = slots_for(t->long_slots, t->long_count + count);
	size_t sum = shorts * sizeof *t->shorts + longs * sizeof *t->longs;
	if (shorts != t->short_slots)
		sum += t->short_slots * sizeof *t->shorts;
	if (longs != t->long_slots)
		sum += t->long_slots * sizeof *t->longs;
	return sum + t->long_count * sizeof *t->long_order + t->chunk_bytes + bytes;
}

/* ---- short words ---------------------------------------------------------- */

#define TOP_BYTES(n) ((n) <= 0 ? 0 : ~(uint64_t)0 << ((64 - 8 * (n)) & 63))
#define MASK(n)                                                                                    \
	{                                                                                          \
		TOP_BYTES((n) < 8 ? (n) : 8), TOP_BYTES((n)-8)                                     \
	}

static const struct words_key masks[WORDS_SHORT_MAX + 1] = {
	MASK(0), MASK(1), MASK(2),  MASK(3),  MASK(4),  MASK(5),  MASK(6),  MASK(7),
	MASK(8), MASK(9), MASK(10), MASK(11), MASK(12), MASK(13), MASK(14), MASK(15),
};

static uint64_t load(const uint8_t *at)
{
	uint64_t number;
	memcpy(&number, at, sizeof number);
	return be64toh(number);
}

static struct words_key make_key(struct tok_span text, struct tok_range word)
{
	const size_t length = word.end - word.begin;
	const uint8_t *at = text.bytes + word.begin;
	uint8_t copy[16] = { 0 };
	if (word.begin + sizeof copy > text.count) {
		memcpy(copy, at, length);
		at = copy;
	}
	return (struct words_key){ load(at) & masks[length].high,
				   (load(at + 8) & masks[length].low) | length };
}

static uint64_t hash_key(struct words_key key)
{
	const uint64_t sum = key.high * 0x9E3779B97F4A7C15u + key.low * 0xC2B2AE3D27D4EB4Fu;
	return (sum ^ sum >> 32) * 0xD6E8FEB86659FD93u;
}

static struct words_record *find_short(struct words_record *shorts, size_t slots, size_t at,
				       struct words_key key)
{
	while (shorts[at].low && (shorts[at].low != key.low || shorts[at].high != key.high))
		at = at + 1 < slots ? at + 1 : 0;
	return &shorts[at];
}

/* Where the count of a word is; a new one has 0. */
static uint64_t *put_short(struct words_table *t, struct words_key key, size_t home)
{
	struct words_record *slot = find_short(t->shorts, t->short_slots, home, key);
	if (!slot->low) {
		slot->high = key.high;
		slot->low = key.low;
		t->short_count++;
	}
	return &slot->payload;
}

static void count_pending(struct words_table *t)
{
	for (size_t i = 0; i < t->pending_count; i++)
		++*put_short(t, t->pending[i], t->pending_homes[i]);
	t->pending_count = 0;
}

static void add_pending(struct words_table *t, struct words_key key)
{
	const size_t home = home_of(hash_key(key), t->short_slots);
	if (t->pending_count == WORDS_BATCH)
		count_pending(t);
	__builtin_prefetch(&t->shorts[home], 1);
	t->pending[t->pending_count] = key;
	t->pending_homes[t->pending_count++] = home;
}

static bool grow_shorts(struct words_table *t, size_t slots)
{
	count_pending(t);
	struct words_record *grown = calloc(slots, sizeof *grown);
	if (!grown)
		return false;
	for (size_t i = 0; i < t->short_slots; i++) {
		const struct words_record *from = &t->shorts[i];
		const struct words_key key = { from->high, from->low };
		if (from->low)
			*find_short(grown, slots, home_of(hash_key(key), slots), key) = *from;
	}
	free(t->shorts);
	t->shorts = grown;
	t->short_slots = slots;
	return true;
}

/* ---- long words ----------------------------------------------------------- */

static struct words_long *find_long(struct words_long *longs, size_t slots, uint64_t hash,
				    struct tok_span word)
{
	size_t at = home_of(hash, slots);
	for (; longs[at].bytes; at = at + 1 < slots ? at + 1 : 0)
		if (longs[at].tag == (uint32_t)hash && longs[at].count_of_bytes == word.count &&
		    memcmp(longs[at].bytes, word.bytes, word.count) == 0)
			break;
	return &longs[at];
}

static const uint8_t *keep_bytes(struct words_table *t, struct tok_span word)
{
	struct words_chunk *chunk = t->chunks;
	if (!chunk || chunk->capacity - chunk->used < word.count) {
		const size_t capacity = word.count > CHUNK_BYTES ? word.count : CHUNK_BYTES;
		chunk = malloc(sizeof *chunk + capacity);
		if (!chunk)
			return NULL;
		*chunk = (struct words_chunk){ .next = t->chunks, .capacity = capacity };
		t->chunks = chunk;
		t->chunk_bytes += sizeof *chunk + capacity;
	}
	uint8_t *at = chunk->bytes + chunk->used;
	memcpy(at, word.bytes, word.count);
	chunk->used += word.count;
	return at;
}

/* As put_short; NULL if memory is out. */
static uint64_t *put_long(struct words_table *t, struct tok_span word)
{
	const uint64_t hash = XXH3_64bits(word.bytes, word.count);
	struct words_long *slot = find_long(t->longs, t->long_slots, hash, word);
	if (!slot->bytes) {
		const uint8_t *kept = keep_bytes(t, word);
		if (!kept)
			return NULL;
		*slot = (struct words_long){ kept, (uint32_t)word.count, (uint32_t)hash, 0 };
		t->long_count++;
	}
	return &slot->count;
}

static bool grow_longs(struct words_table *t, size_t slots)
{
	struct words_long *grown = calloc(slots, sizeof *grown);
	if (!grown)
		return false;
	for (size_t i = 0; i < t->long_slots; i++) {
		const struct words_long *from = &t->longs[i];
		const struct tok_span word = { from->bytes, from->count_of_bytes };
		if (from->bytes)
			*find_long(grown, slots, XXH3_64bits(word.bytes, word.count), word) = *from;
	}
	free(t->longs);
	t->longs = grown;
	t->long_slots = slots;
	return true;
}

/* ---- adding --------------------------------------------------------------- */

bool words_table_reserve(struct words_table *t, size_t count)
{
	const size_t shorts = slots_for(t->short_slots, t->short_count + t->pending_count + count);
	const size_t longs = slots_for(t->long_slots, t->long_count + count);
	return (shorts == t->short_slots || grow_shorts(t, shorts)) &&
	       (longs == t->long_slots || grow_longs(t, longs));
}

bool words_table_add(struct words_table *t, struct tok_span text, const struct tok_range *words,
		     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i].end - words[i].begin <= WORDS_SHORT_MAX) {
			add_pending(t, make_key(text, words[i]));
		} else {
			uint64_t *times =
			    put_long(t, tok_span_slice(text, words[i].begin, words[i].end));
			if (!times)
				return false;
			++*times;
		}
	}
	return true;
}

enum tok_status words_table_add_count(struct words_table *t, struct tok_span word, uint64_t times,
				      struct tok_error *err)
{
	uint64_t *sum;
	if (word.count <= WORDS_SHORT_MAX) {
		const struct words_key key =
		    make_key(word, (struct tok_range){ 0, (uint32_t)word.count });
		sum = put_short(t, key, home_of(hash_key(key), t->short_slots));
	} else {
		sum = put_long(t, word);
	}
	if (!sum)
		return tok_fail_memory(err);
	if (times > UINT64_MAX - *sum)
		return tok_fail(err, TOK_ELIMIT, "a word was met more than 2^64 - 1 times");
	*sum += times;
	return TOK_OK;
}

size_t words_table_size(struct words_table *t)
{
	count_pending(t);
	return t->short_count + t->long_count;
}

/* ---- in order ------------------------------------------------------------- */

static void sort_shorts(struct words_table *t)
{
	size_t kept = 0;
	for (size_t i = 0; i < t->short_slots; i++)
		if (t->shorts[i].low)
			t->shorts[kept++] = t->shorts[i];
	words_sort(t->shorts, kept);
}

static int compare_longs(const void *a, const void *b)
{
	const struct words_long *x =
	    (const void *)(uintptr_t)((const struct words_record *)a)->payload;
	const struct words_long *y =
	    (const void *)(uintptr_t)((const struct words_record *)b)->payload;
	return words_compare((struct tok_span){ x->bytes, x->count_of_bytes },
			     (struct tok_span){ y->bytes, y->count_of_bytes });
}

/* By their first bytes, and those that agree in them by the rest. */
static bool sort_longs(struct words_table *t)
{
	size_t kept = 0;
	if (t->long_count == 0)
		return true;
	struct words_record *order = malloc(t->long_count * sizeof *order);
	if (!order)
		return false;
	for (size_t i = 0; i < t->long_slots; i++)
		if (t->longs[i].bytes)
			order[kept++] = (struct words_record){ load(t->longs[i].bytes),
							       load(t->longs[i].bytes + 8),
							       (uint64_t)(uintptr_t)&t->longs[i] };
	words_sort(order, kept);
	for (size_t i = 0, end; i < kept; i = end) {
		for (end = i + 1; end < kept && order[end].high == order[i].high &&
				  order[end].low == order[i].low;)
			end++;
		if (end - i > 1)
			qsort(order + i, end - i, sizeof *order, compare_longs);
	}
	t->long_order = order;
	return true;
}

/* Does the short word come first?  Where the long one begins with all of its bytes and
 * then has zeros, it does. */
static bool is_short_first(const struct words_record *a, const struct words_record *b)
{
	return a->high != b->high ? a->high < b->high : a->low >> 8 <= b->low >> 8;
}

static struct vocab_word take_short(struct words_table *t)
{
	const struct words_record *slot = &t->shorts[t->next_short++];
	const uint64_t high = htobe64(slot->high), low = htobe64(slot->low);
	memcpy(t->word, &high, sizeof high);
	memcpy(t->word + 8, &low, sizeof low);
	t->stream.totals.words += slot->payload;
	return (struct vocab_word){ { t->word, slot->low & 0xFF }, slot->payload };
}

static struct vocab_word take_long(struct words_table *t)
{
	const struct words_long *slot =
	    (const void *)(uintptr_t)t->long_order[t->next_long++].payload;
	t->stream.totals.words += slot->count;
	return (struct vocab_word){ { slot->bytes, slot->count_of_bytes }, slot->count };
}

static void free_chunks(struct words_table *t)
{
	while (t->chunks) {
		struct words_chunk *next = t->chunks->next;
		free(t->chunks);
		t->chunks = next;
	}
	t->chunk_bytes = 0;
}

/* Whoever reads the words makes something of them that needs the memory. */
static void drop_words(struct words_table *t)
{
	free_chunks(t);
	free(t->long_order);
	free(t->shorts);
	free(t->longs);
	t->long_order = NULL;
	t->shorts = NULL;
	t->longs = NULL;
	t->short_slots = t->long_slots = 0;
}

static enum tok_status table_next(struct vocab_word_stream *self, struct vocab_word *out,
				  struct tok_error *err)
{
	struct words_table *t = (struct words_table *)self;
	const bool has_short = t->next_short < t->short_count;
	const bool has_long = t->next_long < t->long_count;
	(void)err;
	*out = (struct vocab_word){ 0 };
	t->stream.totals.distinct = t->short_count + t->long_count;
	if (has_short &&
	    (!has_long || is_short_first(&t->shorts[t->next_short], &t->long_order[t->next_long])))
		*out = take_short(t);
	else if (has_long)
		*out = take_long(t);
	else if (t->read_once)
		drop_words(t);
	return TOK_OK;
}

enum tok_status words_table_sort(struct words_table *t, struct tok_error *err)
{
	if (t->sorted)
		return TOK_OK;
	count_pending(t);
	/* Where this fails it may be tried again. */
	if (!sort_longs(t))
		return tok_fail_memory(err);
	sort_shorts(t);
	t->sorted = true;
	t->stream.next = table_next;
	return TOK_OK;
}

struct vocab_word_stream *words_table_stream(struct words_table *table)
{
	return &table->stream;
}

/* ---- the end -------------------------------------------------------------- */

void words_table_clear(struct words_table *t)
{
	free_chunks(t);
	free(t->long_order);
	t->long_order = NULL;
	if (t->short_slots)
		memset(t->shorts, 0, t->short_slots * sizeof *t->shorts);
	if (t->long_slots)
		memset(t->longs, 0, t->long_slots * sizeof *t->longs);
	t->pending_count = 0;
	t->short_count = t->long_count = t->next_short = t->next_long = 0;
	t->sorted = false;
	t->stream.totals = (struct vocab_word_totals){ 0 };
}

void words_table_release(struct words_table *t)
{
	drop_words(t);
	*t = (struct words_table){ 0 };
}
