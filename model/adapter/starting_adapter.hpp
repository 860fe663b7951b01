#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "model/adapter/adapter.hpp"
#include "model/config.hpp"
#include "model/files/checkpoint.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

/// Whether the files of a base have its classifier: its first tensor, with which the others must be
/// there.
bool has_classifier(const Checkpoint& files, const ClassifierShape& classifier);
/// The same of the files in a folder; false where it has no weights. Throws InputError for damaged
/// files.
bool has_classifier(const std::filesystem::path& base, const ClassifierShape& classifier);

/// What a run starts from: the adapter in `lora.init_adapter`, else initial_adapter(layout,
/// run_seed), with the classifier that the base's folder has, where it has one. Throws InputError
/// where that adapter has other modules, ranks or scales than `layout`. `shape`, `warning`: as
/// load_peft's.
Adapter starting_adapter(LayoutPtr layout, const ModelShape& shape, const LoraConfig& lora,
                         const std::filesystem::path& base, std::uint64_t run_seed,
                         const std::function<void(const std::string&)>& warning = {});

}  // namespace lorafleet::model
