#pragma once
// Precompiled for model/: the files without LibTorch pay nothing for it. All of <torch/torch.h> would
// be twice as large, to build and to load.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
