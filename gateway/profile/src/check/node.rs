use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use super::topic;
use crate::{
    Compile, DeviceId, Node, NodeName, Paths, ProfileName,
    report::{Key, Report},
    written,
};

/// The greatest length of `node.root`.
const ROOT_BYTES_MAX: usize = 256;
/// The name of the socket for `weir status`.
const STATUS_SOCKET: &str = "status.sock";
/// The longest name that a socket can have (`sun_path`, with its final zero).
const SOCKET_BYTES_MAX: usize = 107;
/// The greatest number of devices with a profile of their own.
const DEVICES_MAX: usize = 100_000;

/// `[node]`.
pub(crate) fn node(
    report: &mut Report<'_>,
    written: &written::Node,
    search: &Search,
    host_name: Option<&str>,
) -> Option<Node> {
    let name = match (&written.name, host_name) {
        (Some(name), _) => name.clone(),
        (None, Some(host)) => host.to_owned(),
        (None, None) => "weir".to_owned(),
    };
    let name: Result<NodeName, _> = name.parse();
    if let Err(error) = &name {
        let help = "state node.name; without it the host's name is used";
        report.error(&["node", "name"], error.to_string(), help);
    }
    let root = &written.root;
    if let Some(fault) =
        topic::name_fault(root).or((root.len() > ROOT_BYTES_MAX).then_some("is too long"))
    {
        let help = "use something like \"weir\" or \"site-1/weir\"";
        report.error(&["node", "root"], format!("{root:?} {fault}"), help);
    }
    Some(Node {
        name: name.ok()?,
        root: root.clone(),
        health_interval: Duration::from_secs(written.health_interval_s),
        drain_deadline: Duration::from_secs(written.drain_deadline_s),
        compile: match written.compile {
            written::Compile::Background => Compile::Background,
            written::Compile::First => Compile::First,
            written::Compile::Never => Compile::Never,
        },
        status_sockets: status_sockets(report, written.status_socket.as_deref(), search),
    })
}

/// Where the socket may be unless a configuration says so, the best place first.
pub(crate) fn usual_status_sockets(folders: &[PathBuf]) -> Vec<PathBuf> {
    let folders = folders.iter();
    folders.map(|folder| folder.join(STATUS_SOCKET)).collect()
}

/// Where the socket may be, the best place first.
fn status_sockets(report: &mut Report<'_>, stated: Option<&Path>, search: &Search) -> Vec<PathBuf> {
    let Some(stated) = stated else {
        return usual_status_sockets(&search.runtime);
    };
    if stated.as_os_str().is_empty() {
        return Vec::new();
    }
    let key = ["node", "status_socket"];
    let socket = report.resolve(&key, stated);
    let bytes = socket.as_os_str().len();
    if bytes > SOCKET_BYTES_MAX {
        let message =
            format!("has {bytes} bytes; the name of a socket has {SOCKET_BYTES_MAX} at most");
        report.error(&key, message, "choose a shorter folder, such as /run/weir");
    }
    vec![socket]
}

/// `[devices]`.
pub(crate) fn devices(
    report: &mut Report<'_>,
    written: &BTreeMap<String, String>,
    mut known: impl FnMut(&mut Report<'_>, Key<'_>, &str) -> Option<ProfileName>,
) -> BTreeMap<DeviceId, ProfileName> {
    if written.len() > DEVICES_MAX {
        let message = format!(
            "has {} devices; at most {DEVICES_MAX} are allowed",
            written.len()
        );
        report.error(&["devices"], message, "");
    }
    let mut devices = BTreeMap::new();
    for (device, profile) in written {
        let key = ["devices", device.as_str()];
        let profile = known(report, &key, profile);
        match (device.parse::<DeviceId>(), profile) {
            (Ok(device), Some(profile)) => {
                devices.insert(device, profile);
            }
            (Err(_), _) => {
                let message = "is not a device: a device is one segment of a topic, without / + #";
                report.error(&key, message, "");
            }
            (Ok(_), None) => {}
        }
    }
    devices
}

/// Where names are looked up unless `[paths]` says otherwise.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) beside_config: Option<PathBuf>,
    pub(crate) compiled: Vec<PathBuf>,
    pub(crate) cache: PathBuf,
    pub(crate) runtime: Vec<PathBuf>,
}

/// `[paths]`.
pub(crate) fn paths(report: &Report<'_>, written: &written::Paths, search: &Search) -> Paths {
    let folders = |key: &str, stated: &Option<Vec<PathBuf>>, folder: &str| match stated {
        Some(paths) => paths
            .iter()
            .map(|path| report.resolve(&["paths", key], path))
            .collect(),
        None => beside(&search.folders, folder),
    };
    let mut profiles: Vec<PathBuf> = folders("profiles", &written.profiles, "device-profiles");
    if let (None, Some(config)) = (&written.profiles, &search.beside_config) {
        profiles.insert(0, config.join("device-profiles"));
    }
    Paths {
        guests: folders("guests", &written.guests, "guests"),
        models: folders("models", &written.models, "models"),
        profiles,
        compiled: match &written.compiled {
            Some(_) => folders("compiled", &written.compiled, ""),
            None => search.compiled.clone(),
        },
        cache: match &written.cache {
            Some(cache) => report.resolve(&["paths", "cache"], cache),
            None => search.cache.clone(),
        },
    }
}

fn beside(folders: &[PathBuf], name: &str) -> Vec<PathBuf> {
    folders
        .iter()
        .map(|folder: &PathBuf| Path::join(folder, name))
        .collect()
}
