/* super_chunks.c - texts in chunks of random length. */
#include <math.h>
#include <xxhash.h>

#include "tok/text/utf8.h"
#include "vocab/train/super.h"

enum { EMIT_MAX = 256, RUN = 7 };

/* ---- drawing ---------------------------------------------------------------- */

/* The n-th number of a key is a hash of both (SplitMix64): nothing is carried along. */
struct draws {
	uint64_t key, drawn;
};

static uint64_t draw(struct draws *draws)
{
	uint64_t z = draws->key + ++draws->drawn * 0x9E3779B97F4A7C15u;
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static uint32_t draw_length(const struct vocab_chunks *chunks, struct draws *draws)
{
	const uint64_t first = draw(draws), second = draw(draws);
	size_t i = 0;
	while (i + 1 < chunks->count && first > chunks->limits[i])
		i++;
	const struct vocab_chunk_range *range = &chunks->ranges[i];
	const uint64_t width = (uint64_t)range->most - range->least + 1;
	return range->least + (uint32_t)((second >> 32) * width >> 32);
}

/* ---- giving chunks -------------------------------------------------------------- */

struct chunking {
	const struct vocab_chunks *chunks;
	struct vocab_counter *counter;
	struct tok_span text;
	struct tok_range ranges[EMIT_MAX];
	size_t count;
	struct tok_error *err;
};

static enum tok_status flush(struct chunking *c)
{
	const size_t count = c->count;
	c->count = 0;
	return count ? vocab_counter_add(c->counter, c->text, c->ranges, count, c->err) : TOK_OK;
}

static enum tok_status give(struct chunking *c, size_t begin, size_t end)
{
	if (begin == end)
		return TOK_OK;
	c->ranges[c->count++] = (struct tok_range){ (uint32_t)begin, (uint32_t)end };
	return c->count == EMIT_MAX ? flush(c) : TOK_OK;
}

/* Without its runs of seven equal characters, each of which parts it. */
static enum tok_status give_chunk(struct chunking *c, size_t begin, size_t end)
{
	enum tok_status status = TOK_OK;
	uint32_t last = '\n';
	size_t run = 0;
	for (size_t at = begin; at < end && status == TOK_OK;) {
		const struct tok_char here = tok_utf8_at(c->text, at);
		run = here.code == last && here.code != '\n' ? run + 1 : 1;
		last = here.code;
		at += here.length;
		if (run < RUN)
			continue;
		status = give(c, begin, at - RUN * here.length);
		begin = at;
		run = 0;
		last = '\n';
	}
	return status == TOK_OK ? give(c, begin, end) : status;
}

/* ---- where chunks end ------------------------------------------------------------ */

/* Behind up to `chars` characters; *reached: so many there are. */
static size_t step(struct tok_span text, size_t at, uint32_t chars, bool *reached)
{
	for (; chars > 0 && at < text.count; chars--)
		at += tok_utf8_at(text, at).length;
	*reached = chars == 0;
	return at;
}

static bool is_digit(struct tok_span text, size_t at)
{
	return at < text.count && text.bytes[at] >= '0' && text.bytes[at] <= '9';
}

/* An end inside a run of digits moves in front of it, or where nothing would be left
 * behind it. */
static size_t respect_digits(struct tok_span text, size_t begin, size_t end)
{
	if (end == 0 || !is_digit(text, end - 1) || !is_digit(text, end))
		return end;
	size_t front = end;
	while (front > begin && is_digit(text, front - 1))
		front--;
	if (front > begin)
		return front;
	while (is_digit(text, end))
		end++;
	return end;
}

/* Text that chunks may not reach out of. */
static enum tok_status chunk_stretch(struct chunking *c, struct draws *draws, size_t begin,
				     size_t end)
{
	const struct vocab_chunks *chunks = c->chunks;
	const struct tok_span text = { c->text.bytes, end };
	enum tok_status status = TOK_OK;
	while (begin < end && status == TOK_OK) {
		bool enough;
		size_t next = step(text, begin, chunks->least, &enough);
		next = enough ? step(text, begin, draw_length(chunks, draws), &enough) : end;
		if (chunks->boundary == VOCAB_CHUNK_DIGIT)
			next = respect_digits(text, begin, next);
		status = give_chunk(c, begin, next);
		begin = next;
	}
	return status;
}

static size_t line_end(struct tok_span text, size_t at)
{
	const uint8_t *found = memchr(text.bytes + at, '\n', text.count - at);
	return found ? (size_t)(found - text.bytes) + 1 : text.count;
}

static enum tok_status take(const struct vocab_units *self, struct vocab_counter *counter,
			    struct tok_buffer *row, struct tok_span text,
			    const struct tok_range *words, size_t count, struct tok_error *err)
{
	const struct vocab_chunks *chunks = (const struct vocab_chunks *)self;
	struct chunking c = { .chunks = chunks, .counter = counter, .err = err };
	enum tok_status status = TOK_OK;
	(void)row;
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		c.text = tok_span_slice(text, words[i].begin, words[i].end);
		struct draws draws = { .key = XXH3_64bits_withSeed(c.text.bytes, c.text.count,
								   chunks->seed) };
		for (size_t at = 0, end; at < c.text.count && status == TOK_OK; at = end) {
			end = chunks->boundary == VOCAB_CHUNK_NEWLINE ? line_end(c.text, at)
								      : c.text.count;
			status = chunk_stretch(&c, &draws, at, end);
		}
		if (status == TOK_OK)
			status = flush(&c);
	}
	return status;
}

/* ---- options ------------------------------------------------------------------------ */

enum tok_status vocab_chunks_init(const struct vocab_chunk_range *ranges, size_t count,
				  uint64_t seed, enum vocab_chunk_boundary boundary,
				  struct vocab_chunks *out, struct tok_error *err)
{
	struct vocab_chunks chunks = { .units.take = take,
				       .seed = seed,
				       .boundary = boundary,
				       .least = UINT32_MAX,
				       .count = count };
	double sum = 0, below = 0;
	if (count == 0 || count > VOCAB_CHUNK_RANGES_MAX)
		return tok_fail(err, TOK_EARG, "chunks have 1 to %d ranges of lengths",
				VOCAB_CHUNK_RANGES_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct vocab_chunk_range *range = &ranges[i];
		if (range->least == 0 || range->most < range->least ||
		    range->most > VOCAB_CHUNK_CHARS_MAX || !isfinite(range->probability) ||
		    range->probability <= 0)
			return tok_fail(err, TOK_EARG,
					"a chunk has 1 to %d characters and a range a probability "
					"above 0",
					VOCAB_CHUNK_CHARS_MAX);
		sum += range->probability;
		chunks.least = range->least < chunks.least ? range->least : chunks.least;
		chunks.ranges[i] = *range;
	}
	for (size_t i = 0; i < count; i++) {
		below += ranges[i].probability;
		const double part = below / sum;
		chunks.limits[i] = part < 1 ? (uint64_t)(part * 0x1p53) << 11 : UINT64_MAX;
	}
	*out = chunks;
	return TOK_OK;
}
