/*
 * replay_image.c - run the target of blocks over the images of small tokenizers, made
 * here from their files, and over damage done to them: every truncation, flipped bytes,
 * replaced words, sections renamed, swapped, cut and grown.
 *
 *	replay_image [--write FOLDER] FOLDER-OR-FILE...
 *
 * --write puts the undamaged blocks into FOLDER, as seeds for the fuzzer, instead.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tok/pipe/tokenizer.h"
#include "vocab/format/read.h"

/* What is damaged byte by byte, of each section; a sample of what follows. */
enum { WHOLE_BYTES = IMAGE_WHOLE_BYTES, SAMPLES = IMAGE_SAMPLES, HANG_SECONDS = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t runs, seeds;
static uint64_t state = 1;

static uint32_t draw(uint32_t below)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((state >> 33) % below);
}

static void run(const uint8_t *block, size_t count)
{
	alarm(HANG_SECONDS);
	LLVMFuzzerTestOneInput(block, count);
	runs++;
}

/* ---- damage --------------------------------------------------------------------- */

static void truncate_block(const uint8_t *block, size_t count)
{
	const size_t step = count < 1 << 17 ? 1 : 97;
	for (size_t at = 0; at < count; at += step)
		run(block, at);
}

static void flip_byte(uint8_t *block, size_t count, size_t at)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xFF, 0x10 };
	const uint8_t old = block[at];
	block[at] ^= flips[draw(4)];
	run(block, count);
	block[at] = old;
}

static void replace_word(uint8_t *block, size_t count, size_t at)
{
	uint32_t old, word;
	memcpy(&old, block + at, sizeof old);
	const uint32_t values[] = { 0,       1,       UINT32_MAX, 0xFFFFFF,      INT32_MAX,
				    old + 1, old - 1, draw(256),  draw(1 << 20), old << 8 };
	word = values[draw(sizeof values / sizeof values[0])];
	memcpy(block + at, &word, sizeof word);
	run(block, count);
	memcpy(block + at, &old, sizeof old);
}

/* Bytes [from, to): one by one at first, and then here and there. */
static void damage_bytes(uint8_t *block, size_t count, size_t from, size_t to)
{
	size_t step = 1;
	for (size_t at = from; at < to; at += step) {
		if (at == from + WHOLE_BYTES)
			step = 1 + (to - at) / SAMPLES;
		flip_byte(block, count, at);
		if (at + 4 <= to && (at % 4 == 0 || step > 1))
			replace_word(block, count, at / 4 * 4);
	}
}

/* Words of a section exchanged with others of it. */
static void mix_words(uint8_t *block, size_t count, const struct tok_image_section *s)
{
	for (int i = 0; i < SAMPLES + 8 && s->count >= 8; i++) {
		uint32_t x, y;
		uint8_t *a = block + s->at + 4 * draw((uint32_t)(s->count / 4));
		uint8_t *b = block + s->at + 4 * draw((uint32_t)(s->count / 4));
		memcpy(&x, a, 4);
		memcpy(&y, b, 4);
		memcpy(a, &y, 4);
		memcpy(b, &x, 4);
		run(block, count);
		if (i % 8 != 7) /* now and then it stays, and the next is added to it */
			memcpy(b, &y, 4);
		if (i % 8 != 7)
			memcpy(a, &x, 4);
	}
}

/* Each section without a name, with another's place, shorter and longer. */
static void damage_sections(uint8_t *block, size_t count, struct tok_image_section *sections,
			    size_t section_count)
{
	for (size_t i = 0; i < section_count; i++) {
		const struct tok_image_section old = sections[i];
		const uint64_t sizes[] = { 0,
					   1,
					   old.count / 2,
					   old.count - 1,
					   old.count - 4,
					   old.count - 8,
					   old.count + 1,
					   old.count + 8,
					   count - old.at };
		sections[i].tag ^= 1;
		run(block, count);
		sections[i] = old;
		for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
			sections[i].count = sizes[k];
			run(block, count);
		}
		sections[i] = old;
		for (size_t k = 0; k < section_count; k++) {
			sections[i].at = sections[k].at;
			sections[i].count = sections[k].count;
			run(block, count);
		}
		sections[i] = old;
	}
}

/* The directory lies at the beginning of the block: a count, a zero, the sections. */
static void damage(uint8_t *block, size_t count)
{
	uint64_t section_count;
	memcpy(&section_count, block, sizeof section_count);
	struct tok_image_section *sections = (void *)(block + 16);
	run(block, count);
	truncate_block(block, count);
	damage_bytes(block, count, 0, 16 + section_count * sizeof *sections);
	damage_sections(block, count, sections, section_count);
	for (size_t i = 0; i < section_count; i++)
		damage_bytes(block, count, sections[i].at, sections[i].at + sections[i].count);
	for (size_t i = 0; i < section_count; i++)
		mix_words(block, count, &sections[i]);
}

