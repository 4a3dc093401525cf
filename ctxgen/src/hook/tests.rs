use super::*;
use crate::HookError;

#[test]
fn every_section_prefix_and_back() {
    for family in Family::all() {
        for section in family.sections() {
            for optional in ["", "?"] {
                let target = match family.prototypes() {
                    _ if !family.has_targets() => "",
                    Prototypes::Event | Prototypes::StructOps => "some/target",
                    Prototypes::User => "/bin/sh:some_target",
                    _ => "some_target",
                };
                let slash = if target.is_empty() { "" } else { "/" };
                let name = format!("{optional}{section}{slash}{target}");
                let sec = SecName::parse(&name).unwrap();
                assert_eq!(sec.hook.family(), family);
                assert_eq!(sec.autoload, optional.is_empty());
                assert_eq!(sec.to_string(), name);
                assert_eq!(name.parse::<Hook>().unwrap(), sec.hook);
                let is_generic = family.prototypes() == Prototypes::None;
                assert_eq!(sec.hook.is_generic(), is_generic, "{name}");
                let plain = sec.hook.to_string();
                assert_eq!(plain.parse::<Hook>().unwrap(), sec.hook, "{plain}");
            }
        }
    }
}

#[test]
fn what_a_target_makes_no_difference_to() {
    for (name, takes) in [
        ("kprobe", "pt_regs"),
        ("kprobe.multi/tcp_*", "pt_regs"),
        ("kprobe/do_idle+0x10", "pt_regs"),
        ("kprobe/f.isra.0+0x10", "pt_regs"),
        ("kprobe/f..isra", "pt_regs"),
        ("kretprobe.multi/f.isra.*", "pt_regs"),
        ("uprobe//bin/sh:main+4", "pt_regs"),
        ("usdt//bin/sh:provider:name", "pt_regs"),
        ("raw_tp", "bpf_raw_tracepoint_args"),
        ("xdp.frags/cpumap", "xdp_md"),
        ("cgroup/connect_unix", "bpf_sock_addr"),
        ("syscall", ""),
        ("freplace/f", ""),
        ("struct_ops/any", ""),
    ] {
        let hook: Hook = name.parse().unwrap();
        assert!(hook.is_generic(), "{name}");
        assert_eq!(hook.struct_name(), takes, "{name}");
        assert!(hook.sharing_struct().any(|other| other == hook), "{name}");
    }
    let hook: Hook = "__sk_buff".parse().unwrap();
    let sharing: Vec<_> = hook.sharing_struct().map(|h| h.to_string()).collect();
    for name in [
        "tc",
        "tcx/egress",
        "cgroup/skb",
        "lwt_xmit",
        "flow_dissector",
    ] {
        assert!(sharing.iter().any(|other| other == name), "{sharing:?}");
    }
}

#[test]
fn targets_of_two_parts() {
    let hook: Hook = "tracepoint/sched/sched_switch".parse().unwrap();
    assert_eq!(hook.to_string(), "tp/sched/sched_switch");
    assert_eq!(hook.struct_name(), "btf_tp_sched_sched_switch_ctx");
    assert_eq!(hook.parts(), [("sched", "sched_switch")]);
    let joined = Hook::from_struct_name("btf_tp_sched_sched_switch_ctx").unwrap();
    assert_eq!(joined.struct_name(), hook.struct_name());
    let parts = joined.parts();
    assert_eq!(
        parts,
        [("sched", "sched_switch"), ("sched_sched", "switch")]
    );
    assert_eq!(joined.with_parts("sched", "sched_switch"), hook);
    let hook: Hook = "struct_ops/tcp_congestion_ops/init".parse().unwrap();
    assert_eq!(
        hook.struct_name(),
        "btf_struct_ops_tcp_congestion_ops_init_ctx"
    );
    for name in ["tp/sched_switch", "tp/sched/", "tp//x", "tp/a/b/c"] {
        let error = name.parse::<Hook>().unwrap_err();
        assert!(
            matches!(error, HookError::BadTarget { .. }),
            "{name}: {error}"
        );
    }
}

