#include "actors/output/trace_json.hpp"

namespace lorafleet::actors {

namespace {

std::string microseconds(sim::VirtualTime time) {
  return std::to_string(time.microseconds);
}

}  // namespace

TraceJson::TraceJson(const std::filesystem::path& file) : file_(file) {
  file_.write(
      "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
      R"({"name":"process_name","ph":"M","pid":0,"tid":0,"args":{"name":"aggregator"}})"
      ",\n"
      R"({"name":"process_name","ph":"M","pid":1,"tid":0,"args":{"name":"clients"}})");
}

void TraceJson::append(const std::string& entry) {
  file_.write(",\n" + entry);
}

void TraceJson::add(const Event& event) {
  if (const auto* job = std::get_if<JobDispatched>(&event.what)) {
    open_[{job->client, job->seq}] = {event.time, *job};
  } else if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
    close(arrived->client, arrived->seq, event.time,
          "arrived, staleness " + std::to_string(arrived->staleness));
  } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
    close(lost->client, lost->seq, event.time, lost->reason);
  } else if (const auto* made = std::get_if<VersionMade>(&event.what)) {
    append(R"({"name":"version )" + std::to_string(made->version.value) +
           R"(","ph":"i","s":"g","pid":0,"tid":0,"ts":)" + microseconds(event.time) + "}");
  } else if (std::holds_alternative<RoundFailed>(event.what)) {
    append(R"({"name":"round failed","ph":"i","s":"g","pid":0,"tid":0,"ts":)" +
           microseconds(event.time) + "}");
  }
}

void TraceJson::close(sim::ClientId client, sim::Sequence seq, sim::VirtualTime end,
                      const std::string& outcome) {
  const auto found = open_.find({client, seq});
  if (found == open_.end()) return;
  const auto& [start, job] = found->second;
  append(R"({"name":"from version )" + std::to_string(job.version.value) +
         R"(","cat":"job","ph":"X","pid":1,"tid":)" + std::to_string(client.value) + R"(,"ts":)" +
         microseconds(start) + R"(,"dur":)" + std::to_string((end - start).microseconds) +
         R"(,"args":{"seq":)" + std::to_string(seq.value) + R"(,"tokens":)" +
         std::to_string(job.tokens) + R"(,"outcome":")" + outcome + "\"}}");
  open_.erase(found);
}

void TraceJson::finish(sim::VirtualTime end) {
  while (!open_.empty()) {
    const auto [client, seq] = open_.begin()->first;
    close(client, seq, end, "unfinished");
  }
  file_.write("\n]}\n");
  file_.commit();
}

}  // namespace lorafleet::actors
