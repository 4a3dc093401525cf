/* Programs on trace events, and what they notice. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/perf_event.h>
#include <unistd.h>

#include "judge.h"

/* What stands for the array in a program. */
#define ARRAY	0x6d6170

/* What a program leaves. */
struct left {
	uint64_t numbers[3];
	char text[64];
};

static struct program prog;

static void put_array(struct program *to, int map)
{
	for (unsigned int i = 0; i + 1 < to->len; i++) {
		struct bpf_insn *insn = &to->insns[i];

		if (insn->code != (BPF_LD | BPF_DW | BPF_IMM))
			continue;
		if (!insn->src_reg && insn->imm == ARRAY) {
			insn->src_reg = BPF_PSEUDO_MAP_FD;
			insn->imm = map;
		}
		/* It takes the place of two. */
		i++;
	}
}

static pid_t execute(void)
{
	pid_t child = fork();

	if (!child) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, STDERR_FILENO);
		execl("/proc/self/exe", "judge", "--no-such-option", (char *)NULL);
		_exit(1);
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return child;
}

static pid_t open_nothing(void)
{
	/* On the stack, which is there: a program cannot wait until it is. */
	volatile char path[] = "/no/such/file";

	syscall(__NR_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	return getpid();
}

/* Gives the process that did it, or a negative errno. */
static pid_t notice(const char *event, const char *deed, int fd)
{
	const char *category = category_of(event);
	int perf = category ? open_event(number_of(category, event)) : -ENOENT;
	pid_t pid = perf;

	if (perf < 0)
		return perf;
	if (ioctl(perf, PERF_EVENT_IOC_SET_BPF, fd) || ioctl(perf, PERF_EVENT_IOC_ENABLE, 0))
		pid = -errno;
	else
		pid = strcmp(deed, "exec") ? open_nothing() : execute();
	close(perf);
	return pid;
}

void judge_deed(char *rest)
{
	struct left left = { .text = "" };
	struct reading reading;
	const char *event, *deed;
	int map, fd, result;
	char text[32];
	char *log;

	if (!plan_program(&rest, &prog))
		return;
	event = plan_field(&rest);
	deed = plan_field(&rest);
	if (!event || !deed) {
		answer_trouble(prog.id, "w needs an event and a deed");
		return;
	}
	map = bpf_array(sizeof(left));
	put_array(&prog, map);
	reading.reason[0] = '\0';
	fd = bpf_load(&prog, &log);
	if (fd < 0) {
		static struct finding findings[MAX_INSNS];

		read_log(log, &prog, findings, &reading);
		result = fd;
	} else {
		result = notice(event, deed, fd);
		close(fd);
	}
	if (result >= 0 && bpf_first_value(map, &left))
		result = -errno;
	close(map);
	answer_begin("w", prog.id);
	answer_field(result < 0 ? errno_name(result) : "ok");
	answer_field(result < 0 ? reading.reason : "");
	if (result >= 0) {
		snprintf(text, sizeof(text), "%d", result);
		answer_field(text);
		for (unsigned int i = 0; i < 3; i++) {
			snprintf(text, sizeof(text), "%016llx", (unsigned long long)left.numbers[i]);
			answer_field(text);
		}
		left.text[sizeof(left.text) - 1] = '\0';
		answer_field(left.text);
	}
	answer_end();
}
