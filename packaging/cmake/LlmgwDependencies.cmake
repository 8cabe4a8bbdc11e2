# System packages first; cpp-httplib, which Debian 12 has only as 0.11, from source pinned by commit.
# `./dev setup` (get_httplib.sh beside this file) unpacks that source to build/deps, also where the git host cannot be
# reached; without it, FetchContent clones the same commit.
include(FetchContent)

function(llmgw_require target version origin)
  if(NOT TARGET ${target})
    message(FATAL_ERROR "llmgw needs ${target}, which was not found. Run ./dev setup, or install its -dev package.")
  endif()
  set_property(GLOBAL APPEND PROPERTY llmgw_dependencies "${target} ${version} (${origin})")
endfunction()

function(llmgw_print_dependencies)
  get_property(rows GLOBAL PROPERTY llmgw_dependencies)
  list(JOIN rows "\n     " table)
  message(STATUS "Dependencies:\n     ${table}")
endfunction()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
llmgw_require(fmt::fmt "${fmt_VERSION}" system)
find_package(nlohmann_json 3.11 REQUIRED)
llmgw_require(nlohmann_json::nlohmann_json "${nlohmann_json_VERSION}" system)
find_package(CLI11 2.1 REQUIRED)
llmgw_require(CLI11::CLI11 "${CLI11_VERSION}" system)
find_package(tomlplusplus 3.3 REQUIRED)
llmgw_require(tomlplusplus::tomlplusplus "${tomlplusplus_VERSION}" system)
# A release on Linux carries fmt, toml++ and the C++ runtime in itself: that much less is looked up and relocated at each
# start and held by an idle gateway. Debian has no static ones, but the headers of both hold all of their code.
set(LLMGW_FMT fmt::fmt)
set(LLMGW_TOML tomlplusplus::tomlplusplus)
set(LLMGW_STATIC OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU"
   AND NOT LLMGW_SANITIZE AND fmt_VERSION VERSION_GREATER_EQUAL 9 AND fmt_VERSION VERSION_LESS 10)
  set(LLMGW_STATIC ON)
  add_library(llmgw_fmt STATIC packaging/static/fmt.cpp)
  target_include_directories(llmgw_fmt SYSTEM PUBLIC $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)
  set(LLMGW_FMT llmgw_fmt)
  add_library(llmgw_toml STATIC packaging/static/toml.cpp)
  target_include_directories(llmgw_toml SYSTEM PUBLIC
    $<TARGET_PROPERTY:tomlplusplus::tomlplusplus,INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_definitions(llmgw_toml PUBLIC TOML_HEADER_ONLY=0)
  set(LLMGW_TOML llmgw_toml)
endif()
find_package(SQLite3 3.35 REQUIRED)
llmgw_require(SQLite::SQLite3 "${SQLite3_VERSION}" system)
find_package(CURL 7.88 REQUIRED)
llmgw_require(CURL::libcurl "${CURL_VERSION_STRING}" system)
# Opened at run time by the name the linker would have noted (core/net/curl_library.cpp); linked where there is none.
add_library(llmgw_libcurl INTERFACE)
get_target_property(LLMGW_LIBCURL CURL::libcurl IMPORTED_LOCATION)
if(LLMGW_LIBCURL AND LLMGW_LIBCURL MATCHES "\\.so$" AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  get_filename_component(LLMGW_LIBCURL_FILE "${LLMGW_LIBCURL}" REALPATH)
  get_filename_component(LLMGW_LIBCURL_FILE "${LLMGW_LIBCURL_FILE}" NAME)
  string(REGEX REPLACE "(\\.so\\.[0-9]+).*" "\\1" LLMGW_LIBCURL_FILE "${LLMGW_LIBCURL_FILE}")
  target_include_directories(llmgw_libcurl SYSTEM INTERFACE ${CURL_INCLUDE_DIRS})
  set_source_files_properties(${CMAKE_SOURCE_DIR}/core/net/curl_library.cpp PROPERTIES
    COMPILE_DEFINITIONS LLMGW_LIBCURL_FILE="${LLMGW_LIBCURL_FILE}")
else()
  target_link_libraries(llmgw_libcurl INTERFACE CURL::libcurl)
endif()
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
llmgw_require(OpenSSL::Crypto "${OPENSSL_VERSION}" system)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlidec libbrotlienc libbrotlicommon)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)

