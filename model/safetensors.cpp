#include "model/safetensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "model/half.hpp"
#include "model/json.hpp"
#include "model/mapped_file.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

using nlohmann::json;

namespace {

static_assert(std::endian::native == std::endian::little,
              "the format stores little-endian numbers");

constexpr std::uint64_t kMaxHeader = 100'000'000;  // the format's own limit
constexpr std::size_t kLengthBytes = 8;

struct DTypeEntry {
  DType dtype;
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array<DTypeEntry, 7> kDTypes{{{DType::float32, "F32", 4},
                                             {DType::float16, "F16", 2},
                                             {DType::bfloat16, "BF16", 2},
                                             {DType::int64, "I64", 8},
                                             {DType::int32, "I32", 4},
                                             {DType::uint8, "U8", 1},
                                             {DType::boolean, "BOOL", 1}}};

const DTypeEntry& entry_of(DType dtype) {
  return *std::find_if(kDTypes.begin(), kDTypes.end(),
                       [dtype](const DTypeEntry& entry) { return entry.dtype == dtype; });
}

/// Bytes of a tensor; nothing where they pass the range of int64.
std::optional<std::uint64_t> tensor_bytes(DType dtype, const std::vector<std::int64_t>& shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  constexpr auto kLimit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t bytes = byte_size(dtype);
  for (const std::int64_t extent : shape) {
    if (static_cast<std::uint64_t>(extent) > kLimit / bytes) return std::nullopt;
    bytes *= static_cast<std::uint64_t>(extent);
  }
  return bytes;
}

/// Checks one header against the data that follow it.
class HeaderReader {
 public:
  HeaderReader(std::string file, std::span<const std::byte> data)
      : file_(std::move(file)), data_(data) {}

  TensorView tensor(const std::string& name, const json& entry) const {
    if (!entry.is_object()) {
      refuse(name, "an object was expected, not " + std::string(kind_of(entry)));
    }
    TensorView view;
    view.dtype = dtype(name, field(name, entry, "dtype"));
    for (const json& extent : array(name, entry, "shape")) {
      view.shape.push_back(static_cast<std::int64_t>(integer(name, "shape", extent)));
    }
    const json& offsets = array(name, entry, "data_offsets");
    if (offsets.size() != 2) refuse(name, "data_offsets must hold two numbers, begin and end");
    const std::uint64_t begin = integer(name, "data_offsets", offsets[0]);
    const std::uint64_t end = integer(name, "data_offsets", offsets[1]);
    if (begin > end || end > data_.size()) {
      refuse(name, "data_offsets [" + std::to_string(begin) + ", " + std::to_string(end) +
                       "] are not within the " + std::to_string(data_.size()) + " bytes of data");
    }
    const auto expected = tensor_bytes(view.dtype, view.shape);
    if (!expected) refuse(name, "the shape is too large");
    if (*expected != end - begin) {
      refuse(name, "dtype and shape need " + std::to_string(*expected) +
                       " bytes, data_offsets span " + std::to_string(end - begin));
    }
    view.bytes = data_.subspan(begin, end - begin);
    return view;
  }

