/* plain_grow.h - random vocabularies for plain_bpe.h, and random texts for them. */
#ifndef TESTS_UNIT_PLAIN_GROW_H
#define TESTS_UNIT_PLAIN_GROW_H

#include "tests/unit/plain_bpe.h"

static inline uint32_t plain_draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*seed >> 33) % below);
}

static inline bool plain_one_in(uint64_t *seed, uint32_t n)
{
	return plain_draw(seed, n) == 0;
}

/* The place of a text, added if it is new; TOK_NO_ID: too long, or no room. */
static inline uint32_t plain_add(struct plain *p, const uint8_t *bytes, size_t count,
				 enum tok_piece_type type)
{
	const uint32_t place = (uint32_t)p->spec.entry_count;
	for (uint32_t i = 0; i < place; i++)
		if (p->entries[i].text.count == count && memcmp(p->bytes[i], bytes, count) == 0)
			return i;
	if (count > PLAIN_TEXT || place == PLAIN_ENTRIES)
		return TOK_NO_ID;
	memcpy(p->bytes[place], bytes, count);
	p->entries[place] = (struct tok_vocab_entry){ { p->bytes[place], count }, place, type, 0 };
	p->spec.entry_count++;
	return place;
}

static inline struct tok_span plain_unit_text(const struct plain *p, size_t unit)
{
	const char *text = p->units[unit];
	return (struct tok_span){ (const uint8_t *)text, *text ? strlen(text) : 1 };
}

static inline void plain_choose_units(struct plain *p, uint64_t *seed)
{
	static const char *const characters[] = { "a",      "b",  "c",      "\u00E9", "\u00DF",
						  "\u2581", "\n", "\u4E00", " ",      "d" };
	static const char *const bytes[] = { "a",    "b",  "",     "\xFF", "\xC3",
					     "\xA9", "\n", "\x80", "c",    "d" };
	const bool raw = p->spec.as.bpe.raw_bytes || p->spec.as.bpe.order == TOK_BPE_RANKS;
	p->letter_count = 2 + plain_draw(seed, 4);
	const uint32_t first = plain_one_in(seed, 2) ? 0 : plain_draw(seed, 10);
	for (size_t i = 0; i < p->letter_count; i++)
		p->units[i] = (raw ? bytes : characters)[(first + i) % 10];
	p->units[p->letter_count] = "z"; /* that no vocabulary has */
	p->units[p->letter_count + 1] = raw ? "\xFE" : "\u0436";
	p->unit_count = p->letter_count + 2;
}

/* A letter, and what it is called inside and at the end of words. */
static inline void plain_add_letter(struct plain *p, struct tok_span letter, uint64_t *seed)
{
	const struct tok_span prefix = p->spec.as.bpe.prefix, suffix = p->spec.as.bpe.suffix;
	for (unsigned form = 0; form < 4; form++) {
		uint8_t bytes[PLAIN_TEXT];
		size_t count = 0;
		if ((form & 1 && !prefix.count) || (form & 2 && !suffix.count) ||
		    plain_one_in(seed, 14))
			continue;
		if (form & 1)
			memcpy(bytes, prefix.bytes, prefix.count), count = prefix.count;
		memcpy(bytes + count, letter.bytes, letter.count), count += letter.count;
		if (form & 2)
			memcpy(bytes + count, suffix.bytes, suffix.count), count += suffix.count;
		plain_add(p, bytes, count, TOK_PIECE_NORMAL);
	}
}

static inline void plain_join(struct plain *p, uint32_t left, uint32_t right)
{
	const struct tok_span prefix = p->spec.as.bpe.prefix;
	const struct tok_span a = p->entries[left].text, b = p->entries[right].text;
	uint8_t bytes[2 * PLAIN_TEXT];
	const bool has_prefix = b.count > prefix.count &&
				(!prefix.count || memcmp(b.bytes, prefix.bytes, prefix.count) == 0);
	if (!has_prefix || p->spec.as.bpe.merge_count == PLAIN_MERGES)
		return;
	memcpy(bytes, a.bytes, a.count);
	memcpy(bytes + a.count, b.bytes + prefix.count, b.count - prefix.count);
	const uint32_t place =
	    plain_add(p, bytes, a.count + b.count - prefix.count, TOK_PIECE_NORMAL);
	if (place == TOK_NO_ID)
		return;
	uint16_t *join = p->joins[p->spec.as.bpe.merge_count++];
	join[0] = (uint16_t)left, join[1] = (uint16_t)right, join[2] = (uint16_t)place;
}

