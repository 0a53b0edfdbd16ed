//! The table of faults in `faults.md`, held against the tests that it names.

const TABLE: &str = include_str!("faults.md");

/// Returns the source of a module of these tests.
fn source(module: &str) -> Option<&'static str> {
    macro_rules! modules {
        ($($name:ident),*) => {
            [$((stringify!($name), include_str!(concat!(stringify!($name), ".rs")))),*]
        };
    }
    let modules = modules![
        body,
        chaos,
        checksum,
        concurrency,
        file_systems,
        housekeeping,
        killed,
        npm,
        offline,
        platform,
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

#[test]
fn every_fault_of_the_table_has_tests() {
    let rows: Vec<Vec<&str>> = TABLE
        .lines()
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .filter(|cells: &Vec<_>| cells.len() == 3 && cells[0].parse::<usize>().is_ok())
        .collect();
    assert_eq!(rows.len(), 48);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row[0], (index + 1).to_string());
        for test in row[2].split(", ") {
            let test = test.trim_matches('`');
            let (module, name) = test.split_once("::").unwrap();
            let source = source(module).unwrap_or_else(|| panic!("no module for {test}"));
            assert!(
                source.contains(&format!("fn {name}(")),
                "there is no {test}"
            );
        }
    }
}
