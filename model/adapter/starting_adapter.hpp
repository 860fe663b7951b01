#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "model/adapter/adapter.hpp"
#include "model/config.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

/// What a run starts from: the adapter in `lora.init_adapter`, else initial_adapter(layout,
/// run_seed), with the classifier that the base's folder has, where it has one. Throws InputError
/// where that adapter has other modules, ranks or scales than `layout`. `shape`, `warning`: as
/// load_peft's.
Adapter starting_adapter(LayoutPtr layout, const ModelShape& shape, const LoraConfig& lora,
                         const std::filesystem::path& base, std::uint64_t run_seed,
                         const std::function<void(const std::string&)>& warning = {});

}  // namespace lorafleet::model
