# Run by cpack between installing and packing: what Debian's policy wants in another form than `cmake --install` leaves it.
# Manual pages and changelogs are compressed, the licence is the copyright file, and zsh looks in a folder of its own.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
set(doc ${root}/share/doc/x8ctl)

function(x8_gzip)
  execute_process(COMMAND gzip -9 -n -f ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(GLOB pages ${root}/share/man/man*/*.[157])
x8_gzip(${pages})

file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
file(COPY_FILE ${CPACK_X8_SOURCE}/packaging/debian/changelog ${doc}/changelog.Debian)
x8_gzip(${doc}/changelog ${doc}/changelog.Debian)
file(REMOVE ${doc}/LICENSE)
file(COPY_FILE ${CPACK_X8_SOURCE}/packaging/debian/copyright ${doc}/copyright)
file(CHMOD ${doc}/copyright PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

file(MAKE_DIRECTORY ${root}/share/zsh/vendor-completions)
file(RENAME ${root}/share/zsh/site-functions/_x8ctl ${root}/share/zsh/vendor-completions/_x8ctl)
file(REMOVE_RECURSE ${root}/share/zsh/site-functions)
