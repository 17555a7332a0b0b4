// strftime and wcsftime as glibc has them (strftime(3)), for the one locale there is: C. What glibc does beyond POSIX: flags _ - 0 ^ #, widths for
// every conversion, %P %k %l %s, years without padding, and a conversion it does not know stands in the text as it was written.
// One walk serves both: a format is read, and text put, a character at a time.
#define _GNU_SOURCE
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

struct text {
    char *narrow;   // one of the two
    wchar_t *wide;
    size_t length, room;
    int upper, lower;
};

// How one conversion is to be written.
struct spec {
    int pad;        // '_', '-', '0', or 0: as the conversion does by itself
    int width;
    int swap;       // the flag #
};

static const char days[][10] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char months[][10] = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"};

// Characters that do not fit are counted: the caller answers 0.
static void put(struct text *t, wint_t c)
{
    if (t->length < t->room) {
        if (t->wide) t->wide[t->length] = t->lower ? towlower(c) : t->upper ? towupper(c) : c;
        else if (t->lower && c-'A' < 26U) t->narrow[t->length] = c + 32;
        else if (t->upper && c-'a' < 26U) t->narrow[t->length] = c - 32;
        else t->narrow[t->length] = c;
    }
    t->length++;
}

static void pad(struct text *t, struct spec s, size_t taken)
{
    if (s.width <= 0 || (size_t)s.width <= taken) return;
    size_t missing = s.width - taken;
    if (missing > t->room) t->length = t->room + 1;
    else while (missing--) put(t, s.pad == '0' ? '0' : ' ');
}

static void words(struct text *t, struct spec s, const char *word, size_t length)
{
    pad(t, s, length);
    while (length--) put(t, *word++);
}

// Names of zones are the only text that is not ASCII.
static void zone(struct text *t, struct spec s, const char *name)
{
    wchar_t wide[64];
    size_t length = t->wide ? mbstowcs(wide, name, 64) : (size_t)-1;
    if (length > 64) {
        words(t, s, name, strlen(name));
        return;
    }
    pad(t, s, length);
    for (size_t i=0; i<length; i++) put(t, wide[i]);
}

static void number(struct text *t, struct spec s, int digits, long long value)
{
    char buf[24];
    int n = 0, negative = value < 0;
    unsigned long long rest = negative ? -(unsigned long long)value : value;
    do buf[n++] = '0' + rest%10;
    while (rest /= 10);
    if (s.width > digits) digits = s.width;
    digits -= n + negative;
    if (s.pad == '-') {
        pad(t, s, n + negative);
        digits = 0;
    }
    if (digits > 0 && (size_t)digits > t->room) {
        t->length = t->room + 1;
        return;
    }
    if (s.pad == '_') for (; digits > 0; digits--) put(t, ' ');
    if (negative) put(t, '-');
    for (; digits > 0; digits--) put(t, '0');
    while (n) put(t, buf[--n]);
}

static int leap(long long year)
{
    return !(year%4) && (year%100 || !(year%400));
}

// The week of ISO 8601 that the day lies in: that of its Thursday.
static int iso_week(const struct tm *tm, long long *year)
{
    int thursday = tm->tm_yday - (tm->tm_wday + 6)%7 + 3;
    *year = tm->tm_year + 1900LL;
    if (thursday < 0) thursday += 365 + leap(--*year);
    else if (thursday >= 365 + leap(*year)) thursday -= 365 + leap((*year)++);
    return thursday/7 + 1;
}

static void walk(struct text *, const void *, const struct tm *);

// A conversion that stands for others: they are written, then measured.
static void several(struct text *t, struct spec s, const char *format, const struct tm *tm)
{
    wchar_t wide[24];
    char narrow[128];
    wchar_t wide_text[128];
    struct text inner = {.narrow = t->wide ? 0 : narrow, .wide = t->wide ? wide_text : 0, .room = 128, .upper = t->upper};
    mbstowcs(wide, format, 24);
    walk(&inner, t->wide ? (const void *)wide : format, tm);
    pad(t, s, inner.length);
    for (size_t i=0; i<inner.length; i++) put(t, t->wide ? (wint_t)wide_text[i] : (unsigned char)narrow[i]);
}

