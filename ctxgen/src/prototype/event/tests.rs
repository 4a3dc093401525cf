//! Kernels by hand: which class an event is of, and what is in its record.

use crate::Addition;
use crate::Context;
use crate::CtxBtf;
use crate::PrototypeError;
use crate::Shape;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::IntEncoding;
use crate::btf::TypeId;
use crate::context::merged::merge;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Origin;
use crate::layout::Layout;
use crate::prototype;
use crate::render;

/// A kernel that is written piece by piece.
struct Kernel {
    writer: BtfWriter,
    int: TypeId,
    uint: TypeId,
    void: TypeId,
    entry: TypeId,
}

impl Kernel {
    fn new() -> Self {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.int("int", 4, IntEncoding::Signed);
        let uint = writer.unsigned("unsigned int", 4);
        writer.unsigned("unsigned char", 1);
        let void = writer.pointer(TypeId::VOID);
        let entry = writer.structure("trace_entry", 8, &[("type", int, 0), ("pid", int, 4)]);
        Self {
            writer,
            int,
            uint,
            void,
            entry,
        }
    }

    fn prototype(&mut self, names: &[&str]) -> TypeId {
        let params = names.iter().map(|name| (*name, self.int));
        let params: Vec<_> = [("__data", self.void)].into_iter().chain(params).collect();
        self.writer.prototype(&params, TypeId::VOID)
    }

    /// A tracepoint with these arguments, all of them integers.
    fn tracepoint(mut self, name: &str, args: &[&str]) -> Self {
        let proto = self.prototype(args);
        let pointer = self.writer.pointer(proto);
        self.writer.typedef(&format!("btf_trace_{name}"), pointer);
        self.writer.function(&format!("__probestub_{name}"), proto);
        self
    }

    /// The record of a class.
    fn record(mut self, class: &str, members: &[(&str, TypeId, u32)], size: u32) -> Self {
        let mut all = vec![("ent", self.entry, 0)];
        all.extend(members);
        self.writer
            .structure(&format!("trace_event_raw_{class}"), size, &all);
        self
    }

    /// A class for tracepoints with these arguments, with its record.
    fn class(mut self, name: &str, args: &[&str], members: &[(&str, TypeId, u32)]) -> Self {
        let proto = self.prototype(args);
        let func = format!("trace_event_raw_event_{name}");
        self.writer.function(&func, proto);
        let size = members.iter().map(|member| member.2 + 4).max();
        self.record(name, members, size.unwrap_or(8))
    }

    fn finish(self) -> KernelBtf {
        let origin = Origin::Memory("test".to_owned());
        KernelBtf::from_bytes(&self.writer.finish(), origin).unwrap()
    }
}

fn layout(kernel: &KernelBtf, hook: &str) -> Result<Layout, PrototypeError> {
    match Context::of_hook(kernel, &hook.parse().unwrap())?.shape {
        Shape::Generated { layout, .. } => Ok(layout),
        shape => panic!("{shape:?}"),
    }
}

fn fields(kernel: &KernelBtf, hook: &str) -> Vec<String> {
    let layout = layout(kernel, hook).unwrap_or_else(|error| panic!("{error}"));
    let fields = layout.fields.into_iter();
    fields
        .map(|field| format!("{} +{} {}", field.name, field.offset, field.size))
        .collect()
}

fn format(event: &str, fields: &[&str]) -> String {
    let fields = fields.iter().map(|field| format!("field:{field}\n"));
    format!("name: {event}\nformat:\n{}", fields.collect::<String>())
}

#[test]
fn a_class_of_its_own_name_goes_first() {
    let new = Kernel::new();
    let int = new.int;
    let kernel = new
        .tracepoint("event", &["x"])
        .class("other", &["x"], &[("theirs", int, 8)])
        .record("event", &[("own", int, 8), ("__data", int, 12)], 12)
        .finish();
    for hook in [
        "tp/cat/event",
        "tracepoint/cat/event",
        "btf_tp_cat_event_ctx",
    ] {
        assert_eq!(fields(&kernel, hook), ["own +8 4"]);
    }
}

#[test]
fn a_class_is_told_by_its_prototype() {
    let new = Kernel::new();
    let int = new.int;
    let kernel = new
        .tracepoint("event", &["x"])
        .tracepoint("renamed", &["y"])
        .class("one", &["x"], &[("a", int, 8)])
        // The same to whoever reads it.
        .class("two", &["x"], &[("a", int, 8)])
        .class("three", &["x", "y"], &[("b", int, 8)])
        .finish();
    assert_eq!(fields(&kernel, "tp/cat/event"), ["a +8 4"]);
    // An event may call its arguments otherwise than its class does.
    assert_eq!(fields(&kernel, "tp/cat/renamed"), ["a +8 4"]);
}

