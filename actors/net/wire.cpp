#include "actors/net/wire.hpp"

#include <bit>

namespace lorafleet::actors::net {

static_assert(std::endian::native == std::endian::little, "floats travel as they lie in memory");

void WireWriter::real(double value) {
  number(std::bit_cast<std::uint64_t>(value));
}

void WireWriter::text(std::string_view value) {
  number<std::uint64_t>(value.size());
  out_.insert(out_.end(), value.begin(), value.end());
}

void WireWriter::floats(std::span<const float> values) {
  number<std::uint64_t>(values.size());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
  out_.insert(out_.end(), bytes, bytes + values.size_bytes());
}

double WireReader::real() {
  return std::bit_cast<double>(number<std::uint64_t>());
}

std::string WireReader::text(std::size_t longest) {
  const std::size_t length = count(1);
  if (length > longest) {
    throw ProtocolError("a text of " + std::to_string(length) + " bytes; allowed: at most " +
                        std::to_string(longest));
  }
  const BytesView bytes = take(length, "a text");
  return {bytes.begin(), bytes.end()};
}

std::vector<float> WireReader::floats() {
  const std::size_t size = count(sizeof(float));
  const BytesView bytes = take(size * sizeof(float), "an array");
  std::vector<float> values(size);
  if (size > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::size_t WireReader::count(std::size_t least_bytes) {
  const auto size = number<std::uint64_t>();
  if (size > rest_.size() / least_bytes) {
    throw ProtocolError("a list of " + std::to_string(size) + " elements in " +
                        std::to_string(rest_.size()) + " bytes");
  }
  return static_cast<std::size_t>(size);
}

void WireReader::end() const {
  if (!rest_.empty()) throw ProtocolError(std::to_string(rest_.size()) + " bytes too many");
}

BytesView WireReader::take(std::size_t bytes, const char* what) {
  if (bytes > rest_.size()) throw ProtocolError(std::string(what) + " is cut off");
  const BytesView taken = rest_.first(bytes);
  rest_ = rest_.subspan(bytes);
  return taken;
}

}  // namespace lorafleet::actors::net
