//! Files that are unlinked: what `unlinksnoop.bpf.c` does, in Rust.
#![no_std]
#![no_main]

use aya_ebpf::helpers::generated::bpf_get_current_comm;
use aya_ebpf::helpers::generated::bpf_get_current_pid_tgid;
use aya_ebpf::helpers::generated::bpf_ktime_get_ns;
use aya_ebpf::helpers::generated::bpf_probe_read_kernel_str;
use aya_ebpf::macros::fentry;
use aya_ebpf::macros::fexit;
use aya_ebpf::programs::FEntryContext;
use aya_ebpf::programs::FExitContext;
use programs::Counter;
use programs::Hash;
use programs::Ring;
use programs::Settings;
use programs::records::COMM_LEN;
use programs::records::NAME_LEN;
use programs::records::Unlink;
use programs::records::UnlinkSettings;

include!(concat!(env!("OUT_DIR"), "/ctx.rs"));
use ctx::btf_fentry_vfs_unlink_ctx;
use ctx::btf_fexit_vfs_unlink_ctx;

#[unsafe(link_section = ".rodata.settings")]
#[unsafe(no_mangle)]
static SETTINGS: Settings<UnlinkSettings> = Settings::new(UnlinkSettings {
    only_pid: 0,
    only_failed: 0,
});

/// Events that found the ring buffer full.
#[unsafe(link_section = ".maps")]
#[unsafe(no_mangle)]
static LOST: Counter = Counter::new();

/// When the unlinks under way began. The dentry tells them apart, and a task's id would not: a stacked file
/// system calls `vfs_unlink()` for its lower layer from within.
#[unsafe(link_section = ".maps")]
#[unsafe(no_mangle)]
static BEGUN: Hash<u64, u64, 8192> = Hash::new();

#[unsafe(link_section = ".maps")]
#[unsafe(no_mangle)]
static EVENTS: Ring<262144> = Ring::new();

#[fentry(function = "vfs_unlink")]
pub fn unlink_enter(context: FEntryContext) -> i32 {
    let dentry = btf_fentry_vfs_unlink_ctx::from(&context).dentry();
    let only_pid = SETTINGS.get().only_pid;
    // SAFETY: the helpers have no conditions.
    let (task, now) = unsafe { (bpf_get_current_pid_tgid(), bpf_ktime_get_ns()) };
    if only_pid == 0 || u64::from(only_pid) == task >> 32 {
        BEGUN.insert(&(dentry.as_ptr() as u64), &now);
    }
    0
}

#[fexit(function = "vfs_unlink")]
pub fn unlink_exit(context: FExitContext) -> i32 {
    let context = btf_fexit_vfs_unlink_ctx::from(&context);
    let (dentry, ret) = (context.dentry(), context.ret());
    let key = dentry.as_ptr() as u64;
    let Some(start) = BEGUN.get(&key) else {
        return 0;
    };
    // SAFETY: the helper has no conditions.
    let now = unsafe { bpf_ktime_get_ns() };
    BEGUN.remove(&key);
    if SETTINGS.get().only_failed != 0 && ret == 0 {
        return 0;
    }
    // SAFETY: the record is memory for an `Unlink`, and names are as long as there is room for them.
    let was_sent = EVENTS.send(|unlink: *mut Unlink| unsafe {
        let task = bpf_get_current_pid_tgid();
        (&raw mut (*unlink).time_ns).write(now);
        (&raw mut (*unlink).duration_ns).write(now - start);
        (&raw mut (*unlink).pid).write((task >> 32) as u32);
        (&raw mut (*unlink).tid).write(task as u32);
        (&raw mut (*unlink).ret).write(ret);
        bpf_get_current_comm((&raw mut (*unlink).comm).cast(), COMM_LEN as u32);
        let name = dentry.d_name().name();
        bpf_probe_read_kernel_str(
            (&raw mut (*unlink).name).cast(),
            NAME_LEN as u32,
            name.cast(),
        );
    });
    if !was_sent {
        LOST.increment();
    }
    0
}

#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
