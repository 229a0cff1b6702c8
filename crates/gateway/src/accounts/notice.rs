//! What whoever signs in with an account, or brings one, has to know first. Said in answers of the control
//! plane, so that every client says the same.

use tollhouse_domain::account::sign_in::Way;
use tollhouse_domain::credential::Owner;

/// Whose a subscription is.
const TERMS: &str = "This is a login of your own subscription. It serves your own keys and nobody else's. The \
    vendor does not document this flow for programs like this one and may end it, and its terms bind the \
    subscription to the person who holds it: read them first.";
/// The same of an organization's.
pub(crate) const ORGANIZATION: &str = "Vendors bind a subscription to the person who bought it, and most forbid \
    to share it. This account will serve the keys of the whole organization: make sure that its terms allow \
    that.";
/// What codes are abused for.
const PHISHING: &str = "Type the code only if you began this sign-in yourself, just now, and only at the address \
    shown here. Whoever gets you to type a code of theirs is signed in as you. Tell nobody the code.";
/// What somebody hands over with an address that a browser came back to.
const PASTING: &str = "If the browser ends at a page that does not load, copy its whole address. It is good for \
    one sign-in: give it to nobody but this gateway.";
/// What an import does.
pub(crate) const IMPORT: &str = "The gateway takes this login over: its refresh token works once, so the copy \
    that stays with the other program goes stale, and if that program refreshes it first, both are signed out. \
    A login of the gateway's own is the better way: sign in with it, and keep the other program's to itself.";

/// What to say to whoever signs in this way.
pub(crate) fn signing_in(way: Way, owner: Owner) -> Vec<&'static str> {
    let how = match way {
        Way::Device => PHISHING,
        Way::Browser => PASTING,
    };
    vec![how, whose(owner)]
}

/// What to say to whoever brings a login.
pub(crate) fn importing(owner: Owner) -> Vec<&'static str> {
    vec![IMPORT, whose(owner)]
}

const fn whose(owner: Owner) -> &'static str {
    match owner {
        Owner::Org(_) => ORGANIZATION,
        Owner::User(_) | Owner::Platform => TERMS,
    }
}
