//! The page in a real browser: what a person does with it, on a desk and on a phone, in light and in dark.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::matrix::Matrix;
use ctxgen::render::matrix::Format;
use ctxgen_tests::browser::Browser;
use ctxgen_tests::clangs;

use crate::matrix::matrix;
use crate::matrix::matrix_of;

/// Keys, by their codes in the protocol.
const ESCAPE: char = '\u{e00c}';
const ENTER: char = '\u{e007}';
const DOWN: char = '\u{e015}';

/// A cell of the program `wrong`, on the newest kernel.
const WRONG: &str = "[data-program=\"0\"] .cell.s-wrong";

/// The windows: what each is called, its size, and whether it is a phone's.
const WINDOWS: [(&str, u32, u32, bool); 2] =
    [("desk", 1400, 900, false), ("phone", 390, 844, true)];

/// The page in a file, and a browser that shows it.
fn page(name: &str) -> Option<(Browser, PathBuf)> {
    page_of(name, || matrix(&clangs("the page of a matrix")[0]))
}

fn page_of(name: &str, matrix: impl FnOnce() -> Matrix) -> Option<(Browser, PathBuf)> {
    let browser = Browser::start("the page of a matrix")?;
    let format = Format::by_name("html").unwrap();
    let text = (format.write)(&matrix());
    let folder = pictures();
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.html"));
    std::fs::write(&path, text).unwrap();
    Some((browser, path))
}

/// Where the page and pictures of it are left, to be looked at.
fn pictures() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("matrix-page")
}

#[test]
fn it_is_used_on_a_desk_and_on_a_phone_in_light_and_in_dark() {
    let Some((browser, path)) = page("used") else {
        return;
    };
    for (window, width, height, is_phone) in WINDOWS {
        browser.resize(width, height, is_phone);
        for (colours, is_dark) in [("light", false), ("dark", true)] {
            browser.prefer_dark(is_dark);
            browser.open(&path, "");
            let name = format!("{window}-{colours}");
            browser.picture(&pictures().join(format!("{name}.png")));
            the_table(&browser, width);
            texts_are_told_from_their_ground(&browser);
            a_cell(&browser);
            browser.picture(&pictures().join(format!("{name}-cell.png")));
            another_kernel(&browser);
            browser.click("#close");
            assert_eq!(browser.visible("#detail"), 0);
            filters(&browser);
            the_toggle(&browser, is_dark);
        }
    }
    assert_eq!(browser.console(), Vec::<String>::new());
    let own = format!("file://{}", path.display());
    let requests = browser.requests();
    assert!(requests.contains(&own), "{requests:?}");
    for request in requests {
        let is_own = request == own || request == "about:blank" || request == "data:,";
        assert!(is_own, "the page asks for {request}");
    }
}

/// Each program and kernel is there, the worst first, and nothing but the table is wider than the window.
fn the_table(browser: &Browser, width: u32) {
    assert_eq!(browser.visible("tr.program"), 7);
    assert_eq!(browser.visible("thead th .version"), 4);
    assert_eq!(browser.text("tr.program .name"), "wrong");
    let wide = browser.value("document.documentElement.scrollWidth");
    assert_eq!(wide, width);
    let is_sticky = "getComputedStyle(document.querySelector('tbody th')).position";
    assert_eq!(browser.value(is_sticky), "sticky");
    // What is well is folded; each cell that is shown says what it is in words.
    assert_eq!(browser.visible("tbody.folded .cell"), 0);
    let wordless = "Array.from(document.querySelectorAll('.cell, .strip'))\
                    .filter(it => it.textContent.trim().length < 4).length";
    assert_eq!(browser.value(wordless), 0);
    // No word is cut off by the end of its cell.
    let cut = "Array.from(document.querySelectorAll('.word')).filter(it => it.checkVisibility() && \
               it.getBoundingClientRect().right > it.closest('.cell').getBoundingClientRect().right)\
               .map(it => it.textContent)";
    assert_eq!(browser.value(cut), serde_json::json!([]));
}

