//! What a service manager is told (sd_notify): that the server serves, and that it stops. Without one nothing happens.

use std::env;

/// The port is bound, the schema is up to date, and an order to stop is heard.
pub fn ready() {
    say("READY=1");
}

/// A signal has come; requests are let end.
pub fn stopping() {
    say("STOPPING=1");
}

fn say(state: &str) {
    let Some(address) = env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(address.as_encoded_bytes(), state) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

#[cfg(target_os = "linux")]
fn send(address: &[u8], state: &str) -> std::io::Result<()> {
    use std::os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    };
    let address = match address.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(address))?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(not(target_os = "linux"))]
fn send(_: &[u8], _: &str) -> std::io::Result<()> {
    Ok(())
}
