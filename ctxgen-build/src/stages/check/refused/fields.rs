//! What verifiers take of the fields of the kernel's own contexts, each by rules of its own.
//!
//! The rules are those of the functions `*_is_valid_access` (`net/core/filter.c`, `kernel/bpf/cgroup.c`), as
//! Linux 6.18 answers to each load and store of each width at each place. A field that a table does not name
//! is loaded in parts too, and is not stored to.

use ctxgen::Hook;
use ctxgen::object::PlacedField;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;

use super::reads::POINTER;
use super::reads::Reads;
use super::reads::is_pointer;
use crate::findings::Refused;

/// Arrays of which several elements are loaded and stored at once.
const WIDE: [&str; 3] = ["cb", "user_ip6", "msg_src_ip6"];

/// Ports of 16 bits that were declared as 32 bits, and are loaded as such too.
const PORTS: [&str; 2] = ["dst_port", "remote_port"];

/// The rules of a kind of programs.
struct Rules {
    families: &'static [&'static str],
    /// The struct of the context.
    of: &'static str,
    /// Which fields these programs do not have.
    absent: Fields,
    /// Which are loaded as a whole only. Pointers are, of all structs.
    whole: Fields,
    /// What may be stored to, in at least one of these kinds.
    stores: &'static [&'static str],
}

/// Fields of a struct.
enum Fields {
    These(&'static [&'static str]),
    AllBut(&'static [&'static str]),
    /// Those of each of these groups.
    Of(&'static [&'static [&'static str]]),
}

impl Fields {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::These(fields) => fields.contains(&name),
            Self::AllBut(fields) => !fields.contains(&name),
            Self::Of(groups) => groups.iter().any(|fields| fields.contains(&name)),
        }
    }
}

const SK_BUFF: Fields = Fields::These(&[
    "data",
    "data_end",
    "data_meta",
    "remote_ip4",
    "local_ip4",
    "remote_ip6",
    "local_ip6",
    "tstamp",
    "hwtstamp",
]);

/// Groups of fields of `struct __sk_buff` that kinds of programs lack together.
const OF_PACKET: &[&str] = &["data", "data_end"];
const OF_SOCKET: &[&str] = &[
    "family",
    "remote_ip4",
    "local_ip4",
    "remote_ip6",
    "local_ip6",
    "remote_port",
    "local_port",
];
const OF_CONTROL: &[&str] = &[
    "tc_classid",
    "data_meta",
    "flow_keys",
    "wire_len",
    "tstamp_type",
];
const OF_TIME: &[&str] = &["tstamp", "hwtstamp"];

const RULES: &[Rules] = &[
    Rules {
        families: &["xdp"],
        of: "xdp_md",
        absent: Fields::These(&[]),
        whole: Fields::AllBut(&[]),
        // That of a program that the device runs.
        stores: &["rx_queue_index"],
    },
    Rules {
        families: &["tc"],
        of: "__sk_buff",
        absent: Fields::Of(&[OF_SOCKET, &["flow_keys"]]),
        whole: SK_BUFF,
        stores: &[
            "mark",
            "queue_mapping",
            "priority",
            "tc_index",
            "cb",
            "tc_classid",
            "tstamp",
        ],
    },
    Rules {
        families: &["socket"],
        of: "__sk_buff",
        absent: Fields::Of(&[OF_PACKET, OF_SOCKET, OF_CONTROL, OF_TIME]),
        whole: SK_BUFF,
        stores: &["cb"],
    },
    Rules {
        families: &["cgroup_skb"],
        of: "__sk_buff",
        absent: Fields::These(OF_CONTROL),
        whole: SK_BUFF,
        stores: &["mark", "priority", "cb", "tstamp"],
    },
    Rules {
        families: &["lwt"],
        of: "__sk_buff",
        absent: Fields::Of(&[OF_SOCKET, OF_CONTROL, OF_TIME]),
        whole: SK_BUFF,
        stores: &["mark", "priority", "cb"],
    },
    Rules {
        families: &["sk_skb"],
        of: "__sk_buff",
        absent: Fields::Of(&[&["mark"], OF_CONTROL, OF_TIME]),
        whole: SK_BUFF,
        stores: &["priority", "tc_index"],
    },
    Rules {
        families: &["flow_dissector"],
        of: "__sk_buff",
        absent: Fields::AllBut(&["data", "data_end", "flow_keys"]),
        whole: SK_BUFF,
        stores: &[],
    },
    Rules {
        families: &["cgroup_sock"],
        of: "bpf_sock",
        absent: Fields::These(&[]),
        whole: Fields::These(&["bound_dev_if", "mark", "priority"]),
        stores: &["bound_dev_if", "mark", "priority"],
    },
    Rules {
        families: &["cgroup_sock_addr"],
        of: "bpf_sock_addr",
        absent: Fields::These(&[]),
        whole: Fields::These(&["user_family", "family", "type", "protocol"]),
        stores: &[
            "user_ip4",
            "user_ip6",
            "user_port",
            "msg_src_ip4",
            "msg_src_ip6",
        ],
    },
    Rules {
        families: &["cgroup_sysctl"],
        of: "bpf_sysctl",
        absent: Fields::These(&[]),
        whole: Fields::These(&[]),
        stores: &["file_pos"],
    },
    Rules {
        families: &["cgroup_sockopt"],
        of: "bpf_sockopt",
        absent: Fields::These(&[]),
        whole: Fields::AllBut(&[]),
        stores: &["level", "optname", "optlen", "retval"],
    },
    Rules {
        families: &["cgroup_device"],
        of: "bpf_cgroup_dev_ctx",
        absent: Fields::These(&[]),
        whole: Fields::These(&["major", "minor"]),
        stores: &[],
    },
    Rules {
        families: &["sockops"],
        of: "bpf_sock_ops",
        absent: Fields::These(&[]),
        whole: Fields::AllBut(&["skb_tcp_flags"]),
        // They share their place.
        stores: &["args", "reply", "replylong", "sk_txhash"],
    },
    Rules {
        families: &["sk_msg"],
        of: "sk_msg_md",
        absent: Fields::These(&[]),
        whole: Fields::AllBut(&[]),
        stores: &[],
    },
    Rules {
        families: &["sk_lookup"],
        of: "bpf_sk_lookup",
        absent: Fields::These(&[]),
        whole: Fields::These(&[]),
        stores: &[],
    },
    Rules {
        families: &["sk_reuseport"],
        of: "sk_reuseport_md",
        absent: Fields::These(&[]),
        whole: Fields::These(&["hash"]),
        stores: &[],
    },
];

