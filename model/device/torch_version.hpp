#pragma once

#include <torch/version.h>

/// Whether the LibTorch that this is compiled against is of this version or a later one.
#define LORAFLEET_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) ||            \
   (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))
