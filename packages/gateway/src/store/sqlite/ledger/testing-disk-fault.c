/*
 * A disk that fails on demand, for tests: preloaded into a process it lets calls on files of the ledger fail as long as
 * the file that SWITCHYARD_TEST_DISK_FAULT names exists. Its first letter says which: s(ync), w(rite) or f(ull).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char armed(void) {
  const char *trigger = getenv("SWITCHYARD_TEST_DISK_FAULT");
  if (trigger == NULL) return 0;
  int file = open(trigger, O_RDONLY);
  if (file < 0) return 0;
  char letter = 0;
  ssize_t count = read(file, &letter, 1);
  close(file);
  return count == 1 ? letter : 0;
}

static int is_ledger(int file) {
  char link[64], path[1024];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, "ledger.sqlite") != NULL;
}

/* Sets errno and returns 1 when a call of this kind shall fail. */
static int fails(int file, char kind) {
  char letter = armed();
  int is_meant = kind == 's' ? letter == 's' : letter == 'w' || letter == 'f';
  if (!is_meant || !is_ledger(file)) return 0;
  errno = letter == 'f' ? ENOSPC : EIO;
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int file) { return fails(file, 's') ? -1 : REAL(fsync)(file); }

int fdatasync(int file) { return fails(file, 's') ? -1 : REAL(fdatasync)(file); }

ssize_t write(int file, const void *bytes, size_t count) {
  return fails(file, 'w') ? -1 : REAL(write)(file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
  return fails(file, 'w') ? -1 : REAL(pwrite)(file, bytes, count, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
  return fails(file, 'w') ? -1 : REAL(pwrite64)(file, bytes, count, at);
}
