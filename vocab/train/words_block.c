#include "vocab/train/words_block_internal.h"

enum { VARINT_MAX = 10 };

int words_compare(struct tok_span a, struct tok_span b)
{
	const size_t common = a.count < b.count ? a.count : b.count;
	const int order = common ? memcmp(a.bytes, b.bytes, common) : 0;
	return order ? order : (a.count > b.count) - (a.count < b.count);
}

static size_t count_shared(struct tok_span a, struct tok_span b)
{
	const size_t most = a.count < b.count ? a.count : b.count;
	size_t n = 0;
	while (n < most && a.bytes[n] == b.bytes[n])
		n++;
	return n;
}

/* ---- numbers: seven bits a byte, the low ones first ----------------------- */

static uint8_t *put_number(uint8_t *to, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*to++ = (uint8_t)(number | 0x80);
	*to++ = (uint8_t)number;
	return to;
}

/* False: there is none, or it is longer than need be. */
static bool take_number(struct tok_span *from, uint64_t *out)
{
	uint64_t number = 0;
	for (size_t i = 0; i < from->count && i < VARINT_MAX; i++) {
		const uint8_t byte = from->bytes[i];
		if (i + 1 == VARINT_MAX && byte > 1)
			return false;
		number |= (uint64_t)(byte & 0x7F) << (7 * i);
		if (byte >= 0x80)
			continue;
		*out = number;
		*from = tok_span_slice(*from, i + 1, from->count);
		return byte != 0 || i == 0;
	}
	return false;
}

/* ---- to a block ----------------------------------------------------------- */

void words_packer_begin(struct words_packer *packer)
{
	tok_buffer_clear(&packer->bytes);
	packer->records = 0;
}

bool words_packer_add(struct words_packer *p, const struct vocab_word *word, bool *full)
{
	const struct tok_span text = word->text;
	const size_t shared = p->records ? count_shared(tok_buffer_span(&p->last), text) : 0;
	uint8_t head[2 * VARINT_MAX], tail[VARINT_MAX];
	const size_t head_count =
	    (size_t)(put_number(put_number(head, shared), text.count - shared) - head);
	const size_t tail_count = (size_t)(put_number(tail, word->count) - tail);
	const size_t size = head_count + text.count - shared + tail_count;

	*full = p->records > 0 && p->bytes.count + size > WORDS_BLOCK_BYTES;
	if (*full)
		return true;
	tok_buffer_clear(&p->last);
	p->records++;
	return tok_buffer_add(&p->bytes, head, head_count) &&
	       tok_buffer_add(&p->bytes, text.bytes + shared, text.count - shared) &&
	       tok_buffer_add(&p->bytes, tail, tail_count) &&
	       tok_buffer_add(&p->last, text.bytes, text.count);
}

void words_packer_release(struct words_packer *packer)
{
	tok_buffer_release(&packer->bytes);
	tok_buffer_release(&packer->last);
}

/* ---- from a block --------------------------------------------------------- */

void words_unpacker_begin(struct words_unpacker *unpacker, struct tok_span block, uint32_t records)
{
	unpacker->rest = block;
	unpacker->records = records;
	unpacker->first = true;
}

/* Does `further`, behind the bytes that are shared, come after the word before, and
 * is no more shared than was said? */
static bool is_next(const struct words_unpacker *u, size_t shared, struct tok_span further)
{
	const struct tok_span before =
	    tok_span_slice(tok_buffer_span(&u->word), shared, u->word.count);
	if (words_compare(further, before) <= 0)
		return false;
	return u->first || before.count == 0 || further.bytes[0] != before.bytes[0];
}

enum tok_status words_unpacker_next(struct words_unpacker *u, struct vocab_word *out,
				    struct tok_error *err)
{
	uint64_t shared, more, count;
	const bool whole = take_number(&u->rest, &shared) && take_number(&u->rest, &more) &&
			   shared <= u->word.count && (!u->first || shared == 0) &&
			   more <= u->rest.count;
	if (!whole)
		return tok_fail(err, TOK_EFORMAT, "a word is damaged");
	const struct tok_span further = tok_span_slice(u->rest, 0, (size_t)more);
	u->rest = tok_span_slice(u->rest, (size_t)more, u->rest.count);
	if (!take_number(&u->rest, &count) || count == 0)
		return tok_fail(err, TOK_EFORMAT, "the count of a word is damaged");
	if (!is_next(u, (size_t)shared, further))
		return tok_fail(err, TOK_EFORMAT, "words are not in order");
	u->word.count = (size_t)shared;
	if (!tok_buffer_add(&u->word, further.bytes, further.count))
		return tok_fail_memory(err);
	u->first = false;
	u->records--;
	if (u->records == 0 && u->rest.count)
		return tok_fail(err, TOK_EFORMAT, "a block is longer than its words");
	*out = (struct vocab_word){ tok_buffer_span(&u->word), count };
	return TOK_OK;
}

void words_unpacker_release(struct words_unpacker *unpacker)
{
	tok_buffer_release(&unpacker->word);
}
