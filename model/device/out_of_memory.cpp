#include "model/device/out_of_memory.hpp"

#include <c10/util/Exception.h>

#include <string>

namespace lorafleet::model {

bool is_out_of_memory(const c10::Error& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  const std::string text = error.what_without_backtrace();
  for (const char* told : {"CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED",
                           "CUBLAS_STATUS_NOT_INITIALIZED", "CUDA_ERROR_OUT_OF_MEMORY"}) {
    if (text.find(told) != std::string::npos) return true;
  }
  return false;
}

}  // namespace lorafleet::model