/// What is the matter with an access to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Programs of this kind do not have the field.
    Absent,
    /// It is only read.
    ReadOnly,
    /// A part of it, or more than it, is accessed: so many bytes it has.
    Width(u32),
}

impl Reads<'_> {
    /// What is wrong with an access to a field of the kernel's own context.
    pub(super) fn refused_field(
        &self,
        program: &Program,
        hook: &Hook,
        access: &Access,
    ) -> Option<Refused> {
        // Handing the context on is no access to its first field.
        let is_access = matches!(access.kind, AccessKind::Load | AccessKind::Store);
        if !is_access || !access.is_certain {
            return None;
        }
        let family = hook.family();
        let rules = RULES
            .iter()
            .find(|rules| rules.families.contains(&family.name()))?;
        let context = program.context?;
        let ty = self.object.btf().get(context)?;
        if ctxgen::essential_name(ty.name()) != rules.of {
            return None;
        }
        // These structs are the same on all kernels, so that it stays where it is.
        let field = self.own_field(program, access)?;
        let size = self.object.btf().size_of(field.type_id)?;
        let is_pointer = is_pointer(self.object.btf(), field.type_id);
        let fault = fault(rules, &program.section, access, &field, size, is_pointer)?;
        let place = format!("{}->{}", self.context_name(program), field.path);
        let width = access.width;
        let (what, instead) = match fault {
            Fault::Absent => (
                format!("accesses {place}, which programs of this section do not have"),
                String::new(),
            ),
            Fault::ReadOnly => (
                format!("stores to {place}: programs of this kind may only read it"),
                "Copy it to a variable, and change that.".to_owned(),
            ),
            Fault::Width(size) => (
                format!(
                    "{} {width} bytes at {place}: the verifier takes nothing but all {size} bytes of it",
                    match access.kind {
                        AccessKind::Store => "stores",
                        _ => "loads",
                    }
                ),
                "Access all of it, and nothing else, in one statement.".to_owned(),
            ),
        };
        Some(Refused {
            what,
            instead,
            ..self.finding(program, Some(access))
        })
    }
}

fn fault(
    rules: &Rules,
    section: &str,
    access: &Access,
    field: &PlacedField,
    size: u32,
    is_pointer: bool,
) -> Option<Fault> {
    let name = field.path.split(['.', '[']).next().unwrap_or_default();
    if rules.of == "bpf_sock_addr" && is_of_other_addresses(section, name) {
        return Some(Fault::Absent);
    }
    if rules.absent.has(name) {
        return Some(Fault::Absent);
    }
    let is_wide = WIDE.contains(&name);
    let (width, offset) = (access.width, u32::try_from(access.displacement).ok()?);
    let is_whole = width == size && offset == field.start;
    let takes_whole = is_pointer && size == POINTER || rules.whole.has(name);
    match access.kind {
        AccessKind::Store if !rules.stores.contains(&name) => Some(Fault::ReadOnly),
        AccessKind::Store if !is_whole && !is_wide => Some(Fault::Width(size)),
        AccessKind::Load if PORTS.contains(&name) => None,
        AccessKind::Load if takes_whole && !is_whole => Some(Fault::Width(size)),
        AccessKind::Load if width > size && !is_wide => Some(Fault::Width(size)),
        _ => None,
    }
}

/// Whether a field of `struct bpf_sock_addr` is one of other address families than a section's.
fn is_of_other_addresses(section: &str, field: &str) -> bool {
    let is_source = field.starts_with("msg_src_");
    if is_source && !section.contains("sendmsg") {
        return true;
    }
    let other = match section.chars().next_back() {
        Some('4') => "ip6",
        Some('6') => "ip4",
        _ => return false,
    };
    field.ends_with(other)
}
