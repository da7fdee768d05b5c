//! What rules cover, and above all what they do not.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::RequestId;

const PROJECT: &str = "/project";

fn request(tool: &str, input: Value) -> ApprovalRequest {
    ApprovalRequest { request_id: RequestId::new("1"), tool_name: tool.into(), input, suggestions: None }
}

#[track_caller]
fn check(rule: &Rule, request: &ApprovalRequest, allowed: bool) {
    assert_eq!(rule.allows(request, Path::new(PROJECT)), allowed, "{rule} and {}", request.input);
}

#[rstest]
#[case::the_same_words("Bash(cargo test)", "cargo test", true)]
#[case::more_words("Bash(cargo test*)", "cargo test -p store", true)]
#[case::no_wildcard("Bash(cargo test)", "cargo test -p store", false)]
#[case::in_the_middle("Bash(git * --stat)", "git diff HEAD --stat", true)]
#[case::two_of_them("Bash(* | wc *)", "ls | wc -l", true)]
#[case::a_second_command("Bash(cargo test*)", "cargo test; rm -rf ~", false)]
#[case::a_background_command("Bash(cargo test*)", "cargo test & rm -rf ~", false)]
#[case::and_another("Bash(cargo test*)", "cargo test && rm -rf ~", false)]
#[case::or_another("Bash(cargo test*)", "cargo test || rm -rf ~", false)]
#[case::a_pipe("Bash(cargo test*)", "cargo test | sh", false)]
#[case::a_substitution("Bash(echo *)", "echo $(rm -rf ~)", false)]
#[case::a_substitution_in_quotes("Bash(echo *)", "echo \"$(rm -rf ~)\"", false)]
#[case::backticks("Bash(echo *)", "echo `rm -rf ~`", false)]
#[case::a_variable("Bash(echo *)", "echo $AWS_SECRET", false)]
#[case::a_process("Bash(cat *)", "cat <(rm -rf ~)", false)]
#[case::a_redirection("Bash(echo *)", "echo x > ~/.bashrc", false)]
#[case::an_input("Bash(mail me *)", "mail me < ~/.ssh/id_rsa", false)]
#[case::a_group("Bash(echo *)", "echo {a,b}", false)]
#[case::a_second_line("Bash(cargo test*)", "cargo test\nrm -rf ~", false)]
#[case::a_return("Bash(cargo test*)", "cargo test\rrm -rf ~", false)]
#[case::a_line_that_goes_on("Bash(cargo test*)", "cargo test \\\n; rm", false)]
#[case::an_escape("Bash(cargo test*)", "cargo test \u{1b}[8m", false)]
#[case::upwards("Bash(cat src/*)", "cat src/../../.ssh/id_rsa", false)]
#[case::another_start("Bash(cargo*)", "sudo cargo", false)]
#[case::a_variable_before("Bash(cargo test*)", "LD_PRELOAD=x cargo test", false)]
#[case::a_blank_before("Bash(cargo test*)", " cargo test", false)]
fn a_rule_covers_what_it_says_and_no_more(#[case] rule: Rule, #[case] command: &str, #[case] allowed: bool) {
    check(&rule, &request("Bash", json!({ "command": command })), allowed);
    // However it is wrapped, and by whatever agent.
    let wrapped = shell::join(&["/bin/bash", "-lc", command]);
    check(&rule, &request("shell", json!({ "command": wrapped, "cwd": PROJECT })), allowed);
    check(&rule, &request("execute", json!({ "command": ["bash", "-c", command] })), allowed);
}

