# The built programs inside a virtual machine with a real kernel. x8-redir puts virtual boards on its USB; without
# libusbredirparser here, the test installs it and builds x8-redir on its own.
pkg_check_modules(USBREDIR IMPORTED_TARGET libusbredirparser-0.5)
if(USBREDIR_FOUND AND UMOCKDEV_FOUND)
  file(GLOB redir_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/redir*.c)
  add_executable(x8-redir ${redir_sources} board/umock_report.c)
  x8_compile_rules(x8-redir)
  # umock_report.c needs umockdev's headers for its types and nothing of the library.
  target_include_directories(x8-redir SYSTEM PRIVATE ${UMOCKDEV_INCLUDE_DIRS})
  target_link_libraries(x8-redir PRIVATE vboard PkgConfig::USBREDIR)
endif()

# Sanitizers inside an emulated machine cost more than they find: the plain build only.
if(NOT X8_SANITIZE AND TARGET x8-mkimage)
  set(redir_program "")
  if(TARGET x8-redir)
    set(redir_program $<TARGET_FILE:x8-redir>)
  endif()
  add_test(NAME system.guest COMMAND ${CMAKE_CURRENT_LIST_DIR}/run)
  set_tests_properties(system.guest PROPERTIES
    TIMEOUT 1800 COST 100 LABELS "system" SKIP_RETURN_CODE 77
    ENVIRONMENT "X8CTL=$<TARGET_FILE:x8ctl>;X8_REDIR=${redir_program};X8_MKIMAGE=$<TARGET_FILE:x8-mkimage>;X8_BUILD=${PROJECT_BINARY_DIR}")
endif()

# What is installed and packed, of the plain build: package.sh installs the package in a fresh Debian 12.
if(NOT X8_SANITIZE AND TARGET udev_rules AND TARGET x8-mkimage)
  add_test(NAME system.package COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/package.sh)
  set_tests_properties(system.package PROPERTIES
    TIMEOUT 900 LABELS "system" SKIP_RETURN_CODE 77 ENVIRONMENT "X8_BUILD=${PROJECT_BINARY_DIR}")

  # The release archive, twice; with X8_LONG=1 only.
  add_test(NAME system.dist COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/dist.sh)
  set_tests_properties(system.dist PROPERTIES
    TIMEOUT 1800 LABELS "system" SKIP_RETURN_CODE 77
    ENVIRONMENT "X8_BUILD=${PROJECT_BINARY_DIR};X8_MKIMAGE=$<TARGET_FILE:x8-mkimage>")
endif()
