internal import HTTPMessages

/// The field in which a proxy passes on the certificate of a client, and the format of its value.
///
/// | proxy | what to set there |
/// |---|---|
/// | ``clientCert`` with Caddy | `header_up Client-Cert ":{tls_client_certificate_der_base64}:"` |
/// | ``clientCert`` with HAProxy | `http-request set-header Client-Cert :%[ssl_c_der,base64]:` |
/// | ``nginx(field:)`` | `proxy_set_header X-Client-Cert $ssl_client_escaped_cert;` |
/// | ``envoy`` | `forward_client_cert_details: SANITIZE_SET`, with `set_current_client_cert_details: { cert: true }` |
/// | ``awsApplicationLoadBalancer`` | mutual TLS in the mode *verify with trust store* |
/// | ``awsApplicationLoadBalancerPassthrough`` | mutual TLS in the mode *passthrough* |
/// | ``traefik`` | the middleware `passTLSClientCert` with `pem: true` |
///
/// A field line without a value stands for a client without a certificate. So does `::` in ``clientCert``, as HAProxy
/// writes it. Caddy writes the name of the variable instead, so that a bound token is refused as
/// `client_certificate_malformed` there.
public struct ClientCertificateField: Sendable, Hashable {
    /// How the certificate is written in the value.
    enum Format: Sendable, Hashable {
        /// A Byte Sequence of RFC 8941 §3.3.5: DER in base64 between colons.
        case byteSequence
        /// PEM with percent-encoding: one certificate.
        case escapedPEM
        /// PEM with percent-encoding: the client's certificate, then the chain.
        case escapedPEMChain
        /// One element with `Cert`, as Envoy writes it.
        case forwardedElement
        /// DER in base64: the client's certificate, then the chain, with commas between them.
        case base64List
    }

    /// The name of the field, unchecked.
    let name: String
    let format: Format

    /// `Client-Cert`, the standard field (RFC 9440 §2.2).
    ///
    /// - SeeAlso: [RFC 9440](https://www.rfc-editor.org/rfc/rfc9440)
    public static let clientCert = Self(name: HTTPFields.Name.clientCert.spelling, format: .byteSequence)

    /// A field that nginx sets to `$ssl_client_escaped_cert`: PEM with percent-encoding. Ingress-nginx names it
    /// `ssl-client-cert`.
    public static func nginx(field: String) -> Self { Self(name: field, format: .escapedPEM) }

    /// `X-Forwarded-Client-Cert` of Envoy and Istio. Its key `Cert` is used, and the value must hold exactly one
    /// element: in a list, the elements of clients and of proxies cannot be distinguished.
    public static let envoy = Self(name: HTTPFields.Name.forwardedClientCert.spelling, format: .forwardedElement)

    /// `X-Amzn-Mtls-Clientcert-Leaf` of an AWS Application Load Balancer that verifies certificates.
    public static let awsApplicationLoadBalancer = Self(
        name: HTTPFields.Name.amazonClientCertificateLeaf.spelling, format: .escapedPEM)

    /// `X-Amzn-Mtls-Clientcert` of an AWS Application Load Balancer that passes certificates on without verifying
    /// them. The client still proves that it holds the private key, which is all that a bound token needs.
    public static let awsApplicationLoadBalancerPassthrough = Self(
        name: HTTPFields.Name.amazonClientCertificate.spelling, format: .escapedPEMChain)

    /// `X-Forwarded-Tls-Client-Cert` of Traefik. Traefik removes the field of a client, but not at an entry point with
    /// `forwardedHeaders.insecure`, and not that of a client in its `trustedIPs`.
    public static let traefik = Self(
        name: HTTPFields.Name.forwardedTLSClientCert.spelling, format: .base64List)

    /// The field with this name in any case. A name that is not one of the standard names above is that of a field for
    /// ``nginx(field:)``.
    init(named name: String) {
        let known = [
            Self.clientCert, .envoy, .awsApplicationLoadBalancer, .awsApplicationLoadBalancerPassthrough, .traefik,
        ]
        let wanted = HTTPFields.Name(name)
        self = known.first { HTTPFields.Name($0.name) == wanted } ?? .nginx(field: name)
    }

    private init(name: String, format: Format) {
        self.name = name
        self.format = format
    }
}
