// libcurl brings about twenty libraries with it. On Linux clibcurl_start loads them, not the start of the program: a
// program that never fetches saves about 4 MiB and 10 ms. Elsewhere libcurl is part of the system, and linked.
#pragma once

#include <curl/curl.h>

#if defined(__linux__)

// With type checking these are macros around the functions of their names.
#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt
#undef curl_share_setopt

#define CLIBCURL_FUNCTIONS(FUNCTION) \
    FUNCTION(curl_easy_cleanup) \
    FUNCTION(curl_easy_getinfo) \
    FUNCTION(curl_easy_init) \
    FUNCTION(curl_easy_setopt) \
    FUNCTION(curl_free) \
    FUNCTION(curl_global_init) \
    FUNCTION(curl_multi_add_handle) \
    FUNCTION(curl_multi_cleanup) \
    FUNCTION(curl_multi_info_read) \
    FUNCTION(curl_multi_init) \
    FUNCTION(curl_multi_perform) \
    FUNCTION(curl_multi_poll) \
    FUNCTION(curl_multi_remove_handle) \
    FUNCTION(curl_multi_setopt) \
    FUNCTION(curl_multi_wakeup) \
    FUNCTION(curl_share_cleanup) \
    FUNCTION(curl_share_init) \
    FUNCTION(curl_share_setopt) \
    FUNCTION(curl_slist_append) \
    FUNCTION(curl_slist_free_all) \
    FUNCTION(curl_url) \
    FUNCTION(curl_url_cleanup) \
    FUNCTION(curl_url_get) \
    FUNCTION(curl_url_set) \
    FUNCTION(curl_version_info)

// Every function with the type that libcurl's own header gives it.
struct clibcurl_library {
#define FUNCTION(name) __typeof__(&name) name;
    CLIBCURL_FUNCTIONS(FUNCTION)
#undef FUNCTION
};

extern struct clibcurl_library clibcurl_library;

// From here on a call goes through the table; a function that is not in the table does not link. loading.c, which fills
// the table, defines CLIBCURL_FILLS_TABLE.
#ifndef CLIBCURL_FILLS_TABLE
#define curl_easy_cleanup clibcurl_library.curl_easy_cleanup
#define curl_easy_getinfo clibcurl_library.curl_easy_getinfo
#define curl_easy_init clibcurl_library.curl_easy_init
#define curl_easy_setopt clibcurl_library.curl_easy_setopt
#define curl_free clibcurl_library.curl_free
#define curl_global_init clibcurl_library.curl_global_init
#define curl_multi_add_handle clibcurl_library.curl_multi_add_handle
#define curl_multi_cleanup clibcurl_library.curl_multi_cleanup
#define curl_multi_info_read clibcurl_library.curl_multi_info_read
#define curl_multi_init clibcurl_library.curl_multi_init
#define curl_multi_perform clibcurl_library.curl_multi_perform
#define curl_multi_poll clibcurl_library.curl_multi_poll
#define curl_multi_remove_handle clibcurl_library.curl_multi_remove_handle
#define curl_multi_setopt clibcurl_library.curl_multi_setopt
#define curl_multi_wakeup clibcurl_library.curl_multi_wakeup
#define curl_share_cleanup clibcurl_library.curl_share_cleanup
#define curl_share_init clibcurl_library.curl_share_init
#define curl_share_setopt clibcurl_library.curl_share_setopt
#define curl_slist_append clibcurl_library.curl_slist_append
#define curl_slist_free_all clibcurl_library.curl_slist_free_all
#define curl_url clibcurl_library.curl_url
#define curl_url_cleanup clibcurl_library.curl_url_cleanup
#define curl_url_get clibcurl_library.curl_url_get
#define curl_url_set clibcurl_library.curl_url_set
#define curl_version_info clibcurl_library.curl_version_info
#endif

#endif

// Makes every function callable. 1 = done, -1 = the library cannot be loaded, -2 = it lacks a function. After a failure
// it may be called again: a shortage of descriptors or memory passes.
int clibcurl_load(void);
