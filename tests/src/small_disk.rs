//! A real disk that is really full: a small tmpfs that only the program under test sees.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Home, Running, eventually};

/// Room for a database and some minutes of talk; little to fill.
const DISK_BYTES: usize = 16 << 20;
/// Written at a time to fill it; the last piece may fit in part.
const BALLAST_BYTES: usize = 64 << 10;

/// Mounts the disk, puts the configuration on it, runs the program, and copies what is there at the end.
const SCRIPT: &str = r#"
home=$1 config=$2 copy=$3 size=$4; shift 4
mount -t tmpfs -o "size=$size,mode=0700" tmpfs "$home" && cp "$config" "$home/config.toml" || exit 99
"$@"
code=$?
cp -a "$home/." "$copy/"
exit $code
"#;

/// A home whose data folder is on a small disk of its own.
pub struct SmallDisk {
    home: Home,
    copy: PathBuf,
}

impl SmallDisk {
    /// A home with rogues on a small disk; `None` where the system lets nobody mount one.
    ///
    /// # Panics
    /// When there is no room for temporary files.
    pub fn new() -> Option<Self> {
        let mut probe = Command::new("unshare");
        probe.args(["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
        if !probe.output().is_ok_and(|output| output.status.success()) {
            return None;
        }
        let home = Home::new();
        home.configure_rogues(&[]);
        let copy = home.scratch("copy");
        fs::create_dir(&copy).expect("an empty folder");
        fs::rename(home.path().join("config.toml"), home.scratch("config.toml")).expect("the same disk");
        Some(Self { home, copy })
    }

    /// Starts `switchboard ARGS` there.
    pub fn start(&self, args: &[&str]) -> Running {
        let inner = self.home.command(args);
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh"]).arg(self.home.path());
        command.arg(self.home.scratch("config.toml")).arg(&self.copy).arg(DISK_BYTES.to_string());
        command.arg(inner.get_program()).args(inner.get_args()).current_dir(self.home.project()).env_clear();
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Running::start(&mut command)
    }

    /// The process of the program itself, below the shell that mounted the disk.
    ///
    /// # Panics
    /// When it does not appear.
    pub fn program_of(running: &Running) -> u32 {
        let children = format!("/proc/{0}/task/{0}/children", running.pid());
        eventually("the program", || {
            let pid = fs::read_to_string(&children).ok()?.split_whitespace().next()?.parse().ok()?;
            let name = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
            (name == crate::program::switchboard()).then_some(pid)
        })
    }

    /// Fills the disk to its last byte.
    ///
    /// # Panics
    /// When it cannot be written to for another reason than being full.
    pub fn fill(&self, program: u32) {
        let mut ballast = OpenOptions::new().create(true).append(true).open(self.ballast(program)).expect("a new file");
        let piece = vec![0; BALLAST_BYTES];
        loop {
            match ballast.write_all(&piece) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("the disk is not full, but: {error}"),
            }
        }
    }

    /// Makes room again.
    ///
    /// # Panics
    /// When it was not filled.
    pub fn empty(&self, program: u32) {
        fs::remove_file(self.ballast(program)).expect("it was filled");
    }

    /// What was on the disk when the program ended.
    pub fn copy(&self) -> &Path {
        &self.copy
    }

    /// As seen through the eyes of the program.
    fn ballast(&self, program: u32) -> PathBuf {
        let inside = self.home.path().join("ballast");
        Path::new(&format!("/proc/{program}/root")).join(inside.strip_prefix("/").unwrap_or(&inside))
    }
}
