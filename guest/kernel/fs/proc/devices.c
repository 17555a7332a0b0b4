// /sys: one processor, one network interface, as sysfs(5) shows them. Nothing else is there.
#include "fs/proc/devices.h"
#include "fs/proc/net.h"
#include "fs/proc/proc.h"
#include "fs/proc/text.h"
#include "net/queue.h"

static void show_received_bytes(struct text *text) {
    text_print(text, "%u\n", loopback[0].bytes);
}

static void show_sent_bytes(struct text *text) {
    text_print(text, "%u\n", loopback[1].bytes);
}

static const struct proc_entry statistics_folder[] = {
    PROC_FILE("rx_bytes", show_received_bytes),
    PROC_FILE("tx_bytes", show_sent_bytes),
    PROC_END,
};

static const struct proc_entry lo_folder[] = {
    PROC_TEXT("address", "00:00:00:00:00:00\n"),
    PROC_TEXT("carrier", "1\n"),
    PROC_TEXT("flags", "0x9\n"),
    PROC_TEXT("ifindex", "1\n"),
    PROC_TEXT("mtu", "65536\n"),
    PROC_TEXT("operstate", "unknown\n"),
    PROC_FOLDER("statistics", statistics_folder),
    PROC_TEXT("type", "772\n"),
    PROC_END,
};

static const struct proc_entry net_folder[] = {PROC_FOLDER("lo", lo_folder), PROC_END};
static const struct proc_entry class_folder[] = {PROC_FOLDER("net", net_folder), PROC_END};

static const struct proc_entry topology_folder[] = {
    PROC_TEXT("core_cpus_list", "0\n"),
    PROC_TEXT("core_id", "0\n"),
    PROC_TEXT("physical_package_id", "0\n"),
    PROC_TEXT("thread_siblings_list", "0\n"),
    PROC_END,
};

static const struct proc_entry cpu0_folder[] = {
    PROC_FOLDER("topology", topology_folder),
    PROC_END,
};

static const struct proc_entry cpu_folder[] = {
    PROC_FOLDER("cpu0", cpu0_folder),
    PROC_TEXT("online", "0\n"),
    PROC_TEXT("possible", "0\n"),
    PROC_TEXT("present", "0\n"),
    PROC_END,
};

static const struct proc_entry system_folder[] = {PROC_FOLDER("cpu", cpu_folder), PROC_END};
static const struct proc_entry devices_folder[] = {PROC_FOLDER("system", system_folder), PROC_END};

const struct proc_entry devices_root[] = {
    PROC_FOLDER("class", class_folder),
    PROC_FOLDER("devices", devices_folder),
    PROC_END,
};
