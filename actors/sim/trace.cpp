#include "actors/sim/trace.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

#include "actors/sim/availability.hpp"
#include "actors/sim/typed_rows.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/limits.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::sim {

namespace {

struct Row {
  std::uint32_t client;
  std::int64_t start;
  std::int64_t end;
};

template <typename T>
T wanted(const TypedRow& cells, const char* column, std::optional<T> value) {
  if (!value) cells.fail(column, "is missing");
  return *value;
}

std::int64_t moment_in(const TypedRow& cells, const char* column) {
  const double seconds = wanted(cells, column, cells.number(column, 0.0, false, kLongestSeconds));
  return VirtualDuration::from_seconds(seconds).microseconds;
}

}  // namespace

std::uint32_t Trace::spans_of(std::uint32_t owner) const {
  return offsets_[owner + 1] - offsets_[owner];
}

bool Trace::always_on(std::uint32_t owner) const {
  if (repeat_ == 0 || spans_of(owner) != 1) return false;
  const Span& span = spans_[offsets_[owner]];
  return span.start == 0 && span.end == repeat_;
}

/// The start or end of the owner's span number `index`, counted on through the repetitions.
VirtualTime Trace::moment(std::uint32_t owner, std::uint32_t index, bool end) const {
  const std::uint32_t count = spans_of(owner);
  const Span& span = spans_[offsets_[owner] + index % count];
  const auto rounds = static_cast<std::int64_t>(index / count);
  const std::int64_t within = end ? span.end : span.start;
  if (rounds == 0) return {within};
  if (rounds > (kNever.microseconds - within) / repeat_) return kNever;
  return {within + rounds * repeat_};
}

/// A span that ends with the trace goes on where the trace begins with a span.
Period Trace::on_period(std::uint32_t owner, std::uint32_t index) const {
  const std::uint32_t count = spans_of(owner);
  if (repeat_ > 0 && index % count == count - 1 && spans_[offsets_[owner]].start == 0 &&
      spans_[offsets_[owner] + count - 1].end == repeat_) {
    ++index;
  }
  return {moment(owner, index, true), index, true};
}

Period Trace::first(std::uint32_t owner) const {
  if (spans_of(owner) == 0) return {kNever, 0, false};
  if (always_on(owner)) return {kNever, 0, true};
  const VirtualTime start = moment(owner, 0, false);
  if (start > VirtualTime{}) return {start, 0, false};
  return on_period(owner, 0);
}

Period Trace::after(std::uint32_t owner, const Period& period) const {
  assert(period.until < kNever);
  if (!period.on) return on_period(owner, period.index);
  const std::uint32_t next = period.index + 1;
  if (repeat_ == 0 && next == spans_of(owner)) return {kNever, next, false};
  return {moment(owner, next, false), next, false};
}

Trace parse_trace(std::string_view text, std::string_view name, std::size_t clients,
                  double repeat_seconds) {
  static const KnownColumns kColumns = {{"client", "start_seconds", "end_seconds"},
                                        {"client", "start_seconds", "end_seconds"}};
  Trace trace;
  if (repeat_seconds > 0.0) trace.repeat_ = bounded_duration(repeat_seconds).microseconds;
  std::vector<Row> rows;
  for_each_typed_row(text, name, kColumns, [&](const TypedRow& cells) {
    constexpr auto kClients = between(0, std::numeric_limits<std::uint32_t>::max());
    const auto client = wanted(cells, "client", cells.whole("client", kClients));
    const std::int64_t start = moment_in(cells, "start_seconds");
    const std::int64_t end = moment_in(cells, "end_seconds");
    if (end <= start) cells.fail("end_seconds", "must be after start_seconds");
    if (trace.repeat_ > 0 && end > trace.repeat_) {
      cells.fail("end_seconds",
                 "is after availability.repeat_seconds, " + shortest(repeat_seconds));
    }
    if (static_cast<std::size_t>(client) >= clients) {
      ++trace.rows_beyond_;
    } else {
      rows.push_back({static_cast<std::uint32_t>(client), start, end});
    }
  });
  if (rows.size() >= std::numeric_limits<std::uint32_t>::max()) {
    throw InputError(name, "has too many rows");
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tie(a.client, a.start, a.end) < std::tie(b.client, b.start, b.end);
  });
  trace.offsets_.assign(clients + 1, 0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool joins =
        i > 0 && rows[i].client == rows[i - 1].client && rows[i].start <= trace.spans_.back().end;
    if (joins) {
      trace.spans_.back().end = std::max(trace.spans_.back().end, rows[i].end);
    } else {
      trace.spans_.push_back({rows[i].start, rows[i].end});
      ++trace.offsets_[rows[i].client + 1];
    }
  }
  for (std::size_t c = 0; c < clients; ++c)
    trace.offsets_[c + 1] += trace.offsets_[c];
  return trace;
}

Trace read_trace(const std::filesystem::path& file, std::size_t clients, double repeat_seconds) {
  return parse_trace(read_file(file), file.string(), clients, repeat_seconds);
}

AvailabilityModel trace_file() {
  return {.name = "file",
          .keys = {"file", "repeat_seconds", "leaving"},
          .make = [](const AvailabilityConfig& config, std::size_t clients,
                     std::uint64_t) -> std::unique_ptr<const Timeline> {
            if (config.file.empty()) throw InputError("availability.file", "is missing");
            return std::make_unique<Trace>(read_trace(config.file, clients, config.repeat_seconds));
          }};
}

}  // namespace lorafleet::sim
