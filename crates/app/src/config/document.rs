//! A TOML file whose every key and value knows its line.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::config_error::nearest;
use super::setting::{Kind, Raw, from_raw};
use super::{ConfigError, Origin, Sourced};

/// A parsed file.
pub(super) struct Document<'a> {
    root: DeTable<'a>,
    lines: Lines<'a>,
}

/// Turns places in the text into lines.
#[derive(Clone, Copy)]
struct Lines<'a> {
    text: &'a str,
    file: &'a Path,
}

impl Lines<'_> {
    fn origin(self, span: Range<usize>) -> Origin {
        let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
        let line = before.split(|&byte| byte == b'\n').count();
        Origin::File { file: self.file.to_owned(), line }
    }
}

impl<'a> Document<'a> {
    /// Parses `text`, the content of `file`.
    pub(super) fn parse(text: &'a str, file: &'a Path) -> Result<Self, ConfigError> {
        let lines = Lines { text, file };
        match DeTable::parse(text) {
            Ok(root) => Ok(Self { root: root.into_inner(), lines }),
            Err(error) => {
                let origin = lines.origin(error.span().unwrap_or(0..0));
                Err(ConfigError::Syntax { origin, message: error.message().to_owned() })
            }
        }
    }

    /// The top of the file.
    pub(super) fn root(&self) -> Section<'_> {
        Section { path: String::new(), table: Some(&self.root), lines: self.lines }
    }
}

/// A table of the file, or one that is not there and so has no keys.
pub(super) struct Section<'a> {
    path: String,
    table: Option<&'a DeTable<'a>>,
    lines: Lines<'a>,
}

type Entry<'a> = (&'a str, Origin, &'a Spanned<DeValue<'a>>);

impl<'a> Section<'a> {
    /// Refuses keys that are not in `known`.
    pub(super) fn allow(&self, known: &[&'static str]) -> Result<(), ConfigError> {
        let unknown = self.entries().find(|(key, ..)| !known.contains(key));
        unknown.map_or(Ok(()), |(key, origin, _)| {
            Err(ConfigError::UnknownKey {
                origin,
                key: key.to_owned(),
                section: self.path.clone(),
                nearest: nearest(key, known.iter().copied())
                    .and_then(|near| known.iter().find(|k| **k == near).copied()),
                known: known.to_vec(),
            })
        })
    }

    /// The table under `key`; an empty one when there is none.
    pub(super) fn section(&self, key: &str) -> Result<Self, ConfigError> {
        let path = self.key_path(key);
        let Some((_, origin, value)) = self.find(key) else {
            return Ok(Self { path, table: None, lines: self.lines });
        };
        match value.get_ref() {
            DeValue::Table(table) => Ok(Self { path, table: Some(table), lines: self.lines }),
            other => Err(wrong(origin, path, "a table", &Raw::Toml(other))),
        }
    }

    /// The tables in this one, by name, each with its place.
    pub(super) fn sections(&self) -> Result<Vec<(&'a str, Origin, Self)>, ConfigError> {
        self.entries().map(|(key, origin, _)| Ok((key, origin, self.section(key)?))).collect()
    }

    /// The value under `key`.
    pub(super) fn get<T: Kind>(&self, key: &str) -> Result<Option<Sourced<T>>, ConfigError> {
        let found = self.find(key);
        found
            .map(|(_, _, value)| {
                from_raw(&Raw::Toml(value.get_ref()), &self.key_path(key), self.lines.origin(value.span()))
            })
            .transpose()
    }

    /// The list of texts under `key`; empty when there is none.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        const EXPECTED: &str = "a list of texts, such as [\"my-agent\", \"--flag\"]";
        let Some((_, origin, value)) = self.find(key) else { return Ok(Vec::new()) };
        let path = self.key_path(key);
        let DeValue::Array(items) = value.get_ref() else {
            return Err(wrong(origin, path, EXPECTED, &Raw::Toml(value.get_ref())));
        };
        let text = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
            DeValue::String(text) => Ok(text.clone().into_owned()),
            other => Err(wrong(self.lines.origin(item.span()), path.clone(), EXPECTED, &Raw::Toml(other))),
        };
        items.iter().map(text).collect()
    }

    /// The table of texts under `key`; empty when there is none.
    pub(super) fn text_map(&self, key: &str) -> Result<BTreeMap<String, String>, ConfigError> {
        let section = self.section(key)?;
        let text = |(key, ..): Entry<'a>| {
            let value = section.get::<String>(key)?;
            Ok(value.map(|value| (key.to_owned(), value.value)))
        };
        section.entries().filter_map(|entry| text(entry).transpose()).collect()
    }

    fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let lines = self.lines;
        let mut entries: Vec<Entry<'a>> = self
            .table
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.get_ref().as_ref(), lines.origin(key.span()), value))
            .collect();
        // In the order of the file, so that the first mistake is reported first.
        entries.sort_by_key(|(_, _, value)| value.span().start);
        entries.into_iter()
    }

    fn find(&self, key: &str) -> Option<Entry<'a>> {
        self.entries().find(|(name, ..)| *name == key)
    }

    fn key_path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

fn wrong(origin: Origin, key: String, expected: &'static str, found: &Raw<'_>) -> ConfigError {
    ConfigError::WrongValue { origin, key, expected, found: found.to_string() }
}
