#include "model/files/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "model/files/json.hpp"
#include "model/files/mapped_file.hpp"
#include "model/files/safetensors.hpp"
#include "model/files/torch_file.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 1 << 20;  // elements

constexpr std::array<const char*, 4> kForms = {"model.safetensors", "model.safetensors.index.json",
                                               "pytorch_model.bin", "pytorch_model.bin.index.json"};

fs::path choose(const fs::path& directory) {
  std::error_code unreadable;
  if (!fs::is_directory(directory, unreadable)) {
    throw InputError(directory.string(), "is not a folder; a Hugging Face folder was expected");
  }
  for (const char* form : kForms) {
    if (fs::exists(directory / form, unreadable)) return directory / form;
  }
  throw InputError(directory.string(),
                   "has no weights; allowed: " + join({kForms.begin(), kForms.end()}));
}

/// weight_map of an index: tensor -> file name.
std::map<std::string, std::string> read_index(const fs::path& index) {
  const std::string file = index.string();
  const nlohmann::json document = parse_json(read_file(index), file, 8);
  const auto map = document.is_object() ? document.find("weight_map") : document.end();
  if (map == document.end() || !map->is_object() || map->empty()) {
    throw InputError(file, "weight_map, an object from tensors to files, is missing");
  }
  std::map<std::string, std::string> result;
  for (const auto& [tensor, shard] : map->items()) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : "";
    if (name.empty() || name == ".." || name.find_first_of(std::string("/\\\0", 3)) != name.npos) {
      throw InputError(file,
                       "weight_map: \"" + tensor +
                           "\" must have the name of a file in the same folder, not " +
                           shard.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
    }
    result.emplace(tensor, name);
  }
  return result;
}

}  // namespace

bool has_weights(const fs::path& directory) {
  std::error_code unreadable;
  return std::any_of(kForms.begin(), kForms.end(),
                     [&](const char* form) { return fs::exists(directory / form, unreadable); });
}

std::map<std::string, TensorView> parse_weights(std::span<const std::byte> bytes,
                                                const fs::path& path) {
  if (path.extension() == ".safetensors") return parse_safetensors(bytes, path.string()).tensors;
  return parse_torch_file(bytes, path.string());
}

struct Checkpoint::State {
  struct File {
    fs::path path;
    std::unique_ptr<MappedFile> mapped;
  };

  std::size_t open(const fs::path& file) {
    files.push_back({file, std::make_unique<MappedFile>(file)});
    return files.size() - 1;
  }

  void read_single() {
    const std::size_t file = open(path);
    for (auto& [name, view] : parse_weights(files[file].mapped->bytes(), path)) {
      tensors.emplace(name, Tensor{std::move(view), file});
    }
  }

  void read_shards() {
    const auto index = read_index(path);
    std::set<std::string> shards;
    for (const auto& [tensor, shard] : index)
      shards.insert(shard);
    for (const auto& shard : shards) {
      const fs::path shard_path = path.parent_path() / shard;
      std::error_code unreadable;
      if (!fs::exists(shard_path, unreadable)) {
        throw InputError(path.string(), "names the file " + shard + ", which is not there");
      }
      const std::size_t file = open(shard_path);
      for (auto& [name, view] : parse_weights(files[file].mapped->bytes(), shard_path)) {
        const auto place = index.find(name);
        if (place == index.end() || place->second != shard) {
          throw InputError(shard_path.string(), "tensor \"" + name + "\" is not one that " +
                                                    path.filename().string() +
                                                    " expects in this file");
        }
        tensors.emplace(name, Tensor{std::move(view), file});
      }
    }
    for (const auto& [tensor, shard] : index) {
      if (!tensors.contains(tensor)) {
        throw InputError((path.parent_path() / shard).string(),
                         "tensor \"" + tensor + "\" is missing, which " + path.filename().string() +
                             " expects here");
      }
    }
  }

  fs::path path;
  std::vector<File> files;
  std::map<std::string, Tensor> tensors;
};

Checkpoint::Checkpoint(const fs::path& directory) : state_(std::make_unique<State>()) {
  state_->path = choose(directory);
  if (state_->path.extension() == ".json") {
    state_->read_shards();
  } else {
    state_->read_single();
  }
}

Checkpoint::~Checkpoint() = default;
Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;
Checkpoint& Checkpoint::operator=(Checkpoint&&) noexcept = default;

const std::map<std::string, Checkpoint::Tensor>& Checkpoint::tensors() const {
  return state_->tensors;
}

const Checkpoint::Tensor* Checkpoint::find(const std::string& name) const {
  const auto found = state_->tensors.find(name);
  return found == state_->tensors.end() ? nullptr : &found->second;
}

const fs::path& Checkpoint::path_of(const Tensor& tensor) const {
  return state_->files[tensor.file].path;
}

const fs::path& Checkpoint::path() const {
  return state_->path;
}

void Checkpoint::read(
    const Tensor& tensor,
    const std::function<void(std::size_t first, std::span<const float>)>& block) const {
  const auto count = static_cast<std::size_t>(tensor.view.numel());
  const std::size_t size = byte_size(tensor.view.dtype);
  std::vector<float> values(std::min(count, kBlock));
  for (std::size_t first = 0; first < count; first += kBlock) {
    const std::span<float> part(values.data(), std::min(kBlock, count - first));
    tensor.view.read(first, part);
    block(first, part);
    if (tensor.view.strides.empty()) {
      state_->files[tensor.file].mapped->release(
          tensor.view.bytes.subspan(first * size, part.size() * size));
    }
  }
  release(tensor);
}

void Checkpoint::copy(const Tensor& tensor, std::span<std::byte> to) const {
  constexpr std::size_t kBytes = kBlock * sizeof(float);
  const auto& bytes = tensor.view.bytes;
  for (std::size_t first = 0; first < bytes.size(); first += kBytes) {
    const auto part = bytes.subspan(first, std::min(kBytes, bytes.size() - first));
    std::memcpy(to.data() + first, part.data(), part.size());
    state_->files[tensor.file].mapped->release(part);
  }
  release(tensor);
}

void Checkpoint::release(const Tensor& tensor) const {
  state_->files[tensor.file].mapped->release(tensor.view.bytes);
}

}  // namespace lorafleet::model
