/* Names as in FIPS 180-4, sections 4 to 6. */
#include "vocab/store/digest_internal.h"

enum { BLOCK = 64, LENGTH_AT = BLOCK - 8 };

static uint32_t rotl(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t rotr(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void store(uint8_t *at, uint32_t word)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(word >> (24 - 8 * i));
}

static void add_words(uint32_t *state, const uint32_t *more, size_t count)
{
	for (size_t i = 0; i < count; i++)
		state[i] += more[i];
}

static uint32_t mix(int t, uint32_t b, uint32_t c, uint32_t d)
{
	if (t < 20)
		return ((b & c) ^ (~b & d)) + 0x5a827999;
	if (t < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (t < 60)
		return ((b & c) ^ (b & d) ^ (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

static void sha1_block(uint32_t *state, const uint8_t *block)
{
	uint32_t w[80], s[5];
	memcpy(s, state, sizeof s);
	for (int t = 0; t < 16; t++)
		w[t] = load(block + 4 * t);
	for (int t = 16; t < 80; t++)
		w[t] = rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (int t = 0; t < 80; t++) {
		const uint32_t first = rotl(s[0], 5) + mix(t, s[1], s[2], s[3]) + s[4] + w[t];
		s[4] = s[3];
		s[3] = s[2];
		s[2] = rotl(s[1], 30);
		s[1] = s[0];
		s[0] = first;
	}
	add_words(state, s, 5);
}

static const uint32_t k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static void sha256_block(uint32_t *state, const uint8_t *block)
{
	uint32_t w[64], s[8];
	memcpy(s, state, sizeof s);
	for (int t = 0; t < 16; t++)
		w[t] = load(block + 4 * t);
	for (int t = 16; t < 64; t++) {
		const uint32_t a = w[t - 15], b = w[t - 2];
		w[t] = (rotr(b, 17) ^ rotr(b, 19) ^ b >> 10) + w[t - 7] +
		       (rotr(a, 7) ^ rotr(a, 18) ^ a >> 3) + w[t - 16];
	}
	for (int t = 0; t < 64; t++) {
		const uint32_t a = s[0], e = s[4];
		const uint32_t t1 = s[7] + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) +
				    ((e & s[5]) ^ (~e & s[6])) + k[t] + w[t];
		const uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) +
				    ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
		memmove(s + 1, s, 7 * sizeof *s);
		s[4] += t1;
		s[0] = t1 + t2;
	}
	add_words(state, s, 8);
}

/* All of the parts in blocks, behind them a bit, zeros and how many bits there were. */
static void run(void (*take)(uint32_t *state, const uint8_t *block), uint32_t *state,
		const struct tok_span *parts, size_t count)
{
	uint8_t block[BLOCK];
	uint64_t total = 0;
	size_t held = 0;
	for (size_t i = 0; i < count; i++) {
		struct tok_span rest = parts[i];
		total += rest.count;
		while (held + rest.count >= BLOCK) {
			const size_t more = BLOCK - held;
			if (held)
				memcpy(block + held, rest.bytes, more);
			take(state, held ? block : rest.bytes);
			rest = tok_span_slice(rest, more, rest.count);
			held = 0;
		}
		if (rest.count)
			memcpy(block + held, rest.bytes, rest.count);
		held += rest.count;
	}
	block[held++] = 0x80;
	if (held > LENGTH_AT) {
		memset(block + held, 0, BLOCK - held);
		take(state, block);
		held = 0;
	}
	memset(block + held, 0, LENGTH_AT - held);
	store(block + LENGTH_AT, (uint32_t)(total >> 29));
	store(block + LENGTH_AT + 4, (uint32_t)(total << 3));
	take(state, block);
}

void digest_sha1(const struct tok_span *parts, size_t count, uint8_t out[DIGEST_SHA1])
{
	uint32_t state[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	run(sha1_block, state, parts, count);
	for (size_t i = 0; i < 5; i++)
		store(out + 4 * i, state[i]);
}

void digest_sha256(const struct tok_span *parts, size_t count, uint8_t out[DIGEST_SHA256])
{
	uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	run(sha256_block, state, parts, count);
	for (size_t i = 0; i < 8; i++)
		store(out + 4 * i, state[i]);
}