# libsecret: headers at build time only; the library is opened at run time by the keychain's child process.
pkg_check_modules(LIBSECRET libsecret-1)
add_library(llmgw_secret_headers INTERFACE)
if(LIBSECRET_FOUND)
  target_include_directories(llmgw_secret_headers SYSTEM INTERFACE ${LIBSECRET_INCLUDE_DIRS})
  target_compile_definitions(llmgw_secret_headers INTERFACE LLMGW_HAVE_LIBSECRET=1)
endif()

set(LLMGW_HTTPLIB_SOURCE "${CMAKE_CURRENT_SOURCE_DIR}/build/deps/cpp-httplib" CACHE PATH "Unpacked cpp-httplib >= 0.41")
if(NOT FETCHCONTENT_SOURCE_DIR_HTTPLIB AND EXISTS "${LLMGW_HTTPLIB_SOURCE}/httplib.h")
  set(FETCHCONTENT_SOURCE_DIR_HTTPLIB "${LLMGW_HTTPLIB_SOURCE}" CACHE PATH "" FORCE)
endif()
FetchContent_Declare(httplib
  GIT_REPOSITORY https://github.com/yhirose/cpp-httplib.git
  GIT_TAG 073b58796205b928b61f4cae89ab4130b7f1aee0  # v0.41.0
  SOURCE_SUBDIR no-cmake-please)  # header only: its own CMake file looks for what we decide here
FetchContent_MakeAvailable(httplib)
FetchContent_GetProperties(httplib SOURCE_DIR LLMGW_HTTPLIB_DIR)
file(STRINGS "${LLMGW_HTTPLIB_DIR}/httplib.h" LLMGW_HTTPLIB_VERSION REGEX "^#define CPPHTTPLIB_VERSION \"" LIMIT_COUNT 1)
string(REGEX REPLACE ".*\"([0-9.]+)\".*" "\\1" LLMGW_HTTPLIB_VERSION "${LLMGW_HTTPLIB_VERSION}")
if(LLMGW_HTTPLIB_VERSION VERSION_LESS 0.41)
  message(FATAL_ERROR "llmgw needs cpp-httplib 0.41 or newer; ${LLMGW_HTTPLIB_DIR} holds '${LLMGW_HTTPLIB_VERSION}'. "
    "Remove that directory and run ./dev setup.")
endif()
add_library(llmgw_httplib INTERFACE)
add_library(httplib::httplib ALIAS llmgw_httplib)
target_include_directories(llmgw_httplib SYSTEM INTERFACE "${LLMGW_HTTPLIB_DIR}")
# The same macros in every file that includes httplib.h. Defaults that must not stay are replaced here.
target_compile_definitions(llmgw_httplib INTERFACE
  CPPHTTPLIB_ZLIB_SUPPORT CPPHTTPLIB_BROTLI_SUPPORT CPPHTTPLIB_ZSTD_SUPPORT
  CPPHTTPLIB_TCP_NODELAY=true CPPHTTPLIB_LISTEN_BACKLOG=1024
  CPPHTTPLIB_HEADER_MAX_LENGTH=65536 CPPHTTPLIB_HEADER_MAX_COUNT=256 CPPHTTPLIB_MAX_LINE_LENGTH=65536
  CPPHTTPLIB_REQUEST_URI_MAX_LENGTH=16384)
target_link_libraries(llmgw_httplib INTERFACE ZLIB::ZLIB PkgConfig::BROTLI PkgConfig::ZSTD)
llmgw_require(httplib::httplib "${LLMGW_HTTPLIB_VERSION}" "${LLMGW_HTTPLIB_DIR}")
