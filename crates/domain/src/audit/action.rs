//! The closed sets of the trail: what can be done, by whom, and to what.
//!
//! A word that was ever written stays here for good: trails of earlier releases must keep reading.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$each])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As stored and printed.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Reads what [`Self::as_str`] printed.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// What kind of actor.
    ActorKind {
        /// Whoever holds the administrator's token, or works on the server's own machine.
        Operator = "operator",
        /// Somebody with an account here.
        User = "user",
        /// The configuration file, as applied at a start.
        Config = "config",
        /// The program itself.
        System = "system",
        /// A virtual key, at work in the data plane.
        Key = "key",
        /// Somebody who was not signed in, such as one who failed to.
        Anonymous = "anonymous",
    }
}

words! {
    /// What kind of thing an action is about.
    SubjectKind {
        /// A virtual key.
        Key = "key",
        /// A provider's credential.
        Credential = "credential",
        /// A provider.
        Provider = "provider",
        /// The routes.
        Routes = "routes",
        /// The imported prices.
        Prices = "prices",
        /// A person or a service.
        User = "user",
        /// An organization.
        Org = "org",
        /// Somebody's place in an organization.
        Member = "member",
        /// A personal token of the control plane.
        Token = "token",
        /// Being signed in.
        Session = "session",
        /// A device that asks to be let in.
        Device = "device",
        /// A named agent.
        Agent = "agent",
        /// A call, as far as what it said goes.
        Call = "call",
        /// A conversation, likewise.
        Conversation = "conversation",
        /// The keys that seal stored secrets.
        Vault = "vault",
        /// The database as a whole.
        Database = "database",
    }
}

words! {
    /// What was done.
    Action {
        /// A virtual key was made.
        KeyCreate = "key.create",
        /// A virtual key was changed.
        KeyChange = "key.change",
        /// A virtual key got a new secret.
        KeyRotate = "key.rotate",
        /// A scoped key was given more time.
        KeyRenew = "key.renew",
        /// A virtual key was ended for good.
        KeyRevoke = "key.revoke",
        /// A credential was stored or replaced.
        CredentialPut = "credential.put",
        /// A credential was switched on or off, or otherwise changed but for its secret.
        CredentialChange = "credential.change",
        /// A credential was forgotten.
        CredentialDelete = "credential.delete",
        /// Calls drew on a credential of the platform.
        CredentialUse = "credential.use",
        /// Somebody signed in with an account, or imported its login.
        AccountPut = "account.put",
        /// An account was refreshed, rests, or no longer works.
        AccountChange = "account.change",
        /// A provider was added or replaced.
        ProviderPut = "provider.put",
        /// A provider was forgotten.
        ProviderDelete = "provider.delete",
        /// The routes were replaced.
        RoutesReplace = "routes.replace",
        /// Prices were set or imported.
        PricesPut = "prices.put",
        /// An imported price was taken back.
        PricesDelete = "prices.delete",
        /// A user was added.
        UserCreate = "user.create",
        /// A user was changed.
        UserChange = "user.change",
        /// A user was switched off, and everything of theirs with them.
        UserDisable = "user.disable",
        /// A user was tied to a name at an identity provider.
        UserLink = "user.link",
        /// A password was set.
        UserPassword = "user.password",
        /// An organization was added.
        OrgCreate = "org.create",
        /// An organization was changed.
        OrgChange = "org.change",
        /// An organization was switched off, and everything of it with it.
        OrgDisable = "org.disable",
        /// Somebody joined an organization, or got another role there.
        MemberPut = "member.put",
        /// Somebody left an organization.
        MemberRemove = "member.remove",
        /// Somebody was to leave an organization, or to be less there, and is its last owner.
        MemberKeep = "member.keep",
        /// What a user, an organization or a key may use or spend was changed.
        LimitsChange = "limits.change",
        /// A personal token was made.
        TokenCreate = "token.create",
        /// A personal token was ended.
        TokenRevoke = "token.revoke",
        /// Somebody signed in.
        SessionOpen = "session.open",
        /// Somebody signed out, or was.
        SessionClose = "session.close",
        /// Somebody failed to sign in.
        SessionRefuse = "session.refuse",
        /// Somebody let a device in.
        DeviceApprove = "device.approve",
        /// Somebody turned a device away.
        DeviceDeny = "device.deny",
        /// An agent got a key of its own.
        AgentBootstrap = "agent.bootstrap",
        /// What a call said was read.
        CaptureRead = "capture.read",
        /// What a call said was forgotten on somebody's word.
        CaptureDelete = "capture.delete",
        /// The tables of the configuration file were applied.
        ConfigApply = "config.apply",
        /// The vault got its first keys.
        VaultInit = "vault.init",
        /// The vault's keys were wrapped or its secrets sealed anew.
        VaultRotate = "vault.rotate",
        /// A backup was put in the place of the database.
        DatabaseRestore = "database.restore",
    }
}
