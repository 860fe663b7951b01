// What libtorch_folder_slow_test.cpp builds: whether a LibTorch computes, and in which folder it
// lies.

#include <ATen/ATen.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <cstdio>

int main() {
  const double product = at::full({3, 4}, 2.0).mm(at::full({4, 5}, 0.5)).sum().item<double>();
  Dl_info info{};
  ::dladdr(reinterpret_cast<void*>(&at::globalContext), &info);
  std::printf("LibTorch %s in %s: %.1f\n", TORCH_VERSION, info.dli_fname, product);
#ifdef LORAFLEET_CUDA
  std::printf("with CUDA\n");
#endif
  return product == 60.0 ? 0 : 1;
}