/* Unknown and byte tokens; byte fallback may lack some. */
static inline void plain_add_special(struct plain *p, uint64_t *seed)
{
	const bool scores = p->spec.as.bpe.order == TOK_BPE_SCORES;
	if (!plain_one_in(seed, 3))
		p->spec.unk = plain_add(p, (const uint8_t *)"<u>", 3,
					scores ? TOK_PIECE_UNKNOWN : TOK_PIECE_NORMAL);
	else
		p->spec.as.bpe.unk_missing = !scores && plain_one_in(seed, 3);
	p->spec.byte_fallback = plain_one_in(seed, 3);
	const bool some = plain_one_in(seed, 2);
	for (unsigned byte = 0; p->spec.byte_fallback && byte < 256; byte++) {
		char name[8];
		snprintf(name, sizeof name, "<0x%02X>", byte);
		if (!some || !plain_one_in(seed, 8))
			p->spec.byte_ids[byte] =
			    plain_add(p, (const uint8_t *)name, 6,
				      scores ? TOK_PIECE_BYTE : TOK_PIECE_NORMAL);
	}
}

static inline void plain_shuffle(struct plain *p, uint64_t *seed, size_t swaps)
{
	const size_t count = p->spec.as.bpe.merge_count;
	for (size_t i = 0; count && i < swaps; i++) {
		const size_t a = plain_draw(seed, (uint32_t)count);
		const size_t b = plain_draw(seed, (uint32_t)count);
		uint16_t join[3];
		memcpy(join, p->joins[a], sizeof join);
		memcpy(p->joins[a], p->joins[b], sizeof join);
		memcpy(p->joins[b], join, sizeof join);
	}
}

/* Ids that are places, or any others; then all that names ids. */
static inline void plain_number(struct plain *p, uint64_t *seed, bool places)
{
	const size_t count = p->spec.entry_count;
	for (size_t i = 0; !places && i < count; i++) {
		const size_t j = plain_draw(seed, (uint32_t)i + 1);
		p->entries[i].id = p->entries[j].id;
		p->entries[j].id = (tok_id)i;
	}
	for (size_t i = 0; !places && i < count; i++)
		p->entries[i].id = 7 + 3 * p->entries[i].id;
	if (p->spec.unk != TOK_NO_ID)
		p->spec.unk = p->entries[p->spec.unk].id;
	for (size_t byte = 0; byte < 256; byte++)
		if (p->spec.byte_ids[byte] != TOK_NO_ID)
			p->spec.byte_ids[byte] = p->entries[p->spec.byte_ids[byte]].id;
}

/* From the joins to what the specification and the definition read. */
static inline void plain_seal(struct plain *p)
{
	const size_t count = p->spec.entry_count;
	p->spec.entries = p->entries;
	p->spec.as.bpe.merges = p->merges;
	for (size_t i = 0; i < count; i++) {
		p->entries[i].text.bytes = p->bytes[i];
		for (size_t j = 0; j < count; j++)
			p->costs[i][j] = INFINITY;
	}
	for (size_t i = 0; i < p->spec.as.bpe.merge_count; i++) {
		const uint16_t *join = p->joins[i];
		p->merges[i] = (struct tok_merge){ p->entries[join[0]].id, p->entries[join[1]].id,
						   p->entries[join[2]].id };
		p->costs[join[0]][join[1]] = (double)i; /* of equal pairs the last counts */
		p->results[join[0]][join[1]] = join[2];
	}
}

static inline void plain_score(struct plain *p, uint64_t *seed)
{
	static const uint32_t ties[] = { 1, 1, 3, 10, 1000 };
	const uint32_t tie = ties[plain_draw(seed, 5)];
	const uint32_t unused = plain_one_in(seed, 3) ? 1 + plain_draw(seed, 3) : 0;
	const uint32_t user = plain_one_in(seed, 4) ? 6 : 0;
	const bool units_only = plain_one_in(seed, 3);
	const bool rises = !plain_one_in(seed, 4);
	for (uint32_t i = 0; i < p->spec.entry_count; i++) {
		struct tok_vocab_entry *entry = &p->entries[i];
		const uint32_t rank = rises ? i : plain_draw(seed, 100);
		const bool is_unit = plain_unit(p, p->bytes[i][0]) == entry->text.count;
		entry->score = -1.0 - rank / tie;
		if (entry->type != TOK_PIECE_NORMAL)
			continue;
		if (unused && (is_unit ? plain_one_in(seed, 4) : !units_only) &&
		    plain_one_in(seed, unused))
			entry->type = TOK_PIECE_UNUSED;
		else if (user && plain_one_in(seed, user))
			entry->type = TOK_PIECE_USER_DEFINED;
	}
}

