#include "model/files/safetensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "model/files/json.hpp"
#include "model/files/mapped_file.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

using nlohmann::json;

namespace {

static_assert(std::endian::native == std::endian::little,
              "the format stores little-endian numbers");

constexpr std::uint64_t kMaxHeader = 100'000'000;  // the format's own limit
constexpr std::size_t kLengthBytes = 8;

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
    for (const DType known : all_dtypes()) {
      if (value == safetensors_name(known)) return known;
    }
    std::vector<std::string> names;
    for (const DType known : all_dtypes())
      names.emplace_back(safetensors_name(known));
    refuse(name, "dtype " + value.dump() + " is not supported; allowed: " + join(names));
  }

  std::string file_;
  std::span<const std::byte> data_;
};

}  // namespace

SafetensorsContent parse_safetensors(std::span<const std::byte> bytes, const std::string& file) {
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

  SafetensorsContent content;
  const HeaderReader reader(file, bytes.subspan(kLengthBytes + length));
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") {
      content.tensors.emplace(name, reader.tensor(name, entry));
      continue;
    }
    if (!entry.is_object()) throw InputError(file, "__metadata__ must be an object of strings");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) {
        throw InputError(file, "__metadata__: \"" + key + "\" must be a string");
      }
      content.metadata.emplace(key, value.get<std::string>());
    }
  }
  reader.check_tiling(content.tensors);
  return content;
}

struct SafetensorsFile::State {
  explicit State(const std::filesystem::path& file)
      : path(file), mapped(file), content(parse_safetensors(mapped.bytes(), file.string())) {}

  std::filesystem::path path;
  MappedFile mapped;
  SafetensorsContent content;
};

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : state_(std::make_unique<State>(path)) {}

SafetensorsFile::~SafetensorsFile() = default;
SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;
SafetensorsFile& SafetensorsFile::operator=(SafetensorsFile&&) noexcept = default;

const std::filesystem::path& SafetensorsFile::path() const {
  return state_->path;
}

const std::map<std::string, TensorView>& SafetensorsFile::tensors() const {
  return state_->content.tensors;
}

const std::map<std::string, std::string>& SafetensorsFile::metadata() const {
  return state_->content.metadata;
}

const TensorView* SafetensorsFile::find(const std::string& name) const {
  const auto found = state_->content.tensors.find(name);
  return found == state_->content.tensors.end() ? nullptr : &found->second;
}

const MappedFile& SafetensorsFile::mapped() const {
  return state_->mapped;
}

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path,
                                     const std::vector<Entry>& tensors,
                                     const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  for (const auto& tensor : tensors) {
    if (header.contains(tensor.name)) {
      throw std::logic_error("tensor \"" + tensor.name + "\" is given twice");
    }
    const std::uint64_t size = tensor_bytes(tensor.dtype, tensor.shape).value();
    auto& entry = header[tensor.name];
    entry["dtype"] = safetensors_name(tensor.dtype);
    entry["shape"] = tensor.shape;
    entry["data_offsets"] = {missing_, missing_ + size};
    missing_ += size;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  file_ = std::make_unique<AtomicFile>(path);
  file_->write({reinterpret_cast<const char*>(&length), sizeof length});
  file_->write(text);
}

SafetensorsWriter::~SafetensorsWriter() = default;

void SafetensorsWriter::write(std::span<const std::byte> bytes) {
  if (bytes.size() > missing_) throw std::logic_error("more bytes than the tensors have");
  missing_ -= bytes.size();
  file_->write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void SafetensorsWriter::commit() {
  if (missing_ != 0) throw std::logic_error("fewer bytes than the tensors have");
  file_->commit();
}

void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<SafetensorsWriter::Entry> entries;
  for (const auto& tensor : tensors) {
    if (tensor_bytes(tensor.dtype, tensor.shape) != tensor.bytes.size()) {
      throw std::logic_error("tensor \"" + tensor.name + "\": shape and bytes do not agree");
    }
    entries.push_back({tensor.name, tensor.dtype, tensor.shape});
  }
  SafetensorsWriter file(path, entries, metadata);
  for (const auto& tensor : tensors)
    file.write(tensor.bytes);
  file.commit();
}

}  // namespace lorafleet::model
