/*
 * health_partial.c - tokens that hold part of a character, and whole characters around them.
 *
 * Which text has such a token cannot be told from it alone: of a byte that begins a thousand
 * characters, perhaps one is spelled with it.  The characters that are tried first are those that
 * hardly any vocabulary has tokens for.
 */
#include "vocab/audit/health_internal.h"

#include "tok/text/utf8.h"

enum { TRIES_MAX = 2048, FRONTS_MAX = 1400, BACKS_MAX = 200 };

/* Bytes of a character that begins like this; 0: none does. */
static size_t length_of_lead(uint8_t lead)
{
	return lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

/* Is `text`, which is shorter than its lead says, the beginning of a character? */
static bool is_begun(struct tok_span text)
{
	uint8_t room[4];
	const size_t length = length_of_lead(text.bytes[0]);
	if (text.count >= length || length > sizeof room)
		return false;
	memcpy(room, text.bytes, text.count);
	memset(room + text.count, 0x80, length - text.count);
	if (text.count == 1) /* the least second byte that may stand there */
		room[1] = room[0] == 0xE0 ? 0xA0 : room[0] == 0xF0 ? 0x90 : 0x80;
	return tok_utf8_length(room, length) == length;
}

struct health_fragments health_fragments_of(struct tok_span text)
{
	struct health_fragments f = { 0 };
	size_t at = 0;
	while (at < text.count && at < 3 && tok_utf8_is_tail(text.bytes[at]))
		at++;
	f.head = at;
	for (uint32_t length; at < text.count; at += length, f.whole++) {
		length = tok_utf8_length(text.bytes + at, text.count - at);
		if (length == 0)
			break;
	}
	f.tail = text.count - at;
	f.regular = f.tail == 0 || is_begun(tok_span_slice(text, at, text.count));
	return f;
}

/* ---- what may complete them --------------------------------------------------------------- */

struct piece {
	uint8_t bytes[3];
	uint8_t count;
};

static void add_front(struct piece *out, size_t *count, struct tok_span head, const uint8_t *bytes,
		      size_t n)
{
	uint8_t room[4];
	memcpy(room, bytes, n);
	memcpy(room + n, head.bytes, head.count);
	if (*count == FRONTS_MAX || tok_utf8_length(room, n + head.count) != n + head.count)
		return;
	memcpy(out[*count].bytes, bytes, n);
	out[(*count)++].count = (uint8_t)n;
}

/* Bytes in front of `head`, which is 1 to 3 tail bytes, that make a character of them: of four
 * bytes first, those of planes without letters before the others. */
static size_t list_fronts(struct tok_span head, struct piece *out)
{
	static const uint8_t leads4[] = { 0xF1, 0xF2, 0xF3, 0xF4, 0xF0 };
	const size_t more = 4 - head.count; /* bytes in front of a character of four */
	size_t count = 0;
	for (size_t i = 0; i < sizeof leads4; i++)
		for (unsigned a = 0x80; a < (more > 1 ? 0xC0u : 0x81u); a++)
			add_front(out, &count, head, (uint8_t[]){ leads4[i], (uint8_t)a, 0x90 },
				  more);
	for (unsigned lead = 0xC2; more == 3 && lead < 0xE0; lead++)
		add_front(out, &count, head, (uint8_t[]){ (uint8_t)lead }, 1);
	for (unsigned lead = 0xE0; more >= 2 && lead < 0xF0; lead++)
		for (unsigned a = 0x80; a < (more > 2 ? 0xC0u : 0x81u); a++)
			add_front(out, &count, head, (uint8_t[]){ (uint8_t)lead, (uint8_t)a },
				  more - 1);
	return count;
}

/* Bytes behind `tail` that end its character. */
static size_t list_backs(struct tok_span tail, struct piece *out)
{
	const size_t length = length_of_lead(tail.bytes[0]), lacks = length - tail.count;
	uint8_t room[4];
	size_t count = 0;
	memcpy(room, tail.bytes, tail.count);
	for (unsigned last = 0x80; last < (lacks > 1 ? 0x83u : 0x81u); last++) {
		for (unsigned a = 0x80; a < 0xC0; a++) {
			memset(room + tail.count, (int)last, lacks);
			room[tail.count] = (uint8_t)a;
			if (tok_utf8_length(room, length) != length)
				continue;
			memcpy(out[count].bytes, room + tail.count, lacks);
			out[count++].count = (uint8_t)lacks;
		}
	}
	return count;
}

/* What is completed, and with what. */
struct completion {
	struct piece fronts[FRONTS_MAX], backs[BACKS_MAX];
	size_t front_count, back_count;
};

static bool put(struct tok_buffer *out, const struct piece *front, struct tok_span text,
		const struct piece *back)
{
	tok_buffer_clear(out);
	return tok_buffer_add(out, front->bytes, front->count) &&
	       tok_buffer_add(out, text.bytes, text.count) &&
	       tok_buffer_add(out, back->bytes, back->count);
}

/* False: `text` is no part of characters. */
static bool list_completions(struct tok_span text, struct completion *c)
{
	const struct health_fragments f = health_fragments_of(text);
	c->fronts[0].count = c->backs[0].count = 0;
	c->front_count = c->back_count = 1;
	if (f.head)
		c->front_count = list_fronts(tok_span_slice(text, 0, f.head), c->fronts);
	if (f.regular && f.tail)
		c->back_count =
		    list_backs(tok_span_slice(text, text.count - f.tail, text.count), c->backs);
	return f.regular;
}

enum tok_status health_complete(struct health_prober *p, tok_id id, struct tok_span text,
				bool *found, struct tok_error *err)
{
	struct completion c;
	enum tok_status status = TOK_OK;
	*found = false;
	if (text.count > VOCAB_HEALTH_PROBE_MAX || !list_completions(text, &c))
		return TOK_OK;
	const size_t all = c.front_count * c.back_count;
	for (size_t i = 0; status == TOK_OK && !*found && i < all && i < TRIES_MAX; i++)
		status =
		    put(&p->text, &c.fronts[i % c.front_count], text, &c.backs[i / c.front_count])
			? health_try(p, id, found, err)
			: tok_fail_memory(err);
	return status;
}

bool health_complete_first(struct tok_span text, struct tok_buffer *out)
{
	struct completion c;
	return !list_completions(text, &c) || put(out, &c.fronts[0], text, &c.backs[0]);
}

bool health_is_in_utf8(uint8_t byte)
{
	return byte < 0xC0 || length_of_lead(byte) > 0;
}