#[test]
fn what_a_prototype_does_not_tell_a_format_does() {
    let new = Kernel::new();
    let (int, uint) = (new.int, new.uint);
    let kernel = || {
        let new = Kernel::new();
        new.tracepoint("event", &["x"])
            .tracepoint("lonely", &["x", "y", "z"])
            .class("one", &["x"], &[("a", int, 8)])
            .class("two", &["x"], &[("b", int, 8)])
            .class("unsigned", &["x"], &[("a", uint, 8)])
            .finish()
    };
    drop(new);
    let error = layout(&kernel(), "tp/cat/event").unwrap_err();
    let PrototypeError::AmbiguousEvent { candidates, .. } = &error else {
        panic!("{error}");
    };
    let all = ["one", "two", "unsigned"].map(|class| format!("struct trace_event_raw_{class}"));
    assert_eq!(*candidates, all);
    let word = "events/<category>/<event>/format";
    assert!(error.to_string().contains(word), "{error}");
    assert_eq!(error.asks_for(), Some(Addition::Formats));
    let told = |event: &str, fields: &[&str]| {
        let text = format(event, fields);
        kernel().with_format("cat", &text).unwrap()
    };
    let of_two = told("event", &["int b;offset:8;size:4;signed:1;"]);
    assert_eq!(fields(&of_two, "tp/cat/event"), ["b +8 4"]);
    let of_unsigned = told("event", &["unsigned int a;offset:8;size:4;signed:0;"]);
    let record = layout(&of_unsigned, "tp/cat/event").unwrap();
    assert_eq!(record.fields[0].type_id, uint);
    // No class has its prototype, and one has its fields.
    assert!(layout(&kernel(), "tp/cat/lonely").is_err());
    let of_any = told("lonely", &["int b;offset:8;size:4;signed:1;"]);
    assert_eq!(fields(&of_any, "tp/cat/lonely"), ["b +8 4"]);
    for other in [
        &["int b;offset:12;size:4;signed:1;"][..],
        &["long b;offset:8;size:8;signed:1;"],
        &[],
    ] {
        let error = layout(&told("event", other), "tp/cat/event").unwrap_err();
        assert!(
            matches!(error, PrototypeError::OtherFormat { .. }),
            "{error}"
        );
    }
}

/// A folder decides what nothing else tells, and changes nothing of what BTF tells.
#[test]
fn what_a_folder_decides() {
    let folder = tempfile::tempdir().unwrap();
    let add = |event: &str, fields: &[&str]| {
        let place = folder.path().join("cat").join(event);
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join("format"), format(event, fields)).unwrap();
        place.join("format")
    };
    let of_event = add("event", &["int b;offset:8;size:4;signed:1;"]);
    add("clear", &["char[] other;offset:8;size:4;signed:1;"]);
    let kernel = || {
        let new = Kernel::new();
        let int = new.int;
        new.tracepoint("event", &["x"])
            .tracepoint("clear", &["x", "y"])
            .class("one", &["x"], &[("a", int, 8)])
            .class("two", &["x"], &[("b", int, 8)])
            .record("clear", &[("__data_loc_name", int, 8)], 12)
            .finish()
    };
    let (without, with) = (kernel(), kernel().with_deciding_formats(folder.path()));
    assert_eq!(
        header(&without, "tp/cat/clear"),
        header(&with, "tp/cat/clear")
    );
    // It is of another category there, which nobody has been told.
    assert!(layout(&with, "tp/other/clear").is_ok());
    assert_eq!(
        with.deciding_formats(),
        [""; 0].map(std::path::PathBuf::from)
    );
    assert!(matches!(
        layout(&without, "tp/cat/event"),
        Err(PrototypeError::AmbiguousEvent { .. })
    ));
    for hook in ["tp/cat/event", "tp/?/event", "btf_tp_cat_event_ctx"] {
        assert_eq!(fields(&with, hook), ["b +8 4"], "{hook}");
    }
    assert!(matches!(
        layout(&with, "tp/other/event"),
        Err(PrototypeError::AmbiguousEvent { .. })
    ));
    assert_eq!(with.deciding_formats(), [of_event]);
    let hooks = ["tp/cat/event", "tp/cat/clear"].map(|hook| hook.parse::<Hook>().unwrap());
    let pin = crate::pin(&with, &hooks, &crate::Names::new()).unwrap();
    let origin = Origin::Memory("pinned".to_owned());
    let pinned = KernelBtf::from_bytes(&pin.btf, origin).unwrap();
    assert_eq!(fields(&pinned, "tp/cat/event"), ["b +8 4"]);
    assert_eq!(
        header(&pinned, "tp/cat/clear"),
        header(&with, "tp/cat/clear")
    );
}

fn header(kernel: &KernelBtf, hook: &str) -> String {
    let context = Context::of_hook(kernel, &hook.parse().unwrap()).unwrap();
    render::header(&CtxBtf::new(kernel, vec![context]).unwrap()).unwrap()
}

