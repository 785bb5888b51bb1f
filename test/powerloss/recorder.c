/*
 * Records what a process does to the files below one directory, in the order in which it does it:
 *
 *   cc -shared -fPIC -O2 -o recorder.so recorder.c -lpthread
 *   LD_PRELOAD=recorder.so POWERLOSS_LOG=… POWERLOSS_BASE=… POWERLOSS_MARKS=… program
 *
 * Every call is noted twice, when it begins and when it has returned. What was begun and did not
 * return when the process was killed is so known; what is written while a sync is under way is not
 * covered by it. A write to the file POWERLOSS_MARKS is a mark: a note of the program itself in
 * the same order. POWERLOSS_DELAY_US lets every sync return later by up to so long.
 * POWERLOSS_BOOT_ID is a file to read in place of the machine's boot id: lmdb looks there for
 * whether the machine was off.
 *
 * A note: u32 length, u16 call, u16 flags, u32 number of the call, u32 handle, i64 offset or
 * result, then bytes: a path, two paths with a zero between, or what was written.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { END = 1, OPEN, WRITE, SYNC, TRUNCATE, RENAME, UNLINK, MKDIR, MARK, UNKNOWN };
enum { CREATED = 1, TRUNCATED = 2, SYNCHRONOUS = 4 };

struct note {
  uint32_t length;
  uint16_t call;
  uint16_t flags;
  uint32_t number;
  uint32_t handle;
  int64_t value;
};

struct handle {
  uint32_t id;
  uint16_t flags;
  char is_mark;
  ino_t inode;
};

#define FILES 4096
static struct handle handles[FILES];
static uint32_t next_handle = 1, next_number = 1;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;
static const char *base, *marks, *boot;
static long delay_us;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("POWERLOSS_LOG"), *delay = getenv("POWERLOSS_DELAY_US");
  base = getenv("POWERLOSS_BASE");
  marks = getenv("POWERLOSS_MARKS");
  boot = getenv("POWERLOSS_BOOT_ID");
  delay_us = delay ? atol(delay) : 0;
  /* A child process only looks: it is not recorded. One that is judged starts its own, which are. */
  if (!boot) unsetenv("LD_PRELOAD");
  if (path && base)
    log_file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void note(struct note head, const struct iovec *parts, int count) {
  struct iovec all[count + 1];
  head.length = sizeof head;
  for (int i = 0; i < count; i++) head.length += parts[i].iov_len;
  all[0] = (struct iovec){&head, sizeof head};
  memcpy(all + 1, parts, count * sizeof *parts);
  if (syscall(SYS_writev, log_file, all, count + 1) != (long)head.length) abort();
}

static uint32_t begin_call(uint16_t call, uint16_t flags, uint32_t handle, int64_t value,
                           const struct iovec *parts, int count) {
  uint32_t number = next_number++;
  note((struct note){0, call, flags, number, handle, value}, parts, count);
  return number;
}

static void end_call(uint32_t number, int64_t result) {
  int error = errno;
  note((struct note){0, END, 0, number, 0, result}, NULL, 0);
  errno = error;
}

static int is_below(const char *path) {
  if (log_file < 0 || !path) return 0;
  size_t length = strlen(base);
  return !strncmp(path, base, length) && (path[length] == '/' || !path[length]);
}

static ino_t inode_of(int fd) {
  struct stat file;
  return fstat(fd, &file) ? 0 : file.st_ino;
}

static struct handle *handle_of(int fd) {
  if (log_file < 0 || fd < 0 || fd >= FILES || !handles[fd].id) return NULL;
  /* libuv closes files by the system call itself: the number may be another one's by now. */
  return inode_of(fd) == handles[fd].inode ? &handles[fd] : NULL;
}

static void wait_a_while(void) {
  static _Thread_local uint64_t state;
  if (!delay_us) return;
  if (!state) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    state = (now.tv_nsec ^ (uintptr_t)&state) | 1;
  }
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  usleep(state % delay_us);
}

static struct iovec text(const char *path) {
  return (struct iovec){(void *)path, strlen(path)};
}

static int open_recorded(const char *path, int flags, mode_t mode) {
  struct stat before;
  struct iovec name = text(path);
  pthread_mutex_lock(&order);
  uint16_t noted = flags & O_DSYNC ? SYNCHRONOUS : 0;
  if (stat(path, &before)) noted |= flags & O_CREAT ? CREATED : 0;
  else if (flags & O_TRUNC && before.st_size) noted |= TRUNCATED;
  uint32_t id = next_handle++;
  uint32_t number = begin_call(OPEN, noted, id, 0, &name, 1);
  int fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  end_call(number, fd < 0 ? -1 : 0);
  if (fd >= FILES) abort();
  if (fd >= 0) handles[fd] = (struct handle){id, noted, 0, inode_of(fd)};
  pthread_mutex_unlock(&order);
  return fd;
}

static int opened(const char *path, int flags, mode_t mode) {
  if (is_below(path)) return open_recorded(path, flags, mode);
  if (boot && !strcmp(path, "/proc/sys/kernel/random/boot_id")) path = boot;
  int fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  if (fd >= 0 && fd < FILES && log_file >= 0 && marks && !strcmp(path, marks))
    handles[fd] = (struct handle){next_handle++, 0, 1, inode_of(fd)};
  return fd;
}

#define OPENS(name) \
  int name(const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return opened(path, flags, mode); \
  }
OPENS(open)
OPENS(open64)

int close(int fd) {
  if (handle_of(fd)) handles[fd].id = 0;
  return syscall(SYS_close, fd);
}

