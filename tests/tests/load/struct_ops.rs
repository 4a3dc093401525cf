//! Objects with `struct_ops` on the running kernel: members and whole ops types that it lacks, and what is
//! assigned wrong.

use ctxgen::LoadError;
use ctxgen::Loader;
use ctxgen::TargetError;
use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use libbpf_rs::MapCore;
use libbpf_rs::ObjectBuilder;

use crate::object::compile;

/// The members are in another order than in any kernel, and some are in none.
const SOURCE: &str = r#"
struct sock;
struct tcp_sock { u32 snd_cwnd; } RELOCATED;
struct btf_struct_ops_tcp_congestion_ops_cong_avoid_ctx {
	u32 acked;
	u32 ack;
	struct sock *sk;
} RELOCATED;
struct btf_struct_ops_tcp_congestion_ops_ssthresh_ctx { struct sock *sk; } RELOCATED;
struct btf_struct_ops_tcp_congestion_ops_undo_cwnd_ctx { struct sock *sk; } RELOCATED;
struct btf_struct_ops_tcp_congestion_ops_no_such_member_ctx { struct sock *sk; } RELOCATED;
struct btf_struct_ops_no_such_ops_call_ctx { struct sock *sk; } RELOCATED;

SEC("struct_ops/avoid")
void avoid(struct btf_struct_ops_tcp_congestion_ops_cong_avoid_ctx *ctx)
{
	struct tcp_sock *tp = (struct tcp_sock *)ctx->sk;

	tp->snd_cwnd += ctx->acked;
}

SEC("struct_ops")
u32 ssthresh(struct btf_struct_ops_tcp_congestion_ops_ssthresh_ctx *ctx)
{
	return ((struct tcp_sock *)ctx->sk)->snd_cwnd / 2;
}

SEC("struct_ops/tcp_congestion_ops/undo_cwnd")
u32 undo(struct btf_struct_ops_tcp_congestion_ops_undo_cwnd_ctx *ctx)
{
	return ((struct tcp_sock *)ctx->sk)->snd_cwnd;
}

SEC("struct_ops/none")
u32 absent(struct btf_struct_ops_tcp_congestion_ops_no_such_member_ctx *ctx)
{
	return !ctx->sk;
}

SEC("struct_ops/none")
u32 of_absent(struct btf_struct_ops_no_such_ops_call_ctx *ctx)
{
	return !ctx->sk;
}

struct tcp_congestion_ops {
	u32 (*no_such_member)(struct sock *);
	void (*cong_avoid)(struct sock *, u32, u32);
	u32 (*undo_cwnd)(struct sock *);
	u32 (*ssthresh)(struct sock *);
	char name[16];
};

SEC(".struct_ops")
struct tcp_congestion_ops ctxgen_test = {
	.no_such_member = (void *)absent,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)UNDO_CWND,
	.ssthresh = (void *)ssthresh,
	.name = "ctxgen_test",
};

struct no_such_ops { u32 (*call)(struct sock *); };

SEC(".struct_ops")
struct no_such_ops of_no_kernel = { .call = (void *)of_absent };
"#;

fn compiled(undo_cwnd: &str) -> Vec<u8> {
    compile(&SOURCE.replace("UNDO_CWND", undo_cwnd))
}

/// Whether programs can be loaded here; where not, that is said.
fn can_load(what: &str) -> bool {
    if !is_root() {
        skip(what, "loading programs takes root");
        return false;
    }
    running(what).is_some()
}

#[test]
fn what_the_kernel_lacks_is_left_out() {
    if !can_load("struct_ops that the kernel lacks") {
        return;
    }
    let bytes = compiled("undo");
    let loader = Loader::new(&bytes).unwrap();
    let absent: Vec<&str> = loader.absent().iter().map(|hook| &*hook.program).collect();
    assert_eq!(absent, ["absent", "of_absent"]);

    let opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    let maps: Vec<(String, bool)> = opened
        .maps()
        .map(|map| (map.name().to_string_lossy().into_owned(), map.autocreate()))
        .filter(|(name, _)| name != ".rodata")
        .collect();
    assert_eq!(
        maps,
        [
            ("ctxgen_test".to_owned(), true),
            ("of_no_kernel".to_owned(), false)
        ]
    );

    let error = loader.require_all().unwrap_err().to_string();
    assert!(error.contains("no_such_member"), "{error}");
    assert!(error.contains("tcp_congestion_ops"), "{error}");
}

#[test]
fn what_is_left_is_registered() {
    if !can_load("struct_ops that the kernel has") {
        return;
    }
    let bytes = compiled("undo");
    let loader = Loader::new(&bytes).unwrap();
    let opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    let mut object = loader.load_object(opened).unwrap();
    let mut map = object
        .maps_mut()
        .find(|map| map.name() == "ctxgen_test")
        .expect("the map");
    let link = map.attach_struct_ops().unwrap();
    assert!(is_offered("ctxgen_test"));
    drop(link);
    assert!(!is_offered("ctxgen_test"));
}

/// Whether the kernel has a congestion control of that name.
fn is_offered(name: &str) -> bool {
    let all = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control");
    all.unwrap().split_whitespace().any(|one| one == name)
}

#[test]
fn another_members_context_is_refused() {
    if !can_load("a struct_ops program with another member's context") {
        return;
    }
    let bytes = compiled("avoid");
    let Err(error) = Loader::new(&bytes) else {
        panic!("accepted");
    };
    let LoadError::Target(TargetError::OtherContext { program, right, .. }) = *error else {
        panic!("{error}");
    };
    assert_eq!(program, "avoid");
    assert_eq!(right, "btf_struct_ops_tcp_congestion_ops_undo_cwnd_ctx");
}