#[rstest]
#[case::more_behind_the_shell("/bin/bash -lc 'cargo test'; rm -rf ~")]
#[case::more_in_the_shell("/bin/bash -lc 'cargo test; rm -rf ~'")]
#[case::more_before_the_shell("rm -rf ~; /bin/bash -lc 'cargo test'")]
#[case::arguments_for_the_script("/bin/bash -lc 'cargo test' x y")]
#[case::a_shell_of_the_project("./bash -lc 'cargo test'")]
#[case::a_shell_in_the_shell("bash -lc \"bash -lc 'cargo test'\"")]
#[case::a_script_that_is_made("bash -lc \"$(echo cargo test)\"")]
fn what_only_looks_wrapped_is_asked_about(#[case] command: &str) {
    let rule = "Bash(cargo test*)".parse().expect("a rule");
    check(&rule, &request("shell", json!({ "command": command })), false);
}

#[rstest]
#[case::another_tool("Read", request("Write", json!({})), false)]
#[case::the_tool_alone("Read", request("Read", json!({"anything": 1})), true)]
#[case::the_same_kind_of_tool("Bash", request("shell", json!({"command": "ls"})), true)]
#[case::a_path("Edit(src/*)", request("Edit", json!({"file_path": "src/main.rs"})), true)]
#[case::a_path_from_the_root("Edit(src/*)", request("Edit", json!({"file_path": "/project/src/main.rs"})), true)]
#[case::a_path_elsewhere("Edit(src/*)", request("Edit", json!({"file_path": "/other/src/main.rs"})), false)]
#[case::a_path_that_leaves("Edit(*)", request("Edit", json!({"file_path": "/project/../etc/passwd"})), false)]
#[case::several("Edit(src/*)", request("edit", json!({"changes": [{"path": "src/a"}, {"path": "src/b"}]})), true)]
#[case::one_of_several("Edit(src/*)", request("edit", json!({"changes": [{"path": "src/a"}, {"path": "b"}]})), false)]
#[case::moved_away("Edit(src/*)", request("edit", json!({"changes": [{"path": "src/a", "kind": {"move_path": "/etc/a"}}]})), false)]
#[case::a_list_of_words("shell(ls *)", request("shell", json!({"command": ["ls", "-l"]})), true)]
#[case::a_list_with_a_program_of_two_words("shell(ls -l*)", request("shell", json!({"command": ["ls -l", "x"]})), false)]
#[case::an_address("WebFetch(https://docs.rs/*)", request("WebFetch", json!({"url": "https://docs.rs/x"})), true)]
#[case::nothing_to_match("Bash(ls*)", request("Bash", json!({"script": "ls"})), false)]
#[case::only_described("Bash(ls*)", request("execute", json!({"title": "ls"})), false)]
#[case::in_the_project("Bash(ls*)", request("shell", json!({"command": "ls", "cwd": "/project/src"})), true)]
#[case::in_another_folder("Bash(ls*)", request("shell", json!({"command": "ls", "cwd": "/etc"})), false)]
#[case::in_a_folder_above("Bash(ls*)", request("shell", json!({"command": "ls", "workdir": ".."})), false)]
fn tools_and_subjects_are_matched(#[case] rule: Rule, #[case] request: ApprovalRequest, #[case] allowed: bool) {
    check(&rule, &request, allowed);
}

#[rstest]
#[case::nothing("", RuleError::NoTool)]
#[case::no_tool("(ls)", RuleError::NoTool)]
#[case::unclosed("Bash(ls", RuleError::Unclosed)]
#[case::empty_pattern("Bash()", RuleError::EmptyPattern)]
fn what_is_no_rule_says_why(#[case] text: &str, #[case] error: RuleError) {
    assert_eq!(text.parse::<Rule>(), Err(error));
}

