#include "internal.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

static int set_files(SSL_CTX *context, const char *authorities, const char *certificate, const char *key) {
    const int trusts = authorities != NULL ? SSL_CTX_load_verify_locations(context, authorities, NULL)
                                           : SSL_CTX_set_default_verify_paths(context);
    if (trusts != 1) return chiredis_certificate_file;
    if (certificate == NULL) return 1;
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1
        || SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        return chiredis_certificate_file;
    return 1;
}

// OpenSSL compares no name unless it is told one.
static int set_name(SSL *tls, const char *name, int name_is_address) {
    X509_VERIFY_PARAM *rules = SSL_get0_param(tls);
    if (name_is_address) return X509_VERIFY_PARAM_set1_ip_asc(rules, name) == 1 ? 1 : chiredis_failed;
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (name[0] == '\0' || X509_VERIFY_PARAM_set1_host(rules, name, 0) != 1) return chiredis_failed;
    return SSL_set_tlsext_host_name(tls, name) == 1 ? 1 : chiredis_failed;
}

int chiredis_use_tls(chiredis_link *link, const char *name, int name_is_address, const char *authorities,
                     const char *certificate, const char *key) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) return chiredis_failed;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    // Some of the bytes may be sent, and the rest later from another place.
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    int result = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 ? 1 : chiredis_failed;
    if (result == 1) result = set_files(context, authorities, certificate, key);
    SSL *tls = result == 1 ? SSL_new(context) : NULL;
    SSL_CTX_free(context);  // the SSL keeps its own reference
    if (result == 1) result = tls != NULL ? set_name(tls, name, name_is_address) : chiredis_failed;
    if (result == 1) result = SSL_set_fd(tls, link->descriptor) == 1 ? 1 : chiredis_failed;
    if (result == 1) {
        SSL_set_connect_state(tls);
        link->tls = tls;
    } else {
        SSL_free(tls);
    }
    ERR_clear_error();
    return result;
}

static int fault_of(const SSL *tls) {
    switch (SSL_get_verify_result(tls)) {
    case X509_V_OK: return chiredis_tls_failed;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return chiredis_wrong_name;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return chiredis_expired;
    default: return chiredis_unknown_authority;
    }
}

// The meaning of a result that is not positive: 0 = later, or a fault.
static int meaning(chiredis_link *link, int result) {
    const int error = SSL_get_error(link->tls, result);
    const int is_end = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    ERR_clear_error();
    link->wants_to_write = error == SSL_ERROR_WANT_WRITE;
    switch (error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return 0;
    case SSL_ERROR_ZERO_RETURN: return chiredis_ended;
    // A server that wants a client's certificate says so after the handshake.
    case SSL_ERROR_SSL: return is_end ? chiredis_ended : chiredis_tls_failed;
    default: return chiredis_failed;
    }
}

int chiredis_tls_advance(chiredis_link *link) {
    ERR_clear_error();
    const int result = SSL_do_handshake(link->tls);
    if (result == 1) {
        link->wants_to_write = 0;
        return 1;
    }
    const int fault = fault_of(link->tls);
    return meaning(link, result) == 0 ? 0 : fault;
}

int64_t chiredis_tls_send(chiredis_link *link, const uint8_t *bytes, size_t length) {
    ERR_clear_error();
    const int result = SSL_write(link->tls, bytes, length < 65536 ? (int)length : 65536);
    if (result > 0) {
        link->wants_to_write = 0;
        return result;
    }
    const int fault = meaning(link, result);
    return fault == 0 ? 0 : chiredis_failed;
}

int64_t chiredis_tls_receive(chiredis_link *link, uint8_t *bytes, size_t capacity) {
    ERR_clear_error();
    const int result = SSL_read(link->tls, bytes, (int)capacity);
    if (result > 0) {
        link->wants_to_write = 0;
        return result;
    }
    return meaning(link, result);
}
