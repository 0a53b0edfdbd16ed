//! The editors on this machine, and how `ampctl acp` is entered in each of them.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::check::Check;
use crate::context::Context;
use crate::named_file;

/// The longest settings of an editor that are looked into, in bytes.
const LONGEST: u64 = 4 << 20;

/// An editor that starts agents.
struct Editor {
    name: &'static str,
    /// Its folders or files, by which it is known to be here; the first below the configuration
    /// folder, the others below the home folder.
    traces: [&'static str; 2],
    /// The file that names its agents, below the home folder; none where it is a program.
    settings: Option<&'static str>,
    /// What is entered there, for the program at this path.
    line: fn(&str) -> String,
}

const EDITORS: [Editor; 4] = [
    Editor {
        name: "zed",
        traces: ["zed", "Library/Application Support/Zed"],
        settings: Some(".config/zed/settings.json"),
        line: agent_servers,
    },
    Editor {
        name: "jetbrains",
        traces: ["JetBrains", ".jetbrains"],
        settings: Some(".jetbrains/acp.json"),
        line: agent_servers,
    },
    Editor {
        name: "neovim",
        traces: ["nvim", ".local/share/nvim"],
        settings: None,
        line: |program| format!(r#"commands = {{ default = {{ "{program}", "acp" }} }}"#),
    },
    Editor {
        name: "emacs",
        traces: ["emacs", ".emacs.d"],
        settings: None,
        line: |program| {
            format!(r#"(acp-make-client :command "{program}" :command-params '("acp"))"#)
        },
    },
];

/// Returns a line for each editor that is here: whether it has `ampctl` among its agents, as far as
/// that can be told, and what to enter.
pub(super) fn examine(context: &Context) -> Vec<Check> {
    let Some(home) = context.home() else {
        return Vec::new();
    };
    let configuration = context.variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let configuration = configuration.unwrap_or_else(|| home.join(".config"));
    let program = std::env::current_exe().unwrap_or_else(|_| "ampctl".into());
    let program = program.display().to_string();
    let is_here = |editor: &&Editor| {
        let [first, second] = editor.traces;
        configuration.join(first).exists() || home.join(second).exists()
    };
    let here = EDITORS.iter().filter(is_here);
    here.map(|editor| editor.check(&home, &program)).collect()
}

impl Editor {
    fn check(&self, home: &Path, program: &str) -> Check {
        let line = (self.line)(program);
        let Some(settings) = self.settings else {
            let finding = "its agents are a matter of its plugin; see docs/editors.md";
            return Check::green(self.name, finding).fix(line);
        };
        let path = home.join(settings);
        // A pipe would be waited for.
        let text = path.is_file().then(|| named_file::read(&path, LONGEST));
        let text = text.and_then(Result::ok).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let is_entered = text.contains("ampctl") && text.contains("\"acp\"");
        match is_entered {
            true => Check::green(self.name, format!("{} starts ampctl acp", path.display())),
            false => {
                Check::green(self.name, format!("ampctl is not in {}", path.display())).fix(line)
            }
        }
    }
}

/// Returns the agent as Zed and JetBrains IDEs take it.
fn agent_servers(program: &str) -> String {
    let agent = json!({"type": "custom", "command": program, "args": ["acp"], "env": {}});
    format!("\"agent_servers\": {}", json!({"Amp": agent}))
}