static void name_of(struct text *t, struct spec s, const char (*names)[10], int count, int which, int whole)
{
    if (s.swap) t->upper = 1;
    if (which < 0 || which >= count) words(t, s, "?", 1);
    else words(t, s, names[which], whole ? strlen(names[which]) : 3);
}

static void offset(struct text *t, struct spec s, const struct tm *tm)
{
    if (tm->tm_isdst < 0) return;
    long minutes = tm->tm_gmtoff < 0 ? -tm->tm_gmtoff/60 : tm->tm_gmtoff/60;
    words(t, s, tm->tm_gmtoff < 0 ? "-" : "+", 1);
    number(t, s, 4, minutes/60*100 + minutes%60);
}

// Seconds since 1970 of what the fields say in local time; a width puts spaces before it.
static void seconds(struct text *t, struct spec s, struct tm tm)
{
    char buf[24];
    struct text digits = {.narrow = buf, .room = sizeof buf};
    number(&digits, (struct spec){0}, 1, mktime(&tm));
    words(t, s, buf, digits.length);
}

// 0: there is no such conversion, or not with this modifier (0, E or O).
static int convert(struct text *t, struct spec s, wint_t c, int modifier, const struct tm *tm)
{
    long long year = tm->tm_year + 1900LL, iso_year;
    int week = iso_week(tm, &iso_year), hour12 = tm->tm_hour > 12 ? tm->tm_hour - 12 : tm->tm_hour ? tm->tm_hour : 12;
    struct spec spaced = s;
    if (s.pad != '0' && s.pad != '-') spaced.pad = '_';
    if (s.swap && c < 128 && strchr("bBh", c)) t->upper = 1;
    if (c > 127 || (modifier == 'E' && strchr("aAbBhdeHIjklmMSUVgGWwDF", c)) || (modifier == 'O' && strchr("aAcxXYDF", c))) return 0;
    switch (c) {
    case '%': words(t, s, "%", 1); return 1;
    case 'a': case 'A': name_of(t, s, days, 7, tm->tm_wday, c == 'A'); return 1;
    case 'b': case 'h': case 'B': name_of(t, s, months, 12, tm->tm_mon, c == 'B'); return 1;
    case 'c': several(t, s, "%a %b %e %H:%M:%S %Y", tm); return 1;
    case 'C': number(t, s, 1, year/100 - (year%100 < 0)); return 1;
    case 'd': number(t, s, 2, tm->tm_mday); return 1;
    case 'D': case 'x': several(t, s, "%m/%d/%y", tm); return 1;
    case 'e': number(t, spaced, 2, tm->tm_mday); return 1;
    case 'F': several(t, s, "%Y-%m-%d", tm); return 1;
    case 'g': number(t, s, 2, (iso_year%100 + 100)%100); return 1;
    case 'G': number(t, s, 1, iso_year); return 1;
    case 'H': number(t, s, 2, tm->tm_hour); return 1;
    case 'I': number(t, s, 2, hour12); return 1;
    case 'j': number(t, s, 3, tm->tm_yday + 1LL); return 1;
    case 'k': number(t, spaced, 2, tm->tm_hour); return 1;
    case 'l': number(t, spaced, 2, hour12); return 1;
    case 'm': number(t, s, 2, tm->tm_mon + 1LL); return 1;
    case 'M': number(t, s, 2, tm->tm_min); return 1;
    case 'n': words(t, s, "\n", 1); return 1;
    case 'p': case 'P':
        if (s.swap || c == 'P') t->lower = 1;
        words(t, s, tm->tm_hour > 11 ? "PM" : "AM", 2);
        return 1;
    case 'r': several(t, s, "%I:%M:%S %p", tm); return 1;
    case 'R': several(t, s, "%H:%M", tm); return 1;
    case 's': seconds(t, s, *tm); return 1;
    case 'S': number(t, s, 2, tm->tm_sec); return 1;
    case 't': words(t, s, "\t", 1); return 1;
    case 'T': case 'X': several(t, s, "%H:%M:%S", tm); return 1;
    case 'u': number(t, s, 1, (tm->tm_wday + 6)%7 + 1); return 1;
    case 'U': number(t, s, 2, (tm->tm_yday - tm->tm_wday + 7)/7); return 1;
    case 'V': number(t, s, 2, week); return 1;
    case 'w': number(t, s, 1, tm->tm_wday); return 1;
    case 'W': number(t, s, 2, (tm->tm_yday - (tm->tm_wday + 6)%7 + 7)/7); return 1;
    case 'y': number(t, s, 2, (year%100 + 100)%100); return 1;
    case 'Y': number(t, s, 1, year); return 1;
    case 'z': offset(t, s, tm); return 1;
    case 'Z':
        if (s.swap) t->lower = 1;
        if (tm->tm_zone && *tm->tm_zone) zone(t, s, tm->tm_zone);
        else zone(t, s, tm->tm_isdst < 0 ? "" : tzname[tm->tm_isdst > 0 && *tzname[1]]);
        return 1;
    }
    return 0;
}

