#include "internal.h"

#include <stdlib.h>
#include <string.h>

int clibcurl_start(void) {
    const int loaded = clibcurl_load();
    if (loaded != 1) return loaded;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return -1;
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    const int needed = CURL_VERSION_SSL | CURL_VERSION_THREADSAFE;
    if (info == NULL || info->version_num < 0x075400 || (info->features & needed) != needed) return -2;
    return 1;
}

int clibcurl_decodes_gzip(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    return info != NULL && (info->features & CURL_VERSION_LIBZ) != 0;
}

clibcurl_multi *clibcurl_multi_create(int maximum_kept_connections) {
    clibcurl_multi *multi = malloc(sizeof *multi);
    if (multi == NULL) return NULL;
    multi->handle = curl_multi_init();
    // Without free descriptors libcurl makes a multi that no wakeup reaches. One wakeup more does no harm.
    if (multi->handle != NULL && curl_multi_wakeup(multi->handle) == CURLM_OK
        && curl_multi_setopt(multi->handle, CURLMOPT_MAXCONNECTS, (long)maximum_kept_connections) == CURLM_OK)
        return multi;
    if (multi->handle != NULL) curl_multi_cleanup(multi->handle);
    free(multi);
    return NULL;
}

void clibcurl_multi_free(clibcurl_multi *multi) {
    curl_multi_cleanup(multi->handle);
    free(multi);
}

int clibcurl_multi_add(clibcurl_multi *multi, clibcurl_transfer *transfer) {
    return curl_multi_add_handle(multi->handle, transfer->handle) == CURLM_OK ? 1 : -1;
}

void clibcurl_multi_remove(clibcurl_multi *multi, clibcurl_transfer *transfer) {
    curl_multi_remove_handle(multi->handle, transfer->handle);
}

int clibcurl_multi_perform(clibcurl_multi *multi) {
    int running = 0;
    return curl_multi_perform(multi->handle, &running) == CURLM_OK ? 1 : -1;
}

int clibcurl_multi_poll(clibcurl_multi *multi, int milliseconds) {
    return curl_multi_poll(multi->handle, NULL, 0, milliseconds, NULL) == CURLM_OK ? 1 : -1;
}

void clibcurl_multi_wakeup(clibcurl_multi *multi) {
    curl_multi_wakeup(multi->handle);
}

static int outcome_of(CURLcode code) {
    switch (code) {
    case CURLE_OK: return clibcurl_done;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return clibcurl_not_resolved;
    case CURLE_OPERATION_TIMEDOUT: return clibcurl_timed_out;
    case CURLE_FILESIZE_EXCEEDED: return clibcurl_too_large;
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK: return clibcurl_stopped;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT: return clibcurl_tls;
    case CURLE_UNSUPPORTED_PROTOCOL:  // a response without a status line; the scheme of the URL was checked before
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:  // libcurl's own limit of a head
#endif
        return clibcurl_malformed;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:  // a kept connection was dead, and a form is never sent twice
    case CURLE_PROXY:
    case CURLE_HTTP2_STREAM: return clibcurl_connection_failed;
    default: return clibcurl_unavailable;
    }
}

// Why the certificate of the server, or of the proxy, does not verify. The numbers are OpenSSL's (x509_vfy.h). Other
// TLS libraries have other numbers or none, so nothing is concluded from theirs.
static int failed_verification(CURL *handle) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    if (info == NULL || info->ssl_version == NULL || strncmp(info->ssl_version, "OpenSSL/", 8) != 0)
        return clibcurl_tls;
    long result = 0;
    if (curl_easy_getinfo(handle, CURLINFO_SSL_VERIFYRESULT, &result) != CURLE_OK) return clibcurl_tls;
    // With an https proxy, its certificate comes first.
    long of_proxy = 0;
    if (result <= 1 && curl_easy_getinfo(handle, CURLINFO_PROXY_SSL_VERIFYRESULT, &of_proxy) == CURLE_OK
        && of_proxy > 1)
        result = of_proxy;
    switch (result) {
    case 2:   // X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
    case 7:   // X509_V_ERR_CERT_SIGNATURE_FAILURE: a trusted authority has the same name, and another key
    case 18:  // X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
    case 19:  // X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
    case 20:  // X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    case 21:  // X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
    case 27: return clibcurl_unknown_authority;  // X509_V_ERR_CERT_UNTRUSTED
    case 9:                                      // X509_V_ERR_CERT_NOT_YET_VALID
    case 10:
        return clibcurl_expired;  // X509_V_ERR_CERT_HAS_EXPIRED
    // libcurl compares the name, after OpenSSL has accepted the chain. Then 0 is OpenSSL's result; 1 is libcurl's mark
    // that it has not asked for it yet.
    case 0:
    case 1:
    case 62:                              // X509_V_ERR_HOSTNAME_MISMATCH
    case 64: return clibcurl_wrong_name;  // X509_V_ERR_IP_ADDRESS_MISMATCH
    default: return clibcurl_tls;
    }
}

int clibcurl_multi_next_ended(clibcurl_multi *multi, uint64_t *identifier, int *outcome) {
    for (;;) {
        int left = 0;
        const CURLMsg *message = curl_multi_info_read(multi->handle, &left);
        if (message == NULL) return 0;
        if (message->msg != CURLMSG_DONE) continue;
        clibcurl_transfer *transfer = NULL;
        if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) != CURLE_OK || transfer == NULL)
            continue;
        *identifier = transfer->identifier;
        const CURLcode code = message->data.result;
        *outcome =
            code == CURLE_PEER_FAILED_VERIFICATION ? failed_verification(message->easy_handle) : outcome_of(code);
        return 1;
    }
}
