/*
 * Pairs of random vocabularies are those of the definition: all pairs of tokens are
 * tried, and what decoding makes of a pair is looked at among other tokens; the last merge
 * is found by merging.
 *
 *	test_splits_laws [ROUNDS]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "tests/unit/checked.h"
#include "tests/unit/many.h"
#include "tok/pipe/decoder.h"
#include "tok/sample/splits.h"
#include "tok/sample/surfaces.h"

enum { TOKENS = 36, MERGES = 60, TEXT = 32 };

static unsigned long rounds = CHECKED ? 50 : 150;

/* ---- random vocabularies --------------------------------------------------------- */

static const struct {
	const char *name, *head, *model, *prefix, *suffix;
	const char *letters; /* characters, with a space between */
	bool scored;
	enum tok_bpe_order order; /* ranks and scores are specifications, the others files */
} kinds[] = {
	{ "ranks", "", "BPE", "", "", "a b \xC3\x83 \xC2\xA9", false, TOK_BPE_RANKS },
	{ "scores", "", "BPE", "", "", "a b \xE2\x96\x81", false, TOK_BPE_SCORES },
	{ "bytes",
	  "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":"
	  "true},\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":"
	  "true},",
	  "\"type\":\"BPE\"", "", "", "a b \xC3\x83 \xC2\xA9", false },
	{ "WordPiece", "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true},",
	  "\"type\":\"WordPiece\",\"max_input_chars_per_word\":99,\"unk_token\":\"a\",\"continuing_"
	  "subword_prefix\":\"##\"",
	  "##", "", "a n ' t", false },
	{ "ends", "\"decoder\":{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"},",
	  "\"type\":\"BPE\",\"end_of_word_suffix\":\"</w>\"", "", "</w>", "a b c", false },
	{ "ends that stay",
	  "\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true},",
	  "\"type\":\"BPE\",\"end_of_word_suffix\":\"</w>\"", "", "</w>", "a b c", false },
	{ "both", "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":false},",
	  "\"type\":\"BPE\",\"continuing_subword_prefix\":\"##\",\"end_of_word_suffix\":\"_\"",
	  "##", "_", "a b", false },
	{ "marked spaces",
	  "\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{"
	  "\"String\":\"\xE2\x96\x81\"},\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":"
	  "\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]},",
	  "\"type\":\"Unigram\",\"unk_id\":0", "", "", "a b \xE2\x96\x81", true },
	{ "two spaces stripped at either end",
	  "\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{"
	  "\"String\":\"_\"},\"content\":\" \"},{\"type\":\"Fuse\"},{\"type\":\"Strip\","
	  "\"content\":\" \",\"start\":2,\"stop\":2}]},",
	  "\"type\":\"Unigram\",\"unk_id\":0", "", "", "a b _", true },
	{ "metaspace",
	  "\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"\xE2\x96\x81\",\"prepend_scheme\":"
	  "\"always\"},",
	  "\"type\":\"Unigram\",\"unk_id\":0", "", "", "a b \xE2\x96\x81", true },
	{ "pairs replaced",
	  "\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{"
	  "\"String\":\"ab\"},\"content\":\"x\"},{\"type\":\"Fuse\"}]},",
	  "\"type\":\"BPE\"", "", "", "a b c", false },
	{ "WordPiece, looked at when joined",
	  "\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"WordPiece\",\"prefix\":\"##"
	  "\","
	  "\"cleanup\":true},{\"type\":\"Fuse\"},{\"type\":\"Replace\",\"pattern\":{\"String\":"
	  "\"tt\"},"
	  "\"content\":\"x\"}]},",
	  "\"type\":\"WordPiece\",\"max_input_chars_per_word\":99,\"unk_token\":\"a\","
	  "\"continuing_subword_prefix\":\"##\"",
	  "##", "", "a n ' t", false },
	{ "nothing decodes", "", "\"type\":\"BPE\"", "", "", "a b", false },
	{ "equal ones vanish",
	  "\"decoder\":{\"type\":\"CTC\",\"pad_token\":\"_\",\"word_delimiter_token\":\"b\","
	  "\"cleanup\":true},",
	  "\"type\":\"BPE\"", "", "", "a b c", false },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct vocabulary {
	size_t kind, count;
	char texts[TOKENS][2 * TEXT]; /* with marks; ids are places */
	struct tok_merge merges[MERGES];
	size_t merge_count;
	struct tok_vocab_entry entries[TOKENS]; /* of a specification */
	struct tok_decode_step step;
	struct tok_tokenizer *tokenizer;
};

