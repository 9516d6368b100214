/* test_hub.c - names of models, what a hub lists, and checksums: by FIPS 180's examples, and by
 * git. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vocab/store/digest_internal.h"
#include "vocab/store/hub_internal.h"

/* ---- digests -------------------------------------------------------------------------------- */

static void expect_hex(const uint8_t *digest, size_t count, const char *expected)
{
	char hex[65];
	for (size_t i = 0; i < count; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(hex, expected);
}

/* The examples of FIPS 180-2, appendices A and B, and what is empty. */
static void digests_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *text;
		size_t times;
		const char *sha1, *sha256;
	} rows[] = {
		{ "", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d",
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		  "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaa", 40000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t digest[DIGEST_SHA256];
		struct tok_span *parts = calloc(rows[i].times, sizeof *parts);
		assert_non_null(parts);
		for (size_t k = 0; k < rows[i].times; k++)
			parts[k] = tok_span_of(rows[i].text);
		digest_sha1(parts, rows[i].times, digest);
		expect_hex(digest, DIGEST_SHA1, rows[i].sha1);
		digest_sha256(parts, rows[i].times, digest);
		expect_hex(digest, DIGEST_SHA256, rows[i].sha256);
		free(parts);
	}
}

/* However the text is divided, for lengths around one and two blocks. */
static void parts_do_not_matter(void **state)
{
	uint8_t text[130], whole[DIGEST_SHA256], divided[DIGEST_SHA256];
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i * 7);
	for (size_t count = 0; count <= sizeof text; count++) {
		const struct tok_span all = { text, count };
		digest_sha256(&all, 1, whole);
		for (size_t cut = 0; cut <= count; cut++) {
			const struct tok_span parts[] = { tok_span_slice(all, 0, cut),
							  { 0 },
							  tok_span_slice(all, cut, count) };
			digest_sha256(parts, 3, divided);
			assert_memory_equal(divided, whole, sizeof whole);
		}
	}
}

/* Reference: git hash-object, sha256sum. */
static void checksums(void **state)
{
	static const char git[] = "ce013625030ba8dba906f756967f9e9ca394464a";
	static const char sha[] =
	    "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
	static const struct tok_span hello = { (const uint8_t *)"hello\n", 6 };
	static const struct {
		const char *form, *hex;
		bool good;
	} rows[] = {
		{ "%s", git, true },           { "\"%s\"", git, true },
		{ "W/\"%s\"", git, true },     { "%s", sha, true },
		{ "\"%s\"", sha, true },       { "\"%s0\"", sha, false },
		{ "\"%s-gzip\"", sha, false }, { "\"%s0\"", git, false },
		{ "x%s", git, false },         { "\"\"%.0s", git, false },
		{ "%.0s", git, false },        { "\"%.39s\"", git, false },
		{ "%.63s", sha, false },       { "%s\"x", git, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char etag[128];
		struct hub_checksum checksum;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(etag, sizeof etag, rows[i].form, rows[i].hex);
#pragma GCC diagnostic pop
		assert_int_equal(hub_checksum_read(etag, &checksum), rows[i].good);
		if (!rows[i].good)
			continue;
		assert_true(hub_checksum_holds(&checksum, hello));
		assert_false(hub_checksum_holds(&checksum, tok_span_slice(hello, 0, 5)));
		assert_false(hub_checksum_holds(&checksum, tok_span_of("Hello\n")));
	}
}

/* ---- names ------------------------------------------------------------------------------------
 */

static void names(void **state)
{
	static const struct {
		const char *text, *name, *revision; /* NULL: refused */
	} rows[] = {
		{ "gpt2", "gpt2", "main" },
		{ "org/m_1.5-B", "org/m_1.5-B", "main" },
		{ "org/m@v1", "org/m", "v1" },
		{ "m@refs/pr/1", "m", "refs/pr/1" },
		{ "", NULL, NULL },
		{ "@", NULL, NULL },
		{ "@main", NULL, NULL },
		{ "a/b/c", NULL, NULL },
		{ "/a", NULL, NULL },
		{ "a/", NULL, NULL },
		{ "..", NULL, NULL },
		{ "../a", NULL, NULL },
		{ "a/..", NULL, NULL },
		{ "a/.", NULL, NULL },
		{ "a b", NULL, NULL },
		{ "a%2fb", NULL, NULL },
		{ "a?b", NULL, NULL },
		{ "\xc3\xa9", NULL, NULL },
		{ "a@", NULL, NULL },
		{ "a@/x", NULL, NULL },
		{ "a@x/../y", NULL, NULL },
		{ "a@b@c", NULL, NULL },
		{ "a@b c", NULL, NULL },
		{ "a@b#c", NULL, NULL },
	};
	struct vocab_hub_model model;
	char long_name[400];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(vocab_hub_parse(rows[i].text, &model), rows[i].name != NULL);
		if (!rows[i].name)
			continue;
		assert_string_equal(model.name, rows[i].name);
		assert_string_equal(model.revision, rows[i].revision);
	}
	memset(long_name, 'a', sizeof long_name);
	long_name[VOCAB_STORE_NAME_MAX] = '@';
	long_name[VOCAB_STORE_NAME_MAX + 1 + VOCAB_HUB_REVISION_MAX] = '\0';
	assert_true(vocab_hub_parse(long_name, &model));
	assert_int_equal(strlen(model.revision), VOCAB_HUB_REVISION_MAX);
	long_name[VOCAB_STORE_NAME_MAX + 1 + VOCAB_HUB_REVISION_MAX] = 'a';
	long_name[VOCAB_STORE_NAME_MAX + 2 + VOCAB_HUB_REVISION_MAX] = '\0';
	assert_false(vocab_hub_parse(long_name, &model));
	long_name[VOCAB_STORE_NAME_MAX] = 'a';
	long_name[VOCAB_STORE_NAME_MAX + 1] = '\0';
	assert_false(vocab_hub_parse(long_name, &model));
}

