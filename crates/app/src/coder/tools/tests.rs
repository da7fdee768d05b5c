//! Each tool on a real folder.

use std::fs;
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::json;
use tempfile::TempDir;

use super::*;

/// Nothing here takes nearly as long, even on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn stage() -> (TempDir, ProjectFolder) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("src")).expect("a folder");
    fs::create_dir_all(folder.path().join("target")).expect("a folder");
    fs::create_dir_all(folder.path().join(".git")).expect("a folder");
    fs::write(folder.path().join(".gitignore"), "target\n").expect("written");
    fs::write(folder.path().join(".git/config"), "fn secret").expect("written");
    fs::write(folder.path().join("target/out.rs"), "fn built() {}").expect("written");
    fs::write(folder.path().join("src/main.rs"), "fn main() {\n    run();\n    run();\n}\n").expect("written");
    let project = ProjectFolder::open(folder.path()).expect("a project");
    (folder, project)
}

async fn run(tool: Tool, input: Value, project: &ProjectFolder) -> Result<String, String> {
    let input = input.as_object().cloned().expect("an object");
    let run = async {
        tool.check(&input, project)?;
        tool.run(input.clone(), project, Some("TOP_SECRET_KEY")).await
    };
    tokio::time::timeout(PATIENCE, run).await.expect("in time").map_err(|error| error.to_string())
}

#[rstest]
#[case::whole(json!({"path": "src/main.rs"}), "fn main() {\n    run();\n    run();\n}\n")]
#[case::part(json!({"path": "src/main.rs", "offset": 2, "limit": 1}), "    run();\n(4 lines in all; go on with offset 3)\n")]
#[tokio::test]
async fn a_file_is_read(#[case] input: Value, #[case] expected: &str) {
    let (_folder, project) = stage();
    assert_eq!(run(Tool::Read, input, &project).await.as_deref(), Ok(expected));
}

#[tokio::test]
async fn what_is_read_is_bounded_and_says_how_to_go_on() {
    let (folder, project) = stage();
    fs::write(folder.path().join("long"), "a line of text\n".repeat(20_000)).expect("written");
    fs::write(folder.path().join("wide"), "x".repeat(1_000_000)).expect("written");
    let long = run(Tool::Read, json!({"path": "long"}), &project).await.expect("read");
    assert!(long.len() < 50_000 && long.contains("20000 lines in all; go on with offset"));
    assert!(run(Tool::Read, json!({"path": "wide"}), &project).await.expect("read").len() < 2_000);
}

#[tokio::test]
async fn a_file_is_written_with_its_folders_and_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, project) = stage();
    let write = |content: &str| json!({"path": "a/b/run.sh", "content": content});
    run(Tool::Write, write("one"), &project).await.expect("created");
    let place = folder.path().join("a/b/run.sh");
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).expect("set");
    assert!(run(Tool::Write, write("two"), &project).await.expect("replaced").starts_with("replaced"));
    assert_eq!(fs::read_to_string(&place).expect("there"), "two");
    assert_eq!(fs::metadata(&place).expect("there").permissions().mode() & 0o777, 0o755);
    assert_eq!(fs::read_dir(folder.path().join("a/b")).expect("there").count(), 1, "no draft is left");
}

#[rstest]
#[case::once(json!({"path": "src/main.rs", "old": "main()", "new": "start()"}), Ok("fn start() {\n    run();\n    run();\n}\n"))]
#[case::everywhere(json!({"path": "src/main.rs", "old": "run", "new": "go", "all": true}), Ok("fn main() {\n    go();\n    go();\n}\n"))]
#[case::twice(json!({"path": "src/main.rs", "old": "run", "new": "go"}), Err("in 2 places"))]
#[case::nowhere(json!({"path": "src/main.rs", "old": "walk", "new": "go"}), Err("is not in"))]
#[case::nothing(json!({"path": "src/main.rs", "old": "", "new": "go"}), Err("is empty"))]
#[case::no_file(json!({"path": "src/other.rs", "old": "a", "new": "b"}), Err("cannot use"))]
#[tokio::test]
async fn a_file_is_edited_where_it_is_clear(#[case] input: Value, #[case] expected: Result<&str, &str>) {
    let (folder, project) = stage();
    let outcome = run(Tool::Edit, input, &project).await;
    let text = fs::read_to_string(folder.path().join("src/main.rs")).expect("there");
    match expected {
        Ok(edited) => assert_eq!((outcome.is_ok(), text.as_str()), (true, edited)),
        Err(reason) => assert!(outcome.expect_err("refused").contains(reason) && text.starts_with("fn main")),
    }
}

#[tokio::test]
async fn what_git_ignores_is_not_listed() {
    let (_folder, project) = stage();
    let listed = run(Tool::List, json!({}), &project).await.expect("listed");
    assert_eq!(listed, ".gitignore\nsrc/\nsrc/main.rs\n");
}

#[rstest]
#[case::lines(json!({"pattern": "run\\(\\)"}), "src/main.rs:2:     run();\nsrc/main.rs:3:     run();\n")]
#[case::not_ignored_nor_git(json!({"pattern": "fn (built|secret)"}), "(nothing found)")]
#[case::by_glob(json!({"pattern": "fn", "glob": "*.py"}), "(nothing found)")]
#[case::in_a_folder(json!({"pattern": "(?i)FN MAIN", "path": "src"}), "src/main.rs:1: fn main() {\n")]
#[case::in_a_file(json!({"pattern": "fn", "path": "src/main.rs"}), "src/main.rs:1: fn main() {\n")]
#[tokio::test]
async fn text_is_found(#[case] input: Value, #[case] expected: &str) {
    let (_folder, project) = stage();
    assert_eq!(run(Tool::Search, input, &project).await.as_deref(), Ok(expected));
}

