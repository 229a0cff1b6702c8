//! Every future of the store may run on another thread, wherever it is awaited. The compiler checks
//! this; nothing here runs.

use std::path::PathBuf;

use tollhouse_domain::call::Call;
use tollhouse_domain::credential::Owner;
use tollhouse_domain::id::{CallId, CredentialId, KeyId, SessionId};
use tollhouse_domain::key::VirtualKey;
use tollhouse_domain::provider::Provider;
use tollhouse_domain::route::Route;
use tollhouse_domain::tenancy::Visible;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{
    CallFilter, CredentialRecord, DataKeyRow, DatabaseUrl, KeyCaps, ObjectRow, Page, Question,
    RoutesTag, SignOn, Store, StoreError, StoredPrice,
};

fn spawnable<F: Future + Send + 'static>(_: F) {}

/// One line for each method: its future inside a caller's own.
macro_rules! methods {
    ($($name:ident($store:ident $(, $argument:ident: $type:ty)*): $call:expr;)+) => {
        $(#[expect(dead_code, reason = "compiling it is the test")]
        fn $name($store: Store $(, $argument: $type)*) {
            spawnable(async move { let _done = $call.await; });
        })+
    };
}

methods! {
    sign_on(store, on: SignOn): store.sign_on(&on);
    open(_store, url: DatabaseUrl): Store::open(&url);
    ping(store): store.ping();
    close(store): store.close();
    backup(_store, url: DatabaseUrl, to: PathBuf): tollhouse_store::backup(&url, &to);
    schema_version(store): store.schema_version();
    revision(store): store.revision();
    insert_key(store, key: VirtualKey): store.insert_key(&key, [0; 32]);
    keys(store, page: Page<KeyId>): store.keys(page);
    key(store, id: KeyId): store.key(id);
    all_keys(store): store.all_keys_with_digests();
    revoke_key(store, id: KeyId, at: Timestamp): store.revoke_key(id, at);
    change_key(store, id: KeyId): store.change_key(id, KeyCaps::NONE, |_| Ok::<_, StoreError>(()));
    touch_keys(store, used: Vec<(KeyId, Timestamp)>): store.touch_keys(&used);
    expire(store, at: Timestamp): store.delete_expired_scoped(at);
    managed_keys(store, keys: Vec<(VirtualKey, [u8; 32])>, at: Timestamp): store.put_managed_keys(&keys, at);
    put_credential(store, record: CredentialRecord): store.put_credential(&record, u32::MAX);
    credentials(store, owner: Owner): store.credentials_of(owner);
    credential(store, name: String): store.credential_named(Owner::Platform, &name, &name);
    one_sealed(store, id: CredentialId): store.sealed_credential(id);
    enable(store, id: CredentialId): store.enable_credential(id, true);
    mark(store, id: CredentialId): store.mark_credential(id, None);
    sealed(store): store.sealed_credentials();
    reseal(store, id: CredentialId, bytes: Vec<u8>): store.reseal_credential(id, &bytes, &bytes);
    delete_credential(store, id: CredentialId): store.delete_credential(id);
    keep(store, ids: Vec<CredentialId>): store.keep_managed_credentials(&ids);
    managed_providers(store, list: Vec<Provider>): store.put_managed_providers(&list);
    upsert_provider(store, row: Provider): store.upsert_provider(&row);
    delete_provider(store, name: String): store.delete_provider(&name);
    providers(store): store.providers();
    managed_routes(store, list: Vec<Route>): store.put_managed_routes(&list);
    replace_routes(store, list: Vec<Route>): store.replace_routes(&list);
    replace_routes_of(store, read: Vec<RoutesTag>, list: Vec<Route>): store.replace_routes_of(&read, &list);
    routes(store): store.routes();
    put_prices(store, list: Vec<StoredPrice>): store.put_prices(&list);
    delete_price(store, model: String): store.delete_price(&model, Some(&model));
    prices(store): store.prices();
    setting(store, name: String): store.setting(&name);
    put_setting(store, name: String): store.put_setting(&name, &name);
    data_keys(store): store.data_keys();
    insert_data_key(store, row: DataKeyRow): store.insert_data_key(&row);
    first_data_key(store, row: DataKeyRow): store.insert_first_data_key(&row);
    replace_data_key(store, row: DataKeyRow, old: Vec<u8>): store.replace_data_key(&row, &old);
    sealed_setting(store, name: String): store.sealed_setting(&name);
    sealed_settings(store): store.sealed_settings();
    claim(store, name: String, sealed: Vec<u8>): store.put_sealed_setting_if_absent(&name, &sealed);
    reseal_setting(store, name: String, sealed: Vec<u8>): store.reseal_setting(&name, &sealed, &sealed);
    insert_calls(store, calls: Vec<Call>): store.insert_calls(&calls);
    calls(store, filter: CallFilter, page: Page<CallId>): store.calls(&filter, page);
    calls_since(store, filter: CallFilter, page: Page<CallId>): store.calls_since(&filter, page);
    call(store, id: CallId): store.call(id);
    by_object(store, id: String, key: KeyId): store.call_by_upstream_object(&id, key);
    delete_calls(store, at: Timestamp): store.delete_calls_before(at, 1);
    sessions(store, filter: CallFilter, page: Page<CallId>): store.sessions(&filter, page);
    session(store, id: SessionId): store.session(id, Visible::All);
    usage(store, question: Question): store.usage(&question);
    totals(store, filter: CallFilter): store.totals(&filter);
    remember(store, row: ObjectRow): store.remember_object(&row);
    object(store, id: String, key: KeyId): store.object(&id, key);
    forget(store, id: String, key: KeyId): store.forget_object(&id, key);
    old_objects(store, at: Timestamp): store.delete_objects_before(at);
}