/// The contrast of texts, as the guidelines for accessible pages (WCAG 2, level AA) have it.
fn texts_are_told_from_their_ground(browser: &Browser) {
    let worst = "(() => {\
        const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);\
        const light = (colour) => {\
            const [r, g, b] = channels(colour).map((c) => c / 255)\
                .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);\
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;\
        };\
        const ground = (element) => {\
            const colour = getComputedStyle(element).backgroundColor;\
            return channels(colour)[3] === 0 ? ground(element.parentElement) : colour;\
        };\
        const contrast = (element) => {\
            const [a, b] = [getComputedStyle(element).color, ground(element)].map(light);\
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);\
        };\
        const texts = '.cell, .strip, .chip, .chip b, .mark, .place, .section, .label, h1, .title p';\
        return Math.min(...Array.from(document.querySelectorAll(texts)).map(contrast));\
    })()";
    let worst = browser.value(worst).as_f64().unwrap();
    assert!((4.5..21.0).contains(&worst), "{worst}");
}

/// A click shows the sentence, the line of source and both prototypes.
fn a_cell(browser: &Browser) {
    browser.click(WRONG);
    let detail = browser.text("#detail");
    for part in [
        "wrong: ret (slot 3) on 7.2-x86_64",
        "wrong value",
        "the kernel has kernel (bool) there; the returned value is in slot 4",
        "tests/reads/report.bpf.c:",
        "BPF_PROG(wrong, int cmd, void *attr, unsigned int size, int ret)",
    ] {
        assert!(detail.contains(part), "{part} is not in:\n{detail}");
    }
    assert_eq!(
        browser.value("document.querySelector('#left').selectedOptions[0].text"),
        "6.1-x86_64"
    );
    let (left, right) = (browser.text("#left-lines"), browser.text("#right-lines"));
    assert!(
        left.contains("int bpf(") && !left.contains("bool kernel"),
        "{left}"
    );
    assert!(right.contains("bool kernel"), "{right}");
    // The argument that differs is marked, and so is what is read.
    assert_eq!(browser.visible("#right-lines .other"), 1);
    let marked = browser.text("#right-lines .read-here");
    assert!(
        marked.contains("bool kernel") && marked.contains("is read"),
        "{marked}"
    );
    assert_eq!(browser.value("document.activeElement.id"), "detail-title");
    assert_eq!(browser.value("location.hash"), "#p0r0k3");
}

/// Any two kernels can be held against each other: one against itself shows no difference.
fn another_kernel(browser: &Browser) {
    let same = "document.querySelector('#left').value = document.querySelector('#right').value, \
                document.querySelector('#left').dispatchEvent(new Event('change')), \
                document.querySelectorAll('#detail .other').length";
    assert_eq!(browser.value(same), 0);
}

fn filters(browser: &Browser) {
    browser.click(".chip[data-status=\"guarded\"]");
    assert_eq!(browser.visible("tr.program"), 1);
    assert_eq!(browser.text("tbody:not([hidden]) .name"), "guarded");
    browser.click(".chip[data-status=\"guarded\"]");
    browser.write("#text", "INET_csk returned");
    assert_eq!(browser.visible("tr.program"), 1);
    assert_eq!(browser.text("tbody:not([hidden]) .name"), "refused");
    browser.write("#text", " and nothing like this");
    assert_eq!(browser.visible("tr.program"), 0);
    browser.click("#reset");
    assert_eq!(browser.visible("tr.program"), 7);
    let shown = browser.value("document.querySelector('#shown').textContent");
    assert!(
        shown.as_str().unwrap().contains(" of 7 programs"),
        "{shown}"
    );
}

