/* A full disk and a wrong clock, for programs with this library in LD_PRELOAD. As long as
   the file in FAULTS_TEST_FULL exists, writes to files fail with ENOSPC. The file in
   FAULTS_TEST_CLOCK holds the seconds by which the clock is wrong. It is read once a
   second. Redis does not start with libfaketime, because both replace the allocator's
   clock. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int full(int fd)
{
	struct stat s;
	const char *flag = getenv("FAULTS_TEST_FULL");
	if (!flag || access(flag, F_OK) || fstat(fd, &s) || !S_ISREG(s.st_mode))
		return 0;
	errno = ENOSPC;
	return 1;
}

#define NEXT(name) static __typeof__(&name) next; if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t n)
{
	NEXT(write);
	return full(fd) ? -1 : next(fd, data, n);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
	NEXT(writev);
	return full(fd) ? -1 : next(fd, parts, n);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	NEXT(pwrite);
	return full(fd) ? -1 : next(fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	NEXT(pwrite64);
	return full(fd) ? -1 : next(fd, data, n, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
	NEXT(pwritev);
	return full(fd) ? -1 : next(fd, parts, n, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int n, off64_t at)
{
	NEXT(pwritev64);
	return full(fd) ? -1 : next(fd, parts, n, at);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
	NEXT(posix_fallocate);
	return full(fd) ? ENOSPC : next(fd, at, n);
}

int posix_fallocate64(int fd, off64_t at, off64_t n)
{
	NEXT(posix_fallocate64);
	return full(fd) ? ENOSPC : next(fd, at, n);
}

static long wrong(void)
{
	static long seconds;
	static time_t read_at;
	struct timespec now;
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	if (now.tv_sec != read_at) {
		char text[32];
		const char *name = getenv("FAULTS_TEST_CLOCK");
		int fd = name ? syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC) : -1;
		if (fd >= 0) {
			ssize_t n = syscall(SYS_read, fd, text, sizeof text - 1);
			syscall(SYS_close, fd);
			if (n > 0) {
				text[n] = 0;
				seconds = atol(text);
				read_at = now.tv_sec;
			}
		}
	}
	return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int code = syscall(SYS_clock_gettime, clock, now);
	if (!code && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += wrong();
	return code;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec t;
	int code = clock_gettime(CLOCK_REALTIME, &t);
	(void)zone;
	now->tv_sec = t.tv_sec;
	now->tv_usec = t.tv_nsec / 1000;
	return code;
}

time_t time(time_t *at)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	if (at)
		*at = t.tv_sec;
	return t.tv_sec;
}
