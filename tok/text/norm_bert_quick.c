/*
 * norm_bert_quick.c - the passes of BertNormalizer at once, for texts that are not
 * tracked.
 *
 * A character that every pass keeps is copied, or set between spaces.  What becomes
 * of another one is worked out by the passes themselves, of this character alone,
 * and remembered.  That is right wherever characters do not look at each other, and
 * only the order of combining marks makes them: a character of which a mark is left
 * over in the end is unsafe.  Then the whole stretch without a kept character goes
 * through the passes, for a kept one ends every run of marks.  (Marks that are taken
 * out change nothing about the order of the others, and none of theirs shows.)  The
 * same goes for a stretch in which bad bytes stand beside characters that change: what
 * is left of it may be a character.
 */
#include <stdlib.h>
#include <unicode/uchar.h>

#include "tok/text/normalize_internal.h"
#include "tok/text/unicode.h"

enum { WORDS = NORM_SURE_LIMIT / NORM_SURE_BLOCK, MOST_RESULT = 10, ENTRIES = 1 << 13 };
enum { UNSAFE = 0xFF, CHUNK = 1 << 14 };
/* A character of two bytes may become MOST_RESULT; words of 8 are written. */
enum { MOST_GROWTH = MOST_RESULT / 2, SLACK = 16 };

struct norm_bert {
	uint64_t doubtful[WORDS]; /* a pass other than the spaces may change them */
	uint64_t chinese[WORDS];
	const struct norm_pass *passes;
	uint32_t pass_count;
	uint32_t number; /* which passes; not 0 */
	bool clean, lower;
};

/* What a character becomes, by its code and the number of the passes. */
struct entry {
	uint32_t key; /* 0: free */
	uint8_t bytes[MOST_RESULT];
	uint8_t count; /* or UNSAFE */
};

struct norm_bert_memory {
	struct entry entries[ENTRIES];
	struct tok_text text, spare; /* for stretches that go through the passes */
};

void norm_bert_memory_free(struct norm_bert_memory *memory)
{
	if (!memory)
		return;
	tok_text_release(&memory->text);
	tok_text_release(&memory->spare);
	free(memory);
}

/* ---- making one ------------------------------------------------------------ */

static void doubt(struct norm_bert *self, const struct norm_sure *sure)
{
	for (size_t i = 0; i < WORDS; i++)
		self->doubtful[i] |= norm_doubtful[sure->blocks[i]];
}

const struct norm_bert *norm_bert_new(const struct tok_norm_step *step,
				      const struct norm_pass *passes, size_t pass_count,
				      struct tok_arena *arena)
{
	struct norm_bert *self = tok_arena_array(arena, 1, sizeof *self);
	if (!self)
		return NULL;
	*self = (struct norm_bert){ .passes = passes,
				    .pass_count = (uint32_t)pass_count,
				    .clean = step->as.bert.clean_text,
				    .lower = step->as.bert.lowercase };
	self->number = 1u | (unsigned)self->clean << 1 | (unsigned)self->lower << 2 |
		       (unsigned)step->as.bert.strip_accents << 3 |
		       (unsigned)step->as.bert.handle_chinese_chars << 4;
	for (size_t i = 0; i < pass_count; i++)
		if (passes[i].run == norm_run_form)
			doubt(self, passes[i].as.form.sure);
		else if (passes[i].run != norm_run_bert_chinese)
			doubt(self, passes[i].sure);
	if (step->as.bert.handle_chinese_chars)
		norm_mark_chinese(self->chinese);
	return self;
}

/* ---- one character, one stretch --------------------------------------------- */

struct walk {
	const struct norm_bert *bert;
	struct norm_bert_memory *memory;
	struct tok_span text;
	struct tok_text *to;
	size_t at;
	uint8_t *out;
	/* Where the stretch without a kept character began, in the text and the result. */
	size_t stretch, stretch_count;
	bool stretches;
	bool bad; /* it holds bad bytes, and nothing else */
};

static enum tok_status run_passes(struct walk *w, size_t begin, size_t end,
				  struct tok_norm_scratch *scratch, struct tok_error *err)
{
	struct norm_bert_memory *m = w->memory;
	if (!tok_text_set(&m->text, tok_span_slice(w->text, begin, end), 0))
		return tok_fail_memory(err);
	return norm_run_passes(w->bert->passes, w->bert->pass_count, &m->text, &m->spare, scratch,
			       err);
}

