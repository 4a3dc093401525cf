/* The bpf() system call. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
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
