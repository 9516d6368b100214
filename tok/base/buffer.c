#include "tok/base/buffer.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 64 };

bool tok_grow(void *items, size_t *capacity, size_t want, size_t size)
{
	if (want <= *capacity)
		return true;

	size_t room = *capacity ? *capacity : FIRST_CAPACITY;
	while (room < want) {
		if (room > SIZE_MAX / 2)
			return false;
		room *= 2;
	}
	if (size != 0 && room > SIZE_MAX / size)
		return false;

	void *old;
	memcpy(&old, items, sizeof old);
	void *grown = realloc(old, room * size);
	if (!grown)
		return false;
	memcpy(items, &grown, sizeof grown);
	*capacity = room;
	return true;
}

bool tok_buffer_reserve(struct tok_buffer *buffer, size_t more)
{
	if (more > SIZE_MAX - buffer->count)
		return false;
	return tok_grow(&buffer->bytes, &buffer->capacity, buffer->count + more, 1);
}

bool tok_buffer_add(struct tok_buffer *buffer, const void *bytes, size_t count)
{
	if (!tok_buffer_reserve(buffer, count))
		return false;
	if (count)
		memcpy(buffer->bytes + buffer->count, bytes, count);
	buffer->count += count;
	return true;
}

bool tok_buffer_add_byte(struct tok_buffer *buffer, uint8_t byte)
{
	return tok_buffer_add(buffer, &byte, 1);
}

void tok_buffer_clear(struct tok_buffer *buffer)
{
	buffer->count = 0;
}

void tok_buffer_release(struct tok_buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct tok_buffer){ 0 };
}
