# What `cmake --install` puts where, and the Debian package that CPack makes of it (tools/package.sh).
include(GNUInstallDirs)
include(Packager)

# The manual page and the shells' completions, from the program's own help. Help texts are in tools/.
set(LORAFLEET_MANUAL_FOLDER "${CMAKE_BINARY_DIR}/manual")
set(manual_files lorafleet.1 lorafleet.bash _lorafleet lorafleet.fish)
list(TRANSFORM manual_files PREPEND "${LORAFLEET_MANUAL_FOLDER}/")
file(GLOB help_sources CONFIGURE_DEPENDS tools/*.cpp tools/*.hpp)
add_custom_command(OUTPUT ${manual_files}
  COMMAND tools/make-manual.sh $<TARGET_FILE:lorafleet> docs/lorafleet.1.in ${PROJECT_VERSION}
    "${LORAFLEET_MANUAL_FOLDER}"
  DEPENDS tools/make-manual.sh docs/lorafleet.1.in ${help_sources}
  WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
  COMMENT "Making the manual page and the completions" VERBATIM)
add_custom_target(manual ALL DEPENDS ${manual_files})
add_dependencies(manual lorafleet)

set(data_folder "${CMAKE_INSTALL_DATADIR}/lorafleet")
install(TARGETS lorafleet RUNTIME)
install(DIRECTORY scenarios DESTINATION "${data_folder}"
  FILES_MATCHING PATTERN "*.toml" PATTERN "*.json" PATTERN "*.jsonl" PATTERN "*.safetensors"
    PATTERN "*.md" PATTERN "*-LICENSE" PATTERN "schema" EXCLUDE PATTERN "grid" EXCLUDE)
install(PROGRAMS tools/make-certs.sh DESTINATION "${data_folder}")
file(GLOB documents CONFIGURE_DEPENDS docs/*.md docs/*.png)
install(FILES ${documents} README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY docs/studies DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES cmake/debian/copyright DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES "${LORAFLEET_MANUAL_FOLDER}/lorafleet.bash"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME lorafleet)
install(FILES "${LORAFLEET_MANUAL_FOLDER}/lorafleet.fish"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
# zsh looks elsewhere for what packages bring; and only packages want their pages and changelogs
# compressed, without the time of it.
install(CODE "
  set(share \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}\")
  set(page \"${LORAFLEET_MANUAL_FOLDER}/lorafleet.1\")
  set(manual \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/man1\")
  if(\"\${CMAKE_INSTALL_PREFIX}\" MATCHES \"/usr\$\")
    foreach(pair \"\${page}=lorafleet.1\" \"${CMAKE_SOURCE_DIR}/CHANGELOG.md=changelog\"
        \"${CMAKE_BINARY_DIR}/changelog.Debian=changelog.Debian\")
      string(REGEX MATCH \"^(.*)=(.*)\$\" _ \"\${pair}\")
      set(packed \"${CMAKE_BINARY_DIR}/packed/\${CMAKE_MATCH_2}.gz\")
      file(MAKE_DIRECTORY \"${CMAKE_BINARY_DIR}/packed\")
      execute_process(COMMAND gzip -9nc \"\${CMAKE_MATCH_1}\" OUTPUT_FILE \"\${packed}\"
        COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
    file(INSTALL \"${CMAKE_BINARY_DIR}/packed/changelog.gz\"
      \"${CMAKE_BINARY_DIR}/packed/changelog.Debian.gz\"
      DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
    set(page \"${CMAKE_BINARY_DIR}/packed/lorafleet.1.gz\")
    set(zsh \"\${share}/zsh/vendor-completions\")
  else()
    file(INSTALL \"${CMAKE_SOURCE_DIR}/CHANGELOG.md\" \"${CMAKE_SOURCE_DIR}/LICENSE\"
      DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
    set(zsh \"\${share}/zsh/site-functions\")
  endif()
  file(INSTALL \"\${page}\" DESTINATION \"\${manual}\")
  file(INSTALL \"${LORAFLEET_MANUAL_FOLDER}/_lorafleet\" DESTINATION \"\${zsh}\")")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME lorafleet)
set(CPACK_PACKAGE_VENDOR LoRAFleet)
lorafleet_packager(CPACK_PACKAGE_CONTACT packager_source)
configure_file(cmake/debian/changelog.in changelog.Debian @ONLY)
# CPack says it, who is asked for a package; not every build.
file(CONFIGURE OUTPUT packager.cmake @ONLY CONTENT [[
message(STATUS "The package's maintainer is @CPACK_PACKAGE_CONTACT@ (by @packager_source@); to name another one: cmake -DLORAFLEET_PACKAGER=\"Name <address>\" @CMAKE_BINARY_DIR@")
]])
set(CPACK_PROJECT_CONFIG_FILE "${CMAKE_CURRENT_BINARY_DIR}/packager.cmake")
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_BINARY_DIR}/package")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# LibTorch is content with any BLAS, the slow reference one too.
set(CPACK_DEBIAN_PACKAGE_DEPENDS libopenblas0-openmp)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS openssl)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "simulator of federated LoRA fine-tuning")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"LoRAFleet simulates the federated fine-tuning of language models with LoRA
adapters by clients of unequal devices, links and data. Every client really
trains its adapter; a virtual clock says how long that would have taken. Runs
are described by scenarios and give the same bytes with any number of slots
and hosts.

Scenarios, a small base model and sample data are in
/usr/share/lorafleet/scenarios.")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
  GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
