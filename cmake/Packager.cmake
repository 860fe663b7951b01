# Who answers for the packages that are built here, "Name <address>": who was asked for; else as Debian's
# own tools find it out, else as git does, else this user. What was only guessed is told.
set(LORAFLEET_PACKAGER "" CACHE STRING
  "Who answers for the packages that are built here: Name <address>; empty: by DEBFULLNAME and DEBEMAIL, or git's user")

function(lorafleet_packager result source)
  set(form "^[^<>]*[^<> ] <[^<> @]+@[^<> @]+>$")
  set(told "LORAFLEET_PACKAGER")
  set(packager "${LORAFLEET_PACKAGER}")
  if(packager AND NOT packager MATCHES "${form}")
    message(FATAL_ERROR "LORAFLEET_PACKAGER must be \"Name <address>\", not \"${packager}\"")
  endif()
  # The default of earlier versions, which may be in a build folder's cache still.
  if(NOT packager OR packager MATCHES "@example[.]org>$")
    set(told "DEBFULLNAME and DEBEMAIL")
    set(packager "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
  endif()
  if(NOT packager MATCHES "${form}")
    set(told "git's user.name and user.email")
    foreach(key name email)
      execute_process(COMMAND git config --get user.${key} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
        OUTPUT_VARIABLE ${key} OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endforeach()
    set(packager "${name} <${email}>")
  endif()
  if(NOT packager MATCHES "${form}")
    set(told "this user and machine, since nothing else is known")
    execute_process(COMMAND id -un OUTPUT_VARIABLE user OUTPUT_STRIP_TRAILING_WHITESPACE)
    cmake_host_system_information(RESULT machine QUERY FQDN)
    set(packager "${user} <${user}@${machine}>")
  endif()
  set(${result} "${packager}" PARENT_SCOPE)
  set(${source} "${told}" PARENT_SCOPE)
endfunction()
