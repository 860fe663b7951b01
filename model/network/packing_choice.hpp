#pragma once

#include "partition/support/registry.hpp"

namespace lorafleet::model {

/// Which bases keep copies of their bfloat16 matrices as a CPU's products read them.
enum class Packing { none, small, all };

/// model.packing. Results are the same, bit for bit.
inline const NamedValues<Packing>& packing_choices() {
  static const NamedValues<Packing> kRegistry(
      "model.packing", {{"auto", Packing::small}, {"none", Packing::none}, {"all", Packing::all}});
  return kRegistry;
}

}  // namespace lorafleet::model
