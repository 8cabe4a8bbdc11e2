#include "core/net/curl_library.hpp"

#if defined(LLMGW_LIBCURL_FILE)
#include <dlfcn.h>
#endif

namespace llmgw {
namespace {

#if defined(LLMGW_LIBCURL_FILE)
#define LLMGW_FROM_LIBCURL(name) find(library.name, "curl_" #name)
#else
#define LLMGW_FROM_LIBCURL(name) (library.name = ::curl_##name) != nullptr
#endif

CurlLibrary open_library() {
    CurlLibrary library;
#if defined(LLMGW_LIBCURL_FILE)
    void* const handle = ::dlopen(LLMGW_LIBCURL_FILE, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) { return library; }
    const auto find = [handle]<class Function>(Function& function, const char* name) {
        function = reinterpret_cast<Function>(::dlsym(handle, name));
        return function != nullptr;
    };
#endif
    library.there =
        LLMGW_FROM_LIBCURL(global_init) && LLMGW_FROM_LIBCURL(easy_init) && LLMGW_FROM_LIBCURL(easy_cleanup) &&
        LLMGW_FROM_LIBCURL(easy_setopt) && LLMGW_FROM_LIBCURL(easy_getinfo) && LLMGW_FROM_LIBCURL(easy_send) &&
        LLMGW_FROM_LIBCURL(easy_recv) && LLMGW_FROM_LIBCURL(easy_strerror) && LLMGW_FROM_LIBCURL(multi_init) &&
        LLMGW_FROM_LIBCURL(multi_cleanup) && LLMGW_FROM_LIBCURL(multi_setopt) && LLMGW_FROM_LIBCURL(multi_add_handle) &&
        LLMGW_FROM_LIBCURL(multi_remove_handle) && LLMGW_FROM_LIBCURL(multi_perform) &&
        LLMGW_FROM_LIBCURL(multi_info_read) && LLMGW_FROM_LIBCURL(multi_poll) &&
        library.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return library;
}
#undef LLMGW_FROM_LIBCURL

}  // namespace

const CurlLibrary& curl() {
    static const CurlLibrary library = open_library();
    return library;
}

}  // namespace llmgw
