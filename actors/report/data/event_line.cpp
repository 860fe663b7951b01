#include "actors/report/data/event_line.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <variant>

namespace lorafleet::report {

namespace {

/// Where the value of a key goes; nowhere, of one that is only passed over.
using Place = std::variant<std::monostate, std::int64_t EventLine::*, double EventLine::*,
                           std::string_view EventLine::*>;

/// A key as it stands in a line, `"seq":`, so that one comparison of 16 bytes finds it.
class Key {
 public:
  static constexpr std::size_t kRoom = 16;

  constexpr Key(std::string_view name) : size_(name.size() + 3) {
    if (size_ > kRoom) throw "the key is too long";
    text_[0] = '"';
    for (std::size_t i = 0; i < name.size(); ++i)
      text_[i + 1] = name[i];
    text_[size_ - 2] = '"';
    text_[size_ - 1] = ':';
    for (std::size_t i = 0; i < size_; ++i)
      mask_[i] = '\xFF';
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view name() const { return {text_.data() + 1, size_ - 3}; }
  /// Whether it begins at `at`, where kRoom bytes can be read.
  [[nodiscard]] bool stands_at(const char* at) const {
    const Words there = words(at);
    const Words own = words(text_.data());
    const Words mask = words(mask_.data());
    return (((there.low ^ own.low) & mask.low) | ((there.high ^ own.high) & mask.high)) == 0;
  }

 private:
  struct Words {
    std::uint64_t low;
    std::uint64_t high;
  };
  static Words words(const char* at) {
    Words both{};
    std::memcpy(&both, at, sizeof both);
    return both;
  }

  std::size_t size_;
  std::array<char, kRoom> text_{};
  std::array<char, kRoom> mask_{};
};

struct Field {
  Key key;
  Place place;
};

/// In an order in which the event log writes them, whatever the event.
constexpr auto kFields = std::to_array<Field>({
    {{"t_us"}, &EventLine::time},
    {{"event"}, &EventLine::event},
    {{"client"}, &EventLine::client},
    {{"seq"}, &EventLine::seq},
    {{"version"}, &EventLine::version},
    {{"arrival_us"}, &EventLine::arrival},
    {{"trained"}, {}},
    {{"staleness"}, &EventLine::staleness},
    {{"weight"}, &EventLine::weight},
    {{"loss"}, &EventLine::loss},
    {{"norm"}, {}},
    {{"tokens"}, &EventLine::tokens},
    {{"reason"}, &EventLine::reason},
    {{"phase"}, &EventLine::phase},
    {{"busy_us"}, {}},
    {{"computing_us"}, {}},
    {{"bytes_down"}, &EventLine::bytes_down},
    {{"bytes_up"}, &EventLine::bytes_up},
    {{"downloaded_us"}, &EventLine::downloaded},
    {{"computed_us"}, &EventLine::computed},
    {{"joules"}, &EventLine::joules},
    {{"tier"}, &EventLine::tier},
});

class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  [[nodiscard]] bool done() const { return at_ == end_; }
  bool skip(char letter) {
    if (at_ == end_ || *at_ != letter) return false;
    ++at_;
    return true;
  }
  bool skip(const Key& key) {
    if (static_cast<std::size_t>(end_ - at_) < Key::kRoom || !key.stands_at(at_)) return false;
    at_ += key.size();
    return true;
  }
  /// What stands up to the next quote, which is passed; no escapes.
  bool word(std::string_view& word) {
    const char* const begin = at_;
    // A quote is near: a loop is faster than memchr.
    while (at_ != end_ && *at_ != '"' && *at_ != '\\')
      ++at_;
    word = {begin, static_cast<std::size_t>(at_ - begin)};
    return skip('"');
  }
  /// Goes over a value, into `place` of `event` where it is of that kind.
  bool value(EventLine& event, const Place& place) {
    if (skip('"')) {
      std::string_view text;
      if (!word(text)) return false;
      if (const auto* to = std::get_if<std::string_view EventLine::*>(&place)) event.*(*to) = text;
      return true;
    }
    if (const auto* whole = std::get_if<std::int64_t EventLine::*>(&place)) {
      take(event.*(*whole));
    } else if (const auto* number = std::get_if<double EventLine::*>(&place)) {
      at_ = std::from_chars(at_, end_, event.*(*number)).ptr;
    }
    for (; at_ != end_ && *at_ != ','; ++at_) {
      if (*at_ == '{' || *at_ == '[' || *at_ == '"') return false;
    }
    return true;
  }

 private:
  void take(std::int64_t& value) {
    constexpr int kSafe = 18;  // digits that cannot run over
    const char* const begin = at_;
    std::int64_t number = 0;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_)
      number = 10 * number + (*at_ - '0');
    if (at_ != begin && at_ - begin <= kSafe) {
      value = number;
    } else {
      std::from_chars(begin, end_, value);
    }
  }

  const char* at_;
  const char* end_;
};

constexpr Place kNowhere;

/// Where the value of this key goes.
const Place& place_of(std::string_view name) {
  for (const Field& field : kFields) {
    if (field.key.name() == name) return field.place;
  }
  return kNowhere;
}

}  // namespace

bool parse_event(std::string_view line, EventLine& event) {
  event = {};
  if (line.size() < 2 || line.front() != '{' || line.back() != '}') return false;
  Cursor cursor(line.substr(1, line.size() - 2));
  bool more = true;
  for (const Field& field : kFields) {
    if (!cursor.skip(field.key)) continue;
    if (!cursor.value(event, field.place)) return false;
    more = cursor.skip(',');
    if (!more) break;
  }
  // What stands in another order, or is not asked for.
  for (; more; more = cursor.skip(',')) {
    std::string_view name;
    if (!cursor.skip('"') || !cursor.word(name) || !cursor.skip(':')) return false;
    if (!cursor.value(event, place_of(name))) return false;
  }
  return cursor.done() && event.time >= 0 && !event.event.empty();
}

}  // namespace lorafleet::report