/* A plain write keeps the order to itself until it has returned: what it says is what files have. */
static ssize_t write_recorded(struct handle handle, int fd, const struct iovec *parts, int count,
                              off_t at, int moves) {
  pthread_mutex_lock(&order);
  if (moves) at = lseek(fd, 0, SEEK_CUR);
  uint32_t number = begin_call(handle.is_mark ? MARK : WRITE, handle.flags, handle.id, at, parts, count);
  int synchronous = handle.flags & SYNCHRONOUS;
  if (synchronous) pthread_mutex_unlock(&order);
  ssize_t written = moves ? syscall(SYS_writev, fd, parts, count)
                          : syscall(SYS_pwritev, fd, parts, count, at, at >> 32);
  if (synchronous) {
    int error = errno;
    wait_a_while();
    errno = error;
    pthread_mutex_lock(&order);
  }
  end_call(number, written);
  pthread_mutex_unlock(&order);
  return written;
}

static ssize_t write_parts(int fd, const struct iovec *parts, int count, off_t at, int moves) {
  struct handle *handle = handle_of(fd);
  if (handle) return write_recorded(*handle, fd, parts, count, at, moves);
  return moves ? syscall(SYS_writev, fd, parts, count)
               : syscall(SYS_pwritev, fd, parts, count, at, at >> 32);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  if (!handle_of(fd)) return syscall(SYS_write, fd, bytes, length);
  struct iovec part = {(void *)bytes, length};
  return write_parts(fd, &part, 1, 0, 1);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  return write_parts(fd, parts, count, 0, 1);
}

#define PWRITES(name, type) \
  ssize_t name(int fd, const void *bytes, size_t length, type at) { \
    if (!handle_of(fd)) return syscall(SYS_pwrite64, fd, bytes, length, at); \
    struct iovec part = {(void *)bytes, length}; \
    return write_parts(fd, &part, 1, at, 0); \
  }
PWRITES(pwrite, off_t)
PWRITES(pwrite64, off64_t)

#define PWRITEVS(name, type) \
  ssize_t name(int fd, const struct iovec *parts, int count, type at) { \
    return write_parts(fd, parts, count, at, 0); \
  }
PWRITEVS(pwritev, off_t)
PWRITEVS(pwritev64, off64_t)

static int sync_recorded(int fd, long call) {
  struct handle *handle = handle_of(fd);
  if (!handle) return syscall(call, fd);
  pthread_mutex_lock(&order);
  uint32_t number = begin_call(SYNC, 0, handle->id, 0, NULL, 0);
  pthread_mutex_unlock(&order);
  int result = syscall(call, fd);
  int error = errno;
  wait_a_while();
  errno = error;
  pthread_mutex_lock(&order);
  end_call(number, result);
  pthread_mutex_unlock(&order);
  return result;
}

int fdatasync(int fd) { return sync_recorded(fd, SYS_fdatasync); }
int fsync(int fd) { return sync_recorded(fd, SYS_fsync); }

static int truncate_recorded(int fd, off_t size) {
  struct handle *handle = handle_of(fd);
  if (!handle) return syscall(SYS_ftruncate, fd, size);
  pthread_mutex_lock(&order);
  uint32_t number = begin_call(TRUNCATE, 0, handle->id, size, NULL, 0);
  int result = syscall(SYS_ftruncate, fd, size);
  end_call(number, result);
  pthread_mutex_unlock(&order);
  return result;
}

int ftruncate(int fd, off_t size) { return truncate_recorded(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncate_recorded(fd, size); }

int rename(const char *from, const char *to) {
  if (!is_below(from) && !is_below(to)) return syscall(SYS_rename, from, to);
  struct iovec names[] = {{(void *)from, strlen(from) + 1}, text(to)};
  pthread_mutex_lock(&order);
  uint32_t number = begin_call(RENAME, 0, 0, 0, names, 2);
  int result = syscall(SYS_rename, from, to);
  end_call(number, result);
  pthread_mutex_unlock(&order);
  return result;
}

static int named(uint16_t call, const char *path, long system, mode_t mode) {
  if (!is_below(path)) return syscall(system, path, mode);
  struct iovec name = text(path);
  pthread_mutex_lock(&order);
  uint32_t number = begin_call(call, 0, 0, 0, &name, 1);
  int result = syscall(system, path, mode);
  end_call(number, result);
  pthread_mutex_unlock(&order);
  return result;
}

int unlink(const char *path) { return named(UNLINK, path, SYS_unlink, 0); }
int mkdir(const char *path, mode_t mode) { return named(MKDIR, path, SYS_mkdir, mode); }

/* What nobody here is known to do: a recording that has it is of no use, and says so. */
static void unknown(const char *name) {
  struct iovec said = text(name);
  if (log_file < 0) return;
  pthread_mutex_lock(&order);
  begin_call(UNKNOWN, 0, 0, 0, &said, 1);
  pthread_mutex_unlock(&order);
}

int msync(void *start, size_t length, int flags) {
  unknown("msync");
  return syscall(SYS_msync, start, length, flags);
}

int fallocate(int fd, int mode, off_t at, off_t length) {
  if (handle_of(fd)) unknown("fallocate");
  return syscall(SYS_fallocate, fd, mode, at, length);
}

ssize_t sendfile64(int to, int from, off64_t *at, size_t count) {
  if (handle_of(to)) unknown("sendfile");
  return syscall(SYS_sendfile, to, from, at, count);
}

int rmdir(const char *path) {
  if (is_below(path)) unknown("rmdir");
  return syscall(SYS_rmdir, path);
}
