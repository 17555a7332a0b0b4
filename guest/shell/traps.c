// trap, and what the shell does by itself when a signal comes.
//
// Invariants
// 1. A handler only notes the signal; what it means is done between two commands (psh_run_traps).
// 2. A signal that was ignored when the shell began stays ignored.
#include "traps.h"

#include "jobs.h"
#include "shell.h"

#include "builtins.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static char *actions[_NSIG];         // null: none. An empty one ignores.
static char *parents[_NSIG];         // what `trap` shows in a subshell of bash
static unsigned char ignored[_NSIG]; // for good
static volatile sig_atomic_t came[_NSIG], any_came;

static void on_signal(int number) {
    came[number] = 1;
    any_came = 1;
}

// Bash's EXIT trap comes before a deadly signal's end too.
static int ends_with_trap(int number) {
    return psh.bash && psh.exit_trap && (number == SIGHUP || number == SIGINT || number == SIGTERM);
}

static void (*wanted_handler(int number))(int) {
    if (actions[number])
        return *actions[number] ? on_signal : SIG_IGN;
    if (psh.interactive && number == SIGINT)
        return on_signal;
    if (psh.interactive && (number == SIGQUIT || number == SIGTERM))
        return SIG_IGN;
    if (psh_controls() && (number == SIGTSTP || number == SIGTTIN || number == SIGTTOU))
        return SIG_IGN;
    return ends_with_trap(number) ? on_signal : SIG_DFL;
}

static void set_handler(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler}, old;
    if (ignored[number] || number == SIGKILL || number == SIGSTOP)
        return;
    if (sigaction(number, NULL, &old) == 0 && old.sa_handler != handler)
        sigaction(number, &action, NULL);
}

void psh_signals_update(void) {
    for (int i = 1; i < _NSIG; i++)
        set_handler(i, wanted_handler(i));
}

void psh_signals_begin(void) {
    struct sigaction old;
    for (int i = 1; i < _NSIG; i++)
        if (i != SIGCHLD && sigaction(i, NULL, &old) == 0)
            ignored[i] = old.sa_handler == SIG_IGN;
    signal(SIGCHLD, SIG_DFL); // an ignored one would have no status
    psh_signals_update();
}

void psh_signals_in_child(void) {
    for (int i = 1; i < _NSIG; i++) {
        parents[i] = psh.bash ? actions[i] : NULL;
        if (actions[i] && *actions[i])
            actions[i] = NULL;
        came[i] = 0;
    }
    any_came = 0;
    psh_signals_update();
}

// What the shell ignores for itself alone, a program does not. Nothing but system calls: see
// process.c.
void psh_signals_of_program(void) {
    for (int i = 1; i < _NSIG; i++)
        if (!actions[i] || *actions[i])
            set_handler(i, SIG_DFL);
}

void psh_ignore_signal(int number) {
    set_handler(number, SIG_IGN);
    ignored[number] = 1;
}

int psh_trapped(void) {
    for (int i = 1; any_came && i < _NSIG; i++)
        if (came[i])
            return i;
    return 0;
}

int psh_has_traps(void) {
    int found = psh.exit_trap || psh.error_trap;
    for (int i = 1; !found && i < _NSIG; i++)
        found = actions[i] && *actions[i];
    return found;
}

static void run_action(const char *action) {
    enum psh_leaving leaving = psh.leaving;
    int status = psh.status, tested = psh.tested;
    psh.leaving = PSH_STAY;
    psh.tested = 0;
    psh.trapped++;
    psh_run_text(action, 0);
    psh.trapped--;
    psh.tested = tested;
    if (psh.leaving)
        return;
    psh.leaving = leaving;
    psh.status = status;
}

void psh_run_exit_trap(void) {
    char *action = psh.exit_trap;
    if (!action)
        return;
    psh.exit_trap = NULL;
    psh_signals_update();
    psh.leaving = PSH_STAY;
    run_action(action);
}

static void act(int number) {
    if (actions[number]) {
        run_action(actions[number]);
    } else if (psh.interactive && number == SIGINT) {
        psh.interrupted = 1;
        psh.leaving = PSH_EXIT;
        psh.status = 128 + SIGINT;
    } else if (ends_with_trap(number)) {
        psh_run_exit_trap();
        fflush(NULL);
        raise(number);
    }
}

void psh_run_traps(void) {
    int number;
    if (!any_came)
        return;
    while ((number = psh_trapped())) {
        came[number] = 0;
        act(number);
    }
    any_came = 0;
    for (int i = 1; i < _NSIG; i++) // one may have come since
        any_came |= came[i];
}

static void show(const char *name, const char *action) {
    if (action) {
        fputs("trap -- ", stdout);
        psh_put_quoted(action);
        printf(" %s%s\n", psh.bash && strcmp(name, "EXIT") != 0 ? "SIG" : "", name);
    }
}

static void show_all(void) {
    show("EXIT", psh.exit_trap);
    for (int i = 1; i < _NSIG; i++)
        if (psh_signal_name(i))
            show(psh_signal_name(i), actions[i] ? actions[i] : parents[i]);
}

static int show_some(char **names) {
    if (!*names)
        show_all();
    for (; *names; names++) {
        int number = psh_signal_number(*names);
        if (number < 0)
            return psh_warn("trap: %s: invalid signal specification", *names), 1;
        show(psh_signal_name(number), number ? actions[number] : psh.exit_trap);
    }
    return 0;
}

// action: null for what is without a trap. 0: said.
static int set_trap(const char *name, char *action) {
    int number = psh_signal_number(name);
    memset(parents, 0, sizeof parents);
    if (strcasecmp(name, "ERR") == 0) {
        psh.error_trap = action && *action ? action : NULL;
    } else if (strcasecmp(name, "DEBUG") == 0 || strcasecmp(name, "RETURN") == 0) {
        psh_refuse("trap: %s is bash's, and not understood here", name);
    } else if (number < 0) {
        psh_warn("trap: %s: bad trap", name);
        return 0;
    } else if (number == 0) {
        psh.exit_trap = action && *action ? action : NULL;
        psh_signals_update();
    } else {
        actions[number] = action;
        psh_signals_update();
    }
    return 1;
}

int psh_trap(char **argv) {
    int status = 0;
    argv++;
    if (*argv && strcmp(*argv, "--") == 0)
        argv++;
    if (!*argv)
        return show_all(), 0;
    if (psh.bash && strcmp(*argv, "-p") == 0)
        return show_some(argv + 1);
    char *action = strcmp(*argv, "-") == 0 ? NULL : *argv;
    int only_names = !argv[1] || strspn(*argv, "0123456789") == strlen(*argv);
    if (only_names && **argv && psh_signal_number(*argv) >= 0)
        action = NULL;
    else
        argv++;
    for (; *argv && !psh.leaving; argv++)
        status |= !set_trap(*argv, action);
    return psh.leaving ? psh.status : status;
}
