//! The machine that QEMU makes for each architecture.

use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use crate::vm::Arch;

/// What runs the guest's instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Accel {
    /// QEMU itself, which can be any machine.
    #[default]
    Emulation,
    /// The processor, which can be its own kind only.
    Kvm,
}

impl Accel {
    /// The one of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "tcg" => Some(Self::Emulation),
            "kvm" => Some(Self::Kvm),
            _ => None,
        }
    }
}

/// The QEMU for an architecture.
pub(crate) fn program(arch: Arch) -> &'static str {
    match arch {
        Arch::X86_64 => "qemu-system-x86_64",
        Arch::Arm64 => "qemu-system-aarch64",
        Arch::S390x => "qemu-system-s390x",
    }
}

/// The Debian packages that have it, without what they merely recommend.
pub(crate) fn packages(arch: Arch) -> &'static [&'static str] {
    match arch {
        Arch::X86_64 => &["qemu-system-x86"],
        Arch::Arm64 => &["qemu-system-arm"],
        Arch::S390x => &["qemu-system-misc"],
    }
}

fn machine(arch: Arch) -> &'static [&'static str] {
    match arch {
        Arch::X86_64 => &[],
        Arch::Arm64 => &["-M", "virt"],
        Arch::S390x => &["-M", "s390-ccw-virtio"],
    }
}

fn cpu(arch: Arch, accel: Accel) -> &'static str {
    match (accel, arch) {
        (Accel::Kvm, _) => "host",
        // QEMU 7.2 emulates cmpxchg16b in a way that crashed or hung every fifth boot.
        (Accel::Emulation, Arch::X86_64) => "max,-cx16",
        // `max` has pointer authentication, whose emulation triples the time to boot.
        (Accel::Emulation, Arch::Arm64) => "cortex-a57",
        (Accel::Emulation, Arch::S390x) => "max",
    }
}

fn console(arch: Arch) -> &'static str {
    match arch {
        Arch::X86_64 => "ttyS0",
        Arch::Arm64 => "ttyAMA0",
        Arch::S390x => "ttysclp0",
    }
}

/// The command that boots `kernel` with `initramfs`; its console is standard output.
pub(crate) fn command(arch: Arch, accel: Accel, kernel: &Path, initramfs: &Path) -> Command {
    let mut command = Command::new(program(arch));
    command
        .args(machine(arch))
        .args(match accel {
            Accel::Emulation => ["-accel", "tcg,thread=multi"],
            Accel::Kvm => ["-accel", "kvm"],
        })
        .args(["-cpu", cpu(arch, accel)])
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
            console(arch)
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
            line(Arch::X86_64, Accel::Emulation),
            "qemu-system-x86_64 -accel tcg,thread=multi -cpu max,-cx16 -smp 1 -m 1024 -nic none \
             -display none -monitor none -serial stdio -no-reboot -kernel K -initrd I -append \
             console=ttyS0 quiet lsm=capability,bpf panic=-1 rcupdate.rcu_expedited=1"
        );
        assert!(line(Arch::Arm64, Accel::Emulation).contains("-M virt -accel tcg"));
        assert!(line(Arch::S390x, Accel::Emulation).contains("console=ttysclp0"));
        assert!(line(Arch::X86_64, Accel::Kvm).contains("-accel kvm -cpu host"));
    }
}
