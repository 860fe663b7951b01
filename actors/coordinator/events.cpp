#include "actors/coordinator/events.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::actors {
namespace {

/// A flat JSON object at the end of `text`, its keys in the order of the calls.
class JsonLine {
 public:
  explicit JsonLine(std::string& text) : text_(text) {}

  JsonLine& add(std::string_view key, double value) {
    begin(key);
    if (std::isfinite(value)) {
      append_shortest(text_, value);
    } else {
      text_ += "null";
    }
    return *this;
  }
  JsonLine& add(std::string_view key, std::int64_t value) { return whole(key, value); }
  JsonLine& add(std::string_view key, std::uint64_t value) { return whole(key, value); }
  JsonLine& add(std::string_view key, sim::VirtualTime value) {
    return whole(key, value.microseconds);
  }
  JsonLine& add(std::string_view key, sim::ClientId value) { return whole(key, value.value); }
  JsonLine& add(std::string_view key, sim::Sequence value) { return whole(key, value.value); }
  JsonLine& add(std::string_view key, sim::Version value) { return whole(key, value.value); }
  JsonLine& add(std::string_view key, bool value) {
    begin(key);
    text_ += value ? "true" : "false";
    return *this;
  }
  /// `value` is one of the fixed words of events.hpp: nothing to escape.
  JsonLine& add_word(std::string_view key, std::string_view value) {
    begin(key);
    ((text_ += '"') += value) += '"';
    return *this;
  }
  void finish() { text_ += '}'; }

 private:
  void begin(std::string_view key) {
    text_ += empty_ ? "{\"" : ",\"";
    text_ += key;
    text_ += "\":";
    empty_ = false;
  }
  template <typename Integer>
  JsonLine& whole(std::string_view key, Integer value) {
    begin(key);
    append_whole(text_, value);
    return *this;
  }

  std::string& text_;
  bool empty_ = true;
};

struct Writer {
  JsonLine& line;

  void operator()(const JobDispatched& e) const {
    line.add_word("event", "job_dispatched")
        .add("client", e.id.client)
        .add("seq", e.id.seq)
        .add("version", e.version)
        .add("arrival_us", e.arrival)
        .add("trained", e.trained)
        .add("tokens", e.tokens)
        .add("bytes_down", e.bytes_down)
        .add("bytes_up", e.bytes_up);
    if (e.waited.microseconds != 0) line.add("waited_us", e.waited.microseconds);
    if (e.downloaded) line.add("downloaded_us", *e.downloaded);
    if (e.computed) line.add("computed_us", *e.computed);
  }
  void operator()(const UpdateArrived& e) const {
    line.add_word("event", "update_arrived")
        .add("client", e.id.client)
        .add("seq", e.id.seq)
        .add("version", e.version)
        .add("staleness", e.staleness)
        .add("weight", e.weight)
        .add("loss", e.loss)
        .add("norm", e.norm)
        .add("tokens", e.tokens);
    add(e.used);
    if (e.tier) line.add("tier", *e.tier);
  }
  void operator()(const UpdateLost& e) const {
    line.add_word("event", "update_lost")
        .add("client", e.id.client)
        .add("seq", e.id.seq)
        .add("version", e.version)
        .add_word("reason", e.reason);
    if (!e.used) return;
    line.add_word("phase", sim::name(e.used->phase));
    add(*e.used);
  }
  void operator()(const JobUnfinished& e) const {
    line.add_word("event", "job_unfinished")
        .add("client", e.id.client)
        .add("seq", e.id.seq)
        .add("version", e.version)
        .add_word("phase", sim::name(e.used.phase));
    add(e.used);
  }
  void operator()(const VersionMade& e) const {
    line.add_word("event", "version_made")
        .add("version", e.version)
        .add("updates", e.updates)
        .add("mean_staleness", e.mean_staleness)
        .add("step_norm", e.step_norm)
        .add("adapter_norm", e.adapter_norm);
    if (e.tier) line.add("tier", *e.tier);
    if (!e.fold) return;
    const FoldFigures& fold = *e.fold;
    if (fold.reconstruction_error) line.add("reconstruction_error", *fold.reconstruction_error);
    line.add("dropped_energy", fold.dropped_energy);
    for (const auto& [rank, share] : fold.views)
      line.add("dropped_energy_r" + std::to_string(rank), share);
    if (fold.effective_rank) line.add("effective_rank", *fold.effective_rank);
    line.add("mean_cosine", fold.mean_cosine).add("min_cosine", fold.min_cosine);
    if (fold.rank_collapse) line.add("rank_collapse", true);
  }
  void operator()(const RoundFailed& e) const {
    line.add_word("event", "round_failed").add("version", e.version).add("updates", e.updates);
  }
  void operator()(const RunStopped& e) const {
    line.add_word("event", "run_stopped").add_word("reason", e.reason);
  }
  void add(const sim::JobUsage& used) const {
    line.add("busy_us", used.busy.microseconds)
        .add("computing_us", used.computing.microseconds)
        .add("bytes_down", used.bytes_down)
        .add("bytes_up", used.bytes_up);
    if (used.joules != 0.0) line.add("joules", used.joules);
    if (used.cost != 0.0) line.add("cost", used.cost);
  }
};

/// The keys of a line, as they were written.
class LineReader {
 public:
  explicit LineReader(nlohmann::json json) : json_(std::move(json)) {}

