"""Programs compiled by `boxer cc` as boxes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]

SHOW = r"""
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv) {
    char folder[100];
    printf("%s %d %s %s %d\n", argv[0], argc, getcwd(folder, sizeof folder), getenv("X"), getuid());
    return argc > 1 ? atoi(argv[1]) : 0;
}
"""
JUMP = r"""
#include <setjmp.h>
#include <stdio.h>
static jmp_buf out, in;
static void deep(int n) { if (n == 0) longjmp(in, 7); deep(n - 1); puts("never"); }
int main(void) {
    volatile int seen = 0;
    if (setjmp(out)) { printf("out %d\n", seen); return 0; }
    seen = setjmp(in);
    if (!seen) deep(3);
    sigjmp_buf third;
    if (!sigsetjmp(third, 1)) siglongjmp(third, 1);
    longjmp(out, 1);
}
"""

# Functions that work on words and vectors, beside the same by bytes: all small sizes, at all
# places in a vector.
BYTES = r"""
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
enum { ROOM = 352, MOST = 144 };
static unsigned char from[ROOM], to[ROOM], expected[ROOM];
static int wrong;
static int sign(int n) { return (n > 0) - (n < 0); }
static void expect(int right) { wrong += !right; }
static void refill(void) {
    for (int i = 0; i < ROOM; i++) {
        from[i] = (unsigned char)(i * 7 + 1);
        to[i] = expected[i] = (unsigned char)(i * 3);
    }
}
static int order(const unsigned char *a, const unsigned char *b, size_t n) {
    for (; n; n--, a++, b++) if (*a != *b) return *a - *b;
    return 0;
}
int main(void) {
    void *(*volatile copy)(void *, const void *, size_t) = memcpy;
    void *(*volatile move)(void *, const void *, size_t) = memmove;
    void *(*volatile fill)(void *, int, size_t) = memset;
    int (*volatile compare)(const void *, const void *, size_t) = memcmp;
    void *(*volatile first)(const void *, int, size_t) = memchr;
    void *(*volatile last)(const void *, int, size_t) = memrchr;
    size_t (*volatile length)(const char *) = strlen;
    for (size_t n = 0; n <= MOST; n++)
        for (size_t at = 0; at < 16; at++)
            for (size_t other = 0; other < 16; other += 3) {
                refill();
                expect(copy(to + at, from + other, n) == to + at);
                for (size_t i = 0; i < n; i++) expected[at + i] = from[other + i];
                expect(!order(to, expected, ROOM));
                expect(move(to + 16 + at, to + 12 + other, n) == to + 16 + at);
                unsigned char kept[MOST];
                for (size_t i = 0; i < n; i++) kept[i] = expected[12 + other + i];
                for (size_t i = 0; i < n; i++) expected[16 + at + i] = kept[i];
                expect(!order(to, expected, ROOM));
                expect(fill(to + at, 0x1a5, n) == to + at);
                for (size_t i = 0; i < n; i++) expected[at + i] = 0xa5;
                expect(!order(to, expected, ROOM));
                for (size_t i = 0; i <= n; i++) {
                    memcpy(to + at, from + other, n);
                    if (i < n) to[at + i] ^= i % 2 ? 0x80 : 1;
                    int is = compare(to + at, from + other, n);
                    expect(sign(is) == sign(order(to + at, from + other, n)));
                }
                unsigned char *begin = to + at, *found[2] = {0, 0};
                for (size_t i = 0; i < n; i++) begin[i] = i * (other + 1) % 13 ? 0x81 : 0x80;
                for (size_t i = n; i--;) if (begin[i] == 0x80) found[0] = begin + i;
                for (size_t i = 0; i < n; i++) if (begin[i] == 0x80) found[1] = begin + i;
                begin[n] = 0x80;
                expect(first(begin, 0x180, n) == found[0]);
                expect(last(begin, 0x180, n) == found[1]);
                begin[n] = 0;
                expect(length((char *)begin) == n);
                expect(first(begin, 0, SIZE_MAX) == begin + n);
            }
    // At the end of a page.
    size_t page = 65536;
    unsigned char *end = (unsigned char *)mmap(NULL, page, PROT_READ | PROT_WRITE,
                                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + page;
    for (size_t n = 1; n < MOST; n++) {
        fill(end - n, 'x', n);
        end[-1] = 0;
        expect(length((char *)end - n) == n - 1);
        expect(first(end - n, 0, SIZE_MAX) == end - 1);
        expect(last(end - n, 0, n) == end - 1);
        expect(!compare(end - n, end - n, n));
    }
    printf("%d\n", wrong);
    return 0;
}
"""

# Functions that the C library calls: of each kind the one with the fewest arguments.
CALLED_BACK = r"""
#define _GNU_SOURCE
#include <dirent.h>
#include <ftw.h>
#include <glob.h>
#include <pthread.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <threads.h>
#include <unistd.h>
static int files, deeper;
static int count(const char *path, const struct stat *st, int type) { return ++deeper, 0; }
static int visit(const char *path, const struct stat *st, int type) {
    if (type == FTW_D) ftw("/walked/deep", count, 4);
    return files += type == FTW_F, 0;
}
static int visit_n(const char *path, const struct stat *st, int type, struct FTW *at) {
    return files += at->level, 0;
}
static int order(const void *a, const void *b) { return *(int *)a - *(int *)b; }
static int order_r(const void *a, const void *b, void *sign) { return order(b, a) * *(int *)sign; }
static int all(const struct dirent *entry) { return entry->d_name[0] != '.'; }
static int unreadable(const char *path, int error) { return 0; }
static void node(const void *at, VISIT when, int depth) { files += when == leaf; }
static void caught(int number) { files += number == SIGUSR1; }
static void caught_why(int number, siginfo_t *info, void *context) { files += info->si_signo > 0; }
static void once(void) { files++; }
static void forget(void *value) { }
static void left(void) { puts("left"); }
static void left_quickly(void) { _Exit(3); }
int main(void) {
    mkdir("/walked", 0755), mkdir("/walked/deep", 0755), fclose(fopen("/walked/deep/a", "w"));
    printf("%d", ftw("/walked", visit, 4));
    printf(" %d %d", files, deeper);
    printf(" %d", nftw("/walked", visit_n, 4, 0) + files);
    int n[] = {3, 1, 2}, sign = 1, key = 3;
    qsort(n, 3, sizeof *n, order), printf(" %d", n[0]);
    qsort_r(n, 3, sizeof *n, order_r, &sign), printf(" %d", n[0]);
    qsort(n, 3, sizeof *n, order);
    printf(" %d", (int)((int *)bsearch(&key, n, 3, sizeof *n, order) - n));
    struct dirent **names;
    glob_t found;
    printf(" %d", scandir("/walked", &names, all, alphasort));
    printf(" %d", glob("/walked/*", 0, unreadable, &found));
    void *tree = NULL;
    tsearch(&key, &tree, order), twalk(tree, node), tdestroy(tree, forget);
    struct sigaction action = {.sa_flags = SA_SIGINFO, .sa_sigaction = caught_why};
    signal(SIGUSR1, caught), sigaction(SIGUSR2, &action, NULL), raise(SIGUSR1), raise(SIGUSR2);
    pthread_once_t first = PTHREAD_ONCE_INIT;
    once_flag flag = ONCE_FLAG_INIT;
    pthread_once(&first, once), call_once(&flag, once);
    pthread_key_t own;
    pthread_key_create(&own, forget), pthread_setspecific(own, &own);
    pthread_atfork(once, once, once);
    printf(" %d\n", files);
    atexit(left), at_quick_exit(left_quickly);
    fflush(stdout);
    return 0;
}
"""


# Headers that are the compiler's own, those that ask for the next one of their name among them.
COMPILERS_HEADERS = r"""
#include <float.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <tgmath.h>
int main(void) {
    atomic_int counted = 0;
    atomic_fetch_add(&counted, 2);
    bool read = atomic_load_explicit(&counted, memory_order_relaxed) == 2;
    printf("%d %d %d %zu\n", read, INT_MAX == INT32_MAX, DBL_DIG, _Alignof(max_align_t));
    return sqrt(4.0f) != 2;
}
"""


def _compile(boxer: Boxer, folder: Path, source: str, *options: str) -> Path:
    (folder / "a.c").write_text(source)
    done = boxer("cc", *options, "-o", folder / "a.out", folder / "a.c")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder / "a.out"


def _build(boxer: Boxer, folder: Path, dockerfile: str) -> Path:
    (folder / "Dockerfile").write_text(dockerfile)
    box = folder / "x.wasm"
    done = boxer("build", "-q", "-o", box, folder)
    assert done.returncode == 0, done.stderr
    return box


@pytest.mark.parametrize(
    "base", ["ubuntu:latest", "debian:bookworm-slim", "alpine:3.20", "scratch"]
)
def test_a_program_on_the_image_of_a_distribution(boxer: Boxer, tmp_path: Path, base: str) -> None:
    _compile(boxer, tmp_path, SHOW)
    folder = "RUN mkdir -p /app\n" if base != "scratch" else ""
    steps = 'COPY a.out /app/\nWORKDIR /app\nENV X=y\nCMD ["/app/a.out"]\n'
    box = _build(boxer, tmp_path, f"FROM {base}\n{folder}{steps}")
    assert boxer("run", box).stdout == "/app/a.out 1 /app y 0\n"
    done = boxer("run", "-e", "X=z", box, "./a.out", "7")
    assert (done.returncode, done.stdout) == (7, "./a.out 2 /app z 0\n")


def test_a_program_found_by_path_with_a_user(boxer: Boxer, tmp_path: Path) -> None:
    _compile(boxer, tmp_path, SHOW, "-O1", "-Wall", "-march=native", "-lm")
    box = _build(
        boxer,
        tmp_path,
        'FROM gcc\nCOPY a.out /usr/local/bin/show\nUSER 5\nENTRYPOINT ["show"]\nCMD ["3"]\n',
    )
    done = boxer("run", "-e", "X=", box)
    assert (done.returncode, done.stdout) == (3, "show 2 /  5\n")


def test_longjmp_goes_back_to_its_setjmp(boxer: Boxer, tmp_path: Path) -> None:
    _compile(boxer, tmp_path, JUMP)
    box = _build(boxer, tmp_path, 'FROM scratch\nCOPY a.out /a\nCMD ["/a"]\n')
    assert boxer("run", box).stdout == "out 7\n"


def test_functions_that_the_c_library_calls_back(boxer: Boxer, tmp_path: Path) -> None:
    _compile(boxer, tmp_path, CALLED_BACK)
    box = _build(boxer, tmp_path, 'FROM scratch\nCOPY a.out /a\nCMD ["/a"]\n')
    assert boxer("run", box).stdout == "0 1 4 4 1 3 2 1 0 9\nleft\n"


def test_bytes_are_copied_compared_and_found_word_by_word(boxer: Boxer, tmp_path: Path) -> None:
    _compile(boxer, tmp_path, BYTES)
    box = _build(boxer, tmp_path, 'FROM scratch\nCOPY a.out /a\nCMD ["/a"]\n')
    assert boxer("run", box).stdout == "0\n"


@pytest.mark.parametrize("base", ["scratch", "gcc:13"])
def test_the_compilers_own_headers(boxer: Boxer, tmp_path: Path, base: str) -> None:
    made = "COPY a.c .\nRUN cc -o /a.out a.c"
    if base == "scratch":
        _compile(boxer, tmp_path, COMPILERS_HEADERS)
        made = "COPY a.out /"
    (tmp_path / "a.c").write_text(COMPILERS_HEADERS)
    box = _build(boxer, tmp_path, f'FROM {base}\n{made}\nCMD ["/a.out"]\n')
    assert boxer("run", box).stdout == "1 1 15 16\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"\x7fELF\2\1\1", "another processor (ELF)"), (b"\0asm\1\0\0\0", "`boxer cc` made")],
)
def test_a_program_of_another_machine_is_refused(
    boxer: Boxer, tmp_path: Path, data: bytes, message: str
) -> None:
    (tmp_path / "a.out").write_bytes(data)
    (tmp_path / "a.out").chmod(0o755)
    (tmp_path / "Dockerfile").write_text('FROM debian\nCOPY a.out /\nCMD ["/a.out"]\n')
    done = boxer("build", "-q", tmp_path)
    assert done.returncode == 1
    assert "error[foreign-program]" in done.stderr
    assert message in done.stderr
    assert "boxer cc -o" in done.stderr


def test_a_shared_library_is_refused_as_configure_expects(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("int f(void) { return 1; }\n")
    done = boxer("cc", "-shared", "-fPIC", "-o", tmp_path / "a.so", tmp_path / "a.c")
    assert done.returncode == 1
    assert "--disable-shared" in done.stderr


def test_objects_and_archives_link_in_their_order(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "f.c").write_text("int f(void) { return N; }\n")
    (tmp_path / "m.c").write_text("int f(void); int main(void) { return f(); }\n")
    for name, options in (("f", ["-DN=4"]), ("m", [])):
        source, target = tmp_path / f"{name}.c", tmp_path / f"{name}.o"
        assert boxer("cc", *options, "-c", source, "-o", target).returncode == 0
    done = boxer("cc", tmp_path / "m.o", tmp_path / "f.o", "-o", tmp_path / "a.out")
    assert done.returncode == 0, done.stderr
    box = _build(boxer, tmp_path, 'FROM scratch\nCOPY a.out /a\nCMD ["/a"]\n')
    assert boxer("run", box).returncode == 4


CXX = r"""
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>
struct Note { std::string s; ~Note() { std::cout << "left " << s << "\n"; } };
static int risky(int n) { Note note{"f"}; if (n > 2) throw std::runtime_error("much"); return n; }
int main(int argc, char **) {
    std::map<std::string, std::vector<int>> m{{"b", {1, 2}}, {"a", {3}}};
    for (auto &[k, v] : m) std::cout << k << v.size() << "\n";
    try { risky(argc + 3); } catch (const std::exception &e) { std::cout << e.what() << "\n"; }
    try { (void)m.at("z"); } catch (const std::out_of_range &) { std::cout << "range\n"; }
}
"""


def test_cxx_with_exceptions_and_streams(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "a.cpp").write_text(CXX)
    done = boxer("c++", "-std=c++20", "-O1", tmp_path / "a.cpp", "-o", tmp_path / "a.out")
    assert (done.returncode, done.stderr) == (0, "")
    box = _build(boxer, tmp_path, 'FROM scratch\nCOPY a.out /a\nCMD ["/a"]\n')
    assert boxer("run", box).stdout == "a1\nb2\nleft f\nmuch\nrange\n"


TALK = """FROM ubuntu:latest
RUN mkdir -p /app
COPY a.out /app
WORKDIR /app
CMD ["/app/a.out"]
"""


def test_the_talks_example_word_for_word(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text('#include <stdio.h>\nint main(void) { puts("Hello"); }\n')
    compiled = subprocess.run(
        [sys.executable, "-m", "boxer.cli", "cc", "a.c"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (compiled.returncode, compiled.stdout + compiled.stderr) == (0, "")
    assert boxer("run", _build(boxer, tmp_path, TALK)).stdout == "Hello\n"


def test_a_program_runs_without_a_dockerfile(boxer: Boxer, tmp_path: Path) -> None:
    program = _compile(boxer, tmp_path, SHOW)
    done = boxer("run", "-e", "X=y", program, "4")
    assert (done.returncode, done.stdout) == (4, "/a.out 2 / y 0\n")


def test_configure_runs_what_it_links(boxer: Boxer, tmp_path: Path) -> None:
    (tmp_path / "conftest.c").write_text(
        '#include <stdio.h>\nint main(void) { fputs("4", fopen("conftest.val", "w")); }\n'
    )
    done = boxer("cc", "-o", tmp_path / "conftest", tmp_path / "conftest.c")
    assert (done.returncode, done.stderr) == (0, "")
    ran = subprocess.run([tmp_path / "conftest"], cwd=tmp_path, timeout=300, check=False)
    assert ran.returncode == 0
    assert (tmp_path / "conftest.val").read_text() == "4"
