#include "tok/bytes/tokens.h"

#include <stdlib.h>

#include "tok/bytes/tokens_internal.h"

/* A text on its way into the trie. */
struct sorted {
	struct tok_span text;
	tok_id id;
};

/* A node while the trie is made: its texts and how many of their bytes led here. */
struct open_node {
	uint32_t begin, end;
};

static int compare_texts(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	const size_t common = x->text.count < y->text.count ? x->text.count : y->text.count;
	const int order = memcmp(x->text.bytes, y->text.bytes, common);
	if (order)
		return order;
	if (x->text.count != y->text.count)
		return x->text.count < y->text.count ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* ---- what ids are ------------------------------------------------------------- */

static enum tok_status copy_texts(struct tok_byte_tokens *t, const struct tok_span *texts,
				  const enum tok_byte_kind *kinds, struct tok_error *err)
{
	t->kinds = tok_arena_array(&t->arena, t->size, 1);
	t->texts = tok_arena_array(&t->arena, t->size, sizeof *t->texts);
	t->others = tok_arena_array(&t->arena, t->size, sizeof *t->others);
	if (!t->kinds || !t->texts || !t->others)
		return tok_fail_memory(err);
	for (tok_id id = 0; id < t->size; id++) {
		enum tok_byte_kind kind = kinds[id];
		if (kind == TOK_BYTE_TEXT && texts[id].count == 0)
			kind = TOK_BYTE_NONTEXT;
		t->kinds[id] = (uint8_t)kind;
		if (kind != TOK_BYTE_TEXT) {
			t->others[t->other_count++] = id;
			continue;
		}
		t->texts[id] = tok_arena_copy(&t->arena, texts[id]);
		if (!t->texts[id].bytes)
			return tok_fail_memory(err);
	}
	t->text_count = t->size - t->other_count;
	return TOK_OK;
}

/* The texts in order; the common beginnings of neighbours tell how many nodes there are. */
static enum tok_status sort_texts(const struct tok_byte_tokens *t, struct sorted **out,
				  size_t *nodes, struct tok_error *err)
{
	const size_t count = t->text_count;
	struct sorted *sorted = calloc(count + 1, sizeof *sorted);
	if (!sorted)
		return tok_fail_memory(err);
	size_t n = 0;
	for (tok_id id = 0; id < t->size; id++)
		if (t->kinds[id] == TOK_BYTE_TEXT)
			sorted[n++] = (struct sorted){ t->texts[id], id };
	if (count)
		qsort(sorted, count, sizeof *sorted, compare_texts);
	*nodes = 1;
	for (size_t i = 0; i < count; i++) {
		const struct tok_span text = sorted[i].text;
		size_t common = 0;
		while (i > 0 && common < text.count && common < sorted[i - 1].text.count &&
		       text.bytes[common] == sorted[i - 1].text.bytes[common])
			common++;
		*nodes += text.count - common;
	}
	*out = sorted;
	return TOK_OK;
}

/* ---- the trie ------------------------------------------------------------------ */

static enum tok_status make_room(struct tok_byte_tokens *t, size_t nodes, struct tok_error *err)
{
	if (nodes >= UINT32_MAX)
		return tok_fail(err, TOK_ELIMIT, "tokens of %zu bytes together are too many",
				nodes);
	t->nodes = (uint32_t)nodes;
	t->first = tok_arena_array(&t->arena, nodes + 1, sizeof *t->first);
	t->bytes = tok_arena_array(&t->arena, nodes, 1);
	t->rank = tok_arena_array(&t->arena, nodes, sizeof *t->rank);
	t->through = tok_arena_array(&t->arena, nodes, sizeof *t->through);
	t->ending = tok_arena_array(&t->arena, nodes, sizeof *t->ending);
	t->by_rank = tok_arena_array(&t->arena, t->text_count, sizeof *t->by_rank);
	t->rank_of = tok_arena_array(&t->arena, t->size, sizeof *t->rank_of);
	return t->first && t->bytes && t->rank && t->through && t->ending && t->by_rank &&
		       t->rank_of
		   ? TOK_OK
		   : tok_fail_memory(err);
}

static void rank_ids(struct tok_byte_tokens *t, const struct sorted *sorted)
{
	for (uint32_t rank = 0; rank < t->text_count; rank++) {
		t->by_rank[rank] = sorted[rank].id;
		t->rank_of[sorted[rank].id] = rank;
	}
	for (size_t i = 0; i < t->other_count; i++)
		t->rank_of[t->others[i]] = (uint32_t)(t->text_count + i);
}

/* Node `node`, whose texts share `depth` bytes: its ids, then a child for each next byte.
 * Returns one more than the last node that there is now. */
static uint32_t open_children(struct tok_byte_tokens *t, const struct sorted *sorted,
			      struct open_node *open, uint32_t node, size_t depth, uint32_t made)
{
	uint32_t i = open[node].begin;
	const uint32_t end = open[node].end;
	t->rank[node] = i;
	t->through[node] = end - i;
	while (i < end && sorted[i].text.count == depth)
		i++;
	t->ending[node] = i - t->rank[node];
	t->first[node] = made;
	while (i < end) {
		const uint8_t byte = sorted[i].text.bytes[depth];
		const uint32_t begin = i;
		while (i < end && sorted[i].text.bytes[depth] == byte)
			i++;
		t->bytes[made] = byte;
		open[made++] = (struct open_node){ begin, i };
	}
	return made;
}

static enum tok_status make_trie(struct tok_byte_tokens *t, struct tok_error *err)
{
	struct sorted *sorted = NULL;
	struct open_node *open = NULL;
	size_t nodes = 0;
	enum tok_status status = sort_texts(t, &sorted, &nodes, err);
	if (status == TOK_OK)
		status = make_room(t, nodes, err);
	if (status != TOK_OK)
		goto done;
	open = calloc(nodes, sizeof *open);
	if (!open) {
		status = tok_fail_memory(err);
		goto done;
	}
	rank_ids(t, sorted);
	open[0] = (struct open_node){ 0, (uint32_t)t->text_count };
	uint32_t made = 1;
	for (uint32_t node = 0, level_end = 1; node < t->nodes; node++) {
		if (node == level_end) {
			t->levels++;
			level_end = made;
		}
		made = open_children(t, sorted, open, node, t->levels, made);
	}
	t->levels++;
	t->first[t->nodes] = made;
	for (uint32_t child = t->first[0]; child < t->first[1]; child++)
		t->roots[t->bytes[child]] = child;
done:
	free(open);
	free(sorted);
	return status;
}

enum tok_status tok_byte_tokens_of(const struct tok_span *texts, const enum tok_byte_kind *kinds,
				   size_t count, struct tok_span forced_front,
				   struct tok_byte_tokens **out, struct tok_error *err)
{
	if (count > (size_t)TOK_ID_MAX + 1)
		return tok_fail(err, TOK_ELIMIT, "rows of %zu numbers: at most %u are possible",
				count, TOK_ID_MAX + 1);
	struct tok_byte_tokens *t = calloc(1, sizeof *t);
	if (!t)
		return tok_fail_memory(err);
	t->size = count;
	if (forced_front.count > 0)
		t->forced_front = tok_arena_copy(&t->arena, forced_front);
	enum tok_status status = t->forced_front.count == 0 || t->forced_front.bytes
				     ? copy_texts(t, texts, kinds, err)
				     : tok_fail_memory(err);
	if (status == TOK_OK)
		status = make_trie(t, err);
	if (status != TOK_OK) {
		tok_byte_tokens_free(t);
		return status;
	}
	*out = t;
	return TOK_OK;
}

void tok_byte_tokens_free(struct tok_byte_tokens *t)
{
	if (!t)
		return;
	tok_arena_release(&t->arena);
	free(t);
}

/* ---- questions ------------------------------------------------------------------ */

size_t tok_byte_tokens_size(const struct tok_byte_tokens *t)
{
	return t->size;
}

enum tok_byte_kind tok_byte_tokens_kind(const struct tok_byte_tokens *t, tok_id id)
{
	return id < t->size ? (enum tok_byte_kind)t->kinds[id] : TOK_BYTE_NONTEXT;
}

struct tok_span tok_byte_tokens_text(const struct tok_byte_tokens *t, tok_id id)
{
	return id < t->size ? t->texts[id] : (struct tok_span){ NULL, 0 };
}

struct tok_span tok_byte_tokens_forced_front(const struct tok_byte_tokens *t)
{
	return t->forced_front;
}

uint32_t tok_byte_tokens_node_count(const struct tok_byte_tokens *t)
{
	return t->nodes;
}

uint32_t tok_byte_tokens_levels(const struct tok_byte_tokens *t)
{
	return t->levels;
}

uint32_t tok_byte_tokens_child(const struct tok_byte_tokens *t, uint32_t node, uint8_t byte)
{
	if (node == 0)
		return t->roots[byte];
	uint32_t low = t->first[node], high = t->first[node + 1];
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		if (t->bytes[middle] < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->first[node + 1] && t->bytes[low] == byte ? low : 0;
}

size_t tok_byte_tokens_ends(const struct tok_byte_tokens *t, uint32_t node, const tok_id **out)
{
	*out = t->by_rank + t->rank[node];
	return t->ending[node];
}
