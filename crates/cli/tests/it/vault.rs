//! `vault`: without a server, beside one, and after being cut short.

use std::fs;

use crate::serve::{CONFIG, serve};
use crate::support::{Place, mode, snapshot};

const KEY: &str = "tollhouse-data/master.key";

fn place() -> Place {
    let place = Place::new();
    place.write("tollhouse.toml", CONFIG);
    place
}

/// Whether a server starts and can still use what was sealed before.
fn starts(place: &Place) {
    let server = serve(place);
    let list = place.ok(&["credential", "list"]);
    assert!(list.contains("lab\tdefault\tready"), "{list}");
    server.stop();
}

fn with_credential() -> Place {
    let place = place();
    let server = serve(&place);
    assert!(
        place
            .run_with(&["credential", "set", "lab"], "canary-0123456789")
            .status
            .success()
    );
    server.stop();
    place
}

#[test]
fn init_makes_a_vault_once() {
    let place = place();
    snapshot!(place, place.run(&["vault", "status"]));
    snapshot!(place, place.run(&["vault", "init"]));
    assert_eq!(mode(&place.path(KEY)), 0o600);
    let key = place.read(KEY);
    snapshot!(place, place.run(&["vault", "init"]));
    assert_eq!(place.read(KEY), key);
    snapshot!(place, place.run(&["vault", "status"]));
}

#[test]
fn rotate_changes_the_key_and_nothing_else() {
    let place = with_credential();
    let before = place.read(KEY);
    snapshot!(place, place.run(&["vault", "rotate"]));
    assert_ne!(place.read(KEY), before);
    assert_eq!(mode(&place.path(KEY)), 0o600);
    for left in [".next", ".previous"] {
        assert!(!place.path(&format!("{KEY}{left}")).exists());
    }
    starts(&place);
}

#[test]
fn rotate_beside_a_running_server() {
    let place = with_credential();
    let server = serve(&place);
    place.ok(&["vault", "rotate"]);
    assert!(
        place
            .ok(&["credential", "list"])
            .contains("lab\tdefault\tready")
    );
    let another = place.run_with(&["credential", "set", "lab", "--name", "b"], "canary-b");
    assert!(another.status.success());
    server.stop();
    starts(&place);
    assert!(place.ok(&["vault", "status"]).contains("opens\tyes"));
}

/// A new key is there and nothing else has happened yet; the finer steps are tested where they are.
#[test]
fn a_rotation_that_was_cut_short_goes_on() {
    let place = with_credential();
    let other = Place::new();
    other.write("tollhouse.toml", CONFIG);
    other.ok(&["vault", "init"]);
    fs::copy(other.path(KEY), place.path(&format!("{KEY}.next"))).unwrap();
    assert!(
        place
            .ok(&["vault", "status"])
            .contains("rotation_unfinished\tyes")
    );
    starts(&place);
    let said = place.ok(&["vault", "rotate"]);
    assert!(
        said.contains("finished a rotation that had been cut short"),
        "{said}"
    );
    assert_eq!(place.read(KEY), other.read(KEY));
    assert!(
        place
            .ok(&["vault", "status"])
            .contains("rotation_unfinished\tno")
    );
    starts(&place);
}

#[test]
fn a_key_kept_elsewhere_is_replaced_by_another_kept_elsewhere() {
    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "HxwdHhsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
    let mut place = Place::new();
    place.write(
        "tollhouse.toml",
        &format!("{CONFIG}\n[vault]\nmaster_key = \"env:MASTER\"\n"),
    );
    place.set("MASTER", OLD);
    place.set("NEW_MASTER", NEW);
    place.ok(&["vault", "init"]);
    snapshot!(place, place.run(&["vault", "rotate"]));
    snapshot!(place, place.run(&["vault", "rotate", "--new-key", NEW]));
    snapshot!(
        place,
        place.run(&["vault", "rotate", "--new-key", "env:NEW_MASTER"])
    );
    assert!(place.ok(&["vault", "status"]).contains("opens\tno"));
    place.set("MASTER", NEW);
    assert!(place.ok(&["vault", "status"]).contains("opens\tyes"));
    serve(&place).stop();
}
