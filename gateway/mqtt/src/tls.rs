use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio_rustls::TlsConnector;

use crate::{ClientIdentity, ConfigError, Endpoint, Tls};

/// What is needed to encrypt a connection; files are read once, at the start.
#[derive(Clone)]
pub(crate) struct Encryption {
    pub(crate) connector: TlsConnector,
    pub(crate) server_name: ServerName<'static>,
}

/// Reads the certificates and keys of an endpoint.
pub(crate) fn encryption(endpoint: &Endpoint) -> Result<Option<Encryption>, ConfigError> {
    let Some(tls) = &endpoint.tls else {
        return Ok(None);
    };
    let name = tls.server_name.as_ref().unwrap_or(&endpoint.host);
    let server_name = ServerName::try_from(name.clone())
        .map_err(|_| ConfigError::ServerName { name: name.clone() })?;
    let config = client_config(tls)?;
    Ok(Some(Encryption {
        connector: TlsConnector::from(Arc::new(config)),
        server_name,
    }))
}

fn client_config(tls: &Tls) -> Result<ClientConfig, ConfigError> {
    let cause = |cause| ConfigError::Tls { cause };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(cause)?
        .with_root_certificates(roots(tls.ca_file.as_deref())?);
    match &tls.client {
        None => Ok(builder.with_no_client_auth()),
        Some(ClientIdentity {
            certificate_file,
            key_file,
        }) => {
            let key = PrivateKeyDer::from_pem_file(key_file)
                .map_err(|fault| unusable(key_file, fault))?;
            let chain = certificates(certificate_file)?;
            builder.with_client_auth_cert(chain, key).map_err(cause)
        }
    }
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, ConfigError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(file) => {
            for certificate in certificates(file)? {
                roots
                    .add(certificate)
                    .map_err(|fault| unusable(file, fault))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(ConfigError::NoRoots);
            }
        }
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|fault| unusable(file, fault))?;
    match certificates.is_empty() {
        true => Err(unusable(file, "it contains no certificate")),
        false => Ok(certificates),
    }
}

fn unusable(file: &Path, fault: impl ToString) -> ConfigError {
    ConfigError::TlsFile {
        file: file.to_owned(),
        fault: fault.to_string(),
    }
}
