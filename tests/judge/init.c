/* Being the first process of a virtual machine. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "judge.h"

static void mount_one(const char *type, const char *where)
{
	mkdir(where, 0755);
	/* What a kernel does not have, the entries that need it will miss loudly. */
	mount(type, where, type, 0, NULL);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		answer_trouble(path, errno_name(errno));
	close(fd);
}

static void open_console(void)
{
	struct termios mode;
	int fd;

	/* Without devtmpfs there is no /dev/console but this. */
	mknod("/dev/console", S_IFCHR | 0600, makedev(5, 1));
	mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3));
	fd = open("/dev/console", O_RDWR | O_NOCTTY);
	if (fd < 0)
		return;
	if (!tcgetattr(fd, &mode)) {
		cfmakeraw(&mode);
		tcsetattr(fd, TCSANOW, &mode);
	}
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

void become_init(void)
{
	umask(022);
	mount_one("devtmpfs", "/dev");
	open_console();
	mount_one("proc", "/proc");
	mount_one("sysfs", "/sys");
	mount_one("securityfs", "/sys/kernel/security");
	mount_one("debugfs", "/sys/kernel/debug");
	mount_one("tracefs", "/sys/kernel/tracing");
	mount_one("bpf", "/sys/fs/bpf");
	mount_one("cgroup2", "/sys/fs/cgroup");
	mount_one("tmpfs", "/tmp");
	/* Only what ends the machine may be written to the console from here on. */
	write_file("/proc/sys/kernel/printk", "1");
}

void power_off(void)
{
	/* The console may still be sending; powering off would cut it short. */
	tcdrain(STDOUT_FILENO);
	reboot(RB_POWER_OFF);
	/* Some kernels cannot power off; whoever waits has had the last line. */
	for (;;)
		pause();
}