#[test]
fn categories() {
    let new = Kernel::new();
    let int = new.int;
    let kernel = new
        .tracepoint("b_c", &[])
        .tracepoint("c", &[])
        .record("b_c", &[("long_one", int, 8)], 12)
        .record("c", &[("short_one", int, 8)], 12)
        .finish();
    let ambiguous = layout(&kernel, "btf_tp_a_b_c_ctx").unwrap_err();
    let PrototypeError::AmbiguousEvent { candidates, .. } = &ambiguous else {
        panic!("{ambiguous}");
    };
    assert_eq!(*candidates, ["tp/a/b_c", "tp/a_b/c"]);
    let listed = |kernel: &KernelBtf| -> Vec<String> {
        let family = "tp/a/b".parse::<Hook>().unwrap().family();
        let hooks = prototype::hooks(kernel, family);
        hooks.map(|hook| hook.to_string()).collect()
    };
    assert_eq!(listed(&kernel), ["tp/?/b_c", "tp/?/c"]);
    assert_eq!(fields(&kernel, "tp/?/c"), ["short_one +8 4"]);
    // Nothing says that it is of another category.
    for (asked, nearest) in [
        ("tp/a/b_d", "tp/a/b_c"),
        ("btf_tp_a_b_d_ctx", "tp/a/b_c"),
        ("tp/?/b_d", "tp/?/b_c"),
    ] {
        let said = layout(&kernel, asked).unwrap_err().to_string();
        assert!(
            said.ends_with(&format!("Similar names: {nearest}")),
            "{said}"
        );
    }

    let text = format("b_c", &["int long_one;offset:8;size:4;signed:1;"]);
    let kernel = kernel.with_format("a", &text).unwrap();
    assert_eq!(fields(&kernel, "btf_tp_a_b_c_ctx"), ["long_one +8 4"]);
    assert_eq!(listed(&kernel), ["tp/?/c", "tp/a/b_c"]);
    let error = layout(&kernel, "tp/other/b_c").unwrap_err();
    assert!(
        matches!(error, PrototypeError::OtherCategory { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("tp/a/b_c"), "{error}");
    let error = layout(&kernel, "tp/a/b_d").unwrap_err();
    assert!(
        matches!(error, PrototypeError::UnknownHook { .. }),
        "{error}"
    );
}

#[test]
fn what_cannot_be_a_field_is_left_out() {
    let new = Kernel::new();
    let int = new.int;
    let kernel = new
        .tracepoint("event", &[])
        .record(
            "event",
            &[
                ("fine", int, 8),
                ("*/ evil", int, 12),
                ("overlapping", int, 10),
                ("default", int, 16),
                ("behind_the_end", int, 60),
            ],
            24,
        )
        .finish();
    let layout = layout(&kernel, "tp/cat/event").unwrap();
    let names: Vec<_> = layout.fields.iter().map(|field| &field.name).collect();
    assert_eq!(names, ["fine", "default_"]);
    assert_eq!(layout.left_out.len(), 3);
    let context = Context::of_hook(&kernel, &"tp/cat/event".parse().unwrap()).unwrap();
    let header = render::header(&CtxBtf::new(&kernel, [context]).unwrap()).unwrap();
    assert!(!header.contains("evil"), "{header}");
}

/// A struct that is in itself, one of 4 GiB, and one whose members are beyond all offsets.
#[test]
fn evil_records_end() {
    let mut new = Kernel::new();
    let int = new.int;
    let next = new.writer.next_id();
    new.writer.structure("circle", 8, &[("again", next, 0)]);
    let huge = new.writer.array(int, int, u32::MAX);
    let kernel = new
        .tracepoint("event", &[])
        .record(
            "event",
            &[("circle", next, 8), ("huge", huge, 16), ("last", int, 24)],
            u32::MAX,
        )
        .finish();
    if let Ok(context) = Context::of_hook(&kernel, &"tp/cat/event".parse().unwrap()) {
        let ctx = CtxBtf::new(&kernel, [context]).unwrap();
        let _ = render::header(&ctx);
        let _ = render::reports(&ctx);
    }
}

/// Members move from kernel to kernel, arrays and structs by value too.
#[test]
fn records_of_several_kernels() {
    let kernel = |at: u32| {
        let mut new = Kernel::new();
        let int = new.int;
        let pair = new
            .writer
            .structure("pair", 8, &[("a", int, 0), ("b", int, 4)]);
        let comm = new.writer.array(int, int, 4);
        new.tracepoint("event", &[])
            .record(
                "event",
                &[
                    ("comm", comm, at),
                    ("pair", pair, at + 16),
                    ("__data_loc_name", int, at + 24),
                ],
                at + 28,
            )
            .finish()
    };
    let kernels = [kernel(8), kernel(12)];
    let hook: Hook = "btf_tp_cat_event_ctx".parse().unwrap();
    let merged = merge(&kernels, &hook).unwrap();
    assert_eq!(merged.hooks, ["tp/cat/event".parse().unwrap()]);
    let ctx = CtxBtf::relocatable(&kernels, [merged]).unwrap();
    let lacking = &ctx.structs()[0].lacking;
    assert!(lacking.undeclared.is_empty());
    assert!(lacking.fields.iter().all(Vec::is_empty), "{lacking:?}");
    let header = render::header(&ctx).unwrap();
    for line in [
        "int comm[4]",
        "struct pair pair",
        "int __data_loc_name",
        "ctx_data(ctx, name)",
    ] {
        assert!(header.contains(line), "{header}");
    }
    let moved = crate::Drift::of(&kernels, &hook).unwrap();
    assert!(moved.is_some());
}