static tok_id find_text(const struct vocabulary *v, const char *text)
{
	for (tok_id id = 0; id < v->count; id++)
		if (strcmp(v->texts[id], text) == 0)
			return id;
	return TOK_NO_ID;
}

static void draw_letter(uint64_t *seed, const char *letters, char *out)
{
	size_t count = 1;
	for (const char *at = letters; *at; at++)
		count += *at == ' ';
	for (size_t skip = many_draw(seed, (uint32_t)count); skip; letters++)
		skip -= *letters == ' ';
	const size_t length = strcspn(letters, " ");
	memcpy(out, letters, length);
	out[length] = '\0';
}

static void draw_tokens(uint64_t *seed, struct vocabulary *v)
{
	const size_t want = 4 + many_draw(seed, TOKENS - 3);
	for (size_t tries = 0; v->count < want && tries < 400; tries++) {
		char *text = v->texts[v->count];
		const uint32_t letters = 1 + many_draw(seed, 5);
		*text = '\0';
		if (many_draw(seed, 2))
			strcpy(text, kinds[v->kind].prefix);
		for (uint32_t i = 0; i < letters; i++)
			draw_letter(seed, kinds[v->kind].letters, text + strlen(text));
		if (many_draw(seed, 2))
			strcat(text, kinds[v->kind].suffix);
		v->count += find_text(v, text) == TOK_NO_ID;
	}
}

/* Every pair whose joined text is a token, or some, in random order. */
static void draw_merges(uint64_t *seed, struct vocabulary *v)
{
	const char *prefix = kinds[v->kind].prefix, *suffix = kinds[v->kind].suffix;
	for (tok_id a = 0; a < v->count; a++)
		for (tok_id b = 0; b < v->count && v->merge_count < MERGES; b++) {
			char text[4 * TEXT];
			const char *right = v->texts[b];
			if (strncmp(right, prefix, strlen(prefix)) != 0 ||
			    (*suffix && strstr(v->texts[a], suffix)))
				continue;
			sprintf(text, "%s%s", v->texts[a], right + strlen(prefix));
			const tok_id result = find_text(v, text);
			if (result != TOK_NO_ID && many_draw(seed, 5))
				v->merges[v->merge_count++] = (struct tok_merge){ a, b, result };
		}
	for (size_t i = v->merge_count; i > 1; i--) {
		const size_t k = many_draw(seed, (uint32_t)i);
		const struct tok_merge merge = v->merges[k];
		v->merges[k] = v->merges[i - 1];
		v->merges[i - 1] = merge;
	}
}

static void make(struct vocabulary *v, struct tok_spec *spec)
{
	struct tok_error err = { 0 };
	if (tok_tokenizer_new(spec, &v->tokenizer, &err) != TOK_OK)
		fail_msg("%s: %s", kinds[v->kind].name, err.message);
	tok_spec_release(spec);
}

/* tiktoken and SentencePiece: scores, some of them equal, and all types of pieces. */
static void build_spec(uint64_t *seed, struct vocabulary *v)
{
	const bool scores = kinds[v->kind].order == TOK_BPE_SCORES;
	v->step = (struct tok_decode_step){ .kind = TOK_DECODE_BYTE_LEVEL };
	if (scores) {
		v->step.kind = TOK_DECODE_SENTENCEPIECE;
		v->step.as.sentencepiece.add_dummy_prefix = many_draw(seed, 2);
		v->step.as.sentencepiece.remove_extra_whitespaces = many_draw(seed, 2);
		v->step.as.sentencepiece.unk_surface = tok_span_of("?");
	}
	for (tok_id id = 0; id < v->count; id++)
		v->entries[id] = (struct tok_vocab_entry){
			.text = tok_span_of(v->texts[id]),
			.id = id,
			.score = -(double)many_draw(seed, TOKENS),
			.type = !scores || many_draw(seed, 8)
				    ? TOK_PIECE_NORMAL
				    : (enum tok_piece_type)(TOK_PIECE_CONTROL + many_draw(seed, 3)),
		};
	struct tok_spec spec = {
		.format = tok_span_of("test"),
		.raw_vocabulary = !scores,
		.sentencepiece = scores,
		.model = { .kind = TOK_MODEL_BPE,
			   .entries = v->entries,
			   .entry_count = v->count,
			   .unk = TOK_NO_ID,
			   .as.bpe = { .order = kinds[v->kind].order, .raw_bytes = !scores } },
		.decoders = &v->step,
		.decoder_count = 1,
		.has_decoder = true,
	};
	make(v, &spec);
}

