#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model/files/dtype.hpp"

namespace lorafleet::model {

/// A tensor that is made while it is written: `produce` gives its elements in row-major order, in
/// blocks of any size.
struct ProducedTensor {
  using Sink = std::function<void(std::span<const float>)>;
  std::string name;
  std::vector<std::int64_t> shape;
  std::function<void(const Sink&)> produce;
};

/// Writes weights as Hugging Face's save_pretrained does: `model.safetensors`, or where they take
/// more than `max_shard_bytes`, shards with `model.safetensors.index.json`. Only a block is in
/// memory at a time. Throws RuntimeFailure.
void write_weights(const std::filesystem::path& directory,
                   const std::vector<ProducedTensor>& tensors, DType dtype,
                   std::uint64_t max_shard_bytes);

/// Copies the tokenizer's files and generation_config.json, as far as they are there. Throws
/// RuntimeFailure.
void copy_model_files(const std::filesystem::path& from, const std::filesystem::path& to);

/// "5GB", "500MB", "1000000": decimal units, as Hugging Face's max_shard_size. Throws InputError
/// naming `key`.
std::uint64_t parse_size(const std::string& text, const std::string& key);

}  // namespace lorafleet::model
