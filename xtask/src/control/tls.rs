//! TLS in front of the stand-in, so that a real CLI can reach it under the service's own name.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A server that takes TLS off and passes on what is within; gone on drop.
pub(super) struct Terminator {
    authority: String,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Terminator {
    /// Starts one for a name, in front of a plain service.
    pub(super) async fn start(name: &str, service: SocketAddr) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // With one name for both, the certificate would be taken for one that vouches for itself.
        let common_name = DnType::CommonName;
        params
            .distinguished_name
            .push(common_name.clone(), "an authority for one run");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![name.to_owned(), format!("*.{name}")])?;
        params.distinguished_name.push(common_name, name);
        let certificate = params.signed_by(&key, &authority)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        let mut config = ServerConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that breaks off is part of a run.
                    if let (Ok(mut client), Ok(mut server)) = (
                        acceptor.accept(client).await,
                        TcpStream::connect(service).await,
                    ) {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Ok(Self {
            authority: authority.pem(),
            address,
            task,
        })
    }

    /// Returns the certificate to trust.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Terminator {
    fn drop(&mut self) {
        self.task.abort();
    }
}
