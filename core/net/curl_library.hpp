// libcurl and the thirty libraries it needs take most of a program's start and a third of an idle gateway's memory, so
// it is opened at the first request that goes through it. Where there is no name to open it by, it is linked.
#pragma once

#include <curl/curl.h>

namespace llmgw {

struct CurlLibrary {
    bool there = false;  // else nothing below may be called
    decltype(&::curl_global_init) global_init = nullptr;
    decltype(&::curl_easy_init) easy_init = nullptr;
    decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
    decltype(&::curl_easy_setopt) easy_setopt = nullptr;
    decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
    decltype(&::curl_easy_send) easy_send = nullptr;
    decltype(&::curl_easy_recv) easy_recv = nullptr;
    decltype(&::curl_easy_strerror) easy_strerror = nullptr;
    decltype(&::curl_multi_init) multi_init = nullptr;
    decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
    decltype(&::curl_multi_setopt) multi_setopt = nullptr;
    decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
    decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
    decltype(&::curl_multi_perform) multi_perform = nullptr;
    decltype(&::curl_multi_info_read) multi_info_read = nullptr;
    decltype(&::curl_multi_poll) multi_poll = nullptr;
};

// Opened by the first caller. Safe from any thread.
const CurlLibrary& curl();

}  // namespace llmgw
