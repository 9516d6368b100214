/*
 * normalize_internal.h - what the normaliser's files share.
 *
 * A normaliser is a list of passes.  Each pass reads `edit->from` from left to
 * right and says, through struct norm_edit, what becomes of it.  A pass that
 * changes nothing has written nothing, and its text is not copied.
 */
#ifndef TOK_TEXT_NORMALIZE_INTERNAL_H
#define TOK_TEXT_NORMALIZE_INTERNAL_H

#include <unicode/unorm2.h>

#include "tok/base/arena.h"
#include "tok/text/normalize.h"
#include "tok/text/utf8.h"

/* ---- one pass over a text ---- */

struct norm_sure;

struct norm_edit {
	const struct tok_text *from;
	struct tok_text *to;
	struct tok_range start; /* where text put in front of everything points */
	size_t run, at;         /* [run, at) is kept but not yet copied; `at` is how far we are */
	bool rewritten;         /* the pass wrote `to` by itself */
	bool failed;            /* memory is out; everything after is ignored */
};

/* Keep the text up to `position`. */
static inline void norm_edit_keep(struct norm_edit *edit, size_t position)
{
	edit->at = position;
}

/* Leave out the text up to `position`. */
void norm_edit_drop(struct norm_edit *edit, size_t position);

/* Put `bytes`, which stand for `origin`, where we are. */
void norm_edit_put(struct norm_edit *edit, struct tok_span bytes, struct tok_range origin);

/*
 * One character of the result in the reference's terms (`change` of its
 * transform()): 0 stands for the next character of `from`, 1 is put behind the
 * character before it, -n stands for the next one and leaves out n more.
 */
void norm_edit_char(struct norm_edit *edit, uint32_t code, int change);

/* Origin of the character that ends at `end` of `from`. */
struct tok_range norm_edit_before(const struct norm_edit *edit, size_t end);

/* Write down what is kept so far, so that a pass may go on in `to` by itself. */
void norm_edit_flush(struct norm_edit *edit);

/* Rewrite all that is left byte by byte; for a text that is not tracked. */
void norm_edit_map(struct norm_edit *edit, const struct tok_bytemap *map);

/* How a pass goes over what is simple in a text that is not tracked. */
struct norm_quick {
	const struct norm_sure *sure;    /* beyond ASCII, these stay */
	const struct tok_bytemap *ascii; /* what ASCII becomes: a byte or nothing */
	/* The same for NORM_QUICK_BLOCK bytes at once, one for one; false if one of
	 * them is not ASCII or becomes nothing. */
	bool (*map_block)(const uint8_t *in, uint8_t *out);
};

enum { NORM_QUICK_BLOCK = 32 };

/* Go on to the next character beyond ASCII that is not sure, or to the end. */
void norm_edit_quick(struct norm_edit *edit, const struct norm_quick *quick);

/* Is `to` the result?  If not, `from` is unchanged. */
bool norm_edit_finish(struct norm_edit *edit);

/* ---- characters that a pass surely keeps ---- */

enum { NORM_SURE_LIMIT = 0x30000, NORM_SURE_BLOCK = 64 };

/*
 * A text in which every character is sure is left as it is, whatever stands
 * beside whatever; those that are not may be kept too.  Bad bytes are sure.
 * The tables are made by norm_sure_tables.py.
 */
struct norm_sure {
	uint8_t lowest; /* the first byte that asks */
	bool asks[256]; /* some character that begins with this byte is not sure */
	uint16_t blocks[NORM_SURE_LIMIT / NORM_SURE_BLOCK]; /* which word of norm_doubtful */
};

extern const uint64_t norm_doubtful[]; /* a bit for each character of a block */
extern const struct norm_sure norm_sure_nfc, norm_sure_nfd, norm_sure_nfkc, norm_sure_nfkd,
    norm_sure_lower, norm_sure_accents, norm_sure_clean, norm_sure_chinese;

static inline bool norm_is_sure(const struct norm_sure *sure, uint32_t code)
{
	if (code >= NORM_SURE_LIMIT)
		return code > 0x10FFFF;
	const uint64_t doubtful = norm_doubtful[sure->blocks[code / NORM_SURE_BLOCK]];
	return !(doubtful >> code % NORM_SURE_BLOCK & 1);
}

/* Is the character that begins at `at` sure?  Whether it is well formed matters
 * only where it seems not to be: else it is a bad byte, and sure as well. */
