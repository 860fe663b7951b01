#include "model/text/jinja/text.hpp"

#include <algorithm>
#include <string>

#include "partition/support/utf8.hpp"

namespace lorafleet::model::jinja {

namespace {

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
         c == 0x205f || c == 0x3000;
}

std::size_t character_end(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && is_continuation(text[at]))
    ++at;
  return at;
}

bool is_space_at(std::string_view text, std::size_t at) {
  std::string_view rest = text.substr(at);
  return is_space(take_code_point(rest));
}

/// The words between white space as [begin, end); with `most` cuts done the rest is one word.
std::vector<MarkedText> split_at_space(const MarkedText& text, std::int64_t most) {
  std::vector<MarkedText> parts;
  const std::string_view bytes = text.view();
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (is_space_at(bytes, at)) {
      at = character_end(bytes, at);
      continue;
    }
    if (most >= 0 && static_cast<std::int64_t>(parts.size()) >= most) {
      parts.push_back(text.part(at, bytes.size()));
      return parts;
    }
    const std::size_t begin = at;
    while (at < bytes.size() && !is_space_at(bytes, at))
      at = character_end(bytes, at);
    parts.push_back(text.part(begin, at));
  }
  return parts;
}

}  // namespace

std::size_t length(std::string_view text) {
  return count_code_points(text);
}

std::vector<std::size_t> code_points(std::string_view text) {
  std::vector<std::size_t> starts;
  starts.reserve(length(text) + 1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_continuation(text[i])) starts.push_back(i);
  }
  starts.push_back(text.size());
  return starts;
}

MarkedText character(const MarkedText& text, std::size_t place) {
  std::size_t at = 0;
  for (; place > 0; --place)
    at = character_end(text.view(), at);
  return text.part(at, character_end(text.view(), at));
}

std::size_t count_cuts(std::string_view text, const std::optional<std::string_view>& separator) {
  if (!separator) return text.size() / 2;
  if (separator->empty()) return length(text) + 1;
  std::size_t cuts = 0;
  for (std::size_t at = text.find(*separator); at != text.npos;
       at = text.find(*separator, at + separator->size())) {
    ++cuts;
  }
  return cuts;
}

MarkedText strip(const MarkedText& text, bool left, bool right,
                 const std::optional<std::string_view>& characters) {
  const std::string_view bytes = text.view();
  const auto goes = [&](std::size_t begin, std::size_t end) {
    return characters ? characters->find(bytes.substr(begin, end - begin)) != characters->npos
                      : is_space_at(bytes, begin);
  };
  std::size_t begin = 0;
  std::size_t end = bytes.size();
  while (left && begin < end) {
    const std::size_t next = character_end(bytes, begin);
    if (!goes(begin, next)) break;
    begin = next;
  }
  while (right && begin < end) {
    std::size_t last = end - 1;
    while (last > begin && is_continuation(bytes[last]))
      --last;
    if (!goes(last, end)) break;
    end = last;
  }
  return text.part(begin, end);
}

std::vector<MarkedText> split(const MarkedText& text,
                              const std::optional<std::string_view>& separator, std::int64_t most,
                              bool from_right) {
  if (!separator) return split_at_space(text, most);
  const std::string_view bytes = text.view();
  std::vector<std::size_t> cuts;
  if (from_right) {
    for (std::size_t end = bytes.size();
         most < 0 || static_cast<std::int64_t>(cuts.size()) < most;) {
      if (end < separator->size()) break;
      const std::size_t at = bytes.rfind(*separator, end - separator->size());
      if (at == bytes.npos) break;
      cuts.push_back(at);
      end = at;
    }
    std::reverse(cuts.begin(), cuts.end());
  } else {
    for (std::size_t at = bytes.find(*separator);
         at != bytes.npos && (most < 0 || static_cast<std::int64_t>(cuts.size()) < most);
         at = bytes.find(*separator, at + separator->size())) {
      cuts.push_back(at);
    }
  }
  std::vector<MarkedText> parts;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    parts.push_back(text.part(begin, cut));
    begin = cut + separator->size();
  }
  parts.push_back(text.part(begin, bytes.size()));
  return parts;
}

MarkedText replace(const MarkedText& text, std::string_view old, const MarkedText& fresh,
                   std::int64_t most) {
  MarkedText result;
  if (old.empty()) {  // before each letter, and at the end
    const auto starts = code_points(text.view());
    for (std::size_t i = 0; i < starts.size(); ++i) {
      if (most < 0 || static_cast<std::int64_t>(i) < most) result.append(fresh);
      if (i + 1 < starts.size()) result.append(text.part(starts[i], starts[i + 1]));
    }
    return result;
  }
  bool first = true;
  for (const MarkedText& part : split(text, old, most, false)) {
    if (!first) result.append(fresh);
    first = false;
    result.append(part);
  }
  return result;
}

/// Whether Jinja2's title filter takes what follows for a word's first letter.
bool begins_word(char c) {
  constexpr std::string_view kBefore = " \t\n\r\f\v\x1c\x1d\x1e\x1f-({[<";
  return kBefore.find(c) != kBefore.npos;
}

std::optional<MarkedText> change_case(const MarkedText& text, Case to) {
  std::string bytes = text.str();
  bool in_word = false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    char& c = bytes[i];
    if (static_cast<unsigned char>(c) >= 0x80) return std::nullopt;
    const bool is_lower = c >= 'a' && c <= 'z';
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool raise = to == Case::upper ||
                       ((to == Case::title || to == Case::words) && !in_word) ||
                       (to == Case::capitalize && i == 0);
    if (raise && is_lower) c = static_cast<char>(c - 'a' + 'A');
    if (!raise && is_upper) c = static_cast<char>(c - 'A' + 'a');
    in_word = to == Case::words ? !begins_word(c) : is_lower || is_upper;
  }
  return text.with_bytes(std::move(bytes));
}

}  // namespace lorafleet::model::jinja