static void walk(struct text *t, const void *format, const struct tm *tm)
{
    const char *narrow = format;
    const wchar_t *wide = format;
#define AT(i) (t->wide ? (wint_t)wide[i] : (wint_t)(unsigned char)narrow[i])
    int upper = t->upper;
    for (size_t i=0; AT(i); i++) {
        size_t start = i;
        struct spec s = {0};
        int modifier = 0;
        t->upper = upper;
        t->lower = 0;
        if (AT(i) != '%') {
            put(t, AT(i));
            continue;
        }
        for (i++; AT(i) && AT(i) < 128 && strchr("_-0^#", AT(i)); i++) {
            if (AT(i) == '^') t->upper = 1;
            else if (AT(i) == '#') s.swap = 1;
            else s.pad = AT(i);
        }
        for (; AT(i)-'0' < 10U; i++)
            s.width = s.width > (INT_MAX-9)/10 ? INT_MAX : s.width*10 + (int)(AT(i)-'0');
        if (AT(i) == 'E' || AT(i) == 'O') modifier = AT(i++);
        if (AT(i) && convert(t, s, AT(i), modifier, tm)) continue;
        size_t end = AT(i) ? i+1 : i;
        pad(t, s, end - start);
        for (size_t k=start; k<end; k++) put(t, AT(k));
        i = end-1;
    }
    t->upper = upper;
    t->lower = 0;
#undef AT
}

size_t __strftime_l(char *restrict s, size_t n, const char *restrict format, const struct tm *restrict tm, locale_t loc)
{
    struct text t = {.narrow = s, .room = n};
    tzset();
    walk(&t, format, tm);
    if (t.length >= n) return 0;
    s[t.length] = 0;
    return t.length;
}

size_t __wcsftime_l(wchar_t *restrict s, size_t n, const wchar_t *restrict format, const struct tm *restrict tm, locale_t loc)
{
    struct text t = {.wide = s, .room = n};
    tzset();
    if (!n) return 0;
    walk(&t, format, tm);
    if (t.length >= n) return 0;
    s[t.length] = 0;
    return t.length;
}

size_t strftime(char *restrict s, size_t n, const char *restrict format, const struct tm *restrict tm)
{
    return __strftime_l(s, n, format, tm, 0);
}

size_t strftime_l(char *restrict s, size_t n, const char *restrict format, const struct tm *restrict tm, locale_t loc)
{
    return __strftime_l(s, n, format, tm, loc);
}

size_t wcsftime(wchar_t *restrict s, size_t n, const wchar_t *restrict format, const struct tm *restrict tm)
{
    return __wcsftime_l(s, n, format, tm, 0);
}

size_t wcsftime_l(wchar_t *restrict s, size_t n, const wchar_t *restrict format, const struct tm *restrict tm, locale_t loc)
{
    return __wcsftime_l(s, n, format, tm, loc);
}
