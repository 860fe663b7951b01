#include "model/text/jinja/lexer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "partition/support/error.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model::jinja {

namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Line ends as "\n", and one less at the end.
std::string normalized(std::string_view source) {
  std::string text;
  text.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      text += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      text += source[i];
    }
  }
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

class Lexer {
 public:
  Lexer(std::string_view source, const std::string& place)
      : source_(normalized(source)), place_(place) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) {
      const std::size_t tag = next_tag(at_);
      if (tag == std::string::npos) {
        add_data(source_.substr(at_), source_.size() - at_);
        break;
      }
      read_tag(tag);
    }
    add(TokenKind::end, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { fail_at(place_, line_, what); }

  void add(TokenKind kind, std::string text) {
    Token token;
    token.kind = kind;
    token.text = std::move(text);
    token.line = line_;
    tokens_.push_back(std::move(token));
  }

  void move_to(std::size_t at) {
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    at_ = at;
  }

  void add_data(std::string text, std::size_t length) {
    if (!text.empty()) add(TokenKind::data, std::move(text));
    move_to(at_ + length);
  }

  [[nodiscard]] std::size_t next_tag(std::size_t from) const {
    for (std::size_t i = source_.find('{', from); i != std::string::npos && i + 1 < source_.size();
         i = source_.find('{', i + 1)) {
      const char next = source_[i + 1];
      if (next == '{' || next == '%' || next == '#') return i;
    }
    return std::string::npos;
  }

  /// The text before a tag, as the tag's sign leaves it.
  [[nodiscard]] std::string before_tag(std::size_t begin, std::size_t tag, char sign,
                                       bool is_print) const {
    std::string text = source_.substr(begin, tag - begin);
    if (sign == '-') {
      while (!text.empty() && is_space(text.back()))
        text.pop_back();
    } else if (sign != '+' && !is_print) {
      const std::size_t line = text.rfind('\n') + 1;  // npos + 1 is 0
      const bool at_line_start = line > 0 || begin == 0 || source_[begin - 1] == '\n';
      if (at_line_start &&
          std::all_of(text.begin() + static_cast<std::ptrdiff_t>(line), text.end(), is_space)) {
        text.resize(line);
      }
    }
    return text;
  }

  void read_tag(std::size_t tag) {
    const char kind = source_[tag + 1];
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
    const bool has_sign = sign == '-' || sign == '+';
    add_data(before_tag(at_, tag, sign, kind == '{'), tag - at_);
    move_to(tag + (has_sign ? 3 : 2));
    if (kind == '#') {
      skip_comment();
    } else if (kind == '%' && is_raw()) {
      read_raw();
    } else {
      const bool block = kind == '%';
      add(block ? TokenKind::block_begin : TokenKind::print_begin, "");
      read_expression(block);
    }
  }

  void skip_comment() {
    const std::size_t end = source_.find("#}", at_);
    if (end == std::string::npos) fail("a {# without its #}");
    const char sign = end > at_ ? source_[end - 1] : '\0';
    move_to(end + 2);
    after_block(sign);
  }

  void after_block(char sign) {
    if (sign == '-') {
      skip_space();
    } else if (sign != '+' && at_ < source_.size() && source_[at_] == '\n') {
      move_to(at_ + 1);
    }
  }

  void skip_space() {
    std::size_t at = at_;
    while (at < source_.size() && is_space(source_[at]))
      ++at;
    move_to(at);
  }

  /// Moves behind `{% raw %}`, where that stands here.
  bool is_raw() {
    std::size_t at = at_;
    while (at < source_.size() && is_space(source_[at]))
      ++at;
    if (source_.compare(at, 3, "raw") != 0) return false;
    at += 3;
    while (at < source_.size() && is_space(source_[at]))
      ++at;
    const bool trims = source_.compare(at, 3, "-%}") == 0;
    if (!trims && source_.compare(at, 2, "%}") != 0) return false;
    move_to(at + (trims ? 3 : 2));
    if (trims) skip_space();
    return true;
  }

  void read_raw() {
    for (std::size_t tag = source_.find("{%", at_); tag != std::string::npos;
         tag = source_.find("{%", tag + 2)) {
      std::size_t at = tag + 2;
      const char sign = at < source_.size() ? source_[at] : '\0';
      if (sign == '-' || sign == '+') ++at;
      while (at < source_.size() && is_space(source_[at]))
        ++at;
      if (source_.compare(at, 6, "endraw") != 0) continue;
      at += 6;
      while (at < source_.size() && is_space(source_[at]))
        ++at;
      const char end_sign = at < source_.size() ? source_[at] : '\0';
      if (end_sign == '-' || end_sign == '+') ++at;
      if (source_.compare(at, 2, "%}") != 0) continue;
      add_data(before_tag(at_, tag, sign, false), tag - at_);
      move_to(at + 2);
      after_block(end_sign);
      return;
    }
    fail("a {% raw %} without its {% endraw %}");
  }

  /// The end of the tag, where it stands here and no bracket is open.
  bool read_end(bool block) {
    const char* close = block ? "%}" : "}}";
    char sign = source_[at_];
    const std::size_t skip = sign == '-' || (block && sign == '+') ? 1 : 0;
    if (source_.compare(at_ + skip, 2, close) != 0) return false;
    if (skip == 0) sign = '\0';
    add(block ? TokenKind::block_end : TokenKind::print_end, "");
    move_to(at_ + skip + 2);
    if (block) {
      after_block(sign);
    } else if (sign == '-') {
      skip_space();
    }
    return true;
  }

  void read_expression(bool block) {
    std::string open;
    for (skip_space(); at_ < source_.size(); skip_space()) {
      if (open.empty() && read_end(block)) return;
      const char c = source_[at_];
      if (is_name_start(c)) {
        read_name();
      } else if (is_digit(c)) {
        read_number();
      } else if (c == '"' || c == '\'') {
        read_text(c);
      } else {
        read_symbol(open);
      }
    }
    fail(block ? "a {% without its %}" : "a {{ without its }}");
  }

  void read_name() {
    std::size_t end = at_;
    while (end < source_.size() && (is_name_start(source_[end]) || is_digit(source_[end])))
      ++end;
    add(TokenKind::name, source_.substr(at_, end - at_));
    move_to(end);
  }

  void read_number() {
    std::size_t end = at_;
    bool real = false;
    const auto digits = [&] {
      while (end < source_.size() && (is_digit(source_[end]) || source_[end] == '_'))
        ++end;
    };
    const auto digit_at = [&](std::size_t at) {
      return at < source_.size() && is_digit(source_[at]);
    };
    digits();
    if (end < source_.size() && source_[end] == '.' && digit_at(end + 1)) {
      real = true;
      ++end;
      digits();
    }
    if (end < source_.size() && (source_[end] == 'e' || source_[end] == 'E')) {
      const bool sign =
          end + 1 < source_.size() && (source_[end + 1] == '-' || source_[end + 1] == '+');
      if (digit_at(end + (sign ? 2 : 1))) {
        real = true;
        end += sign ? 2 : 1;
        digits();
      }
    }
    std::string number = source_.substr(at_, end - at_);
    std::erase(number, '_');
    add(real ? TokenKind::real : TokenKind::integer, number);
    Token& token = tokens_.back();
    const char* last = number.data() + number.size();
    const auto parsed = real ? std::from_chars(number.data(), last, token.real)
                             : std::from_chars(number.data(), last, token.integer);
    if (parsed.ec != std::errc() || parsed.ptr != last)
      fail("the number " + number + " is too large");
    move_to(end);
  }

  void read_text(char quote) {
    std::size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote)
      end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) fail("a string without its closing quote");
    add(TokenKind::text, unescaped(std::string_view(source_).substr(at_ + 1, end - at_ - 1)));
    move_to(end + 1);
  }

  /// Python's escapes.
  [[nodiscard]] std::string unescaped(std::string_view text) const {
    static constexpr std::string_view kLetters = "abfnrtv\\'\"";
    static constexpr std::string_view kMeaning = "\a\b\f\n\r\t\v\\'\"";
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\' || i + 1 == text.size()) {
        result += text[i];
        continue;
      }
      const char letter = text[++i];
      if (const auto known = kLetters.find(letter); known != kLetters.npos) {
        result += kMeaning[known];
      } else if (letter == 'x' || letter == 'u' || letter == 'U') {
        const std::size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
        add_code(result, text.substr(i + 1, digits), digits, 16);
        i += digits;
      } else if (letter >= '0' && letter <= '7') {
        std::size_t digits = 1;
        while (digits < 3 && i + digits < text.size() && text[i + digits] >= '0' &&
               text[i + digits] <= '7') {
          ++digits;
        }
        add_code(result, text.substr(i, digits), digits, 8);
        i += digits - 1;
      } else if (letter != '\n') {
        result += '\\';
        result += letter;
      }
    }
    return result;
  }

  void add_code(std::string& result, std::string_view digits, std::size_t wanted, int base) const {
    std::uint32_t code = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), code, base);
    if (digits.size() < wanted || parsed.ptr != digits.data() + digits.size() || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000)) {
      fail("a string has a broken escape, \\" + std::string(digits));
    }
    append_utf8(result, code);
  }

  void read_symbol(std::string& open) {
    static constexpr std::array<std::string_view, 30> kSymbols = {
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(",
        ")",  "{",  "}",  ">",  "<",  "=",  ".", ":", "|", ",", ";", "!", "&", "@", "?"};
    for (const auto symbol : kSymbols) {
      if (source_.compare(at_, symbol.size(), symbol) != 0) continue;
      if (symbol == "(" || symbol == "[" || symbol == "{") {
        open += symbol == "(" ? ')' : symbol == "[" ? ']' : '}';
      } else if (symbol == ")" || symbol == "]" || symbol == "}") {
        if (open.empty() || open.back() != symbol[0]) fail("an unexpected " + std::string(symbol));
        open.pop_back();
      }
      add(TokenKind::symbol, std::string(symbol));
      move_to(at_ + symbol.size());
      return;
    }
    fail("an unexpected character, \"" + source_.substr(at_, 1) + '"');
  }

  std::string source_;
  const std::string& place_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source, const std::string& place) {
  return Lexer(source, place).run();
}

void fail_at(const std::string& place, int line, const std::string& what) {
  throw InputError(at_line(place, static_cast<std::size_t>(line)), what);
}

}  // namespace lorafleet::model::jinja
