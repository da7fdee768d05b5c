//! What cargo says about the packages and who depends on whom.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::workspace::{ReadError, cargo_output, host};

/// The part of `cargo metadata` that the rules need.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) packages: Vec<Package>,
    pub(super) workspace_members: Vec<String>,
    pub(super) resolve: Resolve,
}

/// One package, ours or a foreign one.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) manifest_path: PathBuf,
    /// Registries it may be published to; an empty list means none.
    pub(super) publish: Option<Vec<String>>,
    pub(super) targets: Vec<Target>,
    /// Its README, relative to its manifest.
    pub(super) readme: Option<PathBuf>,
}

/// One thing a package builds.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Target {
    pub(super) kind: Vec<String>,
}

/// Who really depends on whom, features considered.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Resolve {
    pub(super) nodes: Vec<Node>,
}

/// The dependencies of one package.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) deps: Vec<Dependency>,
}

/// One edge.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Dependency {
    pub(super) pkg: String,
    pub(super) dep_kinds: Vec<DependencyKind>,
}

/// Why the edge is there.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct DependencyKind {
    /// `None` for a normal dependency.
    pub(super) kind: Option<String>,
}

impl Metadata {
    /// Asks cargo. Only for this machine's platform, so that nothing must be downloaded that a build has not.
    pub(super) fn load(root: &Path) -> Result<Self, ReadError> {
        let host = host()?;
        let text = cargo_output(root, &["metadata", "--format-version", "1", "--filter-platform", &host])?;
        serde_json::from_str(&text).map_err(|source| ReadError::Answer { command: "cargo metadata".to_owned(), source })
    }

    /// The packages of the workspace.
    pub(super) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The members that others can depend on.
    pub(super) fn libraries(&self) -> impl Iterator<Item = &Package> {
        self.members().filter(|package| package.is_public_library())
    }

    /// Names of what `package` names itself as a normal dependency.
    pub(super) fn direct(&self, package: &Package) -> BTreeSet<&str> {
        self.normal_edges(&package.id).into_iter().map(|id| self.name_of(id)).collect()
    }

    /// Names of everything that is compiled into `package`.
    pub(super) fn reachable(&self, package: &Package) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![package.id.as_str()];
        while let Some(id) = open.pop() {
            open.extend(self.normal_edges(id).into_iter().filter(|id| seen.insert(*id)));
        }
        seen.into_iter().map(|id| self.name_of(id)).collect()
    }

    fn normal_edges(&self, id: &str) -> Vec<&str> {
        let nodes: HashMap<&str, &Node> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let edges = nodes.get(id).map(|node| node.deps.as_slice()).unwrap_or_default();
        edges.iter().filter(|edge| edge.is_normal()).map(|edge| edge.pkg.as_str()).collect()
    }

    fn name_of(&self, id: &str) -> &str {
        self.packages.iter().find(|package| package.id == id).map_or("?", |package| package.name.as_str())
    }
}

impl Package {
    fn is_public_library(&self) -> bool {
        let is_published = self.publish.as_ref().is_none_or(|registries| !registries.is_empty());
        is_published && self.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "lib"))
    }
}

impl Dependency {
    fn is_normal(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.is_none())
    }
}
