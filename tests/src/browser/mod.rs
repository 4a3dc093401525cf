//! A real browser without a window, for tests of pages: Debian's Chromium, through its driver's protocol
//! ([WebDriver](https://www.w3.org/TR/webdriver2/), and Chrome's own commands behind it).

mod driver;
mod http;

use std::path::Path;

use serde_json::Value;
use serde_json::json;

use self::driver::Driver;
use crate::is_root;

/// What an element is called in the protocol.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one page. Each function panics where the browser cannot do it: that is what a test is to
/// find.
#[derive(Debug)]
pub struct Browser {
    driver: Driver,
    session: String,
    /// Where the browser keeps what it keeps, until it ends.
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one; `None`, and said for `what`, where none is installed.
    ///
    /// # Panics
    /// If one is installed and does not start.
    pub fn start(what: &str) -> Option<Self> {
        let driver = Driver::start(what)?;
        let profile = tempfile::tempdir().unwrap();
        let mut args = vec![
            "--headless=new".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--force-color-profile=srgb".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        // The sandbox of Chromium refuses to be root's.
        if is_root() {
            args.push("--no-sandbox".to_owned());
        }
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": args},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}});
        let made = driver.ask("POST", "/session", &wanted);
        let session = made["sessionId"].as_str().unwrap().to_owned();
        Some(Self {
            driver,
            session,
            _profile: profile,
        })
    }

    /// Opens the page in a file.
    pub fn open(&self, path: &Path, fragment: &str) {
        let url = format!("file://{}{fragment}", path.display());
        // The same page with another fragment is not loaded again.
        self.post("/url", &json!({"url": "about:blank"}));
        self.post("/url", &json!({"url": url}));
    }

    /// Makes the window so many CSS pixels wide and high, and a phone's where that is asked for.
    pub fn resize(&self, width: u32, height: u32, is_phone: bool) {
        let scale = if is_phone { 2 } else { 1 };
        self.command(
            "Emulation.setDeviceMetricsOverride",
            &json!({"width": width, "height": height, "deviceScaleFactor": scale, "mobile": is_phone}),
        );
    }

    /// Whether the person prefers dark colours.
    pub fn prefer_dark(&self, is_dark: bool) {
        let value = if is_dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.command("Emulation.setEmulatedMedia", &features);
    }

    /// Shows colours as a person sees them who has this deficiency (`deuteranopia`, `achromatopsia`, `none`).
    pub fn see_with(&self, deficiency: &str) {
        let params = json!({"type": deficiency});
        self.command("Emulation.setEmulatedVisionDeficiency", &params);
    }

    /// Whether pages may run scripts.
    pub fn allow_scripts(&self, may: bool) {
        let value = json!({"value": !may});
        self.command("Emulation.setScriptExecutionDisabled", &value);
    }

    /// The value of an expression in the page.
    pub fn value(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Clicks on the element, where a person would.
    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Types into the element, after what is there.
    pub fn write(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/value"), &json!({"text": text}));
    }

    /// Presses a key, by its code in the protocol.
    pub fn press(&self, key: char) {
        let key = key.to_string();
        let actions = json!([
            {"type": "keyDown", "value": key},
            {"type": "keyUp", "value": key},
        ]);
        let actions = json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]});
        self.post("/actions", &actions);
    }

    /// The text of the element, as a person sees it.
    pub fn text(&self, selector: &str) -> String {
        let element = self.element(selector);
        let text = self.get(&format!("/element/{element}/text"));
        text.as_str().unwrap().to_owned()
    }

    /// How many such elements a person sees.
    pub fn visible(&self, selector: &str) -> u64 {
        let selector = Value::from(selector);
        let script = format!(
            "Array.from(document.querySelectorAll({selector})).filter(it => it.checkVisibility()).length"
        );
        self.value(&script).as_u64().unwrap()
    }

    /// Writes a picture of the window.
    pub fn picture(&self, path: &Path) {
        let picture = self.get("/screenshot");
        let bytes = http::base64(picture.as_str().unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// What has been written to the page's console, and errors in it, since it was last asked.
    pub fn console(&self) -> Vec<String> {
        let entries = self.log("browser");
        let entries = entries.iter().map(|entry| entry["message"].to_string());
        entries.collect()
    }

    /// What pages have asked for by address, since it was last asked. The browser's own are left out.
    pub fn requests(&self) -> Vec<String> {
        let mut requests = Vec::new();
        for entry in self.log("performance") {
            let event: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            let event = &event["message"];
            if event["method"] != "Network.requestWillBeSent" {
                continue;
            }
            let asks = &event["params"];
            let is_own = asks["documentURL"].as_str().unwrap().starts_with("chrome");
            if !is_own {
                requests.push(asks["request"]["url"].as_str().unwrap().to_owned());
            }
        }
        requests
    }

    fn log(&self, of: &str) -> Vec<Value> {
        let log = self.post("/se/log", &json!({"type": of}));
        log.as_array().unwrap().clone()
    }

    fn element(&self, selector: &str) -> String {
        let by = json!({"using": "css selector", "value": selector});
        let found = self.post("/element", &by);
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// A command of Chrome's.
    fn command(&self, command: &str, params: &Value) {
        let body = json!({"cmd": command, "params": params});
        self.post("/goog/cdp/execute", &body);
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}{path}", self.session);
        self.driver.ask("POST", &path, body)
    }

    fn get(&self, path: &str) -> Value {
        let path = format!("/session/{}{path}", self.session);
        self.driver.ask("GET", &path, &Value::Null)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its driver ends it too, and is ended after this.
        let path = format!("/session/{}", self.session);
        let _ = self.driver.try_ask("DELETE", &path, &Value::Null);
    }
}
