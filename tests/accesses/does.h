/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A program of one statement in assembly, with the context in r1. */
#define DOES(section, name, statement)					\
	SEC(section) __attribute__((naked)) int name(void *ctx)		\
	{								\
		asm volatile(statement "; r0 = 0; exit;");		\
	}
