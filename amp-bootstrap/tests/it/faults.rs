//! The table of faults in `faults.md`, held against the tests that it names.

use std::collections::BTreeSet;

use fixtures::Requirement;

const TABLE: &str = include_str!("faults.md");

/// Returns the source of a module of these tests.
fn source(module: &str) -> Option<&'static str> {
    macro_rules! modules {
        ($($name:ident),*) => {
            [$((stringify!($name), include_str!(concat!(stringify!($name), ".rs")))),*]
        };
    }
    let modules = modules![
        access,
        archives,
        body,
        chaos,
        checksum,
        concurrency,
        copies,
        demands,
        file_systems,
        housekeeping,
        killed,
        newest,
        npm,
        offline,
        platform,
        provenance,
        proxies,
        redirects,
        registry_signature,
        resume,
        running,
        signature,
        sources,
        store_folder,
        tampering,
        trust,
        version,
        version_file
    ];
    let (_, source) = modules.into_iter().find(|(name, _)| *name == module)?;
    Some(source)
}

/// What a test does that not every machine lets it do, and what that takes.
const CONDITIONS: [(&str, Requirement); 8] = [
    ("Ground::memory(", Requirement::Mount),
    ("Ground::read_only(", Requirement::Mount),
    ("Ground::split_between(", Requirement::Mount),
    (".start_without_privileges(", Requirement::Mount),
    ("Ground::quota(", Requirement::Quota),
    (".start_failing(", Requirement::Strace),
    (".start_traced(", Requirement::Strace),
    ("Requirement::Root", Requirement::Root),
];

/// Returns the text of a function up to the next test.
fn body<'a>(source: &'a str, name: &str) -> &'a str {
    let begin = source.find(&format!("fn {name}(")).unwrap_or_default();
    let text = &source[begin..];
    text.split("\n#[test]").next().unwrap_or(text)
}

#[test]
fn every_fault_of_the_table_has_tests() {
    let rows: Vec<Vec<&str>> = TABLE
        .lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|line| line.split('|').map(str::trim).collect())
        .filter(|cells: &Vec<_>| cells.len() == 4 && cells[0].parse::<usize>().is_ok())
        .collect();
    assert_eq!(rows.len(), 58);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row[0], (index + 1).to_string());
        let mut needed = BTreeSet::new();
        for test in row[2].split(", ") {
            let test = test.trim_matches('`');
            let (module, name) = test.split_once("::").unwrap();
            let source = source(module).unwrap_or_else(|| panic!("no module for {test}"));
            assert!(
                source.contains(&format!("fn {name}(")),
                "there is no {test}"
            );
            let body = body(source, name);
            let does = |(what, _): &&(&str, _)| body.contains(what);
            let conditions = CONDITIONS.iter().filter(does);
            needed.extend(conditions.map(|(_, requirement)| requirement.as_str()));
        }
        let named = row[3].split(", ").filter(|name| !name.is_empty());
        let tells = "says what the machine must have for it";
        assert_eq!(
            named.collect::<BTreeSet<_>>(),
            needed,
            "row {} {tells}",
            row[0]
        );
    }
}
