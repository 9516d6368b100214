#include "vocab/convert/losses.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void vocab_losses_add(struct vocab_losses *losses, const char *fmt, ...)
{
	char line[300];
	va_list args;
	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	losses->count++;
	if (!tok_buffer_add(&losses->lines, line, strlen(line)) ||
	    !tok_buffer_add_byte(&losses->lines, '\n'))
		losses->out_of_memory = true;
}

void vocab_losses_release(struct vocab_losses *losses)
{
	tok_buffer_release(&losses->lines);
	*losses = (struct vocab_losses){ 0 };
}
