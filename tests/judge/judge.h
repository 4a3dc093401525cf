/*
 * The judge asks a kernel's verifier about programs, and writes down what it
 * says. It runs as /init of a virtual machine or as a plain program, needs
 * nothing but libc, and holds one program in memory at a time.
 *
 * THE PLAN is text, one entry a line, fields separated by one space. Lines
 * that are empty or begin with `#` are skipped.
 *
 *	p ID TYPE ATTACH FLAGS BTFID INSNS [NAME]
 *		Load a program, and judge each of its context loads (a load
 *		with r1 as its base) by itself. One that is refused is
 *		replaced with `dst = 0` and the program loaded again, so that
 *		each gets a verdict of its own and no program more than
 *		1 + (number of refused loads) attempts. With a NAME the
 *		loaded program is then attached to the raw tracepoint of that
 *		name and detached (`-`: attached to what BTFID says).
 *	v ID TYPE ATTACH FLAGS BTFID INSNS SLOTS
 *		Load a program, run it on a context of these slots
 *		(BPF_PROG_TEST_RUN; raw_tp has it since 5.10), and report all
 *		64 bits of what it leaves in r0.
 *	t ID TYPE ATTACH FLAGS BTFID INSNS EVENT
 *		Tell what tracefs says of a trace event, and judge a program on
 *		it as for p. Then attach two programs to it through a perf
 *		event: this one, and one that loads the byte behind the last
 *		field that tracefs shows. A third that loads the first eight
 *		bytes is loaded. With `-` for INSNS, the program is one that
 *		loads each field that tracefs shows.
 *	w ID TYPE ATTACH FLAGS BTFID INSNS EVENT DEED
 *		Attach a program to a trace event, do something that it
 *		notices, and report what it has left in an array of one value,
 *		three numbers of 64 bits and a text. `r = 0x6d6170 ll` in the
 *		program is made the array. DEED is `exec`, for a process that
 *		executes /proc/self/exe, or `open`, for an openat() of
 *		/no/such/file relative to the current folder, for writing,
 *		with O_CREAT and O_CLOEXEC and mode 0640.
 *	x ID SECONDS PATH ARGUMENTS...
 *		Run a program of the initramfs for at most so many seconds,
 *		and report its output and how it ended.
 *
 * ID       any word without spaces, echoed
 * TYPE     prog_type, ATTACH expected_attach_type, FLAGS prog_flags, BTFID
 *          attach_btf_id: the numbers of <linux/bpf.h>, decimal (0x for hex)
 * INSNS    16 hexadecimal digits an instruction, each field a number with its
 *          most significant digit first, whatever the target's byte order:
 *          opcode 2, dst 1, src 1, off 4, imm 8. `r2 = *(u64 *)(r1 + 16)` is
 *          7921001000000000, `r0 = 0; exit` is b700000000000000
 *          9500000000000000.
 * SLOTS    16 hexadecimal digits a slot: the number that is in the register.
 *
 * THE ANSWERS are lines of text, fields separated by tabs.
 *
 *	k KEY VALUE     about the kernel, before all else: release, machine,
 *	                endian, cpus, lsm, jit, btf (size and FNV-1a hash of
 *	                /sys/kernel/btf/vmlinux)
 *	p ID RESULT REASON [LOAD...] [@RESULT]
 *	                RESULT is `ok` or the name of an errno; REASON says why
 *	                (empty for ok, and where the kernel does not say). A LOAD
 *	                per context load, in program order: the type that the
 *	                verifier gave the register, `#` and the BTF id that it
 *	                found where it names one; or `!` and the reason of the
 *	                refusal; or `?` where it was not reached. @RESULT is that
 *	                of attaching.
 *	v ID RESULT REASON [HEX]
 *	t ID CATEGORY RESULT REASON [LOAD...] @RESULT >RESULT <RESULT [=FIELD...]
 *                     as p; `>` is the result of attaching the program that
 *                     loads what is behind the last field, `<` that of loading
 *                     the one that loads the first bytes. A FIELD is a
 *                     declaration, offset, size and signedness as tracefs has
 *                     them, separated by `;`, without those that all records
 *                     have. CATEGORY is `-`, and all else missing, where there
 *                     is no such event.
 *	w ID RESULT REASON [PID HEX HEX HEX TEXT]
 *                     PID is that of the process that did it
 *	x ID | TEXT     a line of output
 *	x ID exit N     how it ended: exit status, 128 + signal, or `timeout`
 *	! ID TEXT       the judge could not do what it was told (ID may be `-`)
 *	. COUNT         the last line; COUNT answers were before it
 *
 * With --wire (always as /init), made for a serial console that others may
 * write to, each line is `@`, the answer, a tab and four hexadecimal digits: a
 * CRC-16 (polynomial 0x1021, from 0xffff) of the answer.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MAX_INSNS	1024
#define MAX_SLOTS	12
#define MAX_TEXT	240

/* One program of the plan, as the kernel gets it. */
struct program {
	const char *id;
	uint32_t type;
	uint32_t attach;
	uint32_t flags;
	uint32_t btf_id;
	unsigned int len;
	struct bpf_insn insns[MAX_INSNS];
};

/* What the verifier said about one instruction. */
struct finding {
	/* Whether it is a load from the context at all. */
	bool load;
	bool refused;
	char text[MAX_TEXT];
};

/* What the verifier's log of one attempt says. */
struct reading {
	/* The last instruction that it looked at, -1 if it came to none. */
	int last;
	/* Why it refused; empty where it does not say. */
	char reason[MAX_TEXT];
};

/* plan.c: splitting and understanding the lines of a plan. */
char *plan_field(char **rest);
bool plan_program(char **rest, struct program *prog);
int plan_slots(const char *text, uint64_t slots[MAX_SLOTS]);
int judge_plan(FILE *plan);

/* load.c: the bpf() system call. */
int bpf_load(const struct program *prog, char **log);
int bpf_attach(int prog, const char *name);
int bpf_array(unsigned int size);
int bpf_first_value(int map, void *value);
int open_event(unsigned int event);
void bpf_attach_event(const int *progs, int *results, unsigned int count, unsigned int event);
int bpf_run(int prog, const uint64_t *slots, unsigned int count, uint32_t *result);
const char *errno_name(int error);

/* log.c: reading the verifier's log. */
bool is_context_load(const struct bpf_insn *insn);
void read_log(char *log, const struct program *prog, struct finding *findings,
	      struct reading *reading);

/* judge.c: the entries of a plan. */
void judge_program(char *rest);
void judge_value(char *rest);
int judge_loads(struct program *prog, struct finding *findings, struct reading *reading);
void answer_loads(const struct program *prog, const struct finding *findings);

/* event.c: trace events. */
void judge_event(char *rest);
const char *category_of(const char *event);
unsigned int number_of(const char *category, const char *event);

/* deed.c: what programs on trace events notice. */
void judge_deed(char *rest);

/* child.c: running another program. */
void judge_run(char *rest);

/* answer.c: writing the answers. */
void answer_wire(bool on);
void answer_begin(const char *kind, const char *id);
void answer_field(const char *text);
void answer_marked(const char *mark, const char *text);
void answer_end(void);
void answer_trouble(const char *id, const char *text);
void answer_flush(void);
void answer_last(void);

/* kernel.c: what kernel this is. */
void describe_kernel(void);

/* init.c: being the first process of a virtual machine. */
void become_init(void);
void power_off(void) __attribute__((noreturn));

#endif
