/* Splitting and understanding the lines of a plan. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

static char line[MAX_INSNS * 16 + 4096];

/* Gives the next field and moves on; NULL if there is none. */
char *plan_field(char **rest)
{
	char *field = *rest;
	char *end;

	if (!field || !*field)
		return NULL;
	end = strchr(field, ' ');
	if (end)
		*end++ = '\0';
	*rest = end;
	return field;
}

static bool number(const char *text, uint32_t *value)
{
	unsigned long long wide;
	char *end;

	if (!text)
		return false;
	errno = 0;
	wide = strtoull(text, &end, 0);
	*value = (uint32_t)wide;
	return end != text && !*end && !errno && wide <= UINT32_MAX;
}

/* Reads exactly so many hexadecimal digits. */
static bool hex(const char *text, unsigned int digits, uint64_t *value)
{
	*value = 0;
	for (unsigned int i = 0; i < digits; i++) {
		char c = text[i];

		if (c >= '0' && c <= '9')
			c = (char)(c - '0');
		else if (c >= 'a' && c <= 'f')
			c = (char)(c - 'a' + 10);
		else
			return false;
		*value = *value << 4 | (uint64_t)c;
	}
	return true;
}

static bool instructions(const char *text, struct program *prog)
{
	uint64_t value;

	for (prog->len = 0; *text; text += 16) {
		struct bpf_insn *insn = &prog->insns[prog->len];

		if (prog->len == MAX_INSNS || !hex(text, 16, &value))
			return false;
		insn->code = (uint8_t)(value >> 56);
		insn->dst_reg = value >> 52 & 0xf;
		insn->src_reg = value >> 48 & 0xf;
		insn->off = (int16_t)(value >> 32);
		insn->imm = (int32_t)value;
		prog->len++;
	}
	return prog->len;
}

bool plan_program(char **rest, struct program *prog)
{
	const char *insns;

	prog->id = plan_field(rest);
	if (!prog->id) {
		answer_trouble("-", "an entry without an id");
		return false;
	}
	if (!number(plan_field(rest), &prog->type) || !number(plan_field(rest), &prog->attach) ||
	    !number(plan_field(rest), &prog->flags) || !number(plan_field(rest), &prog->btf_id)) {
		answer_trouble(prog->id, "type, attach type, flags and BTF id are not four numbers");
		return false;
	}
	insns = plan_field(rest);
	prog->len = 0;
	/* None are there yet. */
	if (insns && !strcmp(insns, "-"))
		return true;
	if (!insns || !instructions(insns, prog)) {
		answer_trouble(prog->id, "instructions are not groups of 16 hexadecimal digits");
		return false;
	}
	return true;
}

/* Gives the number of slots, or -1. */
int plan_slots(const char *text, uint64_t slots[MAX_SLOTS])
{
	int count = 0;

	for (; *text; text += 16) {
		if (count == MAX_SLOTS || !hex(text, 16, &slots[count]))
			return -1;
		count++;
	}
	return count;
}

static void judge_line(char *rest)
{
	const char *kind = plan_field(&rest);

	if (!strcmp(kind, "p"))
		judge_program(rest);
	else if (!strcmp(kind, "v"))
		judge_value(rest);
	else if (!strcmp(kind, "t"))
		judge_event(rest);
	else if (!strcmp(kind, "w"))
		judge_deed(rest);
	else if (!strcmp(kind, "x"))
		judge_run(rest);
	else
		answer_trouble("-", "an entry that is none of p, v, t, w, x");
}

/* Gives 0, or 1 if the plan could not be read to its end. */
int judge_plan(FILE *plan)
{
	while (fgets(line, sizeof(line), plan)) {
		size_t len = strcspn(line, "\n");

		if (len == sizeof(line) - 1) {
			answer_trouble("-", "a line of the plan is too long");
			return 1;
		}
		line[len] = '\0';
		if (*line && *line != '#' && *line != ' ')
			judge_line(line);
	}
	if (ferror(plan)) {
		answer_trouble("-", "the plan could not be read to its end");
		return 1;
	}
	return 0;
}