/* ---- seeds ----------------------------------------------------------------------- */

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(2);
}

static void write_seed(const char *folder, struct tok_span block)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/seed%zu", folder, seeds);
	FILE *out = fopen(path, "wb");
	check(out && fwrite(block.bytes, 1, block.count, out) == block.count && fclose(out) == 0,
	      path);
}

/* Takes what `spec` holds; some of it may be refused. */
static void use_spec(const char *folder, struct tok_spec *spec)
{
	struct tok_tokenizer *t = NULL;
	struct tok_error err = { 0 };
	struct tok_image_writer writer = { 0 };
	struct tok_span block;
	void *copy = NULL;
	if (tok_tokenizer_new(spec, &t, &err) != TOK_OK) {
		tok_spec_release(spec);
		return;
	}
	tok_tokenizer_save(t, &writer);
	check(tok_image_finish(&writer, &block) &&
		  posix_memalign(&copy, TOK_IMAGE_ALIGN, block.count) == 0,
	      "image");
	memcpy(copy, block.bytes, block.count);
	if (folder)
		write_seed(folder, block);
	else
		damage(copy, block.count);
	seeds++;
	free(copy);
	tok_image_writer_release(&writer);
	tok_tokenizer_free(t);
}

static void use_path(const char *folder, const char *path)
{
	const struct vocab_read_options options = { .pattern = "gpt2" };
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_path(path, NULL, &spec, &err) == TOK_OK ||
	    vocab_read_path(path, &options, &spec, &err) == TOK_OK)
		use_spec(folder, &spec);
}

/* What no file of the fixtures has. */
static const char *const more[] = {
	"{\"model\":{\"type\":\"BPE\",\"unk_token\":\"?\",\"continuing_subword_prefix\":\"##\","
	"\"end_of_word_suffix\":\"</w>\",\"fuse_unk\":true,\"byte_fallback\":true,"
	"\"ignore_merges\":true,\"vocab\":{\"?\":0,\"a\":1,\"##a\":2,\"##b\":3,\"##b</w>\":4,"
	"\"a</w>\":5,\"ab\":6,\"ab</w>\":7,\"##ab\":8,\"<0xFF>\":9,\"aba\":10},"
	"\"merges\":[\"a ##b\",\"ab ##a\",\"##a ##b\",\"a ##b</w>\"]}}",
	"{\"normalizer\":{\"type\":\"Lowercase\"},\"added_tokens\":[{\"id\":4,\"content\":\"HE\","
	"\"single_word\":true,\"lstrip\":true,\"rstrip\":true,\"normalized\":true,\"special\":"
	"false}],\"truncation\":{\"max_length\":6,\"strategy\":\"LongestFirst\",\"stride\":0,"
	"\"direction\":\"Left\"},\"padding\":{\"strategy\":{\"Fixed\":9},\"direction\":\"Left\","
	"\"pad_to_multiple_of\":4,\"pad_id\":1,\"pad_type_id\":0,\"pad_token\":\"a\"},"
	"\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"byte_fallback\":true,"
	"\"vocab\":[[\"<unk>\",0.0],[\"a\",-1.0],[\"ab\",-1.5],[\"<0xE4>\",-9.0]]}}",
};

static void use_folder(const char *out, const char *path)
{
	struct dirent **names;
	const int count = scandir(path, &names, NULL, alphasort);
	check(count >= 0, path);
	for (int i = 0; i < count; i++) {
		char whole[4096];
		snprintf(whole, sizeof whole, "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			use_path(out, whole);
		free(names[i]);
	}
	free(names);
}

int main(int argc, char **argv)
{
	const bool writes = argc > 2 && strcmp(argv[1], "--write") == 0;
	const char *out = writes ? argv[2] : NULL;
	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		const bool read =
		    vocab_read_bytes(tok_span_of(more[i]), NULL, &spec, &err) == TOK_OK;
		check(read, err.message);
		use_spec(out, &spec);
	}
	for (int i = writes ? 3 : 1; i < argc; i++) {
		struct stat info;
		check(stat(argv[i], &info) == 0, argv[i]);
		if (S_ISDIR(info.st_mode))
			use_folder(out, argv[i]);
		else
			use_path(out, argv[i]);
	}
	printf("%zu images, %zu inputs\n", seeds, runs);
	return seeds < 3;
}
