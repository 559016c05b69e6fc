# End-to-end tests: the built program, and the real uuu, on virtual boards through umockdev. One line each below.

# x8-mkimage: releases shaped like the vendor's, for these tests, the demo and the benchmark.
add_executable(x8-mkimage board/mkimage.c board/mkimage_content.c board/mkimage_pack.c)
x8_compile_rules(x8-mkimage)
target_compile_definitions(x8-mkimage PRIVATE X8_FIXTURES="${CMAKE_CURRENT_SOURCE_DIR}/fixtures")
target_link_libraries(x8-mkimage PRIVATE vboard PkgConfig::ISAL)

# An ADB link by itself, for adb_usb.sh.
add_executable(adb_link e2e/adb_link.c)
x8_compile_rules(adb_link)
target_link_libraries(adb_link PRIVATE x8_usb x8_util)

# A search of the network by itself, for net_mdns*.sh.
add_executable(mdns_probe e2e/mdns_probe.c)
x8_compile_rules(mdns_probe)
target_link_libraries(mdns_probe PRIVATE x8_net x8_util)

# x8_e2e(name script timeout): run `bash script`, which finds the programs in X8CTL, X8_BOARD and X8_MKIMAGE, the build
# folder in X8_BUILD, the tests in X8_TESTS and programs for the M4 in X8_SKETCHES (tests/sketch; no such folder where
# there is no compiler for ARM). A script that ends with 77 was skipped and said why.
function(x8_e2e name script timeout)
  if(NOT TARGET x8-board)
    message(STATUS "no umockdev: test e2e.${name} left out")
    return()
  endif()
  set(program "")
  if(TARGET x8ctl)
    set(program $<TARGET_FILE:x8ctl>)
  endif()
  add_test(NAME e2e.${name} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/e2e/${script})
  set_tests_properties(e2e.${name} PROPERTIES
    TIMEOUT ${timeout} LABELS "e2e" SKIP_RETURN_CODE 77
    ENVIRONMENT "X8CTL=${program};X8_BOARD=$<TARGET_FILE:x8-board>;X8_MKIMAGE=$<TARGET_FILE:x8-mkimage>;X8_BUILD=${PROJECT_BINARY_DIR};X8_TESTS=${CMAKE_CURRENT_SOURCE_DIR};X8_SKETCHES=${X8_SKETCHES}")
endfunction()

x8_e2e(x8_board x8_board.sh 600)
x8_e2e(uuu_witness uuu_witness.sh 600)
x8_e2e(flash_sources flash_sources.sh 900)
x8_e2e(flash_faults_loader flash_faults_loader.sh 900)
x8_e2e(flash_faults flash_faults.sh 900)
x8_e2e(flash_select flash_select.sh 600)
x8_e2e(flash_wait flash_wait.sh 600)
x8_e2e(flash_resume flash_resume.sh 600)
x8_e2e(flash_inputs flash_inputs.sh 900)
x8_e2e(flash_unused flash_unused.sh 1800)
x8_e2e(flash_net flash_net.sh 900)
x8_e2e(vendor_scripts vendor_scripts.sh 900)
x8_e2e(output output.sh 900)
x8_e2e(schema schema.sh 900)
x8_e2e(streams streams.sh 900)
x8_e2e(usage usage.sh 600)
x8_e2e(narrow narrow.sh 600)
x8_e2e(facts facts.sh 900)
x8_e2e(terminal terminal.sh 900)
x8_e2e(verify verify.sh 900)
x8_e2e(adb_witness adb_witness.sh 900)
x8_e2e(adb_exec adb_exec.sh 900)
x8_e2e(adb_review adb_review.sh 600)
x8_e2e(adb_files adb_files.sh 900)
x8_e2e(adb_ways adb_ways.sh 900)
x8_e2e(adb_faults adb_faults.sh 900)
x8_e2e(adb_faults_board adb_faults_board.sh 900)
x8_e2e(adb_forward adb_forward.sh 900)
x8_e2e(adb_shell adb_shell.sh 900)
x8_e2e(adb_badinput adb_badinput.sh 900)
x8_e2e(adb_usb adb_usb.sh 600)
x8_e2e(image_local image_local.sh 600)
x8_e2e(image_net image_net.sh 600)
x8_e2e(image_faults image_faults.sh 600)
x8_e2e(update_show update_show.sh 900)
x8_e2e(update_apply update_apply.sh 600)
x8_e2e(update_legacy update_legacy.sh 600)
x8_e2e(update_faults update_faults.sh 900)
x8_e2e(update_kill update_kill.sh 900)
x8_e2e(update_finish update_finish.sh 1200)
x8_e2e(update_ssh update_ssh.sh 900)
x8_e2e(board_root board_root.sh 900)
x8_e2e(board_sketch board_sketch.sh 600)
x8_e2e(board_update board_update.sh 600)
x8_e2e(board_update_faults board_update_faults.sh 900)
x8_e2e(sketch_upload sketch_upload.sh 900)
x8_e2e(sketch_faults sketch_faults.sh 900)
x8_e2e(sketch_others sketch_others.sh 900)
x8_e2e(sketch_link sketch_link.sh 900)
x8_e2e(running_list running_list.sh 900)
x8_e2e(running_power running_power.sh 900)
x8_e2e(running_ask running_ask.sh 900)
x8_e2e(doctor doctor.sh 600)
x8_e2e(report report.sh 600)
x8_e2e(run_logs run_logs.sh 600)
x8_e2e(net_mdns net_mdns.sh 900)
x8_e2e(net_mdns_hostile net_mdns_hostile.sh 600)
x8_e2e(net_list net_list.sh 600)
x8_e2e(net_session net_session.sh 900)
x8_e2e(net_setup net_setup.sh 900)
x8_e2e(net_look net_look.sh 600)
x8_e2e(net_silent net_silent.sh 600)
x8_e2e(net_cut ssh_cut.sh 900)
# Suites that are about a running board, not about the way to it, once more over ssh.
x8_e2e(net_setup_ssh net_setup.sh 900)
x8_e2e(net_exec adb_exec.sh 900)
x8_e2e(net_files adb_files.sh 600)
x8_e2e(net_shell adb_shell.sh 900)
x8_e2e(net_forward adb_forward.sh 900)
if(TARGET x8-board)
  set_property(TEST e2e.net_setup_ssh e2e.net_exec e2e.net_files e2e.net_shell e2e.net_forward
    APPEND PROPERTY ENVIRONMENT "X8_KIT_WAY=ssh")
