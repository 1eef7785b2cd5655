#define _GNU_SOURCE
#include "CSeptumPython.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Reads until the end of the stream; 0, or a negative errno.
static int drain(int stream, char *output, size_t capacity, long deadline, size_t *count) {
    for (;;) {
        long left = deadline - milliseconds();
        struct pollfd wait = {.fd = stream, .events = POLLIN};
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return ready ? -errno : -ETIMEDOUT;
        if (*count == capacity) return -EOVERFLOW;
        ssize_t got = read(stream, output + *count, capacity - *count);
        if (got == 0) return 0;
        if (got < 0 && errno != EINTR) return -errno;
        if (got > 0) *count += (size_t)got;
    }
}

int septum_python_probe(
    const char *executable, const char *script, char *output, size_t capacity, int limit_seconds, size_t *count) {
    *count = 0;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return -errno;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    char *const arguments[] = {(char *)executable, "-c", (char *)script, NULL};
    pid_t child;
    int failure = posix_spawnp(&child, executable, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failure) {
        close(ends[0]);
        return -failure;
    }
    int result = drain(ends[0], output, capacity, milliseconds() + limit_seconds * 1000L, count);
    close(ends[0]);
    if (result) kill(child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (result) return result;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
