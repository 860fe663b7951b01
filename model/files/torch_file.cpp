#include "model/files/torch_file.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "model/files/pickle.hpp"
#include "model/files/zip_archive.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

using Bytes = std::span<const std::byte>;
using Members = std::map<std::string, Bytes>;

constexpr const char* kConversion =
    "load it with torch and save it again (torch.save(torch.load(\"pytorch_model.bin\"), ...) with "
    "torch 1.6 or later), or write the model with save_pretrained(..., safe_serialization=True)";

bool begins_with(Bytes bytes, std::string_view text, std::size_t at = 0) {
  return bytes.size() >= at + text.size() &&
         std::equal(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char a, std::byte b) { return static_cast<std::byte>(a) == b; });
}

void check_form(Bytes bytes, const std::string& name) {
  if (begins_with(bytes, "PK")) return;
  // A pickled magic number stands first.
  constexpr std::string_view kLegacy("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12);
  if (begins_with(bytes, kLegacy, 2)) {
    throw InputError(
        name, std::string("torch.save's old form, without ZIP, is not read; ") + kConversion);
  }
  if (begins_with(bytes, "ustar", 257)) {
    throw InputError(
        name, std::string("torch.save's oldest form, a tar file, is not read; ") + kConversion);
  }
  throw InputError(name, "not a file of torch.save: it does not begin as a ZIP archive does");
}

/// Row-major strides of a shape.
std::vector<std::int64_t> packed_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  return strides;
}

/// Extents of 1 may have any stride.
bool same_layout(const PickledTensor& tensor) {
  const auto packed = packed_strides(tensor.shape);
  for (std::size_t d = 0; d < packed.size(); ++d) {
    if (tensor.shape[d] != 1 && tensor.strides[d] != packed[d]) return false;
  }
  return true;
}

class StorageReader {
 public:
  StorageReader(const Members& members, std::string folder, const std::string& file)
      : members_(members), folder_(std::move(folder)), file_(file) {}

  TensorView view(const std::string& name, const PickledTensor& tensor) const {
    const auto found = members_.find(folder_ + "data/" + tensor.storage);
    if (found == members_.end()) refuse(name, "its storage " + tensor.storage + " is missing");
    const Bytes data = found->second;
    const std::uint64_t size = byte_size(tensor.dtype);
    if (tensor.storage_size > data.size() / size) {
      refuse(name, "its storage holds " + std::to_string(data.size()) + " bytes, fewer than " +
                       std::to_string(tensor.storage_size) + " elements need");
    }
    const auto bytes = tensor_bytes(tensor.dtype, tensor.shape);
    if (!bytes || *bytes > data.size()) refuse(name, "its shape is larger than its storage");
    TensorView result;
    result.dtype = tensor.dtype;
    result.shape = tensor.shape;
    if (*bytes == 0) return result;
    const std::uint64_t needed = last_element(name, tensor) + 1;
    result.bytes = data.subspan(tensor.offset * size, (needed - tensor.offset) * size);
    if (!same_layout(tensor)) result.strides = tensor.strides;
    return result;
  }

 private:
  [[noreturn]] void refuse(const std::string& tensor, const std::string& reason) const {
    throw InputError(file_, "tensor \"" + tensor + "\": " + reason);
  }

  /// Its index in the storage, checked to lie inside.
  std::uint64_t last_element(const std::string& name, const PickledTensor& tensor) const {
    std::uint64_t last = tensor.offset;
    if (last >= tensor.storage_size) refuse(name, "it begins behind its storage");
    for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
      const auto steps = static_cast<std::uint64_t>(tensor.shape[d] - 1);
      const auto stride = static_cast<std::uint64_t>(tensor.strides[d]);
      if (steps > 0 && stride > tensor.storage_size / steps) {
        refuse(name, "its strides lead out of its storage");
      }
      last += steps * stride;
      if (last >= tensor.storage_size) refuse(name, "it reaches beyond its storage");
    }
    return last;
  }

  const Members& members_;
  std::string folder_;
  const std::string& file_;
};

/// The archive's top folder, with its '/'.
std::string top_folder(const Members& members, const std::string& file) {
  constexpr std::string_view kPickle = "data.pkl";
  for (const auto& [name, content] : members) {
    if (!name.ends_with(kPickle)) continue;
    const std::string folder = name.substr(0, name.size() - kPickle.size());
    if (folder.empty() || folder.find('/') == folder.size() - 1) return folder;
  }
  throw InputError(file, "a ZIP archive without data.pkl: not a file of torch.save");
}

void check_byte_order(const Members& members, const std::string& folder, const std::string& file) {
  const auto found = members.find(folder + "byteorder");
  if (found != members.end() && !begins_with(found->second, "little")) {
    throw InputError(file, "its numbers are not little-endian");
  }
}

}  // namespace

std::map<std::string, TensorView> parse_torch_file(std::span<const std::byte> bytes,
                                                   const std::string& name) {
  check_form(bytes, name);
  const Members members = read_zip(bytes, name);
  const std::string folder = top_folder(members, name);
  check_byte_order(members, folder, name);
  const StorageReader storages(members, folder, name);
  std::map<std::string, TensorView> tensors;
  for (const auto& [key, tensor] : read_state_dict(members.at(folder + "data.pkl"), name)) {
    tensors.emplace(key, storages.view(key, tensor));
  }
  return tensors;
}

}  // namespace lorafleet::model
