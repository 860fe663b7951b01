#include "actors/report/data/flat_line.hpp"

#include <charconv>
#include <cmath>
#include <cstring>

namespace lorafleet::report {

namespace {

/// The next `letter` from `at` on; `end` where there is none.
const char* find(const char* at, const char* end, char letter) {
  const void* found = std::memchr(at, letter, static_cast<std::size_t>(end - at));
  return found == nullptr ? end : static_cast<const char*>(found);
}

}  // namespace

bool FlatLine::parse(std::string_view line) {
  size_ = 0;
  if (line.size() < 2 || line.front() != '{' || line.back() != '}') return false;
  if (line.find('\\') != line.npos) return false;
  const char* at = line.data() + 1;
  const char* const end = line.data() + line.size() - 1;
  while (at < end) {
    if (size_ == kMost || *at != '"') return false;
    const char* const key = ++at;
    const char* const key_end = find(key, end, '"');
    if (end - key_end < 3 || key_end[1] != ':') return false;
    at = key_end + 2;
    const bool quoted = *at == '"';
    if (*at == '{' || *at == '[') return false;
    const char* const value = quoted ? at + 1 : at;
    at = find(value, end, quoted ? '"' : ',');
    if (quoted && at == end) return false;
    pairs_[size_++] = {{key, static_cast<std::size_t>(key_end - key)},
                       {value, static_cast<std::size_t>(at - value)}};
    if (quoted) ++at;
    if (at < end && *at != ',') return false;
    ++at;
  }
  return true;
}

std::string_view FlatLine::text(std::string_view key) const {
  for (std::size_t i = 0; i < size_; ++i) {
    if (pairs_[i].key == key) return pairs_[i].value;
  }
  return {};
}

std::int64_t FlatLine::whole(std::string_view key) const {
  const auto value = text(key);
  std::int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

double FlatLine::number(std::string_view key) const {
  const auto value = text(key);
  double number = std::nan("");
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

}  // namespace lorafleet::report
