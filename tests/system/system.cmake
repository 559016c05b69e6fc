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
