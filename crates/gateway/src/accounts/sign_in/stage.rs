//! What an attempt is gone on with: sealed between two steps, so that any replica can take the next.

use serde::{Deserialize, Serialize};
use tollhouse_domain::id::SignInId;
use tollhouse_vault::{Context, Sealed, Secret, Vault};
use zeroize::Zeroize;

/// Where an attempt is. It is written down before anybody goes on from there: a code or a login works once.
#[derive(Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Somebody is to type a code; the authority knows the attempt by `handle`.
    Typing {
        /// A secret.
        handle: String,
        /// What is typed.
        user_code: String,
    },
    /// A browser is at the authority.
    Away {
        /// What it has to bring back.
        state: String,
        /// What proves that the code is ours.
        verifier: String,
    },
    /// There is a code that tokens are got with.
    Redeem {
        /// The code.
        code: String,
        /// What proves that it is ours.
        verifier: String,
        /// Where it was sent to.
        redirect: String,
    },
    /// There is a login that is exchanged for what calls are made with.
    Exchange {
        /// The login.
        login: String,
    },
}

/// Where what an attempt is gone on with is sealed for.
const fn place(id: SignInId) -> Context<'static> {
    Context {
        table: "account_sign_ins",
        row: id.0,
        column: "sealed",
    }
}

impl Stage {
    /// As it is stored.
    pub(crate) fn seal(&self, vault: &Vault, id: SignInId) -> Vec<u8> {
        // Strings alone: there is nothing in it that has no JSON form.
        let text = Secret::new(serde_json::to_string(self).unwrap_or_default());
        vault.seal(&text, &place(id)).into_bytes()
    }

    /// Reads what [`Stage::seal`] made; `None` for what does not open or does not read.
    pub(crate) fn open(vault: &Vault, id: SignInId, sealed: &[u8]) -> Option<Self> {
        let sealed = Sealed::from_bytes(sealed.to_vec()).ok()?;
        let text = vault.open_secret(&sealed, &place(id)).ok()?;
        serde_json::from_str(text.expose()).ok()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        match self {
            Self::Typing { handle, user_code } => {
                handle.zeroize();
                user_code.zeroize();
            }
            Self::Away { state, verifier } => {
                state.zeroize();
                verifier.zeroize();
            }
            Self::Redeem { code, verifier, .. } => {
                code.zeroize();
                verifier.zeroize();
            }
            Self::Exchange { login } => login.zeroize(),
        }
    }
}
