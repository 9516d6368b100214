/* ETags of a hub, and the files that they are of. */
#include <ctype.h>
#include <stdio.h>

#include "vocab/store/digest_internal.h"
#include "vocab/store/hub_internal.h"

bool hub_checksum_read(const char *etag, struct hub_checksum *out)
{
	if (strncmp(etag, "W/", 2) == 0)
		etag += 2;
	if (*etag == '"')
		etag++;
	size_t count = 0;
	while (count < sizeof out->hex - 1 && isxdigit((unsigned char)etag[count])) {
		out->hex[count] = (char)tolower((unsigned char)etag[count]);
		count++;
	}
	out->hex[count] = '\0';
	etag += count;
	if (*etag == '"')
		etag++;
	return !*etag && (count == 2 * DIGEST_SHA1 || count == 2 * DIGEST_SHA256);
}

/* Git has "blob SIZE", a NUL and the bytes. */
bool hub_checksum_holds(const struct hub_checksum *checksum, struct tok_span file)
{
	uint8_t digest[DIGEST_SHA256];
	char head[40], hex[2 * DIGEST_SHA256 + 1];
	size_t count = DIGEST_SHA256;
	if (strlen(checksum->hex) == 2 * DIGEST_SHA1) {
		const int n = snprintf(head, sizeof head, "blob %zu", file.count);
		const struct tok_span parts[] = { { (const uint8_t *)head, (size_t)n + 1 }, file };
		count = DIGEST_SHA1;
		digest_sha1(parts, 2, digest);
	} else {
		digest_sha256(&file, 1, digest);
	}
	for (size_t i = 0; i < count; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return strcmp(hex, checksum->hex) == 0;
}
