/*
 * The cache has a limit.  Any number of processes may prune at once, and others use and
 * write what is pruned: an image that goes stays whole for those who have it mapped, and
 * one that was used or replaced since it was looked at stays.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tok/base/buffer.h"
#include "vocab/image/image_internal.h"

#include <image_build.h>

enum { BUILD_DIGITS = 16, HASH_DIGITS = 32, DIGEST_DIGITS = 64, NAME_MAX_BYTES = 96, HOUR = 3600 };

struct entry {
	char name[NAME_MAX_BYTES];
	struct timespec used;
	uint64_t bytes;
	bool other_build;
};

struct list {
	struct entry *entries;
	size_t count, capacity;
};

/* ---- which files are ours ----------------------------------------------------------- */

static size_t count_digits(const char *name)
{
	return strspn(name, "0123456789abcdef");
}

/* "BUILD-HASH.tok", or "HASH.tok" as builds before this rule had it; "BUILD-DIGEST.tok". */
static bool is_image_name(const char *name)
{
	if (count_digits(name) == BUILD_DIGITS && name[BUILD_DIGITS] == '-')
		name += BUILD_DIGITS + 1;
	const size_t digits = count_digits(name);
	return (digits == HASH_DIGITS || digits == DIGEST_DIGITS) &&
	       strcmp(name + digits, ".tok") == 0;
}

static bool is_other_build(const char *name)
{
	char ours[BUILD_DIGITS + 2];
	snprintf(ours, sizeof ours, "%016llx-", (unsigned long long)IMAGE_BUILD);
	return strncmp(name, ours, sizeof ours - 1) != 0;
}

/* What write.c calls a file until it is whole. */
static bool is_temporary_name(const char *name)
{
	const size_t count = strlen(name);
	return name[0] == '.' && count > 4 && strcmp(name + count - 4, ".tmp") == 0 &&
	       (strstr(name, ".tok.") || strncmp(name, ".sources.", 9) == 0 ||
		strncmp(name, ".secret-", 8) == 0);
}

/* ---- pruning ------------------------------------------------------------------------ */

static bool look_at(int folder, const char *name, struct stat *info)
{
	return fstatat(folder, name, info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info->st_mode);
}

/* A writer is done within the hour, or dead. */
static void remove_left(int folder, const char *name)
{
	struct stat info;
	if (look_at(folder, name, &info) && time(NULL) - info.st_mtim.tv_sec > HOUR)
		unlinkat(folder, name, 0);
}

static bool add_entry(struct list *list, int folder, const char *name)
{
	struct stat info;
	if (!look_at(folder, name, &info))
		return true;
	if (!tok_grow(&list->entries, &list->capacity, list->count + 1, sizeof *list->entries))
		return false;
	struct entry *entry = &list->entries[list->count++];
	*entry = (struct entry){
		.used = info.st_mtim,
		.bytes = (uint64_t)info.st_size,
		.other_build = is_other_build(name),
	};
	memcpy(entry->name, name, strlen(name) + 1); /* an image's: shorter than that */
	return true;
}

static void list_images(DIR *folder, struct list *list)
{
	const struct dirent *found;
	bool room = true;
	while (room && (found = readdir(folder)) != NULL) {
		if (is_image_name(found->d_name))
			room = add_entry(list, dirfd(folder), found->d_name);
		else if (is_temporary_name(found->d_name))
			remove_left(dirfd(folder), found->d_name);
	}
}

static int compare_times(struct timespec a, struct timespec b)
{
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec < b.tv_sec ? -1 : 1;
	return a.tv_nsec < b.tv_nsec ? -1 : a.tv_nsec > b.tv_nsec;
}

static int compare_entries(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;
	if (a->other_build != b->other_build)
		return a->other_build ? -1 : 1;
	return compare_times(a->used, b->used);
}

/* False where it stays. */
static bool remove_entry(int folder, const struct entry *entry)
{
	struct stat info;
	if (!look_at(folder, entry->name, &info))
		return true; /* somebody else was quicker */
	return compare_times(info.st_mtim, entry->used) == 0 &&
	       (unlinkat(folder, entry->name, 0) == 0 || errno == ENOENT);
}

void image_prune(const char *folder, const char *kept, uint64_t limit_bytes)
{
	struct list list = { 0 };
	uint64_t total = 0;
	DIR *open = opendir(folder);
	if (!open)
		return;
	list_images(open, &list);
	for (size_t i = 0; i < list.count; i++)
		total += list.entries[i].bytes;
	if (total > limit_bytes)
		qsort(list.entries, list.count, sizeof *list.entries, compare_entries);
	for (size_t i = 0; i < list.count && total > limit_bytes; i++) {
		const struct entry *entry = &list.entries[i];
		if (strcmp(entry->name, kept) != 0 && remove_entry(dirfd(open), entry))
			total -= entry->bytes;
	}
	closedir(open);
	free(list.entries);
}