static inline void plain_grow(struct plain *p, uint64_t *seed)
{
	memset(&p->spec, 0, sizeof p->spec);
	p->spec.kind = TOK_MODEL_BPE;
	p->spec.unk = TOK_NO_ID;
	memset(p->spec.byte_ids, 0xFF, sizeof p->spec.byte_ids);
	p->spec.as.bpe.order = (enum tok_bpe_order)(plain_draw(seed, 5) % 3);
	const bool merges = p->spec.as.bpe.order == TOK_BPE_MERGES;
	p->spec.as.bpe.raw_bytes = merges && plain_one_in(seed, 3);
	p->spec.as.bpe.ignore_merges = merges && plain_one_in(seed, 3);
	p->spec.as.bpe.fuse_unk = plain_one_in(seed, 2);
	const bool affixed = merges && plain_one_in(seed, 6);
	p->spec.as.bpe.prefix = tok_span_of(affixed && plain_one_in(seed, 2) ? "##" : "");
	p->spec.as.bpe.suffix = tok_span_of(affixed && !p->spec.as.bpe.prefix.count ? "$" : "");
	plain_choose_units(p, seed);
	for (size_t i = 0; i < p->letter_count; i++)
		plain_add_letter(p, plain_unit_text(p, i), seed);
	const uint32_t letters = (uint32_t)p->spec.entry_count;
	if (p->spec.as.bpe.order != TOK_BPE_RANKS)
		plain_add_special(p, seed);
	const uint32_t special = (uint32_t)p->spec.entry_count;
	const bool joins_special = merges && plain_one_in(seed, 4);
	for (uint32_t left = 3 + plain_draw(seed, 70); letters && left > 0; left--) {
		const uint32_t made = (uint32_t)p->spec.entry_count - special;
		uint32_t pair[2];
		for (size_t i = 0; i < 2; i++) {
			const uint32_t k = plain_draw(seed, letters + made);
			pair[i] = k < letters ? k : special + k - letters;
			if (joins_special && plain_one_in(seed, 3))
				pair[i] =
				    p->spec.byte_ids['z'] != TOK_NO_ID && plain_one_in(seed, 2)
					? p->spec.byte_ids['z']
					: plain_draw(seed, (uint32_t)p->spec.entry_count);
		}
		plain_join(p, pair[0], pair[1]);
	}
	for (uint32_t left = plain_draw(seed, 8); left > 0; left--) { /* made by no merge */
		uint8_t bytes[PLAIN_TEXT];
		size_t count = 0;
		for (uint32_t more = 1 + plain_draw(seed, 6); more > 0; more--) {
			const size_t units =
			    plain_one_in(seed, 10) ? p->unit_count : p->letter_count;
			const struct tok_span unit =
			    plain_unit_text(p, plain_draw(seed, (uint32_t)units));
			memcpy(bytes + count, unit.bytes, unit.count);
			count += unit.count;
		}
		plain_add(p, bytes, count, TOK_PIECE_NORMAL);
	}
	if (plain_one_in(seed, 3))
		plain_shuffle(p, seed, plain_one_in(seed, 2) ? 3 : 200);
	if (p->spec.as.bpe.order == TOK_BPE_SCORES)
		plain_score(p, seed);
	plain_number(p, seed, !plain_one_in(seed, 3));
	plain_seal(p);
}

/* About `want` bytes that the vocabulary has much to do with. */
static inline size_t plain_text(const struct plain *p, uint64_t *seed, uint8_t *out, size_t want)
{
	size_t count = 0, misses = 0;
	const uint32_t strange = plain_one_in(seed, 2) ? 20 : UINT32_MAX;
	while (count < want && misses < 8) {
		const bool is_token = p->spec.entry_count && plain_one_in(seed, 3);
		const size_t units = plain_one_in(seed, strange) ? p->unit_count : p->letter_count;
		const struct tok_span part =
		    is_token ? p->entries[plain_draw(seed, (uint32_t)p->spec.entry_count)].text
			     : plain_unit_text(p, plain_draw(seed, (uint32_t)units));
		uint32_t times = plain_one_in(seed, 40) ? 1 + plain_draw(seed, 100) : 1;
		if (is_token && part.bytes[0] == '<' && !plain_one_in(seed, 8))
			continue;
		for (; times > 0 && count + part.count <= want; times--) {
			memcpy(out + count, part.bytes, part.count);
			count += part.count;
		}
		misses += times > 0;
	}
	return count;
}

#endif
