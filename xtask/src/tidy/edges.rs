//! Who may depend on whom: `domain <- store <- persistence`, `domain <- sidecar`, and `app` alone knows them all.

use std::collections::BTreeSet;

use super::Finding;
use super::metadata::{Metadata, Package};

const RULE: &str = "edge";

/// What one crate may know.
struct Layer {
    package: &'static str,
    /// The crates of ours it may name.
    ours: &'static [&'static str],
    /// The foreign crates it may name; `None` when that is not restricted.
    foreign: Option<&'static [&'static str]>,
    /// What must not be compiled into it by any way.
    never: &'static [&'static str],
}

/// Anything that speaks SQL.
const DATABASES: &[&str] = &["sea-orm", "sea-query", "sqlx", "sqlx-core", "rusqlite", "libsqlite3-sys"];
/// Anything that brings a runtime, a clock of its own or I/O.
const RUNTIMES: &[&str] = &["tokio", "async-std", "smol", "futures-executor", "rand"];

/// The map. A crate of ours that is not on it is a finding too.
const LAYERS: &[Layer] = &[
    Layer {
        package: "switchboard-domain",
        ours: &[],
        foreign: Some(&["chrono", "serde", "serde_json", "thiserror", "uuid"]),
        never: RUNTIMES,
    },
    Layer { package: "switchboard-store", ours: &["switchboard-domain"], foreign: None, never: DATABASES },
    Layer {
        package: "switchboard-persistence",
        ours: &["switchboard-domain", "switchboard-store"],
        foreign: None,
        never: &["switchboard-sidecar"],
    },
    Layer {
        package: "switchboard-sidecar",
        ours: &["switchboard-domain"],
        foreign: None,
        never: &["switchboard-store", "sea-orm", "sqlx"],
    },
    Layer {
        package: "switchboard",
        ours: &["switchboard-domain", "switchboard-persistence", "switchboard-sidecar", "switchboard-store"],
        foreign: None,
        never: &["switchboard-baselines", "switchboard-tests", "xtask"],
    },
];

/// Members that no crate of the product may name; they may name what they like.
const TOOLS: &[&str] = &["switchboard-baselines", "switchboard-tests", "xtask"];

pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let ours: BTreeSet<&str> = metadata.members().map(|package| package.name.as_str()).collect();
    let mut findings = Vec::new();
    for package in metadata.members().filter(|package| !TOOLS.contains(&package.name.as_str())) {
        match LAYERS.iter().find(|layer| layer.package == package.name) {
            Some(layer) => findings.extend(check_layer(metadata, &ours, package, layer)),
            None => findings.push(finding(package, "is not on the map of layers: say what it may know".to_owned())),
        }
    }
    findings
}

fn check_layer(metadata: &Metadata, ours: &BTreeSet<&str>, package: &Package, layer: &Layer) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in metadata.direct(package) {
        let is_allowed = match layer.foreign {
            _ if ours.contains(name) => layer.ours.contains(&name),
            Some(foreign) => foreign.contains(&name),
            None => true,
        };
        if !is_allowed {
            findings.push(finding(package, format!("must not depend on `{name}`")));
        }
    }
    for name in metadata.reachable(package).intersection(&layer.never.iter().copied().collect()) {
        findings.push(finding(package, format!("must not contain `{name}`, by whatever way")));
    }
    findings
}

fn finding(package: &Package, what: String) -> Finding {
    Finding { rule: RULE, place: package.name.clone(), what }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    #[rstest]
    #[case::the_map_itself(&[("switchboard-store", "switchboard-domain", None)], &[])]
    #[case::a_test_may_use_anything(&[("switchboard-domain", "tokio", Some("dev"))], &[])]
    #[case::domain_with_a_runtime(
        &[("switchboard-domain", "tokio", None)],
        &["must not depend on `tokio`", "must not contain `tokio`"]
    )]
    #[case::domain_with_anything_else(&[("switchboard-domain", "regex", None)], &["must not depend on `regex`"])]
    #[case::store_with_sql(&[("switchboard-store", "sqlx", None)], &["must not contain `sqlx`"])]
    #[case::store_with_sql_behind_another(
        &[("switchboard-store", "harmless", None), ("harmless", "sea-orm", None)],
        &["must not contain `sea-orm`"]
    )]
    #[case::store_with_its_adapter(
        &[("switchboard-store", "switchboard-persistence", None)],
        &["must not depend on `switchboard-persistence`"]
    )]
    #[case::sidecar_with_the_store(
        &[("switchboard-sidecar", "switchboard-store", None)],
        &["must not depend on `switchboard-store`", "must not contain `switchboard-store`"]
    )]
    #[case::persistence_with_the_sidecar(
        &[("switchboard-persistence", "switchboard-sidecar", None)],
        &["must not depend on `switchboard-sidecar`", "must not contain `switchboard-sidecar`"]
    )]
    #[case::the_product_with_a_tool(
        &[("switchboard", "xtask", None)],
        &["must not depend on `xtask`", "must not contain `xtask`"]
    )]
    #[case::a_crate_nobody_knows(&[("switchboard-new", "serde", None)], &["is not on the map"])]
    fn edges_point_one_way(#[case] edges: &[(&str, &str, Option<&str>)], #[case] expected: &[&str]) {
        let findings = check(&metadata(edges));
        assert_eq!(findings.len(), expected.len(), "{findings:?}");
        for (finding, expected) in findings.iter().zip(expected) {
            assert!(finding.what.starts_with(expected), "{finding}");
        }
    }

    /// A workspace with these edges, in which every `switchboard*` and `xtask` is a member.
    fn metadata(edges: &[(&str, &str, Option<&str>)]) -> Metadata {
        let names: BTreeSet<&str> = edges.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
        let members: Vec<_> =
            names.iter().filter(|name| name.starts_with("switchboard") || **name == "xtask").collect();
        let packages: Vec<Value> = names
            .iter()
            .map(|name| json!({ "name": name, "id": name, "manifest_path": "", "publish": null, "targets": [], "readme": null }))
            .collect();
        let nodes: Vec<Value> =
            names.iter().map(|name| json!({ "id": name, "deps": edges_from(name, edges) })).collect();
        let text = json!({ "packages": packages, "workspace_members": members, "resolve": { "nodes": nodes } });
        serde_json::from_value(text).expect("the shape that cargo prints")
    }

    fn edges_from(name: &str, edges: &[(&str, &str, Option<&str>)]) -> Vec<Value> {
        let from = edges.iter().filter(|(from, _, _)| *from == name);
        from.map(|(_, to, kind)| json!({ "pkg": to, "dep_kinds": [{ "kind": kind }] })).collect()
    }
}
