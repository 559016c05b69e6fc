# Checks of the text of the tree and of the built libraries. They do not depend on sanitizers, so only the plain build
# runs them.
if(X8_SANITIZE OR NOT TARGET x8ctl)
  return()
endif()

get_property(core GLOBAL PROPERTY X8_ROOMS)
list(REMOVE_ITEM core x8_ui)
set(core_files "")
foreach(room ${core})
  list(APPEND core_files $<TARGET_FILE:${room}>)
endforeach()
list(JOIN core_files " " core_files)

file(GLOB checks CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.sh)
list(REMOVE_ITEM checks ${CMAKE_CURRENT_LIST_DIR}/lib.sh)
foreach(check ${checks})
  get_filename_component(name ${check} NAME_WE)
  add_test(NAME lint.${name} COMMAND bash ${check})
  set_tests_properties(lint.${name} PROPERTIES LABELS lint TIMEOUT 600 SKIP_RETURN_CODE 77
    ENVIRONMENT "SOURCE_DIR=${PROJECT_SOURCE_DIR};X8CTL=$<TARGET_FILE:x8ctl>;LIBRARIES=${core_files};CC=${CMAKE_C_COMPILER}")
endforeach()
