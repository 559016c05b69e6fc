# -DX8_STATIC=ON -DX8_STATIC_PREFIX=DIR: all libraries but the C library go into the program, from DIR (made by
# packaging/static-libs) or, where that has none, from the system. The C library stays shared: its resolver and user
# database load modules of the system they run on. Included before the libraries are looked for.
option(X8_STATIC "link all libraries but the C library into the program" OFF)
set(X8_STATIC_PREFIX "" CACHE PATH "where packaging/static-libs put its libraries")
if(X8_STATIC AND NOT X8_STATIC_PREFIX)
  message(FATAL_ERROR "X8_STATIC needs static libraries: packaging/static-libs DIR, then -DX8_STATIC_PREFIX=DIR")
endif()
if(X8_STATIC)
  set(ENV{PKG_CONFIG_PATH} "${X8_STATIC_PREFIX}/lib/pkgconfig:$ENV{PKG_CONFIG_PATH}")
endif()

# x8_link_static(NAME...): of the modules NAME that pkg_check_modules found, take the archives.
function(x8_link_static)
  if(NOT X8_STATIC)
    return()
  endif()
  foreach(name ${ARGN})
    set(archives "")
    foreach(library ${${name}_STATIC_LIBRARIES})
      if(library STREQUAL atomic) # in a folder that only the compiler knows
        list(APPEND archives -l:libatomic.a)
      elseif(library MATCHES "^(pthread|dl|m)$")
        list(APPEND archives ${library})
      else()
        find_library(X8_STATIC_${library} lib${library}.a REQUIRED HINTS ${X8_STATIC_PREFIX}/lib)
        mark_as_advanced(X8_STATIC_${library})
        list(APPEND archives ${X8_STATIC_${library}})
      endif()
    endforeach()
    set_property(TARGET PkgConfig::${name} PROPERTY INTERFACE_LINK_LIBRARIES ${archives})
  endforeach()
endfunction()
