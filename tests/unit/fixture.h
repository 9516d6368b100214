/* fixture.h - files of fixtures/, found from where this header lies. */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tok/base/span.h"

/* fixtures/FOLDER/NAME; free it. */
static inline char *fixture_path(const char *folder, const char *name)
{
	static const char here[] = __FILE__, tail[] = "tests/unit/fixture.h";
	const size_t room = sizeof here + strlen(folder) + strlen(name) + 16;
	char *path = malloc(room);
	if (!path)
		abort();
	snprintf(path, room, "%.*sfixtures/%s/%s", (int)(sizeof here - sizeof tail), here, folder,
		 name);
	return path;
}

/* All of a file, in memory of exactly its size; free the bytes. */
static inline struct tok_span fixture_read(const char *folder, const char *name)
{
	char *path = fixture_path(folder, name);
	FILE *file = fopen(path, "rb");
	if (!file || fseek(file, 0, SEEK_END) != 0) {
		fprintf(stderr, "cannot read %s\n", path);
		abort();
	}
	const size_t count = (size_t)ftell(file);
	uint8_t *bytes = malloc(count ? count : 1);
	rewind(file);
	if (!bytes || fread(bytes, 1, count, file) != count)
		abort();
	fclose(file);
	free(path);
	return (struct tok_span){ bytes, count };
}

#endif
