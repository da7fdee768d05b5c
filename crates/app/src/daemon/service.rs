//! The files that let systemd or launchd run the daemon.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::serve::SHUTDOWN_MAX;

/// The unit's name.
const UNIT: &str = "switchboard.service";

/// What launchd calls it.
const LABEL: &str = "rs.switchboard.daemon";

/// What runs programs in the background on this system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// systemd, as a unit of the person.
    Systemd,
    /// launchd, as an agent of the person.
    Launchd,
}

/// What the daemon is run with.
#[derive(Clone, Debug)]
pub(crate) struct Invocation<'a> {
    /// This program.
    pub(crate) program: &'a Path,
    /// The folder with everything, if it is not where it is by default.
    pub(crate) home: Option<&'a Path>,
    /// Where agents' programs are looked for: services are started without a shell's.
    pub(crate) path: &'a OsStr,
}

impl Service {
    /// What this system has.
    pub(crate) const fn of_this_system() -> Self {
        if cfg!(target_os = "macos") { Self::Launchd } else { Self::Systemd }
    }

    /// Where its file goes, below the person's home and configuration folders.
    pub(crate) fn file(self, home: &Path, config: &Path) -> PathBuf {
        match self {
            Self::Systemd => config.join("systemd/user").join(UNIT),
            Self::Launchd => home.join("Library/LaunchAgents").join(format!("{LABEL}.plist")),
        }
    }

    /// What its file says.
    pub(crate) fn text(self, invocation: &Invocation<'_>) -> String {
        match self {
            Self::Systemd => unit(invocation),
            Self::Launchd => property_list(invocation),
        }
    }

    /// What to do once the file is there.
    pub(crate) fn next_steps(self, file: &Path) -> String {
        match self {
            Self::Systemd => format!(
                "start it now and at each login:\n  systemctl --user daemon-reload\n  systemctl --user enable --now {UNIT}\n\
                 at boot, and after you log out, too:\n  loginctl enable-linger"
            ),
            Self::Launchd => {
                format!("start it now and at each login:\n  launchctl bootstrap gui/$(id -u) '{}'", file.display())
            }
        }
    }
}

impl Invocation<'_> {
    fn words(&self) -> Vec<String> {
        let home = self.home.iter().flat_map(|home| ["--home".to_owned(), home.display().to_string()]);
        [self.program.display().to_string(), "serve".to_owned()].into_iter().chain(home).collect()
    }
}

fn unit(invocation: &Invocation<'_>) -> String {
    let command: Vec<String> = invocation.words().iter().map(|word| unit_quoted(&word.replace('$', "$$"))).collect();
    format!(
        "[Unit]\n\
         Description=Switchboard, which runs AI coding agents\n\
         \n\
         [Service]\n\
         ExecStart={}\n\
         ExecReload=/bin/kill -HUP $MAINPID\n\
         Environment={}\n\
         # It ends its agents by itself; whatever is left after that is killed.\n\
         KillMode=mixed\n\
         TimeoutStopSec={}\n\
         Restart=on-failure\n\
         # Another process has the data folder: starting again would not help.\n\
         RestartPreventExitStatus=75\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n",
        command.join(" "),
        unit_quoted(&format!("PATH={}", invocation.path.display())),
        SHUTDOWN_MAX.as_secs() + 5,
    )
}

/// A word of a unit file: quoted, with what systemd would expand everywhere spelled out.
fn unit_quoted(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    format!("\"{escaped}\"")
}

fn property_list(invocation: &Invocation<'_>) -> String {
    let words: Vec<String> =
        invocation.words().iter().map(|word| format!("    <string>{}</string>\n", xml_escaped(word))).collect();
    let words = words.concat();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>{LABEL}</string>
  <key>ProgramArguments</key>
  <array>
{words}  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    <string>{}</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ExitTimeOut</key>
  <integer>{}</integer>
</dict>
</plist>
"#,
        xml_escaped(&invocation.path.display().to_string()),
        SHUTDOWN_MAX.as_secs() + 5,
    )
}

fn xml_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(service: Service) -> String {
        service.text(&Invocation {
            program: Path::new("/opt/my tools/switchboard"),
            home: Some(Path::new("/data/50% & <more>")),
            path: OsStr::new("/ada/bin:/usr/bin"),
        })
    }

    #[test]
    fn the_unit_runs_the_daemon_and_gives_it_time_to_end() {
        insta::assert_snapshot!(text(Service::Systemd), @r#"
        [Unit]
        Description=Switchboard, which runs AI coding agents

        [Service]
        ExecStart="/opt/my tools/switchboard" "serve" "--home" "/data/50%% & <more>"
        ExecReload=/bin/kill -HUP $MAINPID
        Environment="PATH=/ada/bin:/usr/bin"
        # It ends its agents by itself; whatever is left after that is killed.
        KillMode=mixed
        TimeoutStopSec=30
        Restart=on-failure
        # Another process has the data folder: starting again would not help.
        RestartPreventExitStatus=75

        [Install]
        WantedBy=default.target
        "#);
    }

    #[test]
    fn the_property_list_runs_the_daemon_and_gives_it_time_to_end() {
        insta::assert_snapshot!(text(Service::Launchd), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
        <plist version="1.0">
        <dict>
          <key>Label</key>
          <string>rs.switchboard.daemon</string>
          <key>ProgramArguments</key>
          <array>
            <string>/opt/my tools/switchboard</string>
            <string>serve</string>
            <string>--home</string>
            <string>/data/50% &amp; &lt;more&gt;</string>
          </array>
          <key>EnvironmentVariables</key>
          <dict>
            <key>PATH</key>
            <string>/ada/bin:/usr/bin</string>
          </dict>
          <key>RunAtLoad</key>
          <true/>
          <key>KeepAlive</key>
          <dict>
            <key>SuccessfulExit</key>
            <false/>
          </dict>
          <key>ExitTimeOut</key>
          <integer>30</integer>
        </dict>
        </plist>
        "#);
    }

    #[test]
    fn a_default_home_is_not_spelled_out() {
        let invocation =
            Invocation { program: Path::new("/bin/switchboard"), home: None, path: OsStr::new("/usr/bin") };
        let unit = Service::Systemd.text(&invocation);
        assert!(unit.contains("ExecStart=\"/bin/switchboard\" \"serve\"\n"), "{unit}");
    }
}
