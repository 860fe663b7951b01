#include "actors/output/trace_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

namespace {

// Viewers know processes and threads by number and give a thread that is called as its process a
// place of its own: no number is used twice, and none is 0.
constexpr std::uint64_t kAggregator = 1;
constexpr std::uint32_t kFirstTier = 2;

struct TierOfTrace {
  std::string name;
  double tokens_per_second = 0.0;  // of all together
  std::size_t clients = 0;
  [[nodiscard]] double mean() const { return tokens_per_second / static_cast<double>(clients); }
};

/// The tiers of the clients, the fastest first, of equals by name.
std::vector<TierOfTrace> tiers_of(const std::vector<ClientFacts>& clients) {
  std::map<std::string, TierOfTrace> found;
  for (const ClientFacts& client : clients) {
    TierOfTrace& tier = found[client.tier];
    tier.name = client.tier;
    tier.tokens_per_second += client.tokens_per_second;
    ++tier.clients;
  }
  std::vector<TierOfTrace> tiers;
  for (auto& [name, tier] : found)
    tiers.push_back(std::move(tier));
  std::stable_sort(tiers.begin(), tiers.end(),
                   [](const TierOfTrace& a, const TierOfTrace& b) { return a.mean() > b.mean(); });
  return tiers;
}

/// A metadata record about a process, or about one of its threads.
std::string about(const char* what, std::uint64_t process, std::uint64_t thread,
                  const nlohmann::ordered_json& arguments) {
  using Json = nlohmann::ordered_json;
  const Json record = {
      {"name", what}, {"ph", "M"}, {"pid", process}, {"tid", thread}, {"args", arguments}};
  return ",\n" + record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string about_process(std::uint64_t process, const std::string& name,
                          const std::string& labels) {
  return about("process_name", process, 0, {{"name", name}}) +
         about("process_labels", process, 0, {{"labels", labels}}) +
         about("process_sort_index", process, 0, {{"sort_index", process}});
}

}  // namespace

TraceJson::TraceJson(const std::filesystem::path& file, const std::vector<ClientFacts>& clients)
    : file_(file) {
  file_.write(
      "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
      R"({"name":"thread_name","ph":"M","pid":1,"tid":1,"args":{"name":"versions"}})");
  file_.write(about_process(kAggregator, "aggregator", "virtual time"));
  name_tiers(clients);
  begin("version 0", 'B', kAggregator, kAggregator, {});
  end();
  count("version", "latest", 0.0, {});
}

void TraceJson::name_tiers(const std::vector<ClientFacts>& clients) {
  const auto tiers = tiers_of(clients);
  std::map<std::string, std::uint32_t> process_of;
  for (const TierOfTrace& tier : tiers) {
    const std::uint32_t process = kFirstTier + processes_++;
    process_of[tier.name] = process;
    std::string labels = std::to_string(tier.clients) + " clients, mean ";
    append_whole(labels, static_cast<std::int64_t>(std::min(tier.mean(), 1e15)));
    file_.write(about_process(process, "tier " + tier.name, labels + " tokens/s"));
  }
  places_.reserve(clients.size());
  for (const ClientFacts& client : clients)
    places_.push_back({process_of[client.tier]});
}

std::uint64_t TraceJson::thread_of(std::uint32_t client) const {
  return std::uint64_t{kFirstTier} + processes_ + client;
}

void TraceJson::name_thread(std::uint32_t client) {
  Place& place = places_.at(client);
  if (std::exchange(place.named, true)) return;
  const std::uint64_t thread = thread_of(client);
  file_.write(
      about("thread_name", place.process, thread, {{"name", "client " + std::to_string(client)}}) +
      about("thread_sort_index", place.process, thread, {{"sort_index", client}}));
}

void TraceJson::begin(std::string_view name, char phase, std::uint64_t process,
                      std::uint64_t thread, sim::VirtualTime time) {
  text_ = ",\n{\"name\":\"";
  text_ += name;
  text_ += R"(","ph":")";
  text_ += phase;
  text_ += R"(","pid":)";
  append_whole(text_, process);
  text_ += R"(,"tid":)";
  append_whole(text_, thread);
  text_ += R"(,"ts":)";
  append_whole(text_, time.microseconds);
}

void TraceJson::end() {
  text_ += '}';
  file_.write(text_);
}

void TraceJson::add(const Event& event) {
  if (const auto* job = std::get_if<JobDispatched>(&event.what)) {
    dispatch(*job, event.time);
  } else if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
    arrive(*arrived, event.time);
  } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
    if (!lost->used && lost->id.seq.value <= kMostDetailed) arrived_.refuse(lost->id.seq);
    close(lost->id, event.time, lost->reason);
  } else if (const auto* unfinished = std::get_if<JobUnfinished>(&event.what)) {
    close(unfinished->id, event.time, "unfinished");
  } else if (cut_off_) {
    return;
  } else if (const auto* made = std::get_if<VersionMade>(&event.what)) {
    make_version(*made, event.time);
  } else if (std::holds_alternative<RoundFailed>(event.what)) {
    begin("round failed", 'i', kAggregator, kAggregator, event.time);
    text_ += R"(,"s":"p")";
    end();
  }
}

