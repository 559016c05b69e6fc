# The Debian package: `cpack -G DEB` in the build folder. It is the installed tree below /usr, in the form Debian's
# policy asks for (deb-files.cmake), with the dependencies that dpkg-shlibdeps finds in the program.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME x8ctl)
set(CPACK_PACKAGE_VENDOR "The x8ctl authors")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/deb-files.cmake)
set(CPACK_X8_SOURCE ${PROJECT_SOURCE_DIR})

# Whoever publishes the package is who users write to; .invalid is nobody's.
set(X8_MAINTAINER "The x8ctl authors <authors@x8ctl.invalid>" CACHE STRING "maintainer named in the Debian package")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${X8_MAINTAINER}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
# Sorts before the first revision of a distribution's own package.
set(CPACK_DEBIAN_PACKAGE_RELEASE 0upstream1)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, udev")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bash-completion, openssh-client")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "flash and look after Arduino Portenta X8 boards")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"x8ctl finds Arduino Portenta X8 boards in every state, works with the
Linux that runs on them and writes their flash memory, over USB and over
the network.

It reads the vendor's image archives as they were downloaded, proves on
the board what it wrote, updates running systems, uploads sketches for the
M4 core, copies files, runs commands, and explains what went wrong. It
needs no adb, no IDE and no vendor tool, and is made for scripts as well:
JSON, exit codes, and a limit on every wait.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/postinst ${CMAKE_CURRENT_LIST_DIR}/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
