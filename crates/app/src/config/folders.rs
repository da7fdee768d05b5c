//! Where files live.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use thiserror::Error;

/// The name of our folder in each of the XDG folders.
const NAME: &str = "switchboard";

/// Nobody knows where the person's files are.
#[derive(Debug, Error)]
#[error("cannot find your home folder: {cause}")]
pub(crate) struct NoHomeError {
    #[source]
    cause: etcetera::HomeDirError,
}

/// Where files live. None of the folders need exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folders {
    home: Option<PathBuf>,
    config: PathBuf,
    data: PathBuf,
}

impl Folders {
    /// Everything in `home`, if given; otherwise in the XDG folders, on every Unix.
    ///
    /// # Errors
    /// When no home is given and the person has none.
    pub(crate) fn find(home: Option<&Path>) -> Result<Self, NoHomeError> {
        if let Some(home) = home {
            // Where this program stands may change; where its files are may not. Only an empty path is refused,
            // and then nothing can be done with it anyway.
            let home = std::path::absolute(home).unwrap_or_else(|_| home.to_owned());
            return Ok(Self { config: home.clone(), data: home.clone(), home: Some(home) });
        }
        let xdg = etcetera::choose_base_strategy().map_err(|cause| NoHomeError { cause })?;
        Ok(Self { home: None, config: xdg.config_dir().join(NAME), data: xdg.data_dir().join(NAME) })
    }

    /// The folder that everything was asked to be in, if one was.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The configuration file.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The folder with everything that must not be lost.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_moves_everything() {
        let folders = Folders::find(Some(Path::new("/h"))).expect("given");
        assert_eq!(folders.config_file(), Path::new("/h/config.toml"));
        assert_eq!((folders.data(), folders.home()), (Path::new("/h"), Some(Path::new("/h"))));
        assert!(Folders::find(Some(Path::new("h"))).expect("given").data().is_absolute());
    }
}
