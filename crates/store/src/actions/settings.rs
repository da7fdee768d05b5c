//! Settings, and what concerns the app as a whole.

use serde_json::Value;
use switchboard_domain::{Change, RateLimit, SessionId};

use crate::receipt::Receipt;
use crate::store::{Refused, Store};

impl Store {
    /// Sets a setting, or removes it with `None`.
    ///
    /// # Errors
    /// [`Refused::NameEmpty`].
    pub fn set_setting(&self, key: &str, value: Option<Value>) -> Result<Receipt<()>, Refused> {
        self.act(None, |core| {
            if key.is_empty() {
                return Err(Refused::NameEmpty);
            }
            core.push(Change::SettingChanged { key: key.to_owned(), value });
            Ok(())
        })
    }

    /// Sets the app's error that belongs to no session, or dismisses it. In memory only.
    pub fn set_error(&self, error: Option<String>) {
        self.shared.with_core(|core| core.push(Change::ErrorSet { error }));
    }

    /// Chooses the session that is looked at. In memory only.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn set_active_session(&self, session_id: Option<SessionId>) -> Result<(), Refused> {
        self.shared.with_core(|core| {
            if session_id.is_some_and(|id| core.state().session(id).is_none()) {
                return Err(Refused::SessionNotFound);
            }
            core.push(Change::ActiveSessionSet { session_id });
            Ok(())
        })
    }

    /// What an agent says about its account's limits. In memory only: it is old news after a restart.
    pub fn report_rate_limit(&self, agent: &str, limit: RateLimit) {
        self.shared.with_core(|core| core.push(Change::RateLimitReported { agent: agent.to_owned(), limit }));
    }
}
