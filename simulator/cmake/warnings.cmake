# How our own code is compiled: one interface target, lwm2m_sim_options, that every library, program and test links.
#
#   LWM2M_SIM_SANITIZE   ""        nothing (default)
#                        address   AddressSanitizer and UndefinedBehaviorSanitizer, both fatal
#                        thread    ThreadSanitizer
#   LWM2M_SIM_COVERAGE   ON        gcov instrumentation
#   LWM2M_SIM_FUZZ       ON        libFuzzer coverage feedback with address and undefined; needs clang. The fuzz targets
#                                  themselves link pkg::fuzzer, which carries libFuzzer's main.
#   LWM2M_SIM_WERROR     ON        warnings are errors (OFF only for a compiler that we do not know)

set(LWM2M_SIM_SANITIZE "" CACHE STRING "Sanitizers: empty, address (with undefined) or thread")
set_property(CACHE LWM2M_SIM_SANITIZE PROPERTY STRINGS "" address thread)
option(LWM2M_SIM_COVERAGE "Measure test coverage with gcov" OFF)
option(LWM2M_SIM_FUZZ "Instrument for libFuzzer and build the fuzz targets (clang)" OFF)
option(LWM2M_SIM_WERROR "Treat warnings as errors" ON)

add_library(lwm2m_sim_options INTERFACE)
target_compile_features(lwm2m_sim_options INTERFACE cxx_std_20)
target_compile_options(lwm2m_sim_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum $<$<BOOL:${LWM2M_SIM_WERROR}>:-Werror>)

# Designated initializers that leave members at their default are the house style, not an oversight.
target_compile_options(lwm2m_sim_options INTERFACE -Wno-missing-field-initializers -Wno-maybe-uninitialized)

# Hardening: it costs nothing that the benchmarks can see. _FORTIFY_SOURCE needs an optimizing build, and the sanitizers
# bring their own, better checks.
target_compile_options(lwm2m_sim_options INTERFACE -fstack-protector-strong -fno-strict-aliasing)
target_link_options(lwm2m_sim_options INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)
if(LWM2M_SIM_SANITIZE STREQUAL "" AND NOT LWM2M_SIM_FUZZ)
  target_compile_options(lwm2m_sim_options INTERFACE
    $<$<OR:$<CONFIG:Release>,$<CONFIG:RelWithDebInfo>,$<CONFIG:MinSizeRel>>:-U_FORTIFY_SOURCE>
    $<$<OR:$<CONFIG:Release>,$<CONFIG:RelWithDebInfo>,$<CONFIG:MinSizeRel>>:-D_FORTIFY_SOURCE=2>)
endif()

# Optimized builds keep line numbers for stack traces and perf. CHECK is ours and stays on, so NDEBUG is harmless.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

if(LWM2M_SIM_SANITIZE STREQUAL "address" OR LWM2M_SIM_FUZZ)
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(LWM2M_SIM_SANITIZE STREQUAL "thread")
  set(sanitizers -fsanitize=thread)
elseif(NOT LWM2M_SIM_SANITIZE STREQUAL "")
  message(FATAL_ERROR "LWM2M_SIM_SANITIZE is '${LWM2M_SIM_SANITIZE}'; it may be empty, 'address' or 'thread'.")
endif()
if(DEFINED sanitizers)
  # libstdc++'s own checks cost little beside the sanitizer and find what it cannot: reads past size(), within capacity.
  target_compile_options(lwm2m_sim_options INTERFACE ${sanitizers} -fno-omit-frame-pointer)
  target_compile_definitions(lwm2m_sim_options INTERFACE _GLIBCXX_ASSERTIONS)
  target_link_options(lwm2m_sim_options INTERFACE ${sanitizers})
endif()

if(LWM2M_SIM_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "LWM2M_SIM_FUZZ needs clang (libFuzzer); use the preset 'fuzz', Debian package clang-19.")
  endif()
  target_compile_options(lwm2m_sim_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(lwm2m_sim_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
add_library(lwm2m_sim_pkg_fuzzer INTERFACE)
add_library(pkg::fuzzer ALIAS lwm2m_sim_pkg_fuzzer)
if(LWM2M_SIM_FUZZ)
  target_link_options(lwm2m_sim_pkg_fuzzer INTERFACE -fsanitize=fuzzer)
endif()

if(LWM2M_SIM_COVERAGE)
  target_compile_options(lwm2m_sim_options INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(lwm2m_sim_options INTERFACE --coverage)
endif()
