#include "actors/events.hpp"

#include <cmath>
#include <string_view>

#include "partition/support/numbers.hpp"

namespace lorafleet::actors {
namespace {

/// A flat JSON object, its keys in the order of the calls.
class JsonLine {
 public:
  JsonLine& add(std::string_view key, double value) {
    return std::isfinite(value) ? raw(key, shortest(value)) : raw(key, "null");
  }
  JsonLine& add(std::string_view key, std::int64_t value) {
    return raw(key, std::to_string(value));
  }
  JsonLine& add(std::string_view key, std::uint64_t value) {
    return raw(key, std::to_string(value));
  }
  JsonLine& add(std::string_view key, sim::VirtualTime value) {
    return raw(key, std::to_string(value.microseconds));
  }
  JsonLine& add(std::string_view key, sim::ClientId value) {
    return raw(key, std::to_string(value.value));
  }
  JsonLine& add(std::string_view key, sim::Sequence value) {
    return raw(key, std::to_string(value.value));
  }
  JsonLine& add(std::string_view key, sim::Version value) {
    return raw(key, std::to_string(value.value));
  }
  JsonLine& add(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  /// `value` is one of the fixed words of events.hpp: nothing to escape.
  JsonLine& add_word(std::string_view key, std::string_view value) {
    return raw(key, '"' + std::string(value) + '"');
  }
  std::string finish() && { return std::move(text_) + '}'; }

 private:
  JsonLine& raw(std::string_view key, std::string_view value) {
    text_ += text_.empty() ? "{\"" : ",\"";
    text_ += key;
    text_ += "\":";
    text_ += value;
    return *this;
  }

  std::string text_;
};

struct Writer {
  JsonLine& line;

  void operator()(const JobDispatched& e) const {
    line.add_word("event", "job_dispatched")
        .add("client", e.client)
        .add("seq", e.seq)
        .add("version", e.version)
        .add("arrival_us", e.arrival)
        .add("trained", e.trained)
        .add("tokens", e.tokens)
        .add("bytes_down", e.bytes_down);
  }
  void operator()(const UpdateArrived& e) const {
    line.add_word("event", "update_arrived")
        .add("client", e.client)
        .add("seq", e.seq)
        .add("version", e.version)
        .add("staleness", e.staleness)
        .add("weight", e.weight)
        .add("loss", e.loss)
        .add("norm", e.norm)
        .add("tokens", e.tokens)
        .add("bytes_up", e.bytes_up);
  }
  void operator()(const UpdateLost& e) const {
    line.add_word("event", "update_lost")
        .add("client", e.client)
        .add("seq", e.seq)
        .add("version", e.version)
        .add_word("reason", e.reason);
  }
  void operator()(const VersionMade& e) const {
    line.add_word("event", "version_made")
        .add("version", e.version)
        .add("updates", e.updates)
        .add("mean_staleness", e.mean_staleness)
        .add("step_norm", e.step_norm)
        .add("adapter_norm", e.adapter_norm);
  }
  void operator()(const RoundFailed& e) const {
    line.add_word("event", "round_failed").add("version", e.version).add("updates", e.updates);
  }
  void operator()(const RunStopped& e) const {
    line.add_word("event", "run_stopped").add_word("reason", e.reason);
  }
};

}  // namespace

std::string to_json_line(const Event& event) {
  JsonLine line;
  line.add("t_us", event.time);
  std::visit(Writer{line}, event.what);
  return std::move(line).finish();
}

}  // namespace lorafleet::actors
