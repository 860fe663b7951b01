#include "model/files/zip_archive.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kZip64End = 0x06064b50;
constexpr std::uint32_t kZip64Locator = 0x07064b50;
constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kCentralSize = 46;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kZip64EndSize = 56;
constexpr std::size_t kLocatorSize = 20;
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint32_t kInZip64 = 0xffffffff;
constexpr std::uint16_t kZip64Extra = 1;

class ZipReader {
 public:
  ZipReader(Bytes bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  std::map<std::string, Bytes> members() const {
    const Directory directory = find_directory();
    std::map<std::string, Bytes> members;
    std::uint64_t at = directory.offset;
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
      if (number<std::uint32_t>(at) != kCentralHeader) refuse("its directory is damaged");
      const Entry entry = central_entry(at);
      if (!members.emplace(entry.name, content(entry)).second) {
        refuse("member \"" + entry.name + "\" occurs twice");
      }
      at = entry.next;
    }
    return members;
  }

 private:
  struct Directory {
    std::uint64_t offset = 0;
    std::uint64_t entries = 0;
  };
  struct Entry {
    std::string name;
    std::uint64_t size = 0;
    std::uint64_t compressed = 0;
    std::uint64_t offset = 0;
    std::uint64_t next = 0;
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
  };

  [[noreturn]] void refuse(const std::string& reason) const {
    throw InputError(name_, "not a readable ZIP archive: " + reason);
  }

  void need(std::uint64_t at, std::uint64_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) {
      refuse("it ends in the middle, or an offset lies behind its " +
             std::to_string(bytes_.size()) + " bytes");
    }
  }

  template <typename T>
  T number(std::uint64_t at) const {
    need(at, sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + at, sizeof value);
    return value;
  }

  Directory find_directory() const {
    if (bytes_.size() < kEndSize) refuse("it has fewer than 22 bytes");
    const std::uint64_t last = bytes_.size() - kEndSize;
    const std::uint64_t first = last - std::min<std::uint64_t>(last, kLongestComment);
    for (std::uint64_t at = last + 1; at-- > first;) {
      if (number<std::uint32_t>(at) != kEnd) continue;
      if (number<std::uint16_t>(at + 20) != last - at) continue;  // the comment ends the file
      Directory directory{number<std::uint32_t>(at + 16), number<std::uint16_t>(at + 10)};
      if (directory.offset == kInZip64 || directory.entries == 0xffff) return zip64_directory(at);
      return directory;
    }
    refuse("it has no end record");
  }

  Directory zip64_directory(std::uint64_t end) const {
    if (end < kLocatorSize || number<std::uint32_t>(end - kLocatorSize) != kZip64Locator) {
      refuse("its zip64 locator is missing");
    }
    const auto record = number<std::uint64_t>(end - kLocatorSize + 8);
    need(record, kZip64EndSize);
    if (number<std::uint32_t>(record) != kZip64End) refuse("its zip64 end record is missing");
    return {number<std::uint64_t>(record + 48), number<std::uint64_t>(record + 32)};
  }

  Entry central_entry(std::uint64_t at) const {
    need(at, kCentralSize);
    const auto name_size = number<std::uint16_t>(at + 28);
    const auto extra_size = number<std::uint16_t>(at + 30);
    const auto comment_size = number<std::uint16_t>(at + 32);
    need(at + kCentralSize, std::uint64_t{name_size} + extra_size + comment_size);
    Entry entry;
    entry.name.assign(reinterpret_cast<const char*>(bytes_.data() + at + kCentralSize), name_size);
    entry.flags = number<std::uint16_t>(at + 8);
    entry.method = number<std::uint16_t>(at + 10);
    entry.compressed = number<std::uint32_t>(at + 20);
    entry.size = number<std::uint32_t>(at + 24);
    entry.offset = number<std::uint32_t>(at + 42);
    const std::uint64_t extra = at + kCentralSize + name_size;
    widen(entry, extra, extra + extra_size);
    entry.next = extra + extra_size + comment_size;
    return entry;
  }

  /// Sizes and offset that do not fit 32 bits stand in an extra field, in this order.
  void widen(Entry& entry, std::uint64_t at, std::uint64_t end) const {
    while (end - at >= 4) {
      const auto id = number<std::uint16_t>(at);
      const auto size = number<std::uint16_t>(at + 2);
      at += 4;
      if (size > end - at) refuse("an extra field of \"" + entry.name + "\" is too long");
      if (id == kZip64Extra) {
        std::uint64_t from = at;
        for (std::uint64_t* value : {&entry.size, &entry.compressed, &entry.offset}) {
          if (*value != kInZip64) continue;
          if (from + 8 > at + size)
            refuse("the zip64 field of \"" + entry.name + "\" is too short");
          *value = number<std::uint64_t>(from);
          from += 8;
        }
      }
      at += size;
    }
  }

  Bytes content(const Entry& entry) const {
    if ((entry.flags & 1) != 0) refuse("member \"" + entry.name + "\" is encrypted");
    if (entry.method != 0 || entry.compressed != entry.size) {
      refuse("member \"" + entry.name + "\" is compressed; torch.save stores without compression");
    }
    need(entry.offset, kLocalSize);
    if (number<std::uint32_t>(entry.offset) != kLocalHeader) {
      refuse("member \"" + entry.name + "\" has no header where the directory says");
    }
    const std::uint64_t begin = entry.offset + kLocalSize +
                                number<std::uint16_t>(entry.offset + 26) +
                                number<std::uint16_t>(entry.offset + 28);
    need(begin, entry.size);
    return bytes_.subspan(begin, entry.size);
  }

  Bytes bytes_;
  const std::string& name_;
};

}  // namespace

std::map<std::string, std::span<const std::byte>> read_zip(std::span<const std::byte> bytes,
                                                           const std::string& name) {
  return ZipReader(bytes, name).members();
}

}  // namespace lorafleet::model
