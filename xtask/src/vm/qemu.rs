//! The machine that QEMU makes for each architecture.

use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use clap::ValueEnum;

use crate::vm::Arch;

/// What runs the guest's instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Accel {
    /// QEMU itself, for every architecture
    #[default]
    Tcg,
    /// the processor, for its own architecture only
    Kvm,
}

/// The command that boots `kernel` with `initramfs`; its console is standard output.
pub(crate) fn command(arch: Arch, accel: Accel, kernel: &Path, initramfs: &Path) -> Command {
    let facts = arch.facts();
    let cpu = match accel {
        Accel::Kvm => "host",
        Accel::Tcg => facts.cpu,
    };
    let mut command = Command::new(facts.qemu);
    command
        .args(facts.machine)
        .args(match accel {
            Accel::Tcg => ["-accel", "tcg,thread=multi"],
            Accel::Kvm => ["-accel", "kvm"],
        })
        .args(["-cpu", cpu])
        // One processor: a second makes neither the judge nor the kernel faster.
        .args(["-smp", "1", "-m", "1024"])
        .args(["-nic", "none", "-display", "none", "-monitor", "none"])
        .args(["-serial", "stdio", "-no-reboot"])
        .arg("-kernel")
        .arg(kernel)
        .arg("-initrd")
        .arg(initramfs)
        .arg("-append")
        // The BPF LSM, which no Debian kernel switches on by itself; a panic ends QEMU; and waiting
        // for RCU, which detaching does, takes a third to a half of the time otherwise.
        .arg(format!(
            "console={} quiet lsm=capability,bpf panic=-1 rcupdate.rcu_expedited=1",
            facts.console
        ))
        .stdin(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(arch: Arch, accel: Accel) -> String {
        let command = command(arch, accel, Path::new("K"), Path::new("I"));
        let words = [command.get_program()]
            .into_iter()
            .chain(command.get_args());
        words
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn every_machine_has_its_own_processor_and_console() {
        assert_eq!(
            line(Arch::X86_64, Accel::Tcg),
            "qemu-system-x86_64 -accel tcg,thread=multi -cpu max,-cx16 -smp 1 -m 1024 -nic none \
             -display none -monitor none -serial stdio -no-reboot -kernel K -initrd I -append \
             console=ttyS0 quiet lsm=capability,bpf panic=-1 rcupdate.rcu_expedited=1"
        );
        assert!(line(Arch::Arm64, Accel::Tcg).contains("-M virt -accel tcg"));
        assert!(line(Arch::S390x, Accel::Tcg).contains("console=ttysclp0"));
        assert!(line(Arch::X86_64, Accel::Kvm).contains("-accel kvm -cpu host"));
    }
}