static void build(struct vocabulary *v)
{
	char json[16384];
	const bool scored = kinds[v->kind].scored;
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	size_t n = (size_t)sprintf(json, "{%s\"model\":{%s,\"vocab\":%c", kinds[v->kind].head,
				   kinds[v->kind].model, scored ? '[' : '{');
	for (size_t i = 0; i < v->count; i++)
		n += (size_t)sprintf(json + n, scored ? "%s[\"%s\",-%zu]" : "%s\"%s\":%zu",
				     i ? "," : "", v->texts[i], i);
	n += (size_t)sprintf(json + n, "%c", scored ? ']' : '}');
	if (strstr(kinds[v->kind].model, "BPE"))
		n += (size_t)sprintf(json + n, ",\"merges\":[");
	for (size_t i = 0; i < v->merge_count; i++)
		n += (size_t)sprintf(json + n, "%s[\"%s\",\"%s\"]", i ? "," : "",
				     v->texts[v->merges[i].left], v->texts[v->merges[i].right]);
	sprintf(json + n, strstr(kinds[v->kind].model, "BPE") ? "]}}" : "}}");
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK)
		fail_msg("%s: %s\n%s", kinds[v->kind].name, err.message, json);
	make(v, &spec);
}

static void draw_vocabulary(uint64_t *seed, size_t kind, struct vocabulary *v)
{
	*v = (struct vocabulary){ .kind = kind };
	draw_tokens(seed, v);
	if (kinds[kind].order != TOK_BPE_MERGES) {
		build_spec(seed, v);
		return;
	}
	if (strstr(kinds[kind].model, "BPE"))
		draw_merges(seed, v);
	build(v);
}

/* ---- the definition ------------------------------------------------------------------ */

/* The pair joined last when the units of a token are merged; false if they do not become
 * the token. */
static bool merge_slowly(const struct vocabulary *v, tok_id id, struct tok_pair *last)
{
	const char *prefix = kinds[v->kind].prefix, *suffix = kinds[v->kind].suffix;
	const char *at = v->texts[id], *end = at + strlen(at);
	tok_id units[2 * TEXT];
	size_t count = 0;
	const bool inner = *prefix && strncmp(at, prefix, strlen(prefix)) == 0;
	at += inner ? strlen(prefix) : 0;
	const bool marked =
	    *suffix && strlen(at) >= strlen(suffix) && strcmp(end - strlen(suffix), suffix) == 0;
	end -= marked ? strlen(suffix) : 0;
	while (at < end) {
		char text[4 * TEXT];
		const size_t length = (*at & 0xC0) == 0xC0 ? 2 : 1;
		sprintf(text, "%s%.*s%s", inner || count ? prefix : "", (int)length, at,
			at + length == end && marked ? suffix : "");
		units[count] = find_text(v, text);
		if (units[count++] == TOK_NO_ID)
			return false;
		at += length;
	}
	*last = (struct tok_pair){ TOK_NO_ID, TOK_NO_ID };
	for (size_t rank = 0; rank < v->merge_count; rank++)
		for (size_t i = 0; i + 1 < count; i++)
			if (units[i] == v->merges[rank].left &&
			    units[i + 1] == v->merges[rank].right) {
				*last = (struct tok_pair){ units[i], units[i + 1] };
				units[i] = v->merges[rank].result;
				memmove(units + i + 1, units + i + 2,
					(count - i - 2) * sizeof *units);
				count--;
				rank = (size_t)-1; /* from the best one on */
				break;
			}
	return count == 1 && units[0] == id && last->left != TOK_NO_ID;
}

/* A piece that text matches. */
static tok_id find_piece(const struct vocabulary *v, struct tok_span text)
{
	for (tok_id id = 0; id < v->count; id++)
		if (tok_span_equal(v->entries[id].text, text) &&
		    v->entries[id].type != TOK_PIECE_CONTROL)
			return id;
	return TOK_NO_ID;
}

/* The same where any two neighbours that make a piece may join, that of the lowest id or
 * the highest score first; none over what is taken whole. */
