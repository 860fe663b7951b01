#include "partition/support/numbers.hpp"

namespace lorafleet {

std::string shortest(double value) {
  std::string text;
  append_shortest(text, value);
  return text;
}

void append_shortest(std::string& text, double value) {
  std::array<char, 32> buffer;
  text.append(buffer.data(),
              std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
}

}  // namespace lorafleet
