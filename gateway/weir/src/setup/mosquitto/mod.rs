//! Mosquitto on this machine: a drop-in of our own, who may do what, and users with passwords.
//!
//! Nothing that others wrote is changed: where they have a listener or users of their own, setup says so and stops.

mod access;
mod drop_in;
mod passwords;

use std::path::Path;

use anyhow::{Result, bail};

use super::{
    broker::{Local, Password},
    files::{Access, Planned},
};

/// The node's user.
pub(super) const NODE: &str = "weir";
/// The user that sees everything and changes nothing.
pub(super) const DASHBOARD: &str = "dashboard";
/// Users that no sensor may have.
pub(super) const RESERVED: [&str; 3] = [NODE, DASHBOARD, "operator"];

/// What is to be written, and the users that were made for it.
pub(super) struct Plan {
    pub(super) files: Vec<Planned>,
    pub(super) node: Password,
    /// New users with their passwords, which stand nowhere else.
    pub(super) new: Vec<(String, Password)>,
}

/// Whether its tool for passwords is here.
pub(super) fn is_installed() -> bool {
    passwords::program().is_some()
}

/// Plans the files in Mosquitto's folder. `known` is the node's password where it has one.
pub(super) fn plan(
    folder: &Path,
    port: u16,
    local: &Local,
    known: Option<Password>,
    topic: Option<&str>,
) -> Result<Plan> {
    if !is_installed() || !folder.join("mosquitto.conf").is_file() {
        bail!(
            "Mosquitto is not installed ({} is not there): `sudo apt install mosquitto`, then run this again, or \
             choose another broker",
            folder.join("mosquitto.conf").display()
        );
    }
    let folder = std::path::absolute(folder)?;
    let others = drop_in::others(&folder)?;
    let own = |name: &str, text: String, access: Access| Planned {
        path: folder.join(name),
        text,
        access,
        only_own: true,
    };
    let users = passwords::plan(&folder.join("weir.passwords"), local, known)?;
    let rights = access::text(&folder.join("weir.acl"), topic)?;
    Ok(Plan {
        files: vec![
            own("weir.passwords", users.text, Access::Mosquitto),
            own("weir.acl", rights, Access::Mosquitto),
            own(
                "conf.d/weir.conf",
                drop_in::text(&folder, port, &others),
                Access::Public,
            ),
        ],
        node: users.node,
        new: users.new,
    })
}

/// The list of rights with a topic of a further pipeline, where setup made one before.
pub(super) fn with_topic(folder: &Path, topic: &str) -> Result<Option<Planned>> {
    let path = std::path::absolute(folder)?.join("weir.acl");
    if !access::is_own(&path) {
        return Ok(None);
    }
    Ok(Some(Planned {
        text: access::text(&path, Some(topic))?,
        path,
        access: Access::Mosquitto,
        only_own: true,
    }))
}