/// The aggregator's own track ends; whoever looks at it must see that the run went on.
void TraceJson::cut_off(sim::VirtualTime now) {
  if (cut_off_) return;
  count_in_flight({now.microseconds + 1});
  cut_off_ = true;
  begin("", 'E', kAggregator, kAggregator, now);
  end();
  begin("the run goes on: trace.json has its first " + std::to_string(kMostJobs) +
            " jobs, events.jsonl all",
        'i', kAggregator, kAggregator, now);
  text_ += R"(,"s":"g")";
  end();
}

void TraceJson::dispatch(const JobDispatched& job, sim::VirtualTime now) {
  if (job.id.seq.value > kMostJobs) return cut_off(now);
  name_thread(job.id.client.value);
  open_[job.id.client.value] = {job, now};
  count_in_flight(now);
  ++in_flight_;
}

void TraceJson::arrive(const UpdateArrived& arrived, sim::VirtualTime now) {
  const auto found = open_.find(arrived.id.client.value);
  if (found != open_.end() && arrived.id.seq.value <= kMostDetailed)
    arrived_.arrive(arrived, {arrived.id, found->second.start});
  close(arrived.id, now, "update");
}

void TraceJson::close(sim::JobId id, sim::VirtualTime now, std::string_view outcome) {
  const auto found = open_.find(id.client.value);
  if (found == open_.end() || found->second.job.id.seq != id.seq) return;
  const OpenJob ended = found->second;
  open_.erase(found);
  count_in_flight(now);
  --in_flight_;
  const sim::VirtualTime until = std::min(now, ended.job.arrival);
  slice(outcome, id.client.value, ended.start, until);
  text_ += R"(,"args":{"seq":)";
  append_whole(text_, id.seq.value);
  text_ += R"(,"from version":)";
  append_whole(text_, ended.job.version.value);
  text_ += R"(,"tokens":)";
  append_whole(text_, ended.job.tokens);
  text_ += '}';
  end();
  if (id.seq.value <= kMostDetailed) phases(ended, until);
}

void TraceJson::phases(const OpenJob& ended, sim::VirtualTime until) {
  const JobDispatched& job = ended.job;
  const sim::VirtualTime called = ended.start + job.waited;
  const sim::VirtualTime downloaded = job.downloaded.value_or(job.arrival);
  const sim::VirtualTime computed = job.computed.value_or(job.arrival);
  const auto phase = [&](const char* name, sim::VirtualTime from, sim::VirtualTime to) {
    to = std::min(to, until);
    if (from >= to) return;
    slice(name, job.id.client.value, from, to);
    end();
  };
  phase("waiting for the uplink", ended.start, called);
  phase("download", called, downloaded);
  phase("computing", downloaded, computed);
  phase("upload", computed, job.arrival);
}

void TraceJson::slice(std::string_view name, std::uint32_t client, sim::VirtualTime from,
                      sim::VirtualTime until) {
  begin(name, 'X', places_.at(client).process, thread_of(client), from);
  text_ += R"(,"dur":)";
  append_whole(text_, (until - from).microseconds);
}

void TraceJson::make_version(const VersionMade& made, sim::VirtualTime now) {
  begin("", 'E', kAggregator, kAggregator, now);
  end();
  begin("version " + std::to_string(made.version.value), 'B', kAggregator, kAggregator, now);
  text_ += R"(,"args":{"updates":)";
  append_whole(text_, made.updates);
  if (made.tier) {
    text_ += R"(,"tier":)";
    append_whole(text_, *made.tier);
  }
  text_ += '}';
  end();
  count("version", "latest", static_cast<double>(made.version.value), now);
  count("staleness", "mean", made.mean_staleness, now);
  for (const Waiting& update : arrived_.fold(made))
    flow(update, now);
}

/// From the version that was current at the dispatch by the job to the version that folded it.
void TraceJson::flow(const Waiting& update, sim::VirtualTime folded) {
  const std::uint32_t client = update.id.client.value;
  const auto arrow = [&](char phase, std::uint64_t process, std::uint64_t thread,
                         sim::VirtualTime time) {
    begin("update", phase, process, thread, time);
    text_ += R"(,"cat":"update","id":)";
    append_whole(text_, update.id.seq.value);
    if (phase == 'f') text_ += R"(,"bp":"e")";
    end();
  };
  arrow('s', kAggregator, kAggregator, update.start);
  arrow('t', places_.at(client).process, thread_of(client), update.start);
  arrow('f', kAggregator, kAggregator, folded);
}

void TraceJson::count(std::string_view name, std::string_view of, double value,
                      sim::VirtualTime time) {
  begin(name, 'C', kAggregator, kAggregator, time);
  text_ += R"(,"args":{")";
  text_ += of;
  text_ += "\":";
  append_shortest(text_, value);
  text_ += '}';
  end();
}

/// Tells how many jobs were in flight until now: once for each moment at which that changed.
void TraceJson::count_in_flight(sim::VirtualTime now) {
  if (cut_off_) return;
  if (now > in_flight_since_ && in_flight_ != told_in_flight_) {
    count("jobs", "in flight", static_cast<double>(in_flight_), in_flight_since_);
    told_in_flight_ = in_flight_;
  }
  in_flight_since_ = now;
}

void TraceJson::finish(sim::VirtualTime end_time) {
  while (!open_.empty())
    close(open_.begin()->second.job.id, end_time, "unfinished");
  if (!cut_off_) {
    count_in_flight({end_time.microseconds + 1});
    begin("", 'E', kAggregator, kAggregator, end_time);
    end();
  }
  file_.write("\n]}\n");
  file_.commit();
}

}  // namespace lorafleet::actors
