#include "actors/output/checkpoint_files.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "actors/output/checkpoint_tensors.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/hash.hpp"

namespace lorafleet::actors {

namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr int kFormat = 2;
constexpr std::size_t kKept = 2;

// JSON has no NaN and no infinities: a loss may be one.
Json number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
double number(const Json& json) {
  if (json.is_number()) return json.get<double>();
  const auto text = json.get<std::string>();
  const double infinity = std::numeric_limits<double>::infinity();
  return text == "nan"   ? std::numeric_limits<double>::quiet_NaN()
         : text == "inf" ? infinity
                         : -infinity;
}

Json totals_json(const RunTotals& t) {
  return {t.versions,
          t.jobs,
          t.updates_received,
          t.updates_applied,
          t.updates_dropped,
          t.rounds_failed,
          t.updates_not_finite,
          t.updates_clipped,
          t.updates_rejected,
          t.train_tokens,
          t.bytes_down,
          t.bytes_up,
          t.joules,
          t.cost,
          t.time.microseconds,
          t.jobs_lost,
          t.busy.microseconds,
          t.computing.microseconds};
}
RunTotals read_totals(const Json& j) {
  RunTotals t;
  t.versions = j.at(0);
  t.jobs = j.at(1);
  t.updates_received = j.at(2);
  t.updates_applied = j.at(3);
  t.updates_dropped = j.at(4);
  t.rounds_failed = j.at(5);
  t.updates_not_finite = j.at(6);
  t.updates_clipped = j.at(7);
  t.updates_rejected = j.at(8);
  t.train_tokens = j.at(9);
  t.bytes_down = j.at(10);
  t.bytes_up = j.at(11);
  t.joules = j.at(12);
  t.cost = j.at(13);
  t.time.microseconds = j.at(14);
  t.jobs_lost = j.at(15);
  t.busy.microseconds = j.at(16);
  t.computing.microseconds = j.at(17);
  return t;
}

Json period_json(const sim::Period& period) {
  return {period.until.microseconds, period.index, period.on};
}
sim::Period read_period(const Json& j) {
  return {{j.at(0)}, j.at(1), j.at(2)};
}

Json timing_json(const sim::JobTiming& t) {
  return {{"phases", {t.down.microseconds, t.compute.microseconds, t.up.microseconds}},
          {"lost", t.lost},
          {"end", t.end.microseconds},
          {"reason", static_cast<int>(t.reason)},
          {"waited", t.waited.microseconds},
          {"absent", t.absent},
          {"work", {t.work.down.microseconds, t.work.compute.microseconds, t.work.up.microseconds}},
          {"online", period_json(t.online)},
          {"slow", period_json(t.slow)}};
}
sim::JobTiming read_timing(const Json& j) {
  sim::JobTiming t;
  const auto& phases = j.at("phases");
  t.down = {phases.at(0)};
  t.compute = {phases.at(1)};
  t.up = {phases.at(2)};
  t.lost = j.at("lost");
  t.end = {j.at("end")};
  t.reason = static_cast<sim::LossReason>(j.at("reason").get<int>());
  t.waited = {j.at("waited")};
  t.absent = j.at("absent");
  const auto& work = j.at("work");
  t.work = {{work.at(0)}, {work.at(1)}, {work.at(2)}};
  t.online = read_period(j.at("online"));
  t.slow = read_period(j.at("slow"));
  return t;
}

Json job_json(const Job& job, TensorSink& sink) {
  return {{"end", {job.end.time.microseconds, job.id().client.value, job.id().seq.value}},
          {"version", job.version.value},
          {"dispatched", job.dispatched.microseconds},
          {"size", {job.size.examples, job.size.tokens}},
          {"bytes", {job.bytes_down, job.bytes_up, job.base_bytes}},
          {"timing", timing_json(job.timing)},
          {"fate", static_cast<int>(job.fate)},
          {"lane", job.lane},
          {"carried", job.carried},
          {"training", job.training},
          {"base", sink.put(job.base)},
          {"state", sink.put(job.state)}};
}
Job read_job(const Json& j, const TensorSource& source) {
  Job job;
  const auto& end = j.at("end");
  job.end = {{end.at(0)}, {{end.at(1)}, {end.at(2)}}};
  job.version = {j.at("version")};
  job.dispatched = {j.at("dispatched")};
  job.size = {j.at("size").at(0), j.at("size").at(1)};
  const auto& bytes = j.at("bytes");
  job.bytes_down = bytes.at(0);
  job.bytes_up = bytes.at(1);
  job.base_bytes = bytes.at(2);
  job.timing = read_timing(j.at("timing"));
  job.fate = static_cast<strategy::Fate>(j.at("fate").get<int>());
  job.lane = j.at("lane");
  job.carried = j.at("carried");
  job.training = j.at("training");
  job.base = source.adapter(j.at("base"));
  job.state = source.state(j.at("state"));
  return job;
}

Json waiting_json(const WaitingUpdate& u, TensorSink& sink) {
  return {
      {"client", u.id.client.value},
      {"seq", u.id.seq.value},
      {"version", u.version.value},
      {"contribution", {u.contribution.examples, u.contribution.tokens, u.contribution.staleness}},
      {"carried", u.carried},
      {"adapter", sink.put(u.adapter)},
      {"base", sink.put(u.base)}};
}
WaitingUpdate read_waiting(const Json& j, const TensorSource& source) {
  const auto& c = j.at("contribution");
  return {{{j.at("client")}, {j.at("seq")}}, {j.at("version")},
          {c.at(0), c.at(1), c.at(2)},       j.at("carried"),
          source.adapter(j.at("adapter")),   source.adapter(j.at("base"))};
}

Json item_json(const strategy::FoldItem& item, TensorSink& sink) {
  return {sink.put(item.adapter), sink.put(item.anchor), item.weight, item.trained_from.value};
}

Json lane_json(const LaneState& lane, TensorSink& sink) {
  std::vector<std::int32_t> eligible;
  eligible.reserve(lane.eligible.size());
  for (const auto client : lane.eligible)
    eligible.push_back(static_cast<std::int32_t>(client.value));
  Json json = {{"eligible", sink.put(std::move(eligible))},
               {"round", nullptr},
               {"versions", lane.versions},
               {"in_flight", lane.in_flight},
               {"failed_in_a_row", lane.failed_in_a_row},
               {"waiting", Json::array()},
               {"latest", Json::array()}};
  if (lane.round) {
    Json cohort = Json::array();
    for (const auto& [client, seq] : lane.round->cohort)
      cohort.push_back({client.value, seq.value});
    json["round"] = {{"end", lane.round->end.microseconds},
                     {"min_updates", lane.round->min_updates},
                     {"cohort", cohort}};
  }
  for (const auto& update : lane.waiting)
    json["waiting"].push_back(waiting_json(update, sink));
  for (const auto& item : lane.latest)
    json["latest"].push_back(item_json(item, sink));
  return json;
}
LaneState read_lane(const Json& j, const TensorSource& source) {
  LaneState lane;
  for (const auto client : source.integers(j.at("eligible")))
    lane.eligible.push_back({static_cast<std::uint32_t>(client)});
  if (const auto& round = j.at("round"); !round.is_null()) {
    lane.round = OpenRound{{round.at("end")}, round.at("min_updates"), {}};
    for (const auto& key : round.at("cohort"))
      lane.round->cohort.push_back({{key.at(0)}, {key.at(1)}});
  }
  lane.versions = j.at("versions");
  lane.in_flight = j.at("in_flight");
  lane.failed_in_a_row = j.at("failed_in_a_row");
  for (const auto& update : j.at("waiting"))
    lane.waiting.push_back(read_waiting(update, source));
  for (const auto& item : j.at("latest")) {
    lane.latest.push_back({source.adapter(item.at(0)), source.adapter(item.at(1)), item.at(2),
                           sim::Version{item.at(3)}});
  }
  return lane;
}

Json vectors_json(const strategy::NamedVectors& vectors, TensorSink& sink) {
  Json json = Json::array();
  for (const auto& [name, values] : vectors)
    json.push_back({name, sink.put(values)});
  return json;
}
strategy::NamedVectors read_vectors(const Json& json, const TensorSource& source) {
  strategy::NamedVectors vectors;
  for (const auto& entry : json)
    vectors.emplace_back(entry.at(0), source.doubles(entry.at(1)));
  return vectors;
}

Json coordinator_json(const CoordinatorState& s, TensorSink& sink) {
  Json json = {{"totals", totals_json(s.totals)},
               {"version", s.version.value},
               {"next_seq", s.next_seq.value},
               {"asked", s.asked},
               {"ends_without_progress", s.ends_without_progress},
               {"wake", s.wake ? Json(s.wake->microseconds) : Json(nullptr)},
               {"awaits_score", s.awaits_score},
               {"adapter", sink.put(s.adapter)},
               {"jobs", Json::array()},
               {"lanes", Json::array()},
               {"private_states", Json::array()},
               {"changed_layouts", Json::array()},
               {"base_bytes", s.base_bytes},
               {"base_bytes_held", Json::array()},
               {"selection", vectors_json(s.selection, sink)},
               {"server_optimizer", vectors_json(s.server_optimizer, sink)},
               {"uplink", Json::array()}};
  for (const auto& turn : s.world.uplink)
    json["uplink"].push_back({turn.seq.value, turn.end});
  for (const auto& job : s.jobs)
    json["jobs"].push_back(job_json(job, sink));
  for (const auto& lane : s.lanes)
    json["lanes"].push_back(lane_json(lane, sink));
  for (const auto& [client, state] : s.private_states)
    json["private_states"].push_back({client, sink.put(state)});
  for (const auto& [client, layout] : s.changed_layouts)
    json["changed_layouts"].push_back({client, sink.put(layout)});
  for (const auto& [client, bytes] : s.base_bytes_held)
    json["base_bytes_held"].push_back({client, bytes});
  return json;
}
CoordinatorState read_coordinator(const Json& j, const TensorSource& source) {
  CoordinatorState s;
  s.totals = read_totals(j.at("totals"));
  s.version = {j.at("version")};
  s.next_seq = {j.at("next_seq")};
  s.asked = j.at("asked");
  s.ends_without_progress = j.at("ends_without_progress");
  if (!j.at("wake").is_null()) s.wake = sim::VirtualTime{j.at("wake")};
  s.awaits_score = j.at("awaits_score");
  s.adapter = source.adapter(j.at("adapter"));
  for (const auto& job : j.at("jobs"))
    s.jobs.push_back(read_job(job, source));
  for (const auto& lane : j.at("lanes"))
    s.lanes.push_back(read_lane(lane, source));
  for (const auto& entry : j.at("private_states"))
    s.private_states[entry.at(0)] = source.state(entry.at(1));
  for (const auto& entry : j.at("changed_layouts"))
    s.changed_layouts[entry.at(0)] = source.layout(entry.at(1));
  s.base_bytes = j.at("base_bytes");
  for (const auto& entry : j.at("base_bytes_held"))
    s.base_bytes_held[entry.at(0)] = entry.at(1);
  s.selection = read_vectors(j.at("selection"), source);
  s.server_optimizer = read_vectors(j.at("server_optimizer"), source);
  for (const auto& turn : j.at("uplink"))
    s.world.uplink.push_back({{turn.at(0)}, turn.at(1)});
  return s;
}

Json score_json(const model::Score& s) {
  return {s.examples, s.label_tokens, number(s.loss_sum), s.correct};
}
model::Score read_score(const Json& j) {
  return {j.at(0), j.at(1), number(j.at(2)), j.at(3)};
}

Json numbers_json(const std::map<std::string, double>& numbers) {
  Json json = Json::object();
  for (const auto& [name, value] : numbers)
    json[name] = number(value);
  return json;
}
std::map<std::string, double> read_numbers(const Json& json) {
  std::map<std::string, double> numbers;
  for (const auto& [name, value] : json.items())
    numbers[name] = number(value);
  return numbers;
}

Json scored_json(const ScoredVersion& scored) {
  const auto& e = scored.evaluation;
  Json json = {{"version", scored.version.value},
               {"total", score_json(e.total)},
               {"bins", Json::array()},
               {"groups", Json::array()},
               {"metrics", numbers_json(e.metrics)},
               {"predictions", Json::array()}};
  for (const auto& bin : e.by_context_length)
    json["bins"].push_back({bin.low, bin.high, score_json(bin.score)});
  for (const auto& group : e.by_group)
    json["groups"].push_back({group.name, score_json(group.score)});
  for (const auto& p : e.predictions)
    json["predictions"].push_back({p.id, p.target, p.text, p.choice, numbers_json(p.scores)});
  return json;
}
ScoredVersion read_scored(const Json& j) {
  ScoredVersion scored;
  scored.version = {j.at("version")};
  auto& e = scored.evaluation;
  e.total = read_score(j.at("total"));
  for (const auto& bin : j.at("bins"))
    e.by_context_length.push_back({bin.at(0), bin.at(1), read_score(bin.at(2))});
  for (const auto& group : j.at("groups"))
    e.by_group.push_back({group.at(0), read_score(group.at(1))});
  e.metrics = read_numbers(j.at("metrics"));
  for (const auto& p : j.at("predictions"))
    e.predictions.push_back({p.at(0), p.at(1), p.at(2), p.at(3), read_numbers(p.at(4))});
  return scored;
}

Json run_json(const RunCheckpoint& checkpoint, TensorSink& sink) {
  Json json = {{"coordinator", coordinator_json(checkpoint.coordinator, sink)},
               {"unscored", Json::array()},
               {"last_evaluated", nullptr},
               {"last_fully", checkpoint.last_fully},
               {"events_bytes", checkpoint.recorder.events_bytes},
               {"events_sha256", checkpoint.recorder.events_sha256},
               {"scores", Json::array()}};
  for (const auto& unscored : checkpoint.unscored)
    json["unscored"].push_back(
        {unscored.version.value, sink.put(unscored.adapter), unscored.fully});
  if (checkpoint.last_evaluated) json["last_evaluated"] = checkpoint.last_evaluated->value;
  for (const auto& scored : checkpoint.recorder.scores)
    json["scores"].push_back(scored_json(scored));
  return json;
}
RunCheckpoint read_run(const Json& j, const TensorSource& source) {
  RunCheckpoint checkpoint;
  checkpoint.coordinator = read_coordinator(j.at("coordinator"), source);
  for (const auto& unscored : j.at("unscored"))
    checkpoint.unscored.push_back(
        {{unscored.at(0)}, source.adapter(unscored.at(1)), unscored.at(2)});
  if (!j.at("last_evaluated").is_null())
    checkpoint.last_evaluated = sim::Version{j.at("last_evaluated")};
  checkpoint.last_fully = j.at("last_fully");
  checkpoint.recorder.events_bytes = j.at("events_bytes");
  checkpoint.recorder.events_sha256 = j.at("events_sha256");
  for (const auto& scored : j.at("scores"))
    checkpoint.recorder.scores.push_back(read_scored(scored));
  return checkpoint;
}

/// Numbers of the checkpoints in a folder, newest first.
std::vector<std::uint64_t> numbers_in(const fs::path& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool digits =
        !name.empty() && name.size() <= 18 &&
        std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (digits) numbers.push_back(std::stoull(name));
  }
  std::sort(numbers.rbegin(), numbers.rend());
  return numbers;
}

