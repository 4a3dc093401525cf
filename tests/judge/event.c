/* Trace events: what tracefs says of them, and what programs on them may load. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge.h"

#define EVENTS		"/sys/kernel/tracing/events"
#define MAX_EVENTS	8192
#define MAX_FIELDS	256
#define MAX_PATH	512

struct field {
	char declaration[MAX_TEXT];
	unsigned int offset, size, is_signed;
};

static struct { char *category, *name; } events[MAX_EVENTS];
static unsigned int event_count;
static struct field fields[MAX_FIELDS];
static unsigned int field_count;
static struct program prog;
static struct finding findings[MAX_INSNS];

static void list_events(const char *category)
{
	char path[MAX_PATH];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), EVENTS "/%s", category);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)) && event_count < MAX_EVENTS) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		events[event_count].category = strdup(category);
		events[event_count++].name = strdup(entry->d_name);
	}
	if (folder)
		closedir(folder);
}

const char *category_of(const char *event)
{
	struct dirent *entry;
	DIR *folder;

	if (!event_count) {
		folder = opendir(EVENTS);
		while (folder && (entry = readdir(folder)))
			if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
				list_events(entry->d_name);
		if (folder)
			closedir(folder);
	}
	for (unsigned int i = 0; i < event_count; i++)
		if (!strcmp(events[i].name, event))
			return events[i].category;
	return NULL;
}

static FILE *open_file(const char *category, const char *event, const char *file)
{
	char path[MAX_PATH];

	snprintf(path, sizeof(path), EVENTS "/%s/%s/%s", category, event, file);
	return fopen(path, "re");
}

static void read_fields(const char *category, const char *event)
{
	FILE *file = open_file(category, event, "format");
	static char line[65536];

	field_count = 0;
	while (file && field_count < MAX_FIELDS && fgets(line, sizeof(line), file)) {
		struct field *field = &fields[field_count];
		char *start = strstr(line, "field:");
		char *end = start ? strchr(start, ';') : NULL;

		/* What is printed may have words like these in it too. */
		if (!strncmp(line, "print fmt", 9))
			break;
		if (!end || strstr(line, " common_"))
			continue;
		*end++ = '\0';
		snprintf(field->declaration, sizeof(field->declaration), "%s", start + 6);
		if (sscanf(end, " offset:%u; size:%u; signed:%u;", &field->offset, &field->size,
			   &field->is_signed) == 3)
			field_count++;
	}
	if (file)
		fclose(file);
}

unsigned int number_of(const char *category, const char *event)
{
	FILE *file = open_file(category, event, "id");
	unsigned int number = 0;

	if (file && fscanf(file, "%u", &number) != 1)
		number = 0;
	if (file)
		fclose(file);
	return number;
}

static void add(struct program *to, uint8_t code, uint8_t dst, uint8_t src, unsigned int off)
{
	struct bpf_insn *insn = &to->insns[to->len++];

	memset(insn, 0, sizeof(*insn));
	insn->code = code;
	insn->dst_reg = dst & 0xf;
	insn->src_reg = src & 0xf;
	insn->off = (int16_t)off;
}

static void add_load(struct program *to, unsigned int size, unsigned int offset)
{
	uint8_t width = size == 8 ? BPF_DW : size == 4 ? BPF_W : size == 2 ? BPF_H : BPF_B;

	add(to, BPF_LDX | BPF_MEM | width, BPF_REG_2, BPF_REG_1, offset);
}

static void add_end(struct program *to)
{
	add(to, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0);
	add(to, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

/* Of what is no number, the first and the last byte. */
static void add_fields(struct program *to)
{
	for (unsigned int i = 0; i < field_count; i++) {
		const struct field *field = &fields[i];
		bool number = field->size == 1 || field->size == 2 || field->size == 4 ||
			      field->size == 8;

		if (number && field->offset % field->size == 0) {
			add_load(to, field->size, field->offset);
		} else if (field->size) {
			add_load(to, 1, field->offset);
			add_load(to, 1, field->offset + field->size - 1);
		}
	}
	add_end(to);
}

/* Loads a program of one load, of the type of the judged one. */
static int load_one(unsigned int size, unsigned int offset)
{
	static struct program one;
	char *log;

	one.type = prog.type;
	one.attach = prog.attach;
	one.flags = prog.flags;
	one.btf_id = prog.btf_id;
	one.len = 0;
	add_load(&one, size, offset);
	add_end(&one);
	return bpf_load(&one, &log);
}

static void answer_result(const char *mark, int result)
{
	answer_marked(mark, result < 0 ? errno_name(result) : "ok");
}

static unsigned int end_of_fields(void)
{
	unsigned int end = 0;

	for (unsigned int i = 0; i < field_count; i++)
		if (fields[i].offset + fields[i].size > end)
			end = fields[i].offset + fields[i].size;
	return end;
}

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

void judge_event(char *rest)
{
	const char *event, *category;
	struct reading reading;
	int progs[2], attached[2], first;

	if (!plan_program(&rest, &prog))
		return;
	event = plan_field(&rest);
	category = event ? category_of(event) : NULL;
	answer_begin("t", prog.id);
	answer_field(category ? category : "-");
	if (!category) {
		answer_end();
		return;
	}
	read_fields(category, event);
	if (!prog.len)
		add_fields(&prog);
	progs[1] = judge_loads(&prog, findings, &reading);
	answer_field(progs[1] < 0 ? errno_name(progs[1]) : "ok");
	answer_field(progs[1] < 0 ? reading.reason : "");
	answer_loads(&prog, findings);
	progs[0] = load_one(1, end_of_fields());
	/* An event takes one program: what has to be refused goes first. */
	bpf_attach_event(progs, attached, 2, number_of(category, event));
	first = load_one(8, 0);
	answer_result("@", attached[1]);
	answer_result(">", attached[0]);
	answer_result("<", first);
	close_one(progs[0]);
	close_one(progs[1]);
	close_one(first);
	for (unsigned int i = 0; i < field_count; i++) {
		char text[MAX_TEXT + 64];

		snprintf(text, sizeof(text), "%.200s;%u;%u;%u", fields[i].declaration,
			 fields[i].offset, fields[i].size, fields[i].is_signed);
		answer_marked("=", text);
	}
	answer_end();
}
