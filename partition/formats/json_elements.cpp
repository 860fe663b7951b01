#include "partition/formats/json_elements.hpp"

#include "partition/support/error.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::partition {

namespace {

/// Walks over JSON text value by value, by brackets and quotes alone.
class ElementScanner {
 public:
  ElementScanner(std::string_view text, const std::string& file) : text_(text), file_(file) {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  }

  void enter_key(const std::string& key) {
    inside_object_ = true;
    expect('{', "an object with the key \"" + key + "\"");
    while (peek() != '}') {
      const auto name = value();
      expect(':', "a ':' after a key");
      if (name == "\"" + key + "\"") return;
      value();
      if (peek() == ',') ++at_;
    }
    refuse("the key \"" + key + "\" is missing");
  }

  bool is_at_array() { return peek() == '['; }

  /// At the array's end, which must also be the text's unless the array stands in an object.
  void finish() {
    ++at_;
    if (!inside_object_ && peek() != '\0') refuse("nothing was expected after the array");
  }

  void each(const std::function<void(std::string_view, std::size_t)>& element) {
    expect('[', "an array");
    if (peek() == ']') return finish();
    while (true) {
      skip_space();
      const std::size_t line = line_;
      element(value(), line);
      if (peek() == ']') return finish();
      expect(',', "a ',' or the array's ']'");
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw InputError(at_line(file_, line_), "not valid JSON: " + what);
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) {
      line_ += text_[at_] == '\n' ? 1 : 0;
      ++at_;
    }
  }

  /// The next character that is not space; '\0' at the end.
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  void expect(char wanted, const std::string& what) {
    if (peek() != wanted) refuse(what + " was expected");
    ++at_;
  }

  void skip_string() {
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      line_ += text_[at_] == '\n' ? 1 : 0;
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ >= text_.size()) refuse("a string without its end");
    ++at_;
  }

  /// The text of the next value.
  std::string_view value() {
    peek();
    const std::size_t begin = at_;
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char letter = text_[at_];
      if (letter == '"') {
        skip_string();
      } else if (depth == 0 && std::string_view(",:]} \t\r\n").find(letter) != text_.npos) {
        break;
      } else {
        depth += letter == '{' || letter == '[' ? 1 : 0;
        depth -= letter == '}' || letter == ']' ? 1 : 0;
        line_ += letter == '\n' ? 1 : 0;
        ++at_;
      }
      if (depth == 0 && (letter == '"' || letter == '}' || letter == ']')) break;
    }
    if (at_ == begin || depth != 0) refuse("the text ends in the middle, or a value is missing");
    return text_.substr(begin, at_ - begin);
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  bool inside_object_ = false;
};

}  // namespace

void for_each_element(std::string_view text, const std::string& key, const std::string& file,
                      const std::function<void(std::string_view text, std::size_t line)>& element) {
  ElementScanner scanner(text, file);
  if (!key.empty()) scanner.enter_key(key);
  scanner.each(element);
}

bool begins_with_array(std::string_view text, const std::string& key) {
  const std::string nowhere;
  ElementScanner scanner(text, nowhere);
  try {
    scanner.enter_key(key);
    return scanner.is_at_array();
  } catch (const InputError&) {
    return false;
  }
}

}  // namespace lorafleet::partition
