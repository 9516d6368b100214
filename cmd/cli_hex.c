#include "cmd/cli_hex.h"

int cli_hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	const uint8_t lower = byte | 0x20;
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int cli_hex_byte(uint8_t high, uint8_t low)
{
	const int a = cli_hex_digit(high), b = cli_hex_digit(low);
	return a < 0 || b < 0 ? -1 : 16 * a + b;
}

bool cli_put_hex(struct tok_buffer *out, struct tok_span bytes)
{
	static const char digits[] = "0123456789abcdef";
	bool ok = true;
	for (size_t i = 0; ok && i < bytes.count; i++)
		ok = tok_buffer_add_byte(out, (uint8_t)digits[bytes.bytes[i] >> 4]) &&
		     tok_buffer_add_byte(out, (uint8_t)digits[bytes.bytes[i] & 15]);
	return ok;
}
