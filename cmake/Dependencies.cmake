# Everything comes from the packages of Debian 12 or 13 (tools/setup.sh).
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto SSL)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(Boost REQUIRED CONFIG COMPONENTS program_options)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-uc)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(CAF REQUIRED COMPONENTS core io)
include(LibTorch)

# Products with the frozen base go to oneDNN where LibTorch uses the same library: a second copy of it
# in one process, as in LibTorch's own builds, could be called in place of the first.
find_path(ONEDNN_INCLUDE_DIR dnnl.hpp)
find_library(ONEDNN_LIBRARY dnnl)
add_library(OneDnn INTERFACE)
if(ONEDNN_INCLUDE_DIR AND ONEDNN_LIBRARY AND TORCH_CPU_LIBRARY)
  execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${TORCH_CPU_LIBRARY} OUTPUT_VARIABLE torch_needs)
  get_filename_component(onednn_file ${ONEDNN_LIBRARY} REALPATH)
  execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${onednn_file} OUTPUT_VARIABLE onednn_about)
  string(REGEX MATCH "SONAME +(libdnnl[^\n]*)" matched "${onednn_about}")
  if(matched AND torch_needs MATCHES "NEEDED +${CMAKE_MATCH_1}\n")
    target_include_directories(OneDnn SYSTEM INTERFACE ${ONEDNN_INCLUDE_DIR})
    target_link_libraries(OneDnn INTERFACE ${ONEDNN_LIBRARY})
    target_compile_definitions(OneDnn INTERFACE LORAFLEET_ONEDNN)
  endif()
endif()

# What one thread allocates another one frees here, message by message: glibc's malloc lets them wait
# for each other. Sanitizers bring an allocator of their own.
add_library(Allocator INTERFACE)
find_library(TCMALLOC_LIBRARY tcmalloc_minimal)
if(TCMALLOC_LIBRARY AND NOT LORAFLEET_SANITIZE)
  target_link_libraries(Allocator INTERFACE
    -Wl,--push-state,--no-as-needed ${TCMALLOC_LIBRARY} -Wl,--pop-state)
endif()

# Sums in a fixed order: Eigen on the calling thread alone, with no BLAS behind it.
add_library(Eigen INTERFACE)
target_link_libraries(Eigen INTERFACE Eigen3::Eigen)
target_compile_definitions(Eigen INTERFACE EIGEN_DONT_PARALLELIZE EIGEN_MPL2_ONLY)
