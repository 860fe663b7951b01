#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>

namespace lorafleet {

/// The shortest decimal text that reads back as the same double: "0.1", "1e+30", "nan", "inf".
std::string shortest(double value);
/// The same, at the end of `text`.
void append_shortest(std::string& text, double value);

/// "1,234,567"
std::string grouped(std::int64_t value);

/// The decimal digits of `value`, at the end of `text`.
template <std::integral Integer>
void append_whole(std::string& text, Integer value) {
  std::array<char, 24> buffer;
  text.append(buffer.data(),
              std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
}

}  // namespace lorafleet