#[tokio::test]
async fn no_search_leaves_through_a_link() {
    let (folder, project) = stage();
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("secret"), "needle").expect("written");
    std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).expect("a link");
    std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("file")).expect("a link");
    let found = run(Tool::Search, json!({"pattern": "needle"}), &project).await;
    assert_eq!(found.as_deref(), Ok("(nothing found)"));
    let found = run(Tool::Search, json!({"pattern": "needle", "path": "link"}), &project).await;
    assert!(found.expect_err("refused").contains("outside"));
}

#[rstest]
#[case::no_pattern(Tool::Search, json!({}))]
#[case::bad_pattern(Tool::Search, json!({"pattern": "("}))]
#[case::huge_pattern(Tool::Search, json!({"pattern": "((a{100}){100}){100}"}))]
#[case::wrong_kind(Tool::Read, json!({"path": 7}))]
#[case::no_command(Tool::Shell, json!({"command": " "}))]
#[tokio::test]
async fn wrong_input_is_explained(#[case] tool: Tool, #[case] input: Value) {
    let (_folder, project) = stage();
    let error = run(tool, input, &project).await.expect_err("refused");
    assert!(error.starts_with("the input is wrong: "), "{error}");
}

#[rstest]
#[case::shell(json!("echo $((1+1)); echo no >&2; pwd | grep -c ."), Ok("2\nno\n1\n"))]
#[case::words(json!(["echo", "a b", "$HOME"]), Ok("a b $HOME\n"))]
#[case::quiet(json!("true"), Ok("(no output)"))]
#[case::failure(json!("echo so far; exit 3"), Err("so far\n\n(exit status: 3)"))]
#[case::no_program(json!(["there-is-no-such-program"]), Err("cannot run `there-is-no-such-program`"))]
#[case::no_input(json!("cat"), Ok("(no output)"))]
#[tokio::test]
async fn a_command_runs(#[case] command: Value, #[case] expected: Result<&str, &str>) {
    let (_folder, project) = stage();
    let outcome = run(Tool::Shell, json!({"command": command}), &project).await;
    match expected {
        Ok(output) => {
            let mut lines: Vec<&str> = outcome.as_deref().expect("it works").lines().collect();
            let mut expected: Vec<&str> = output.lines().collect();
            // Two pipes have no common order.
            lines.sort_unstable();
            expected.sort_unstable();
            assert_eq!(lines, expected);
        }
        Err(reason) => assert!(outcome.expect_err("it fails").starts_with(reason)),
    }
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_stopped_with_its_children() {
    let (folder, project) = stage();
    let begun = Instant::now();
    let command = "(sleep 300; echo late > late) & echo $! > pid; echo before; sleep 300";
    let error = run(Tool::Shell, json!({"command": command, "timeout_seconds": 1}), &project).await;
    let error = error.expect_err("stopped");
    assert!(error.contains("before") && error.contains("stopped after 1 seconds"), "{error}");
    assert!(begun.elapsed() < PATIENCE);
    is_gone(&folder).await;
}

#[tokio::test]
async fn what_a_command_leaves_behind_is_ended_and_not_waited_for() {
    let (folder, project) = stage();
    let output = run(Tool::Shell, json!({"command": "sleep 300 & echo $! > pid; echo done"}), &project).await;
    assert_eq!(output.as_deref(), Ok("done\n"));
    is_gone(&folder).await;
}

#[tokio::test]
async fn a_command_that_nobody_waits_for_any_more_is_killed() {
    let (folder, project) = stage();
    let input = json!({"command": "echo $$ > draft; mv draft pid; sleep 300"});
    let input = input.as_object().cloned().expect("an object");
    let running = Tool::Shell.run(input, &project, None);
    let begun = async {
        while !folder.path().join("pid").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = running => panic!("it sleeps"),
        begun = tokio::time::timeout(PATIENCE, begun) => begun.expect("in time"),
    }
    is_gone(&folder).await;
}

/// The process whose id is in the file `pid` is no more.
#[track_caller]
fn is_gone(folder: &TempDir) -> impl Future<Output = ()> {
    let pid = fs::read_to_string(folder.path().join("pid")).expect("written").trim().to_owned();
    async move {
        let alive = || {
            let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // A zombie waits for whoever adopted it.
            !state.is_empty() && !state.rsplit(')').next().unwrap_or_default().trim_start().starts_with(['Z', 'X'])
        };
        let gone = async {
            while alive() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.expect("it is gone");
    }
}

#[tokio::test]
async fn a_flood_of_a_command_is_bounded() {
    let (_folder, project) = stage();
    let command = "echo first; yes | head -c 50000000; echo last";
    let output = run(Tool::Shell, json!({"command": command}), &project).await.expect("it works");
    assert!(output.len() < 50_000 && output.starts_with("first") && output.ends_with("last\n"));
}

#[test]
fn every_tool_has_a_name_a_schema_and_a_rule() {
    for tool in Tool::ALL {
        assert_eq!(Tool::named(tool.name()), Some(tool));
        assert_eq!(tool.schema()["type"], "object");
        assert!(tool.description().ends_with('.'));
    }
    let asks: Vec<&str> = Tool::ALL.into_iter().filter(|tool| tool.needs_approval()).map(Tool::name).collect();
    assert_eq!(asks, ["write", "edit", "shell"]);
}
