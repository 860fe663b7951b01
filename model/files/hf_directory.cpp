#include "model/files/hf_directory.hpp"

#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "model/files/half.hpp"
#include "model/files/safetensors.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {
namespace {

namespace fs = std::filesystem;
using Shard = std::vector<const ProducedTensor*>;

std::uint64_t size_of(const ProducedTensor& tensor, DType dtype) {
  return tensor_bytes(dtype, tensor.shape).value();
}

/// In order; a tensor that is larger than the limit has a shard of its own.
std::vector<Shard> shards_of(const std::vector<ProducedTensor>& tensors, DType dtype,
                             std::uint64_t most) {
  std::vector<Shard> shards(1);
  std::uint64_t size = 0;
  for (const auto& tensor : tensors) {
    const std::uint64_t next = size_of(tensor, dtype);
    if (!shards.back().empty() && size + next > most) {
      shards.emplace_back();
      size = 0;
    }
    shards.back().push_back(&tensor);
    size += next;
  }
  return shards;
}

void write_block(std::span<const float> values, DType dtype, SafetensorsWriter& file) {
  if (dtype == DType::float32) return file.write(std::as_bytes(values));
  std::vector<std::uint16_t> halves(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    halves[i] =
        dtype == DType::float16 ? float32_to_float16(values[i]) : float32_to_bfloat16(values[i]);
  }
  file.write(std::as_bytes(std::span(halves)));
}

void write_shard(const fs::path& path, const Shard& shard, DType dtype) {
  std::vector<SafetensorsWriter::Entry> entries;
  for (const ProducedTensor* tensor : shard)
    entries.push_back({tensor->name, dtype, tensor->shape});
  SafetensorsWriter file(path, entries, {{"format", "pt"}});
  for (const ProducedTensor* tensor : shard) {
    tensor->produce([&](std::span<const float> values) { write_block(values, dtype, file); });
  }
  file.commit();
}

std::string shard_name(std::size_t index, std::size_t count) {
  char name[64];
  std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", index + 1, count);
  return name;
}

}  // namespace

void write_weights(const fs::path& directory, const std::vector<ProducedTensor>& tensors,
                   DType dtype, std::uint64_t max_shard_bytes) {
  const auto shards = shards_of(tensors, dtype, max_shard_bytes);
  if (shards.size() == 1) return write_shard(directory / "model.safetensors", shards[0], dtype);
  nlohmann::ordered_json map = nlohmann::ordered_json::object();
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name = shard_name(i, shards.size());
    write_shard(directory / name, shards[i], dtype);
    for (const ProducedTensor* tensor : shards[i]) {
      map[tensor->name] = name;
      total += size_of(*tensor, dtype);
    }
  }
  const nlohmann::ordered_json index = {{"metadata", {{"total_size", total}}},
                                        {"weight_map", std::move(map)}};
  write_file(directory / "model.safetensors.index.json", index.dump(2) + "\n");
}

void copy_model_files(const fs::path& from, const fs::path& to) {
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
                           "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja",
                           "chat_template.json", "generation_config.json"}) {
    if (fs::exists(from / name)) write_file(to / name, read_file(from / name));
  }
}

std::uint64_t parse_size(const std::string& text, const std::string& key) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit(end, text.data() + text.size());
  const double factor = unit.empty()   ? 1
                        : unit == "KB" ? 1e3
                        : unit == "MB" ? 1e6
                        : unit == "GB" ? 1e9
                                       : 0;
  if (error != std::errc() || factor == 0.0 || !(value * factor >= 1.0 && value * factor < 1e18)) {
    throw InputError(key, "\"" + text + "\" is not a size; examples: 5GB, 500MB");
  }
  return static_cast<std::uint64_t>(value * factor);
}

}  // namespace lorafleet::model