/* ---- addresses ----------------------------------------------------------------------------------
 */

static void endpoints(void **state)
{
	static const char *const good[] = { "https://huggingface.co", "http://127.0.0.1:80/",
					    "HTTPS://h/a/b/", "http://[::1]:8" };
	static const char *const bad[] = {
		"",           "huggingface.co", "ftp://h",    "file:///etc",
		"https://",   "http:///x",      "http://a b", "http://h?x",
		"http://h#x", "http://h\n",     "http:/h",    "https://\xc3\xa9"
	};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(hub_url_is_endpoint(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(hub_url_is_endpoint(bad[i]));
}

/* Who is led from the first to the second: at all, and with the token of the first. */
static void redirections(void **state)
{
	static const struct {
		const char *from, *to;
		bool leads, trusted;
	} rows[] = {
		{ "https://h", "https://h/x", true, true },
		{ "https://h/a/b", "https://h/x", true, true },
		{ "http://h:8", "http://h:8/", true, true },
		{ "https://h", "https://other/x", true, false },
		{ "https://h", "https://h.evil/x", true, false },
		{ "https://h", "https://hh/x", true, false },
		{ "https://h", "https://h:444/x", true, false },
		{ "https://h", "https://h@evil/x", true, false },
		{ "https://h:8", "https://h:80/x", true, false },
		{ "https://h:8", "https://h:8@evil/x", true, false },
		{ "https://h", "https://x/https://h/", true, false },
		{ "https://h", "https://h", true, false },
		{ "http://h", "https://h/x", true, false },
		{ "https://h", "http://h/x", false, false },
		{ "https://h", "HTTP://h/x", false, false },
		{ "HTTPS://h", "http://h/x", false, false },
		{ "http://h", "file:///etc/passwd", false, false },
		{ "http://h", "ftp://h/x", false, false },
		{ "http://h", "/x", false, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(hub_url_may_lead(rows[i].from, rows[i].to), rows[i].leads);
		assert_int_equal(hub_url_is_at(rows[i].from, rows[i].to), rows[i].trusted);
	}
}

/* For messages: nothing that is secret. */
static void shown(void **state)
{
	static const struct {
		const char *url, *shown;
	} rows[] = {
		{ "https://h/a?signature=x", "https://h/a" },
		{ "https://h/a#x", "https://h/a" },
		{ "http://u:pw@h:8/a", "http://h:8/a" },
		{ "http://u:p@w@h", "http://h" },
		{ "http://u:pw@h/a@b", "http://h/a@b" },
		{ "http://h?x@y", "http://h" },
		{ "u:pw@h", "h" },
		{ "h/x://y", "h/x://y" },
		{ "u:pw@h/x://y", "h/x://y" },
		{ "a?b://c", "a" },
		{ "", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(hub_url_show(rows[i].url).text, rows[i].shown);
}

/* ---- lists --------------------------------------------------------------------------------------
 */

#define SHA   "0123456789abcdefABCDEF0123456789abcdef01"
#define FILES ",\"siblings\":["
#define NONE  "no tokenizer among"
#define F(n)  "{\"rfilename\":\"" n "\"}"

static void lists(void **state)
{
	static const struct {
		const char *json;
		const char *names[2];
		const char *licence, *refused;
	} rows[] = {
		{ FILES F("a.txt") "," F("tokenizer.json") "]", { "tokenizer.json" } },
		{ FILES F("b.model") "," F("a.model") "," F("c.model") "]", { "a.model" } },
		{ FILES F("z.tiktoken") "," F("a.gguf") "]", { "z.tiktoken" } },
		{ FILES F("tokenizer.model") "," F("tekken.json") "]", { "tekken.json" } },
		{ FILES F("merges.txt") "," F("vocab.json") "]", { "vocab.json", "merges.txt" } },
		{ FILES F("vocab.bpe") "," F("vocab.json") "]", { "vocab.json", "vocab.bpe" } },
		{ FILES F("vocab.bpe") "," F("merges.txt") "," F("encoder.json") "]",
		  { "encoder.json", "vocab.bpe" } },
		{ FILES F("vocab.json") "]", .refused = "vocab.json is half of a tokenizer" },
		{ FILES F("merges.txt") "]", .refused = NONE },
		{ FILES "]", .refused = NONE },
		/* names that lead elsewhere, or do something to a URL or a terminal */
		{ FILES F("../../tokenizer.json") "," F("/etc/tokenizer.json") "]",
		  .refused = NONE },
		{ FILES F("sub/tokenizer.json") "," F("..") "]", .refused = NONE },
		{ FILES F(".model") "," F(".x.model") "]", .refused = NONE },
		{ FILES F("x\\u0000.model") "," F("\\u001b[31m.model") "]", .refused = NONE },
		{ FILES F("a b.model") "," F("%2e.model") "]", .refused = NONE },
		{ FILES F("a?b.model") "," F("..\\\\x.model") "]", .refused = NONE },
		{ FILES "1,null,[],[{\"rfilename\":\"tokenizer.json\"}],{},{\"rfilename\":3}]",
		  .refused = NONE },
		{ ",\"siblings\":{\"rfilename\":\"tokenizer.json\"}",
		  .refused = "'siblings' must be" },
		{ ",\"siblings\":null", .refused = "'siblings' must be" },
		{ "", .refused = "'siblings' must be" },
		/* licences */
		{ FILES F("tokenizer.json") "],\"cardData\":{\"license\":\"apache-2.0\"},\"tags\":["
					    "\"license:mit\"]",
		  { "tokenizer.json" },
		  "apache-2.0" },
		{ FILES F("tokenizer.json") "],\"cardData\":{\"license\":[\"mit\",\"x\"]}",
		  { "tokenizer.json" },
		  "mit" },
		{ FILES F("tokenizer.json") "],\"cardData\":null,\"tags\":[7,\"x\",\"license:cc-by-"
					    "4.0\"]",
		  { "tokenizer.json" },
		  "cc-by-4.0" },
		{ FILES F("tokenizer.json") "],\"cardData\":{\"license\":\"\\u001b[2J\"}",
		  { "tokenizer.json" } },
		{ FILES F("tokenizer.json") "],\"cardData\":{\"license\":[]},\"tags\":{\"license\":"
					    "\"x\"}",
		  { "tokenizer.json" } },
		{ FILES F("tokenizer.json") "],\"cardData\":{\"license\":"
					    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					    "aaaaaaaaaaaaaaaaaaaaa\"}",
		  { "tokenizer.json" } },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char json[1024];
		struct tok_arena arena = { 0 };
		struct hub_listing listing;
		struct tok_error err = { 0 };
		snprintf(json, sizeof json, "{\"sha\":\"" SHA "\"%s}", rows[i].json);
		const enum tok_status status =
		    hub_listing_read(tok_span_of(json), &arena, &listing, &err);
		if (rows[i].refused) {
			assert_int_equal(status, TOK_EFORMAT);
			assert_non_null(strstr(err.message, rows[i].refused));
		} else {
			assert_int_equal(status, TOK_OK);
			assert_string_equal(listing.commit, SHA);
			assert_int_equal(listing.count, rows[i].names[1] ? 2 : 1);
			for (size_t k = 0; k < listing.count; k++)
				assert_string_equal(listing.names[k], rows[i].names[k]);
			assert_int_equal(listing.licence != NULL, rows[i].licence != NULL);
			if (listing.licence)
				assert_string_equal(listing.licence, rows[i].licence);
		}
		tok_arena_release(&arena);
	}
}

static void what_is_no_list(void **state)
{
	static const char *const rows[] = {
		"",
		"<html>",
		"[]",
		"7",
		"null",
		"{}",
		"{\"sha\":7}",
		"{\"sha\":\"main\"}",
		"{\"sha\":\"../../../../../../../../../../../../../x\"}",
		"{\"sha\":\"0123456789abcdefABCDEF0123456789abcdef0\"}",
		"{\"sha\":\"0123456789abcdefABCDEF0123456789abcdef01a\"}",
		"{\"sha\":\"" SHA "\"",
		"{\"sha\":\"" SHA "\"}x",
		"\xff",
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tok_arena arena = { 0 };
		struct hub_listing listing;
		struct tok_error err = { 0 };
		assert_int_equal(hub_listing_read(tok_span_of(rows[i]), &arena, &listing, &err),
				 TOK_EFORMAT);
		tok_arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_the_standard),
		cmocka_unit_test(parts_do_not_matter),
		cmocka_unit_test(checksums),
		cmocka_unit_test(names),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(redirections),
		cmocka_unit_test(shown),
		cmocka_unit_test(lists),
		cmocka_unit_test(what_is_no_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
