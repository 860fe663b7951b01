#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::actors::net {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

/// What a peer sent cannot be right. Costs the peer its connection, nothing else.
class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Appends values to a byte string: numbers little-endian, texts and lists after their length.
class WireWriter {
 public:
  explicit WireWriter(Bytes& out) : out_(out) {}

  template <std::integral T>
  void number(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
      out_.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
  }
  void real(double value);
  void text(std::string_view value);
  void floats(std::span<const float> values);

 private:
  Bytes& out_;
};

/// Reads them back from bytes that nobody vouches for: every length is held against what is left
/// before anything is allocated. Throws ProtocolError.
class WireReader {
 public:
  explicit WireReader(BytesView bytes) : rest_(bytes) {}

  template <std::integral T>
  T number() {
    const BytesView bytes = take(sizeof(T), "a number");
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
    return static_cast<T>(value);
  }
  double real();
  std::string text(std::size_t longest = 4096);
  std::vector<float> floats();
  /// The length of a list whose elements take at least `least_bytes` each.
  std::size_t count(std::size_t least_bytes);
  /// All must have been read.
  void end() const;

 private:
  BytesView take(std::size_t bytes, const char* what);

  BytesView rest_;
};

}  // namespace lorafleet::actors::net
