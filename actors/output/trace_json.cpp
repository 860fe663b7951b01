#include "actors/output/trace_json.hpp"

#include <algorithm>
#include <utility>

#include "partition/support/numbers.hpp"

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

void TraceJson::add(const Event& event) {
  if (const auto* job = std::get_if<JobDispatched>(&event.what)) {
    if (job->id.client.value >= open_.size()) open_.resize(job->id.client.value + std::size_t{1});
    open_[job->id.client.value] = {job->id.seq, event.time, job->arrival, job->version,
                                   job->tokens};
  } else if (const auto* arrived = std::get_if<UpdateArrived>(&event.what)) {
    close(arrived->id, event.time, "arrived, staleness " + std::to_string(arrived->staleness));
  } else if (const auto* lost = std::get_if<UpdateLost>(&event.what)) {
    close(lost->id, event.time, lost->reason);
  } else if (const auto* unfinished = std::get_if<JobUnfinished>(&event.what)) {
    close(unfinished->id, event.time, "unfinished");
  } else if (const auto* made = std::get_if<VersionMade>(&event.what)) {
    file_.write(",\n{\"name\":\"version " + std::to_string(made->version.value) +
                R"(","ph":"i","s":"g","pid":0,"tid":0,"ts":)" + microseconds(event.time) + "}");
  } else if (std::holds_alternative<RoundFailed>(event.what)) {
    file_.write(
        ",\n"
        R"({"name":"round failed","ph":"i","s":"g","pid":0,"tid":0,"ts":)" +
        microseconds(event.time) + "}");
  }
}

void TraceJson::close(sim::JobId id, sim::VirtualTime end, std::string_view outcome) {
  const std::uint32_t client = id.client.value;
  if (client >= open_.size() || open_[client].seq != id.seq) return;
  const OpenJob job = std::exchange(open_[client], {});
  text_ = ",\n{\"name\":\"from version ";
  append_whole(text_, job.version.value);
  text_ += R"(","cat":"job","ph":"X","pid":1,"tid":)";
  append_whole(text_, client);
  text_ += R"(,"ts":)";
  append_whole(text_, job.start.microseconds);
  text_ += R"(,"dur":)";
  append_whole(text_, (std::min(end, job.end) - job.start).microseconds);
  text_ += R"(,"args":{"seq":)";
  append_whole(text_, id.seq.value);
  text_ += R"(,"tokens":)";
  append_whole(text_, job.tokens);
  text_ += R"(,"outcome":")";
  text_ += outcome;
  text_ += "\"}}";
  file_.write(text_);
}

void TraceJson::finish(sim::VirtualTime end) {
  for (std::size_t client = 0; client < open_.size(); ++client) {
    const sim::Sequence seq = open_[client].seq;
    if (seq.value != 0) close({{static_cast<std::uint32_t>(client)}, seq}, end, "unfinished");
  }
  file_.write("\n]}\n");
  file_.commit();
}

}  // namespace lorafleet::actors
