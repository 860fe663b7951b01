#include "model/text/pipeline/regex_dialect.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "partition/support/error.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

/// White_Space spelled out: PCRE2's own \s also takes U+180E, which lost the property in
/// Unicode 6.3.
constexpr std::string_view kSpace =
    "\\x{09}-\\x{0d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"
    "\\x{205f}\\x{3000}";
constexpr std::string_view kNoSpace =
    "\\x{00}-\\x{08}\\x{0e}-\\x{1f}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}"
    "\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}"
    "\\x{2060}-\\x{2fff}\\x{3001}-\\x{10ffff}";
constexpr std::string_view kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

class Translator {
 public:
  Translator(std::string_view pattern, const std::string& place)
      : pattern_(pattern), place_(place) {}

  std::string translate() && {
    while (at_ < pattern_.size())
      step();
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw InputError(place_, "in the regular expression \"" + std::string(pattern_) + "\", " +
                                 what + " is not supported");
  }

  [[nodiscard]] bool next_is(std::string_view text) const {
    return pattern_.substr(at_).starts_with(text);
  }

  void copy(std::size_t bytes) {
    out_ += pattern_.substr(at_, bytes);
    at_ += bytes;
  }

  void step() {
    switch (pattern_[at_]) {
      case '\\':
        atom_ = out_.size();
        escape(false);
        return;
      case '[':
        atom_ = out_.size();
        character_class();
        return;
      case '(':
        open_group();
        return;
      case ')':
        if (groups_.empty()) refuse("a \")\" without \"(\"");
        atom_ = groups_.back();
        groups_.pop_back();
        copy(1);
        return;
      case '{':
        interval();
        return;
      case '*':
      case '+':
      case '?':
      case '|':
      case '^':
      case '$':
        copy(1);
        return;
      default:
        atom_ = out_.size();
        copy(decode_utf8(pattern_, at_).value_or(CodePoint{0, 1}).size);
    }
  }

  void open_group() {
    groups_.push_back(out_.size());
    for (const std::string_view kind :
         {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?i)"}) {
      if (!next_is(kind)) continue;
      if (kind == "(?i)") groups_.pop_back();
      copy(kind.size());
      return;
    }
    if (next_is("(?") || next_is("(*")) {
      refuse('"' + std::string(pattern_.substr(at_, 4)) + "\"");
    }
    copy(1);
  }

  /// "{n}", "{n,}", "{,m}" or "{n,m}"; else the brace is a letter like others.
  void interval() {
    std::size_t end = at_ + 1;
    const auto digits = [&] {
      const std::size_t begin = end;
      while (end < pattern_.size() && is_digit(pattern_[end]))
        ++end;
      return pattern_.substr(begin, end - begin);
    };
    const std::string_view low = digits();
    const bool comma = end < pattern_.size() && pattern_[end] == ',';
    if (comma) ++end;
    const std::string_view high = comma ? digits() : std::string_view();
    const bool closed = end < pattern_.size() && pattern_[end] == '}';
    if (!closed || (low.empty() && high.empty())) {
      atom_ = out_.size();
      out_ += "\\{";
      ++at_;
      return;
    }
    at_ = end + 1;
    const std::string least = low.empty() ? "0" : std::string(low);
    const std::string range = '{' + least + (comma ? ',' + std::string(high) : std::string()) + '}';
    if (next_is("?") && !comma) refuse("\"" + range + "?\"");
    if (next_is("+")) {
      out_.insert(atom_, "(?:");
      out_ += range + ")+";
      ++at_;
    } else {
      out_ += range;
    }
  }

  void character_class() {
    copy(1);
    if (next_is("^")) copy(1);
    bool first = true;
    for (; at_ < pattern_.size(); first = false) {
      const char c = pattern_[at_];
      if (c == ']' && !first) {
        copy(1);
        return;
      }
      if (c == '[') refuse("a class inside of a class");
      if (next_is("&&")) refuse("\"&&\" in a class");
      if (c == '\\') {
        escape(true);
      } else {
        copy(1);
      }
    }
    refuse("a class without its \"]\"");
  }

  void put_class(bool in_class, std::string_view members) {
    out_ += in_class ? std::string(members) : '[' + std::string(members) + ']';
  }

  /// The sign behind the backslash.
  void escape(bool in_class) {
    ++at_;
    if (at_ == pattern_.size()) refuse("a \"\\\" at the end");
    const char c = pattern_[at_];
    if (static_cast<unsigned char>(c) >= 0x80) return;  // a letter like others
    switch (c) {
      case 's':
        put_class(in_class, kSpace);
        break;
      case 'S':
        put_class(in_class, kNoSpace);
        break;
      case 'w':
        put_class(in_class, kWord);
        break;
      case 'W':
        if (in_class) refuse("\"\\W\" in a class");
        out_ += "[^" + std::string(kWord) + ']';
        break;
      case 'd':
        out_ += "\\p{Nd}";
        break;
      case 'D':
        out_ += "\\P{Nd}";
        break;
      case 'v':
        out_ += "\\x{0b}";
        break;
      case 'n':
      case 'r':
      case 't':
      case 'f':
        out_ += std::string("\\") + c;
        break;
      case 'A':
      case 'z':
        if (in_class) refuse("\"\\" + std::string(1, c) + "\" in a class");
        out_ += std::string("\\") + c;
        break;
      case 'p':
      case 'P':
        property();
        return;
      case 'x':
      case 'u':
        code_point();
        return;
      default:
        if (is_letter(c) || is_digit(c)) refuse("\"\\" + std::string(1, c) + "\"");
        out_ += std::string("\\") + c;
    }
    ++at_;
  }

  /// "p{L}", "P{L}", "p{^L}"; whether there is such a property, PCRE2 says.
  void property() {
    const std::size_t end = pattern_.find('}', at_);
    if (!pattern_.substr(at_ + 1).starts_with('{') || end == pattern_.npos) {
      refuse("\"\\p\" without a property in braces");
    }
    std::string_view name = pattern_.substr(at_ + 2, end - at_ - 2);
    bool negative = pattern_[at_] == 'P';
    if (name.starts_with('^')) {
      negative = !negative;
      name.remove_prefix(1);
    }
    out_ += (negative ? "\\P{" : "\\p{") + std::string(name) + '}';
    at_ = end + 1;
  }

  /// "x{1F600}", "x41" or "u0041".
  void code_point() {
    const bool braces = pattern_[at_] == 'x' && pattern_.substr(at_ + 1).starts_with('{');
    const std::size_t begin = at_ + (braces ? 2 : 1);
    const std::size_t most = braces ? 6 : pattern_[at_] == 'x' ? 2 : 4;
    std::size_t end = begin;
    while (end < pattern_.size() && end - begin < most && is_hex(pattern_[end]))
      ++end;
    const bool whole =
        braces ? end > begin && pattern_.substr(end).starts_with('}') : end - begin == most;
    if (!whole) refuse("\"\\" + std::string(pattern_.substr(at_, end - at_)) + "\"");
    out_ += "\\x{" + std::string(pattern_.substr(begin, end - begin)) + '}';
    at_ = end + (braces ? 1 : 0);
  }

  std::string_view pattern_;
  const std::string& place_;
  std::string out_;
  std::size_t at_ = 0;
  std::size_t atom_ = 0;             ///< where in `out_` that begins what a quantifier repeats
  std::vector<std::size_t> groups_;  ///< where in `out_` the open ones begin
};

}  // namespace

std::string pcre2_from_oniguruma(std::string_view pattern, const std::string& place) {
  return Translator(pattern, place).translate();
}

}  // namespace lorafleet::model