static bool has_marks(struct tok_span text)
{
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		if (c.code <= 0x10FFFF && u_getCombiningClass((UChar32)c.code) != 0)
			return true;
		at += c.length;
	}
	return false;
}

static struct entry *entry_of(const struct walk *w, uint32_t code)
{
	return &w->memory->entries[code % ENTRIES];
}

static uint32_t key_of(const struct walk *w, uint32_t code)
{
	return code << 5 | w->bert->number;
}

/* Find out what the character at w->at becomes. */
static enum tok_status learn(struct walk *w, struct tok_norm_scratch *scratch,
			     struct tok_error *err)
{
	const struct tok_char c = tok_utf8_at(w->text, w->at);
	const enum tok_status status = run_passes(w, w->at, w->at + c.length, scratch, err);
	if (status != TOK_OK)
		return status;
	const struct tok_span result = tok_text_span(&w->memory->text);
	struct entry made = { .key = key_of(w, c.code), .count = UNSAFE };
	if (result.count <= MOST_RESULT && !has_marks(result)) {
		made.count = (uint8_t)result.count;
		if (result.count)
			memcpy(made.bytes, result.bytes, result.count);
	}
	*entry_of(w, c.code) = made;
	return TOK_OK;
}

/* ---- characters by class ------------------------------------------------------ */

static inline bool has(const uint64_t words[WORDS], uint32_t code)
{
	return words[code / NORM_SURE_BLOCK] >> code % NORM_SURE_BLOCK & 1;
}

/* ASCII that is taken out: it stands for no end of a run of marks. */
static inline bool is_dropped(const struct norm_bert *bert, uint8_t byte)
{
	return bert->clean &&
	       (byte < 0x20 ? byte != '\t' && byte != '\n' && byte != '\r' : byte == 0x7F);
}

static inline bool is_doubtful(const struct norm_bert *bert, struct tok_char c)
{
	if (c.code < 0x80)
		return is_dropped(bert, (uint8_t)c.code);
	return c.code >= NORM_SURE_LIMIT || has(bert->doubtful, c.code);
}

/* ---- ASCII, eight bytes at a time ---------------------------------------------- */

#define EACH UINT64_C(0x0101010101010101)

static inline uint64_t swap_big(uint64_t word)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
}

/* The next 8 bytes, zeros behind the end; the first one is the lowest. */
static inline uint64_t load_word(struct tok_span text, size_t at)
{
	uint64_t word = 0;
	if (text.count - at >= sizeof word)
		memcpy(&word, text.bytes + at, sizeof word);
	else
		memcpy(&word, text.bytes + at, text.count - at);
	return swap_big(word);
}

static inline void store_word(uint8_t *out, uint64_t word)
{
	word = swap_big(word);
	memcpy(out, &word, sizeof word);
}

/* High bits of the bytes that are no ASCII or that cleaning takes out or changes. */
static inline uint64_t find_stops(uint64_t word, bool clean)
{
	const uint64_t low = word & EACH * 0x7F, high = word & EACH * 0x80;
	const uint64_t control = ~((low | EACH * 0x80) - EACH * 0x20) & EACH * 0x80;
	const uint64_t delete = (low + EACH) & EACH * 0x80;
	return clean ? high | control | delete : high;
}

static inline uint64_t lower_word(uint64_t word)
{
	const uint64_t low = word & EACH * 0x7F;
	const uint64_t from_a = low + EACH * (0x80 - 'A'), beyond_z = low + EACH * (0x7F - 'Z');
	return word | (from_a & ~beyond_z & EACH * 0x80) >> 2;
}

/* ---- the walk -------------------------------------------------------------------- */

enum stop { AT_END, AT_UNKNOWN, AT_UNSAFE };

/* Go on with a stretch, or begin one; false where the two do not go together. */
static inline bool stretch_on(struct walk *w, bool bad)
{
	if (w->stretches)
		return w->bad == bad;
	w->stretches = true;
	w->bad = bad;
	w->stretch = w->at;
	w->stretch_count = (size_t)(w->out - w->to->bytes);
	return true;
}

/* The byte at w->at, which is ASCII and does not stand for itself. */
static inline enum stop take_control(struct walk *w)
{
	if (!is_dropped(w->bert, w->text.bytes[w->at])) {
		*w->out++ = ' ';
		w->stretches = false;
	} else if (!stretch_on(w, false)) {
		return AT_UNSAFE;
	}
	w->at++;
	return AT_END;
}

