/*
 * digest_internal.h - SHA-1 and SHA-256, of FIPS 180-4, of text in parts.
 */
#ifndef VOCAB_STORE_DIGEST_INTERNAL_H
#define VOCAB_STORE_DIGEST_INTERNAL_H

#include "tok/base/span.h"

enum { DIGEST_SHA1 = 20, DIGEST_SHA256 = 32 };

void digest_sha1(const struct tok_span *parts, size_t count, uint8_t out[DIGEST_SHA1]);
void digest_sha256(const struct tok_span *parts, size_t count, uint8_t out[DIGEST_SHA256]);

#endif