static bool join_slowly(const struct vocabulary *v, tok_id id, struct tok_pair *last)
{
	const bool scores = kinds[v->kind].order == TOK_BPE_SCORES;
	const struct tok_span text = tok_span_of(v->texts[id]);
	struct tok_span parts[2 * TEXT];
	size_t count = 0;
	for (tok_id user = 0; user < v->count; user++)
		if (v->entries[user].type == TOK_PIECE_USER_DEFINED &&
		    strstr(v->texts[id], v->texts[user]))
			return false;
	for (size_t at = 0; at < text.count; at += parts[count++].count) {
		size_t length = 1;
		while (scores && (text.bytes[at + length] & 0xC0) == 0x80)
			length++;
		parts[count] = tok_span_slice(text, at, at + length);
	}
	*last = (struct tok_pair){ TOK_NO_ID, TOK_NO_ID };
	for (;;) {
		size_t best = count;
		double least = HUGE_VAL;
		for (size_t i = 0; i + 1 < count; i++) {
			const tok_id made =
			    find_piece(v, (struct tok_span){ parts[i].bytes,
							     parts[i].count + parts[i + 1].count });
			const double rank = made == TOK_NO_ID ? HUGE_VAL
					    : scores          ? -v->entries[made].score
							      : made;
			if (rank < least) {
				least = rank;
				best = i;
			}
		}
		if (best == count)
			break;
		*last =
		    (struct tok_pair){ find_piece(v, parts[best]), find_piece(v, parts[best + 1]) };
		parts[best].count += parts[best + 1].count;
		memmove(parts + best + 1, parts + best + 2, (count - best - 2) * sizeof *parts);
		count--;
	}
	return count == 1;
}

static bool reads_alike(struct tok_decoder *one, struct tok_decoder *other, tok_id before,
			tok_id behind, tok_id id, struct tok_pair pair)
{
	tok_id ids[4], split[4];
	size_t n = 0;
	struct tok_span text, again;
	if (before != TOK_NO_ID)
		ids[n] = before, split[n] = before, n++;
	ids[n] = id;
	split[n] = pair.left;
	split[n + 1] = pair.right;
	if (behind != TOK_NO_ID)
		ids[n + 1] = behind, split[n + 2] = behind;
	const size_t count = n + 1 + (behind != TOK_NO_ID);
	assert_int_equal(tok_decode(one, ids, count, false, &text, NULL), TOK_OK);
	assert_int_equal(tok_decode(other, split, count + 1, false, &again, NULL), TOK_OK);
	return tok_span_equal(text, again);
}

static bool decodes_alike(const struct vocabulary *v, struct tok_decoder *one,
			  struct tok_decoder *other, tok_id id, struct tok_pair pair)
{
	for (tok_id before = 0; before <= v->count; before++)
		for (tok_id behind = 0; behind <= v->count; behind++)
			if ((before + behind) % 5 == 0 || before == v->count ||
			    behind == v->count || before == pair.left)
				if (!reads_alike(one, other, before < v->count ? before : TOK_NO_ID,
						 behind < v->count ? behind : TOK_NO_ID, id, pair))
					return false;
	return true;
}

/* May they stand where the token stands? */
static bool fits(const struct tok_surface *t, const struct tok_surface *a,
		 const struct tok_surface *b)
{
	const uint32_t fronts = TOK_PLACE_FIRST | TOK_PLACE_INNER;
	const uint32_t backs = TOK_PLACE_LAST | TOK_PLACE_NOT_LAST;
	return t->text.bytes && a->text.bytes && b->text.bytes && a->places & TOK_PLACE_NOT_LAST &&
	       b->places & TOK_PLACE_INNER && !(t->places & fronts & ~a->places) &&
	       !(t->places & backs & ~b->places) &&
	       t->text.count == a->text.count + b->text.count &&
	       tok_span_starts(t->text, a->text) &&
	       memcmp(t->text.bytes + a->text.count, b->text.bytes, b->text.count) == 0;
}

static bool is_allowed(const struct vocabulary *v, const struct tok_splits_options *o, tok_id id,
		       struct tok_pair pair, const struct tok_surface *a,
		       const struct tok_surface *b)
{
	struct tok_pair last;
	if (o->pairs == TOK_SPLIT_EARLIER && (pair.left > id || pair.right > id))
		return false;
	if (o->pairs == TOK_SPLIT_MERGES &&
	    (!(kinds[v->kind].order == TOK_BPE_MERGES ? merge_slowly(v, id, &last)
						      : join_slowly(v, id, &last)) ||
	     last.left != pair.left || last.right != pair.right))
		return false;
	if (v->entries[id].type == TOK_PIECE_USER_DEFINED)
		return false;
	for (size_t i = 0; i < o->keep_count; i++)
		if (o->keep[i] == id)
			return false;
	return a->text.count >= o->min_piece_bytes && b->text.count >= o->min_piece_bytes &&
	       !(o->utf8_safe && (b->text.bytes[0] & 0xC0) == 0x80);
}

