//! The table in `cases.md`, held against the tests that it names.

const TABLE: &str = include_str!("cases.md");

/// Returns the source of a module of the tests.
fn source(module: &str) -> Option<&'static str> {
    Some(match module {
        "files" => include_str!("files.rs"),
        "layers" => include_str!("layers.rs"),
        "kernel" => include_str!("kernel.rs"),
        "life" => include_str!("life.rs"),
        "limits" => include_str!("limits.rs"),
        "network" => include_str!("network.rs"),
        "probe" => include_str!("probe.rs"),
        "programs" => include_str!("programs.rs"),
        "address" => include_str!("../../../src/sandbox/linux/address.rs"),
        "client_hello" => include_str!("../../../src/sandbox/linux/client_hello.rs"),
        "connect_head" => include_str!("../../../src/sandbox/linux/connect_head.rs"),
        "entry" => include_str!("../../../src/sandbox/linux/entry.rs"),
        "host_name" => include_str!("../../../src/sandbox/host_name.rs"),
        "host_rule" => include_str!("../../../src/sandbox/host_rule.rs"),
        "layer" => include_str!("../../../src/sandbox/layer.rs"),
        "plan" => include_str!("../../../src/sandbox/linux/plan.rs"),
        "proxy" => include_str!("../../../src/sandbox/linux/proxy_tests.rs"),
        "seatbelt" => include_str!("../../../src/sandbox/seatbelt.rs"),
        _ => return None,
    })
}

#[test]
fn every_case_of_the_table_has_tests() {
    let rows: Vec<Vec<&str>> = TABLE
        .lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|line| line.split('|').map(str::trim).collect())
        .filter(|cells: &Vec<_>| cells.len() == 3 && cells[0].parse::<usize>().is_ok())
        .collect();
    assert_eq!(rows.len(), 46);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row[0], (index + 1).to_string());
        for test in row[2].split(", ") {
            let test = test.trim_matches('`');
            let (module, name) = test.split_once("::").expect("a module and a test");
            let source = source(module).unwrap_or_else(|| panic!("no module for {test}"));
            assert!(
                source.contains(&format!("fn {name}(")),
                "there is no {test}"
            );
        }
    }
}
