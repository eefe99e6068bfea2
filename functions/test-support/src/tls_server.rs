//! A server over TLS, and the file of the authority that signed its certificate.

use std::{fs, io, net::SocketAddr, path::Path, sync::Arc};

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
    server::TlsStream,
};

/// Returns an acceptor with a certificate for `localhost`, and writes its authority to a PEM file.
pub fn certificate(authority_file: &Path) -> TlsAcceptor {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(vec![]).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = rcgen::CertifiedIssuer::self_signed(authority, key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let server = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap();
    let server = server.signed_by(&key, &authority).unwrap();
    fs::write(
        authority_file,
        format!("# An authority\n{}", authority.pem()),
    )
    .unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![server.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        );
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

/// TLS on a port.
pub struct TlsListener(pub TcpListener, pub TlsAcceptor);

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.0.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            // A client that does not trust the certificate hangs up here.
            if let Ok(stream) = self.1.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}
