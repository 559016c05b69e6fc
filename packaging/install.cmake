# What `cmake --install` puts where. All places are relative to the prefix, so that DESTDIR and --prefix work.
install(TARGETS x8ctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

foreach(section 1 5 7)
  file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.${section})
  if(pages)
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endif()
endforeach()

install(FILES completions/x8ctl.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME x8ctl)
install(FILES completions/_x8ctl DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES completions/x8ctl.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(X8_STATIC) # what the program then contains has licences of its own
  install(DIRECTORY ${X8_STATIC_PREFIX}/licences DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()

# The udev rules are what the program prints on the system it is built for: the group plugdev is named where it exists.
# udev reads lib/udev/rules.d below /usr and below /usr/local; it is never lib64 or lib/x86_64-linux-gnu. A build that
# cannot run what it makes, and one with sanitizers, which nobody installs, goes without.
set(X8_UDEV_RULES_DIR lib/udev/rules.d CACHE STRING "where cmake --install puts the udev rules; empty: nowhere")
if(X8_UDEV_RULES_DIR AND NOT X8_FUZZ AND NOT X8_SANITIZE AND (NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR))
  set(rules ${PROJECT_BINARY_DIR}/70-x8ctl.rules)
  add_custom_command(OUTPUT ${rules} COMMAND x8ctl udev print > ${rules} DEPENDS x8ctl VERBATIM
    COMMENT "udev rules, as x8ctl prints them")
  add_custom_target(udev_rules ALL DEPENDS ${rules})
  install(FILES ${rules} DESTINATION ${X8_UDEV_RULES_DIR})
endif()
