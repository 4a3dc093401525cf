/* What kernel this is. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "judge.h"

static void tell(const char *key, const char *value)
{
	answer_begin("k", key);
	answer_field(value);
	answer_end();
}

static void tell_file(const char *key, const char *path)
{
	char text[MAX_TEXT] = "";
	FILE *file = fopen(path, "re");

	if (!file) {
		tell(key, errno_name(errno));
		return;
	}
	if (fgets(text, sizeof(text), file))
		text[strcspn(text, "\n")] = '\0';
	fclose(file);
	tell(key, text);
}

/* So that a reader can be sure that the plan was made for this very kernel. */
static void tell_btf(void)
{
	static uint8_t part[65536];
	uint64_t hash = 14695981039346656037u;
	unsigned long size = 0;
	char text[64];
	ssize_t n;
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		tell("btf", errno_name(errno));
		return;
	}
	while ((n = read(fd, part, sizeof(part))) > 0) {
		size += (unsigned long)n;
		for (ssize_t i = 0; i < n; i++)
			hash = (hash ^ part[i]) * 1099511628211u;
	}
	close(fd);
	snprintf(text, sizeof(text), "%lu %016llx", size, (unsigned long long)hash);
	tell("btf", text);
}

void describe_kernel(void)
{
	const uint16_t one = 1;
	struct utsname name;
	char cpus[16];

	uname(&name);
	snprintf(cpus, sizeof(cpus), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	tell("release", name.release);
	tell("machine", name.machine);
	tell("endian", *(const uint8_t *)&one ? "little" : "big");
	tell("cpus", cpus);
	tell_file("lsm", "/sys/kernel/security/lsm");
	tell_file("jit", "/proc/sys/net/core/bpf_jit_enable");
	tell_btf();
	answer_flush();
}
