#include "actors/output/tensorboard/summary_event.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>

namespace lorafleet::actors::tensorboard {

namespace {

// Protobuf's wire format: a field is its number and type, then the value.
constexpr std::uint64_t kVarint = 0;
constexpr std::uint64_t kFixed64 = 1;
constexpr std::uint64_t kBytes = 2;
constexpr std::uint64_t kFixed32 = 5;

// Numbers of the fields.
namespace event_field {
constexpr std::uint64_t kWallTime = 1;
constexpr std::uint64_t kStep = 2;
constexpr std::uint64_t kFileVersion = 3;
constexpr std::uint64_t kSummary = 5;
}  // namespace event_field
namespace value_field {
constexpr std::uint64_t kOf = 1;  // in Summary
constexpr std::uint64_t kTag = 1;
constexpr std::uint64_t kSimpleValue = 2;
constexpr std::uint64_t kHistogram = 5;
}  // namespace value_field
namespace histogram_field {
constexpr std::uint64_t kMin = 1;
constexpr std::uint64_t kMax = 2;
constexpr std::uint64_t kNumber = 3;
constexpr std::uint64_t kSum = 4;
constexpr std::uint64_t kSumOfSquares = 5;
constexpr std::uint64_t kLimits = 6;
constexpr std::uint64_t kCounts = 7;
}  // namespace histogram_field

void append_varint(std::string& to, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7)
    to += static_cast<char>(static_cast<unsigned char>(number | 0x80));
  to += static_cast<char>(number);
}

void append_key(std::string& to, std::uint64_t field, std::uint64_t type) {
  append_varint(to, (field << 3) | type);
}

template <std::unsigned_integral Bits>
void append_fixed(std::string& to, Bits bits) {
  for (std::size_t i = 0; i < sizeof bits; ++i)
    to += static_cast<char>(static_cast<unsigned char>(bits >> (8 * i)));
}

void append_double(std::string& to, std::uint64_t field, double number) {
  append_key(to, field, kFixed64);
  append_fixed(to, std::bit_cast<std::uint64_t>(number));
}

void append_bytes(std::string& to, std::uint64_t field, std::string_view bytes) {
  append_key(to, field, kBytes);
  append_varint(to, bytes.size());
  to += bytes;
}

void append_packed(std::string& to, std::uint64_t field, const std::vector<double>& numbers) {
  std::string packed;
  for (const double number : numbers)
    append_fixed(packed, std::bit_cast<std::uint64_t>(number));
  append_bytes(to, field, packed);
}

struct Buckets {
  std::vector<double> limits;  // on the right
  std::vector<double> counts;
};

/// `values` are in order, and not empty.
Buckets buckets_of(const std::vector<double>& values) {
  constexpr std::size_t kMost = 30;
  const double least = values.front();
  const double range = values.back() - least;
  const bool whole = std::all_of(values.begin(), values.end(),
                                 [](double value) { return value == std::floor(value); });
  const bool one_each = whole && range < static_cast<double>(kMost);
  const std::size_t number = one_each ? static_cast<std::size_t>(range) + 1 : kMost;
  Buckets buckets;
  auto next = values.begin();
  for (std::size_t i = 0; i < number; ++i) {
    const auto part = static_cast<double>(i + 1) / static_cast<double>(number);
    const bool last = i + 1 == number;
    // Values on a limit belong to the bucket on its right; the last one has all that are left.
    const double limit = one_each ? least + static_cast<double>(i) + 0.5
                         : last   ? values.back()
                                  : least + part * range;
    const auto end = last ? values.end() : std::lower_bound(next, values.end(), limit);
    buckets.limits.push_back(limit);
    buckets.counts.push_back(static_cast<double>(end - next));
    next = end;
  }
  return buckets;
}

}  // namespace

SummaryEvent::SummaryEvent(double wall_time, std::int64_t step)
    : wall_time_(wall_time), step_(step) {}

void SummaryEvent::value(std::string_view tag, std::string_view field) {
  std::string value;
  append_bytes(value, value_field::kTag, tag);
  value += field;
  append_bytes(summary_, value_field::kOf, value);
}

void SummaryEvent::scalar(std::string_view tag, double number) {
  std::string field;
  append_key(field, value_field::kSimpleValue, kFixed32);
  append_fixed(field, std::bit_cast<std::uint32_t>(static_cast<float>(number)));
  value(tag, field);
}

void SummaryEvent::histogram(std::string_view tag, const std::vector<double>& all) {
  std::vector<double> values;
  std::copy_if(all.begin(), all.end(), std::back_inserter(values),
               [](double value) { return std::isfinite(value); });
  if (values.empty()) return;
  std::sort(values.begin(), values.end());
  double sum = 0.0;
  double squares = 0.0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const Buckets buckets = buckets_of(values);
  std::string histogram;
  append_double(histogram, histogram_field::kMin, values.front());
  append_double(histogram, histogram_field::kMax, values.back());
  append_double(histogram, histogram_field::kNumber, static_cast<double>(values.size()));
  append_double(histogram, histogram_field::kSum, sum);
  append_double(histogram, histogram_field::kSumOfSquares, squares);
  append_packed(histogram, histogram_field::kLimits, buckets.limits);
  append_packed(histogram, histogram_field::kCounts, buckets.counts);
  std::string field;
  append_bytes(field, value_field::kHistogram, histogram);
  value(tag, field);
}

std::string SummaryEvent::bytes() const {
  std::string event;
  append_double(event, event_field::kWallTime, wall_time_);
  append_key(event, event_field::kStep, kVarint);
  append_varint(event, static_cast<std::uint64_t>(step_));
  append_bytes(event, event_field::kSummary, summary_);
  return event;
}

std::string first_event(double wall_time) {
  std::string event;
  append_double(event, event_field::kWallTime, wall_time);
  append_bytes(event, event_field::kFileVersion, "brain.Event:2");
  return event;
}

}  // namespace lorafleet::actors::tensorboard
