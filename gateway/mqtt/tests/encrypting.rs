//! TLS: who is trusted, under which name, and what is said where it fails.
#![expect(clippy::unwrap_used, reason = "helpers of a test fail it")]

mod support;

use std::{path::Path, sync::Arc};

use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use support::{Broker, config, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use weir_mqtt::{ClientIdentity, ConfigError, Session, SessionConfig, Tls};

/// A broker called `broker.example` that asks for a client certificate, and the files of a client.
struct Site {
    acceptor: TlsAcceptor,
    folder: tempfile::TempDir,
}

fn site() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let certificate = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &issuer).unwrap(), key)
    };
    let (client, client_key) = certificate("node");
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("ca.pem", ca.pem());
    write("client.pem", client.pem());
    write("client.key", client_key.serialize_pem());
    let (server, server_key) = certificate("broker.example");
    let acceptor = acceptor(ca.der(), server.der(), &server_key);
    Site { acceptor, folder }
}

fn acceptor(
    ca: &CertificateDer<'static>,
    server: &CertificateDer<'static>,
    key: &KeyPair,
) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.clone()).unwrap();
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(vec![server.clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn encrypted(broker: &Broker, folder: &Path, server_name: Option<&str>) -> SessionConfig {
    let mut config = config(broker);
    config.endpoint.tls = Some(Tls {
        ca_file: Some(folder.join("ca.pem")),
        client: Some(ClientIdentity {
            certificate_file: folder.join("client.pem"),
            key_file: folder.join("client.key"),
        }),
        server_name: server_name.map(str::to_owned),
    });
    config
}

#[tokio::test]
async fn both_sides_prove_who_they_are() {
    within(async {
        let site = site();
        let broker = Broker::start().await;
        let config = encrypted(&broker, site.folder.path(), Some("broker.example"));
        let mut session = Session::start(config).unwrap();
        let mut streams = Vec::new();
        for _ in 0..2 {
            let mut stream = site
                .acceptor
                .accept(broker.accept_raw().await)
                .await
                .unwrap();
            assert!(stream.get_ref().1.peer_certificates().is_some());
            let mut hello = [0; 2];
            stream.read_exact(&mut hello).await.unwrap();
            assert_eq!(hello[0], 0x10, "a CONNECT");
            stream.write_all(&[0x20, 3, 0, 0, 0]).await.unwrap();
            stream.flush().await.unwrap();
            streams.push(stream);
        }
        session
            .observer
            .wait_for(|state| state.incoming.connected && state.outgoing.connected)
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_in_words() {
    within(async {
        let site = site();
        let broker = Broker::start().await;
        let config = encrypted(&broker, site.folder.path(), None);
        let mut session = Session::start(config).unwrap();
        let accepted = site.acceptor.accept(broker.accept_raw().await).await;
        assert!(accepted.is_err());
        let second = broker.accept_raw().await;
        assert!(site.acceptor.accept(second).await.is_err());
        let state = session
            .observer
            .wait_for(|state| state.incoming.last_error.is_some())
            .await;
        let words = state.incoming.last_error.unwrap();
        assert!(
            words.contains("TLS") && words.contains("broker.example"),
            "{words}"
        );
    })
    .await;
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let site = site();
    let broker = Broker::start().await;
    let mut config = encrypted(&broker, site.folder.path(), None);
    std::fs::write(site.folder.path().join("ca.pem"), "no certificate").unwrap();
    let error = Session::start(config.clone()).unwrap_err();
    assert!(
        matches!(&error, ConfigError::TlsFile { file, .. } if file.ends_with("ca.pem")),
        "{error}"
    );
    if let Some(tls) = &mut config.endpoint.tls {
        tls.ca_file = Some("missing.pem".into());
    }
    assert!(matches!(
        Session::start(config),
        Err(ConfigError::TlsFile { .. })
    ));
}
