# Run by cpack between installing and packing: what Debian's policy wants in another form than `cmake --install` leaves it.
# Manual pages and changelogs are compressed, the licence is the copyright file, and zsh looks in a folder of its own.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
set(doc ${root}/share/doc/x8ctl)
set(debian ${CPACK_X8_SOURCE}/packaging/debian)

function(x8_gzip)
  execute_process(COMMAND gzip -9 -n -f ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(GLOB pages ${root}/share/man/man*/*.[157])
x8_gzip(${pages})

file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
file(COPY_FILE ${debian}/changelog ${doc}/changelog.Debian)
x8_gzip(${doc}/changelog ${doc}/changelog.Debian)
file(REMOVE ${doc}/LICENSE)
file(COPY_FILE ${debian}/copyright ${doc}/copyright)
file(MAKE_DIRECTORY ${root}/share/lintian/overrides)
file(COPY_FILE ${debian}/lintian-overrides ${root}/share/lintian/overrides/x8ctl)

file(MAKE_DIRECTORY ${root}/share/zsh/vendor-completions)
file(RENAME ${root}/share/zsh/site-functions/_x8ctl ${root}/share/zsh/vendor-completions/_x8ctl)
file(REMOVE_RECURSE ${root}/share/zsh/site-functions)

# Whatever the umask is here, or was where the sources were unpacked.
execute_process(COMMAND chmod -R u=rwX,go=rX ${root} COMMAND_ERROR_IS_FATAL ANY)