static inline bool norm_is_sure_at(const struct norm_sure *sure, struct tok_span text, size_t at)
{
	const uint8_t *p = text.bytes + at;
	if (p[0] < 0xE0 || p[0] >= 0xF0 || text.count - at < 3)
		return norm_is_sure(sure, tok_utf8_at(text, at).code);
	const uint32_t code = (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
	return norm_is_sure(sure, code) || norm_is_sure(sure, tok_utf8_at(text, at).code);
}

/* The first character at or after `at`, where one begins, that is not sure; or
 * the end. */
size_t norm_skip_sure(const struct norm_sure *sure, struct tok_span text, size_t at);

/* ---- normalisation forms ---- */

struct norm_form {
	const UNormalizer2 *data;
	bool compose;
	const struct norm_sure *sure;
	uint32_t plain_below; /* characters below are never changed by the form ... */
	int quick_check;      /* ... nor are those of which this UProperty says yes */
};

struct norm_mark {
	uint32_t code;
	int16_t change;
	uint8_t class;
};

struct norm_marks {
	struct norm_mark *items;
	size_t count, capacity;
};

/* ---- the rules of SentencePiece: a double array over UTF-8, and strings ---- */

struct norm_charsmap {
	const uint32_t *units;
	size_t count;
	struct tok_span strings; /* each ends with NUL or with the last byte */
	bool begins[256];        /* is there a rule that begins with this byte? */
};

/* Copies `blob` and checks every unit, so that a walk stays inside. */
TOK_MUST_USE enum tok_status norm_charsmap_read(struct tok_span blob, struct tok_arena *arena,
						struct norm_charsmap *out, struct tok_error *err);

/* The shortest (or longest) rule that `text` starts with; *replacement is what
 * it says.  Returns the length of the rule, or 0.  No rule is longer than
 * NORM_RULE_BYTES, so that a map with a loop in it cannot take forever. */
enum { NORM_RULE_BYTES = 256 };
size_t norm_charsmap_shortest(const struct norm_charsmap *map, struct tok_span text,
			      struct tok_span *replacement);
size_t norm_charsmap_longest(const struct norm_charsmap *map, struct tok_span text,
			     struct tok_span *replacement);

/* May a rule have `byte` behind another one?  True says nothing. */
bool norm_charsmap_has_inner(const struct norm_charsmap *map, uint8_t byte);

/* May a rule begin with `head` or with what begins it?  False is certain. */
bool norm_charsmap_may_begin(const struct norm_charsmap *map, struct tok_span head);

/* May a rule go on with an ASCII byte behind `byte`? */
bool norm_charsmap_joins_ascii(const struct norm_charsmap *map, uint8_t byte);

struct norm_protected {
	const struct tok_span *pieces; /* sorted, no two the same */
	const uint32_t *parent;        /* the longest other piece that begins it, or TOK_NO_ID */
	size_t count;
	bool starts[256]; /* bytes that a piece begins with */
};

/* What becomes of a byte, whatever other ASCII stands beside it. */
enum norm_byte_kind {
	NORM_BYTE_TEXT,  /* something without spaces */
	NORM_BYTE_SPACE, /* one space */
	NORM_BYTE_ASK    /* not so simple, or no ASCII */
};

enum { NORM_QUICK_CHARS = 0x10000 };

/* For texts that are not tracked. */
struct norm_quick_bytes {
	uint8_t kinds[256];     /* enum norm_byte_kind */
	bool may_join[256];     /* a rule begins with it and goes on beyond ASCII */
	struct tok_bytemap map; /* what the first two kinds become, spaces escaped */
	bool identity;          /* no rule and no protected piece: characters stay */
	/* A bit for each of U+0000..FFFF: beyond ASCII and well formed, and neither a rule
	 * nor a protected piece begins with what begins it. */
	uint64_t stays[NORM_QUICK_CHARS / 64];
};

struct norm_sentencepiece {
	struct norm_charsmap map; /* no units: the identity */
	struct norm_protected protected;
	bool plain[256]; /* ASCII that stands for itself wherever it is */
	struct norm_quick_bytes quick;
	bool add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces;
	bool whitespace_as_suffix;
};

TOK_MUST_USE enum tok_status norm_sentencepiece_new(const struct tok_norm_step *step,
						    struct tok_arena *arena,
						    const struct norm_sentencepiece **out,
						    struct tok_error *err);

/* What `text` begins with becomes *result; returns how much of it that is. */
size_t norm_sentencepiece_prefix(const struct norm_sentencepiece *self, struct tok_span text,
				 struct tok_span *result);

/* norm_sentencepiece_quick.c: `quick` from the rest of it. */
void norm_sentencepiece_prepare(struct norm_sentencepiece *self);

/* Append `text` to one that is not tracked; `starts`: as if behind spaces that
 * were left out.  False if memory is out. */
TOK_MUST_USE bool norm_sentencepiece_append(const struct norm_sentencepiece *self,
					    struct tok_span text, bool starts, struct tok_text *to);

/* What a space is in the result. */
struct tok_span norm_sentencepiece_space(const struct norm_sentencepiece *self);

/* ---- grapheme clusters ---- */

enum norm_grapheme_class {
	NORM_GRAPHEME_OTHER,
	NORM_GRAPHEME_CR,
	NORM_GRAPHEME_LF,
	NORM_GRAPHEME_CONTROL,
	NORM_GRAPHEME_EXTEND,       /* Extend, and so is its Indic_Conjunct_Break */
	NORM_GRAPHEME_EXTEND_PLAIN, /* Extend without an Indic_Conjunct_Break */
	NORM_GRAPHEME_LINKER,       /* Extend, Indic_Conjunct_Break=Linker */
	NORM_GRAPHEME_ZWJ,
	NORM_GRAPHEME_SPACING,
	NORM_GRAPHEME_PREPEND,
	NORM_GRAPHEME_CONSONANT, /* Indic_Conjunct_Break=Consonant */
	NORM_GRAPHEME_PICTURE,   /* Extended_Pictographic */
	NORM_GRAPHEME_L,
	NORM_GRAPHEME_V,
	NORM_GRAPHEME_T,
	NORM_GRAPHEME_LV,
	NORM_GRAPHEME_LVT
};

struct norm_grapheme_range {
	uint32_t first, last;
	enum norm_grapheme_class class;
};

extern const struct norm_grapheme_range norm_grapheme_ranges[];
extern const size_t norm_grapheme_range_count;

/* End of the grapheme cluster that begins at `begin`. */
size_t norm_grapheme_end(struct tok_span text, size_t begin);

/* ---- the passes ---- */

struct tok_norm_scratch {
	struct tok_text spare;
	struct norm_marks pending, sorted, blocked;
	struct tok_regex_scratch *regex;
	struct norm_bert_memory *bert; /* NULL: not needed yet */
};

struct norm_pass;
typedef enum tok_status norm_run(const struct norm_pass *pass, struct norm_edit *edit,
				 struct tok_norm_scratch *scratch, struct tok_error *err);

struct norm_pass {
	norm_run *run;
	const struct norm_sure *sure; /* what it keeps; NULL: no table alone tells */
	/* So many passes behind it are done by this one if origins are not tracked; if
	 * they are, by themselves, and this one is passed over. */
	size_t stands_for;
	union {
		struct norm_form form;
		struct {
			bool left, right;
		} strip;
		struct tok_span prepend;
		struct {
			struct tok_regex *regex;
			struct tok_span content;
			/* A byte that becomes a few others; NULL: the pattern is more. */
			const struct tok_bytemap *map;
			uint8_t byte;
		} replace;
		const struct tok_bytemap *bytes; /* ASCII, or the byte-level alphabet */
		struct norm_charsmap charsmap;
		const struct norm_sentencepiece *sentencepiece;
		const struct norm_bert *bert;
	} as;
};

/* The steps compiled: each one to a few passes. */
struct tok_normalizer {
	struct tok_arena arena;
	struct norm_pass *passes;
	size_t pass_count, step_count;
};

norm_run norm_run_form, norm_run_lowercase, norm_run_strip, norm_run_prepend, norm_run_replace,
    norm_run_nmt, norm_run_strip_accents, norm_run_bert_clean, norm_run_bert_chinese,
    norm_run_bert_accents, norm_run_bert_quick, norm_run_precompiled, norm_run_byte_level,
    norm_run_sentencepiece;

/* The tables of NFC, NFD, NFKC or NFKD. */
TOK_MUST_USE enum tok_status norm_form_find(enum tok_norm_kind kind, struct norm_form *out,
					    struct tok_error *err);

/* As far as `text` is surely normalised from the boundary `at` on: the end, or a
 * boundary.  Standard annex 15, quick check. */
size_t norm_form_skip(const struct norm_form *form, struct tok_span text, size_t at);

/* `count` passes over `text`, whose bytes move to and fro between it and `spare`. */
TOK_MUST_USE enum tok_status norm_run_passes(const struct norm_pass *passes, size_t count,
					     struct tok_text *text, struct tok_text *spare,
					     struct tok_norm_scratch *scratch,
					     struct tok_error *err);

/* norm_bert_quick.c: the passes of a step, which stay where they are, as one.  NULL if
 * memory is out. */
const struct norm_bert *norm_bert_new(const struct tok_norm_step *step,
				      const struct norm_pass *passes, size_t pass_count,
				      struct tok_arena *arena);
void norm_bert_memory_free(struct norm_bert_memory *memory);

/* Set the bits of the characters that BertNormalizer puts spaces around; all are
 * below NORM_SURE_LIMIT. */
void norm_mark_chinese(uint64_t words[NORM_SURE_LIMIT / NORM_SURE_BLOCK]);

/* What becomes of ASCII. */
struct tok_bytemap norm_lower_bytes(void);
struct tok_bytemap norm_clean_bytes(void);

/* Was `code` in Unicode `major`.0?  False for bad bytes. */
bool norm_unicode_has(uint32_t code, unsigned major);

/* First byte at or after `at` that is not ASCII, or the end. */
size_t norm_skip_ascii(struct tok_span text, size_t at);

#endif
