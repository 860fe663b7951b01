#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::tests {

/// Reads TensorBoard's event files after their formats' descriptions alone: TFRecord ("uint64
/// length, uint32 masked crc of length, data, uint32 masked crc of data"), protobuf's encoding, and
/// the messages Event, Summary and HistogramProto. Throws where anything does not fit.
struct ReadHistogram {
  double least = 0.0;
  double largest = 0.0;
  double number = 0.0;
  double sum = 0.0;
  double sum_of_squares = 0.0;
  std::vector<double> limits;
  std::vector<double> counts;
};
struct ReadEvent {
  double wall_time = 0.0;
  std::int64_t step = 0;
  std::string file_version;
  std::map<std::string, float> scalars;
  std::map<std::string, ReadHistogram> histograms;
};

/// CRC-32C by its polynomial, the highest bit first, of mirrored bytes.
inline std::uint32_t plain_crc32c(std::string_view bytes) {
  const auto mirrored = [](std::uint32_t value, int bits) {
    std::uint32_t result = 0;
    for (int i = 0; i < bits; ++i)
      result |= ((value >> i) & 1u) << (bits - 1 - i);
    return result;
  };
  std::uint32_t sum = 0xFFFFFFFF;
  for (const char byte : bytes) {
    sum ^= mirrored(static_cast<unsigned char>(byte), 8) << 24;
    for (int bit = 0; bit < 8; ++bit)
      sum = (sum << 1) ^ ((sum & 0x80000000u) != 0 ? 0x1EDC6F41u : 0u);
  }
  return mirrored(~sum, 32);
}

class EventReader {
 public:
  static std::vector<ReadEvent> read(std::string_view file) {
    std::vector<ReadEvent> events;
    while (!file.empty())
      events.push_back(event(record(file)));
    return events;
  }

 private:
  struct Field {
    std::uint64_t number = 0;
    std::uint64_t varint = 0;  // or fixed bits
    std::string_view bytes;
  };

  static std::string_view take(std::string_view& from, std::size_t size) {
    if (from.size() < size) throw std::runtime_error("cut off");
    const auto taken = from.substr(0, size);
    from.remove_prefix(size);
    return taken;
  }
  template <typename Number>
  static Number number(std::string_view& from) {
    static_assert(std::endian::native == std::endian::little);
    Number value;
    std::memcpy(&value, take(from, sizeof value).data(), sizeof value);
    return value;
  }
  static std::string_view record(std::string_view& file) {
    const auto check = [&](std::string_view bytes) {
      const std::uint32_t masked = number<std::uint32_t>(file) - 0xa282ead8u;
      if (((masked >> 17) | (masked << 15)) != plain_crc32c(bytes))
        throw std::runtime_error("wrong sum");
    };
    std::string_view length = take(file, 8);
    const std::string_view length_bytes = length;
    check(length_bytes);
    const auto data = take(file, number<std::uint64_t>(length));
    check(data);
    return data;
  }
  static std::uint64_t varint(std::string_view& from) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(from, 1).front());
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    throw std::runtime_error("long varint");
  }
  static std::vector<Field> fields(std::string_view message) {
    std::vector<Field> all;
    while (!message.empty()) {
      const std::uint64_t key = varint(message);
      Field field{key >> 3, 0, {}};
      switch (key & 7) {
        case 0:
          field.varint = varint(message);
          break;
        case 1:
          field.varint = number<std::uint64_t>(message);
          break;
        case 2:
          field.bytes = take(message, varint(message));
          break;
        case 5:
          field.varint = number<std::uint32_t>(message);
          break;
        default:
          throw std::runtime_error("unknown type");
      }
      all.push_back(field);
    }
    return all;
  }
  static std::vector<double> doubles(std::string_view packed) {
    std::vector<double> values;
    while (!packed.empty())
      values.push_back(number<double>(packed));
    return values;
  }
  static ReadHistogram histogram(std::string_view message) {
    ReadHistogram read;
    for (const Field& field : fields(message)) {
      const double value = std::bit_cast<double>(field.varint);
      if (field.number == 1) read.least = value;
      if (field.number == 2) read.largest = value;
      if (field.number == 3) read.number = value;
      if (field.number == 4) read.sum = value;
      if (field.number == 5) read.sum_of_squares = value;
      if (field.number == 6) read.limits = doubles(field.bytes);
      if (field.number == 7) read.counts = doubles(field.bytes);
    }
    return read;
  }
  static ReadEvent event(std::string_view message) {
    ReadEvent read;
    for (const Field& field : fields(message)) {
      if (field.number == 1) read.wall_time = std::bit_cast<double>(field.varint);
      if (field.number == 2) read.step = static_cast<std::int64_t>(field.varint);
      if (field.number == 3) read.file_version = field.bytes;
      if (field.number != 5) continue;
      for (const Field& of : fields(field.bytes)) {
        if (of.number != 1) throw std::runtime_error("no value of a summary");
        std::string tag;
        for (const Field& part : fields(of.bytes)) {
          if (part.number == 1) tag = part.bytes;
          if (part.number == 2)
            read.scalars[tag] = std::bit_cast<float>(static_cast<std::uint32_t>(part.varint));
          if (part.number == 5) read.histograms[tag] = histogram(part.bytes);
        }
      }
    }
    return read;
  }
};

}  // namespace lorafleet::tests
