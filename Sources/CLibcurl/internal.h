// What the files of this module share.
#pragma once

#include "CLibcurl.h"
#include "loading.h"

#if LIBCURL_VERSION_NUM < 0x075400
#error "libcurl 7.84 or newer is needed"
#endif

struct clibcurl_multi {
    CURLM *handle;
};

struct clibcurl_transfer {
    CURL *handle;
    CURLU *url;
    char scheme[6];
    struct curl_slist *fields;
    struct curl_slist *resolutions;
    CURLSH *names;  // the addresses of the host, for this transfer only; the store of a multi would outlive it
    uint8_t *content;
    size_t content_length;
    size_t content_sent;
    clibcurl_callbacks callbacks;
    uint64_t identifier;
};
