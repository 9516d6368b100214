/*
 * cli_page_look.h - how pages look, and the script that sorts their tables.
 *
 * Classes: d is dim; n a number; s0 to s7 give --c, a series' colour as three numbers, which f
 * fills with and k draws with; k1 to k3 are dashes; q is a swatch; g a line of a grid.
 */
#ifndef CMD_CLI_PAGE_LOOK_H
#define CMD_CLI_PAGE_LOOK_H

extern const char cli_page_style[];
extern const char cli_page_script[];
/* SHA-256 of the script in base 64: the only one that a browser is to run. */
extern const char cli_page_script_hash[];

#endif