#[test]
fn what_a_program_may_take_besides() {
    for (section, takes, may) in [
        ("kprobe/vfs_unlink", "pt_regs", true),
        ("kprobe/vfs_unlink", "user_pt_regs", true),
        ("kprobe/vfs_unlink", "btf_fentry_vfs_unlink_ctx", false),
        ("kprobe/vfs_unlink", "btf_kretprobe_vfs_unlink_ctx", false),
        ("kprobe/f.isra.0", "pt_regs", true),
        ("kprobe/f.isra.0", "btf_kprobe_f_ctx", true),
        ("kprobe/f.isra.0", "btf_kprobe_g_ctx", false),
        ("fentry/f.isra.0", "btf_fentry_f_ctx", false),
        ("kprobe.session/f", "btf_kretprobe_f_ctx", true),
        ("kprobe.session/f", "btf_kretprobe_g_ctx", false),
        ("kprobe", "btf_kprobe_vfs_unlink_ctx", true),
        ("kprobe.multi/vfs_*", "btf_kprobe_vfs_unlink_ctx", true),
        (
            "tp/sched/sched_switch",
            "trace_event_raw_sched_switch",
            true,
        ),
        ("tp/sched/sched_switch", "btf_trace_sched_switch_ctx", false),
        ("raw_tp/sched_switch", "bpf_raw_tracepoint_args", true),
        ("raw_tp", "btf_trace_sched_switch_ctx", true),
        ("tp_btf/sched_switch", "bpf_raw_tracepoint_args", true),
        ("xdp", "bpf_raw_tracepoint_args", false),
        ("perf_event", "pt_regs", true),
        ("xdp", "__sk_buff", false),
        ("xdp", "mine", false),
        ("syscall", "mine", true),
        ("syscall", "xdp_md", false),
        ("freplace/f", "mine", true),
        ("freplace/f", "xdp_md", true),
        ("freplace/f", "btf_fentry_vfs_unlink_ctx", true),
        ("lsm/file_open", "mine", false),
    ] {
        let sec = SecName::parse(section).unwrap();
        assert_eq!(sec.may_take(takes), may, "{section}, {takes}");
    }
}

#[test]
fn struct_names_and_back() {
    for (name, hook) in [
        ("btf_trace_sched_switch_ctx", "tp_btf/sched_switch"),
        ("btf_fentry_vfs_unlink_ctx", "fentry/vfs_unlink"),
        ("btf_fexit_vfs_unlink_ctx", "fexit/vfs_unlink"),
        ("btf_fmod_ret_f_ctx", "fmod_ret/f"),
        ("btf_lsm_file_mprotect_ctx", "lsm/file_mprotect"),
        ("btf_lsm_cgroup_socket_bind_ctx", "lsm_cgroup/socket_bind"),
        ("bpf_iter__task", "iter/task"),
    ] {
        let parsed = Hook::from_struct_name(name).unwrap();
        assert_eq!(parsed.to_string(), hook);
        assert_eq!(parsed.struct_name(), name);
        assert_eq!(name.parse::<Hook>().unwrap(), hook.parse().unwrap());
    }
    for name in [
        "task_struct",
        "btf_trace_ctx",
        "btf_lsm__ctx_",
        "bpf_iter__",
    ] {
        assert_eq!(Hook::from_struct_name(name), None, "{name}");
    }
}

#[test]
fn modules() {
    for name in [
        "fentry/nf_conntrack:nf_conntrack_in",
        "?fexit.s/8021q:vlan_dev_open",
        "fmod_ret/vmlinux:vfs_unlink",
        "tp_btf/xfs:xfs_attr_list_sf",
    ] {
        let sec = SecName::parse(name).unwrap();
        assert_eq!(sec.to_string(), name);
        let (_, place) = name.split_once('/').unwrap();
        let (module, target) = place.split_once(':').unwrap();
        assert_eq!(sec.hook.module(), Some(module));
        assert_eq!(sec.hook.target(), target);
        assert_eq!(
            sec.hook.struct_name(),
            Hook::new(sec.hook.family(), target).unwrap().struct_name()
        );
        assert_eq!(sec.hook.to_string().parse::<Hook>().unwrap(), sec.hook);
    }
    let hook: Hook = "tp_btf/xfs:xfs_attr_list_sf".parse().unwrap();
    let sharing: Vec<_> = hook.sharing_struct().map(|h| h.to_string()).collect();
    assert_eq!(
        sharing,
        ["tp_btf/xfs:xfs_attr_list_sf", "raw_tp/xfs_attr_list_sf"]
    );
    for name in [
        "fentry/:x",
        "fentry/m:",
        "fentry/a:b:c",
        "fentry/a-b:c",
        "raw_tp/m:x",
        "lsm/m:x",
        &format!("fentry/{}:x", "m".repeat(300)),
    ] {
        let error = name.parse::<Hook>().unwrap_err();
        assert!(
            matches!(error, HookError::BadTarget { .. }),
            "{name}: {error}"
        );
    }
}

