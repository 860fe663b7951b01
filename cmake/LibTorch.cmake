# The target LibTorch: Debian's, or what CMAKE_PREFIX_PATH finds; with LORAFLEET_LIBTORCH, the one in that
# folder, a downloaded LibTorch or the folder of Python's torch. Its own CMake files would look for a CUDA
# toolkit, which nothing here needs: a GPU's driver is all.
set(LORAFLEET_LIBTORCH "" CACHE PATH "A downloaded LibTorch, which may have CUDA")

# Its headers are "system" so that ours stay strict, and without flags of its build.
add_library(LibTorch INTERFACE)
if(LORAFLEET_LIBTORCH)
  set(TORCH_INCLUDE_DIRS "${LORAFLEET_LIBTORCH}/include" "${LORAFLEET_LIBTORCH}/include/torch/csrc/api/include")
  set(TORCH_LIBRARIES "")
  foreach(name torch torch_cpu c10 torch_cuda c10_cuda)
    set(path "${LORAFLEET_LIBTORCH}/lib/lib${name}.so")
    if(EXISTS "${path}")
      add_library(${name} UNKNOWN IMPORTED)
      set_target_properties(${name} PROPERTIES IMPORTED_LOCATION "${path}")
      list(APPEND TORCH_LIBRARIES ${name})
    elseif(NOT name MATCHES cuda)
      message(FATAL_ERROR "LORAFLEET_LIBTORCH: ${path} is missing")
    endif()
  endforeach()
  foreach(path IN LISTS TORCH_INCLUDE_DIRS)
    if(NOT IS_DIRECTORY "${path}")
      message(FATAL_ERROR "LORAFLEET_LIBTORCH: ${path} is missing")
    endif()
  endforeach()
  # Little of ours names a symbol of those with CUDA, and without them there is none.
  target_link_options(LibTorch INTERFACE "LINKER:--no-as-needed")
  set(TORCH_CPU_LIBRARY "${LORAFLEET_LIBTORCH}/lib/libtorch_cpu.so")
  set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
else()
  find_package(Torch REQUIRED)
  find_library(TORCH_CPU_LIBRARY torch_cpu PATHS ${TORCH_INSTALL_PREFIX}/lib)
  # at::parallel_for in our code is a plain loop without it. A downloaded LibTorch has an OpenMP runtime of
  # its own, a thread sanitizer knows none, and clang-tidy (preset tidy) would need its headers.
  if(TORCH_INSTALL_PREFIX MATCHES "^/usr" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU"
     AND NOT LORAFLEET_SANITIZE MATCHES "thread" AND NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    find_package(OpenMP REQUIRED COMPONENTS CXX)
    target_link_libraries(LibTorch INTERFACE OpenMP::OpenMP_CXX)
  endif()
endif()
target_include_directories(LibTorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(LibTorch INTERFACE ${TORCH_LIBRARIES})

# With CUDA: code for GPUs that needs more than ATen's operators is compiled.
find_file(TORCH_CUDA_CONFIG ATen/cuda/CUDAConfig.h PATHS ${TORCH_INCLUDE_DIRS} NO_DEFAULT_PATH)
if(TARGET torch_cuda AND TORCH_CUDA_CONFIG)
  target_compile_definitions(LibTorch INTERFACE LORAFLEET_CUDA)
endif()
