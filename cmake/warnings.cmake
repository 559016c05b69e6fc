# Warnings, sanitizers and feature macros that every target of the project is built with.
set(X8_WARNINGS
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes
  -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough -Wwrite-strings)

function(x8_compile_rules target)
  target_compile_options(${target} PRIVATE ${X8_WARNINGS} -fno-common)
  target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L _FILE_OFFSET_BITS=64)
  if(X8_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(X8_FUZZ)
    # Coverage feedback from inside the rooms, not only from the target's own file.
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(X8_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${X8_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${X8_SANITIZE})
  endif()
endfunction()
