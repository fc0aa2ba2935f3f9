# The libraries from Debian, each as one imported target with a uniform name (pkg::fmt, pkg::yaml_cpp, ...), all as
# SYSTEM includes so that our warnings stay ours. A missing one is named together with the package that brings it; all
# missing ones are listed at once.
#
# tests/tidy holds which folder may name which library; targets.cmake links accordingly.

set(lwm2m_sim_missing "")

# pkg_from_config(NAME PACKAGE DEBIAN TARGET...): pkg::NAME stands for the targets that find_package(PACKAGE) brings.
function(pkg_from_config name package debian)
  find_package(${package} QUIET CONFIG)
  if(NOT ${package}_FOUND)
    set(lwm2m_sim_missing ${lwm2m_sim_missing} "${package} (${debian})" PARENT_SCOPE)
    return()
  endif()
  pkg_define(${name})
  foreach(target IN LISTS ARGN)
    # A package's own config may be older than a target name: prefer the first that exists.
    target_link_libraries(lwm2m_sim_pkg_${name} INTERFACE ${target})
    get_target_property(includes ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(includes)
      target_include_directories(lwm2m_sim_pkg_${name} SYSTEM INTERFACE ${includes})
    endif()
    # A header of ours may be compiled alone with nothing but this target; a build-only copy needs the targets global.
    set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
  endforeach()
endfunction()

# pkg_from_files(NAME DEBIAN HEADER LIBRARY...): pkg::NAME is a header and the libraries beside it, for packages that
# bring no usable config.
function(pkg_from_files name debian header)
  find_path(LWM2M_SIM_${name}_INCLUDE ${header})
  mark_as_advanced(LWM2M_SIM_${name}_INCLUDE)
  set(found ${LWM2M_SIM_${name}_INCLUDE})
  set(libraries "")
  foreach(library IN LISTS ARGN)
    find_library(LWM2M_SIM_LIB_${library} ${library})
    mark_as_advanced(LWM2M_SIM_LIB_${library})
    list(APPEND libraries ${LWM2M_SIM_LIB_${library}})
    if(NOT LWM2M_SIM_LIB_${library})
      set(found FALSE)
    endif()
  endforeach()
  if(NOT found)
    set(lwm2m_sim_missing ${lwm2m_sim_missing} "${header} (${debian})" PARENT_SCOPE)
    return()
  endif()
  pkg_define(${name})
  target_include_directories(lwm2m_sim_pkg_${name} SYSTEM INTERFACE ${LWM2M_SIM_${name}_INCLUDE})
  target_link_libraries(lwm2m_sim_pkg_${name} INTERFACE ${libraries})
endfunction()

macro(pkg_define name)
  add_library(lwm2m_sim_pkg_${name} INTERFACE)
  add_library(pkg::${name} ALIAS lwm2m_sim_pkg_${name})
endmacro()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

pkg_from_files(asio libasio-dev asio.hpp)
if(TARGET lwm2m_sim_pkg_asio)
  # Asio without Boost; deprecated spellings are not compiled in, so that a newer Asio takes our code too.
  target_compile_definitions(lwm2m_sim_pkg_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
  target_link_libraries(lwm2m_sim_pkg_asio INTERFACE Threads::Threads)
  if(LWM2M_SIM_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio has fences beside its locks; gcc says of each that the sanitizer does not see it.
    target_compile_options(lwm2m_sim_pkg_asio INTERFACE -Wno-tsan)
  endif()
endif()

pkg_from_config(fmt fmt libfmt-dev fmt::fmt)
pkg_from_config(spdlog spdlog libspdlog-dev spdlog::spdlog)
pkg_from_config(expected tl-expected libexpected-dev tl::expected)
pkg_from_config(cli11 CLI11 libcli11-dev CLI11::CLI11)
pkg_from_config(json nlohmann_json nlohmann-json3-dev nlohmann_json::nlohmann_json)
pkg_from_config(robin_map tsl-robin-map robin-map-dev tsl::robin_map)
pkg_from_config(muparser muparser libmuparser-dev muparser::muparser)
pkg_from_files(yaml_cpp libyaml-cpp-dev yaml-cpp/yaml.h yaml-cpp)
pkg_from_files(pugixml libpugixml-dev pugixml.hpp pugixml)
pkg_from_files(civetweb libcivetweb-dev CivetServer.h civetweb-cpp civetweb)
pkg_from_files(cbor libcbor-dev cbor.h cbor)
pkg_from_files(curl libcurl4-openssl-dev curl/curl.h curl)
# Of prometheus-cpp only the data model and its text format: our own listener serves /metrics.
pkg_from_files(prometheus prometheus-cpp-dev prometheus/collectable.h prometheus-cpp-core)

if(LWM2M_SIM_TESTS)
  find_package(GTest QUIET)
  if(GTest_FOUND AND TARGET GTest::gmock)
    pkg_define(gtest)
    target_link_libraries(lwm2m_sim_pkg_gtest INTERFACE GTest::gtest GTest::gmock GTest::gtest_main)
  else()
    list(APPEND lwm2m_sim_missing "GTest (libgtest-dev libgmock-dev)")
  endif()
  pkg_from_files(rapidcheck librapidcheck-dev rapidcheck.h rapidcheck)
endif()

if(lwm2m_sim_missing)
  list(JOIN lwm2m_sim_missing "\n  " missing_lines)
  message(FATAL_ERROR "These libraries are missing (Debian package in brackets):\n  ${missing_lines}\n"
    "Install them with 'apt-get install PACKAGE...', or run ./quickstart, which installs all that is missing.")
endif()
