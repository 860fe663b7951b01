#include "actors/coordinator/events.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <type_traits>

#include "actors/sim/fields.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::actors {
namespace {

using What = decltype(Event::what);

/// The short pieces of a line, gathered before they go to the end of a string.
class Pieces {
 public:
  explicit Pieces(std::string& text) : text_(text) {}

  void add(std::string_view piece) {
    if (piece.size() > buffer_.size()) {
      flush();
      text_ += piece;
      return;
    }
    make_room(piece.size());
    std::memcpy(buffer_.data() + size_, piece.data(), piece.size());
    size_ += piece.size();
  }
  /// In the shortest decimal digits.
  template <typename Number>
  void add_number(Number value) {
    make_room(kLongestNumber);
    char* const begin = buffer_.data() + size_;
    size_ +=
        static_cast<std::size_t>(std::to_chars(begin, begin + kLongestNumber, value).ptr - begin);
  }
  void flush() {
    text_.append(buffer_.data(), size_);
    size_ = 0;
  }

 private:
  static constexpr std::size_t kLongestNumber = 32;
  void make_room(std::size_t bytes) {
    if (buffer_.size() - size_ < bytes) flush();
  }

  std::string& text_;
  std::array<char, 512> buffer_;
  std::size_t size_ = 0;
};

/// A flat JSON object at the end of `text`, its keys in the order of the calls.
class LineWriter {
 public:
  explicit LineWriter(std::string& text) : text_(text) {}

  template <typename T>
  void operator()(std::string_view key, const T& value) {
    begin(key, sim::Time<T> ? "_us" : "");
    put(value);
  }
  template <typename T>
  void operator()(std::string_view key, const std::optional<T>& value) {
    if (value) (*this)(key, *value);
  }
  template <typename T>
  void unless_0(std::string_view key, const T& value) {
    if (value != T{}) (*this)(key, value);
  }
  template <typename T>
  void group(std::string_view /*key*/, const std::optional<T>& value) {
    if (value) T::fields(*value, *this);
  }
  void numbered(std::string_view prefix,
                const std::vector<std::pair<std::int64_t, double>>& entries) {
    for (const auto& [number, value] : entries) {
      begin(prefix, std::to_string(number));
      put(value);
    }
  }
  void finish() {
    text_.add("}");
    text_.flush();
  }

 private:
  void begin(std::string_view key, std::string_view end) {
    text_.add(empty_ ? "{\"" : ",\"");
    text_.add(key);
    text_.add(end);
    text_.add("\":");
    empty_ = false;
  }
  void put(double value) {
    if (std::isfinite(value)) {
      text_.add_number(value);
    } else {
      text_.add("null");
    }
  }
  void put(bool value) { text_.add(value ? "true" : "false"); }
  void put(std::int64_t value) { text_.add_number(value); }
  void put(std::uint64_t value) { text_.add_number(value); }
  void put(std::uint32_t value) { text_.add_number(value); }
  template <typename T>
  requires sim::Id<T> || sim::Time<T>
  void put(const T& value) { put(sim::number_in(value)); }
  /// One of the fixed words of events.hpp: nothing to escape.
  void put(std::string_view word) {
    text_.add("\"");
    text_.add(word);
    text_.add("\"");
  }
  void put(const std::string& word) { put(std::string_view(word)); }
  void put(const char* word) { put(std::string_view(word)); }
  void put(sim::JobPhase phase) { put(sim::name(phase)); }

  Pieces text_;
  bool empty_ = true;
};

/// The keys of such a line, as they were written.
class LineReader {
 public:
  explicit LineReader(const nlohmann::json& json) : json_(json) {}

  template <typename T>
  void operator()(std::string_view key, T& value) const {
    get(json_.at(std::string(key) + (sim::Time<T> ? "_us" : "")), value);
  }
  template <typename T>
  void operator()(std::string_view key, std::optional<T>& value) const {
    if (has(key, sim::Time<T> ? "_us" : "")) (*this)(key, value.emplace());
  }
  template <typename T>
  void unless_0(std::string_view key, T& value) const {
    if (has(key, sim::Time<T> ? "_us" : "")) (*this)(key, value);
  }
  template <typename T>
  void group(std::string_view key, std::optional<T>& value) const {
    if (has(key, "")) T::fields(value.emplace(), *this);
  }
  void numbered(std::string_view prefix,
                std::vector<std::pair<std::int64_t, double>>& entries) const {
    for (const auto& [key, value] : json_.items()) {
      if (!key.starts_with(prefix)) continue;
      auto& entry = entries.emplace_back(std::stoll(key.substr(prefix.size())), 0.0);
      get(value, entry.second);
    }
    std::sort(entries.begin(), entries.end());
  }

 private:
  [[nodiscard]] bool has(std::string_view key, const char* end) const {
    return json_.contains(std::string(key) + end);
  }
  static void get(const nlohmann::json& json, double& value) {
    value = json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
  }
  template <typename T>
  requires std::integral<T> || std::same_as<T, std::string>
  static void get(const nlohmann::json& json, T& value) { value = json.get<T>(); }
  template <typename T>
  requires sim::Id<T> || sim::Time<T>
  static void get(const nlohmann::json& json, T& value) { get(json, sim::number_in(value)); }
  static void get(const nlohmann::json& json, sim::JobPhase& value) {
    using enum sim::JobPhase;
    constexpr std::array kPhases = {download, compute, upload, complete};
    const auto known = json.get<std::string>();
    const auto* found = std::find_if(kPhases.begin(), kPhases.end(),
                                     [&](auto phase) { return known == sim::name(phase); });
    if (found == kPhases.end()) throw std::invalid_argument("unknown phase \"" + known + '"');
    value = *found;
  }

  const nlohmann::json& json_;
};

/// Reads the alternative of `What`, from the `I`-th on, whose kind it is.
template <std::size_t I = 0>
What read_what(const std::string& kind, const LineReader& line) {
  if constexpr (I == std::variant_size_v<What>) {
    throw std::invalid_argument("unknown event \"" + kind + '"');
  } else {
    using Kind = std::variant_alternative_t<I, What>;
    if (kind != Kind::kKind) return read_what<I + 1>(kind, line);
    Kind event;
    Kind::fields(event, line);
    return event;
  }
}

}  // namespace

Event from_json_line(const std::string& text, const std::string& file, std::size_t line) {
  try {
    const auto json = nlohmann::json::parse(text);
    const LineReader reader(json);
    Event event;
    reader("t", event.time);
    event.what = read_what(json.at("event").get<std::string>(), reader);
    return event;
  } catch (const std::exception& error) {
    throw InputError(file + ":" + std::to_string(line),
                     std::string("is no line of an event log: ") + error.what());
  }
}

void append_json_line(std::string& text, const Event& event) {
  LineWriter line(text);
  line("t", event.time);
  std::visit(
      [&]<typename Kind>(const Kind& what) {
        line("event", Kind::kKind);
        Kind::fields(what, line);
      },
      event.what);
  line.finish();
}

std::string to_json_line(const Event& event) {
  std::string text;
  append_json_line(text, event);
  return text;
}

}  // namespace lorafleet::actors