#[test]
fn relocatable_names_have_no_flavour() {
    for (hook, name) in [
        ("fentry/vfs_unlink", "btf_fentry_vfs_unlink_ctx"),
        ("fentry/_copy", "btf_fentry__copy_ctx"),
        ("fexit/__x64_sys_bpf", "btf_fexit_0__x64_sys_bpf_ctx"),
        ("fentry/___sys_recvmsg", "btf_fentry____sys_recvmsg_ctx"),
        ("fentry/____sys_recvmsg", "btf_fentry_____sys_recvmsg_ctx"),
    ] {
        let hook: Hook = hook.parse().unwrap();
        assert_eq!(hook.relocatable_name(), name);
        assert_eq!(crate::essential_name(name), name);
        assert_eq!(Hook::from_struct_name(name), Some(hook.clone()));
        assert_eq!(Hook::from_struct_name(&hook.struct_name()), Some(hook));
    }
    assert_eq!(Hook::from_struct_name("btf_fentry_0_x_ctx"), None);
    let hook: Hook = "tp/btrfs/__extent_writepage".parse().unwrap();
    let name = "btf_tp_btrfs_0__extent_writepage_ctx";
    assert_eq!(hook.relocatable_name(), name);
    assert_eq!(crate::essential_name(name), name);
    let joined = Hook::from_struct_name(&hook.struct_name()).unwrap();
    assert_eq!(Hook::from_struct_name(name), Some(joined.clone()));
    assert_eq!(joined.relocatable_name(), name);
    let parts = joined.parts();
    assert!(
        parts.contains(&("btrfs", "__extent_writepage")),
        "{parts:?}"
    );
}

#[test]
fn functions_with_dots() {
    for (name, takes) in [
        ("fentry/f.isra.0", "btf_fentry_1f_0isra_00_ctx"),
        ("fexit/m:f.part.0.cold", "btf_fexit_1f_0part_00_0cold_ctx"),
        ("kprobe/f.llvm.123", "btf_kprobe_1f_0llvm_0123_ctx"),
        (
            "kretprobe/__f.__uniq.1",
            "btf_kretprobe_1__f_0__uniq_01_ctx",
        ),
        (
            "uprobe//bin/sh:f.constprop.0",
            "btf_uprobe_1f_0constprop_00_ctx",
        ),
        ("fentry/f_0_1.a_0", "btf_fentry_1f_10_11_0a_10_ctx"),
    ] {
        let sec = SecName::parse(name).unwrap();
        assert!(!sec.hook.is_generic());
        assert_eq!(sec.hook.struct_name(), takes);
        assert_eq!(sec.hook.relocatable_name(), takes);
        assert_eq!(crate::essential_name(takes), takes);
        let of_struct = Hook::from_struct_name(takes).unwrap();
        assert_eq!(of_struct.target(), sec.hook.target());
        assert_eq!(of_struct.struct_name(), takes);
        assert!(of_struct.to_string().parse::<Hook>().is_ok());
        assert_eq!(sec.hook.to_string().parse::<Hook>().unwrap(), sec.hook);
    }
    for name in [
        "btf_fentry_1f_ctx",
        "btf_fentry_1f_2_ctx",
        "btf_fentry_1_0f_ctx",
        "btf_fentry_1f_1x_0y_ctx",
        "btf_fentry_1f_0_ctx",
        "btf_trace_1f_0isra_00_ctx",
    ] {
        assert_eq!(Hook::from_struct_name(name), None, "{name}");
    }
    // No other function's struct is called so.
    let hook: Hook = "fentry/f_0isra_00".parse().unwrap();
    assert_eq!(hook.struct_name(), "btf_fentry_f_0isra_00_ctx");
}

#[test]
fn tracepoints_share_their_struct() {
    let hook: Hook = "raw_tracepoint/sched_switch".parse().unwrap();
    let sharing: Vec<_> = hook.sharing_struct().map(|h| h.to_string()).collect();
    assert_eq!(sharing, ["tp_btf/sched_switch", "raw_tp/sched_switch"]);
}

#[test]
fn what_is_no_hook_says_why() {
    for (name, says) in [
        ("fentry", "names no target"),
        ("fentry/", "names no target"),
        ("fentry/f.", "not a C identifier"),
        ("tp_btf/f.isra.0", "not a C identifier"),
        ("lsm/a-b", "not a C identifier"),
        ("bogus/x", "not of a hook family"),
        ("", "not of a hook family"),
    ] {
        let error = name.parse::<Hook>().unwrap_err().to_string();
        assert!(error.contains(says), "{name}: {error}");
    }
}
