# Everything comes from the packages of Debian 12 or 13 (tools/setup.sh).
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto SSL)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(Boost REQUIRED COMPONENTS program_options)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-uc)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(CAF REQUIRED COMPONENTS core io)
find_package(Torch REQUIRED)

# Torch's own target brings flags of its build along; its headers are "system" so that ours stay strict.
add_library(LibTorch INTERFACE)
target_include_directories(LibTorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(LibTorch INTERFACE ${TORCH_LIBRARIES})

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
