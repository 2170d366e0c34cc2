//! The house rules that a compiler does not check: where targets are named, and which way dependencies point.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each line may use itself and what stands below it.
const LAYERS: &[&[&str]] = &[
    &["main", "cli"],
    &["api", "blocking", "js"],
    &["client"],
    &["http_transport"],
    &["host", "socket"],
    &["transport"],
    &["auth", "redirect", "mounts"],
    &["request", "response", "streaming"],
    &["body", "content", "multipart", "decode", "cookies"],
    &[
        "config",
        "connect",
        "connection",
        "credentials",
        "deadline",
        "headers",
        "links",
        "proxy",
        "query_params",
        "tls",
        "trace",
        "url_merge",
    ],
    &["error", "backend"],
    &["printable"],
];

/// Where a target may be named: the crate's root, the gate, and the rooms that exist on some targets alone.
const TARGETS_NAMED_IN: &[&str] = &["lib", "backend", "host", "js", "socket"];

const TARGET_WORDS: &[&str] =
    &["target_family", "target_os", "target_arch", "target_env", "target_vendor", "cfg(unix)", "cfg(windows)"];

/// Longer files are two files.
const LONGEST: usize = 400;

#[test]
fn dependencies_point_downwards() {
    for (path, source) in sources("src") {
        let Some(from) = layer(&module(&path)) else {
            assert_eq!(module(&path), "lib", "{} stands in no layer", path.display());
            continue;
        };
        assert!(!source.contains("use crate::{"), "{}: one module per line, for this test to read", path.display());
        for name in used(&source) {
            // What is no module is the root's own: the alias of the target's transport.
            let Some(to) = layer(&name) else { continue };
            assert!(to >= from, "{} uses {name}, which stands above it", path.display());
        }
    }
}

#[test]
fn targets_are_named_behind_the_gate_alone() {
    for (path, source) in sources("src") {
        let allowed = TARGETS_NAMED_IN.contains(&module(&path).as_str());
        assert!(allowed || !names_target(&source), "{} names a target", path.display());
    }
    for (path, source) in sources("tests/suite") {
        let allowed = path.ends_with("suite/support.rs");
        assert!(allowed || !names_target(&source), "{} names a target", path.display());
    }
}

#[test]
fn no_file_is_too_long_and_no_work_is_left_open() {
    for (path, source) in sources("src").into_iter().chain(sources("tests/suite")) {
        assert!(source.lines().count() <= LONGEST, "{} is too long", path.display());
        for word in ["todo!", "unimplemented!", "TODO", "FIXME", "dbg!"] {
            assert!(!source.contains(word), "{} contains {word}", path.display());
        }
    }
}

#[test]
fn every_threat_has_the_tests_that_it_names() {
    let table = fs::read_to_string(root().join("docs/threats.md")).expect("the table is there");
    let rows = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| line") && !line.starts_with("| ---"));
    let mut lines = BTreeSet::new();
    for row in rows {
        let [_, line, tests, note, _] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else { panic!("{row}") };
        assert!(lines.insert(line.to_owned()), "{line} has two rows");
        assert!(!tests.is_empty() || !note.is_empty(), "{line} has neither a test nor a reason");
        tests.split(", ").filter(|test| !test.is_empty()).for_each(|test| check_test(line, test.trim_matches('`')));
    }
    assert!(lines.len() > 40, "{} rows", lines.len());
}

/// `path::name` is a test, and its file says which line it is for.
fn check_test(line: &str, test: &str) {
    let (path, name) = test.split_once("::").unwrap_or_else(|| panic!("{line}: {test} is no path::name"));
    let source = fs::read_to_string(root().join(path)).unwrap_or_else(|_| panic!("{line}: there is no {path}"));
    assert!(source.contains(&format!("fn {name}()")), "{line}: there is no {test}");
    let numbered = |comment: &str| comment.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == line);
    let comments = source.lines().filter_map(|line| line.trim_start().strip_prefix("//"));
    assert!(comments.into_iter().any(numbered), "{path} says nowhere that it is for {line}");
}

fn names_target(source: &str) -> bool {
    code(source).any(|line| TARGET_WORDS.iter().any(|word| line.contains(word)))
}

/// The lines that are no comments.
fn code(source: &str) -> impl Iterator<Item = &str> {
    source.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|names| names.contains(&module))
}

/// `src/socket/http1/head.rs` belongs to `socket`.
fn module(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap_or(path);
    let first = inside.components().next().expect("a file has a name");
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The modules named in `crate::…`.
fn used(source: &str) -> Vec<String> {
    let paths = code(source).flat_map(|line| line.split("crate::").skip(1));
    paths.map(|rest| rest.chars().take_while(|&letter| letter.is_alphanumeric() || letter == '_').collect()).collect()
}

/// All Rust files below a folder of the project. There are some, or the rules would hold for nothing.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder exists") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = fs::read_to_string(&path).expect("sources are UTF-8");
                found.push((path, source));
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
