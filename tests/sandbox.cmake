# Tests that run a board's Linux or an ssh server of their own do it in a sandbox of an unprivileged user. Where none is
# allowed (a chroot, a container without user namespaces) ctest shows them as disabled, and configuring says why. Tests
# that need a sandbox for a part only, or skip by themselves, are not named here.
set(sandboxed "^(e2e\\.(update_(apply|legacy|faults|kill|finish|ssh)|board_update|running_.*|adb_faults_board)\
|e2e\\.net_(session|cut|setup_ssh|exec|files|shell|forward)|unit\\.(net\\.ssh_(another_)?test|session\\.over_ssh_test))$")

execute_process(
  COMMAND bwrap --unshare-user --uid 1000 --gid 1000 --unshare-pid --unshare-net --ro-bind / / --proc /proc unshare -r true
  RESULT_VARIABLE x8_sandbox OUTPUT_QUIET ERROR_VARIABLE why ERROR_STRIP_TRAILING_WHITESPACE)
if(NOT x8_sandbox EQUAL 0)
  get_property(all DIRECTORY PROPERTY TESTS)
  list(FILTER all INCLUDE REGEX "${sandboxed}")
  if(all)
    set_tests_properties(${all} PROPERTIES DISABLED ON)
  endif()
  list(LENGTH all count)
  message(STATUS "no sandbox here (${why}): ${count} tests are disabled")
endif()
