//! The files that a tool call names.

use serde_json::Value;

/// Fields that name one file, in the words of the agents that are known.
const PATH_FIELDS: [&str; 13] = [
    "absolute_path",
    "dest",
    "destination",
    "filePath",
    "file_path",
    "move_path",
    "newPath",
    "new_path",
    "notebook_path",
    "oldPath",
    "old_path",
    "path",
    "target_file",
];

/// Every file that is named anywhere in the input of a tool call, so that one which is hidden in a list or behind a
/// move counts too. `None` when a field that should name one holds something else.
pub fn named_paths(input: &Value) -> Option<Vec<&str>> {
    let mut paths = Vec::new();
    collect(input, &mut paths).then_some(paths)
}

/// Whether all that is named could be read. Nested no deeper than JSON is allowed to be.
fn collect<'a>(input: &'a Value, paths: &mut Vec<&'a str>) -> bool {
    match input {
        Value::Array(items) => items.iter().all(|item| collect(item, paths)),
        Value::Object(fields) => fields.iter().all(|(name, value)| match value {
            _ if !PATH_FIELDS.contains(&name.as_str()) => collect(value, paths),
            Value::String(path) => {
                paths.push(path);
                true
            }
            other => other.is_null(),
        }),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::one(json!({"file_path": "a"}), Some(vec!["a"]))]
    #[case::a_list(json!({"changes": [{"path": "a"}, {"path": "b"}]}), Some(vec!["a", "b"]))]
    #[case::behind_a_move(json!({"changes": [{"kind": {"move_path": "b", "type": "update"}, "path": "a"}]}), Some(vec!["b", "a"]))]
    #[case::no_move(json!({"changes": [{"kind": {"move_path": null}, "path": "a"}]}), Some(vec!["a"]))]
    #[case::a_diff(json!({"content": [{"path": "b", "type": "diff"}], "locations": [{"path": "a"}]}), Some(vec!["b", "a"]))]
    #[case::none(json!({"command": "ls"}), Some(vec![]))]
    #[case::no_text(json!({"path": 1}), None)]
    #[case::no_text_deep_inside(json!({"a": [{"path": {"x": 1}}]}), None)]
    fn every_named_file_is_found(#[case] input: Value, #[case] expected: Option<Vec<&str>>) {
        assert_eq!(named_paths(&input), expected);
    }
}
