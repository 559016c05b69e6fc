# The real binary: its texts against the committed ones, its completion script inside bash, the width of its
# help, and standard streams that are closed or broken.
add_test(NAME golden.texts COMMAND ${CMAKE_CURRENT_LIST_DIR}/run $<TARGET_FILE:x8ctl>)
add_test(NAME golden.completion COMMAND ${CMAKE_CURRENT_LIST_DIR}/completion.sh)
add_test(NAME golden.widths COMMAND ${CMAKE_CURRENT_LIST_DIR}/widths.sh)
add_test(NAME golden.streams COMMAND ${CMAKE_CURRENT_LIST_DIR}/streams.sh)
set_tests_properties(golden.texts golden.completion golden.widths golden.streams PROPERTIES
  LABELS golden TIMEOUT 600 ENVIRONMENT "X8CTL=$<TARGET_FILE:x8ctl>")
