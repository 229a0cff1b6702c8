//! What tests make the authorities do, and what they ask them.

use std::time::Duration;

use super::{Authority, Tokens, Vendor, denial::Denial, device::Standing, state::State};

/// Time.
impl Authority {
    /// Seconds since 1970, as the authorities believe.
    pub fn now(&self) -> u64 {
        self.lock().now
    }

    pub fn set_now(&self, seconds: u64) {
        self.lock().now = seconds;
    }

    pub fn advance(&self, by: Duration) {
        self.lock().now += by.as_secs();
    }

    /// How long access tokens live that are issued from now on.
    pub fn set_lifetime(&self, life: Duration) {
        self.lock().lifetime = life.as_secs();
    }
}

/// Copilot.
impl Authority {
    /// How long short tokens live that are issued from now on.
    pub fn set_short_lifetime(&self, life: Duration) {
        self.lock().short_lifetime = life.as_secs();
    }

    /// Whether calls are refused that do not say which editor they come from, as at the vendor.
    pub fn set_editor_required(&self, on: bool) {
        self.lock().editor_required = on;
    }
}

/// Signing in.
impl Authority {
    /// Codes that wait for somebody to type them, oldest first.
    pub fn user_codes(&self) -> Vec<String> {
        let state = self.lock();
        let devices = state.devices.iter();
        devices
            .filter(|device| device.standing == Standing::Pending)
            .map(|device| device.user_code.clone())
            .collect()
    }

    /// Waits for a code that somebody must type; returns the oldest.
    pub async fn wait_for_user_code(&self) -> String {
        let mut changed = self.changed.subscribe();
        loop {
            if let Some(code) = self.user_codes().into_iter().next() {
                return code;
            }
            // The sender lives in `self`.
            let _ = changed.changed().await;
        }
    }

    /// Types a code and agrees, as this account. `false` for a code that is not waited for.
    pub fn approve(&self, user_code: &str, account: &str) -> bool {
        self.lock().account(account);
        self.settle(user_code, Standing::Approved(account.to_owned()))
    }

    /// Types a code and refuses.
    pub fn deny(&self, user_code: &str) -> bool {
        self.settle(user_code, Standing::Denied)
    }

    /// Ends a code before its time.
    pub fn expire_code(&self, user_code: &str) -> bool {
        self.settle(user_code, Standing::Expired)
    }

    fn settle(&self, user_code: &str, standing: Standing) -> bool {
        let mut state = self.lock();
        let mut devices = state.devices.iter_mut();
        let device = devices.find(|device| device.user_code == user_code);
        let Some(device) = device.filter(|it| it.standing == Standing::Pending) else {
            return false;
        };
        device.standing = standing;
        true
    }

    /// Tokens of a sign-in that needs no code: for tests that bring or import them.
    pub fn sign_in(&self, vendor: Vendor, account: &str, client: &str) -> Tokens {
        let scope = match vendor {
            Vendor::OpenAi => "openid profile email offline_access",
            Vendor::GitHub | Vendor::Copilot => "read:user",
            Vendor::Microsoft => {
                "offline_access openid Sites.Read.All Mail.Read People.Read.All \
                 OnlineMeetingTranscript.Read.All Chat.Read ChannelMessage.Read.All \
                 ExternalItem.Read.All"
            }
        };
        let vendor = match vendor {
            // Its tokens are exchanged for GitHub's.
            Vendor::Copilot => Vendor::GitHub,
            other => other,
        };
        self.lock().sign_in(vendor, account, client, scope).1
    }

    /// Who sits before the browser at `/oauth/authorize` (`browser` unless set); nobody refuses.
    pub fn set_browser(&self, account: Option<&str>) {
        self.lock().browser = account.map(str::to_owned);
    }

    /// Calls the user code `usercode`, as some versions of OpenAI's authority did.
    pub fn set_usercode_alias(&self, on: bool) {
        self.lock().usercode_alias = on;
    }

    /// What OpenAI's authority answers while nobody has typed the code: 403 unless set, or 404.
    pub fn set_pending_status(&self, status: u16) {
        self.lock().pending_status = status;
    }
}

/// Accounts and their tokens.
impl Authority {
    /// The account's id at its provider.
    pub fn account_id(&self, account: &str) -> String {
        self.lock().account(account).id.clone()
    }

    pub fn set_plan(&self, account: &str, plan: &str) {
        plan.clone_into(&mut self.lock().account(account).plan);
    }

    /// Ends every family of the account, as its holder can: all its tokens are refused from now on.
    pub fn revoke(&self, account: &str) {
        let state = &mut *self.lock();
        let families = state.families.iter_mut();
        for family in families.filter(|family| family.account == account) {
            family.ended.get_or_insert(Denial::Revoked);
        }
    }

    /// Closes an account: its refreshes are turned down as `account_deactivated`.
    pub fn close(&self, account: &str) {
        self.lock().account(account).closed = true;
    }

    /// Takes an account's licence for Microsoft 365 Copilot away, or gives it back.
    pub fn set_licensed(&self, account: &str, on: bool) {
        self.lock().account(account).licensed = on;
    }

    /// Ends the account's access tokens before their time.
    pub fn expire_access(&self, account: &str) {
        let state = &mut *self.lock();
        let State {
            access, families, ..
        } = state;
        for token in access.values_mut() {
            token.expired |= families[token.family].account == account;
        }
    }

    /// Ends the account's refresh tokens before their time.
    pub fn expire_refresh(&self, account: &str) {
        let state = &mut *self.lock();
        let State {
            refresh, families, ..
        } = state;
        for token in refresh.values_mut() {
            token.expired |= families[token.family].account == account;
        }
    }
}
