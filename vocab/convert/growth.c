#include "vocab/convert/growth.h"

#include "tok/text/utf8.h"

/* Bytes of a text, and one for each string that it is in, as a step may put something where there
 * is nothing; and all that steps have had to look at so far. */
struct growth {
	uint64_t size, sum;
};

enum {
	MOST = 1 << 16, /* bytes that all steps together may look at */
	/* Factors, Unicode's of UTF-8 (unicode.org/faq/normalization.html): of NFC and NFD, of
	 * NFKC and NFKD; of other cases; of bytes as characters of the alphabet, or as U+FFFD. */
	CANONICAL = 3,
	COMPATIBLE = 11,
	LOWER = 2,
	ALPHABET = 2,
	BAD_BYTE = 3,
	METASPACE = 3, /* U+2581 for a space */
	CHINESE = 2,   /* two spaces around three bytes */
	WORDPIECE = 2  /* a space in front of each */
};

/* Sizes and factors are below 2^32, and so no product overflows. */
static void multiply(struct growth *g, uint64_t factor)
{
	g->size *= factor;
	if (g->size > MOST + 1)
		g->size = MOST + 1;
	g->sum += g->size;
}

/* A pattern that may match nothing matches between any two bytes. */
static uint64_t replace_factor(struct tok_span pattern, struct tok_span content,
			       enum tok_regex_dialect dialect)
{
	if (dialect != TOK_REGEX_LITERAL || pattern.count == 0)
		return (uint64_t)content.count + 1;
	return content.count > pattern.count
		   ? ((uint64_t)content.count + pattern.count - 1) / pattern.count
		   : 1;
}

/* The longest of the strings that a byte may become: they end with a NUL each, behind a trie whose
 * size comes first.  The tokenizer has been made of it, so it is there. */
static uint64_t charsmap_factor(struct tok_span blob)
{
	uint64_t longest = 1;
	if (blob.count < 4)
		return longest;
	const uint8_t *b = blob.bytes;
	size_t begin = 4 + (b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16 | (size_t)b[3] << 24);
	for (size_t i = begin; i < blob.count; i++) {
		if (blob.bytes[i] == 0)
			begin = i + 1;
		else if (i + 1 - begin > longest)
			longest = i + 1 - begin;
	}
	return longest;
}

static void normalize(struct growth *g, const struct tok_norm_step *step)
{
	switch (step->kind) {
	case TOK_NORM_NFC:
	case TOK_NORM_NFD:
		multiply(g, CANONICAL);
		return;
	case TOK_NORM_NFKC:
	case TOK_NORM_NFKD:
		multiply(g, COMPATIBLE);
		return;
	case TOK_NORM_NMT:
	case TOK_NORM_STRIP:
	case TOK_NORM_STRIP_ACCENTS:
		multiply(g, 1);
		return;
	case TOK_NORM_LOWERCASE:
		multiply(g, LOWER);
		return;
	case TOK_NORM_PREPEND:
		g->size += step->as.prepend.count;
		multiply(g, 1);
		return;
	case TOK_NORM_REPLACE:
		multiply(g, replace_factor(step->as.replace.pattern, step->as.replace.content,
					   step->as.replace.dialect));
		return;
	case TOK_NORM_BERT:
		multiply(g, CHINESE * CANONICAL * LOWER);
		return;
	case TOK_NORM_PRECOMPILED:
		multiply(g, charsmap_factor(step->as.precompiled));
		return;
	case TOK_NORM_BYTE_LEVEL:
		multiply(g, ALPHABET);
		return;
	case TOK_NORM_SENTENCEPIECE:
		multiply(g, charsmap_factor(step->as.sentencepiece.charsmap) + BAD_BYTE);
		multiply(g, METASPACE);
		return;
	}
}

/* Of a step that cuts text into pieces; each may get something in front. */
static void pretokenize(struct growth *g, const struct tok_pretok_step *step)
{
	uint8_t space[4];
	uint64_t factor = 1;
	if (step->kind == TOK_PRETOK_BYTE_LEVEL)
		factor = 2 * ALPHABET;
	if (step->kind == TOK_PRETOK_METASPACE)
		factor = 2 * tok_utf8_put(step->as.metaspace.replacement, space);
	multiply(g, factor);
}

static void decode(struct growth *g, const struct tok_decode_step *step)
{
	switch (step->kind) {
	case TOK_DECODE_BPE:
	case TOK_DECODE_BYTE_LEVEL:
	case TOK_DECODE_METASPACE:
	case TOK_DECODE_CTC:
	case TOK_DECODE_FUSE:
	case TOK_DECODE_STRIP:
	case TOK_DECODE_BYTE_FALLBACK:
		multiply(g, 1);
		return;
	case TOK_DECODE_WORDPIECE:
		multiply(g, WORDPIECE);
		return;
	case TOK_DECODE_REPLACE:
		multiply(g, replace_factor(step->as.replace.pattern, step->as.replace.content,
					   step->as.replace.dialect));
		return;
	case TOK_DECODE_SENTENCEPIECE:
		multiply(g, (uint64_t)step->as.sentencepiece.unk_surface.count + 1);
		return;
	}
}

bool vocab_encodes_small(const struct tok_spec *spec, struct tok_span text)
{
	struct growth g = { .size = (uint64_t)text.count + 1 };
	for (size_t i = 0; i < spec->normalizer_count && g.sum <= MOST; i++)
		normalize(&g, &spec->normalizers[i]);
	for (size_t i = 0; i < spec->pretokenizer_count && g.sum <= MOST; i++)
		pretokenize(&g, &spec->pretokenizers[i]);
	return g.sum <= MOST;
}

bool vocab_decodes_small(const struct tok_tokenizer *tokenizer, const tok_id *ids, size_t count)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	struct growth g = { 0 };
	for (size_t i = 0; i < count && g.size <= MOST; i++)
		g.size += (uint64_t)tok_tokenizer_token(tokenizer, ids[i]).count * ALPHABET + 1;
	multiply(&g, 1);
	for (size_t i = 0; i < spec->decoder_count && g.sum <= MOST; i++)
		decode(&g, &spec->decoders[i]);
	return g.sum <= MOST;
}
