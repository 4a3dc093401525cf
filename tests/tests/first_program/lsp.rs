//! An editor's side of the Language Server Protocol, as far as tests need it.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::process::Child;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;

/// A language server with one folder.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    requests: u64,
}

impl Server {
    /// `None` where the command is not there.
    pub(crate) fn start(command: &str, folder: &Path) -> Option<Self> {
        let mut child = Command::new(command)
            .args(["--log=error", "--background-index=false"])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut server = Self {
            input: child.stdin.take()?,
            output: BufReader::new(child.stdout.take()?),
            child,
            requests: 0,
        };
        let parameters = json!({
            "processId": null,
            "rootUri": uri(folder),
            "capabilities": {"textDocument": {"hover": {"contentFormat": ["plaintext"]}}},
        });
        server.request("initialize", parameters);
        server.notify("initialized", json!({}));
        Some(server)
    }

    /// Opens a file, and gives back what is wrong with it.
    pub(crate) fn open(&mut self, path: &Path, text: &str) -> Vec<String> {
        let document = json!({"uri": uri(path), "languageId": "c", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
        let said = self.wait(|message| message["method"] == "textDocument/publishDiagnostics");
        let all = said["params"]["diagnostics"].as_array().unwrap();
        all.iter().map(|one| one["message"].to_string()).collect()
    }

    /// What a request about a place in a file is answered; lines and columns start at 0.
    pub(crate) fn at(&mut self, method: &str, path: &Path, line: usize, column: usize) -> Value {
        let parameters = json!({
            "textDocument": {"uri": uri(path)},
            "position": {"line": line, "character": column},
        });
        self.request(method, parameters)
    }

    fn request(&mut self, method: &str, parameters: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters}));
        self.wait(|message| message["id"] == id && message.get("method").is_none())["result"].take()
    }

    fn notify(&mut self, method: &str, parameters: Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": parameters}));
    }

    fn send(&mut self, message: Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn wait(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.receive();
            if is_wanted(&message) {
                return message;
            }
        }
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert_ne!(
                self.output.read_line(&mut line).unwrap(),
                0,
                "the server has ended"
            );
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("Content-Length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}
