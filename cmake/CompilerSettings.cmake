# Language, warnings, sanitizers, ccache: everything that each target inherits.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# What computes for long asks for -O3 itself (CMakeLists.txt); the rest is compiled a tenth sooner.
if(CMAKE_CXX_FLAGS_RELEASE STREQUAL "-O3 -DNDEBUG")
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
endif()
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # pch_defines and time_macros: precompiled headers would otherwise never hit.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()

add_library(lorafleet_settings INTERFACE)
target_compile_features(lorafleet_settings INTERFACE cxx_std_20)
target_include_directories(lorafleet_settings INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(lorafleet_settings INTERFACE -Wall -Wextra
  $<$<BOOL:${LORAFLEET_WERROR}>:-Werror> $<$<BOOL:${CCACHE_PROGRAM}>:-fpch-preprocess>
  # False alarms of GCC 12 on string concatenation (GCC bugs 105329, 105651), and of GCC 13 and later on
  # functions that take a string literal for a string and return a reference to something else.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-stringop-overflow -Wno-array-bounds
    -Wno-dangling-reference>)
set(CMAKE_CXX_EXTENSIONS OFF)
# Where there is memory for it, GCC does not stop to collect its garbage: a tenth of the build's time, and
# up to 1.9 GB a job instead of 1.35 (ninja runs two jobs more than there are cores).
cmake_host_system_information(RESULT host_cores QUERY NUMBER_OF_LOGICAL_CORES)
cmake_host_system_information(RESULT host_megabytes QUERY TOTAL_PHYSICAL_MEMORY)
if(EXISTS /sys/fs/cgroup/memory.max)  # a container's share
  file(STRINGS /sys/fs/cgroup/memory.max container_bytes LIMIT_COUNT 1 REGEX "^[0-9]+$")
  if(container_bytes)
    math(EXPR container_megabytes "${container_bytes} / 1048576")
    if(container_megabytes LESS host_megabytes)
      set(host_megabytes ${container_megabytes})
    endif()
  endif()
endif()
math(EXPR job_megabytes "${host_megabytes} / (${host_cores} + 2)")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND job_megabytes GREATER 3000)
  target_compile_options(lorafleet_settings INTERFACE --param=ggc-min-heapsize=4194304)
endif()
# Contraction into fused multiply-adds would make results depend on how the compiler inlines.
target_compile_options(lorafleet_settings INTERFACE -ffp-contract=off)

if(LORAFLEET_SANITIZE)
  target_compile_options(lorafleet_settings INTERFACE -fsanitize=${LORAFLEET_SANITIZE}
    -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(lorafleet_settings INTERFACE -fsanitize=${LORAFLEET_SANITIZE})
endif()
