/*
 * Reading the verifier's log. At level 2 it is, from 6.0 or so on,
 *
 *	0: (79) r2 = *(u64 *)(r1 +8)
 *	func 'sched_switch' arg1 has btf_id 181 type STRUCT 'task_struct'
 *	1: R1=ctx() R2_w=trusted_ptr_task_struct()
 *
 * with the state on the instruction's own line, after a `;`, if nothing came
 * in between, and before that
 *
 *	1: R1=ctx(id=0,off=0,imm=0) R2_w=ptr_task_struct(id=0,off=0,imm=0) R10=fp0
 *	1: (79) r2 = *(u64 *)(r1 +16)
 */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

bool is_context_load(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LDX && insn->src_reg == BPF_REG_1;
}

static void copy(char to[MAX_TEXT], const char *from, size_t len)
{
	if (len >= MAX_TEXT)
		len = MAX_TEXT - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

/* Finds `R2=…`, `R2_w=…` in a state, and gives the type's name: `ptr_task_struct`. */
static bool register_type(const char *state, unsigned int reg, char type[MAX_TEXT])
{
	const char *at = state;
	char name[8];
	size_t len = (size_t)snprintf(name, sizeof(name), "R%u", reg);

	while ((at = strstr(at, name))) {
		const char *value = at + len;

		if (at != state && at[-1] != ' ') {
			at = value;
			continue;
		}
		if (*value == '_')
			value += strcspn(value, "= ");
		if (*value == '=') {
			value++;
			copy(type, value, strcspn(value, "( "));
			return true;
		}
		at = value;
	}
	return false;
}

/* Lines that every log has and that explain nothing. */
static bool is_noise(const char *line)
{
	static const char *const beginnings[] = {
		"processed ", "func#", "verification time", "stack depth", "from ", "last_idx ",
		"regs=", "mark_precise:", "parent ", ";", " ", "Live regs before insn:",
		/* Of the passes over the whole program, since 7.0 or so. */
		"topo_order[", "subprog#", "stack use/def ",
	};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++)
		if (!strncmp(line, beginnings[i], strlen(beginnings[i])))
			return true;
	return !*line;
}

/* Says no more than that an access was refused; there may be a line that says why. */
static bool is_generic(const char *line)
{
	return !strncmp(line, "invalid bpf_context access", 26);
}

static void add_reason(char reason[MAX_TEXT], const char *line)
{
	size_t used = strlen(reason);

	if (used && is_generic(line))
		return;
	snprintf(reason + used, MAX_TEXT - used, "%s%s", used ? "; " : "", line);
}

/* Notes the type that an instruction left in its destination register. */
static void note_type(const struct program *prog, int insn, const char *state, long btf_id,
		      struct finding *findings)
{
	char *text = findings[insn].text;
	size_t used;

	if (!is_context_load(&prog->insns[insn]) ||
	    !register_type(state, prog->insns[insn].dst_reg, text))
		return;
	used = strlen(text);
	if (btf_id > 0)
		snprintf(text + used, MAX_TEXT - used, "#%ld", btf_id);
}

static long found_btf_id(const char *line)
{
	const char *id = strstr(line, " has btf_id ");

	return id && !strncmp(line, "func '", 6) ? strtol(id + 12, NULL, 10) : 0;
}

/* A pointer that may be an error number is a scalar; this line lacks its newline in 7.2. */
static const char *state_of_maybe_error(const char *line)
{
	return strncmp(line, "marking pointer ", 16) ? NULL : strstr(line, ": R");
}

void read_log(char *log, const struct program *prog, struct finding *findings,
	      struct reading *reading)
{
	long btf_id = 0;

	reading->last = -1;
	reading->reason[0] = '\0';
	for (char *line = log, *next; line; line = next) {
		const char *state;
		char *text;
		long insn;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (found_btf_id(line)) {
			btf_id = found_btf_id(line);
			continue;
		}
		state = state_of_maybe_error(line);
		insn = strtol(line, &text, 10);
		/* Indented instructions are of other passes. */
		if (*line < '0' || *line > '9' || *text != ':') {
			if (state && reading->last >= 0)
				note_type(prog, reading->last, state + 1, btf_id, findings);
			else if (!is_noise(line))
				add_reason(reading->reason, line);
			continue;
		}
		text += 1 + strspn(text + 1, " ");
		if (*text == '(') {
			if (insn >= (long)prog->len)
				continue;
			reading->last = (int)insn;
			reading->reason[0] = '\0';
			btf_id = 0;
			state = strchr(text, ';');
			if (state)
				note_type(prog, reading->last, state + 1, 0, findings);
		} else if (reading->last >= 0) {
			note_type(prog, reading->last, text, btf_id, findings);
		}
	}
}
