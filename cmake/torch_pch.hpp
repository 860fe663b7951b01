#pragma once
// Precompiled for model/: the files without LibTorch pay nothing for it, those with it save five
// seconds.
#include <torch/torch.h>
