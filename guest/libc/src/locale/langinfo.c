// nl_langinfo(3): what glibc says of C and C.UTF-8. They differ in their encoding alone.
#include <langinfo.h>
#include <locale.h>

#include "locale_impl.h"

static const char *const numeric[] = {".", ""};
static const char *const messages[] = {"^[yY]", "^[nN]", "", ""};
static const char *const times[] = {
    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat",
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
    "AM", "PM", "%a %b %e %H:%M:%S %Y", "%m/%d/%y", "%H:%M:%S", "%I:%M:%S %p",
};

#define ITEM(list) (index < sizeof list / sizeof *list ? list[index] : "")

char *__nl_langinfo_l(nl_item item, locale_t locale) {
    unsigned category = (unsigned)item >> 16;
    unsigned index = item & 0xffff;
    const char *text = "";
    if (item == CODESET)
        text = locale->cat[LC_CTYPE] ? "UTF-8" : "ANSI_X3.4-1968";
    else if (index == 0xffff && category < LC_ALL)
        text = locale->cat[category] ? locale->cat[category]->name : "C";
    else if (category == LC_NUMERIC)
        text = ITEM(numeric);
    else if (category == LC_TIME)
        text = ITEM(times);
    else if (category == LC_MESSAGES)
        text = ITEM(messages);
    else if (item == CRNCYSTR)
        text = "-";
    return (char *)text;
}

char *__nl_langinfo(nl_item item) {
    return __nl_langinfo_l(item, CURRENT_LOCALE);
}

weak_alias(__nl_langinfo, nl_langinfo);
weak_alias(__nl_langinfo_l, nl_langinfo_l);
