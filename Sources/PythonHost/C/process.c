#define _GNU_SOURCE
#include "CSeptumPython.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// Returns 0, or a negative errno. A process that has ended makes this fail with EPIPE, without a signal.
static int send_all(int socket, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = send(socket, bytes, count, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) return -errno;
        if (sent > 0) {
            bytes += sent;
            count -= (size_t)sent;
        }
    }
    return 0;
}

// Reads until the end of the stream into a growing buffer; 0, or a negative errno.
static int receive_all(int socket, size_t limit, char **reply, size_t *count) {
    size_t capacity = 0;
    for (;;) {
        if (*count == capacity) {
            if (capacity >= limit) return -EOVERFLOW;
            capacity = capacity ? 2 * capacity : 1 << 16;
            char *larger = realloc(*reply, capacity);
            if (!larger) return -ENOMEM;
            *reply = larger;
        }
        ssize_t got = recv(socket, *reply + *count, capacity - *count, 0);
        if (got == 0) return 0;
        if (got < 0 && errno != EINTR) return -errno;
        if (got > 0) *count += (size_t)got;
    }
}

int septum_python_process(
    const char *executable, const char *script, const void *request, size_t size, size_t limit, void **reply, size_t *count) {
    *reply = NULL;
    *count = 0;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) return -errno;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
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
    send_all(ends[0], request, size);
    shutdown(ends[0], SHUT_WR);
    int result = receive_all(ends[0], limit, (char **)reply, count);
    // A process that ends with part of the request unread resets the connection; its exit status says more.
    if (result == -ECONNRESET) result = 0;
    close(ends[0]);
    if (result) kill(child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (result) return result;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
