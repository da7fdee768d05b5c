//! Where files live and what is configured: what nearly everything needs first.

use std::path::Path;

use thiserror::Error;

use crate::config::{Config, ConfigError, Folders, NoHomeError};

/// Where files live and what is configured.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Where files live.
    pub(crate) folders: Folders,
    /// What is configured.
    pub(crate) config: Config,
    /// Whether to work in this process, also where a daemon runs or could be started.
    pub(crate) no_daemon: bool,
}

/// Why there is no setup.
#[derive(Debug, Error)]
pub(crate) enum SetupError {
    /// Nobody knows where files live.
    #[error(transparent)]
    NoHome(#[from] NoHomeError),
    /// What is configured makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Setup {
    /// Finds the folders, all in `home` if given, and reads the configuration in them and in the environment.
    ///
    /// # Errors
    /// When there are no folders, or the configuration makes no sense.
    pub(crate) fn load(home: Option<&Path>) -> Result<Self, SetupError> {
        Self::read(Folders::find(home)?)
    }

    /// Reads the configuration in the same folders, as it is now.
    ///
    /// # Errors
    /// When it makes no sense.
    pub(crate) fn read_again(&self) -> Result<Self, SetupError> {
        Self::read(self.folders.clone())
    }

    fn read(folders: Folders) -> Result<Self, SetupError> {
        let config = Config::load(&folders.config_file(), &|name| std::env::var(name).ok())?;
        Ok(Self { folders, config, no_daemon: false })
    }
}
