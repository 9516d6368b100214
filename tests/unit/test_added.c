/* The search for added tokens against one that compares every token everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tok/base/buffer.h"
#include "tok/pipe/added_internal.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

enum { TOKENS_MAX = 40 };

struct bench {
	struct tok_added_token tokens[TOKENS_MAX];
	struct tok_added_entry entries[TOKENS_MAX];
	size_t count;
	struct tok_added_set set;
	struct tok_buffer contents, text;
	uint64_t seed;
};

static uint32_t next_random(struct bench *b)
{
	b->seed = b->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(b->seed >> 33);
}

/* ---- the definition ---- */

static const struct tok_added_token *longest_at(const struct bench *b, struct tok_span text,
						size_t at)
{
	const struct tok_added_token *best = NULL;
	for (size_t i = 0; i < b->count; i++) {
		const struct tok_added_token *token = &b->tokens[i];
		if (tok_span_starts(tok_span_slice(text, at, text.count), token->content) &&
		    (!best || token->content.count > best->content.count))
			best = token;
	}
	return best;
}

static bool is_word_at(struct tok_span text, size_t at)
{
	return at < text.count && tok_unicode_word(tok_utf8_at(text, at).code);
}

static bool is_word_before(struct tok_span text, size_t at)
{
	return at > 0 && tok_unicode_word(tok_utf8_before(text, at).code);
}

static struct tok_added_match find(const struct bench *b, struct tok_span text, size_t from,
				   size_t done, bool skip_special)
{
	for (size_t at = from; at < text.count; at++) {
		const struct tok_added_token *token = longest_at(b, text, at);
		if (!token)
			continue;
		size_t begin = at, end = at + token->content.count;
		const struct tok_added_match match = { begin, end, end, token };
		if ((skip_special && token->special) ||
		    (token->single_word && (is_word_before(text, at) || is_word_at(text, end)))) {
			at = end - 1;
			continue;
		}
		while (token->lstrip && begin > done &&
		       tok_unicode_space(tok_utf8_before(text, begin).code))
			begin -= tok_utf8_before(text, begin).length;
		while (token->rstrip && end < text.count &&
		       tok_unicode_space(tok_utf8_at(text, end).code))
			end += tok_utf8_at(text, end).length;
		if (token->lstrip && begin < done)
			begin = done;
		return (struct tok_added_match){ begin, end, match.resume, token };
	}
	return (struct tok_added_match){ text.count, text.count, text.count, NULL };
}

/* ---- random sets in random texts ---- */

/* Pieces from which both tokens and texts are made, so that they nearly match. */
static const char *const pieces[] = {
	"<",  "|",    "<|", "a",      "ab",     ">", "[",      "\n",
	"\t", "\n\n", " ",  "\u2581", "\u3000", "1", "\u00E9", "\xFF"
};
enum { PIECES = sizeof pieces / sizeof *pieces };

static void add_text(struct tok_buffer *out, const char *piece)
{
	assert_true(tok_buffer_add(out, piece, strlen(piece)));
}

static void make_set(struct bench *b)
{
	size_t ends[TOKENS_MAX];
	/* few kinds of first bytes in one set, many in another */
	const uint32_t kinds = 1 + next_random(b) % PIECES, shift = next_random(b) % PIECES;
	tok_buffer_clear(&b->contents);
	b->count = 1 + next_random(b) % (TOKENS_MAX - 1);
	for (size_t i = 0; i < b->count; i++) {
		add_text(&b->contents, pieces[(next_random(b) % kinds + shift) % PIECES]);
		for (uint32_t more = next_random(b) % 4; more > 0; more--)
			add_text(&b->contents, pieces[next_random(b) % PIECES]);
		ends[i] = b->contents.count;
	}
	size_t kept = 0;
	for (size_t i = 0; i < b->count; i++) {
		const struct tok_span content =
		    tok_span_slice(tok_buffer_span(&b->contents), i ? ends[i - 1] : 0, ends[i]);
		bool seen = false;
		for (size_t k = 0; k < kept; k++)
			seen |= tok_span_equal(b->tokens[k].content, content);
		if (seen)
			continue;
		b->tokens[kept] = (struct tok_added_token){
			.content = content,
			.id = (tok_id)i,
			.single_word = next_random(b) % 4 == 0,
			.lstrip = next_random(b) % 4 == 0,
			.rstrip = next_random(b) % 4 == 0,
			.special = next_random(b) % 2,
		};
		b->entries[kept] = (struct tok_added_entry){ content, &b->tokens[kept] };
		kept++;
	}
	b->count = kept;
	tok_added_set_init(&b->set, b->entries, b->count);
}

static void make_text(struct bench *b)
{
	tok_buffer_clear(&b->text);
	for (uint32_t runs = next_random(b) % 12; runs > 0; runs--) {
		if (next_random(b) % 3 == 0) {
			for (uint32_t i = next_random(b) % 150; i > 0; i--)
				add_text(&b->text, "z");
		} else if (next_random(b) % 2) {
			const struct tok_span content =
			    b->tokens[next_random(b) % b->count].content;
			assert_true(tok_buffer_add(&b->text, content.bytes,
						   content.count - next_random(b) % content.count));
		} else {
			add_text(&b->text, pieces[next_random(b) % PIECES]);
		}
	}
}

static void test_random(void **state)
{
	(void)state;
	struct bench b = { .seed = 11 };
	size_t found = 0, few = 0;
	for (size_t round = 0; round < 3000; round++) {
		make_set(&b);
		few += b.set.few;
		for (size_t i = 0; i < 10; i++) {
			const bool skip_special = next_random(&b) % 2;
			make_text(&b);
			/* a copy of just that size: reading on is seen by the sanitizer */
			uint8_t *bytes = malloc(b.text.count ? b.text.count : 1);
			assert_non_null(bytes);
			if (b.text.count)
				memcpy(bytes, b.text.bytes, b.text.count);
			const struct tok_span text = { bytes, b.text.count };
			size_t from = 0, done = 0;
			for (bool more = true; more;) {
				const struct tok_added_match want =
				    find(&b, text, from, done, skip_special);
				const struct tok_added_match got =
				    tok_added_find(&b.set, text, from, done, skip_special);
				assert_ptr_equal(got.token, want.token);
				assert_int_equal(got.begin, want.begin);
				assert_int_equal(got.end, want.end);
				assert_int_equal(got.resume, want.resume);
				more = got.token != NULL;
				found += more;
				from = got.resume;
				done = got.end;
			}
			free(bytes);
		}
	}
	assert_true(found > 10000 && few > 500 && few < 2500);
	tok_buffer_release(&b.contents);
	tok_buffer_release(&b.text);
}

static void test_empty_set(void **state)
{
	(void)state;
	static struct tok_added_set set;
	tok_added_set_init(&set, NULL, 0);
	const struct tok_added_match match = tok_added_find(&set, tok_span_of("<s>"), 0, 0, false);
	assert_null(match.token);
	assert_int_equal(match.begin, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_empty_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
