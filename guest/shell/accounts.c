// Who runs the script, and where: id, whoami, hostname.
#include "shell.h"

#include "builtins.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct identity {
    uid_t user;
    gid_t groups[NGROUPS_MAX]; // its own first
    size_t count;
};

static void add_group(struct identity *who, gid_t group) {
    for (size_t i = 0; i < who->count; i++)
        if (who->groups[i] == group)
            return;
    if (who->count < NGROUPS_MAX)
        who->groups[who->count++] = group;
}

static void identify_caller(struct identity *who, int effective) {
    static gid_t others[NGROUPS_MAX];
    who->user = effective ? geteuid() : getuid();
    who->count = 0;
    add_group(who, effective ? getegid() : getgid());
    add_group(who, getegid());
    int count = getgroups(NGROUPS_MAX, others);
    for (int i = 0; i < count; i++)
        add_group(who, others[i]);
}

static int identify(struct identity *who, const char *name) {
    unsigned number;
    struct passwd *entry = getpwnam(name);
    if (!entry && psh_number(name, &number))
        entry = getpwuid(number);
    if (!entry)
        return -1;
    char *user = psh_copy(entry->pw_name, strlen(entry->pw_name));
    who->user = entry->pw_uid;
    who->count = 0;
    add_group(who, entry->pw_gid);
    setgrent();
    for (struct group *group; (group = getgrent());)
        for (char **member = group->gr_mem; *member; member++)
            if (strcmp(*member, user) == 0)
                add_group(who, group->gr_gid);
    endgrent();
    return 0;
}

static const char *name_of(char kind, unsigned number) {
    if (kind == 'u') {
        struct passwd *entry = getpwuid(number);
        return entry ? entry->pw_name : NULL;
    }
    struct group *entry = getgrgid(number);
    return entry ? entry->gr_name : NULL;
}

static int print_one(char kind, unsigned number, int named) {
    const char *name = named ? name_of(kind, number) : NULL;
    if (name)
        fputs(name, stdout);
    else
        printf("%u", number);
    if (name || !named)
        return 0;
    psh_warn("id: cannot find name for %s ID %u", kind == 'u' ? "user" : "group", number);
    return 1;
}

static void print_both(const char *before, char kind, unsigned number) {
    const char *name = name_of(kind, number);
    printf(name ? "%s%u(%s)" : "%s%u", before, number, name);
}

static int print_identity(const struct identity *who, char wanted, int named) {
    int status = 0;
    if (wanted == 'u' || wanted == 'g')
        status = print_one(wanted, wanted == 'u' ? who->user : who->groups[0], named);
    for (size_t i = 0; wanted == 'G' && i < who->count; i++) {
        if (i)
            putchar(' ');
        status |= print_one('g', who->groups[i], named);
    }
    if (!wanted) {
        print_both("uid=", 'u', who->user);
        print_both(" gid=", 'g', who->groups[0]);
        for (size_t i = 0; i < who->count; i++)
            print_both(i ? "," : " groups=", 'g', who->groups[i]);
    }
    putchar('\n');
    return status;
}

int psh_id(char **argv) {
    static struct identity who;
    char wanted = 0;
    const char *given = psh_options(argv, "ugGn");
    if (!given)
        return 2;
    for (const char *letter = given; *letter; letter++) {
        if (*letter != 'n' && wanted && wanted != *letter) {
            psh_warn("id: cannot print \"only\" of more than one choice");
            return 1;
        }
        wanted = *letter == 'n' ? wanted : *letter;
    }
    int named = strchr(given, 'n') != NULL, status = 0;
    if (named && !wanted) {
        psh_warn("id: cannot print only names or real IDs in default format");
        return 1;
    }
    if (!argv[1]) {
        identify_caller(&who, wanted != 0);
        return print_identity(&who, wanted, named);
    }
    while (*++argv) {
        if (identify(&who, *argv) == 0) {
            status |= print_identity(&who, wanted, named);
            continue;
        }
        psh_warn("id: '%s': no such user", *argv);
        status = 1;
    }
    return status;
}

int psh_whoami(char **argv) {
    if (!psh_options(argv, ""))
        return 2;
    const char *name = argv[1] ? NULL : name_of('u', geteuid());
    if (name)
        return puts(name) < 0;
    if (argv[1])
        psh_warn("whoami: extra operand '%s'", argv[1]);
    else
        psh_warn("whoami: cannot find name for user ID %u", (unsigned)geteuid());
    return 1;
}

int psh_hostname(char **argv) {
    char name[HOST_NAME_MAX + 1] = "";
    if (!psh_options(argv, ""))
        return 2;
    if (argv[1] ? sethostname(argv[1], strlen(argv[1])) : gethostname(name, sizeof name)) {
        psh_warn("hostname: %s", strerror(errno));
        return 1;
    }
    return argv[1] ? 0 : puts(name) < 0;
}
