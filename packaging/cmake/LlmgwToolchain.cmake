# Compiler floor, warnings for our own code only, and the sanitizer rows.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "llmgw needs g++ 12 or newer (std::expected); this is ${CMAKE_CXX_COMPILER_VERSION}.")
endif()

add_library(llmgw_warnings INTERFACE)
target_compile_options(llmgw_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wextra-semi
  $<$<CXX_COMPILER_ID:GNU>:-Wlogical-op>
  # g++ 12 takes "text" + std::string for a copy of 2^63 bytes when it optimizes (GCC bug 105651).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<BOOL:${LLMGW_WERROR}>:-Werror>)

if(LLMGW_TESTS)
  # What a test does wrong with an optional, a vector or a view ends it there.
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

if(LLMGW_SANITIZE)
  add_compile_options(-fsanitize=${LLMGW_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LLMGW_SANITIZE})
  # g++ 12 reports false positives of these two under sanitizers.
  target_compile_options(llmgw_warnings INTERFACE -Wno-maybe-uninitialized -Wno-tsan)
endif()

find_program(LLMGW_CCACHE ccache)
if(LLMGW_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${LLMGW_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${LLMGW_CCACHE})
endif()