/// The button turns the colours, and they stay so when the page is opened again.
fn the_toggle(browser: &Browser, is_dark: bool) {
    let paper = "getComputedStyle(document.body).backgroundColor";
    let before = browser.value(paper);
    let is_darker = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0] < 100";
    assert_eq!(browser.value(is_darker), is_dark);
    browser.click("#theme");
    assert_eq!(browser.value(is_darker), !is_dark);
    assert_ne!(browser.value(paper), before);
    browser.value("localStorage.clear()");
}

#[test]
fn keys_do_what_a_mouse_does() {
    let Some((browser, path)) = page("keys") else {
        return;
    };
    browser.resize(1400, 900, false);
    browser.open(&path, "");
    let focus = format!("document.querySelector('{WRONG}').focus()");
    browser.value(&focus);
    let focused = "document.activeElement.id";
    assert_eq!(browser.value(focused), "p0r0k3");
    browser.press(DOWN);
    assert_ne!(browser.value(focused), "p0r0k3");
    browser.value(&focus);
    browser.press(ENTER);
    assert_eq!(browser.visible("#detail"), 1);
    let expanded = format!("document.querySelector('{WRONG}').getAttribute('aria-expanded')");
    assert_eq!(browser.value(&expanded), "true");
    browser.press(ESCAPE);
    assert_eq!(browser.visible("#detail"), 0);
    assert_eq!(browser.value(focused), "p0r0k3");
    assert_eq!(browser.value(&expanded), "false");
    // A link leads to a cell.
    browser.open(&path, "#p0r0k3");
    assert!(browser.text("#detail-title").starts_with("wrong: ret"));
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
fn it_is_a_plain_table_without_scripts() {
    let Some((browser, path)) = page("plain") else {
        return;
    };
    browser.resize(1400, 900, false);
    browser.allow_scripts(false);
    browser.open(&path, "");
    assert_eq!(browser.visible("tr.program"), 7);
    assert_eq!(browser.visible(".tools"), 0);
    assert_eq!(browser.visible(".chips"), 0);
    let findings = browser.text("noscript");
    assert!(
        findings.contains("the returned value is in slot 4"),
        "{findings}"
    );
    browser.picture(&pictures().join("plain.png"));
}

/// Names that try to become a script or an element are shown as they are.
#[test]
fn names_stay_names() {
    const NAME: &str = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">";
    let hostile = || matrix_of(&clangs("the page of a matrix")[0], NAME, NAME);
    let Some((browser, path)) = page_of("names", hostile) else {
        return;
    };
    browser.resize(1400, 900, false);
    browser.open(&path, "#p0r0k3");
    assert!(browser.text(".title p").contains(NAME));
    assert!(browser.text("#detail-title").ends_with(NAME));
    assert_eq!(
        browser.value("document.querySelectorAll('script').length"),
        2
    );
    assert_eq!(browser.value("document.querySelectorAll('img').length"), 0);
    let title = browser.value("document.title");
    assert_ne!(title, "taken");
    assert_eq!(browser.console(), Vec::<String>::new());
}

/// Pictures of how people see the page who tell fewer colours apart, to be looked at. Each status has a sign
/// of its own besides.
#[test]
fn statuses_are_told_apart_without_colours() {
    let Some((browser, path)) = page("colours") else {
        return;
    };
    browser.resize(1400, 900, false);
    for deficiency in ["deuteranopia", "protanopia", "tritanopia", "achromatopsia"] {
        browser.see_with(deficiency);
        browser.open(&path, "");
        browser.picture(&pictures().join(format!("{deficiency}.png")));
    }
    let signs = "(() => {\
        const signs = new Map();\
        for (const cell of document.querySelectorAll('.cell')) {\
            const status = cell.className.match(/s-\\w+/)[0];\
            signs.set(status, cell.querySelector('.sign').textContent);\
        }\
        return [signs.size, new Set(signs.values()).size];\
    })()";
    assert_eq!(browser.value(signs), serde_json::json!([9, 9]));
}
