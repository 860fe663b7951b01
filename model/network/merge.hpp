#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "model/files/dtype.hpp"

namespace lorafleet::model {

/// Writes the base in `base` with the adapter folded in, W + delta W of its base change + scale B A
/// for each layer that it changes (computed in float32) and with what it trained whole, as a
/// Hugging Face directory; tensor by tensor, so that little is in memory at a time. Keys are those
/// of the whole model; a tied head and buffers are left out. `class_names`: what the labels of a
/// classifier are called; empty: as in the base. `quantization`: what the base's linear layers are
/// held in (model.quantization); nothing: as in the files. The adapter is folded into what these
/// stand for, and the directory that is written is a plain one. Throws InputError where the
/// adapter, the names or the quantisation do not fit the base, and where a value, of the base or
/// with the adapter added, is not finite or would not be in `dtype`; then no file is left behind.
void write_merged(const std::filesystem::path& base, const Adapter& adapter,
                  const std::filesystem::path& out, DType dtype, std::uint64_t max_shard_bytes,
                  const std::vector<std::string>& class_names = {},
                  const std::optional<std::string>& quantization = {});

}  // namespace lorafleet::model