/* The next pair of the token whose left part is longer than `from` bytes. */
static bool next_pair(const struct vocabulary *v, const struct tok_surfaces *surfaces,
		      const struct tok_splits_options *o, struct tok_decoder **decoders, tok_id id,
		      size_t *from, struct tok_pair *out)
{
	const struct tok_surface *t = tok_surfaces_at(surfaces, id);
	for (size_t cut = *from + 1; cut < t->text.count; cut++)
		for (tok_id a = 0; a < v->count; a++)
			for (tok_id b = 0; b < v->count; b++) {
				const struct tok_surface *x = tok_surfaces_at(surfaces, a);
				const struct tok_surface *y = tok_surfaces_at(surfaces, b);
				const struct tok_pair pair = { a, b };
				if (x->text.count != cut || !fits(t, x, y) ||
				    !is_allowed(v, o, id, pair, x, y) ||
				    !decodes_alike(v, decoders[0], decoders[1], id, pair))
					continue;
				*from = cut;
				*out = pair;
				return true;
			}
	return false;
}

static size_t compare(const struct vocabulary *v, const struct tok_splits_options *o)
{
	struct tok_decoder *decoders[] = { tok_decoder_new(v->tokenizer),
					   tok_decoder_new(v->tokenizer) };
	struct tok_surfaces *surfaces;
	struct tok_splits *splits = NULL;
	struct tok_error err = { 0 };
	size_t all = 0;
	assert_int_equal(tok_surfaces_new(v->tokenizer, &surfaces, &err), TOK_OK);
	if (tok_splits_new(v->tokenizer, o, &splits, &err) != TOK_OK)
		fail_msg("%s: %s", kinds[v->kind].name, err.message);
	for (tok_id id = 0; id < v->count; id++) {
		const struct tok_pair *pairs;
		const size_t count = tok_splits_of(splits, id, &pairs);
		struct tok_pair wanted;
		size_t i = 0, from = 0;
		while (next_pair(v, surfaces, o, decoders, id, &from, &wanted)) {
			if (i == count || pairs[i].left != wanted.left ||
			    pairs[i].right != wanted.right)
				fail_msg("%s: pair %zu of '%s' must be '%s' '%s'",
					 kinds[v->kind].name, i, v->texts[id],
					 v->texts[wanted.left], v->texts[wanted.right]);
			i++;
		}
		if (i != count)
			fail_msg("%s: '%s' must not become '%s' '%s'", kinds[v->kind].name,
				 v->texts[id], v->texts[pairs[i].left], v->texts[pairs[i].right]);
		all += count;
	}
	tok_splits_free(splits);
	tok_surfaces_free(surfaces);
	tok_decoder_free(decoders[0]);
	tok_decoder_free(decoders[1]);
	return all;
}

static void pairs_are_those_of_the_definition(void **state)
{
	size_t found[KINDS] = { 0 }, merged = 0;
	uint64_t seed = 5;
	(void)state;
	for (unsigned long round = 0; round < rounds * KINDS; round++) {
		struct vocabulary v;
		const size_t kind = round % KINDS;
		draw_vocabulary(&seed, kind, &v);
		const tok_id keep[] = { many_draw(&seed, (uint32_t)v.count) };
		const bool is_bpe = strstr(kinds[kind].model, "BPE") != NULL;
		struct tok_splits_options o = { .pairs = TOK_SPLIT_ANY };
		found[kind] += compare(&v, &o);
		o.pairs = TOK_SPLIT_EARLIER;
		o.min_piece_bytes = many_draw(&seed, 3);
		o.keep = keep;
		o.keep_count = many_draw(&seed, 2);
		o.utf8_safe = many_draw(&seed, 2);
		compare(&v, &o);
		o = (struct tok_splits_options){ .pairs = TOK_SPLIT_MERGES };
		if (is_bpe)
			merged += compare(&v, &o);
		tok_tokenizer_free(v.tokenizer);
	}
	/* Joined by spaces, or with equal ones gone, none decodes alike. */
	for (size_t kind = 0; kind < KINDS - 2; kind++)
		if (found[kind] < rounds)
			fail_msg("%s: only %zu pairs", kinds[kind].name, found[kind]);
	assert_int_equal(found[KINDS - 2] + found[KINDS - 1], 0);
	assert_true(merged > rounds);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_those_of_the_definition),
	};
	if (argc > 1)
		rounds = strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
