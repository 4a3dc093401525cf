/* The entries of a plan that are programs. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge.h"

static struct program prog;
static struct finding findings[MAX_INSNS];

static void begin(const char *kind, int result, const char *reason)
{
	answer_begin(kind, prog.id);
	answer_field(result < 0 ? errno_name(result) : "ok");
	answer_field(result < 0 ? reason : "");
}

/* Puts `dst = 0` in the place of a load, so that what follows can be judged. */
static void take_out(struct bpf_insn *insn)
{
	uint8_t dst = insn->dst_reg;

	memset(insn, 0, sizeof(*insn));
	insn->code = BPF_ALU64 | BPF_MOV | BPF_K;
	insn->dst_reg = dst & 0xf;
}

/* Loads what of a program can be loaded; gives its descriptor, or a negative errno. */
int judge_loads(struct program *judged, struct finding *found, struct reading *reading)
{
	for (unsigned int i = 0; i < judged->len; i++) {
		found[i].load = is_context_load(&judged->insns[i]);
		found[i].refused = false;
		found[i].text[0] = '\0';
	}
	for (;;) {
		char *log;
		int fd = bpf_load(judged, &log);
		int last;

		read_log(log, judged, found, reading);
		last = reading->last;
		if (fd >= 0 || last < 0 || !is_context_load(&judged->insns[last]))
			return fd;
		found[last].refused = true;
		strcpy(found[last].text, reading->reason);
		take_out(&judged->insns[last]);
	}
}

/* Writes what was found about each load. */
void answer_loads(const struct program *judged, const struct finding *found)
{
	for (unsigned int i = 0; i < judged->len; i++) {
		if (!found[i].load)
			continue;
		answer_marked(found[i].refused ? "!" : found[i].text[0] ? "" : "?",
			      found[i].text);
	}
}

void judge_program(char *rest)
{
	struct reading reading;
	char attached[24] = "";
	const char *name;
	int fd;

	if (!plan_program(&rest, &prog))
		return;
	name = plan_field(&rest);
	fd = judge_loads(&prog, findings, &reading);
	if (fd >= 0 && name) {
		int result = bpf_attach(fd, strcmp(name, "-") ? name : NULL);

		snprintf(attached, sizeof(attached), "@%s", result ? errno_name(result) : "ok");
	}
	if (fd >= 0)
		close(fd);

	begin("p", fd, reading.reason);
	answer_loads(&prog, findings);
	if (*attached)
		answer_field(attached);
	answer_end();
}

/* Loads and runs the program as it is now. */
static int run(const uint64_t *slots, unsigned int count, uint32_t *result, char *reason)
{
	struct reading reading;
	char *log;
	int fd = bpf_load(&prog, &log);
	int failed;

	if (fd < 0) {
		read_log(log, &prog, findings, &reading);
		strcpy(reason, reading.reason);
		return fd;
	}
	failed = bpf_run(fd, slots, count, result);
	close(fd);
	if (failed)
		strcpy(reason, "BPF_PROG_TEST_RUN");
	return failed;
}

/*
 * Shifts the upper half of r0 down in front of the exit. Jumps to the exit then
 * go to the shift; a second exit would go without, so there must be one only.
 */
static bool return_upper_half(void)
{
	unsigned int exit = prog.len - 1;

	for (unsigned int i = 0; i < prog.len; i++)
		if ((prog.insns[i].code == (BPF_JMP | BPF_EXIT)) != (i == exit))
			return false;
	if (prog.len == MAX_INSNS)
		return false;
	prog.insns[prog.len++] = prog.insns[exit];
	memset(&prog.insns[exit], 0, sizeof(prog.insns[exit]));
	prog.insns[exit].code = BPF_ALU64 | BPF_RSH | BPF_K;
	prog.insns[exit].imm = 32;
	return true;
}

void judge_value(char *rest)
{
	uint64_t slots[MAX_SLOTS];
	uint32_t lower = 0, upper = 0;
	char reason[MAX_TEXT] = "";
	char *text;
	int count, failed;

	if (!plan_program(&rest, &prog))
		return;
	text = plan_field(&rest);
	count = text ? plan_slots(text, slots) : -1;
	if (count < 0) {
		answer_trouble(prog.id, "slots are not groups of 16 hexadecimal digits, at most 12");
		return;
	}
	/* The kernel gives 32 bits of what a program returns: ask for each half by itself. */
	failed = run(slots, (unsigned int)count, &lower, reason);
	if (!return_upper_half()) {
		answer_trouble(prog.id, "a program to be run must have one exit, at its end");
		return;
	}
	if (!failed)
		failed = run(slots, (unsigned int)count, &upper, reason);
	begin("v", failed, reason);
	if (!failed) {
		char value[24];

		snprintf(value, sizeof(value), "%08x%08x", upper, lower);
		answer_field(value);
	}
	answer_end();
}
