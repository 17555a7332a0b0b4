// Random formats, times and rooms: the box's strftime and wcsftime against those of this machine,
// which has to be glibc.
#define _GNU_SOURCE
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

size_t box_strftime(char *restrict, size_t, const char *restrict, const struct tm *restrict);
size_t box_wcsftime(wchar_t *restrict, size_t, const wchar_t *restrict, const struct tm *restrict);

static unsigned random_below(unsigned limit) {
    static unsigned long long state = 1;
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(state >> 33) % limit;
}

static struct tm any_time(void) {
    static const char *const zones[] = {"UTC", "EST5EDT", "Europe/Berlin", "<+0530>-5:30", "A-14"};
    static const int years[] = {-1901, -1900, -2900, -1, 0, 8099, 8100, 2147481747};
    static const char *const names[] = {"", "EST", NULL, "Zone\xc3\xa9"};
    setenv("TZ", zones[random_below(5)], 1);
    tzset();
    time_t seconds = (time_t)random_below(1U << 31) * (random_below(3) ? 1 : 2000);
    struct tm time;
    localtime_r(&seconds, &time);
    if (random_below(2))
        gmtime_r(&seconds, &time);
    if (!random_below(8))
        time.tm_year = years[random_below(8)];
    if (!random_below(4))
        time.tm_zone = names[random_below(4)];
    if (!random_below(4))
        time.tm_isdst = (int)random_below(3) - 1;
    if (!random_below(8))
        time.tm_gmtoff = (int)random_below(100000) - 50000;
    if (!random_below(8))
        time.tm_hour = (int)random_below(30);
    return time;
}

static void any_format(char *format) {
    static const char known[] = "aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%+";
    for (unsigned part = 0; part <= random_below(2); part++) {
        if (!random_below(4))
            format += sprintf(format, "x\xc3\xa9");
        *format++ = '%';
        while (!random_below(3))
            *format++ = "_-0^#+"[random_below(6)];
        if (!random_below(3))
            format += sprintf(format, "%u", random_below(20));
        if (!random_below(3))
            *format++ = "EO"[random_below(2)];
        *format++ =
            random_below(5) ? known[random_below(sizeof known - 1)] : (char)random_below(128);
    }
    *format = 0;
}

// Upper case and lower case at once of a letter that is not ASCII is glibc's own affair.
static int is_odd(const char *format, const struct tm *time) {
    return strchr(format, '^') && strchr(format, '#') && time->tm_zone &&
           strchr(time->tm_zone, 'Z');
}

int main(int count, char **words) {
    long rounds = count > 1 ? atol(words[1]) : 100000;
    setlocale(LC_ALL, "C.UTF-8");
    for (long i = 0; i < rounds; i++) {
        struct tm time = any_time();
        char format[128], ours[300], theirs[300];
        wchar_t wide[128], our_wide[300], their_wide[300];
        any_format(format);
        if (is_odd(format, &time))
            continue;
        size_t room = random_below(5) ? 300 : random_below(30) + 1;
        size_t expected = strftime(theirs, room, format, &time);
        if (box_strftime(ours, room, format, &time) != expected || memcmp(ours, theirs, expected)) {
            printf("`%s`: `%.*s`\n", format, (int)expected, theirs);
            return 1;
        }
        mbstowcs(wide, format, 128);
        expected = wcsftime(their_wide, room, wide, &time);
        if (box_wcsftime(our_wide, room, wide, &time) != expected ||
            wmemcmp(our_wide, their_wide, expected)) {
            printf("`%s` as wide characters\n", format);
            return 1;
        }
    }
    return 0;
}
