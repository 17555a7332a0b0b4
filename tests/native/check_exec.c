// process/exec.c, process/program.c: what execve(2) begins and what it refuses, without a host that
// has memory for others.
#include "check.h"
#include "mm/memory.h"
#include "process/words.h"
#include "vfs/fd.h"

#include <boxer/linux_file.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>
#include <string.h>

static int is_known(const char *name) {
    return strcmp(name, "known") == 0;
}

static const struct kernel_program *begun;

static void begin(void) {
    begun = kernel_program();
    printf("%s", ""); // it begins
    _exit(begun->argc + (strcmp(begun->name, "known") == 0 ? 100 : 0));
}

static void put(const char *path, const char *text, int mode) {
    long fd = CALL(openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    CHECK_EQUAL(CALL(write, fd, text, strlen(text)), (long)strlen(text));
    CHECK_EQUAL(CALL(fchmod, fd, mode), 0);
    CHECK_EQUAL(CALL(close, fd), 0);
}

static void put_files(void) {
    kernel_on_program(is_known, begin);
    CHECK_EQUAL(CALL(mkdirat, AT_FDCWD, "/b", 0755), 0);
    put("/b/known", "#!boxer known\n", 0755);
    put("/b/unknown", "#!boxer unknown\n", 0755);
    put("/b/script", "#! /b/known  -x \n", 0755);
    put("/b/circle", "#!/b/circle\n", 0755);
    put("/b/lost", "#!/b/nothing\n", 0755);
    put("/b/empty", "", 0755);
    put("/b/elf", "\177ELF\2\1\1", 0755);
    put("/b/text", "echo hello\n", 0755);
    put("/b/blank", "#!   \n", 0755);
    put("/b/plain", "#!boxer known\n", 0644);
    CHECK_EQUAL(CALL(symlinkat, "known", AT_FDCWD, "/b/link"), 0);
}

static void what_cannot_begin_is_refused(void) {
    put_files();
    static char long_word[140000];
    memset(long_word, 'x', sizeof long_word - 1);
    char *few[] = {"name", NULL}, *large[] = {"name", long_word, NULL};
    const struct row rows[] = {
        {"no such file", NR_execve, {(long)"/b/none", (long)few}, -ENOENT},
        {"no name", NR_execve, {(long)"", (long)few}, -ENOENT},
        {"null", NR_execve, {0, (long)few}, -EFAULT},
        {"a folder", NR_execve, {(long)"/b", (long)few}, -EACCES},
        {"below a file", NR_execve, {(long)"/b/known/x", (long)few}, -ENOTDIR},
        {"no permission", NR_execve, {(long)"/b/plain", (long)few}, -EACCES},
        {"no such program", NR_execve, {(long)"/b/unknown", (long)few}, -ENOENT},
        {"nothing in it", NR_execve, {(long)"/b/empty", (long)few}, -ENOEXEC},
        {"another machine's", NR_execve, {(long)"/b/elf", (long)few}, -ENOEXEC},
        {"a shell's text", NR_execve, {(long)"/b/text", (long)few}, -ENOEXEC},
        {"no interpreter", NR_execve, {(long)"/b/blank", (long)few}, -ENOEXEC},
        {"a lost interpreter", NR_execve, {(long)"/b/lost", (long)few}, -ENOENT},
        {"a circle", NR_execve, {(long)"/b/circle", (long)few}, -ELOOP},
        {"a long word", NR_execve, {(long)"/b/known", (long)large}, -E2BIG},
        {"a strange flag", NR_execveat, {AT_FDCWD, (long)"/b/known", (long)few, 0, 1}, -EINVAL},
        {"a link",
         NR_execveat,
         {AT_FDCWD, (long)"/b/link", (long)few, 0, AT_SYMLINK_NOFOLLOW},
         -ELOOP},
        {"no descriptor", NR_execveat, {77, (long)"", (long)few, 0, AT_EMPTY_PATH}, -EBADF},
        // All is well, but here nobody has kept what a program needs to begin.
        {"a program", NR_execve, {(long)"/b/known", (long)few}, -ENOSYS},
        {"a script", NR_execve, {(long)"/b/script", (long)few}, -ENOSYS},
    };
    RUN_ROWS(rows);
    CHECK_EQUAL(CALL(getpid), 7);
}

static void others_need_the_permission(void) {
    put_files();
    put("/b/mine", "#!boxer known\n", 0700);
    CHECK_EQUAL(CALL(setresuid, 1000, 1000, 1000), 0);
    char *few[] = {"name", NULL};
    CHECK_EQUAL(CALL(execve, "/b/mine", few, NULL), -EACCES);
    CHECK_EQUAL(CALL(execve, "/b/known", few, NULL), -ENOSYS);
}

static void a_refusal_for_want_of_memory_changes_nothing(void) {
    put_files();
    char *some[] = {"name", "and", "more", NULL};
    CHECK_EQUAL(CALL(execve, "/b/script", some, some), -ENOSYS);
    pages_scrub();
    size_t before = pages_in_use();
    int refused = 0;
    for (uint64_t nth = 1; nth < 60; nth++) {
        memory_fail_at(nth);
        long error = CALL(execve, "/b/script", some, some);
        int left = memory_fail_at(0) != 0;
        CHECK(error == -ENOMEM || error == -ENOSYS);
        refused += error == -ENOMEM;
        pages_scrub();
        CHECK_EQUAL(pages_in_use(), before);
        CHECK_EQUAL(fd_next(3), -1);
        if (left)
            break;
    }
    CHECK(refused > 8);
}

static void words_are_put_before_others(void) {
    struct words words = {0}, first = {0};
    char *list[] = {"a", "", "c", NULL}, *pointers[8], bytes[64];
    CHECK_EQUAL(words_read(&words, list), 0);
    CHECK_EQUAL(words_add(&first, "one"), 0);
    CHECK_EQUAL(words_add(&first, "two"), 0);
    CHECK_EQUAL(words_begin(&words, &first, 1), 0);
    CHECK_EQUAL(words.count, 4);
    words_place(&words, pointers, bytes);
    CHECK_EQUAL(strcmp(pointers[0], "one") || strcmp(pointers[1], "two") || *pointers[2] ||
                    strcmp(pointers[3], "c") || pointers[4],
                0);
    words_free(&words);
    words_free(&first);
}

int main(void) {
    RUN(what_cannot_begin_is_refused);
    RUN(others_need_the_permission);
    RUN(a_refusal_for_want_of_memory_changes_nothing);
    RUN(words_are_put_before_others);
    return finish();
}
