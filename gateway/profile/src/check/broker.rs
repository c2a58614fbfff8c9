use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    BrokerSettings, BrokerUrl, NodeName,
    report::{Key, Report},
    written::{self, Protocol},
};

/// The greatest length of a password.
const PASSWORD_BYTES_MAX: u64 = 65_535;
/// The greatest length of `broker.client_id`.
const CLIENT_ID_BYTES_MAX: usize = 200;

/// `[broker]`.
pub(crate) fn broker(
    report: &mut Report<'_>,
    written: &written::Broker,
    node: Option<&NodeName>,
) -> Option<BrokerSettings> {
    let url = match url(&written.url) {
        Ok(url) => Some(url),
        Err((message, help)) => {
            let message = if written.url.contains('@') {
                message.to_owned()
            } else {
                format!("{:?} {message}", written.url)
            };
            report.error(&["broker", "url"], message, help);
            None
        }
    };
    let client_id = client_id(report, written, node);
    let credentials = credentials(report, written);
    let ca_file = pem(report, "ca_file", written.ca_file.as_deref());
    let client_certificate = client_certificate(report, written);
    if let Some(url) = &url {
        unused(report, written, url);
    }
    Some(BrokerSettings {
        url: url?,
        mqtt_5: written.protocol == Protocol::V5,
        client_id: client_id?,
        credentials,
        ca_file,
        client_certificate,
        receive_max: written.receive_max,
        outbox_messages_max: usize::try_from(written.outbox_messages_max).ok()?,
        packet_bytes_max: written.packet_bytes_max,
        session_expiry: Duration::from_secs(written.session_expiry_s.into()),
        keep_alive: Duration::from_secs(written.keep_alive_s.into()),
        unsettled_age_max: Duration::from_secs(written.unsettled_age_s_max),
    })
}

const URL_HELP: &str = "write \"embedded\", \"mqtt://host:1883\" or \"mqtts://host:8883\"";

fn url(text: &str) -> Result<BrokerUrl, (&'static str, &'static str)> {
    if text == "embedded" {
        return Ok(BrokerUrl::Embedded);
    }
    let (scheme, rest) = text
        .split_once("://")
        .ok_or(("is not the address of a broker", URL_HELP))?;
    let (tls, default_port) = match scheme {
        "mqtt" => (false, 1883),
        "mqtts" => (true, 8883),
        _ => return Err(("has a scheme that Weir does not speak", URL_HELP)),
    };
    if rest.contains('@') {
        let help = "put the user in broker.username and the password in broker.password_file";
        return Err(("holds credentials", help));
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = host_and_port(rest).ok_or(("has no valid host and port", URL_HELP))?;
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port != 0),
        None => Some(default_port),
    };
    Ok(BrokerUrl::Remote {
        host: host.to_owned(),
        port: port.ok_or(("has no valid port", "a port is a number from 1 to 65535"))?,
        tls,
    })
}

/// The host (an IPv6 address without its brackets) and the port.
fn host_and_port(text: &str) -> Option<(&str, Option<&str>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            let port = match rest {
                "" => None,
                rest => Some(rest.strip_prefix(':')?),
            };
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "-._:".contains(letter);
    (!host.is_empty() && host.chars().all(letter)).then_some((host, port))
}

fn client_id(
    report: &mut Report<'_>,
    written: &written::Broker,
    node: Option<&NodeName>,
) -> Option<String> {
    let Some(id) = &written.client_id else {
        return node.map(|node| format!("weir-{node}"));
    };
    let bad = |letter: char| letter.is_control() || matches!(letter, '/' | '+' | '#');
    if id.is_empty() || id.len() > CLIENT_ID_BYTES_MAX || id.contains(bad) {
        let message = format!("{id:?} is not usable as a client identifier");
        let help = "use 1 to 200 characters without / + #: some brokers fail on them";
        report.error(&["broker", "client_id"], message, help);
    }
    Some(id.clone())
}