/* The character at w->at, which some pass may change. */
static inline enum stop take_doubtful(struct walk *w, struct tok_char c)
{
	if (c.code > 0x10FFFF) {
		if (!stretch_on(w, true))
			return AT_UNSAFE;
		*w->out++ = w->text.bytes[w->at++];
		return AT_END;
	}
	const struct entry *e = entry_of(w, c.code);
	if (e->key != key_of(w, c.code))
		return AT_UNKNOWN;
	if (e->count == UNSAFE || !stretch_on(w, false))
		return AT_UNSAFE;
	memcpy(w->out, e->bytes, sizeof e->bytes);
	w->out += e->count;
	w->at += c.length;
	return AT_END;
}

/* The character at w->at, which is no ASCII and begins `word`. */
static inline enum stop take_char(struct walk *w, uint64_t word)
{
	const struct tok_char c = tok_utf8_at(w->text, w->at);
	if (is_doubtful(w->bert, c))
		return take_doubtful(w, c);
	if (has(w->bert->chinese, c.code)) {
		w->out[0] = ' ';
		store_word(w->out + 1, word);
		w->out[1 + c.length] = ' ';
		w->out += c.length + 2;
	} else {
		store_word(w->out, word);
		w->out += c.length;
	}
	w->stretches = false;
	w->at += c.length;
	return AT_END;
}

/* Goes on to `end`, or a character further. */
static enum stop walk_on(struct walk *given, size_t end)
{
	struct walk w = *given; /* in registers */
	const bool clean = w.bert->clean, lower = w.bert->lower;
	enum stop stop = AT_END;
	while (w.at < end && stop == AT_END) {
		const uint64_t word = load_word(w.text, w.at);
		const uint64_t stops = find_stops(word, clean);
		const size_t left = end - w.at;
		size_t plain = stops ? (size_t)__builtin_ctzll(stops) / 8 : sizeof word;
		if (plain > 0) {
			plain = plain < left ? plain : left;
			store_word(w.out, lower ? lower_word(word) : word);
			w.out += plain;
			w.at += plain;
			w.stretches = false;
		} else if (word & 0x80) {
			stop = take_char(&w, word);
		} else {
			stop = take_control(&w);
		}
	}
	*given = w;
	return stop;
}

/* Send the stretch around the unsafe character at w->at through the passes. */
static enum tok_status take_stretch(struct walk *w, struct tok_norm_scratch *scratch,
				    struct tok_error *err)
{
	size_t end = w->at;
	if (!w->stretches)
		(void)stretch_on(w, false);
	while (end < w->text.count) {
		const struct tok_char c = tok_utf8_at(w->text, end);
		if (!is_doubtful(w->bert, c))
			break;
		end += c.length;
	}
	const enum tok_status status = run_passes(w, w->stretch, end, scratch, err);
	if (status != TOK_OK)
		return status;
	w->to->count = w->stretch_count;
	w->at = end;
	w->stretches = false;
	return tok_text_copy(w->to, &w->memory->text, 0, w->memory->text.count)
		   ? TOK_OK
		   : tok_fail_memory(err);
}

static enum tok_status walk_chunk(struct walk *w, struct tok_norm_scratch *scratch,
				  struct tok_error *err)
{
	const size_t left = w->text.count - w->at, some = left < CHUNK ? left : CHUNK;
	/* The last character may end behind the chunk. */
	w->out = tok_text_room(w->to, (some + 4) * MOST_GROWTH + SLACK);
	if (!w->out)
		return tok_fail_memory(err);
	const enum stop stop = walk_on(w, w->at + some);
	w->to->count = (size_t)(w->out - w->to->bytes);
	if (stop == AT_UNKNOWN)
		return learn(w, scratch, err);
	return stop == AT_UNSAFE ? take_stretch(w, scratch, err) : TOK_OK;
}

enum tok_status norm_run_bert_quick(const struct norm_pass *pass, struct norm_edit *edit,
				    struct tok_norm_scratch *scratch, struct tok_error *err)
{
	if (!scratch->bert)
		scratch->bert = calloc(1, sizeof *scratch->bert);
	if (!scratch->bert)
		return tok_fail_memory(err);
	struct walk w = { .bert = pass->as.bert,
			  .memory = scratch->bert,
			  .text = tok_text_span(edit->from),
			  .to = edit->to };
	enum tok_status status = TOK_OK;
	while (status == TOK_OK && w.at < w.text.count)
		status = walk_chunk(&w, scratch, err);
	edit->run = edit->at = w.text.count;
	edit->rewritten = true;
	return status;
}