#[rstest]
#[case::a_command(request("Bash", json!({"command": "cargo test -p store"})), &["Bash(cargo test -p store)", "Bash(cargo test*)"])]
#[case::wrapped(request("shell", json!({"command": "/bin/bash -lc 'git status'"})), &["shell(git status)", "shell(git status*)"])]
#[case::a_script_of_a_package(request("Bash", json!({"command": "npm run build --all"})), &["Bash(npm run build --all)", "Bash(npm run build*)"])]
#[case::a_program_for_anything(request("Bash", json!({"command": "python x.py"})), &["Bash(python x.py)"])]
#[case::an_option_first(request("Bash", json!({"command": "git -c a=b status"})), &["Bash(git -c a=b status)"])]
#[case::a_chain(request("Bash", json!({"command": "cargo test; ls"})), &["Bash(cargo test; ls)"])]
#[case::a_wildcard_of_its_own(request("Bash", json!({"command": "ls *"})), &[])]
#[case::two_lines(request("Bash", json!({"command": "a\nb"})), &[])]
#[case::a_file(request("Edit", json!({"file_path": "/project/src/a.rs"})), &["Edit(src/a.rs)", "Edit(src/*)"])]
#[case::a_file_elsewhere(request("Edit", json!({"file_path": "/etc/hosts"})), &["Edit(/etc/hosts)"])]
#[case::a_tool_of_its_own(request("mcp__db__query", json!({"sql": "x"})), &["mcp__db__query"])]
#[case::a_command_in_words(request("execute", json!({"title": "ls"})), &[])]
#[case::a_name_that_is_no_rule(request("a(b", json!({})), &[])]
fn the_narrowest_rules_are_offered(#[case] request: ApprovalRequest, #[case] expected: &[&str]) {
    let offers: Vec<String> = Rule::offers(&request, Path::new(PROJECT)).iter().map(Rule::to_string).collect();
    assert_eq!(offers, expected);
}

/// Ways to make a shell do more than the command before says.
const CHAINS: [&str; 14] =
    ["; ", " ;", " & ", " && ", " || ", " | ", "\n", "\r\n", " $(", " `", " > ", " < ", " <(", "\\\n;"];

proptest! {
    #[test]
    fn a_rule_is_read_back_as_it_was_written(tool in "[A-Za-z_.]{1,12}", pattern in "[!-~]([ -~]{0,20}[!-~])?") {
        let rule = Rule { tool, pattern: Some(pattern) };
        prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
    }

    #[test]
    fn no_wildcard_ever_covers_shell_syntax(head in "[a-z ]{0,8}", tail in "[ -~\n]{0,12}") {
        let rule: Rule = format!("Bash({head}x*)").parse().expect("a rule");
        let command = format!("{head}x{tail}");
        if rule.allows(&request("Bash", json!({ "command": command })), Path::new(PROJECT)) {
            prop_assert!(!tail.contains(SHELL_CHARACTERS));
        }
    }

    #[test]
    fn no_chain_is_let_through_by_the_rule_of_its_beginning(
        words in "[a-z]{1,6}( -?[a-z]{1,6}){0,3}",
        chain in prop::sample::select(CHAINS.to_vec()),
        more in "[ -~]{0,12}",
        quote in prop::sample::select(vec!["", "'", "\""]),
        wrapper in prop::sample::select(vec!["", "/bin/bash", "sh", "./sh"]),
    ) {
        let rule: Rule = format!("Bash({words}*)").parse().expect("a rule");
        let command = format!("{words}{quote}{chain}{more}{quote}");
        let forms = [json!(command), json!([wrapper, "-lc", command]), json!(shell::join(&[wrapper, "-lc", &command]))];
        for form in forms {
            prop_assert!(!rule.allows(&request("shell", json!({ "command": form })), Path::new(PROJECT)), "{}", form);
        }
    }

    #[test]
    fn whatever_is_offered_allows_the_call_and_can_be_written(
        tool in "[A-Za-z_()]{1,8}",
        field in prop::sample::select(vec!["command", "file_path", "url", "other"]),
        value in "[ -~]{0,30}",
    ) {
        let request = request(&tool, json!({ field: value }));
        for rule in Rule::offers(&request, Path::new(PROJECT)) {
            prop_assert!(rule.allows(&request, Path::new(PROJECT)));
            prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
        }
    }
}