  /// The tensors must tile the data: no overlap, no gap, nothing behind the last one.
  void check_tiling(const std::map<std::string, TensorView>& tensors) const {
    struct Piece {
      std::size_t begin;
      std::size_t end;
      const std::string* name;
    };
    std::vector<Piece> pieces;
    pieces.reserve(tensors.size());
    for (const auto& [name, view] : tensors) {
      const auto begin = static_cast<std::size_t>(view.bytes.data() - data_.data());
      pieces.push_back({begin, begin + view.bytes.size(), &name});
    }
    std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::size_t covered = 0;
    for (const Piece& piece : pieces) {
      if (piece.begin < covered) refuse(*piece.name, "its data overlap those of another tensor");
      if (piece.begin > covered) {
        refuse(*piece.name,
               "a gap of " + std::to_string(piece.begin - covered) + " bytes lies before its data");
      }
      covered = piece.end;
    }
    if (covered != data_.size()) {
      throw InputError(
          file_, std::to_string(data_.size() - covered) + " bytes follow the last tensor's data");
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& tensor, const std::string& reason) const {
    throw InputError(file_, "tensor \"" + tensor + "\": " + reason);
  }

  const json& field(const std::string& name, const json& entry, const char* key) const {
    const auto found = entry.find(key);
    if (found == entry.end()) refuse(name, std::string(key) + " is missing");
    return *found;
  }

  const json& array(const std::string& name, const json& entry, const char* key) const {
    const json& value = field(name, entry, key);
    if (!value.is_array()) {
      refuse(name, std::string(key) + " must be an array, not " + std::string(kind_of(value)));
    }
    return value;
  }

  std::uint64_t integer(const std::string& name, const char* key, const json& value) const {
    if (!value.is_number_unsigned() ||
        value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
      refuse(name,
             std::string(key) + " must hold integers from 0 to 2^63 - 1, not " + value.dump());
    }
    return value.get<std::uint64_t>();
  }

  DType dtype(const std::string& name, const json& value) const {
    std::vector<std::string> known;
    for (const auto& entry : kDTypes) {
      if (value == entry.name) return entry.dtype;
      known.emplace_back(entry.name);
    }
    refuse(name, "dtype " + value.dump() + " is not supported; allowed: " + join(known));
  }

  std::string file_;
  std::span<const std::byte> data_;
};

}  // namespace

std::size_t byte_size(DType dtype) {
  return entry_of(dtype).bytes;
}

std::int64_t TensorView::numel() const {
  return static_cast<std::int64_t>(bytes.size() / byte_size(dtype));
}

std::vector<float> TensorView::to_float32() const {
  std::vector<float> values(static_cast<std::size_t>(numel()));
  if (dtype == DType::float32) {
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  if (dtype != DType::float16 && dtype != DType::bfloat16) {
    throw std::logic_error("a " + std::string(entry_of(dtype).name) +
                           " tensor does not convert to float32");
  }
  const auto convert = [&](auto widen) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::uint16_t half = 0;
      std::memcpy(&half, bytes.data() + 2 * i, sizeof half);
      values[i] = widen(half);
    }
  };
  if (dtype == DType::float16) {
    convert(float16_to_float32);
  } else {
    convert(bfloat16_to_float32);
  }
  return values;
}

struct SafetensorsFile::State {
  explicit State(const std::filesystem::path& file) : path(file), mapped(file) {}

  std::filesystem::path path;
  MappedFile mapped;
  std::map<std::string, TensorView> tensors;
  std::map<std::string, std::string> metadata;
};

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : state_(std::make_unique<State>(path)) {
  const std::string file = path.string();
  const auto bytes = state_->mapped.bytes();
  if (bytes.size() < kLengthBytes) {
    throw InputError(file, "not a safetensors file: shorter than 8 bytes");
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kMaxHeader || length > bytes.size() - kLengthBytes) {
    throw InputError(file, "not a safetensors file: a header of " + std::to_string(length) +
                               " bytes in a file of " + std::to_string(bytes.size()) +
                               " (at most 100 MB are allowed)");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  if (text.empty() || text.front() != '{') {
    throw InputError(file, "not a safetensors file: the header does not begin with '{'");
  }
  const json header = parse_json(text, file + ": header", 8);

  const HeaderReader reader(file, bytes.subspan(kLengthBytes + length));
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") {
      state_->tensors.emplace(name, reader.tensor(name, entry));
      continue;
    }
    if (!entry.is_object()) throw InputError(file, "__metadata__ must be an object of strings");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) {
        throw InputError(file, "__metadata__: \"" + key + "\" must be a string");
      }
      state_->metadata.emplace(key, value.get<std::string>());
    }
  }
  reader.check_tiling(state_->tensors);
}

SafetensorsFile::~SafetensorsFile() = default;
SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;
SafetensorsFile& SafetensorsFile::operator=(SafetensorsFile&&) noexcept = default;

const std::filesystem::path& SafetensorsFile::path() const {
  return state_->path;
}

const std::map<std::string, TensorView>& SafetensorsFile::tensors() const {
  return state_->tensors;
}

const std::map<std::string, std::string>& SafetensorsFile::metadata() const {
  return state_->metadata;
}

const TensorView* SafetensorsFile::find(const std::string& name) const {
  const auto found = state_->tensors.find(name);
  return found == state_->tensors.end() ? nullptr : &found->second;
}

void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const auto& tensor : tensors) {
    if (header.contains(tensor.name)) {
      throw std::logic_error("tensor \"" + tensor.name + "\" is given twice");
    }
    if (tensor_bytes(tensor.dtype, tensor.shape) != tensor.bytes.size()) {
      throw std::logic_error("tensor \"" + tensor.name + "\": shape and bytes do not agree");
    }
    auto& entry = header[tensor.name];
    entry["dtype"] = entry_of(tensor.dtype).name;
    entry["shape"] = tensor.shape;
    entry["data_offsets"] = {offset, offset + tensor.bytes.size()};
    offset += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();

  AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(&length), sizeof length});
  file.write(text);
  for (const auto& tensor : tensors) {
    file.write({reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()});
  }
  file.commit();
}

}  // namespace lorafleet::model
