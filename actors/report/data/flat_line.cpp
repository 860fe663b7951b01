#include "actors/report/data/flat_line.hpp"

namespace lorafleet::report {

namespace {

/// The quote that ends a word; nullptr where there is none before `end`, or an escape.
inline const char* end_of_word(const char* at, const char* end) {
  // A quote is near: a loop is faster than memchr.
  while (at < end && *at != '"' && *at != '\\')
    ++at;
  return at < end && *at == '"' ? at : nullptr;
}

inline std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

bool FlatLine::parse(std::string_view line) {
  size_ = 0;
  next_ = 0;
  if (line.size() < 2 || line.front() != '{' || line.back() != '}') return false;
  const char* at = line.data() + 1;
  const char* const end = line.data() + line.size() - 1;
  while (at < end) {
    if (size_ == kMost || *at != '"') return false;
    const char* const key = ++at;
    const char* const key_end = end_of_word(at, end);
    if (key_end == nullptr || end - key_end < 3 || key_end[1] != ':') return false;
    at = key_end + 2;
    if (*at == '"') {
      const char* const value_end = end_of_word(at + 1, end);
      if (value_end == nullptr) return false;
      pairs_[size_++] = {between(key, key_end), between(at + 1, value_end)};
      at = value_end + 1;
    } else {
      if (*at == '{' || *at == '[') return false;
      const char* const value = at;
      while (at < end && *at != ',')
        ++at;
      pairs_[size_++] = {between(key, key_end), between(value, at)};
    }
    if (at < end && *at != ',') return false;
    ++at;
  }
  return true;
}

}  // namespace lorafleet::report
