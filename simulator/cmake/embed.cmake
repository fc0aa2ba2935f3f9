# lwm2m_sim_embed(TARGET NAME GLOB...): makes the files that match (from the root of the source tree) a part of TARGET,
# as a table path -> content behind `embedded::NAME()` (simulator/base/embedded.h). Run as a script, this file writes
# that table.

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  set(table "")
  set(contents "")
  set(count 0)
  file(STRINGS "${LIST}" files)
  foreach(file IN LISTS files)
    # Hexadecimal, so that any byte passes: quotes, backslashes, images.
    file(READ "${ROOT}/${file}" hex HEX)
    string(LENGTH "${hex}" length)
    math(EXPR length "${length} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${hex}")
    string(REGEX REPLACE "(\\\\x0a)" "\\1\"\n    \"" escaped "${escaped}")
    string(APPEND contents "constexpr char content_${count}[] =\n    \"${escaped}\";\n")
    string(APPEND table "    {\"${file}\", {content_${count}, ${length}}},\n")
    math(EXPR count "${count} + 1")
  endforeach()
  file(WRITE "${OUTPUT}" "// Made by simulator/cmake/embed.cmake.
#include <array>
#include <span>

#include \"simulator/base/embedded.h\"

namespace {
${contents}
constexpr std::array<base::EmbeddedFile, ${count}> files{{
${table}}};
}  // namespace

namespace embedded {
std::span<const base::EmbeddedFile> ${NAME}();
std::span<const base::EmbeddedFile> ${NAME}() { return files; }
}  // namespace embedded
")
  return()
endif()

set(LWM2M_SIM_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(lwm2m_sim_embed target name)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL INTERFACE_LIBRARY)
    return()  # a folder without sources has nobody to ask for them
  endif()
  set(globs ${ARGN})
  list(TRANSFORM globs PREPEND "${PROJECT_SOURCE_DIR}/")
  file(GLOB files CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" ${globs})
  list(SORT files)
  set(output "${PROJECT_BINARY_DIR}/embedded/${name}.cpp")
  # The list goes through a file that changes only when the list does.
  list(JOIN files "\n" lines)
  file(CONFIGURE OUTPUT "${output}.list" CONTENT "${lines}\n" @ONLY)
  list(TRANSFORM files PREPEND "${PROJECT_SOURCE_DIR}/" OUTPUT_VARIABLE paths)
  add_custom_command(OUTPUT "${output}"
    COMMAND ${CMAKE_COMMAND} "-DROOT=${PROJECT_SOURCE_DIR}" "-DLIST=${output}.list" "-DNAME=${name}"
      "-DOUTPUT=${output}" -P "${LWM2M_SIM_EMBED_SCRIPT}"
    DEPENDS ${paths} "${output}.list" "${LWM2M_SIM_EMBED_SCRIPT}"
    COMMENT "Embedding ${name}"
    VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
