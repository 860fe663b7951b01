#include <iostream>
#include <nlohmann/json.hpp>

#include "actors/output/progress_json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"
#include "tools/commands.hpp"
#include "tools/network_options.hpp"
#include "tools/terminal/console.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {

namespace {

void print(const nlohmann::json& status) {
  const auto count = [](const nlohmann::json& of, const char* key) {
    return grouped(of.at(key).get<std::int64_t>());
  };
  auto progress = actors::parse_progress(status.at("progress").dump(), "the head's progress");
  progress.run = status.at("run");
  for (const std::string& line : panel_of(progress, style_of(stdout)))
    std::cout << line << "\n";
  std::cout << "waiting      " << count(status, "jobs_waiting") << " jobs for a slot"
            << (status.at("started").get<bool>() ? "" : ", waiting for hosts") << "\n";
  std::vector<std::vector<std::string>> rows = {
      {"host", "address", "state", "slots", "jobs", "updates", "tokens", "versions held"}};
  for (const auto& host : status.at("hosts")) {
    rows.push_back({host.at("name"), host.at("address"), host.at("state"), count(host, "slots"),
                    count(host, "jobs"), count(host, "updates"), count(host, "tokens"),
                    count(host, "versions_held")});
  }
  if (status.at("own_slots").get<std::int64_t>() > 0) {
    rows.push_back({"(head)", "", "working", count(status, "own_slots"), count(status, "own_jobs"),
                    "", "", ""});
  }
  std::cout << aligned(rows);
}

}  // namespace

int status_command(const Arguments& arguments) {
  CommandLine line("status", "Shows how far a run with --listen is, its hosts and jobs.",
                   "status 127.0.0.1:4242");
  line.positional("HEAD", "HOST:PORT of the head");
  line.flag("json", "print what the head says, for scripts");
  line.option("patience", "SECONDS", "fail after so long without an answer", "10");
  add_tls(line, "the head");
  if (!line.parse(arguments)) return kDone;
  actors::StatusOptions options;
  options.head =
      actors::net::parse_endpoint(line.text("HEAD"), "HEAD", actors::net::EndpointUse::connect);
  options.tls = tls_of(line);
  options.patience_seconds = seconds_of(line, "patience");
  const std::string answer = actors::head_status(options);
  if (line.on("json")) {
    std::cout << answer << "\n";
    return kDone;
  }
  try {
    print(nlohmann::json::parse(answer));
  } catch (const nlohmann::json::exception&) {
    throw RuntimeFailure(options.head.text() + ": its answer is not a status");
  }
  return kDone;
}

}  // namespace lorafleet::tools
