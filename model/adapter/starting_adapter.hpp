#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "model/adapter/adapter.hpp"
#include "model/config.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

/// What a run starts from: the adapter in `lora.init_adapter`, else initial_adapter(layout,
/// run_seed). Throws InputError where that adapter has other modules, ranks or scales than
/// `layout`. `shape`, `warning`: as load_peft's.
Adapter starting_adapter(LayoutPtr layout, const ModelShape& shape, const LoraConfig& lora,
                         std::uint64_t run_seed,
                         const std::function<void(const std::string&)>& warning = {});

}  // namespace lorafleet::model