fn credentials(report: &mut Report<'_>, written: &written::Broker) -> Option<(String, String)> {
    let key: Key<'_> = &["broker", "password_file"];
    match (&written.username, &written.password_file) {
        (None, None) => None,
        (Some(user), None) => Some((user.clone(), String::new())),
        (None, Some(_)) => {
            report.error(key, "is given without a user", "state broker.username");
            None
        }
        (Some(user), Some(path)) => {
            let path = report.resolve(key, path);
            match password(&path) {
                Ok((password, private)) => {
                    if !private {
                        let message = format!("{} can be read by every user", path.display());
                        report.warning(key, message, "chmod 0640 and give it to Weir's group");
                    }
                    Some((user.clone(), password))
                }
                Err(message) => {
                    report.error(key, format!("{} {message}", path.display()), "");
                    None
                }
            }
        }
    }
}

/// The password, and whether only its owner and group may read the file.
fn password(path: &Path) -> Result<(String, bool), String> {
    let metadata = fs::metadata(path).map_err(|cause| format!("cannot be read: {cause}"))?;
    if !metadata.is_file() {
        return Err("is not a file".to_owned());
    }
    if metadata.len() > PASSWORD_BYTES_MAX {
        return Err("is too long for a password".to_owned());
    }
    let text = fs::read_to_string(path).map_err(|cause| format!("cannot be read: {cause}"))?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() || password.contains('\n') {
        return Err("must hold the password in one line".to_owned());
    }
    let private = metadata.permissions().mode() & 0o004 == 0;
    Ok((password.to_owned(), private))
}

fn client_certificate(
    report: &mut Report<'_>,
    written: &written::Broker,
) -> Option<(PathBuf, PathBuf)> {
    let help = "cert_file and key_file belong together";
    match (&written.cert_file, &written.key_file) {
        (Some(_), None) => report.error(&["broker", "cert_file"], "is given without its key", help),
        (None, Some(_)) => {
            report.error(
                &["broker", "key_file"],
                "is given without its certificate",
                help,
            );
        }
        (None, None) | (Some(_), Some(_)) => {}
    }
    let certificate = pem(report, "cert_file", written.cert_file.as_deref());
    let key = pem(report, "key_file", written.key_file.as_deref());
    certificate.zip(key)
}

fn pem(report: &mut Report<'_>, name: &str, path: Option<&Path>) -> Option<PathBuf> {
    let key = ["broker", name];
    let path = report.resolve(&key, path?);
    if let Err(cause) = fs::File::open(&path) {
        report.error(
            &key,
            format!("{} cannot be read: {cause}", path.display()),
            "",
        );
    }
    Some(path)
}

/// Whether what is sent to this host stays on this machine.
fn is_loopback(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Warns of keys that the address makes meaningless.
fn unused(report: &mut Report<'_>, written: &written::Broker, url: &BrokerUrl) {
    let tls_files = [
        ("ca_file", written.ca_file.is_some()),
        ("cert_file", written.cert_file.is_some()),
        ("key_file", written.key_file.is_some()),
    ];
    let tls = matches!(url, BrokerUrl::Remote { tls: true, .. });
    for (name, _) in tls_files.iter().filter(|(_, stated)| *stated && !tls) {
        let message = "has no effect: the connection is not encrypted";
        report.warning(
            &["broker", name],
            message,
            "use an mqtts:// address in broker.url",
        );
    }
    if *url == BrokerUrl::Embedded && written.username.is_some() {
        let message = "has no effect: the embedded broker has no users";
        report.warning(&["broker", "username"], message, "");
    }
    let in_the_open =
        matches!(url, BrokerUrl::Remote { tls: false, host, .. } if !is_loopback(host));
    if in_the_open && written.password_file.is_some() {
        let message = "is sent over a connection that is not encrypted";
        report.warning(
            &["broker", "password_file"],
            message,
            "use an mqtts:// address in broker.url",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn what_stays_on_this_machine_needs_no_encryption() {
        for host in ["localhost", "127.0.0.1", "127.1.2.3", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["10.0.0.5", "localhost.example", "broker", "::"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
