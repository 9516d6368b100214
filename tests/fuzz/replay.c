/*
 * replay.c - run a fuzz target over files and over small damage done to them:
 * every truncation and every byte flipped of a file up to 4 KiB, a sample of
 * both for larger ones.  `replay FOLDER-OR-FILE...`; exit 1 if nothing was run.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { WHOLE_BYTES = 4096, SAMPLES = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t runs;

/* An exact-size copy, so that one byte too far is seen by the sanitizer. */
static void run(const uint8_t *bytes, size_t count)
{
	uint8_t *copy = malloc(count ? count : 1);
	if (!copy)
		exit(2);
	memcpy(copy, bytes, count);
	LLVMFuzzerTestOneInput(copy, count);
	free(copy);
	runs++;
}

static void damage(uint8_t *bytes, size_t count)
{
	const size_t step = count <= WHOLE_BYTES ? 1 : count / SAMPLES;
	run(bytes, count);
	for (size_t at = 0; at < count; at += step)
		run(bytes, at);
	for (size_t at = 0; at < count; at += step) {
		static const uint8_t flips[] = { 0x01, 0x80, 0xFF };
		const uint8_t old = bytes[at];
		bytes[at] ^= flips[at % sizeof flips];
		run(bytes, count);
		bytes[at] = old;
	}
}

static void replay_file(const char *path)
{
	FILE *in = fopen(path, "rb");
	struct stat info;
	if (!in || fstat(fileno(in), &info) != 0) {
		perror(path);
		exit(2);
	}
	const size_t count = (size_t)info.st_size;
	uint8_t *bytes = malloc(count ? count : 1);
	if (!bytes || fread(bytes, 1, count, in) != count)
		exit(2);
	fclose(in);
	damage(bytes, count);
	free(bytes);
}

static void replay_folder(const char *path)
{
	struct dirent **names;
	const int count = scandir(path, &names, NULL, alphasort);
	if (count < 0) {
		perror(path);
		exit(2);
	}
	for (int i = 0; i < count; i++) {
		char whole[4096];
		snprintf(whole, sizeof whole, "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			replay_file(whole);
		free(names[i]);
	}
	free(names);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat info;
		if (stat(argv[i], &info) != 0) {
			perror(argv[i]);
			return 2;
		}
		if (S_ISDIR(info.st_mode))
			replay_folder(argv[i]);
		else
			replay_file(argv[i]);
	}
	printf("%zu inputs\n", runs);
	return runs == 0;
}
