# Real programs for the M4, right ones and wrong ones, for the tests: X8_SKETCHES is their folder, and does not exist
# where there is no compiler for ARM.
set(X8_SKETCHES ${CMAKE_CURRENT_BINARY_DIR}/sketches)
find_program(X8_ARM_GCC arm-none-eabi-gcc)
if(X8_ARM_GCC)
  set(sketch_sources sketch/build sketch/sketch.c sketch/x8.ld)
  list(TRANSFORM sketch_sources PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  add_custom_command(OUTPUT sketches.stamp
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${X8_SKETCHES}
    COMMAND ${CMAKE_COMMAND} -E env CC=${CMAKE_C_COMPILER} bash ${CMAKE_CURRENT_SOURCE_DIR}/sketch/build ${X8_SKETCHES}
    COMMAND ${CMAKE_COMMAND} -E touch sketches.stamp
    DEPENDS ${sketch_sources}
    COMMENT "building sketches"
    VERBATIM)
  add_custom_target(sketches ALL DEPENDS sketches.stamp)
else()
  message(STATUS "no arm-none-eabi-gcc: tests with real sketches are skipped")
endif()

add_executable(sketch_real sketch/real_test.c)
x8_compile_rules(sketch_real)
target_include_directories(sketch_real PRIVATE lib ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(sketch_real PRIVATE x8_sketch testlib x8_util PkgConfig::CMOCKA)
add_test(NAME unit.sketch.real COMMAND sketch_real)
set_tests_properties(unit.sketch.real PROPERTIES TIMEOUT 600 LABELS "unit" SKIP_RETURN_CODE 77
  ENVIRONMENT "X8_SKETCHES=${X8_SKETCHES}")
