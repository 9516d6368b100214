/*
 * transplant_driver.c - what transplanting makes of real vocabularies, for scripts that compare it.
 *
 *	transplant_driver tokens TOKENIZER           a line an id: kind, bytes in hexadecimal
 *	transplant_driver match OLD NEW CLASSES      a line a new id: class, old id (-1: none)
 *	transplant_driver pieces OLD NEW THREADS     a line a new id: old ids, a tab, their lengths;
 *						     then numbers of tokens that are unspelt, cut,
 * by bytes transplant_driver digits TOKENIZER...        a line each
 */
#include <stdio.h>
#include <stdlib.h>

#include "hypernet/transplant/match.h"
#include "hypernet/transplant/pieces.h"
#include "vocab/convert/token_bytes.h"
#include "vocab/format/read.h"

static struct tok_error err;

static void need(enum tok_status status)
{
	if (status == TOK_OK)
		return;
	fprintf(stderr, "transplant_driver: %s\n", err.message);
	exit(2);
}

static struct hyper_vocab open_vocab(const char *path)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *tokenizer;
	struct vocab_token_bytes tokens;
	need(vocab_read_path(path, NULL, &spec, &err));
	need(tok_tokenizer_new(&spec, &tokenizer, &err));
	tok_spec_release(&spec);
	need(vocab_token_bytes(tokenizer, &tokens, &err)); /* both live as long as we do */
	struct hyper_vocab vocab = { tokens.bytes, tokens.kinds, tokens.count, { 0 }, tokenizer };
	for (size_t role = 0; role < HYPER_ROLE_COUNT; role++)
		vocab.roles[role] = TOK_NO_ID;
	return vocab;
}

static void show_tokens(const char *path)
{
	const struct hyper_vocab vocab = open_vocab(path);
	for (size_t id = 0; id < vocab.count; id++) {
		printf("%d ", vocab.kinds[id]);
		for (size_t i = 0; i < vocab.bytes[id].count; i++)
			printf("%02x", vocab.bytes[id].bytes[i]);
		putchar('\n');
	}
}

static void show_matches(const char *old_path, const char *new_path, const char *classes)
{
	const struct hyper_vocab source = open_vocab(old_path), target = open_vocab(new_path);
	struct hyper_match_options options = { .source_rows = SIZE_MAX };
	struct hyper_matches matches;
	if (!hyper_match_classes(classes, &options.classes))
		exit(2);
	need(hyper_match(&source, &target, &options, &matches, &err));
	for (size_t id = 0; id < matches.count; id++)
		printf("%s %d\n", hyper_match_name((enum hyper_match_class)matches.classes[id]),
		       (int)matches.source[id]);
	printf("%zu %zu\n", matches.source_duplicates, matches.target_duplicates);
}

static void show_pieces(const char *old_path, const char *new_path, size_t threads)
{
	const struct hyper_vocab source = open_vocab(old_path), target = open_vocab(new_path);
	tok_id *wanted = malloc((target.count + 1) * sizeof *wanted);
	struct hyper_pieces pieces;
	if (!wanted)
		exit(2);
	for (size_t id = 0; id < target.count; id++)
		wanted[id] = (tok_id)id;
	need(hyper_pieces_make(&source, &target, wanted, target.count, SIZE_MAX, threads, &pieces,
			       &err));
	for (size_t id = 0; id < target.count; id++) {
		const uint64_t begin = id ? pieces.ends[id - 1] : 0;
		for (uint64_t i = begin; i < pieces.ends[id]; i++)
			printf("%u ", pieces.ids[i]);
		putchar('\t');
		for (uint64_t i = begin; i < pieces.ends[id]; i++)
			printf("%u ", pieces.lengths[i]);
		putchar('\n');
	}
	printf("%zu %zu %zu\n", pieces.unspelt, pieces.cut, pieces.by_bytes);
}

static void show_digits(const char *path)
{
	const struct hyper_vocab vocab = open_vocab(path);
	enum hyper_digits digits;
	need(hyper_digits_of(vocab.tokenizer, &digits, &err));
	puts(hyper_digits_name(digits));
}

int main(int argc, char **argv)
{
	const char *word = argc > 2 ? argv[1] : "";
	if (strcmp(word, "tokens") == 0 && argc == 3)
		show_tokens(argv[2]);
	else if (strcmp(word, "match") == 0 && argc == 5)
		show_matches(argv[2], argv[3], argv[4]);
	else if (strcmp(word, "pieces") == 0 && argc == 5)
		show_pieces(argv[2], argv[3], strtoul(argv[4], NULL, 10));
	else if (strcmp(word, "digits") == 0)
		for (int i = 2; i < argc; i++)
			show_digits(argv[i]);
	else
		return 2;
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 2;
}
