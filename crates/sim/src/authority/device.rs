//! Codes that somebody types on another device, of every authority that has them.

use super::state::{State, Vendor};

/// How long a code lasts.
pub(super) const LIFE: u64 = 900;
/// How often an authority wants to be asked, in seconds.
pub(super) const INTERVAL: u64 = 5;
/// Without letters that can be mistaken or that make words.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// One sign-in on another device.
#[derive(Debug)]
pub(crate) struct Device {
    pub(super) vendor: Vendor,
    pub(super) client: String,
    pub(super) scope: String,
    /// What the client asks with.
    pub(super) handle: String,
    /// What the user types.
    pub(super) user_code: String,
    pub(super) issued_at: u64,
    pub(super) interval: u64,
    pub(super) standing: Standing,
    /// How many questions are still answered `slow_down`.
    pub(super) slow_downs: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    Pending,
    Approved(String),
    Denied,
    Expired,
    /// It has been exchanged.
    Done,
}

impl State {
    pub(super) fn offer(
        &mut self,
        vendor: Vendor,
        client: &str,
        scope: &str,
        handle: &str,
    ) -> &Device {
        let handle = self.id(handle);
        let serial = self.serial();
        let device = Device {
            vendor,
            client: client.to_owned(),
            scope: scope.to_owned(),
            handle,
            user_code: user_code(self.port, serial),
            issued_at: self.now,
            interval: INTERVAL,
            standing: Standing::Pending,
            slow_downs: self.slow_downs,
        };
        self.devices.push(device);
        let last = self.devices.len() - 1;
        &self.devices[last]
    }

    /// The sign-in that a client asks about, aged to now.
    pub(super) fn device(&mut self, vendor: Vendor, handle: &str) -> Option<&mut Device> {
        let now = self.now;
        let mut devices = self.devices.iter_mut();
        let device = devices.find(|it| it.vendor == vendor && it.handle == handle)?;
        let over = device.issued_at + LIFE <= now;
        if over && device.standing == Standing::Pending {
            device.standing = Standing::Expired;
        }
        Some(device)
    }
}

/// `XXXX-XXXXX`, different for every serial number of every port.
fn user_code(port: u16, serial: u64) -> String {
    let mut left = u64::from(port) * 1_000_000 + serial % 1_000_000;
    let mut code = String::with_capacity(10);
    for position in 0..9 {
        if position == 4 {
            code.push('-');
        }
        let letter = usize::try_from(left % 20).unwrap_or_default();
        code.push(char::from(LETTERS[letter]));
        left /= 20;
    }
    code
}
