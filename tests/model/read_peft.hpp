#pragma once

#include "model/adapter/peft.hpp"
#include "tests/model/opt_shape.hpp"

namespace lorafleet::tests {

/// Of the models in tests/golden/opt.
inline model::ModelShape golden_shape() {
  return opt_shape(64, 256, 2, 32);
}

/// An adapter with its modules as an OPT has them.
inline model::Adapter read_peft(const std::filesystem::path& directory,
                                const std::function<void(const std::string&)>& warning = {}) {
  return model::load_peft(directory, golden_shape(), warning);
}

}  // namespace lorafleet::tests
