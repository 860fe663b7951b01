#include "model/text/jinja/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "partition/support/utf8.hpp"

namespace lorafleet::model::jinja {

namespace {

/// The origin of the first data in it.
std::uint32_t origin_of(const Value& value) {
  if (const auto* text = value.text()) return text->main_origin();
  std::uint32_t origin = 0;
  if (const auto* list = value.list()) {
    for (std::size_t i = 0; i < list->size() && origin == 0; ++i)
      origin = origin_of((*list)[i]);
  }
  if (const auto* dict = value.dict()) {
    for (std::size_t i = 0; i < dict->size() && origin == 0; ++i)
      origin = origin_of((*dict)[i].second);
  }
  return origin;
}

void add_escaped(std::string& out, std::string_view text, char quote, bool json) {
  out += quote;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == quote || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (letter == '\n') {
      out += "\\n";
    } else if (letter == '\r') {
      out += "\\r";
    } else if (letter == '\t') {
      out += "\\t";
    } else if (json && letter == '\b') {
      out += "\\b";
    } else if (json && letter == '\f') {
      out += "\\f";
    } else if (byte < 0x20 || (!json && byte == 0x7f)) {
      std::array<char, 8> code{};
      std::snprintf(code.data(), code.size(), json ? "\\u%04x" : "\\x%02x", byte);
      out += code.data();
    } else {
      out += letter;
    }
  }
  out += quote;
}

void add_repr(std::string& out, const Value& value) {
  if (const auto* text = value.text()) {
    const bool single = text->str().find('\'') != std::string::npos;
    const bool both = single && text->str().find('"') != std::string::npos;
    add_escaped(out, text->view(), single && !both ? '"' : '\'', false);
  } else if (const auto* list = value.list()) {
    out += '[';
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i > 0) out += ", ";
      add_repr(out, (*list)[i]);
    }
    out += ']';
  } else if (const auto* dict = value.dict()) {
    out += '{';
    for (std::size_t i = 0; i < dict->size(); ++i) {
      if (i > 0) out += ", ";
      add_repr(out, Value((*dict)[i].first));
      out += ": ";
      add_repr(out, (*dict)[i].second);
    }
    out += '}';
  } else {
    out += value.is_undefined() ? "Undefined" : text_of(value).str();
  }
}

class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}

  void add(const Value& value, int depth) {
    if (value.is_none()) {
      out += "null";
    } else if (const auto* boolean = value.boolean()) {
      out += *boolean ? "true" : "false";
    } else if (const auto* text = value.text()) {
      add_escaped(out, text->view(), '"', true);
    } else if (value.is_number()) {
      out += text_of(value).str();
    } else if (const auto* list = value.list()) {
      add_all(list->size(), '[', ']', depth, [&](std::size_t i) { add((*list)[i], depth + 1); });
    } else if (const auto* dict = value.dict()) {
      std::vector<const Dict::value_type*> entries;
      for (const auto& entry : *dict)
        entries.push_back(&entry);
      if (style_.sort_keys) {
        std::stable_sort(entries.begin(), entries.end(),
                         [](const auto* a, const auto* b) { return a->first < b->first; });
      }
      add_all(entries.size(), '{', '}', depth, [&](std::size_t i) {
        add_escaped(out, entries[i]->first, '"', true);
        out += style_.after_key;
        add(entries[i]->second, depth + 1);
      });
    } else {
      throw std::invalid_argument(kind_of(value) + " cannot be written as JSON");
    }
  }

  std::string out;

 private:
  template <typename Item>
  void add_all(std::size_t count, char open, char close, int depth, const Item& item) {
    out += open;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out += style_.between;
      new_line(depth + 1);
      item(i);
    }
    if (count > 0) new_line(depth);
    out += close;
  }
  void new_line(int depth) {
    if (style_.indent < 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(style_.indent) * static_cast<std::size_t>(depth), ' ');
  }

  const JsonStyle& style_;
};

/// Letters beyond ASCII stand in strings only, so they may be escaped afterwards.
std::string in_ascii(const std::string& json) {
  std::string out;
  const auto add = [&](unsigned unit) {
    std::array<char, 8> code{};
    std::snprintf(code.data(), code.size(), "\\u%04x", unit & 0xffffU);
    out += code.data();
  };
  for (std::size_t at = 0; at < json.size();) {
    const auto letter = decode_utf8(json, at);
    if (!letter) throw std::invalid_argument("text that is not valid UTF-8");
    const auto value = static_cast<unsigned>(letter->value);
    if (value < 0x7f) {
      out += json[at];
    } else if (value < 0x10000) {
      add(value);
    } else {
      add(0xd800U + ((value - 0x10000U) >> 10U));
      add(0xdc00U + ((value - 0x10000U) & 0x3ffU));
    }
    at += letter->size;
  }
  return out;
}

}  // namespace

bool Value::as_integer(std::int64_t& result) const {
  if (const auto* number = integer()) {
    result = *number;
  } else if (const auto* flag = boolean()) {
    result = *flag ? 1 : 0;
  } else {
    return false;
  }
  return true;
}

double Value::as_real() const {
  if (const auto* number = real()) return *number;
  std::int64_t whole = 0;
  return as_integer(whole) ? static_cast<double>(whole) : 0.0;
}

bool is_true(const Value& value) {
  if (value.is_undefined() || value.is_none()) return false;
  if (value.is_number()) return value.as_real() != 0.0;
  if (const auto* text = value.text()) return !text->empty();
  if (const auto* list = value.list()) return !list->empty();
  if (const auto* dict = value.dict()) return !dict->empty();
  return true;
}

std::string kind_of(const Value& value) {
  if (value.is_undefined()) {
    const auto& name = value.undefined().name;
    return name ? '"' + *name + "\", which is not defined" : "what is not defined";
  }
  if (value.is_none()) return "none";
  if (value.boolean()) return "a boolean";
  if (value.is_number()) return "a number";
  if (value.text()) return "a string";
  if (value.list()) return "a list";
  if (value.dict()) return "a mapping";
  return value.space() ? "a namespace" : "a function";
}

const Value* find(const Dict& dict, std::string_view key) {
  for (const auto& [name, value] : dict) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string text_of(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::array<char, 400> buffer{};
  const double size = std::fabs(value);
  const bool plain = size == 0.0 || (size >= 1e-4 && size < 1e16);
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer.data(), end.ptr);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

MarkedText text_of(const Value& value) {
  if (const auto* text = value.text()) return *text;
  if (value.is_undefined()) return {};
  if (value.is_none()) return MarkedText("None");
  if (const auto* flag = value.boolean()) return MarkedText(*flag ? "True" : "False");
  if (const auto* whole = value.integer()) return MarkedText(std::to_string(*whole));
  if (const auto* real = value.real()) return MarkedText(text_of(*real));
  if (value.space()) return MarkedText("<Namespace>");
  if (value.function()) return MarkedText("<function>");
  std::string out;
  add_repr(out, value);
  return MarkedText(std::move(out), origin_of(value));
}

MarkedText json_of(const Value& value, const JsonStyle& style) {
  JsonWriter writer(style);
  writer.add(value, 0);
  return MarkedText(style.ascii ? in_ascii(writer.out) : std::move(writer.out), origin_of(value));
}

}  // namespace lorafleet::model::jinja