std::string padded(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

Json read_envelope(const fs::path& file) {
  const auto envelope = Json::parse(read_file(file));
  if (envelope.at("format") != kFormat) {
    throw InputError(file.string(), "is a checkpoint of format " + envelope.at("format").dump() +
                                        "; this program reads format " + std::to_string(kFormat));
  }
  if (sha256_hex(envelope.at("payload").dump()) != envelope.at("sha256").get<std::string>()) {
    throw std::runtime_error("its checksum does not match");
  }
  return envelope.at("payload");
}

}  // namespace

CheckpointFiles::CheckpointFiles(fs::path folder, std::string identity)
    : folder_(std::move(folder)), identity_(std::move(identity)) {
  const auto numbers = numbers_in(folder_);
  if (!numbers.empty()) next_ = numbers.front() + 1;
}

void CheckpointFiles::write(const RunCheckpoint& checkpoint) {
  const fs::path final = folder_ / padded(next_);
  const fs::path temporary = folder_ / ("writing-" + padded(next_));
  std::error_code ignored;
  fs::remove_all(temporary, ignored);
  make_folder(temporary);
  try {
    TensorSink sink;
    Json payload = run_json(checkpoint, sink);
    payload["identity"] = identity_;
    payload["tables"] = sink.write(temporary / "tensors.safetensors");
    payload["tensors_sha256"] = sha256_hex(read_file(temporary / "tensors.safetensors"));
    const Json envelope = {
        {"format", kFormat}, {"sha256", sha256_hex(payload.dump())}, {"payload", payload}};
    write_file(temporary / "state.json", envelope.dump());
    rename_folder(temporary, final);
  } catch (...) {
    fs::remove_all(temporary, ignored);
    throw;
  }
  ++next_;
  const auto numbers = numbers_in(folder_);
  for (std::size_t i = kKept; i < numbers.size(); ++i)
    fs::remove_all(folder_ / padded(numbers[i]), ignored);
}