  [[nodiscard]] bool has(const std::string& key) const { return json_.contains(key); }
  [[nodiscard]] std::string word(const std::string& key) const { return json_.at(key); }
  [[nodiscard]] bool flag(const std::string& key) const { return json_.at(key); }
  [[nodiscard]] std::int64_t whole(const std::string& key) const { return json_.at(key); }
  [[nodiscard]] std::uint64_t count(const std::string& key) const { return json_.at(key); }
  [[nodiscard]] double number(const std::string& key) const {
    const auto& value = json_.at(key);
    return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  }
  [[nodiscard]] double number_or_0(const std::string& key) const {
    return has(key) ? number(key) : 0.0;
  }
  [[nodiscard]] sim::JobId id() const {
    return {{static_cast<std::uint32_t>(count("client"))}, {count("seq")}};
  }
  [[nodiscard]] sim::Version version() const { return {count("version")}; }
  [[nodiscard]] std::optional<sim::VirtualTime> time_if_any(const std::string& key) const {
    if (!has(key)) return std::nullopt;
    return sim::VirtualTime{whole(key)};
  }
  [[nodiscard]] sim::JobUsage used() const {
    return {has("phase") ? phase() : sim::JobPhase::complete,
            {whole("busy_us")},
            {whole("computing_us")},
            whole("bytes_down"),
            whole("bytes_up"),
            number_or_0("joules"),
            number_or_0("cost")};
  }
  [[nodiscard]] const nlohmann::json& json() const { return json_; }

 private:
  [[nodiscard]] sim::JobPhase phase() const {
    const std::string known = word("phase");
    for (const auto phase : {sim::JobPhase::download, sim::JobPhase::compute, sim::JobPhase::upload,
                             sim::JobPhase::complete}) {
      if (known == sim::name(phase)) return phase;
    }
    throw std::invalid_argument("unknown phase \"" + known + '"');
  }

  nlohmann::json json_;
};

std::optional<FoldFigures> read_fold(const LineReader& line) {
  if (!line.has("mean_cosine")) return std::nullopt;
  FoldFigures fold;
  if (line.has("reconstruction_error"))
    fold.reconstruction_error = line.number("reconstruction_error");
  if (line.has("effective_rank")) fold.effective_rank = line.number("effective_rank");
  fold.dropped_energy = line.number("dropped_energy");
  const std::string prefix = "dropped_energy_r";
  for (const auto& [key, value] : line.json().items()) {
    if (key.starts_with(prefix))
      fold.views.emplace_back(std::stoll(key.substr(prefix.size())), line.number(key));
  }
  std::sort(fold.views.begin(), fold.views.end());
  fold.mean_cosine = line.number("mean_cosine");
  fold.min_cosine = line.number("min_cosine");
  fold.rank_collapse = line.has("rank_collapse");
  return fold;
}

decltype(Event::what) read_what(const LineReader& line) {
  const std::string kind = line.word("event");
  if (kind == "job_dispatched") {
    return JobDispatched{line.id(),
                         line.version(),
                         {line.whole("arrival_us")},
                         line.flag("trained"),
                         line.whole("tokens"),
                         line.whole("bytes_down"),
                         line.whole("bytes_up"),
                         line.time_if_any("downloaded_us"),
                         line.time_if_any("computed_us"),
                         {line.has("waited_us") ? line.whole("waited_us") : 0}};
  }
  if (kind == "update_arrived") {
    UpdateArrived arrived{
        line.id(),           line.version(),      line.count("staleness"), line.number("weight"),
        line.number("loss"), line.number("norm"), line.whole("tokens"),    line.used()};
    if (line.has("tier")) arrived.tier = line.count("tier");
    return arrived;
  }
  if (kind == "update_lost") {
    UpdateLost lost{line.id(), line.version(), line.word("reason")};
    if (line.has("phase")) lost.used = line.used();
    return lost;
  }
  if (kind == "job_unfinished") return JobUnfinished{line.id(), line.version(), line.used()};
  if (kind == "version_made") {
    VersionMade made{line.version(), line.whole("updates"), line.number("mean_staleness"),
                     line.number("step_norm"), line.number("adapter_norm")};
    if (line.has("tier")) made.tier = line.count("tier");
    made.fold = read_fold(line);
    return made;
  }
  if (kind == "round_failed") return RoundFailed{line.version(), line.whole("updates")};
  if (kind == "run_stopped") return RunStopped{line.word("reason")};
  throw std::invalid_argument("unknown event \"" + kind + '"');
}

}  // namespace

Event from_json_line(const std::string& text, const std::string& file, std::size_t line) {
  try {
    const LineReader reader(nlohmann::json::parse(text));
    return {{reader.whole("t_us")}, read_what(reader)};
  } catch (const std::exception& error) {
    throw InputError(file + ":" + std::to_string(line),
                     std::string("is no line of an event log: ") + error.what());
  }
}

void append_json_line(std::string& text, const Event& event) {
  JsonLine line(text);
  line.add("t_us", event.time);
  std::visit(Writer{line}, event.what);
  line.finish();
}

std::string to_json_line(const Event& event) {
  std::string text;
  append_json_line(text, event);
  return text;
}

}  // namespace lorafleet::actors
