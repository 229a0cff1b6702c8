//! New tokens of a family.

use super::{
    jwt::{self, Auth, Claims, Profile},
    state::{State, Vendor},
    tokens::{Access, Family, Holder, Refresh, Tokens},
};

impl State {
    pub(super) fn issue(&mut self, family: usize) -> Tokens {
        let Family {
            account,
            vendor,
            client,
            scope,
            ..
        } = &self.families[family];
        let (name, vendor) = (account.clone(), *vendor);
        let (client, scope) = (client.clone(), scope.clone());
        let life = (vendor != Vendor::GitHub).then_some(self.lifetime);
        // What is not asked for is not given.
        let has = |wanted| scope.split_whitespace().any(|scope| scope == wanted);
        let access_token = match vendor {
            Vendor::GitHub | Vendor::Copilot => self.id("gho_"),
            Vendor::OpenAi | Vendor::Microsoft => self.token(vendor, &name, &client, &scope),
        };
        let access = Access {
            family,
            vendor,
            expires_at: life.map(|life| self.now + life),
            expired: false,
        };
        self.access.insert(access_token.clone(), access);
        let mut refresh_token = String::new();
        if vendor != Vendor::GitHub && has("offline_access") {
            refresh_token = self.id("rt_");
            let refresh = Refresh {
                family,
                used: false,
                expired: false,
            };
            self.refresh.insert(refresh_token.clone(), refresh);
        }
        let mut id_token = String::new();
        if vendor != Vendor::GitHub && has("openid") {
            id_token = self.token(vendor, &name, &client, "openid");
        }
        let token_type = if vendor == Vendor::GitHub {
            "bearer"
        } else {
            "Bearer"
        };
        Tokens {
            access_token,
            refresh_token,
            id_token,
            token_type,
            expires_in: life,
            scope,
        }
    }

    /// A short token of the same family, and its end.
    pub(crate) fn shorten(&mut self, holder: &Holder, sku: &str) -> (String, u64) {
        let expires_at = self.now + self.short_lifetime;
        let id = self.id("");
        let token = format!("tid={id};exp={expires_at};sku={sku};chat=1:{id}");
        let access = Access {
            family: holder.family,
            vendor: Vendor::Copilot,
            expires_at: Some(expires_at),
            expired: false,
        };
        self.access.insert(token.clone(), access);
        self.count(&holder.account).exchanges += 1;
        (token, expires_at)
    }

    fn token(&mut self, vendor: Vendor, name: &str, client: &str, scope: &str) -> String {
        let jti = self.id("jti-");
        let (iat, exp) = (self.now, self.now + self.lifetime);
        let openai = vendor == Vendor::OpenAi;
        let account = &*self.account(name);
        jwt::written(&Claims {
            iss: if openai {
                "https://auth.openai.com"
            } else {
                "https://login.microsoftonline.com/sim/v2.0"
            },
            aud: client,
            sub: format!("sim|{name}"),
            jti: &jti,
            iat,
            exp,
            email: &account.email,
            scp: scope.split_whitespace().collect(),
            auth: openai.then(|| Auth::of(account)),
            profile: openai.then(|| Profile::of(account)),
        })
    }
}