void CheckpointFiles::remove() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::optional<RunCheckpoint> CheckpointFiles::read_latest(
    std::uint64_t events_bytes, const std::function<void(const std::string&)>& warning) const {
  const auto numbers = numbers_in(folder_);
  for (const std::uint64_t number : numbers) {
    const fs::path folder = folder_ / padded(number);
    Json payload;
    try {
      payload = read_envelope(folder / "state.json");
      const auto expected = payload.at("tensors_sha256").get<std::string>();
      if (sha256_hex(read_file(folder / "tensors.safetensors")) != expected) {
        throw std::runtime_error("the checksum of tensors.safetensors does not match");
      }
    } catch (const Json::exception&) {
      warning(folder.string() + ": passed over, since it is damaged: state.json is cut off");
      continue;
    } catch (const std::exception& damage) {
      warning(folder.string() + ": passed over, since it is damaged: " + damage.what());
      continue;
    }
    if (payload.at("identity") != identity_) {
      throw InputError(
          folder.string(),
          "is a checkpoint of another scenario; allowed: the scenario that the run "
          "was started with (only [slots] count, [checkpoint], [output], [tls] and [expect] may "
          "differ)");
    }
    if (payload.at("events_bytes") > events_bytes) {
      warning(folder.string() + ": passed over: it needs the first " +
              payload.at("events_bytes").dump() + " bytes of the event log, which has " +
              std::to_string(events_bytes));
      continue;
    }
    const TensorSource source(folder / "tensors.safetensors", payload.at("tables"));
    return read_run(payload, source);
  }
  if (!numbers.empty()) {
    warning(folder_.string() + ": none of its checkpoints is of use; the run starts again");
  }
  return std::nullopt;
}

}  // namespace lorafleet::actors
