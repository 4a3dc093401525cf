/* The bpf() system call. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "judge.h"

/* A log of a few instructions is far smaller; the bound is for a verifier gone wild. */
#define FIRST_LOG	(64u << 10)
#define LARGEST_LOG	(16u << 20)

static char *log_buf;
static unsigned int log_size;

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

static uint64_t address(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static bool grow_log(void)
{
	unsigned int size = log_size ? log_size * 4 : FIRST_LOG;
	char *larger;

	if (size > LARGEST_LOG)
		return false;
	larger = realloc(log_buf, size);
	if (!larger)
		return false;
	log_buf = larger;
	log_size = size;
	return true;
}

/* Gives the program's descriptor, or a negative errno. */
int bpf_load(const struct program *prog, char **log)
{
	union bpf_attr attr;
	int fd;

	if (!log_buf && !grow_log())
		return -ENOMEM;
	do {
		memset(&attr, 0, sizeof(attr));
		attr.prog_type = prog->type;
		attr.expected_attach_type = prog->attach;
		attr.prog_flags = prog->flags;
		attr.attach_btf_id = prog->btf_id;
		attr.insns = address(prog->insns);
		attr.insn_cnt = prog->len;
		attr.license = address("GPL");
		memcpy(attr.prog_name, "judged", sizeof("judged"));
		/* With the state after each instruction; less would not be faster. */
		attr.log_level = 2;
		attr.log_buf = address(log_buf);
		attr.log_size = log_size;
		log_buf[0] = '\0';
		fd = (int)bpf(BPF_PROG_LOAD, &attr);
		if (fd >= 0)
			break;
		fd = -errno;
	} while (fd == -EAGAIN || (fd == -ENOSPC && grow_log()));
	log_buf[log_size - 1] = '\0';
	*log = log_buf;
	return fd;
}

/* Attaches and detaches at once; gives 0 or a negative errno. */
int bpf_attach(int prog, const char *name)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.name = name ? address(name) : 0;
	attr.raw_tracepoint.prog_fd = (uint32_t)prog;
	fd = (int)bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* A perf event of a trace event; gives its descriptor, or a negative errno. */
int open_event(unsigned int event)
{
	struct perf_event_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = event;
	/* Whatever process it is of, programs on it see those of all. */
	fd = (int)syscall(__NR_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Attaches programs to a trace event by its number, until one stays; gives 0 or a negative errno for each. */
void bpf_attach_event(const int *progs, int *results, unsigned int count, unsigned int event)
{
	int fd = open_event(event);

	for (unsigned int i = 0; i < count; i++) {
		if (progs[i] < 0)
			results[i] = progs[i];
		else if (fd < 0)
			results[i] = fd;
		else
			results[i] = ioctl(fd, PERF_EVENT_IOC_SET_BPF, progs[i]) ? -errno : 0;
	}
	if (fd >= 0)
		close(fd);
}

/* An array of one value of so many bytes; gives its descriptor, or a negative errno. */
int bpf_array(unsigned int size)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = size;
	attr.max_entries = 1;
	fd = (int)bpf(BPF_MAP_CREATE, &attr);
	return fd < 0 ? -errno : fd;
}

/* Gives 0 or a negative errno. */
int bpf_first_value(int map, void *value)
{
	const uint32_t first = 0;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.key = address(&first);
	attr.value = address(value);
	return bpf(BPF_MAP_LOOKUP_ELEM, &attr) ? -errno : 0;
}

/* Runs a program on a context; gives 0 or a negative errno. */
int bpf_run(int prog, const uint64_t *slots, unsigned int count, uint32_t *result)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)prog;
	attr.test.ctx_in = address(slots);
	attr.test.ctx_size_in = count * (uint32_t)sizeof(*slots);
	if (bpf(BPF_PROG_TEST_RUN, &attr))
		return -errno;
	*result = attr.test.retval;
	return 0;
}

/* ENOTSUPP is the kernel's own, and no libc knows it. */
#define KERNEL_ENOTSUPP 524

const char *errno_name(int error)
{
	static char number[16];
	const char *name;

	if (error < 0)
		error = -error;
	if (error == KERNEL_ENOTSUPP)
		return "ENOTSUPP";
	name = strerrorname_np(error);
	if (name)
		return name;
	snprintf(number, sizeof(number), "%d", error);
	return number;
}
