#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lorafleet::tests {

/// A number as little-endian bytes.
template <typename T>
std::string bytes_of(T value) {
  std::string text(sizeof value, '\0');
  std::memcpy(text.data(), &value, sizeof value);
  return text;
}

/// How a member of a ZIP archive is described; what differs from its content is a lie.
struct ZipMember {
  std::string name;
  std::string content;
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
};

/// A ZIP archive, with stored members whatever their method says.
inline std::string zip_of(const std::vector<ZipMember>& members) {
  std::string file;
  std::string directory;
  for (const auto& member : members) {
    const auto offset = static_cast<std::uint32_t>(file.size());
    const auto size = static_cast<std::uint32_t>(member.content.size());
    const auto name_size = static_cast<std::uint16_t>(member.name.size());
    const std::string common = bytes_of<std::uint16_t>(20) + bytes_of(member.flags) +
                               bytes_of(member.method) + std::string(8, '\0') + bytes_of(size) +
                               bytes_of(size) + bytes_of(name_size) + std::string(2, '\0');
    file += "PK\x03\x04" + common + member.name + member.content;
    directory += std::string("PK\x01\x02") + bytes_of<std::uint16_t>(20) + common +
                 std::string(10, '\0') + bytes_of(offset) + member.name;
  }
  const auto count = static_cast<std::uint16_t>(members.size());
  const auto start = static_cast<std::uint32_t>(file.size());
  return file + directory + "PK\x05\x06" + std::string(4, '\0') + bytes_of(count) +
         bytes_of(count) + bytes_of(static_cast<std::uint32_t>(directory.size())) +
         bytes_of(start) + std::string(2, '\0');
}

inline std::span<const std::byte> as_file(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// Pieces of a pickle of protocol 2.

inline std::string pickled_text(const std::string& text) {
  return "X" + bytes_of(static_cast<std::uint32_t>(text.size())) + text;
}
inline std::string pickled_number(std::int32_t value) {
  return "J" + bytes_of(value);
}
inline std::string pickled_tuple(const std::vector<std::int32_t>& values) {
  std::string text = "(";
  for (const std::int32_t value : values)
    text += pickled_number(value);
  return text + "t";
}
inline std::string pickled_storage(const std::string& type, const std::string& key,
                                   std::int32_t size) {
  return "(" + pickled_text("storage") + "ctorch\n" + type + "\n" + pickled_text(key) +
         pickled_text("cpu") + pickled_number(size) + "tQ";
}
inline std::string pickled_tensor(const std::string& storage, std::int32_t offset,
                                  const std::vector<std::int32_t>& shape,
                                  const std::vector<std::int32_t>& strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + pickled_number(offset) +
         pickled_tuple(shape) + pickled_tuple(strides) + "\x89" + "ccollections\nOrderedDict\n)R" +
         "tR";
}
/// A dictionary of pickled values.
inline std::string state_dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string text = "\x80\x02" + std::string("}(");
  for (const auto& [key, value] : items)
    text += pickled_text(key) + value;
  return text + "u.";
}

inline std::string torch_archive(const std::string& pickle, const std::string& storage) {
  return zip_of({{"archive/data.pkl", pickle},
                 {"archive/byteorder", "little"},
                 {"archive/data/0", storage},
                 {"archive/version", "3\n"}});
}

}  // namespace lorafleet::tests
