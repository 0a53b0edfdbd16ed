//! The table of faults in `faults.md`, held against the tests that it names.

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
        body,
        chaos,
        checksum,
        concurrency,
        copies,
        file_systems,
        housekeeping,
        killed,
        npm,
        offline,
        platform,
        provenance,
        proxies,
        redirects,
        resume,
        running,
        signature,
        store_folder,
        tampering,
        trust,
        version,
        version_file
    ];
    let (_, source) = modules.into_iter().find(|(name, _)| *name == module)?;
    Some(source)
}

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
    assert_eq!(rows.len(), 53);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row[0], (index + 1).to_string());
        let mut is_conditional = false;
        for test in row[2].split(", ") {
            let test = test.trim_matches('`');
            let (module, name) = test.split_once("::").unwrap();
            let source = source(module).unwrap_or_else(|| panic!("no module for {test}"));
            assert!(
                source.contains(&format!("fn {name}(")),
                "there is no {test}"
            );
            is_conditional |= body(source, name).contains(".start_")
                || body(source, name).contains("refused_until_cured(");
        }
        let named: Vec<&str> = row[3].split(", ").filter(|name| !name.is_empty()).collect();
        let is_known = |name: &&str| Requirement::ALL.iter().any(|known| known.as_str() == *name);
        assert!(named.iter().all(is_known), "{named:?}");
        let tells = "says what the machine must have for it";
        // What needs another process alone needs nothing of the machine.
        let in_surroundings = is_conditional && row[2].contains("file_systems::");
        assert_eq!(!named.is_empty(), in_surroundings, "row {} {tells}", row[0]);
    }
}
