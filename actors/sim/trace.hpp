#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "actors/sim/time/timeline.hpp"

namespace lorafleet::sim {

/// Availability as a trace gives it: client c is on in the spans [start, end) of its rows, touching
/// and overlapping ones joined. With a length above 0 the trace is repeated from its beginning each
/// time that it ends; else all clients stay off after their last span. A client without rows is
/// never on. 16 bytes a span.
class Trace final : public Timeline {
 public:
  [[nodiscard]] Period first(std::uint32_t owner) const override;
  [[nodiscard]] Period after(std::uint32_t owner, const Period& period) const override;
  /// Rows of clients that the run does not have; they are passed over.
  [[nodiscard]] std::size_t rows_beyond() const { return rows_beyond_; }

 private:
  friend Trace parse_trace(std::string_view, std::string_view, std::size_t, double);

  struct Span {
    std::int64_t start;
    std::int64_t end;
  };
  [[nodiscard]] std::uint32_t spans_of(std::uint32_t owner) const;
  [[nodiscard]] bool always_on(std::uint32_t owner) const;
  [[nodiscard]] VirtualTime moment(std::uint32_t owner, std::uint32_t index, bool end) const;
  [[nodiscard]] Period on_period(std::uint32_t owner, std::uint32_t index) const;

  std::vector<std::uint32_t> offsets_;  ///< of each client's first span, and the end
  std::vector<Span> spans_;
  std::int64_t repeat_ = 0;
  std::size_t rows_beyond_ = 0;
};

/// Reads rows client,start_seconds,end_seconds (a header with these columns, rows in any order) for
/// the clients 0 to `clients` - 1. Throws InputError ("file:line:column name: ...", with `name` for
/// the file) for cells that are wrong, ends that are not after their starts, and ends after
/// `repeat_seconds` where that is above 0.
Trace parse_trace(std::string_view text, std::string_view name, std::size_t clients,
                  double repeat_seconds);
Trace read_trace(const std::filesystem::path& file, std::size_t clients, double repeat_seconds);

}  // namespace lorafleet::sim