endif()

# What tests/run has the sanitized build run, where a fault costs most to overlook, and leaves out of the plain build that
# follows. There remain what optimised code may do differently: at its own speed (terminal, output, flash_*, adb_usb), against
# programs of others (uuu_witness, vendor_scripts, adb_witness, image_net, net_mdns, net_session), and one whole update.
# - Tables of faults and wrong input.
set(once flash_faults flash_faults_loader adb_faults adb_faults_board adb_badinput adb_review update_faults update_kill
    update_finish update_legacy update_show flash_unused sketch_faults sketch_others sketch_link net_mdns_hostile net_cut net_silent streams)
# - Suites of the doubles themselves: not a line of the program.
list(APPEND once board_root board_sketch board_update board_update_faults)
# - Commands on running boards, where bash and the board's tools do the work and nothing depends on speed.
list(APPEND once adb_exec adb_files adb_forward adb_shell adb_ways sketch_upload running_list running_power running_ask
    net_setup net_list net_look flash_inputs update_ssh schema facts doctor report usage narrow run_logs)
# - The same over another way.
list(APPEND once net_setup_ssh net_exec net_files net_shell net_forward)
foreach(name ${once})
  if(TEST e2e.${name})
    set_tests_properties(e2e.${name} PROPERTIES LABELS "e2e;once")
  endif()
endforeach()
# - Unit tests whose time is that of bash, tar and ostree. They stay "unit" for the thread sanitizer.
foreach(name session.push_test session.pull_test update.send_test update.send_faults_test update.bundle_test)
  if(TEST unit.${name})
    set_tests_properties(unit.${name} PROPERTIES LABELS "unit;once")
  endif()
endforeach()

# doctor tells of programs that hold boards, wherever on this computer they run: two of its tables are the same only while no
# other suite's begins or ends.
foreach(name uuu_witness doctor narrow)
  if(TEST e2e.${name})
    set_tests_properties(e2e.${name} PROPERTIES RESOURCE_LOCK uuu)
  endif()
endforeach()

# The longest first, also in a fresh folder where ctest has no times yet: else one of them is what all wait for.
foreach(name update_faults update_kill board_update_faults board_update adb_ways net_files adb_shell adb_faults output
    adb_faults_board terminal update_apply flash_faults_loader)
  if(TEST e2e.${name})
    set_tests_properties(e2e.${name} PROPERTIES COST 50)
  endif()
endforeach()

# Several boards at once: also under the thread sanitizer.
if(TARGET x8-board)
  set_tests_properties(e2e.flash_select PROPERTIES LABELS "e2e;tsan")
endif()
